#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 300
#
# What `vm xml` and `vm qemu-args` print is taken by those it is for: libvirt's schema and libvirtd, QEMU with the VF and with a
# macvtap on it, also from an old command line. And nothing is changed by printing.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=vm.bash
. ./vm.bash

pf=enp1s0

# What sriovctl prints, as a device of a domain: valid, and libvirtd takes it and keeps all of it.
taken() { # WHAT WORD-IN-XML ARGUMENT…
    local what=$1 word=$2 xml
    shift 2
    succeeds "$what" sriovctl vm xml "$@"
    xml=$(cat "$out")
    vm_xml text empty ports=4 device="$xml" >"$tmp/text.xml"
    keep virt-xml-validate "$tmp/text.xml" domain
    has "$(cat "$out" "$err")" '*text.xml validates*' "$what: valid"
    succeeds "$what: libvirt takes it" virsh --quiet define "$tmp/text.xml"
    has "$(virsh dumpxml text --inactive)" "*$word*" "$what: and keeps it"
    virsh --quiet undefine text
}

# QEMU that runs nothing; ends with its status 0 if it came as far as its monitor. Its arguments are words of a shell.
starts() { # ARGUMENTS
    echo quit >"$tmp/quit"
    eval "timeout 60 qemu-system-x86_64 -machine q35,accel=tcg -m 64 -nodefaults -display none -S -monitor stdio $1" <"$tmp/quit"
}

run_before() { # ARGUMENT…: what `vm qemu-args` asks for
    local command
    sriovctl vm qemu-args "$@" --quiet --json | jq -r '.before[]' >"$tmp/before"
    while IFS= read -r command; do must sh -c "$command"; done <"$tmp/before"
}

must sriovctl create $pf 4
must ip link set $pf up
must start_libvirt
before=$(state)

taken 'a VF' "<mac address='52:54:00:aa:bb:03'/>*<vlan>*<tag id='42'/>" $pf/3 mac=52:54:00:aa:bb:03 vlan=42 trust=on
taken 'a VF with a place' "<interface type='hostdev'*bus='0x03' slot='0x00'" $pf/3 mac=52:54:00:aa:bb:03 --bus-slot 3:0
taken 'a VF with a variant driver' "model='mlx5_vfio_pci'" $pf/3 driver=mlx5_vfio_pci
taken 'a VF with a port profile' "<virtualport type='802.1Qbh'>*profileid='blue'" $pf/3 --profile blue vlan=7
taken 'a macvtap' "<source dev='${pf}v1' mode='passthrough'/>*<tag id='7'/>" $pf/1 --mode macvtap vlan=7
taken 'a macvtap of several' "<source dev='${pf}v1' mode='bridge'/>" $pf/1 --mode macvtap --macvtap bridge
taken 'the PF' "<hostdev mode='subsystem' type='pci' managed='yes'>" $pf
has "$(sriovctl vm xml $pf 2>&1 >"$tmp/xml")" '*the host loses this NIC*VFs are taken away*' 'the PF: says what that means'
is "$(state)" "$before" 'nothing was changed'

run_before $pf/0 $pf/2 vlan=9
is "$(sriovctl list --json | jq -c "[.pfs[0].vfs[0, 2] | [.vlan, .driver]]")" '[[9,"vfio-pci"],[9,"vfio-pci"]]' 'the commands that come first do it'
succeeds 'QEMU with two VFs' starts "$(sriovctl vm qemu-args --quiet $pf/0 $pf/2 vlan=9)"
address=$(vf_pci $pf 0)
succeeds 'QEMU with an old command line' starts "$(sriovctl vm qemu-args --quiet -- -name old -device "pci-assign,host=${address#0000:},prefer_msi=on")"
hasnt "$(cat "$err" "$out")" '*error*' 'QEMU has nothing to say'
run_before $pf/1 --mode macvtap mac=52:54:00:aa:bb:01
succeeds 'QEMU with a macvtap' starts "$(sriovctl vm qemu-args --quiet $pf/1 --mode macvtap mac=52:54:00:aa:bb:01)"
finish
