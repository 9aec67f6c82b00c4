# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For the tests of the metrics on this machine, which source it after tests/lab/lib.sh: a daemon that answers from a capture, and
# what is scraped from it.

# shellcheck source=tests/host/daemon.bash
. tests/host/daemon.bash

# replay CAPTURE [CONFIG LINE]…: with these settings and no others.
replay() {
    local capture=$1
    shift
    rm -f "$tmp/sriovd.conf"
    setting "policy: $tmp/policy" "tokens: $tmp/tokens" "$@"
    start_daemon --replay "$capture"
    wait_for 20 scraped 'sriov_pfs [1-9]' || fail 'PFs are in the capture' "$(tail -n 20 "$tmp/log")"
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
