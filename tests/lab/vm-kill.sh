#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --mem 3072
# timeout: 900
#
# kill -9 of QEMU, of libvirtd, of both, and of sriovctl-vm on its way through attach and detach: the next command restores the
# VF, unless the VM has it by then, and then the end of the VM does.

. tests/lab/lib.sh
# shellcheck source=tests/lab/lease.bash
. tests/lab/lease.bash
# shellcheck source=tests/lab/vm.bash
. tests/lab/vm.bash

cut=/usr/libexec/sriovd-tests/cut
program=/usr/libexec/sriovd/sriovctl-vm
settings=(mac=52:54:00:aa:00:01 vlan=42 qos=2 trust=on)

holder() { # of VF 1, by its lease
    sriovctl leases --json | jq -r '.leases[] | select(.vf == 1) | .owner.name'
}

is_free() { [ -z "$(holder)" ]; }

in_vm() { # NAME
    virsh dumpxml "$1" 2>/dev/null | grep -q "<interface type='hostdev'"
}

# libvirt does what it was asked for, also when nobody waits for the answer: a job of ours comes after that.
libvirt_is_through() { # NAME
    virsh --quiet suspend "$1" && virsh --quiet resume "$1"
}

with_vf() { # NAME
    must vm_start "$1"
    must sriovctl vm attach "$1" $pf/1 "${settings[@]}"
}

# ---- the others die -------------------------------------------------------------------------------------------------------

# libvirt is at it as well, with our hook: the one or the other restores the VF, and none undoes what the other did.
qemu_dies() {
    with_vf up
    kill -9 "$(vm_pid up)"
    succeeds 'QEMU killed: the next command' sriovctl leases
    ok 'the VF is taken back' wait_for 30 is_free
    ok 'libvirt is through, too' wait_for 30 eval '! ls /run/libvirt/qemu/up.xml'
    as_before 'QEMU killed'
}

libvirtd_dies() {
    with_vf up
    stop_libvirt KILL
    keep sriovctl leases
    is "$(holder)" up 'libvirtd killed: the VM runs on with its VF'
    must start_libvirt
    is "$(holder)" up 'also when libvirtd is back'
    must vm_stop up
    as_before 'libvirtd killed, and the VM destroyed'
}

both_die() {
    local qemu
    with_vf up
    qemu=$(vm_pid up)
    stop_libvirt KILL
    kill -9 "$qemu"
    keep sriovctl leases
    is "$(holder)" '' 'both killed: the next command has taken the VF back'
    as_before 'both killed'
    must start_libvirt
    ok 'libvirtd finds its VM dead' wait_for 30 eval "! ls /run/libvirt/qemu/up.xml"
    ok 'and is through with it' wait_for 30 is_free
    as_before 'both killed, and libvirtd is back'
}

# ---- sriovctl-vm dies -----------------------------------------------------------------------------------------------------

# The numbers of calls that change something or ask somebody to, COUNT of them, evenly spread, and the last.
points() { # FILE COUNT
    awk -v count="$2" '$2 ~ /^(write|writev|sendto|sendmsg|sendmmsg|rename|renameat2?|unlink|unlinkat|mkdir|mkdirat)$/ { n[++all] = $1 }
        END { for (i = 1; i <= count && i <= all; i++) print n[int((i - 1) * (all - 1) / (count - 1)) + 1] }' "$1" | uniq
}

# What is wrong after a kill, if anything. The VM has the VF and a lease, or neither.
wrong_after() {
    local left
    libvirt_is_through guest || echo "libvirt hangs"
    keep sriovctl leases
    [ "$status" = 0 ] || echo "leases: exit status $status: $(<"$err")"
    if in_vm guest; then
        [ "$(holder)" = guest ] || echo "the VM has the VF, and the lease is of '$(holder)'"
        keep sriovctl vm detach guest $pf/1
        [ "$status" = 0 ] || echo "detach: $(<"$err")"
    fi
    udevadm settle
    left=$(diff <(echo "$before") <(everything))
    [ -z "$left" ] || echo "$left"
    is_free || echo "leased to $(holder)"
}

attach_dies() {
    local point why
    must "$cut" count -v "$tmp/attach" -- $program vm attach guest $pf/1 "${settings[@]}"
    must sriovctl vm detach guest $pf/1
    for point in $(points "$tmp/attach" 6); do
        keep "$cut" "exit:$point" -- $program vm attach guest $pf/1 "${settings[@]}"
        why=$(wrong_after)
        is "$why" '' "attach killed after call $point, $(sed -n "s/^$point //p" "$tmp/attach"), of $(wc -l <"$tmp/attach")"
    done
}

detach_dies() {
    local point why
    must sriovctl vm attach guest $pf/1 "${settings[@]}"
    must "$cut" count -v "$tmp/detach" -- $program vm detach guest $pf/1
    for point in $(points "$tmp/detach" 5); do
        must sriovctl vm attach guest $pf/1 "${settings[@]}"
        keep "$cut" "exit:$point" -- $program vm detach guest $pf/1
        why=$(wrong_after)
        is "$why" '' "detach killed after call $point, $(sed -n "s/^$point //p" "$tmp/detach"), of $(wc -l <"$tmp/detach")"
    done
}

vm_vfs
must start_libvirt
must vm_define up empty
qemu_dies
libvirtd_dies
both_die
must vm_initrd
must vm_define guest
must vm_start guest
ok 'a guest boots' vm_ready guest 120
attach_dies
detach_dies
vm_stop guest
as_before 'sriovctl-vm killed'
finish
