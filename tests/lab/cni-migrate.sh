#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 600
#
# A node is upgraded while pods run that sriov-cni has started. What it left, VFs in pods and its state files, is made here by
# hand as its version 2.8 does it (and, where told, older ones): this plugin's DEL brings such a VF home as it was and takes the
# files away, and its ADD leaves a VF alone that sriov-cni has lent.

. tests/lab/lib.sh
. tests/lab/cni.bash

theirs=/var/lib/cni/sriov

# What sriov-cni keeps for DEL: the configuration, and in OrigVfState how the VF was.
state_file() { # CONTAINER IFNAME VF FILTER
    mkdir -p $theirs/pci/vf_lock
    chmod 700 $theirs
    jq -c --arg pf $pf --argjson vf "$3" --slurpfile link <(ip -d -j link show $pf) --slurpfile netdev <(ip -j link show "${host[$3]}") '
        ($link[0][0].vfinfo_list[] | select(.vf == $vf)) as $was | {cniVersion, name, type, ipam: {}, dns: {}, DPDKMode: null, deviceID, VFID: $vf,
        Master: $pf, MAC: "", MTU: 1500, vlan: null, vlanQoS: null, vlanProto: null, min_tx_rate: null, max_tx_rate: null, runtimeConfig: {},
        OrigVfState: {HostIFName: $netdev[0][0].ifname, SpoofChk: $was.spoofchk, Trust: $was.trust, AdminMAC: $was.address,
        EffectiveMAC: $netdev[0][0].address, Vlan: ($was.vlan_list[0].vlan // 0), VlanQoS: ($was.vlan_list[0].qos // 0), VlanProto: 33024,
        MinTxRate: 0, MaxTxRate: 0, LinkState: 0, MTU: $netdev[0][0].mtu}} | del(.DPDKMode)'" | $4" <<<"$conf" >"$tmp/state"
    install -m 600 "$tmp/state" "$theirs/$1-$2"
    printf /run/netns/blue >"$theirs/pci/${pci[$3]}"
    : >"$theirs/pci/vf_lock/${pci[$3]}.lock"
}

# What it does to the machine: settings through the PF, a way through a namespace of its own, another name, up.
lend_as_they_do() { # VF IFNAME
    must ip link set $pf vf "$1" vlan 200 qos 0
    must ip link set $pf vf "$1" mac 52:54:00:aa:dd:0"$1"
    must ip link set $pf vf "$1" spoofchk off
    must ip netns add halfway
    must ip link set "${host[$1]}" netns halfway
    must ip -n halfway link set "${host[$1]}" name "$2"
    must ip -n halfway link set "$2" netns blue
    must ip netns del halfway
    must ip -n blue link set "$2" up
    must ip -n blue link set "$2" down # this is when igbvf takes the address that its PF has for it
    must ip -n blue link set "$2" up
}

settings='.vlan = 200 | .vlanQoS = 0 | .vlanProto = "802.1q" | .MAC = "52:54:00:aa:dd:0\($vf)" | .spoofchk = "off"'

pod_of_theirs() { # VF IFNAME [FILTER over the state file]
    use_vf "$1" '.cniVersion = "1.0.0" | .vlan = 200 | .spoofchk = "off"'
    state_file c-blue "$2" "$1" "$settings | ${3-.}"
    lend_as_they_do "$1" "$2"
}

files_of_theirs() {
    find $theirs -type f ! -name '*.lock' -printf '%P\n' 2>/dev/null | sort
}

deleted() { # WHAT
    as_before "$1: the VF is as before"
    is "$(files_of_theirs)" "" "$1: the state files are gone"
    works "$1: a second DEL" DEL blue net0
    works "$1: the VF can be lent" ADD blue net0
    works "$1: and taken back" DEL blue net0
    as_before "$1: as before then, too"
}

pod_is_deleted() {
    pod_of_theirs 0 net0
    works "a pod of sriov-cni's: DEL" DEL blue net0
    deleted "a pod of sriov-cni's"
}

# This VF has settings and altnames that must not get lost.
dressed_vf() {
    pod_of_theirs 1 net0
    works "a VF with settings of its own: DEL" DEL blue net0
    deleted "a VF with settings of its own"
}

# Before 2.8 there was no MTU in it, and before that no VlanProto.
older_state() {
    pod_of_theirs 0 net0 'del(.OrigVfState.MTU, .OrigVfState.VlanProto, .vlanProto)'
    works "an older state file: DEL" DEL blue net0
    deleted "an older state file"
}

namespace_is_gone() {
    pod_of_theirs 0 net0
    must ip netns del blue
    must wait_for 20 home 0
    works "the pod's namespace is gone: DEL" DEL blue net0
    netns blue
    deleted "the pod's namespace is gone"
}

no_namespace_given() {
    pod_of_theirs 0 net0
    namespace='' works "DEL without a namespace" DEL blue net0
    deleted "DEL without a namespace"
}

held_by_theirs() {
    pod_of_theirs 0 net0
    refuses '*' "*${pci[0]}*" "ADD of a VF that sriov-cni has lent is refused" ADD red net0
    is "$(in_pod blue net0 .address)" 52:54:00:aa:dd:00 "and its pod notices nothing"
    is "$(files_of_theirs | wc -l)" 2 "its state files stay"
    works "GC is no concern of its pods" GC "" "" '.cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = [{containerID: "c-blue", ifname: "net0"}]'
    is "$(in_pod blue net0 .address)" 52:54:00:aa:dd:00 "GC leaves what is valid"
    works "the pod that sriov-cni started: DEL" DEL blue net0
    deleted "a VF that was asked for meanwhile"
}

# As sriov-cni has it: a mark whose namespace is gone holds nothing.
stale_mark() {
    mkdir -p $theirs/pci
    printf /run/netns/of-yesterday >"$theirs/pci/${pci[0]}"
    use_vf 0
    works "a mark of a namespace that is gone: ADD" ADD blue net0
    works "a mark of a namespace that is gone: DEL" DEL blue net0
    as_before "a mark of a namespace that is gone: as before"
}

broken_state() {
    pod_of_theirs 0 net0
    printf '{"OrigVfState": {"Host' >"$theirs/c-blue-net0"
    cni DEL blue net0
    echo "# DEL with a truncated state file: exit status $status: $(<"$out")"
    namespace='' cni DEL blue net0
    must ip netns del blue
    netns blue
    ok "a truncated state file: the VF is back on the host" wait_for 20 test -e "/sys/bus/pci/devices/${pci[0]}/net"
    works "a truncated state file: DEL with the namespace gone" DEL blue net0
}

make_vfs 2
dress_some() {
    must ip link set $pf vf 1 vlan 77 qos 3
    must ip link set "${host[1]}" mtu 1400
    must ip link property add dev "${host[1]}" altname storage-one
}
dress_some
netns blue red
keep_baseline
pod_is_deleted
dressed_vf
older_state
namespace_is_gone
no_namespace_given
held_by_theirs
stale_mark
broken_state
finish
