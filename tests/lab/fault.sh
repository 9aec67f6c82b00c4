#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --netdevsim 6 --netdevsim 4 --nvme 4
# timeout: 900
#
# Fails each point of plans of up to 24 steps, one after the other: whatever could not be done, the machine is afterwards
# as it was before, the history says so, and nothing is left running.

. tests/lab/lib.sh
. tests/lab/faults.bash

# What is wrong after point $point failed; nothing if all is well.
wrong_after_failure() {
    differs_from a
    [ "$status" = 1 ] || echo "exit status $status"
    [ "$(grep -c ^sriovctl: "$err")" = 1 ] || cat "$err"
    grep -q 'fault injected\|Input/output error' "$err" || echo "the reason is not told: $(<"$err")"
    # The first point is the beginning of the transaction: of that the ledger knows nothing.
    case $(last_transaction) in
    "$last") [ $point = 1 ] || echo "not in the ledger" ;;
    *' reverted 0') [ $point != 1 ] || echo "in the ledger, though nothing began" ;;
    *) last_transaction ;;
    esac
}

# From the machine that policy A makes to that of B, and each point on the way fails once, or each EVERYth.
each_point_fails() { # NAME A B LEAST_STEPS [EVERY]
    local point points steps why last
    reach "$2"
    machine >"$tmp/a"
    SRIOV_FAULT=count:$tmp/points succeeds "$1: applied without a fault" "$faulty" apply --json -f "$tmp/$3.yaml"
    steps=$(json '.steps | length')
    points=$(<"$tmp/points")
    machine >"$tmp/b"
    ok "$1: a plan of $steps steps" test "$steps" -ge "$4"
    ok "$1: it changes the machine" test "$(diff "$tmp/a" "$tmp/b" | wc -l)" -gt 0
    reach "$2"
    is "$(differs_from a)" "" "$1: the same state can be reached again"
    for ((point = 1; point <= points; point += ${5:-1})); do
        last=$(last_transaction)
        SRIOV_FAULT=fail:$point keep "$faulty" --quiet apply -f "$tmp/$3.yaml"
        why=$(wrong_after_failure 2>&1)
        is "$why" "" "$1: point $point of $points fails, and the machine is as it was"
        [ -z "$why" ] || reach "$2"
    done
    has "$(last_in_history)" "* reverted" "$1: the history says so"
    ok "$1: nothing is left running" test -z "$(pgrep sriovctl)"
    reach "$3"
    is "$(differs_from b)" "" "$1: without a fault it works as if nothing had been"
}

must ip link set enp1s0 up
make_policies
each_point_fails "settings and drivers" before after 20
each_point_fails "settings of two PFs" pair-before pair-after 20
reach some
each_point_fails "more VFs" some more 20
each_point_fails "fewer VFs" some fewer 10
each_point_fails "more VFs of igb" two four 10 7
finish
