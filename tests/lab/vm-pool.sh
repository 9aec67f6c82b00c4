#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2 --mem 3072
# timeout: 900
#
# Pools of VFs for libvirt, macvtap, whole PFs. While a namespace and a process with VFIO hold a VF each, two domains that
# start at once get one each of the other two, whether libvirt picks it from a network or `vm attach` from a pool; the fifth
# is refused with the names of those who have them. The list of a network follows, and domains that run keep what they
# have. The domains have no system: nothing here needs one. What libvirt does alone is printed beside it.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash
# shellcheck source=vm.bash
. ./vm.bash
# shellcheck source=daemon.bash
. ./daemon.bash

hook=/etc/libvirt/hooks/network.d/sriovd

# ---- libvirt and its domains ----------------------------------------------------------------------------------------------

domain() { # NAME [DEVICES]: defined anew
    virsh --quiet undefine "$1" 2>/dev/null
    must vm_define "$1" empty ports=3 device="${2-}"
}

of_network() { # NETWORK [MORE]
    echo "<interface type='network'><source network='$1'/>${2-}</interface>"
}

end() { # NAME…
    local name
    for name; do vm_stop "$name"; done
}

interface() { # NAME FILTER: of the domain that runs
    virsh dumpxml "$1" | sed -n '/<interface/,/<.interface/p' | grep -o "$2"
}

slot_of() { # DOMAIN: its VF's function as libvirt's XML has it
    interface "$1" "slot='0x1.' function='0x.'" | head -n 1
}

# "0 2 3": VFs in the list that libvirt has in force.
listed() { # NETWORK
    local vf list
    list=$(virsh net-dumpxml "$1")
    for vf in 0 1 2 3 4 5 6; do
        pci=$(vf_pci $pf $vf 2>/dev/null)
        [ -n "$pci" ] || continue
        case $list in
        *"slot='0x${pci:8:2}' function='0x${pci:11}'"* | *"interface dev='${pf}v$vf'"*) echo -n "$vf " ;;
        esac
    done
}

owners() { # "0:web1 3:box"
    sriovctl leases --json | jq -r '[.leases[] | "\(.vf):\(.owner.name)"] | sort | join(" ")'
}

# shellcheck disable=SC2317 # wait_for calls it
prints_owners() { # WANT
    [ "$(owners)" = "$1" ]
}

state_of() { # POOL N: what `vm pool list` says of the VF
    sriovctl vm pool list --json | jq -r ".pools[] | select(.name == \"$1\") | .vfs[] | select(.vf == \"$pf/$2\") | .state"
}

# ---- two others, who have a VF each ----------------------------------------------------------------------------------------

# VF 0 is on vfio-pci, and a process has it open as a DPDK program would. VF 1 is in a namespace.
others() {
    must sriovctl acquire $pf/0 --owner forwarder driver=vfio-pci
    cp "$(command -v sleep)" "$tmp/dpdk-testpmd"
    "$tmp/dpdk-testpmd" infinity 7<>"/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$(vf_pci $pf 0)/iommu_group")")" &
    forwarder=$!
    must ip netns add blue
    must sriovctl acquire $pf/1 --owner blue --netns blue --as eth7
}

end_others() {
    kill $forwarder
    wait $forwarder 2>/dev/null
    must sriovctl release $pf/1
    must sriovctl release $pf/0
    must ip netns del blue
    must named $pf 4
}

# ---- a network of libvirt --------------------------------------------------------------------------------------------------

a_pool_is_defined() {
    succeeds 'define' sriovctl vm pool define fast --from $pf
    is "$(listed fast)" '0 1 2 3 ' 'define: libvirt has all four'
    has "$(virsh net-info fast)" '*Active:*yes*Persistent:*yes*Autostart:*yes*' 'define: it runs, and will'
    succeeds 'define: again' sriovctl vm pool define fast --from $pf
    has "$(cat "$out")" 'fast: 4 VFs, as it was*' 'define: changes nothing the second time'
    exits 5 'define: a PF that is not there' sriovctl vm pool define slow --from enp9s0
    exits 2 'define: from nothing' sriovctl vm pool define slow
    must virsh net-define <(echo "<network><name>theirs</name></network>")
    exits 2 'define: a network of somebody else' sriovctl vm pool define theirs --from $pf
    exits 2 'undefine: a network of somebody else' sriovctl vm pool undefine theirs
    must virsh net-undefine theirs
}

# The list is old at first: libvirt picks VF 0, which the process has.
the_hook_refuses_what_is_taken() {
    others
    exits 1 'list of before: libvirt picks a VF that is taken' virsh start web1
    has "$(cat "$err")" "*Hook script*$pf/0*forwarder*" 'list of before: and the hook refuses, by name'
    is "$(owners)" "0:forwarder 1:blue" 'list of before: no lease is left'
    succeeds 'refresh' sriovctl vm pool refresh
    is "$(listed fast)" '2 3 ' 'refresh: those that are taken are not in the list'
    has "$(cat "$err")" "*$pf/0 is left out*$pf/1 is left out*" 'refresh: it says so'
}

two_domains_from_a_network() {
    vm_start web1 >"$tmp/1" 2>&1 &
    local one=$!
    vm_start web2 >"$tmp/2" 2>&1 &
    wait $one || fail 'at once: web1 starts' "$(cat "$tmp/1")"
    wait $! || fail 'at once: web2 starts' "$(cat "$tmp/2")"
    is "$(owners | tr ' ' '\n' | cut -d : -f 2 | sort | tr '\n' ' ')" 'blue forwarder web1 web2 ' 'at once: each has one, leased in its name'
    is "$(owners | tr ' ' '\n' | cut -d : -f 1 | tr '\n' ' ')" '0 1 2 3 ' 'at once: and no VF is given twice'
    hasnt "$(slot_of web1)" "$(slot_of web2)" 'at once: nor by libvirt'
    exits 1 'the fifth: libvirt has none left' virsh start web3
    echo "# the fifth, in libvirt's words: $(grep -o 'network.*' "$err" | head -n 1)"
    exits 3 'the fifth: refused' sriovctl acquire --pool four --owner web3
    for who in blue forwarder web1 web2; do
        has "$(cat "$err")" "*$who*" "the fifth: $who is named"
    done
    keep sriovctl acquire --pool four --owner web3 --json
    is "$(json '[.error.holders[].name] | map(select(. == ("blue", "forwarder", "web1", "web2"))) | unique | length')" 4 \
        'the fifth: all four are in JSON, too'
}

# While they run the list is made anew: what they have is theirs still.
running_domains_keep_theirs() {
    local ports
    ports=$(virsh net-port-list fast)
    exits 3 'undefine: domains have VFs of it' sriovctl vm pool undefine fast
    has "$(cat "$err")" '*web1*' 'undefine: they are named'
    end web2
    must sriovctl acquire $pf/"$(free_vf)" --owner box
    succeeds 'refresh while web1 runs' sriovctl vm pool refresh
    is "$(virsh net-port-list fast | grep -c -)" 2 'refresh while web1 runs: its port is there'
    has "$ports" "*$(virsh net-port-list fast | awk 'NR == 3 { print $1 }')*" 'refresh while web1 runs: the same one'
    is "$(sriovctl vm pool list --json | jq -r '[.pools[0].vfs[] | select(.state == "used") | .who] | join(" ")')" web1 \
        'refresh while web1 runs: it is said to have it'
    end web1
    is "$(virsh net-port-list fast | grep -c -)" 1 'the end of web1: its port is gone'
    must sriovctl release box
    end_others
    as_before 'domains from a network'
    succeeds 'refresh afterwards' sriovctl vm pool refresh
    is "$(listed fast)" '0 1 2 3 ' 'refresh afterwards: all four again'
}

free_vf() {
    sriovctl vm pool list --json | jq -r '.pools[0].vfs | map(select(.state == "free"))[0].vf | split("/")[1]'
}

# sriovd does the refreshing: a lease that begins, one that ends, other VFs.
the_daemon_keeps_it_in_step() {
    mark
    start_daemon
    ok 'sriovd: it starts' wait_for 60 has_told '.message == "ready"' 1
    must sriovctl acquire $pf/1 --owner box
    ok 'sriovd: a VF that is lent leaves the list' wait_for 60 has_listed '0 2 3 '
    must sriovctl release $pf/1
    ok 'sriovd: it comes back with its release' wait_for 60 has_listed '0 1 2 3 '
    must sriovctl create $pf 0
    must sriovctl create $pf 3
    ok 'sriovd: the list follows the count' wait_for 60 has_listed '0 1 2 '
    stop_daemon
    must sriovctl create $pf 4
    must named $pf 4
    must sriovctl vm pool refresh
}

# shellcheck disable=SC2317 # wait_for calls it
has_listed() { # WANT
    [ "$(listed fast)" = "$1" ]
}

# ---- a pool of the policy ---------------------------------------------------------------------------------------------------

two_domains_by_attach() {
    local one two
    domain web1
    domain web2
    domain web3
    others
    must vm_start web1
    must vm_start web2
    must vm_start web3
    sriovctl vm attach web1 --pool four >"$tmp/1" 2>&1 &
    one=$!
    sriovctl vm attach web2 --pool four >"$tmp/2" 2>&1 &
    two=$!
    wait $one || fail 'attach at once: web1' "$(cat "$tmp/1")"
    wait $two || fail 'attach at once: web2' "$(cat "$tmp/2")"
    is "$(owners | tr ' ' '\n' | cut -d : -f 2 | sort | tr '\n' ' ')" 'blue forwarder web1 web2 ' 'attach at once: each has one'
    is "$(owners | tr ' ' '\n' | cut -d : -f 1 | tr '\n' ' ')" '0 1 2 3 ' 'attach at once: and no VF is given twice'
    exits 3 'attach, the fifth: refused' sriovctl vm attach web3 --pool four
    has "$(cat "$err")" '*forwarder*blue*web*web*' 'attach, the fifth: with all who have one'
    hasnt "$(virsh dumpxml web3)" '*hostdev*' 'attach, the fifth: web3 has none'
    end web1 web2 web3
    ok 'attach: the leases end with the domains' wait_for 30 prints_owners '0:forwarder 1:blue'
    end_others
    as_before 'domains by attach'
}

# ---- macvtap ----------------------------------------------------------------------------------------------------------------

a_pool_of_macvtaps() {
    domain web1 "$(of_network taps "<model type='virtio'/>")"
    succeeds 'macvtap: define' sriovctl vm pool define taps --from four --mode macvtap
    is "$(listed taps)" '0 1 2 3 ' 'macvtap: libvirt has the four netdevs'
    must vm_start web1
    is "$(interface web1 "dev='${pf}v[0-9]' mode='[a-z]*'")" "dev='${pf}v0' mode='passthrough'" 'macvtap: a domain has one'
    is "$(owners)" '0:web1' 'macvtap: leased in its name'
    is "$(driver_of "$(vf_pci $pf 0)")" igbvf 'macvtap: the VF keeps its driver'
    must sriovctl acquire $pf/2 --owner box
    succeeds 'macvtap: refresh while it runs' sriovctl vm pool refresh taps
    is "$(listed taps)" '0 1 3 ' 'macvtap: the list follows'
    is "$(state_of taps 0)" used 'macvtap: the domain has it still'
    must sriovctl release box
    end web1
    as_before 'macvtap from a network'
    succeeds 'macvtap: undefine' sriovctl vm pool undefine taps
}

attach_as_macvtap() {
    local mac=52:54:00:aa:bb:07
    domain web1
    must vm_start web1
    succeeds 'attach --mode macvtap' sriovctl vm attach web1 $pf/2 --mode macvtap mac=$mac trust=on
    succeeds 'attach --macvtap vepa' sriovctl vm attach web1 $pf/3 --mode macvtap --macvtap vepa
    has "$(virsh dumpxml web1)" "*dev='${pf}v2' mode='passthrough'*dev='${pf}v3' mode='vepa'*" 'attach macvtap: in its XML'
    is "$(cat "/sys/class/net/${pf}v2/address")" $mac 'attach macvtap: passthrough has the MAC on the VF'
    is "$(sriovctl list $pf --json | jq -r '.pfs[0].vfs[2] | "\(.mac) \(.trust)"')" "$mac true" 'attach macvtap: and on the PF, with its settings'
    has "$(ip -d link show type macvtap)" "*@${pf}v2:*passthru*@${pf}v3:*vepa*" 'attach macvtap: the kernel has them'
    has "$(cat /sys/class/net/${pf}v2/flags)" '0x*[13579bdf]' 'attach macvtap: the netdev below is up'
    is "$(owners)" '2:web1 3:web1' 'attach macvtap: both are leased'
    exits 3 'attach macvtap: nobody else gets it' sriovctl acquire $pf/2 --owner box
    end web1
    ok 'attach macvtap: the leases end with the domain' wait_for 30 prints_owners ''
    as_before 'attach macvtap'
}

# ---- whole PFs --------------------------------------------------------------------------------------------------------------

a_whole_pf() {
    local whole=enp2s0 pci
    pci=$(basename "$(readlink /sys/class/net/$whole/device)")
    domain web1
    must vm_start web1
    exits 2 'PF: not without --yes' sriovctl vm attach web1 $whole
    has "$(cat "$err")" '*whole PF*loses the NIC*--yes*' 'PF: what it costs is said'
    exits 2 'PF: takes no settings' sriovctl vm attach web1 $whole vlan=5 --yes
    must ip link set $whole up
    must ip address add 192.0.2.1/24 dev $whole
    must ip route add default via 192.0.2.2 dev $whole
    exits 3 'PF: not the way of the default route' sriovctl vm attach web1 $whole --yes
    has "$(cat "$err")" '*default route*' 'PF: which is named'
    must ip route del default
    must ip address flush dev $whole
    must ip link add link $whole name lan5 type vlan id 5
    exits 3 'PF: not with an interface on it' sriovctl vm attach web1 $whole --yes
    has "$(cat "$err")" '*lan5*' 'PF: which is named'
    must ip link del lan5
    must sriovctl create $whole 2
    must named $whole 2
    must sriovctl acquire $whole/1 --owner box
    exits 3 'PF: not while somebody has a VF of it' sriovctl vm attach web1 $whole --yes --json
    is "$(json '[.error.holders[].name] | join(" ")')" box 'PF: who is named'
    must sriovctl release box
    must sriovctl create $whole 0
    succeeds 'PF: with --yes' sriovctl vm attach web1 $whole --yes
    is "$(driver_of "$pci")" vfio-pci 'PF: the domain has it'
    end web1
    ok 'PF: its driver comes back with the end of the domain' wait_for 30 test -e /sys/class/net/$whole
}

# ---- libvirt alone ----------------------------------------------------------------------------------------------------------

addresses() {
    virsh net-dumpxml "$1" | grep -c '<address'
}

libvirt_alone() {
    mv $hook "$tmp/hook"
    kill -HUP "$(pidof libvirtd)"
    must virsh net-define <(echo "<network><name>alone</name><forward mode='hostdev' managed='yes'><pf dev='$pf'/></forward></network>")
    must virsh net-start alone
    echo "# libvirt alone: $(addresses alone) VFs in its list; $(virsh net-define <(echo "<network><name>two</name>
        <forward mode='hostdev'><pf dev='$pf'/><pf dev='enp2s0'/></forward></network>") 2>&1 | grep error | tail -n 1 | sed 's/^error:/with two PFs:/')"
    must sriovctl create $pf 0
    must sriovctl create $pf 6
    must named $pf 6
    echo "# libvirt alone: with 6 VFs there are $(addresses alone) in its list"
    must sriovctl vm pool refresh
    is "$(listed fast)" '0 1 2 3 4 5 ' 'the count: after a refresh ours has six'
    must sriovctl create $pf 4
    must named $pf 4
    must sriovctl vm pool refresh
    is "$(listed fast)" '0 1 2 3 ' 'the count: and four again'
    others
    domain web1 "$(of_network alone)"
    virsh start web1 >"$out" 2>"$err"
    echo "# libvirt alone: a domain that starts is given VF 0, which dpdk-testpmd has: $(grep -o 'Could not open.*\|Domain.*started' "$out" "$err" | tail -n 1)"
    end web1
    end_others
    must sriovctl acquire $pf/0 --owner box
    virsh start web1 >"$out" 2>"$err"
    echo "# libvirt alone: a domain that starts is given VF 0, which is leased: $(sriovctl list $pf --json | jq -c '[.pfs[0].vfs[0].holders[].name]')"
    end web1
    must sriovctl release $pf/0
    must virsh net-destroy alone
    must virsh net-undefine alone
}

must ip link set $pf up
must sriovctl create $pf 4
must named $pf 4
printf 'pools:\n  four: {from: [{pf: %s}]}\n' $pf >"$policies/policy.yaml"
must sriovctl apply -f "$policies"
before=$(everything)
must start_libvirt
domain web1 "$(of_network fast)"
domain web2 "$(of_network fast)"
domain web3 "$(of_network fast)"
a_pool_is_defined
the_hook_refuses_what_is_taken
two_domains_from_a_network
running_domains_keep_theirs
the_daemon_keeps_it_in_step
before=$(everything)
two_domains_by_attach
a_pool_of_macvtaps
attach_as_macvtap
a_whole_pf
libvirt_alone
finish
