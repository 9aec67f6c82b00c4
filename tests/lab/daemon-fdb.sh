#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 900
# asan: yes
#
# fdb_sync: the addresses behind a bridge are in the PF's filter table, so that VFs reach them; out again when they age, when
# it is switched off, when the daemon ends, and after a crash; and entries of others stay.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=daemon.bash
. ./daemon.bash

pf=enp1s0
vm=52:54:00:bb:00:02
of_others=52:54:00:cc:00:09

policy() { # on|off
    printf 'pfs:\n- match: {name: %s}\n  fdb_sync: %s\n' $pf "$1" >"$policies/fdb.yaml"
}

begin_daemon() {
    mark
    start_daemon
    wait_for 60 has_told '.kind == "daemon" and .message == "ready"' 1 || fail 'sriovd starts' "$(told true)"
}

# Is the address in the NIC's own table?
in_table() { # MAC [PF]
    bridge fdb show dev "${2:-$pf}" | grep -q "^$1 .*self"
}

not_in_table() { # MAC [PF]
    ! in_table "$@"
}

learned() { # MAC
    bridge fdb show br br0 | grep "^$1 .*master br0" | grep -qv permanent
}

forgotten() { # MAC
    ! learned "$1"
}

# A tenant on a VF, and somebody behind the bridge that the PF is a port of.
build() {
    must ip link set $pf up
    must sriovctl create $pf 2
    must named $pf 2
    must ip link add br0 type bridge ageing_time 30000
    must ip link set $pf master br0
    must ip link add veth0 address 52:54:00:bb:00:01 type veth peer name veth1 address $vm
    must ip link set veth0 master br0
    must ip netns add vm
    must ip netns add tenant
    must ip link set veth1 netns vm
    must ip link set ${pf}v0 netns tenant
    must ip -n vm addr add 192.0.2.1/24 dev veth1
    must ip -n tenant addr add 192.0.2.2/24 dev ${pf}v0
    for dev in br0 veth0; do must ip link set $dev up; done
    must ip -n vm link set veth1 up
    must ip -n tenant link set ${pf}v0 up
    ok 'the PF has link' wait_for 60 grep -q 1 /sys/class/net/$pf/carrier
    ok 'and the VF' wait_for 60 ip netns exec tenant grep -q 1 /sys/class/net/${pf}v0/carrier
    must bridge fdb add $of_others dev $pf self permanent
}

reaches() {
    ip netns exec tenant ping -c 1 -W 2 192.0.2.1
}

speak() { # the bridge learns who it is
    ip netns exec vm ping -c 1 -W 1 192.0.2.77 >/dev/null
}

without_it() {
    speak
    ok 'without: the bridge knows who is behind it' wait_for 10 learned $vm
    ok 'without: the card does not' not_in_table $vm
    exits 1 'without: a VF does not reach him' reaches
}

with_it() {
    local since
    policy on
    begin_daemon
    speak
    ok 'with: the card is told' wait_for 10 in_table $vm
    ok 'with: a VF reaches him' wait_for 10 reaches
    has "$(bridge fdb show dev $pf)" "*$vm self permanent*" 'with: as bridge fdb add would have it'
    ok 'with: that of another is there' in_table $of_others
    since=$EPOCHREALTIME
    must bridge fdb add 52:54:00:bb:00:33 dev veth0 master static
    until in_table 52:54:00:bb:00:33 || [ $((${EPOCHREALTIME/./} - ${since/./})) -gt 10000000 ]; do :; done
    echo "# an address was in the card $(((${EPOCHREALTIME/./} - ${since/./}) / 1000)) ms after the bridge knew it"
    ok 'with: one that somebody put into the bridge, too' in_table 52:54:00:bb:00:33
    must bridge fdb del 52:54:00:bb:00:33 dev veth0 master
    ok 'with: and out again' wait_for 10 not_in_table 52:54:00:bb:00:33
}

never_in_the_card() {
    local vf
    vf=$(ip netns exec tenant cat /sys/class/net/${pf}v0/address)
    must bridge fdb replace "$vf" dev veth0 master static
    must bridge fdb add 52:54:00:bb:00:34 dev veth0 master static
    ok 'a VF: what comes after is there' wait_for 10 in_table 52:54:00:bb:00:34
    ok 'a VF: its own address is left out' not_in_table "$vf"
    must bridge fdb del "$vf" dev veth0 master
    must bridge fdb del 52:54:00:bb:00:34 dev veth0 master
    ok 'addresses of the port towards the card are left out' not_in_table 52:54:00:bb:00:01
    ok 'a PF that is not in the policy is left alone' not_in_table $vm enp2s0
}

what_ages_goes() {
    must ip link set br0 type bridge ageing_time 100
    ok 'ageing: the bridge forgets' wait_for 60 forgotten $vm
    ok 'ageing: so does the card' wait_for 10 not_in_table $vm
    ok 'ageing: that of another stays' in_table $of_others
    must ip link set br0 type bridge ageing_time 30000
    speak
    ok 'ageing: who speaks again is there again' wait_for 10 in_table $vm
}

# One that is there already is somebody else's, and stays his.
what_others_put_there_stays() {
    must bridge fdb add 52:54:00:bb:00:35 dev $pf self permanent
    must bridge fdb add 52:54:00:bb:00:35 dev veth0 master static
    must bridge fdb add 52:54:00:bb:00:36 dev veth0 master static
    ok 'others: both are there' wait_for 10 in_table 52:54:00:bb:00:36
    must bridge fdb del 52:54:00:bb:00:35 dev veth0 master
    must bridge fdb del 52:54:00:bb:00:36 dev veth0 master
    ok 'others: ours goes' wait_for 10 not_in_table 52:54:00:bb:00:36
    ok 'others: his stays' in_table 52:54:00:bb:00:35
    must bridge fdb del 52:54:00:bb:00:35 dev $pf self
}

what_somebody_took_out_comes_back() {
    must bridge fdb del $vm dev $pf self
    ok 'one that somebody took out comes back' wait_for 10 in_table $vm
}

a_full_table() {
    local i placed
    for ((i = 0; i < 60; i++)); do
        must bridge fdb add "52:54:00:dd:00:$(printf %02x $i)" dev veth0 master static
    done
    tells 60 'full: it is told' ".object == \"$pf\" and (.message // \"\" | test(\"filter table is full: [0-9]+ addresses behind br0\"))"
    placed=$(bridge fdb show dev $pf | grep -c '^52:54:00:dd:.*self')
    ok "full: $placed of 60 have a place" test "$placed" -gt 0 -a "$placed" -lt 60
    is "$(told '.message | test("table is full")' | wc -l)" 1 'full: once'
    for ((i = 0; i < 60; i++)); do
        must bridge fdb del "52:54:00:dd:00:$(printf %02x $i)" dev veth0 master
    done
    ok 'full: all go' wait_for 20 eval "! bridge fdb show dev $pf | grep -q '^52:54:00:dd:'"
    ok 'full: the others are there' in_table $vm
    ok 'full: and that of another' in_table $of_others
}

after_a_crash() {
    stop_daemon KILL
    ok 'crash: the entry is left' in_table $vm
    ip netns exec vm ip link set veth1 down
    must ip link set br0 type bridge ageing_time 100
    ok 'crash: the bridge forgets' wait_for 60 forgotten $vm
    ok 'crash: nobody tells the card' in_table $vm
    begin_daemon
    ok 'crash: who comes after does' wait_for 10 not_in_table $vm
    ok 'crash: that of another stays' in_table $of_others
    must ip link set br0 type bridge ageing_time 30000
    ip netns exec vm ip link set veth1 up
    speak
    ok 'crash: it works again' wait_for 20 in_table $vm
}

switched_off() {
    policy off
    kill -HUP "$daemon"
    ok 'off: ours go' wait_for 20 not_in_table $vm
    ok 'off: that of another stays' in_table $of_others
    ok 'off: nothing of it is kept' test ! -e /var/lib/sriovd/fdb-sync
    policy on
    kill -HUP "$daemon"
    ok 'on: ours come' wait_for 20 in_table $vm
}

out_of_the_bridge() {
    must ip link set $pf nomaster
    ok 'out of the bridge: ours go' wait_for 20 not_in_table $vm
    must ip link set $pf master br0
    speak
    ok 'and into it: they come' wait_for 20 in_table $vm
}

at_the_end() {
    stop_daemon
    tells 10 'end: the daemon ends' '.message == "ended"'
    ok 'end: ours are gone' not_in_table $vm
    ok 'end: that of another stays' in_table $of_others
    ok 'end: nothing of it is kept' test ! -e /var/lib/sriovd/fdb-sync
}

build
without_it
with_it
never_in_the_card
what_ages_goes
what_others_put_there_stays
what_somebody_took_out_comes_back
a_full_table
after_a_crash
switched_off
out_of_the_bridge
at_the_end
finish
