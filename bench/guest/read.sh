# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmark read: 1,000 VFs with all their settings, of netdevsim1.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=bench/guest/lib.sh
. ./lib.sh

pf=eni1np1 vfs=1000

# for_each FORMAT: printed for each VF with its number, the two last bytes of its MAC and its VLAN. Starts no command.
for_each() {
    local n
    for ((n = 0; n < vfs; n++)); do
        # shellcheck disable=SC2059 # the format is the argument
        printf "$1\n" $n $((n / 256)) $((n % 256)) $((1 + n))
    done
}

prepare() {
    for_each "link set dev $pf vf %d mac 52:54:00:cc:%02x:%02x vlan %d trust on" >"$work/batch"
    ip -batch "$work/batch"
    for_each '%d 52:54:00:cc:%02x:%02x %d true' | sort >"$work/wanted"
}

# How many of the VFs a list of "INDEX MAC VLAN TRUST" lines has right.
right() { sort "$1" | comm -12 - "$work/wanted" | wc -l; }

check() {
    sriovctl list --json |
        jq -r '.pfs[] | select(.name == "'$pf'").vfs[] | "\(.index) \(.mac) \(.vlan) \(.trust)"' >"$work/ours"
    count read "VFs that sriovctl reads right" "$(right "$work/ours")"
    ip -d -j link show $pf 2>/dev/null |
        jq -r '.[0].vfinfo_list[] | "\(.vf) \(.address) \(.vlan_list[0].vlan) \(.trust)"' >"$work/theirs"
    count read "VFs that ip reads right" "$(right "$work/theirs")"
}

race() {
    for _ in 1 2 3 4 5 6 7 8 9; do
        timed read "sriovctl list --json" sriovctl list --json
        timed read "ip -d -j link show" ip -d -j link show $pf
    done
}

prepare
check
race
