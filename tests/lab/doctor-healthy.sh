#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 600
#
# A machine with nothing wrong: the doctor says so, without VFs and with them, with one in a VM, with one leased, in a namespace
# or in a container. It only reads, and works for users that are not root, who are told what they miss.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=cni.bash
. ./cni.bash
# shellcheck source=doctor.bash
. ./doctor.bash

# ---- Nothing wrong --------------------------------------------------------------------------------------------------------

in_a_vm() {
    must sriovctl bind $pf/3 vfio-pci
    silent "a VF for a VM"
    start_vm web1 "$(vf_pci $pf 3)"
    silent "a VF in a VM"
    diagnose $pf/3
    is "$status" 0 "and of this VF nothing is wrong"
    ok "the VM has noticed nothing" qmp query-status
    kill "$vm"
    wait "$vm"
    must sriovctl bind $pf/3 default
}

lent() {
    must sriovctl acquire $pf/0 --owner web1 vlan=100
    silent "a leased VF"
    must sriovctl release $pf/0
    netns blue
    must sriovctl acquire $pf/0 --owner web1 --netns blue --as eth1
    silent "a VF leased into a namespace"
    must sriovctl release $pf/0
    sriovctl --quiet run --vf $pf/1 -- sleep 100 &
    local run=$!
    wait_for 30 pgrep -x sleep
    silent "sriovctl run"
    kill "$(pgrep -x sleep)"
    wait $run
    silent "its VF returned"
}

in_a_container() {
    use_vf 2
    works 'CNI: ADD' ADD blue net1
    silent "a VF that a CNI plugin gave to a container"
    works 'CNI: DEL' DEL blue net1
    silent "and returned"
}

# ---- It only reads --------------------------------------------------------------------------------------------------------

# Its own state: SQLite keeps who reads the ledger in a file beside it.
writes() { grep -v -E 'write(v|64)?\((1|2)<|write64\([0-9]+</var/lib/sriovd/ledger.db-shm>' "$trace" | grep -E '\b(write|pwrite64|writev|creat|rename|renameat|renameat2|unlink|unlinkat|mount)\('; }
opened_to_write() { grep -E 'O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)' "$trace" | grep -v -E '/var/lib/sriovd/|/dev/null|O_TMPFILE'; }

only_reads() {
    keep traced sriovctl doctor --json
    is "$status" 0 "under strace it finds the same"
    is "$(writes)" "" "nothing is written but what it says"
    is "$(opened_to_write)" "" "nothing is opened for writing outside its own state"
    is "$(changes)" "" "nothing is changed by netlink"
    ok "(the trace has what it read)" grep -q 'sriov_totalvfs' "$trace"
    is "$(grep -c sriov_numvfs "$trace")" 0 "sriov_numvfs, which a stuck writer blocks, is not read"
}

# ---- Not root -------------------------------------------------------------------------------------------------------------

as_nobody() { setpriv --reuid nobody --regid nogroup --clear-groups --inh-caps=-all "$@"; }

not_root() {
    keep as_nobody sriovctl doctor --json
    is "$status $(complaints)" "0 " "not root: nothing wrong either"
    is "$(json '.unchecked | length > 0 and all(.id != "" and (.why | startswith("needs root: ")))')" true "what could not be looked at is said"
    keep as_nobody sriovctl doctor
    has "$(cat "$out" "$err")" '*root*' "in words, too"
    must ip link set enp2s0 down
    keep as_nobody sriovctl doctor --json
    is "$(json '.findings[0].id')" "pf-down" "not root: a PF that is down is found"
    must ip link set enp2s0 up
    wait_for 30 grep -q 1 /sys/class/net/enp2s0/carrier
    must ip link set $pf up
    echo 0 >/sys/class/net/$pf/device/sriov_drivers_autoprobe
    basename "$(readlink /sys/class/net/$pf/device/virtfn0)" >/sys/class/net/$pf/device/virtfn0/driver/unbind
    keep as_nobody sriovctl doctor --json
    is "$(json '.findings[0].id')" autoprobe-off "not root: autoprobe off is found"
}

fourteen_vfs() {
    must sriovctl create $pf 0
    must sriovctl create $pf 7
    must sriovctl create enp2s0 7
    must ip link set enp2s0 up
    must wait_for 30 grep -q 1 /sys/class/net/enp2s0/carrier
    named $pf 7
    named enp2s0 7
}

silent "a machine without VFs"
must ip link set $pf up
silent "its first PF up"
make_vfs 4
silent "4 VFs"
in_a_vm
lent
in_a_container
fourteen_vfs
silent "14 VFs"
only_reads
not_root
finish
