#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2 --no-cable 2 --netdevsim 3
#
# The doctor on what goes over the wire: what it says of links, VLANs, addresses and representors beyond the faults of
# lab/faults, and that it says nothing where things look alike and are all right.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0
sim=eni1np1

# What it finds of the areas network and switchdev, consequences too, one a line: "warning pf-down enp1s0".
found() { # [PF]
    sriovctl doctor --json "$@" | jq -r '.findings[] | recurse(.consequences[]?) | select(.area == "network" or .area == "switchdev")
        | "\(.severity) \(.id) \(.object)"'
}

# PF N KEY VALUE, behind sriovctl's back.
vf() { must ip link set "$1" vf "$2" "$3" "$4"; }

carrier() { [ "$(cat "/sys/class/net/$1/carrier")" = "$2" ]; }

must ip link set $sim up
must ip link set $pf up
wait_for 20 carrier $pf 1
is "$(found)" "" "PFs without faults"

# ---- Links ----------------------------------------------------------------------------------------------------------------

must ip link set enp2s0 up
must sriovctl create enp2s0 2
named enp2s0 2
is "$(found)" "warning pf-no-carrier enp2s0" "no cable, and nobody uses the VFs: a warning"
must ip link set enp2s0v0 up
is "$(found)" "error pf-no-carrier enp2s0" "with a VF up: an error"
is "$(found enp2s0)" $'error pf-no-carrier enp2s0\ninfo counters-missing enp2s0' "asked by name: also what is no fault"
must sriovctl create enp2s0 0 --yes
must ip link set enp2s0 down

# ---- VLANs ----------------------------------------------------------------------------------------------------------------

must sriovctl create $pf 3
named $pf 3
is "$(found)" "" "VFs without faults"
for n in 0 1; do
    vf $pf $n vlan $((n + 1))0
    must ip addr add 10.0.0.$((n + 1))/24 dev ${pf}v$n
done
is "$(found)" "warning vlan-mismatch enp1s0" "one subnet, VLANs 10 and 20"
must ip addr del 10.0.0.2/24 dev ${pf}v1
must ip addr add 10.0.1.2/24 dev ${pf}v1
is "$(found)" "" "two subnets: that is what VLANs are for"
must ip addr flush dev ${pf}v0
must ip addr flush dev ${pf}v1
vf $pf 0 vlan 0

must ip link set ${pf}v0 up
wait_for 20 carrier ${pf}v0 1
must ip netns add red
must ip link add link ${pf}v0 name vlan5 type vlan id 5
is "$(found)" "" "a VLAN interface on a VF without port VLAN"
must ip link set vlan5 netns red
vf $pf 0 vlan 100
is "$(found)" "error guest-vlan-dropped enp1s0/0" "the same in a container, and a port VLAN"
must ip netns del red
vf $pf 0 vlan 0

# ---- Addresses ------------------------------------------------------------------------------------------------------------

vf $pf 1 mac "$(cat /sys/class/net/$pf/address)"
is "$(found)" $'error mac-duplicate enp1s0\ninfo vf-mac-not-taken enp1s0/1' "a VF with the PF's address, which it has not heard of"
vf $pf 1 mac 52:54:00:aa:00:01
is "$(found)" "info vf-mac-not-taken enp1s0/1" "another address: nobody uses the VF, so it is a note"
must sriovctl unbind $pf/1
must sriovctl bind $pf/1 default
named $pf 2
is "$(found)" "" "its driver bound anew"
must ip link set ${pf}v1 up
wait_for 20 carrier ${pf}v1 1
must ip link set ${pf}v1 down
must ip link set ${pf}v1 up
wait_for 20 carrier ${pf}v1 1
has "$(dmesg)" "*VF 1 attempted to override administratively set MAC address*" "igb logs a refused address when the VF goes down"
is "$(found)" "" "which the doctor does not believe"
ok "a real try" bash -c "! ip link set ${pf}v1 address 52:54:00:aa:00:99 2>/dev/null"
is "$(found)" "warning mac-change-refused enp1s0/1" "it believes"
must sriovctl create $pf 0 --yes

# ---- Representors ---------------------------------------------------------------------------------------------------------

must devlink dev eswitch set netdevsim/netdevsim1 mode switchdev
udevadm settle
is "$(found)" "info tc-offload-off $sim" "switchdev: nothing is offloaded, and nothing goes through"
rep=$(grep -sl pf0vf1 /sys/class/net/*/phys_port_name | cut -d/ -f5)
must ip link set "$rep" up
is "$(found)" "warning tc-offload-off $sim" "with a representor up it is a warning"
must ethtool -K $sim hw-tc-offload on
is "$(found)" "" "offload on"
must ip link set "$rep" down
must ip link set "$rep" name rename7
is "$(found)" "warning representor-name $sim" "a name that a collision left"
must ip netns add red
must ip link set rename7 netns red
is "$(found)" "" "a representor in a container is there"
must ip netns del red
finish
