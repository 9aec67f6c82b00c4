#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2 --smp 2
# timeout: 600
# asan: yes
#
# A vlan, macvlan, macvtap or ipvlan made on a VF's netdev and moved into a container takes the VF into use, although
# nothing in our own namespace shows it. A netdev over there that stands on something else does not, even if the ifindex
# is the same.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0

listed() { # VF: kind, comm and name of its holders
    sriovctl list $pf --json | jq -r -c ".pfs[0].vfs[$1].holders | map([.kind, .comm, .name]) | .[]"
}

nobody_has() { [ -z "$(listed "$1")" ]; }

# The kernel names a container's netdev by number, and the number differs from namespace to namespace: what the checks
# rest on.
is_one_of_the_host() { # NAMESPACE NETDEV
    ip -n "$1" -o -d link show "$2" | grep -q 'link-netnsid'
}

refused() { # WHAT NAME
    exits 3 "$1: create 0 is refused" sriovctl create $pf 0 --json
    is "$(json '.error.holders | map(.name) | .[]')" "$2" "$1: with the name"
    exits 3 "$1: bind is refused" sriovctl bind $pf/0 vfio-pci
    exits 3 "$1: unbind is refused" sriovctl unbind $pf/0
    succeeds "$1: another VF can be bound" sriovctl unbind $pf/1
    succeeds "$1: and back" sriovctl bind $pf/1 default
    ok "$1: is still there" is_one_of_the_host blue up0
}

# KIND [OPTIONS]: made on VF 0 here, and moved into a namespace of that name without processes.
in_a_named_namespace() {
    local kind=$1
    shift
    must ip netns add blue
    # igbvf refuses a vlan (EINVAL) as long as its mailbox to the PF, which just came up, is not open again.
    must wait_for 60 ip link add link ${pf}v0 name up0 type "$kind" "$@"
    must ip link set up0 netns blue
    must ip -n blue link set up0 up
    ok "a $kind: it is one of the host" is_one_of_the_host blue up0
    is "$(listed 0)" "[\"upper\",\"$kind\",\"up0 in blue\"]" "a $kind: list has it"
    is "$(listed 1)" "" "a $kind: VF 1 is free"
    refused "a $kind" "up0 in blue"
    must ip netns del blue
    wait_for 20 nobody_has 0
    is "$(listed 0)" "" "a $kind: with the namespace gone the VF is free"
}

in_a_container() {
    unshare -n sleep 1000 &
    local pid=$!
    wait_for 20 grep -qx sleep /proc/$pid/comm
    must ip link add link ${pf}v0 name mv0 netns $pid type macvlan mode bridge
    is "$(listed 0)" "[\"upper\",\"sleep\",\"mv0 in $(readlink /proc/$pid/ns/net)\"]" "in a container: list has it"
    exits 3 "in a container: create 0 is refused" sriovctl create $pf 0
    ok "in a container: with its process" grep -q "sleep (pid $pid, \"mv0 in " "$err"
    sriovctl capture "$tmp/capture" >/dev/null
    is "$(sriovctl list --json --replay "$tmp/capture" | jq -c '.pfs[0].vfs[0].holders')" \
        "$(sriovctl list --json | jq -c '.pfs[0].vfs[0].holders')" "in a container: a capture has it, too"
    is "$(sriovctl create $pf 0 --dry-run --json --replay "$tmp/capture" | jq -r '.holders[].kind')" upper \
        "in a container: a replay knows whom it would hurt"
    kill $pid
    wait $pid
    wait_for 20 nobody_has 0
}

# In the namespace red stands a macvlan on a dummy of the namespace green that has the ifindex of VF 0.
of_a_third_namespace() {
    local index
    index=$(cat /sys/class/net/${pf}v0/ifindex)
    must ip netns add green
    must ip netns add red
    must ip -n green link add dummy0 index "$index" type dummy
    must ip -n green link add link dummy0 name mv1 type macvlan mode bridge
    must ip -n green link set mv1 netns red
    is "$(ip -n red -j -d link show mv1 | jq '.[0].link_index')" "$index" "a third namespace: the ifindex is that of VF 0"
    is "$(listed 0)" "" "a third namespace: that is no concern of VF 0"
    # Now red has a number for our namespace as well, and still tells the two apart.
    must ip link add link ${pf}v1 name mv2 type macvlan mode bridge
    must ip link set mv2 netns red
    is "$(listed 0)" "" "a third namespace: also where our namespace has a number"
    is "$(listed 1)" '["upper","macvlan","mv2 in red"]' "a third namespace: and who stands on VF 1 is found"
    must ip netns del red
    must ip netns del green
}

must sriovctl create $pf 2
must ip link set $pf up # or igbvf takes no vlan
wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
must ip link set ${pf}v0 up
in_a_named_namespace macvlan mode bridge
in_a_named_namespace vlan id 5
in_a_named_namespace macvtap mode bridge
in_a_named_namespace ipvlan mode l2
in_a_container
of_a_third_namespace
succeeds "with nobody there the VFs can be removed" sriovctl create $pf 0
finish
