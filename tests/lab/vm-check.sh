#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
#
# A VF that comes into a running guest and leaves it, by QMP: the guest finds it, the host pings the guest over it, `vm check` says
# so, and everything is as before when the guest has let go.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash

sock=$tmp/web1.qmp
console=$tmp/console

says() { wait_for "$1" grep -q "$2" "$console"; } # SECONDS WORDS: on the guest's console

ups() { [ "$(grep -c "nested: up eth0" "$console")" -ge "$1" ]; }

guest_starts() {
    local begin=${EPOCHREALTIME/./}
    qemu-system-x86_64 -machine q35,accel=tcg -cpu max -m 96 -nodefaults -display none -name guest=web1 \
        -kernel /usr/lib/nested/vmlinux -initrd /usr/lib/nested/initrd -append 'console=ttyS0 quiet nested.ip=192.0.2.2/24' \
        -serial "file:$console" -qmp "unix:$sock,server=on,wait=off" -device virtio-balloon-pci \
        -device pcie-root-port,id=rp1,chassis=1,slot=1 2>"$tmp/qemu" &
    vm=$!
    says 150 'nested: ready' || fail 'the guest boots' "$(cat "$tmp/qemu" "$console")"
    echo "# booted in $(((${EPOCHREALTIME/./} - begin) / 1000000)) s"
}

comes() {
    succeeds 'attach' sriovctl vm attach --qmp "$sock" $pf/1 mac=52:54:00:aa:bb:01
    has "$(cat "$err")" '*web1 has a balloon*pinned*' 'attach: a note about the balloon'
    ok 'the guest finds it, with the address it was given' says 60 'nested: up eth0 52:54:00:aa:bb:01 igbvf'
    must ip address add 192.0.2.1/24 dev $pf
    ok 'the host pings the guest over it' wait_for 30 ping -c 1 -W 2 192.0.2.2
    succeeds 'check: it is up' sriovctl vm check --qmp "$sock" --json
    is "$(json '.vfs | map([.vf, .mac, .verdict, .evidence.open, .evidence.bus_master, .evidence.interrupt_vectors > 0, .evidence.interrupts > 0]) | tojson')" \
        "[[\"$pf/1\",\"52:54:00:aa:bb:01\",\"up\",true,true,true,true]]" 'check: what is seen from the host'
    succeeds 'check, in words' sriovctl vm check --qmp "$sock"
    has "$(cat "$out")" "*$pf/1*the guest's driver is up*bus mastering is on*interrupt*MiB of memory pinned*" 'check, in words: the evidence'
}

leaves() {
    succeeds 'detach: the guest lets go' sriovctl vm detach --qmp "$sock" $pf/1
    is "$(cat "$out")" "$pf/1 is free" 'detach: says so'
    ok 'the guest has seen it go' says 30 'nested: gone eth0'
    must ip address del 192.0.2.1/24 dev $pf
    as_before 'detach'
    succeeds 'check: no VF' sriovctl vm check --qmp "$sock"
    succeeds 'in again' sriovctl vm attach --qmp "$sock" $pf/2
    ok "the guest finds that, too" wait_for 60 ups 2
    kill -9 "$vm"
    wait "$vm" 2>/dev/null
    succeeds 'killed: the next command' sriovctl leases
    as_before 'killed'
}

must modprobe vfio-pci
# A VF of igb that is made while its PF is down shows no address, and its own as soon as it is bound anew.
must ip link set $pf up
must sriovctl create $pf 4
must named $pf 4
before=$(everything)
guest_starts
comes
leaves
finish
