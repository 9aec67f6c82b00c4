#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --smp 2
# timeout: 900
#
# VFs that come into running guests and leave them. In a plain QEMU by QMP: the guest finds it, the host pings the guest over it, and
# everything is as before when the guest has let go. `vm check` tells a driver that is up from none, by what the host sees, and in a
# domain of libvirt by what the guest agent says, too.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash
# shellcheck source=vm.bash
. ./vm.bash

sock=$vms/web1.qmp
mac=52:54:00:aa:bb:01

verdicts() { json '.vfs | map([.vf, .verdict]) | tojson'; }

# ---- a plain QEMU -----------------------------------------------------------------------------------------------------------

comes() {
    succeeds 'attach' sriovctl vm attach --qmp "$sock" $pf/1 mac=$mac
    has "$(cat "$err")" '*web1 has a balloon*pinned*' 'attach: a note about the balloon'
    ok 'the guest finds it, with the address it was given' vm_says web1 "^nested: up eth0 $mac igbvf" 60
    ok 'the host pings the guest over it' wait_for 30 ping -c 1 -W 2 10.9.0.2
    succeeds 'check: it is up' sriovctl vm check --qmp "$sock" --json
    is "$(json '.vfs | map([.vf, .mac, .verdict, .evidence.open, .evidence.bus_master, .evidence.interrupt_vectors > 0, .evidence.interrupts > 0]) | tojson')" \
        "[[\"$pf/1\",\"$mac\",\"up\",true,true,true,true]]" 'check: what is seen from the host'
    succeeds 'check, in words' sriovctl vm check --qmp "$sock"
    has "$(cat "$out")" "*$pf/1*the guest's driver is up*bus mastering is on*interrupt*MiB of memory pinned*" 'check, in words: the evidence'
}

loses_driver() {
    # shellcheck disable=SC2016 # for the guest
    ok 'the guest unbinds its driver' vm_run web1 20 'for d in /sys/bus/pci/drivers/igbvf/0*; do echo ${d##*/} >${d%/*}/unbind; done'
    exits 1 'check: no driver' sriovctl vm check --qmp "$sock" --json
    is "$(verdicts)" "[[\"$pf/1\",\"no-driver\"]]" 'check: no driver, says so'
}

leaves() {
    succeeds 'detach: the guest lets go' sriovctl vm detach --qmp "$sock" $pf/1
    is "$(cat "$out")" "$pf/1 is free" 'detach: says so'
    as_before 'detach'
    succeeds 'in again, another one' sriovctl vm attach --qmp "$sock" $pf/2
    qemu_stop web1 KILL
    succeeds 'killed: the next command' sriovctl leases
    as_before 'killed'
}

# ---- a domain with a guest agent ----------------------------------------------------------------------------------------------

agent_answers() { virsh qemu-agent-command web2 '{"execute":"guest-ping"}'; }

asked() {
    ok 'the guest agent runs' wait_for 30 agent_answers
    succeeds 'attach to a domain' sriovctl vm attach web2 $pf/3 mac=52:54:00:aa:bb:03 trust=on
    ok 'its guest finds it' vm_says web2 '^nested: address eth0' 60
    succeeds 'check: the guest is asked' sriovctl vm check web2 --json
    is "$(json '[.guest_agent, (.vfs | map([.vf, .mac, .verdict, .guest.name, .guest.addresses]))] | tojson')" \
        "[true,[[\"$pf/3\",\"52:54:00:aa:bb:03\",\"up\",\"eth0\",[\"10.9.0.3/24\"]]]]" 'check: what the guest says'
    ok 'the guest takes another address' vm_run web2 20 'ip link set eth0 down && ip link set eth0 address 52:54:00:cc:cc:cc && ip link set eth0 up'
    keep sriovctl vm check web2 --json
    is "$status$(verdicts)" "1[[\"$pf/3\",\"other-mac\"]]" 'check: with another address'
    succeeds 'detach' sriovctl vm detach web2 $pf/3
    must vm_undefine web2
    as_before 'a domain'
}

must vm_initrd qemu-ga
must start_libvirt
# A VF of igb that is made while its PF is down shows no address, and its own as soon as it is bound anew.
must ip link set $pf up
must sriovctl create $pf 4
must named $pf 4
must ip address add 10.9.0.1/24 dev $pf
before=$(everything)
qemu_words='nested.ip=10.9.0.2/24'
must qemu_start web1 -m 96 -device virtio-balloon-pci
must vm_define web2 agent memory=96 ip=10.9.0.3/24
must vm_start web2
ok 'a QEMU boots' vm_ready web1 200
ok 'a domain boots' vm_ready web2 200
echo "# both booted after $SECONDS s"
comes
loses_driver
leaves
asked
finish
