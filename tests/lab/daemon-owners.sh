#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --netdevsim 128
# timeout: 900
# asan: yes
#
# sriovd ends leases when their owners die: processes, named network namespaces, those of a process, and those of containers;
# one, and a hundred at once. Leases of the living stay. How long each took is printed.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash
# shellcheck source=daemon.bash
. ./daemon.bash

leases=/var/lib/sriovd/leases

no_lease_of() { # VF
    [ ! -e "$leases/$(basename "$(readlink "/sys/class/net/$pf/device")").$1" ]
}

about() { # VF OWNER: the filter of records about such a lease
    echo ".kind == \"lease\" and .object == \"$pf/$1\" and .who == \"$2\""
}

# The owner is gone, since the mark: the lease ends, it is told, and the VF is as before.
ends() { # WHAT VF OWNER
    local filter
    filter="$(about "$2" "$3") and (.message | startswith(\"taken back\"))"
    ok "$1: the lease ends" wait_for 60 no_lease_of "$2"
    tells 60 "$1: it is told" "$filter"
    prints_times "$1: the lease had ended after" "$filter"
    as_before "$1"
}

lent() { # WHAT VF OWNER
    tells 60 "$1: the lease is told" "$(about "$2" "$3") and .message == \"lent\""
    mark
}

begin_daemon() {
    mark
    start_daemon
    wait_for 60 has_told '.kind == "daemon" and .message == "ready"' 1 || fail 'sriovd starts' "$(told true)"
}

a_process_that_is_killed() {
    local owner
    sleep infinity &
    owner=$!
    must sriovctl acquire $pf/0 --owner web1 --pid $owner vlan=9 mac=52:54:00:aa:bb:01
    lent 'process' 0 web1
    kill -KILL $owner
    wait $owner 2>/dev/null
    ends 'process' 0 web1
}

# The lease of a VM lives by use: whoever started it may go, and the end of the VM, which no event tells, is seen at once.
a_vm_whose_starter_died() {
    local starter
    sleep infinity &
    starter=$!
    must sriovctl acquire $pf/0 --owner web1 --pid $starter --while-used driver=vfio-pci
    start_vm web1 "$(vf_pci $pf 0)"
    kill -KILL $starter
    wait $starter 2>/dev/null
    lent 'vm' 0 web1
    must sriovctl list --json
    ok 'vm: its starter is gone, the lease stays' test -e "$leases/$(basename "$(readlink /sys/class/net/$pf/device)").0"
    mark
    kill -KILL "$vm"
    wait "$vm" 2>/dev/null
    ends 'vm' 0 web1
}

# It is dead, and its parent has not asked: the owner is gone all the same.
a_process_nobody_waits_for() {
    local owner parent
    bash -c 'sleep infinity & echo $! >'"$tmp/pid"'; exec sleep 1000' &
    parent=$!
    wait_for 10 test -s "$tmp/pid"
    owner=$(cat "$tmp/pid")
    must sriovctl acquire $pf/0 --owner web1 --pid "$owner" vlan=9
    lent 'process that is not waited for' 0 web1
    kill -KILL "$owner"
    ends 'process that is not waited for' 0 web1
    is "$(cut -d ' ' -f 3 "/proc/$owner/stat")" Z 'process that is not waited for: it is one'
    kill $parent
    wait $parent 2>/dev/null
}

a_named_namespace() {
    must ip netns add blue
    must sriovctl acquire $pf/1 --owner blue1 --netns blue --as eth7 mtu=1450
    lent 'named namespace' 1 blue1
    must ip netns del blue
    ends 'named namespace' 1 blue1
}

the_namespace_of_a_process() {
    local owner
    unshare -n sleep infinity &
    owner=$!
    wait_for 10 eval "[ \"\$(readlink /proc/$owner/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
    must sriovctl acquire $pf/2 --owner pod1 --netns "/proc/$owner/ns/net" --as eth0
    lent 'namespace of a process' 2 pod1
    kill -KILL $owner
    wait $owner 2>/dev/null
    ends 'namespace of a process' 2 pod1
}

# As Docker does it: pids of its own, and a file in a folder of its own that its network namespace is mounted on. The
# processes end, the namespace stays.
container=/run/docker/netns/c0ffee

start_container() {
    local owner
    mkdir -p "${container%/*}"
    unshare -n -p -f sleep infinity &
    owner=$!
    wait_for 10 eval "[ \"\$(readlink /proc/$owner/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
    : >$container
    must mount --bind "/proc/$owner/ns/net" $container
    must sriovctl acquire $pf/3 --owner box1 --container c0ffee --netns $container --as eth0 vlan=7
    lent 'container' 3 box1
    kill -KILL "$(pgrep -P $owner)" $owner
    wait $owner 2>/dev/null
}

end_container() {
    mark
    umount $container
    rm $container
}

a_container() {
    start_container
    ok 'container: without its processes the namespace is still there' sleep 1
    ok 'container: and so is the lease' eval '! no_lease_of 3'
    end_container
    ends 'container' 3 box1
}

# A VF without a netdev: nothing of it moves when the namespace ends, so no other event of the kernel makes anybody look.
nothing_but_the_name() {
    local owner
    must sriovctl bind $pf/1 vfio-pci
    must sriovctl bind $pf/2 vfio-pci
    udevadm settle
    before=$(everything)
    must ip netns add blue
    unshare -n sleep infinity &
    owner=$!
    wait_for 10 eval "[ \"\$(readlink /proc/$owner/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
    must sriovctl acquire $pf/1 --owner blue1 --netns blue
    must sriovctl acquire $pf/2 --owner pod1 --netns "/proc/$owner/ns/net"
    lent 'VF without a netdev' 1 blue1
    must ip netns del blue
    ok 'VF without a netdev: its lease ends with the name of the namespace' wait_for 60 no_lease_of 1
    kill -KILL $owner
    wait $owner 2>/dev/null
    ok 'VF without a netdev: and with the process whose namespace it is' wait_for 60 no_lease_of 2
    as_before 'VF without a netdev'
    must sriovctl bind $pf/1 default
    must sriovctl bind $pf/2 default
    must named $pf 4
    before=$(everything)
}

# The container runtime was started anew, and somebody has a lease all the time.
a_folder_that_is_made_again() {
    must sriovctl acquire $pf/0 --owner keep
    for turn in first second; do
        start_container
        end_container
        ok "folder made again: the $turn lease ends" wait_for 60 no_lease_of 3
        rmdir ${container%/*}
    done
    must sriovctl release $pf/0
    as_before 'folder made again'
}

those_of_the_living_stay() {
    local one other
    sleep infinity &
    one=$!
    sleep infinity &
    other=$!
    must sriovctl acquire $pf/0 --owner one --pid $one
    must sriovctl acquire $pf/1 --owner other --pid $other
    must ip netns add blue
    must ip netns add green
    must sriovctl acquire $pf/2 --owner blue --netns blue --as eth7
    must sriovctl acquire $pf/3 --owner green --netns green --as eth7
    kill -KILL $one
    wait $one 2>/dev/null
    must ip netns del blue
    ok 'the living: leases of the dead end' wait_for 60 eval 'no_lease_of 0 && no_lease_of 2'
    is "$(sriovctl leases --json | jq -c '[.leases[].owner.name]')" '["other","green"]' 'the living: theirs stay'
    must sriovctl release $pf/1
    must sriovctl release $pf/3
    tells 60 'the living: a release is told as one' "$(about 1 other) and .message == \"given back\""
    must ip netns del green
    kill $other
    wait $other 2>/dev/null
    as_before 'the living'
}

who_died_while_it_was_away() {
    local owner
    sleep infinity &
    owner=$!
    must sriovctl acquire $pf/0 --owner web1 --pid $owner vlan=9
    stop_daemon
    tells 10 'away: the daemon ends' '.message == "ended"'
    kill -KILL $owner
    wait $owner 2>/dev/null
    begin_daemon
    ends 'away' 0 web1
}

a_hundred_at_once() {
    local sim owner i back='.kind == "lease" and .who == "crowd" and (.message | startswith("taken back"))'
    sim=$(sriovctl list --json | jq -r '.pfs[] | select(.driver == "netdevsim") | .name')
    must sriovctl create "$sim" 128
    sleep infinity &
    owner=$!
    for ((i = 0; i < 100; i++)); do
        sriovctl acquire "$sim/$i" --owner crowd --pid $owner vlan=$((i + 1)) >/dev/null 2>>"$err" || break
    done
    must sriovctl acquire "$sim/120" --owner alone
    is "$(find $leases -name '[!.]*' -type f | wc -l)" 101 'a hundred: they are lent'
    tells 60 'a hundred: the daemon knows them all' '.kind == "lease" and .who == "crowd" and .message == "lent"' 100
    mark
    kill -KILL $owner
    wait $owner 2>/dev/null
    ok 'a hundred: all end' wait_for 120 eval "[ \"\$(find $leases -name '[!.]*' -type f | wc -l)\" = 1 ]"
    tells 60 'a hundred: each is told' "$back" 100
    is "$(told "$back" | wc -l)" 100 'a hundred: once'
    prints_times 'a hundred: the first had ended after' "$back"
    prints_times 'a hundred: the last had ended after' ".id == $(told "$back" | tail -n 1 | jq .id)"
    is "$(sriovctl list "$sim" --json | jq '[.pfs[0].vfs[] | select(.vlan != 0)] | length')" 0 'a hundred: every VLAN is as before'
    is "$(sriovctl leases --json | jq -c '[.leases[].owner.name]')" '["alone"]' 'a hundred: the lease without an owner to die stays'
    must sriovctl release "$sim/120"
    must sriovctl create "$sim" 0
}

# What it waits for costs nothing: no timer wakes it.
idle() {
    local before
    before=$(grep ctxt_switches "/proc/$daemon/status")
    sleep 3
    [ "$(grep ctxt_switches "/proc/$daemon/status")" = "$before" ]
}

# Up first: igb's VFs get their addresses from a PF that is.
must ip link set $pf up
must sriovctl create $pf 4
must named $pf 4
before=$(everything)
begin_daemon
a_process_that_is_killed
a_vm_whose_starter_died
a_process_nobody_waits_for
a_named_namespace
the_namespace_of_a_process
a_container
nothing_but_the_name
a_folder_that_is_made_again
those_of_the_living_stay
who_died_while_it_was_away
a_hundred_at_once
ok 'with nothing to do it is not woken' wait_for 60 idle
stop_daemon
tells 10 'it ends when told to' '.message == "ended"'
finish
