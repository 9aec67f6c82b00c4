#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
# asan: yes
#
# The CNI plugin as a runtime sees it: each command, in each version of the protocol, with the IPAM plugins that Debian has;
# what a pod gets, that two pods reach each other, and that nothing is left of it.

. tests/lab/lib.sh
. tests/lab/cni.bash

# ---- ADD and DEL ----------------------------------------------------------------------------------------------------------

versions() {
    keep env CNI_COMMAND=VERSION "$plugin" <<<'{"cniVersion": "1.0.0"}'
    is "$status $(jq -c '.supportedVersions - ["0.1.0", "0.2.0", "0.3.0"]' "$out")" '0 ["0.3.1","0.4.0","1.0.0","1.1.0"]' "VERSION: which it knows"
    is "$(json .cniVersion)" 1.0.0 "VERSION: answers in the version of the question"
}

# The result of ADD in one version: the same facts, in what shape the version has for them.
result_of() { # VERSION INTERFACE IPS
    works "$1: ADD" ADD blue net0
    is "$(json .cniVersion)" "$1" "$1: result of the same version"
    is "$(jq -S -c '.interfaces[0]' "$out")" "$(jq -n -S -c --arg pci "${pci[0]}" "$2")" "$1: the interface in it"
    is "$(jq -S -c '.ips | map({address, gateway, interface, version})' "$out")" "$3" "$1: the addresses in it"
    is "$(json '.routes | map(.dst) | join(" ")')" '0.0.0.0/0 ::/0' "$1: the routes in it"
    prev=$(<"$out")
    [ "$1" = 0.3.1 ] || works "$1: CHECK" CHECK blue net0 ".prevResult = $prev"
    works "$1: DEL" DEL blue net0 ".prevResult = $prev"
    is "$(<"$out")" "" "$1: DEL prints nothing"
    as_before "$1: the VF is as before, and no address reserved"
}

results() {
    local basic='{name: "net0", mac: "52:54:00:aa:bb:00", sandbox: "/run/netns/blue"' version n=2
    local old='[{"address":"10.56.0.%s/24","gateway":"10.56.0.1","interface":0,"version":"4"},{"address":"fd56::%s/64","gateway":"fd56::1","interface":0,"version":"6"}]'
    for version in 0.3.1 0.4.0; do
        use_vf 0 "$host_local | .cniVersion = \"$version\""
        # shellcheck disable=SC2059 # a format
        result_of $version "$basic}" "$(printf "$old" $n $n)"
        n=$((n + 1))
    done
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\""
    # shellcheck disable=SC2059
    result_of 1.0.0 "$basic}" "$(printf "$old" $n $n | jq -c 'map(.version = null)')"
}

# CNI 1.1.0 is newer than Debian's IPAM plugins.
newest_result() {
    use_vf 0 '.ipam = {type: "fixed"} | .mtu = 1450'
    : >"$tmp/ipam.log"
    works "1.1.0: ADD" ADD blue net0
    is "$(json .cniVersion)" 1.1.0 "1.1.0: result of the same version"
    is "$(jq -S -c .interfaces "$out")" "[{\"mac\":\"52:54:00:aa:bb:00\",\"mtu\":1450,\"name\":\"net0\",\"pciID\":\"${pci[0]}\",\"sandbox\":\"/run/netns/blue\"}]" \
        "1.1.0: the interface with mtu and pciID"
    is "$(jq -S -c '[.ips, .dns]' "$out")" '[[{"address":"10.57.0.2/24","gateway":"10.57.0.1","interface":0}],{"nameservers":["10.57.0.1"]}]' "1.1.0: addresses and dns"
    is "$(jq -S -c .routes "$out")" '[{"dst":"10.58.0.0/16","gw":"10.57.0.9","mtu":1300,"priority":7}]' "1.1.0: routes"
    has "$(ip -n blue route show 10.58.0.0/16)" '10.58.0.0/16 via 10.57.0.9 dev net0 *metric 7 *mtu 1300*' "1.1.0: the route is there with its metric and mtu"
    is "$(jq -S -c . "$tmp/ipam.in")" "$(jq -S -c . <<<"$conf")" "IPAM gets the whole configuration"
    prev=$(<"$out")
    works "1.1.0: CHECK" CHECK blue net0 ".prevResult = $prev"
    works "1.1.0: DEL" DEL blue net0 ".prevResult = $prev"
    is "$(<"$tmp/ipam.log")" $'ADD c-blue net0\nCHECK c-blue net0\nDEL c-blue net0' "IPAM is called with each command, once"
    as_before "1.1.0: as before"
}

static_ipam() {
    use_vf 0 '.cniVersion = "1.0.0" | .ipam = {type: "static", addresses: [{address: "10.59.0.5/24"}]}'
    works "static: ADD" ADD blue net0
    is "$(in_pod blue net0 '[.addr_info[] | select(.scope == "global").local] | join(" ")')" 10.59.0.5 "static: the address is there"
    works "static: DEL" DEL blue net0
    as_before "static: as before"
}

reaches() { # FROM ADDRESS
    ip netns exec "$1" ping -c 1 -W 2 "$2"
}

two_pods() {
    local red blue
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
    works "blue gets a VF" ADD blue net0
    blue=$(json '.ips[].address | sub("/.*"; "")')
    use_vf 3 "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
    works "red gets another" ADD red net0
    red=$(json '.ips[].address | sub("/.*"; "")')
    for address in $red; do ok "blue reaches red at $address" wait_for 15 reaches blue "$address"; done
    for address in $blue; do ok "red reaches blue at $address" wait_for 15 reaches red "$address"; done
    is "$(ip -n blue -j route show default | jq -r '.[0] | "\(.gateway) \(.dev)"')" "10.56.0.1 net0" "blue has the default route"
    is "$(ip -n blue -6 -j route show default | jq -r '.[0] | "\(.gateway) \(.dev)"')" "fd56::1 net0" "and that of IPv6"
    works "red's goes" DEL red net0
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
    works "blue's goes" DEL blue net0
    as_before "two pods: as before"
}

# ---- What the configuration asks for --------------------------------------------------------------------------------------

settings() {
    use_vf 2 '.vlan = 100 | .vlanQoS = 5 | .vlanProto = "802.1q" | .mac = "52:54:00:AA:CC:01" | .spoofchk = "on" | .trust = "on" |
        .max_tx_rate = 200 | .mtu = 1300 | .allmulticast = true | .promisc = true'
    works "all settings: ADD" ADD blue net0
    is "$(through_pf 2)" "52:54:00:aa:cc:01 100 5 true true" "MAC, vlan, qos, spoofchk, trust are what was asked for"
    is "$(sriovctl list --json | jq '.pfs[0].vfs[2].max_tx_rate')" 200 "max_tx_rate, too"
    is "$(in_pod blue net0 '"\(.address) \(.mtu)"')" "52:54:00:aa:cc:01 1300" "the pod's interface has MAC and mtu"
    is "$(in_pod blue net0 '.flags | contains(["PROMISC", "ALLMULTI", "UP"])')" true "it is up, promiscuous and takes all multicast"
    is "$(json '.interfaces[0] | "\(.mac) \(.mtu)"')" "52:54:00:aa:cc:01 1300" "the result says so"
    works "all settings: CHECK" CHECK blue net0 ".prevResult = $(<"$out")"
    works "all settings: DEL" DEL blue net0
    as_before "all settings: as before"
}

mac_of_pod() { # FILTER
    works "MAC: ADD" ADD blue net0 "$1"
    mac=$(in_pod blue net0 .address)
    works "MAC: DEL" DEL blue net0 "$1"
}

order_of_macs() {
    local mac
    use_vf 0 '.mac = "52:54:00:aa:cc:01"'
    mac_of_pod .
    is "$mac" 52:54:00:aa:cc:01 "the MAC of the configuration"
    CNI_ARGS='IgnoreUnknown=1;MAC=52:54:00:aa:cc:02' mac_of_pod .
    is "$mac" 52:54:00:aa:cc:02 "CNI_ARGS go before it"
    CNI_ARGS='IgnoreUnknown=1;MAC=52:54:00:aa:cc:02' mac_of_pod '.runtimeConfig = {mac: "52:54:00:aa:cc:03"}'
    is "$mac" 52:54:00:aa:cc:03 "runtimeConfig goes before both"
    as_before "MACs: as before"
}

# VF 1 comes with a vlan, trust, an mtu and altnames, and is up.
leftovers() {
    use_vf 1
    works "what the VF came with: ADD" ADD blue net0
    is "$(through_pf 1)" "52:54:00:aa:bb:01 77 3 true true" "settings that are not named stay"
    is "$(in_pod blue net0 .mtu)" 1400 "so does the mtu"
    works "what the VF came with: DEL" DEL blue net0
    as_before "what the VF came with: as before"
    use_vf 1 '.leftover = "clean"'
    works "leftover clean: ADD" ADD blue net0
    is "$(through_pf 1)" "52:54:00:aa:bb:01 0 0 true false" "those of a new VF are in their place"
    works "leftover clean: DEL" DEL blue net0
    as_before "leftover clean: as before"
}

dpdk() {
    must sriovctl bind $pf/3 vfio-pci
    keep_baseline
    use_vf 3 "$host_local | .cniVersion = \"1.0.0\" | .vlan = 42"
    works "DPDK: ADD of a VF that vfio-pci has" ADD blue net0
    is "$(jq -c '.interfaces' "$out")" '[{"name":"net0","mac":"52:54:00:aa:bb:03","sandbox":"/run/netns/blue"}]' "DPDK: the result has the interface by name"
    is "$(json '.ips | length')" 2 "DPDK: and the addresses"
    is "$(through_pf 3) $(driver_of "${pci[3]}")" "52:54:00:aa:bb:03 42 0 true false vfio-pci" "DPDK: the vlan is set, the driver stays"
    ok "DPDK: nothing came into the pod" test -z "$(in_pod blue net0 .ifname)"
    works "DPDK: CHECK" CHECK blue net0 ".prevResult = $(<"$out")"
    works "DPDK: DEL" DEL blue net0
    as_before "DPDK: as before"
    must sriovctl bind $pf/3 default
    must named $pf 4
    keep_baseline
}

chained() {
    local before='{"cniVersion":"1.1.0","interfaces":[{"name":"br0"},{"name":"eth0","sandbox":"/run/netns/blue"}],"ips":[{"address":"10.1.0.5/16","interface":1}]}'
    use_vf 0 ".ipam = {type: \"fixed\"} | .prevResult = $before"
    works "chained: ADD" ADD blue net0
    is "$(json '.interfaces | map(.name) | join(" ")')" "br0 eth0 net0" "chained: what came before stays first"
    is "$(jq -c '.ips | map([.address, .interface])' "$out")" '[["10.1.0.5/16",1],["10.57.0.2/24",2]]' "chained: each address belongs to its interface"
    works "chained: DEL" DEL blue net0
    as_before "chained: as before"
}

logging() {
    use_vf 0 ".logLevel = \"debug\" | .logFile = \"$tmp/log\""
    works "with a log: ADD" ADD blue net0
    works "with a log: DEL" DEL blue net0
    ok "the log has the container" grep -q c-blue "$tmp/log"
}

# ---- CHECK, STATUS, GC ----------------------------------------------------------------------------------------------------

# One thing is wrong; DEL must cope with that, too.
check_finds() { # WHAT PATTERN COMMAND…
    local what=$1 pattern=$2
    shift 2
    works "$what: ADD" ADD blue net0
    prev=$(<"$out")
    must "$@"
    refuses '*' "$pattern" "CHECK finds $what" CHECK blue net0 ".prevResult = $prev"
    works "$what: DEL" DEL blue net0 ".prevResult = $prev"
    as_before "$what: as before"
}

check() {
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100 | .mac = \"52:54:00:aa:cc:01\" | .mtu = 1300"
    check_finds "another vlan" '*vlan*' ip link set $pf vf 0 vlan 101
    check_finds "another MAC through the PF" '*mac*' ip link set $pf vf 0 mac 52:54:00:aa:cc:09
    check_finds "another MTU" '*MTU*' ip -n blue link set net0 mtu 1200
    check_finds "another name" '*net0*' ip -n blue link set net0 name other
    check_finds "another namespace" '*namespace*' ip -n blue link set net0 netns red
    check_finds "link down" '*' ip -n blue link set net0 down
    check_finds "no address" '*' ip -n blue address flush dev net0 scope global
}

status_of_node() {
    use_vf 0
    works "STATUS: ready" STATUS "" ""
    must mount -t tmpfs -o ro none /var/lib/sriovd
    refuses 50 '*' "STATUS: leases cannot be written" STATUS "" ""
    must umount /var/lib/sriovd
    refuses 50 '*' "STATUS: no such device" STATUS "" "" '.deviceID = "0000:0f:10.0"'
    use_vf 0 '.ipam = {type: "fixed"}'
    FIXED_FAILS=STATUS refuses '*' '*' "STATUS: IPAM is asked, too" STATUS "" ""
}

# Three attachments of this network, one of another; and what is lent to somebody else is no concern of CNI.
garbage() {
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\""
    works "GC: first attachment" ADD blue net0
    use_vf 1
    works "GC: second attachment" ADD blue net1
    use_vf 2
    works "GC: third attachment" ADD red net0
    use_vf 3 '.name = "net2"'
    works "GC: one of another network" ADD red net1
    use_vf 0
    works "GC: with two of three valid" GC "" "" '."cni.dev/valid-attachments" = [{containerID: "c-blue", ifname: "net1"}, {containerID: "c-red", ifname: "net0"}]'
    is "$(links | jq -r .ifname | grep -c "^${host[0]}\$")$(in_pod blue net0 .ifname)" 1 "GC: what is not valid comes home"
    is "$(in_pod blue net1 .ifname) $(in_pod red net0 .ifname) $(in_pod red net1 .ifname)" "net1 net0 net1" "GC: what is valid stays, and the other network's"
    works "GC: with none valid" GC "" "" "$host_local | .cniVersion = \"1.1.0\" | .ipam.type = \"fixed\" | .\"cni.dev/valid-attachments\" = []"
    is "$(in_pod blue net1 .ifname)$(in_pod red net0 .ifname) $(in_pod red net1 .ifname)" " net1" "GC: all of this network come home"
    has "$(<"$tmp/ipam.log")" '*GC*' "GC: IPAM hears of it"
    use_vf 3 '.name = "net2"'
    works "GC: the other network's goes with DEL" DEL red net1
    use_vf 0 "$host_local | .cniVersion = \"1.0.0\""
    works "GC: DEL may still come" DEL blue net0
    as_before "GC: as before"
}

# The whole machine, as a capture remembers it: two that were made before and after answer alike.
remember() { # FILE
    udevadm settle
    must sriovctl capture "$1"
    sriovctl --replay "$1" list --json | jq -S 'del(.pfs[] | .busy, .link, .speed)'
}

make_vfs 4
dress_vfs
netns blue red
fixed_ipam
keep_baseline
remember "$tmp/before.json" >"$tmp/captured-before"
versions
results
newest_result
static_ipam
two_pods
settings
order_of_macs
leftovers
chained
logging
check
status_of_node
garbage
dpdk
remember "$tmp/after.json" >"$tmp/captured-after"
is "$(<"$tmp/captured-after")" "$(<"$tmp/captured-before")" 'a capture made now shows what one made before the first ADD shows'
finish
