#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The daemon at 256 VFs: what it takes when it has nothing to do, a thousand readers who keep their connections, and a
# ledger with ten thousand transactions. Times are printed; what is checked are counts, sizes, and who is faster.
# timeout: 400
. tests/lab/lib.sh
. tests/host/daemon.bash

vfs=256
readers=1000
per_second=100
seconds=60
transactions=10000
tests=$bin/libexec/sriovd-tests

# How often its threads have waited, and so have been woken.
waits() {
    cat "/proc/$daemon/task/"*/status | awk '/^voluntary_ctxt_switches/ { n += $2 } END { print n }'
}

# Private_Dirty is what it alone makes the machine keep. Private_Clean are pages of libraries that no other program happens to
# have mapped: they can be dropped at any time, and their number depends on what else runs.
memory() { # Private_Dirty|Private_Clean|Rss: in kB
    awk -v what="$1" 'index($1, what) == 1 { n += $2 } END { print n }' "/proc/$daemon/smaps_rollup"
}

memory_when_idle() {
    get /v1/pfs >"$out"
    is "$(json '.pfs[0].vfs | length')" $vfs "the machine has $vfs VFs"
    get /metrics >/dev/null
    sleep 5
    echo "# idle: private $(memory Private_Dirty) kB, and $(memory Private_Clean) kB of libraries that nobody shares; resident $(memory Rss) kB"
    ok 'it takes at most 6 MB for itself' test "$(memory Private_Dirty)" -le 6144
    ok 'at most 12 MB are resident' test "$(memory Rss)" -le 12288
}

nothing_wakes_it() {
    local before
    before=$(waits)
    sleep 60
    is "$(($(waits) - before))" 0 'in 60 s without work it is not woken once'
}

many_readers() {
    local soft
    soft=$(awk '/^Max open files/ { print $4 }' "/proc/$daemon/limits")
    ok "it may have that many files open ($soft)" test "$soft" -gt $((readers + 100))
    succeeds "$readers readers, $per_second requests a second, $seconds s: no error" \
        "$tests/http-load" "$tmp/socket" $readers $per_second $seconds /v1/pfs /v1/vfs /v1/health /metrics
    echo "# $(cat "$out")"
    has "$(cat "$out")" "asked $((per_second * seconds)) answered $((per_second * seconds)) errors 0 busy 0 open $readers *" \
        'each request has its answer, and each connection is still there'
    ok 'nothing was refused' test "$(grep -c '"kind":"refused"' "$tmp/log")" = 0
    sleep 2
    echo "# after that: private $(memory Private_Dirty) kB, resident $(memory Rss) kB"
    is "$(get /metrics | awk '/^sriov_http_connections / { print $2 }')" 1 'their connections are gone'
}

# What a program does that reads the same from the same file, with its start; and what the daemon takes, without curl's.
by_sqlite() {
    microseconds sqlite3 -json "$tmp/state/ledger.db" \
        "SELECT t.*, (SELECT group_concat(DISTINCT pf) FROM step WHERE txn = t.id) FROM txn t ORDER BY id DESC LIMIT 100"
}

by_daemon() {
    get /v1/transactions -o /dev/null -w '%{time_total}\n' | awk '{ print int($1 * 1e6) }'
}

median_of_20() { # COMMAND: that prints a number
    local i
    for ((i = 0; i < 20; i++)); do "$1"; done | median 20
}

long_history() {
    local ours theirs page all=0 before=''
    must "$tests/make-ledger" "$tmp/state" $transactions
    ours=$(median_of_20 by_daemon)
    theirs=$(median_of_20 by_sqlite)
    echo "# the last 100 of $transactions transactions: $ours us, by sqlite3 $theirs us"
    ok 'the list takes no longer than sqlite3 with the same rows' test "$ours" -lt "$theirs"
    while page=$(get "/v1/transactions?limit=1000$before" | jq -r '.transactions | length, .[-1].id') && [ "${page%%$'\n'*}" -gt 0 ]; do
        all=$((all + ${page%%$'\n'*}))
        before="&before=${page#*$'\n'}"
    done
    is $all $transactions 'page after page all of them come'
}

ulimit -Sn 1024 # as systemd and most shells have it; clients ask for more
must eval "tests/host/make-capture $vfs >'$tmp/many.json'"
start_daemon --replay "$tmp/many.json"
memory_when_idle
nothing_wakes_it
many_readers
start_daemon # the machine itself: a capture has no ledger
long_history
finish
