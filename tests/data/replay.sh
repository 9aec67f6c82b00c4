#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Replays the captures of this folder with the sriovctl given as $1: list --json is what the machine itself said, byte for byte;
# show and plan answer from them, too. Nothing of the machine that this runs on counts.
sriovctl=$(realpath "$1")
cd "$(dirname "$0")" || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
checks=0
failures=0

check() { # WHAT COMMAND…
    local what=$1
    shift
    checks=$((checks + 1))
    if "$@" >"$tmp/said" 2>&1; then
        echo "ok $checks - $what"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $what"
        head -c 2000 "$tmp/said" | sed 's/^/# /'
    fi
}

replay() { # FILE ARGUMENT…: without environment, and with a state folder that is not there
    local file=$1
    shift
    env -i "$sriovctl" --replay "$file" --state-dir /nonexistent "$@"
}

lists_as_the_machine_did() {
    replay "$1.json" list --json | diff "$1.list.json" -
}

shows_every_pf() { # the last of its VFs, too
    local pf number
    while read -r pf number; do
        replay "$1.json" show "$pf" && replay "$1.json" show --json "$pf" || return
        [ "$number" = 0 ] || replay "$1.json" show "$pf/$((number - 1))" || return
    done < <(sed 's/{"pci":/\n&/g' "$1.list.json" | sed -nE 's/.*"handle":"[a-z]+\/([^"]*)".*"num_vfs":([0-9]+).*/\1 \2/p')
}

plans() { # of the state that it has, nothing; of another, steps
    local pf=$2 number=$3
    printf 'pfs:\n- match: {pci: "%s"}\n  num_vfs: %s\n' "$pf" "$number" >"$tmp/same.yaml"
    replay "$1.json" plan -f "$tmp/same.yaml" | grep -x 'nothing to do' &&
        replay "$1.json" create --dry-run "$pf" 0 | grep 'remove VFs'
}

refuses_changes() {
    replay "$1.json" create "$2" 0
    [ $? = 2 ]
}

for file in *.list.json; do
    machine=${file%.list.json}
    check "$machine: list --json is what the machine said" lists_as_the_machine_did "$machine"
    check "$machine: list as a table" replay "$machine.json" list
    check "$machine: show of every PF and its last VF" shows_every_pf "$machine"
    check "$machine: the file is small" test "$(wc -c <"$machine.json")" -lt 400000
done
for machine in igb:4 two-igb:2 bad-acs:2 nvme:8; do
    check "$machine: plan and --dry-run" plans "${machine%:*}" 0000:01:00.0 "${machine#*:}"
done
check 'a change is refused' refuses_changes igb enp1s0
check 'igb: every kind of holder is named' eval \
    '[ "$(replay igb.json list --json | grep -oE "\"kind\":\"[a-z]+\"" | sort -u | wc -l)" -ge 4 ]'
echo "1..$checks"
[ $failures = 0 ]
