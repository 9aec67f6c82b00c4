#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# sriovctl host check, the sriovctl given as $1, on captures of healthy machines and on those that doctor/build makes: each fault
# shows in its row and in no other, and in the exit status if it is bad.
sriovctl=$(realpath "$1")
cd "$(dirname "$0")/doctor" || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
checks=0
failures=0

is() { # WHAT WANTED FOUND
    checks=$((checks + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $checks - $1"
    else
        failures=$((failures + 1))
        printf 'not ok %d - %s\n# wanted %s\n# found  %s\n' "$checks" "$1" "$2" "$3"
    fi
}

# check FILE OPTION…: without environment and state folder; the exit status into $status.
check() {
    local file=$1
    shift
    env -i "$sriovctl" --replay "$file" --state-dir /nonexistent host check "$@" >"$tmp/out" 2>"$tmp/err"
    status=$?
}

# The rows that are not ok: "iommu=bad acs=warn", and the exit status.
complaints() {
    jq -r '[.rows[] | select(.verdict != "ok") | "\(.id)=\(.verdict)"] | join(" ")' <"$tmp/out"
}

while read -r name wanted_status wanted; do
    ./build "$tmp" "$name" || exit
    file=$tmp/$name.json
    [ -e "$file" ] || file=$name.json
    check "$file" --json
    is "$name" "$wanted_status $wanted" "$status $(complaints)"
done <<'END'
healthy            0
healthy-vfs        0
vtd-off            1 firmware-tables=bad iommu=bad interrupt-remapping=bad
iommu-default-off  1 kernel-parameters=bad iommu=bad
no-remapping       1 interrupt-remapping=bad
made-up-groups     0 kernel-parameters=warn acs=warn
rmrr               1 iommu=bad
noiommu            0 iommu=warn
noari              0 ari=warn
numa-remote        0 numa=warn
bars-unassigned    1 nic-limits=bad
bus-short          1 ari=bad
END

check healthy.json
is "one line for each subject, and nothing on stderr" "12 0" "$(wc -l <"$tmp/out") $(wc -c <"$tmp/err")"
is "verdicts stand in one column" 1 "$(awk '{ print index($0, " ok  ") }' "$tmp/out" | sort -u | wc -l)"
./build "$tmp" no-remapping || exit
check "$tmp/no-remapping.json"
is "cause and remedy stand under a bad row" "14 1" "$(wc -l <"$tmp/out") $(grep -c '^  *remedy: in the BIOS' "$tmp/out")"
echo "1..$checks"
exit $((failures > 0))
