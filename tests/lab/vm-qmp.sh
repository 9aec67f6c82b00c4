#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --bad-acs
# timeout: 600
#
# VFs for a QEMU that nobody manages: plugged in and out over QMP while it runs, with the settings through the PF, and
# everything as before when the guest lets go, when QEMU is killed, when sriovctl is killed half-way, and when anything is
# refused.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash

port1=pcie-root-port,id=rp1,chassis=1,slot=1
port2=pcie-root-port,id=rp2,chassis=2,slot=2

# A QEMU whose processor never starts: devices can be plugged into it, and nobody lets go of them. Its process is $vm.
sock=''
start() { # NAME [ARGUMENTS…]; $as: a prefix to run it with
    sock=$tmp/$1.qmp
    # shellcheck disable=SC2154 # none is fine
    ${as-} qemu-system-x86_64 -machine "${machine-q35},accel=tcg" -m 64 -nodefaults -display none -S -name "guest=$1" \
        -qmp "unix:$sock,server=on,wait=off" "${@:2}" 2>"$tmp/qemu" &
    vm=$!
    wait_for 30 test -S "$sock" || fail "QEMU starts" "$(cat "$tmp/qemu")"
}

kill_vm() {
    kill -9 "$vm"
    wait "$vm" 2>/dev/null
    rm -f "$sock"
}

attach() { timeout 120 sriovctl vm attach --qmp "$sock" "$@"; }
detach() { timeout 900 sriovctl vm detach --qmp "$sock" "$@"; }

vf() { # N FILTER
    sriovctl list --json | jq -c ".pfs[0].vfs[$1] | $2"
}

lessees() { sriovctl leases --json | jq -c '[.leases[] | [.vf, .owner.name, .state]]'; }

refused() { # STATUS WHAT PATTERN COMMAND…: with these words, and nothing has changed
    local status=$1 what=$2 pattern=$3 before now
    shift 3
    before=$(everything; lessees)
    exits "$status" "$what: refused" "$@"
    has "$(cat "$err")" "$pattern" "$what: in words that help"
    now=$(everything; lessees)
    is "$now" "$before" "$what: nothing has changed, no lease"
}

# ---- in and out -----------------------------------------------------------------------------------------------------------

plugged() {
    start web1 -device $port1 -device $port2
    succeeds 'attach' attach $pf/1 mac=52:54:00:aa:bb:01 vlan=42 trust=on --json
    is "$(jq -c '[.domain, .object, .pci, .bus]' "$out")" "[\"web1\",\"$pf/1\",\"$(vf_pci $pf 1)\",\"rp1\"]" 'attach: says where it is'
    is "$(vf 1 '[.mac, .vlan, .trust, .driver, (.holders | map([.kind, .name]))]')" \
        '["52:54:00:aa:bb:01",42,true,"vfio-pci",[["vfio","web1"],["lease","web1"]]]' 'attach: the settings are on the PF, and the VM has it'
    is "$(lessees)" '[[1,"web1","held"]]' 'attach: it is leased to the VM'
    refused 3 'a VF that a VM has' "*$pf/1*web1*" attach $pf/1
    succeeds 'the next one goes into the next port' attach $pf/2
    is "$(cat "$out")" "$pf/2 $(vf_pci $pf 2) web1 on rp2" 'the next one: says so'
    refused 4 'no free root port' '*web1: the VM has no free PCIe root port: 2 of 2 are taken; start QEMU with one more*pcie-root-port,id=rp3,*' \
        attach $pf/3 vlan=7
    refused 3 'create 0' '*web1*' sriovctl create $pf 0
    exits 1 'check: no driver' sriovctl vm check --qmp "$sock" --json
    is "$(json '[.vm, .guest_agent, (.vfs | map([.vf, .mac, .verdict, .evidence.open, .evidence.bus_master]))] | tojson')" \
        "[\"web1\",false,[[\"$pf/1\",\"52:54:00:aa:bb:01\",\"no-driver\",true,false],[\"$pf/2\",null,\"no-driver\",true,false]]]" \
        'check: the guest has turned nothing on'
    ok 'check: its memory is pinned' test "$(json .pinned_bytes)" -ge $((64 << 20))
}

# Nothing runs in it that could let go.
stays() {
    exits 1 'detach: nobody lets go' detach $pf/1 --timeout 1
    has "$(cat "$err")" "*web1: the guest did not let go of * within 1 s*paused*" 'detach: says why'
    is "$(lessees)" '[[1,"web1","held"],[2,"web1","held"]]' 'detach: the leases stay'
    is "$(vf 1 '[.mac, .vlan, .trust, .driver]')" '["52:54:00:aa:bb:01",42,true,"vfio-pci"]' 'detach: so do the settings'
    refused 5 'a VF that it does not have' "*web1: the VM has no device *" detach $pf/3
    kill_vm
    succeeds 'QEMU is killed: the next command' sriovctl leases
    has "$(cat "$err")" "*$pf/1 is free: what web1 left was taken back*$pf/2 is free*" 'QEMU is killed: the next command says what it did'
    as_before 'QEMU is killed'
}

# ---- machines without a place -----------------------------------------------------------------------------------------------

machines() {
    start bare
    refused 4 'no root port' '*bare: the VM has no PCIe root port*start QEMU with one more: -machine q35 -device pcie-root-port,id=rp1*' \
        attach $pf/0
    kill_vm
    start fixed -device $port1,hotplug=off
    refused 4 'a port that takes nothing' '*fixed: the VM*root ports take nothing while it runs*' attach $pf/0
    kill_vm
    machine=microvm start tiny
    refused 4 'a machine without PCI' '*tiny: the VM has no PCIe root port*' attach $pf/0
    kill_vm
    machine=pc start old
    succeeds 'a machine pc: on its only bus' attach $pf/0
    is "$(cat "$out")" "$pf/0 $(vf_pci $pf 0) old on pci.0" 'a machine pc: says so'
    kill_vm
    succeeds 'leases' sriovctl leases
    as_before 'a machine pc'
}

# ---- who may not have it ----------------------------------------------------------------------------------------------------

not_allowed() {
    local unprivileged='setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
    chmod 777 "$tmp"
    as="prlimit --memlock=8388608 $unprivileged" start low -device $port1
    refused 1 'memlock' "*low: a VF pins all memory of the VM, 64 MiB, and its process $vm may lock 8 MiB*prlimit --pid $vm --memlock=unlimited*" \
        attach $pf/0 vlan=3
    must prlimit --pid "$vm" --memlock=unlimited
    refused 6 'a VM of another user' "*low: the VM (process $vm) runs as user 65534, who may not open /dev/vfio/*$(vf_pci $pf 0)*udev*" \
        attach $pf/0 vlan=3
    kill_vm
    chmod 700 "$tmp"
}

# enp2s0 is behind a port without ACS.
shared_group() {
    start web1 -device $port1
    refused 4 'a shared group' "*enp2s0/0: shares IOMMU group * with 0000:02:00.0 (igb), because 0000:00:*has no ACS*one VM as a whole*" \
        attach enp2s0/0
    kill_vm
}

# ---- sockets ------------------------------------------------------------------------------------------------------------

listen() { # TEXT: a server that says this, and then nothing
    python3 -c 'import os, socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1] + ".new")
s.listen()
os.rename(sys.argv[1] + ".new", sys.argv[1])
c = s.accept()[0]
c.sendall(sys.argv[2].encode())
time.sleep(60)' "$sock" "$1" &
    server=$!
    wait_for 20 test -S "$sock"
}

sockets() {
    sock=/no/such/socket
    refused 5 'no socket' '*/no/such/socket: there is no such socket*' attach $pf/0
    sock=/etc/passwd
    refused 1 'a file' '*/etc/passwd: nobody listens there*' attach $pf/0
    sock=$tmp/other.qmp
    listen $'SSH-2.0-OpenSSH_9.2\r\n'
    refused 1 'another protocol' '*other.qmp: what comes from there is no QMP*-qmp unix:*' attach $pf/0
    kill $server
    rm -f "$sock"
    listen ''
    refused 1 'nobody speaks' '*other.qmp: QEMU does not answer*one at a time*' attach $pf/0
    kill $server
    start shared -device $port1
    coproc BUSY { exec python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.recv(4096)
print(flush=True)
sys.stdin.read()' "$sock"; }
    read -r -t 20 _ <&"${BUSY[0]}"
    refused 1 'a monitor that somebody has' '*shared.qmp: QEMU does not answer*one at a time*' attach $pf/0
    # shellcheck disable=SC2154 # the coprocess
    kill "$BUSY_PID"
    exits 2 'options of libvirt' attach $pf/0 --config
    kill_vm
}

# ---- killed half-way ----------------------------------------------------------------------------------------------------

# Kills sriovctl as it is about to send what holds the words, or has sent it and is about to send the next.
killed_at() { # WORDS after|before COMMAND…
    local words=$1 add=0 nth
    [ "$2" = before ] || add=1
    shift 2
    strace -o "$trace" -s 4096 -e trace=sendto "$@" >"$out" 2>"$err"
    nth=$(awk -v words="$words" '/^sendto/ { n++ } index($0, words) { print n; exit }' "$trace")
    echo "$((nth + add))"
}

lease_pid() { sriovctl leases --json | jq -r '.leases[0].owner.pid'; }

at_work() { [ "$(lease_pid)" != null ]; }

killed() {
    local nth
    start web1 -device $port1
    for moment in before after; do
        nth=$(killed_at 'device_add' $moment sriovctl vm attach --qmp "$sock" $pf/1 mac=52:54:00:aa:bb:01 vlan=42 trust=on)
        kill_vm
        succeeds "killed $moment device_add: QEMU gone" sriovctl leases
        start web1 -device $port1
        strace -o "$trace" -e trace=sendto -e "inject=sendto:signal=KILL:when=$nth" \
            sriovctl vm attach --qmp "$sock" $pf/1 mac=52:54:00:aa:bb:01 vlan=42 trust=on >"$out" 2>"$err"
        ok "killed $moment device_add: it was" grep -q 'killed by SIGKILL' "$trace"
        is "$(vf 1 '[.vlan, .driver]')" '[42,"vfio-pci"]' "killed $moment device_add: the VF is not as before"
        succeeds "killed $moment device_add: the next command" sriovctl leases
        if [ $moment = after ]; then
            is "$(lessees)" '[[1,"web1","held"]]' 'killed after device_add: the VM has it, and keeps it'
            kill_vm
            succeeds 'killed after device_add: QEMU gone' sriovctl leases
            start web1 -device $port1
        fi
        as_before "killed $moment device_add"
    done
    succeeds 'then it works' attach $pf/1 vlan=42
    detach $pf/1 --timeout 600 >"$out" 2>&1 &
    ok 'killed in detach: it is at work' wait_for 20 at_work
    kill -9 "$(lease_pid)"
    wait $! 2>/dev/null
    succeeds 'killed in detach: the next command' sriovctl leases
    is "$(lessees)$(vf 1 '[.vlan, .driver]')" '[[1,"web1","held"]][42,"vfio-pci"]' 'killed in detach: the VM has it, and keeps it'
    kill_vm
    succeeds 'leases' sriovctl leases
    as_before 'at the end'
}

must modprobe vfio-pci
must sriovctl create $pf 4
must named $pf 4
must sriovctl create enp2s0 1
must named enp2s0 1
before=$(everything)
plugged
stays
machines
not_allowed
shared_group
sockets
killed
finish
