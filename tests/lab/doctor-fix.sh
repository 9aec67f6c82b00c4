#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# asan: yes
#
# The doctor mends: what takes nothing from anybody, as if it had been typed, with journal and gate; all else it only tells.
. tests/lab/lib.sh

fixes() { # STATUS ID WHAT ARGUMENT…
    local want=$1 id=$2 what=$3
    shift 3
    exits "$want" "$what" sriovctl doctor --fix "$id" "$@"
}

found() { # ID: is it among the findings?
    sriovctl doctor --json >"$tmp/findings" || true
    jq -e --arg id "$1" '[.. | objects | select(.id? == $id)] | length > 0' "$tmp/findings" >/dev/null
}

not_found() { ! found "$1"; }

# The flags are what the remedy changes.
state_and_link() { state && cat /sys/class/net/enp1s0/flags; }

link_of_the_pf() {
    local before
    must sriovctl create enp1s0 3
    must named enp1s0 3
    ok 'a PF that is down is found' found pf-down
    before=$(state_and_link)
    fixes 0 pf-down 'a dry run' --dry-run
    is "$(state_and_link)" "$before" 'changes nothing'
    exits 6 'somebody who is not root' setpriv --reuid 65534 --clear-groups sriovctl doctor --fix pf-down
    ok 'is still found' found pf-down
    fixes 0 pf-down 'the remedy runs'
    has "$(cat "$out")" '*sriovctl set enp1s0 link=up*applied transaction*' 'and says what it does'
    ok 'the finding is gone' wait_for 30 not_found pf-down
    is "$(sriovctl history --json | jq -r '.. | .command? // empty' | head -1)" 'set enp1s0 link=up' 'it is in the history'
    fixes 0 pf-down 'once more'
    has "$(cat "$out")" '*no such finding; nothing to do*' 'is nothing to do'
    must sriovctl rollback
    ok 'and can be rolled back' found pf-down
    fixes 0 pf-down 'as JSON' --json
    is "$(jq -c . "$out")" '{"fixed":[{"object":"enp1s0","command":"sriovctl set enp1s0 link=up"}],"left":0}' 'it is told, too'
}

drift_from_a_policy() {
    printf 'pfs:\n  - match: {name: enp1s0}\n    vfs: {"0-2": {vlan: 7}}\n' >"$tmp/policy.yaml"
    ok 'a drift is found with -f' bash -c "sriovctl doctor -f $tmp/policy.yaml --json | grep -q policy-drift"
    fixes 0 policy-drift 'it is mended' -f "$tmp/policy.yaml"
    is "$(grep -c 'applied transaction' "$out")" 1 'in one transaction'
    is "$(sriovctl list --json | jq -c '[.pfs[0].vfs[].vlan]')" '[7,7,7]' 'by the policy that was named'
    must sriovctl set enp1s0/0-2 vlan=0
}

drivers() {
    must sriovctl bind enp1s0/1 vfio-pci
    printf 'pfs:\n  - match: {name: enp1s0}\n    vfs: {"1": {driver: igbvf}}\n' >"$tmp/policy.yaml"
    exec 9<>"/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$(vf_pci enp1s0 1)/iommu_group")")"
    fixes 1 vf-driver-wrong 'a VF that somebody holds' -f "$tmp/policy.yaml"
    has "$(cat "$err")" '*enp1s0/1: not mended by itself*' 'is left to a person'
    is "$(driver_of "$(vf_pci enp1s0 1)")" vfio-pci 'and untouched'
    exec 9>&-
    fixes 0 vf-driver-wrong 'one that nobody holds' -f "$tmp/policy.yaml"
    is "$(driver_of "$(vf_pci enp1s0 1)")" igbvf 'is bound as it should be'
}

wrong_words() {
    exits 2 'an unknown check' sriovctl doctor --fix pf-donw
    has "$(cat "$err")" '*did you mean pf-down?*' 'is guessed'
    must sriovctl capture "$tmp/host.json" -q
    exits 2 'a capture' sriovctl doctor --fix pf-down --replay "$tmp/host.json"
    exits 5 'a PF that there is not' sriovctl doctor enp9s9
    exits 2 'an unknown page' sriovctl doctor --explain nothing
}

link_of_the_pf
drift_from_a_policy
drivers
wrong_words
finish
