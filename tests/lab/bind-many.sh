#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 0 --nvme 120
# timeout: 900
#
# 120 VFs of a PF that is no NIC, made and bound to vfio-pci by one apply.
. tests/lab/lib.sh

pf=$(basename /sys/bus/pci/drivers/nvme/0000:*)

drivers() { # how many VFs have which driver
    local link
    for link in "/sys/bus/pci/devices/$pf"/virtfn*; do driver_of "$(basename "$(readlink "$link")")"; done | sort | uniq -c | xargs
}

policy() { # DRIVER
    printf 'pfs:\n- match: {driver: nvme, pci: "%s"}\n  num_vfs: 120\n  vfs: {"0-119": {driver: %s}}\n' "$pf" "$1"
}

ok 'the PF is an NVMe controller with up to 120 VFs' test "$(cat "/sys/bus/pci/devices/$pf/sriov_totalvfs")" -ge 120
policy vfio-pci >"$tmp/policy.yaml"
succeeds 'one apply' strace -f --seccomp-bpf -o "$trace" -e trace=clone,clone3,fork,vfork,execve sriovctl apply -f "$tmp/policy.yaml"
is "$(drivers)" '120 vfio-pci' 'makes 120 VFs with vfio-pci'
is "$(cat "/sys/bus/pci/devices/$pf"/virtfn*/driver_override | sort | uniq -c | xargs)" '120 vfio-pci' 'by driver_override'
is "$(find /dev/vfio -type c -name '[0-9]*' | wc -l)" 120 'each group has its device file'
is "$(cat "/sys/bus/pci/devices/$pf/sriov_drivers_autoprobe")" 1 'autoprobe is on again'
is "$(grep 'execve.* = 0' "$trace" | grep -cv sriovctl)" 1 'the one program it ran is modprobe'
is "$(sriovctl list --json | jq -c --arg pf "$pf" '.pfs[] | select(.pci == $pf) |
    [.name, .num_vfs, ([.vfs[].driver] | unique), ([.vfs[].mac] | unique), ([.vfs[].iommu_group] | unique | length)]')" \
    '[null,120,["vfio-pci"],[null],120]' 'list shows them, without what only NICs have'
succeeds 'a second apply' sriovctl apply -f "$tmp/policy.yaml"
is "$(cat "$out")" 'nothing to do' 'finds nothing to do'
policy none >"$tmp/policy.yaml"
succeeds 'an apply that unbinds all' sriovctl apply -f "$tmp/policy.yaml"
is "$(drivers)" '120 none' 'unbinds all'
exits 4 '121 are refused' sriovctl create "$pf" 121
succeeds 'create 0' sriovctl create "$pf" 0
is "$(cat "/sys/bus/pci/devices/$pf/sriov_numvfs")" 0 'removes all'
finish
