# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For the tests of the metrics on this machine, which source it after tests/lab/lib.sh: sriovd of build/stage answering from a
# capture, on sockets in $tmp. It ends with the test.

bin=${SRIOV_STAGE:-build/stage}/usr
daemon=''

stop_daemon() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    [ -z "$daemon" ] || wait "$daemon" 2>/dev/null || true
    daemon=''
}
trap stop_daemon EXIT

# start_daemon CAPTURE [CONFIG LINE]…: its log is in $tmp/log, its Unix socket is $tmp/socket.
start_daemon() {
    local capture=$1
    shift
    stop_daemon
    rm -f "$tmp/socket"
    mkdir -p "$tmp/state" "$tmp/policy"
    printf '%s\n' "policy: $tmp/policy" "$@" >"$tmp/sriovd.conf"
    "$bin/sbin/sriovd" --config "$tmp/sriovd.conf" --state-dir "$tmp/state" --socket "$tmp/socket" --replay "$capture" \
        --sriovctl "$bin/bin/sriovctl" >"$tmp/log" 2>&1 &
    daemon=$!
    if ! wait_for 20 scraped 'sriov_pfs [1-9]'; then
        fail 'the daemon starts' "$(tail -n 20 "$tmp/log")"
        finish
    fi
}

scrape() { # [CURL OPTION]…
    curl -sS --max-time 20 --unix-socket "$tmp/socket" "$@" http://localhost/metrics
}

scraped() { # PATTERN: is there such a line?
    scrape | grep -q "^$1"
}

value() { # SAMPLE: of the last scrape in $tmp/page, by its name and labels
    sample="$1 " awk 'index($0, ENVIRON["sample"]) == 1 { print $NF }' "$tmp/page"
}

# The names of all families in a page of Prometheus' own format.
families() {
    sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$1" | sort
}
