# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used by those who source this; theirs
#
# For tests of the daemon: it runs in the background with settings and a policy folder of its own, and what it tells is
# read from its log, which is one JSON object a line. `mark` forgets what was told so far.

policies=$tmp/policies
records=$tmp/records
daemon='' marked=0
mkdir -p "$policies"
echo "policy: $policies" >"$tmp/sriovd.conf"

start_daemon() { # OPTION…
    sriovd --config "$tmp/sriovd.conf" --socket "$tmp/api.sock" "$@" 2>>"$records" &
    daemon=$!
}

stop_daemon() { # SIGNAL
    [ -z "$daemon" ] || kill "-${1:-TERM}" "$daemon" 2>/dev/null
    wait "$daemon" 2>/dev/null
    daemon=
}

mark() {
    touch "$records"
    marked=$(wc -l <"$records")
    began=$(date +%s%3N)
}

told() { # FILTER: the records since the mark for which it is true
    tail -n "+$((marked + 1))" "$records" | grep '^{' | jq -c "select($1)" 2>/dev/null
}

tells() { # SECONDS WHAT FILTER [COUNT]: such a record comes
    if wait_for "$1" has_told "$3" "${4:-1}"; then
        pass "$2"
    else
        fail "$2" "no record with $3 among:" "$(told true)"
    fi
}

has_told() { # FILTER COUNT
    [ "$(told "$1" | wc -l)" -ge "$2" ]
}

# The daemon's clock and ours are one. The time is taken before the change is begun, so it is no less than from the kernel's
# message on.
prints_times() { # WHAT FILTER…: milliseconds from the mark to the first record of each
    local what=$1 times='' stamp
    shift
    for filter; do
        stamp=$(told "$filter" | head -n 1 | jq -r '.time | sub("\\.(?<ms>[0-9]+)Z$"; "Z") | fromdate')
        [ -n "$stamp" ] || continue
        stamp=$((stamp * 1000 + 10#$(told "$filter" | head -n 1 | jq -r '.time[20:23]')))
        times+=" $((stamp - began)) ms"
    done
    echo "# $what:$times"
}

vf_of() { # PF N FILTER
    ip -j -d link show "$1" | jq -c ".[0].vfinfo_list[$2] | $3"
}

is_soon() { # WANT WHAT COMMAND…: within five seconds the command prints it
    local want=$1 what=$2
    shift 2
    wait_for 5 prints "$want" "$@" || true
    is "$("$@" 2>&1)" "$want" "$what"
}

prints() { # WANT COMMAND…
    local want=$1
    shift
    [ "$("$@" 2>&1)" = "$want" ]
}
