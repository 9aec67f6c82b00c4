#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 0 --nvme 16 --smp 1
#
# A PF that is no NIC: an NVMe controller with 16 VFs, named by its PCI address. VFs are made, bound by a policy to vfio-pci,
# to their default driver or to none, held by a virtual machine, and removed.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=0000:01:00.0

drivers() { sriovctl list --json | jq -r '.pfs[0].vfs[] | .driver // "none"' | uniq -c | awk '{ print $1, $2 }' | paste -s -d ,; }

succeeds "list" sriovctl list --json
is "$(json '.pfs | length')" 1 "there is one PF"
is "$(json '.pfs[0] | [.pci, .name, .driver, .total_vfs, .num_vfs, .mac, .mtu, .link] | tojson')" \
    "[\"$pf\",null,\"nvme\",16,0,null,null,null]" "it is an NVMe controller without what a NIC has"
succeeds "list in words" sriovctl list
has "$(cat "$out")" "*$pf*nvme*0/16 VFs*" "has it, too"

exits 4 "17 VFs are refused" traced sriovctl create $pf 17
has "$(cat "$err")" "*$pf: cannot have 17 VFs: total_vfs is 16*" "with the limit"
is "$(changes)" "" "and nothing is written"

cat >"$tmp/policy.yaml" <<POLICY
pfs:
  - match: {pci: "$pf"}
    num_vfs: 16
    vfs:
      "0-11": {driver: vfio-pci}
      "12-15": {driver: none}
POLICY
succeeds "apply: 16 VFs" sriovctl apply -f "$tmp/policy.yaml"
is "$(cat /sys/bus/pci/devices/$pf/sriov_numvfs)" 16 "16 are there"
is "$(drivers)" "12 vfio-pci,4 none" "and bound as the policy says"
is "$(basename -a "$(readlink /sys/bus/pci/devices/$pf/virtfn0/driver)" "$(readlink /sys/bus/pci/devices/$pf/virtfn11/driver)" | paste -s)" \
    $'vfio-pci\tvfio-pci' "the kernel says so, too"
is "$(sriovctl list --json | jq '[.pfs[0].vfs[].iommu_group] | unique | length')" 16 "each in an IOMMU group of its own"
is "$(cat /sys/bus/pci/devices/$pf/sriov_drivers_autoprobe)" 1 "autoprobe is on, as before"
succeeds "apply again" traced sriovctl apply -f "$tmp/policy.yaml"
is "$(cat "$out")" "nothing to do" "is nothing to do"
is "$(changes)" "" "and writes nothing"
exits 4 "a VF has no MAC" sriovctl set $pf/0 mac=52:54:00:00:00:01
has "$(cat "$err")" "*nvme has no settings of VFs*" "says the reason"

start_vm disk "$(basename "$(readlink /sys/bus/pci/devices/$pf/virtfn5)")"
succeeds "list with a holder" sriovctl list --json
is "$(json '[.pfs[0].vfs[] | select(.holders != []) | [.index, .holders[0].kind, .holders[0].pid, .holders[0].name]] | tojson')" \
    "[[5,\"vfio\",$vm,\"disk\"]]" "VF 5 is held by the machine"
for command in "create $pf 0" "create $pf 4" "unbind $pf/5" "unbind $pf/0-11"; do
    # shellcheck disable=SC2086 # words
    exits 3 "$command is refused" traced sriovctl $command
    has "$(cat "$err")" "*$pf/5*(pid $vm, \"disk\")*" "with the holder"
    is "$(changes)" "" "and nothing is written"
done
succeeds "other VFs can be unbound" sriovctl unbind $pf/0-4,6-11
is "$(drivers)" "5 none,1 vfio-pci,10 none" "and are"
kill "$vm"
wait "$vm"

nobody_has_it() { sriovctl list --json | jq -e 'all(.pfs[0].vfs[]; .holders == [])'; }
wait_for 30 nobody_has_it
succeeds "rollback of that" sriovctl rollback
is "$(drivers)" "12 vfio-pci,4 none" "binds them again"
succeeds "back to 0" sriovctl create $pf 0
is "$(sriovctl list --json | jq -c '.pfs[0] | [.num_vfs, .vfs]')" '[0,[]]' "no VFs are there"
succeeds "create 2 without a policy" sriovctl create $pf 2
is "$(cat /sys/bus/pci/devices/$pf/sriov_numvfs)" 2 "2 VFs are there, whether nvme takes them (it does once nvme-cli gave them queues) or not"
succeeds "and back to 0" sriovctl create $pf 0
finish
