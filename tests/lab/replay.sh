#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --netdevsim 20
# asan: yes
#
# A capture says what the running machine says, byte for byte, also of who uses what, and goes on saying it when the machine
# has changed. It can be asked and planned with, not changed.
. tests/lab/lib.sh

capture=$tmp/machine.json
holder=

a_machine_with_holders() {
    must sriovctl create enp1s0 4
    must sriovctl set enp1s0 link=up
    must sriovctl set enp1s0/0 mac=52:54:00:aa:bb:00 vlan=100 qos=3
    must sriovctl bind enp1s0/2 vfio-pci
    must named enp1s0 2
    must ip address add 192.0.2.7/24 dev enp1s0v0
    must ip netns add web
    must ip link set enp1s0v1 netns web
    sleep infinity 9<>"/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$(vf_pci enp1s0 2)/iommu_group")")" &
    holder=$!
    ok 'a process has the vfio group open' wait_for 60 test -e /proc/$holder/fd/9
    must sriovctl set eni1np1/0-19 vlan=7 max_tx_rate=100
    ok 'the PF has link' wait_for 60 grep -q 1 /sys/class/net/enp1s0/carrier
    udevadm settle
}

# The same question to the machine and to the capture.
same() { # WHAT ARGUMENT…
    local what=$1
    shift
    sriovctl "$@" >"$tmp/live" 2>&1
    sriovctl --replay "$capture" "$@" >"$tmp/replayed" 2>&1
    if cmp "$tmp/live" "$tmp/replayed" >"$err" 2>&1 && [ -s "$tmp/live" ]; then
        pass "$what"
    else
        fail "$what" "$(diff "$tmp/live" "$tmp/replayed" | cut -c 1-2000)"
    fi
}

# A capture has no ledger, so what needs it is not checked there; all that is found is the same, evidence and all.
same_findings() { # WHAT ARGUMENT…
    local what=$1
    shift
    sriovctl doctor --json "$@" >"$tmp/live"
    sriovctl doctor --json --replay "$capture" "$@" >"$tmp/replayed"
    is "$(jq -S .findings "$tmp/replayed")" "$(jq -S .findings "$tmp/live")" "$what"
}

it_answers_as_the_machine() {
    succeeds 'capture' sriovctl capture "$capture"
    is "$(stat -c %a "$capture")" 600 'is for its owner only'
    same 'list --json is the same, byte for byte' list --json
    is "$(jq -c '[.pfs[] | select(.name == "enp1s0") | .vfs[].holders[].kind]' "$tmp/replayed")" \
        '["address","netns","vfio"]' 'with all three holders'
    is "$(jq '.pfs[] | select(.name == "enp1s0") | .vfs[2].holders[0].pid' "$tmp/replayed")" $holder 'and the process of one'
    same 'list' list
    same 'show of a PF' show enp1s0
    same 'show of a PF in JSON' show enp1s0 --json
    for vf in 0 1 2 3; do same "show of VF $vf" show enp1s0/$vf; done
    same 'show of VFs in JSON' show enp1s0/0-3 --json
    same 'show of another PF' show eni1np1
    same 'show of a VF that there is not' show enp1s0/5
    same_findings 'the doctor finds the same'
    same_findings 'the doctor finds the same of one PF' enp1s0
    succeeds 'capture to standard output' sriovctl capture -
    is "$(json .format)" sriovd-capture 'is the same form'
}

it_can_be_planned_with() {
    printf 'pfs:\n- match: {name: enp1s0}\n  num_vfs: 2\n  vfs: {"0": {vlan: 9}}\n- match: {name: eni1np1}\n  vfs: {"3": {trust: on}}\n' \
        >"$tmp/policy.yaml"
    same 'plan' plan -f "$tmp/policy.yaml"
    same 'plan --json' plan --json -f "$tmp/policy.yaml"
    has "$(cat "$tmp/replayed")" '*"kind":"vfio"*' 'which names whom it would hurt'
    same 'apply --dry-run' apply --dry-run -f "$tmp/policy.yaml"
    same 'create --dry-run' create --dry-run enp1s0 0
    same 'set --dry-run' set --dry-run eni1np1/3 vlan=8
    same 'bind --dry-run' bind --dry-run enp1s0/3 vfio-pci
    same 'what the driver refuses' set --dry-run enp1s0/0 link_state=enable
}

# refused ARGUMENT…
refused() {
    exits 2 "$1 is refused" sriovctl --replay "$capture" "$@"
    has "$(cat "$err")" '*--replay*' 'and the message says why'
}

it_cannot_be_changed() {
    local before
    before=$(state)
    refused create enp1s0 0
    refused set enp1s0/0 vlan=8
    refused bind enp1s0/3 vfio-pci
    refused unbind enp1s0/3
    refused apply -f "$tmp/policy.yaml"
    refused rollback
    refused watch
    is "$(state)" "$before" 'nothing has changed'
}

it_needs_no_machine() {
    local vf
    cp "$capture" "$tmp/public.json"
    chmod 755 "$tmp"
    chmod 644 "$tmp/public.json"
    sriovctl list --json >"$tmp/live"
    kill $holder
    wait $holder
    must ip netns delete web
    must ip address flush dev enp1s0v0
    must sriovctl create enp1s0 0
    must sriovctl create eni1np1 0
    must traced sriovctl --replay "$capture" list --json
    ok 'with the machine changed, list --json is as it was' cmp "$tmp/live" "$out"
    is "$(grep -E '"/sys|"/proc/[0-9]|"/var/lib/sriovd|/run/netns' "$trace")" '' 'it opens nothing of sysfs, processes or ledger'
    is "$(grep -c '^[0-9]* *send' "$trace")" 0 'and sends nothing to the kernel'
    succeeds 'nobody can ask it' setpriv --reuid 65534 --clear-groups sriovctl --replay "$tmp/public.json" list --json
    ok 'and is told the same' cmp "$tmp/live" "$out"
}

what_is_no_capture_is_refused() {
    echo '{"format": "something"}' >"$tmp/other.json"
    head -c 5000 "$capture" >"$tmp/cut.json"
    : >"$tmp/empty.json"
    for file in other cut empty none; do
        exits 2 "$file.json is wrong usage" sriovctl --replay "$tmp/$file.json" list
        is "$(wc -l <"$err")" 1 'in one line'
    done
}

a_machine_with_holders
it_answers_as_the_machine
it_can_be_planned_with
it_cannot_be_changed
it_needs_no_machine
what_is_no_capture_is_refused
finish
