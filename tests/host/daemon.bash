# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For tests of the daemon on this machine, which source it after tests/lab/lib.sh: sriovd of build/stage on sockets in $tmp,
# with settings, policy and state there. It ends with the test.

bin=${SRIOV_STAGE:-build/stage}/usr
daemon=''

stop_daemon() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    [ -z "$daemon" ] || wait "$daemon" 2>/dev/null || true
    daemon=''
}
trap stop_daemon EXIT

setting() { # LINE…: of its configuration, from its next start on
    printf '%s\n' "$@" >>"$tmp/sriovd.conf"
}

# start_daemon [OPTION]…: its log is in $tmp/log.
start_daemon() {
    stop_daemon
    mkdir -p "$tmp/state" "$tmp/policy"
    [ -e "$tmp/sriovd.conf" ] || setting "policy: $tmp/policy" "tokens: $tmp/tokens"
    rm -f "$tmp/socket"
    "$bin/sbin/sriovd" --config "$tmp/sriovd.conf" --state-dir "$tmp/state" --socket "$tmp/socket" \
        --sriovctl "$(realpath "$bin")/bin/sriovctl" "$@" >"$tmp/log" 2>&1 &
    daemon=$!
    if ! wait_for 20 get /v1/health -f; then
        fail 'the daemon starts' "$(tail -n 20 "$tmp/log")"
        finish
    fi
}

# On its Unix socket; the answer's body on stdout.
get() { # PATH [CURL OPTION]…
    local path=$1
    shift
    curl -sS --max-time 20 --unix-socket "$tmp/socket" "$@" "http://localhost$path"
}
