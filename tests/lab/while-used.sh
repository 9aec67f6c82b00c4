#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 300
#
# Leases that live while their VF is used (acquire --while-used): whoever started the user of a VF may die, the VF stays his
# who has it open, and is put back when he lets go; nobody takes it from him before.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash

pf=enp1s0

lease_of() { # VF: its owner and whether it may outlive its process
    sriovctl leases --json | jq -c ".leases[] | select(.vf == $1) | [.owner.name, .owner.while_used]"
}

# The next command, whichever, puts the VF back.
ends() { # WHAT
    must sriovctl leases
    as_before "$1"
}

starter=''
lend() { # VF OPTION…
    local vf=$1
    shift
    sleep infinity &
    starter=$!
    must sriovctl acquire "$pf/$vf" --owner web1 --pid $starter "$@"
}

starter_dies() {
    kill -KILL $starter
    wait $starter 2>/dev/null
}

vm_dies() {
    kill -KILL "$vm"
    wait "$vm" 2>/dev/null
}

# Nobody but he who has the VF open can end it: the kernel would wait for him, for ever.
keeps() { # WHAT VF
    exits 3 "$1: it cannot be released" sriovctl release "$pf/$2"
    ok "$1: with the name of who has it" grep -q 'qemu-system-x86' "$err"
    exits 3 "$1: nor lent to another" sriovctl acquire "$pf/$2" --owner web2
    is "$(driver_of "$(vf_pci $pf "$2")")" vfio-pci "$1: it has its driver"
}

outlives_its_starter() {
    lend 0 --while-used driver=vfio-pci vlan=9
    start_vm web1 "$(vf_pci $pf 0)"
    keeps 'starter alive' 0
    starter_dies
    is "$(lease_of 0)" '["web1",true]' 'the starter is gone, the VM has the VF: the lease stays'
    keeps 'starter gone' 0
    vm_dies
    ends 'the VM is gone, too'
}

never_used() {
    lend 1 --while-used driver=vfio-pci
    is "$(lease_of 1)" '["web1",true]' 'as long as the starter lives the lease does'
    starter_dies
    ends 'the starter died before anybody used the VF'
}

# Also where nobody has asked for it, a VF is not taken from a process that has it open.
a_child_has_it() {
    lend 2 driver=vfio-pci
    start_vm web1 "$(vf_pci $pf 2)"
    starter_dies
    is "$(lease_of 2)" '["web1",false]' 'the process is gone, a child of it has the VF open: the lease stays'
    vm_dies
    ends 'the child is gone, too'
}

# macvtap, macvlan: the VF keeps its network driver.
an_interface_on_its_netdev() {
    lend 3 --while-used vlan=7
    must ip link add link ${pf}v3 name tap0 type macvlan mode bridge
    starter_dies
    is "$(lease_of 3)" '["web1",true]' 'an interface stands on its netdev: the lease stays'
    exits 3 'it cannot be released' sriovctl release $pf/3
    ok 'with the name of the interface' grep -q tap0 "$err"
    must ip link del tap0
    ends 'the interface is gone'
}

bad_input() {
    exits 2 'without a process' sriovctl acquire $pf/0 --owner web1 --while-used
    ok 'it is said what is missing' grep -q -- '--pid' "$err"
    as_before 'bad input'
}

must sriovctl create $pf 4
must ip link set $pf up
must wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
# Each tells the PF its address, as in use.
for vf in 0 1 2 3; do
    must ip link set ${pf}v$vf up
    must ip link set ${pf}v$vf down
done
before=$(everything)
outlives_its_starter
never_used
a_child_has_it
an_interface_on_its_netdev
bad_input
finish
