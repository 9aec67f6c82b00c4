#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# asan: yes
#
# watch: changes that others make, told as they happen, and nothing done while nothing happens.
. tests/lab/lib.sh

told=$tmp/told
watching=

start_watch() { # ARGUMENT…: in the background, until it has read the machine and waits
    : >"$told"
    env --default-signal=INT sriovctl watch "$@" >>"$told" 2>>"$err" &
    watching=$!
    ok "watch $* starts" wait_for 60 idle
}

# In ppoll (271) without a time-out, its third argument.
idle() {
    [ "$(cut -d ' ' -f 1,4 "/proc/$watching/syscall")" = '271 0x0' ]
}

stop_watch() {
    kill -INT $watching
    wait $watching
    is $? 130 'Ctrl-C ends it'
}

# A line for OBJECT and WHAT, from and to as JSON.
line() { # OBJECT WHAT FROM TO
    jq -e -s --arg object "$1" --arg what "$2" --argjson from "$3" --argjson to "$4" \
        'any(.object == $object and .what == $what and .from == $from and .to == $to)' "$told"
}

tells() { # OBJECT WHAT FROM TO SENTENCE
    if wait_for 60 line "$1" "$2" "$3" "$4"; then pass "$5"; else fail "$5" "$(cat "$told")"; fi
}

settings_made_by_ip_are_told() {
    start_watch --json
    must ip link set enp1s0 vf 0 vlan 42 qos 3
    tells enp1s0/0 vlan 0 42 'a VLAN set by ip is told'
    tells enp1s0/0 qos 0 3 'and the priority that came with it'
    must ip link set enp1s0 vf 1 spoofchk off
    tells enp1s0/1 spoofchk true false 'so is spoofchk'
    must ip link set enp1s0 vf 1 mac 52:54:00:aa:00:01
    ok 'and a MAC' wait_for 60 eval 'jq -e -s "any(.what == \"mac\" and .to == \"52:54:00:aa:00:01\")" "$told"'
    is "$(jq -s 'all(.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z$"))' "$told")" true 'each line has its time'
    is "$(jq -s 'any(has("drift"))' "$told")" false 'without a policy nothing is called drift'
}

devices_that_come_and_go_are_told() {
    must sriovctl bind enp1s0/1 none
    tells enp1s0/1 driver '"igbvf"' null 'a VF that loses its driver is told'
    must sriovctl bind enp1s0/1 vfio-pci
    tells enp1s0/1 driver null '"vfio-pci"' 'so is its new one'
    echo 0 >/sys/class/net/enp1s0/device/sriov_numvfs
    tells enp1s0/0 present true false 'a VF that goes is told'
    tells enp1s0 num_vfs 2 0 'and the new number'
    echo 3 >/sys/class/net/enp1s0/device/sriov_numvfs
    tells enp1s0/2 present false true 'a VF that comes is told'
    must named enp1s0 3
    ok 'it waits again' wait_for 60 idle
    must ip link set enp1s0 mtu 1400
    tells enp1s0 mtu 1500 1400 'a change of the PF is told'
    must ip link set enp1s0 mtu 1500
    stop_watch
}

not_woken() {
    local before
    before=$(grep ctxt_switches "/proc/$watching/status")
    sleep 3
    [ "$(grep ctxt_switches "/proc/$watching/status")" = "$before" ]
}

# What it does while nothing happens; a time-out would show as a switch of its own.
an_idle_watch_does_nothing() {
    start_watch
    udevadm settle
    ok 'it waits in ppoll, without a time-out' wait_for 60 idle
    # The link of a NIC that was just set up comes and goes for a while, and those are events.
    ok 'when nothing happens for three seconds it is not woken' wait_for 45 not_woken
    ok 'and still waits' idle
    must ip link set enp1s0 vf 0 trust on
    ok 'an event wakes it' wait_for 60 grep -q 'enp1s0/0  *trust: off -> on' "$told"
    ok 'and it waits again, without a time-out' wait_for 60 idle
    stop_watch
}

count_ends_it() {
    strace -E ASAN_OPTIONS=detect_leaks=0 -f -o "$trace" -e trace=nanosleep,clock_nanosleep,timerfd_create,alarm,setitimer,ppoll \
        sriovctl watch --count 2 >"$told" 2>"$err" &
    watching=$!
    wait_for 60 grep -q 'ppoll.*NULL, NULL' "$trace"
    must ip link set enp1s0 vf 2 trust on
    wait_for 60 grep -q trust "$told"
    must ip link set enp1s0 vf 2 trust off
    wait $watching
    is $? 0 '--count 2 ends it with 0'
    is "$(wc -l <"$told")" 2 'after two lines'
    is "$(grep -vc ppoll "$trace")" 1 'it slept by ppoll only'
}

only_one_pf_is_watched() {
    exits 5 'a PF that is not there is an error' sriovctl watch enp7s0
    exits 2 'a policy that is wrong is an error' sriovctl watch --policy /dev/null/none
}

what_leaves_the_policy_is_drift() {
    printf 'pfs:\n- match: {name: enp1s0}\n  num_vfs: 3\n  vfs: {"0": {vlan: 42, trust: on}}\n' >"$tmp/policy.yaml"
    must sriovctl apply -f "$tmp/policy.yaml"
    start_watch --json --policy "$tmp/policy.yaml" enp1s0
    must ip link set enp1s0 vf 0 vlan 43
    tells enp1s0/0 vlan 42 43 'a VLAN that the policy wants otherwise is told'
    must ip link set enp1s0 vf 0 vlan 42
    tells enp1s0/0 vlan 43 42 'and its way back'
    must ip link set enp1s0 vf 1 vlan 7
    tells enp1s0/1 vlan 0 7 'and one of which the policy says nothing'
    is "$(jq -c 'select(.what == "vlan") | [.to, .drift]' "$told" | tr '\n' ' ')" '[43,true] [42,false] [7,false] ' 'only the first is drift'
    stop_watch
}

must sriovctl create enp1s0 2
must ip link set enp1s0 up
must named enp1s0 2
ok 'the PF has link' wait_for 60 grep -q 1 /sys/class/net/enp1s0/carrier
settings_made_by_ip_are_told
devices_that_come_and_go_are_told
an_idle_watch_does_nothing
count_ends_it
only_one_pf_is_watched
what_leaves_the_policy_is_drift
finish
