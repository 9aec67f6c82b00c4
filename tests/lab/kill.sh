#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --netdevsim 6 --netdevsim 4 --nvme 4
# timeout: 1200
#
# kill -9 at each point of a change, the commits of the journal among them: reading goes on and tells of it, and the next
# command undoes what was half done, or finds it done, whatever it was asked for itself. Also when the recovery is killed in turn,
# when only the tool dies and its worker goes on, when the machine was started again, and when somebody uses a VF by then.

. tests/lab/lib.sh
. tests/lab/faults.bash

# What is the same in every series: it died, nobody holds a lock, and who reads is told.
wrong_after_kill() {
    # The worker's parent lives and says that it cannot tell.
    local locks said
    said=$(<"$err") locks=$(</proc/locks)
    [ "$status" = 137 ] || [[ $status == 7 && $said == *'the worker died'* ]] || echo "exit status $status: $said"
    [[ $locks != *OFDLCK* ]] || echo "a lock is held: $locks"
    sriovctl list >"$out" 2>"$err" || echo "list fails: $(<"$err")"
    said=$(<"$err")
    case $(last_transaction) in
    *' running 1') [[ $said == *'was interrupted; the next change undoes it first'* ]] || echo "list says nothing of it: $said" ;;
    *' 0') [ ! -s "$err" ] || echo "list says: $(<"$err")" ;;
    *) last_transaction ;;
    esac
}

# The machine of state $1, "a" or "b", and all transactions closed.
wrong_after_recovery() {
    differs_from "$1"
    [[ $(last_transaction) == *' 0' ]] || last_transaction
}

# From state $from; the command that comes after the kill is the same change, which leads to B.
killed_then_applied() { # kill:N
    SRIOV_FAULT=$1 keep "$faulty" apply -f "$to"
    wrong_after_kill
    keep sriovctl apply -f "$to"
    [ "$status" = 0 ] || cat "$err"
    wrong_after_recovery b
    reach "$from"
}

# The command that comes after has nothing to do with it, nor anything to do: A, or B if all was done.
killed_then_something_else() { # kill:N
    local end=a
    SRIOV_FAULT=$1 keep "$faulty" apply -f "$to"
    wrong_after_kill
    [[ $(last_transaction) != *' applied 0' || $1 != *":$points" ]] || end=b
    keep sriovctl set "$pf" mtu=1500
    [ "$status" = 0 ] || cat "$err"
    wrong_after_recovery $end
    [ $end = a ] || reach "$from"
}

# Sets $from, $to, $pf and $points, and keeps both states in $tmp/a and $tmp/b.
between() { # A B PF
    from=$1 to=$tmp/$2.yaml pf=$3
    reach "$from"
    machine >"$tmp/a"
    SRIOV_FAULT=count:$tmp/points must "$faulty" apply -f "$to"
    points=$(<"$tmp/points")
    machine >"$tmp/b"
    reach "$from"
    is "$(differs_from a)" "" "$1 to $2: $points points; the same state can be reached again"
}

settings_on_two_pfs() {
    local point
    for ((point = 1; point <= points; point++)); do
        is "$(killed_then_applied kill:$point 2>&1)" "" "settings of two PFs, killed before point $point: the next apply gets there"
        is "$(killed_then_something_else kill-after:$point 2>&1)" "" "settings of two PFs, killed after point $point: any other command undoes it"
    done
}

# The worker dies here. After point N is before point N + 1, so both ways on take turns.
number_of_vfs() { # WHAT EVERY
    local point
    for ((point = 1; point <= points; point += $2)); do
        if [ $((point / $2 % 2)) = 0 ]; then
            is "$(killed_then_applied kill:$point 2>&1)" "" "$1, killed before point $point: the next apply gets there"
        else
            is "$(killed_then_something_else kill:$point 2>&1)" "" "$1, killed before point $point: any other command undoes it"
        fi
    done
    is "$(killed_then_something_else "kill-after:$points" 2>&1)" "" "$1, killed when all was done: nothing is undone"
}

# At the point where most is to be undone.
recovery_is_killed() { # WHAT EVERY
    local point recovery why
    SRIOV_FAULT=kill:$points keep "$faulty" apply -f "$to"
    SRIOV_FAULT=count:$tmp/recovery succeeds "$1: the recovery has points, too" "$faulty" set "$pf" mtu=1500
    recovery=$(<"$tmp/recovery")
    for ((point = 1; point <= recovery; point += $2)); do
        SRIOV_FAULT=kill:$points keep "$faulty" apply -f "$to"
        SRIOV_FAULT=kill:$point keep "$faulty" set "$pf" mtu=1500
        why=$(
            wrong_after_kill
            keep sriovctl set "$pf" mtu=1500
            [ "$status" = 0 ] || cat "$err"
            wrong_after_recovery a
        )
        is "$why" "" "$1, recovery killed at point $point of $recovery: the next one ends it"
    done
}

worker_survives_its_tool() {
    local tool
    reach four
    sriovctl apply -f "$tmp/two.yaml" >"$out" 2>"$err" &
    tool=$!
    until [ -n "$(<"/proc/$tool/task/$tool/children")" ]; do :; done
    kill -9 $tool
    wait $tool
    is $? 137 "the tool is killed while its worker is at it"
    ok "the worker ends" wait_for 60 eval '! pgrep -x sriovctl'
    has "$(last_transaction)" "* applied 0" "it has closed the transaction"
    is "$(sys enp1s0 sriov_numvfs)" 2 "it has done all of it"
    ok "no lock is left" test -z "$(grep OFDLCK /proc/locks)"
    succeeds "another command finds it applied" sriovctl apply -f "$tmp/two.yaml"
    has "$(<"$out")" "*nothing to do*" "and has nothing to do"
}

# Its PF is gone: that is said once, and does not stand before every later change.
cannot_be_undone() {
    local id
    must sriovctl set eni2np1/0 trust=off
    SRIOV_FAULT=kill-after:2 keep "$faulty" set eni2np1/0 trust=on
    id=$(sqlite3 "$ledger" 'SELECT max(id) FROM txn')
    echo 2 >/sys/bus/netdevsim/del_device
    exits 7 "a change after the PF of the interrupted one went away" sriovctl set enp1s0 mtu=1500
    has "$(<"$err")" "sriovctl: *transaction $id was interrupted and cannot be undone: *; *sriovctl rollback $id*" "it is told, and what to do"
    is "$(last_transaction)" "$id not-reverted 0" "the transaction is closed"
    succeeds "the next change works" sriovctl set enp1s0 mtu=1500
}

void_after_reboot() {
    SRIOV_FAULT=kill:$((points / 2)) keep "$faulty" apply -f "$tmp/four.yaml"
    machine 2>/dev/null >"$tmp/torn"
    sqlite3 "$ledger" "UPDATE txn SET boot = 'another' WHERE state = 0"
    succeeds "list after a reboot" sriovctl list
    is "$(<"$err")" "" "a transaction of another boot is no news"
    succeeds "a change after a reboot" sriovctl set enp1s0 mtu=1500
    is "$(machine | diff "$tmp/torn" -)" "" "what an earlier boot left half done is not undone in this one"
    has "$(last_in_history)" "* void" "the history says void"
    exits 2 "a void transaction cannot be rolled back" sriovctl rollback "$(sqlite3 "$ledger" 'SELECT max(id) FROM txn WHERE state = 4')"
    has "$(<"$err")" "*it is of an earlier boot*" "and why"
}

used_by_then() {
    local id
    reach two
    machine >"$tmp/a"
    sed '/"2"/s/none/default/' "$tmp/four.yaml" >"$tmp/with-netdev.yaml"
    SRIOV_FAULT=count:$tmp/points must "$faulty" apply -f "$tmp/with-netdev.yaml"
    must sriovctl rollback
    SRIOV_FAULT=kill:$(<"$tmp/points") keep "$faulty" apply -f "$tmp/with-netdev.yaml"
    id=$(sqlite3 "$ledger" 'SELECT max(id) FROM txn')
    udevadm settle
    must ip address add 192.0.2.1/24 dev enp1s0v2
    succeeds "a change while a VF of the interrupted one is in use" sriovctl set enp1s0 mtu=1500
    has "$(<"$err")" "*left as it is, because a VF of it is in use*" "it is told that nothing is undone"
    has "$(ip -br address show enp1s0v2)" "*192.0.2.1/24*" "the VF keeps its address"
    is "$(sys enp1s0 sriov_numvfs)" 4 "no VF is taken away"
    is "$(last_transaction)" "$id not-reverted 0" "the transaction is closed as not reverted"
    exits 3 "a rollback of it is refused" sriovctl rollback "$id"
    has "$(<"$err")" "*enp1s0/2*192.0.2.1*" "by the name of the holder"
    must ip address del 192.0.2.1/24 dev enp1s0v2
    succeeds "once it is free the rollback works" sriovctl rollback "$id"
    is "$(differs_from a)" "" "and leads to where all began"
}

interrupted_is_rolled_back_by_number() {
    local id
    reach two
    machine >"$tmp/a"
    SRIOV_FAULT=kill:$points keep "$faulty" apply -f "$tmp/four.yaml"
    id=$(sqlite3 "$ledger" 'SELECT max(id) FROM txn')
    succeeds "rollback of the interrupted transaction itself" sriovctl rollback "$id"
    is "$(wrong_after_recovery a)" "" "leads to where it began"
}

must ip link set enp1s0 up
make_policies
between pair-before pair-after eni1np1
settings_on_two_pfs
recovery_is_killed "settings of two PFs" 1
reach some
between some more eni1np1
number_of_vfs "more VFs" 1
recovery_is_killed "more VFs" 3
between two four enp1s0
number_of_vfs "more VFs of igb" 8
void_after_reboot
used_by_then
interrupted_is_rolled_back_by_number
cannot_be_undone
worker_survives_its_tool
finish
