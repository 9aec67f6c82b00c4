#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
# asan: yes
#
# sriovctl run: a command in a namespace of its own with a VF in it; its exit status, its signals, what happens when it or
# sriovctl is killed; two of them talk to each other over their VFs; and afterwards all is as before.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash

# Beside what all tests of leases look at.
nothing_left() { # WHAT
    as_before "$1"
    is "$(pgrep -c sriovctl)" 0 "$1: no process is left"
}

no_netdev_here() { [ ! -e "/sys/class/net/$1" ]; }

a_namespace_with_the_vf() {
    succeeds 'run' sriovctl run --vf $pf/1 -- ip -j addr
    is "$(jq -c '[.[] | [.ifname, (.flags | index("UP") != null)]]' "$out")" "[[\"lo\",true],[\"${pf}v1\",true]]" \
        'the command sees loopback and the VF, both up'
    nothing_left 'run'
    succeeds 'run with a name, addresses and settings' sriovctl run --pf $pf --as eth0 \
        --address 192.0.2.1/24 --address 2001:db8::1/64 mac=52:54:00:aa:bb:05 vlan=20 -- ip -j addr show eth0
    is "$(jq -c '.[0] | [.address, [.addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen)"]]' "$out")" \
        '["52:54:00:aa:bb:05",["192.0.2.1/24","2001:db8::1/64"]]' 'the command sees them'
    nothing_left 'run with settings'
    # shellcheck disable=SC2016 # the shell inside expands it
    succeeds 'meanwhile' sriovctl run --vf $pf/1 --as eth0 vlan=20 -- sh -c 'sriovctl list --json; sriovctl leases --json'
    is "$(jq -s -c '.[1].leases[0] | [.vf, .name, .owner.name, .want.vlan, .state]' "$out")" '[1,"eth0","sh",20,"held"]' \
        'the VF is leased to the command'
    nothing_left 'meanwhile'
    is "$(ip netns list)" '' 'no namespace has a name'
    is "$(readlink /proc/self/ns/net)" "$(readlink /proc/1/ns/net)" 'and we are where we were'
}

its_exit_status() {
    exits 0 'status 0' sriovctl run --vf $pf/0 -- true
    exits 7 'status 7' sriovctl run --vf $pf/0 -- sh -c 'exit 7'
    # shellcheck disable=SC2016 # the shell inside expands it
    exits 143 'killed by SIGTERM' sriovctl run --vf $pf/0 -- sh -c 'kill $$'
    # shellcheck disable=SC2016 # the shell inside expands it
    exits 137 'killed by SIGKILL' sriovctl run --vf $pf/0 -- sh -c 'kill -9 $$'
    exits 127 'not found' sriovctl run --vf $pf/0 -- no-such-command
    has "$(cat "$err")" '*no-such-command*cannot be executed: No such file*' 'which is said'
    exits 126 'not executable' sriovctl run --vf $pf/0 -- /etc/passwd
    exits 127 'in JSON' sriovctl run --json --vf $pf/0 -- no-such-command
    is "$(json .error.object)" no-such-command 'as an error'
    is "$(echo text | sriovctl run --vf $pf/0 -- cat)" text 'input and output are the command'\''s'
    nothing_left 'exit status'
}

started() { grep -qx ready "$tmp/said"; }

# Starts a command that says which signal it got; $runner is sriovctl.
runner=''
start_listener() {
    : >"$tmp/said"
    # A shell starts what is in the background with SIGINT and SIGQUIT ignored, for good.
    env --default-signal=INT,QUIT sriovctl run --vf $pf/1 --as eth0 vlan=30 -- bash -c '
        for s in TERM INT HUP QUIT; do trap "echo $s; exit 9" $s; done
        echo ready
        while :; do sleep 0.1; done' >"$tmp/said" 2>"$tmp/listener" &
    runner=$!
    wait_for 30 started || fail 'the command starts' "$(cat "$tmp/listener")"
}

its_signals() {
    local s status
    for s in TERM INT HUP QUIT; do
        start_listener
        kill -$s $runner
        wait $runner
        status=$?
        is "$(tail -n 1 "$tmp/said") $status" "$s 9" "SIG$s is passed on, and the command's status returned"
    done
    nothing_left 'signals'
}

the_one_who_runs_it_is_killed() {
    local child
    start_listener
    child=$(pgrep -P $runner)
    is "$(sriovctl leases --json | jq -r '.leases[0].owner.pid')" "$child" 'the owner is the command'
    kill -9 $runner
    wait $runner 2>/dev/null
    ok 'the command dies with sriovctl' wait_for 10 no_process "$child"
    succeeds 'the next command' sriovctl leases
    has "$(cat "$err")" "*$pf/1*bash*" 'takes the VF back and says so'
    nothing_left 'sriovctl killed'
}

no_process() { [ ! -e "/proc/$1" ]; }

the_command_is_killed() {
    start_listener
    kill -9 "$(pgrep -P $runner)"
    wait $runner
    is $? 137 'the command killed: its status'
    nothing_left 'command killed'
}

released_meanwhile() {
    start_listener
    succeeds 'release while it runs' sriovctl release $pf/1
    ok 'brings the netdev home' test -e /sys/class/net/${pf}v1
    kill $runner
    wait $runner
    is $? 9 'the command ends as ever'
    nothing_left 'released meanwhile'
}

ping_each_other() {
    sriovctl run --vf $pf/0 --as eth0 --address 192.0.2.1/24 --address 2001:db8::1/64 vlan=40 -- \
        bash -c 'echo ready; sleep 60' >"$tmp/said" 2>"$tmp/listener" &
    runner=$!
    wait_for 30 started
    keep sriovctl run --vf $pf/2 --as eth0 --address 192.0.2.2/24 vlan=40 -- ping -c 3 -i 0.2 -w 30 192.0.2.1
    has "$(cat "$out")" '* 0% packet loss*' 'two commands ping each other over their VFs'
    keep sriovctl run --vf $pf/2 --as eth0 --address 2001:db8::2/64 vlan=40 -- ping -c 3 -i 0.2 -w 30 2001:db8::1
    has "$(cat "$out")" '*bytes from 2001:db8::1*' 'by IPv6, too'
    keep sriovctl run --vf $pf/2 --as eth0 --address 192.0.2.2/24 vlan=41 -- ping -c 2 -i 0.2 -w 4 192.0.2.1
    has "$(cat "$out")" '* 100% packet loss*' 'but not from another VLAN'
    kill "$(pgrep -P $runner)"
    wait $runner
    nothing_left 'ping'
}

refused() { # STATUS PATTERN ARGUMENTS of run…
    local want=$1 pattern=$2
    shift 2
    exits "$want" "run $*" sriovctl run "$@"
    has "$(cat "$err")" "$pattern" "run $*: with the reason"
}

bad_input() {
    refused 2 '*there is no command*' --vf $pf/1
    refused 2 '*not key=value*' --vf $pf/1 true -- true
    refused 2 '*which VF is not said*' -- true
    refused 2 '*one VF is named*' --vf $pf/1 --pf $pf -- true
    refused 2 '*is a PF*' --vf $pf -- true
    refused 5 '*there is no VF 9*' --vf $pf/9 -- true
    refused 2 '*is no address*' --vf $pf/1 --address nonsense -- true
    refused 2 '*did you mean vlan?*' --vf $pf/1 vlna=3 -- true
    refused 2 '*no netdev*' --vf $pf/1 --address 192.0.2.1/24 driver=vfio-pci -- true
    must named $pf 4
    must sriovctl acquire $pf/1 --owner web1
    refused 3 '*web1*' --vf $pf/1 -- true
    must sriovctl release web1
    exits 6 'run not as root' setpriv --reuid 65534 --clear-groups sriovctl run --vf $pf/1 -- true
    nothing_left 'bad input'
}

must sriovctl create $pf 4
must named $pf 4
must ip link set $pf up # or igb takes no vlan
must wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
for vf in 0 1 2 3; do # each tells the PF its address
    must ip link set ${pf}v$vf up
    must ip link set ${pf}v$vf down
done
before=$(everything)

a_namespace_with_the_vf
its_exit_status
its_signals
the_one_who_runs_it_is_killed
the_command_is_killed
released_meanwhile
ping_each_other
bad_input
finish
