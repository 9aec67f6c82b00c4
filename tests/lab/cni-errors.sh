#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
# asan: yes
#
# Whatever the CNI plugin is given: a wrong configuration, a broken environment, a pod or a VF that somebody else has changed
# or taken away. The right error, in one line, with nothing changed; and a DEL that brings home what can be brought home.

. tests/lab/lib.sh
. tests/lab/cni.bash

# ---- What is refused ------------------------------------------------------------------------------------------------------

# ADD with one thing wrong; nothing is changed, nothing reserved.
no_add() { # CODE PATTERN FILTER WHAT
    refuses "$1" "$2" "$4" ADD blue net0 "$3"
    is "$(difference 1)$(links blue | wc -l)" 1 "$4: nothing is changed"
}

wrong_configurations() {
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\""
    no_add 7 '*vlan*5000*' '.vlan = 5000' "vlan 5000"
    no_add 7 '*vlan*' '.vlan = "100"' "a vlan in quotes"
    no_add 7 '*vlan*' '.vlan = -1' "vlan -1"
    no_add 7 '*vlanQoS*vlan*' '.vlanQoS = 3' "vlanQoS without vlan"
    no_add 7 '*vlanProto*vlan*' '.vlanProto = "802.1q"' "vlanProto without vlan"
    no_add 7 '*vlanQoS*' '.vlan = 5 | .vlanQoS = 8' "vlanQoS 8"
    no_add 7 '*vlanQoS*' '.vlan = 0 | .vlanQoS = 3' "vlanQoS with vlan 0"
    no_add 7 '*vlanProto*' '.vlan = 5 | .vlanProto = "802.1x"' "vlanProto 802.1x"
    no_add 7 '*mac*' '.mac = "52:54:00:aa:bb"' "half a MAC"
    no_add 7 '*mac*' '.mac = "01:00:5e:00:00:01"' "a multicast MAC"
    no_add 7 '*mac*' '.runtimeConfig = {mac: "x"}' "a wrong MAC in runtimeConfig"
    no_add 7 '*spoofchk*' '.spoofchk = "maybe"' "spoofchk maybe"
    no_add 7 '*link_state*' '.link_state = "up"' "link_state up"
    no_add 7 '*mtu*' '.mtu = 10' "mtu 10"
    no_add 7 '*leftover*' '.leftover = "keep"' "leftover keep"
    no_add 7 '*promisc*' '.promisc = "yes"' "promisc in quotes"
    no_add 7 '*logLevel*' '.logLevel = "loud"' "logLevel loud"
    no_add 7 '*deviceID*' '.deviceID = "../../etc"' "deviceID that is a path"
    no_add 7 '*deviceID*' 'del(.deviceID)' "no deviceID, pool or selector"
    no_add 7 '*ipam*' '.ipam.type = "../host-local"' "an IPAM plugin by a path"
    no_add 7 '*name*' '.name = "a/b"' "a network's name with a slash"
    no_add 7 '*name*' 'del(.name)' "no name"
    no_add 1 '*9.9.9*' '.cniVersion = "9.9.9"' "CNI 9.9.9"
    no_add 1 '*' '.cniVersion = "0.1.0"' "CNI 0.1.0"
}

wrong_macs_of_runtimes() {
    use_vf 0
    CNI_ARGS='MAC=52:54' no_add '[47]' '*' . "half a MAC in CNI_ARGS"
    CNI_ARGS='MAC' no_add 4 '*CNI_ARGS*' . "CNI_ARGS without a value"
}

wrong_devices() {
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\""
    no_add 103 '*0000:01:00.0*' '.deviceID = "0000:01:00.0"' "a PF in place of a VF"
    no_add 103 '*0000:0f:10.0*' '.deviceID = "0000:0f:10.0"' "no such device"
    no_add 103 '*' '.deviceID = "0000:00:00.0"' "a device without SR-IOV"
    must sriovctl unbind $pf/3
    keep_baseline
    no_add '*' '*driver*' ".deviceID = \"${pci[3]}\"" "a VF that no driver has"
    must sriovctl bind $pf/3 default
    must named $pf 4
    must udevadm settle
    keep_baseline
    no_add 102 '*' '.link_state = "enable"' "link_state, which igb has not"
    no_add 102 '*' '.min_tx_rate = 10' "min_tx_rate, which igb has not"
    no_add 102 '*' '.vlan = 5 | .vlanProto = "802.1ad"' "802.1ad, which igb has not"
}

# Anything on stdin.
input() { # CODE WHAT: from stdin
    cni_with ADD blue net0 "$plugin"
    is_error "$1" '*' "$2"
    is "$(difference 1)" "" "$2: nothing is changed"
}

broken_input() {
    local nested
    input 6 "JSON that breaks off" < <(printf '{"cniVersion": "1.0.0", "name": "net1", ')
    input 6 "text that is not UTF-8" < <(printf '{"cniVersion": "1.0.0", "name": "net\377\376", "type": "sriov"}')
    input 6 "no input" < <(printf '')
    input '[67]' "a list in place of an object" < <(printf '[1, 2]')
    input '[67]' "a key that is there twice" < <(printf '{"cniVersion": "1.0.0", "cniVersion": "0.4.0", "name": "net1"}')
    input 6 "more behind the configuration" < <({ jq -c . <<<"$conf" && echo x; })
    nested=$(printf '[%.0s' {1..3000})
    input '[67]' "3,000 levels" < <(printf '{"cniVersion": "1.0.0", "name": "net1", "x": %s' "$nested")
    input '[567]' "1 MB" < <({ printf '{"cniVersion": "1.0.0", "name": "net1", "x": "' && head -c 1048576 /dev/zero | tr '\0' x && printf '"}'; })
    input '[567]' "20 MB of noise" < <(head -c 20000000 /dev/urandom)
}

# The environment with one variable other than it should be: environment 'CNI_IFNAME=a/b' or '-u CNI_IFNAME'.
environment() { # WORDS PATTERN WHAT
    # shellcheck disable=SC2086 # words for env
    cni_with ADD blue net0 env $1 "$plugin" <<<"$conf"
    is_error 4 "$2" "$3"
    is "$(difference 1)" "" "$3: nothing is changed"
}

broken_environment() {
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\""
    environment '-u CNI_COMMAND' '*CNI_COMMAND*' "no CNI_COMMAND"
    environment 'CNI_COMMAND=MOVE' '*CNI_COMMAND*' "another CNI_COMMAND"
    environment '-u CNI_CONTAINERID' '*CNI_CONTAINERID*' "no CNI_CONTAINERID"
    environment 'CNI_CONTAINERID=../../x' '*CNI_CONTAINERID*' "CNI_CONTAINERID that is a path"
    environment '-u CNI_IFNAME' '*CNI_IFNAME*' "no CNI_IFNAME"
    environment 'CNI_IFNAME=a/b' '*CNI_IFNAME*' "CNI_IFNAME with a slash"
    environment 'CNI_IFNAME=sixteen-letters-' '*CNI_IFNAME*' "CNI_IFNAME that is too long"
    environment 'CNI_IFNAME=..' '*CNI_IFNAME*' "CNI_IFNAME .."
    environment '-u CNI_NETNS' '*CNI_NETNS*' "no CNI_NETNS"
    cni_with ADD blue net0 env CNI_NETNS=/run/netns/nobody "$plugin" <<<"$conf"
    is_error '[34]' '*' "a namespace that is not there"
    cni_with ADD blue net0 env CNI_NETNS=/etc/passwd "$plugin" <<<"$conf"
    is_error '[34]' '*' "a namespace that is a file"
    is "$(difference 1)" "" "wrong namespaces: nothing is changed"
}

# ---- IPAM that fails ------------------------------------------------------------------------------------------------------

ipam_that_fails() {
    use_vf 0 '.ipam = {type: "fixed"}'
    : >"$tmp/ipam.log"
    FIXED_FAILS=ADD no_add '*' '*no address left*' . "IPAM has no address"
    has "$(<"$tmp/ipam.log")" $'*ADD c-blue net0\nDEL c-blue net0*' "IPAM has no address: it is asked to give back"
    no_add '*' '*nowhere*' '.ipam.type = "nowhere"' "an IPAM plugin that is not there"
    cp "$tmp/ipam.out" "$tmp/ipam.right"
    echo 'no JSON' >"$tmp/ipam.out"
    no_add '*' '*' . "IPAM answers nonsense"
    echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.57.0.2/240"}]}' >"$tmp/ipam.out"
    no_add '*' '*' . "IPAM answers with no address"
    echo '{"cniVersion": "1.1.0", "ips": []}' >"$tmp/ipam.out"
    no_add '*' '*' . "IPAM answers without an address"
    head -c 3000000 /dev/zero | tr '\0' ' ' >"$tmp/ipam.out"
    no_add '*' '*' . "IPAM answers with 3 MB"
    mv "$tmp/ipam.right" "$tmp/ipam.out"
    works "IPAM that fails at DEL: ADD" ADD blue net0
    FIXED_FAILS=DEL cni DEL blue net0
    is_error '*' '*no address left*' "IPAM that fails at DEL: DEL fails"
    : >"$tmp/ipam.log"
    works "IPAM that fails at DEL: the second try" DEL blue net0
    has "$(<"$tmp/ipam.log")" '*DEL c-blue net0*' "IPAM that fails at DEL: it is asked again"
    as_before "IPAM that fails at DEL: as before"
}

# ---- Names and owners -----------------------------------------------------------------------------------------------------

names_that_exist() {
    use_vf 1 "$host_local | .cniVersion = \"1.0.0\""
    must ip -n blue link add net0 type veth peer name other
    must ip -n blue address add 192.0.2.1/24 dev net0
    must ip -n blue link set net0 up
    links blue >"$tmp/pod"
    refuses '*' '*net0*' "ADD of a name that the pod has" ADD blue net0
    is "$(links blue | diff "$tmp/pod" -)$(in_pod blue net0 '.addr_info[0].local')" 192.0.2.1 "the pod's interface is untouched"
    as_before "and the VF"
    works "DEL of what was never added" DEL blue net0
    is "$(links blue | diff "$tmp/pod" -)$(in_pod blue net0 '.addr_info[0].local')" 192.0.2.1 "the pod's interface is still untouched"
    must ip -n blue link del net0
    must ip -n blue link add "${host[1]}" type veth peer name other
    must ip -n blue link property add dev other altname storage-one
    works "a pod that has the VF's name on the host, and an altname of it" ADD blue net0
    is "$(in_pod blue net0 .address) $(in_pod blue "${host[1]}" .ifname)" "52:54:00:aa:bb:01 ${host[1]}" "both are in the pod"
    works "and DEL" DEL blue net0
    must ip -n blue link del "${host[1]}"
    as_before "names: as before"
}

# DEL cannot put back a name that somebody took meanwhile; what the retry needs stays.
name_taken_on_the_host() {
    use_vf 0
    works "a name taken on the host: ADD" ADD blue net0
    must ip link add "${host[0]}" type veth peer name other
    cni DEL blue net0
    echo "# DEL while the host has another ${host[0]}: exit status $status: $(<"$out")"
    must ip link del "${host[0]}"
    works "a name taken on the host: DEL once it is free" DEL blue net0
    as_before "a name taken on the host: as before"
}

two_owners() {
    use_vf 0
    works "a VF is lent" ADD blue net0
    refuses '*' '*c-blue*' "nobody else gets it" ADD red net0
    works "DEL of somebody else does nothing" DEL red net0
    container=c-blue works "DEL of another interface does nothing" DEL blue net7
    is "$(in_pod blue net0 .ifname)" net0 "its owner still has it"
    refuses '*' '*' "ADD a second time" ADD blue net0
    is "$(in_pod blue net0 .ifname)" net0 "its owner still has it then"
    exits 3 "it is not taken away with its PF's VFs" sriovctl create $pf 0
    works "its owner gives it back" DEL blue net0
    as_before "two owners: as before"
}

in_use_on_the_host() {
    must ip address add 192.0.2.9/24 dev "${host[0]}"
    keep_baseline
    use_vf 0
    no_add '*' '*192.0.2.9*' . "a VF that the host uses"
    must ip address del 192.0.2.9/24 dev "${host[0]}"
    keep_baseline
}

# ---- DEL, whatever happened -----------------------------------------------------------------------------------------------

del_after() { # WHAT COMMAND…: between ADD and DEL
    local what=$1
    shift
    works "$what: ADD" ADD blue net0
    must "$@"
    works "$what: DEL" DEL blue net0
    works "$what: DEL again" DEL blue net0
    as_before "$what: as before"
    is "$(links blue 2>/dev/null | wc -l)" 1 "$what: nothing is left in the pod"
}

lease_of() { # VF
    grep -l "\"${pci[$1]}\"" $leases/*
}

truncate_lease() {
    truncate -s 20 "$(lease_of "$vf")"
}

lose_lease() {
    rm "$(lease_of "$vf")"
}

rename_in_pod() {
    ip -n blue link set net0 down && ip -n blue link set net0 name lan
}

hide_in_another_namespace() {
    ip -n blue link set net0 netns red name wan
}

change_everything() {
    ip link set $pf vf "$vf" vlan 9 qos 1 && ip link set $pf vf "$vf" trust on && ip -n blue link set net0 mtu 1000 promisc on &&
        ip -n blue link property add dev net0 altname of-the-pod
}

things_that_happen() {
    vf=1
    use_vf $vf "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
    del_after "nothing happened" true
    del_after "an interface renamed in the pod" rename_in_pod
    del_after "an interface moved to another pod" hide_in_another_namespace
    del_after "a pod that changed everything" change_everything
    works "no namespace: ADD" ADD blue net0
    namespace='' works "no namespace: DEL" DEL blue net0
    as_before "no namespace: as before"
    works "a namespace that is a file: ADD" ADD blue net0
    namespace=/etc/passwd works "a namespace that is a file: DEL" DEL blue net0
    as_before "a namespace that is a file: as before"
    works "a folder: ADD" ADD blue net0
    namespace=/tmp works "a folder: DEL" DEL blue net0
    as_before "a namespace that is a folder: as before"
}

# The kernel gives the netdev back, under a name of its own.
namespace_is_gone() {
    works "a namespace that is gone: ADD" ADD blue net0
    must ip netns del blue
    must wait_for 20 home $vf
    works "a namespace that is gone: DEL" DEL blue net0
    works "a namespace that is gone: DEL again" DEL blue net0
    as_before "a namespace that is gone: as before"
    netns blue
}

# Without the lease nobody knows how the VF was: it comes home like a new one.
lease_is_lost() { # WHAT COMMAND
    works "$1: ADD" ADD blue net0
    must "$2"
    works "$1: DEL" DEL blue net0
    is "$(left_behind)" "" "$1: no lease and no address is left"
    ok "$1: the VF comes home" wait_for 20 home "$vf"
    is "$(through_pf "$vf")" "52:54:00:aa:bb:0$vf 0 0 true false" "$1: what the network set is no longer set"
    works "$1: DEL again" DEL blue net0
    put_in_order
}

# By hand, as an administrator would have to.
put_in_order() {
    local name
    name=$(ip -d -j link show | jq -r ".[] | select(.parentdev == \"${pci[$vf]}\").ifname")
    ip link set "$name" down
    [ "$name" = "${host[$vf]}" ] || ip link set "$name" name "${host[$vf]}"
    udevadm settle
    keep_baseline
}

state_is_lost() {
    vf=3
    use_vf $vf "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
    lease_is_lost "a truncated lease" truncate_lease
    lease_is_lost "a lost lease" lose_lease
}

driver_is_another() {
    vf=3
    use_vf $vf "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
    works "another driver meanwhile: ADD" ADD blue net0
    must sh -c "echo ${pci[3]} >/sys/bus/pci/drivers/igbvf/unbind"
    works "another driver meanwhile: DEL" DEL blue net0
    must udevadm settle
    as_before "another driver meanwhile: as before"
}

vfs_are_gone() {
    vf=0
    use_vf $vf "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
    works "VFs removed meanwhile: ADD" ADD blue net0
    must sh -c "echo 0 >/sys/class/net/$pf/device/sriov_numvfs"
    works "VFs removed meanwhile: DEL" DEL blue net0
    works "VFs removed meanwhile: DEL again" DEL blue net0
    is "$(left_behind)" "" "VFs removed meanwhile: no lease and no address is left"
}

make_vfs 4
dress_vfs
netns blue red
fixed_ipam
keep_baseline
wrong_configurations
wrong_macs_of_runtimes
wrong_devices
broken_input
broken_environment
ipam_that_fails
names_that_exist
name_taken_on_the_host
two_owners
in_use_on_the_host
things_that_happen
namespace_is_gone
state_is_lost
driver_is_another
vfs_are_gone
finish
