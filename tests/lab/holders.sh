#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --smp 1
# timeout: 900
# asan: yes
#
# Whoever uses a VF keeps it. For each kind of holder: what would take the VF away is refused with exit status 3 and the
# holder's name, writes nothing, and the holder notices nothing; other VFs can be bound all the same.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0
fewer=$tmp/fewer.yaml
cat >"$fewer" <<'POLICY'
pfs:
  - match: {name: enp1s0}
    num_vfs: 1
POLICY

# ---- What is proved for each holder --------------------------------------------------------------------------------------

# The holders of a VF, or of the PF, as list --json has them.
listed() { # VF|pf
    local of=".pfs[0].vfs[$1]"
    [ "$1" != pf ] || of='.pfs[0]'
    sriovctl list --json | jq -S -c "${of}.holders"
}

# refused WHAT HOLDER COMMAND…: the holder as an object of list --json, of which the error has to have all and only that
refused() {
    local what=$1 holder=$2
    shift 2
    exits 3 "$what is refused" traced "$@" --json
    is "$(json .error.code)$(jq -S -c '.error.holders' "$out")" "3[$holder]" "$what: the error has the holder"
    is "$(changes)$(grep -E 'sriov_numvfs|/locks/' "$trace")" "" "$what: nothing is written, read back or locked"
}

refused_in_words() { # WHAT HOLDER COMMAND…
    local what=$1 name
    name=$(jq -r '.name // .comm' <<<"$2")
    shift 2
    exits 3 "$what is refused in words, too" "$@"
    ok "$what: with the holder's name" grep -qF "$name" <(grep '^sriovctl: enp1s0.* in use' "$err")
    is "$(wc -l <"$err")" 1 "$what: in one line"
}

# held WHAT VF KIND NAME COMMAND…: the VF has a holder of that kind and name, who is safe; the command is true as long as
# the holder has noticed nothing.
held() {
    local what=$1 vf=$2 kind=$3 name=$4 other=vfio-pci holder before
    shift 4
    [ "$(driver_of "$(vf_pci $pf "$vf")")" != vfio-pci ] || other=default
    before=$(state)
    holder=$(listed "$vf" | jq -S -c '.[0]')
    is "$(listed "$vf" | jq -r -c 'map([.kind, .name // .comm]) | .[]')" "[\"$kind\",\"$name\"]" "$what: list has it"
    refused "$what: create 0" "$holder" sriovctl create $pf 0
    refused_in_words "$what: create 0" "$holder" sriovctl create $pf 0
    refused "$what: apply of fewer VFs" "$holder" sriovctl apply -f "$fewer"
    refused "$what: bind" "$holder" sriovctl bind "$pf/$vf" "$other"
    refused "$what: unbind" "$holder" sriovctl unbind "$pf/$vf"
    is "$(state)" "$before" "$what: the VFs are as before"
    ok "$what: the holder has noticed nothing" "$@"
}

nobody_has() { [ "$(listed "$1")" = '[]' ]; }

released() { # VF
    wait_for 30 nobody_has "$1"
    is "$(listed "$1")" '[]' "VF $1 is free again"
}

addressed() { ip -o addr show dev "$1" | grep -q "$2"; }

# ---- A virtual machine ----------------------------------------------------------------------------------------------------

vm_is_well() {
    kill -0 "$vm" && qmp query-status && [[ $answer == *prelaunch* ]] && qmp query-pci &&
        [[ $answer == *'"qdev_id": "vf"'* ]] && [ "$events" = 0 ]
}

a_vm() {
    succeeds "bind VF 2 to vfio-pci" sriovctl bind $pf/2 vfio-pci
    start_vm web1 "$(vf_pci $pf 2)"
    held "QEMU" 2 vfio web1 vm_is_well
    is "$(listed 2 | jq -c '.[0] | [.pid, .comm]')" "[$vm,\"qemu-system-x86\"]" "QEMU: with pid and program"
    succeeds "QEMU: VF 3 can be bound" sriovctl bind $pf/3 vfio-pci
    succeeds "QEMU: and back" sriovctl bind $pf/3 default
    ok "QEMU: and that is no concern of the machine's" vm_is_well
    kill "$vm"
    wait "$vm"
    released 2
    succeeds "with it gone the VF can be bound" sriovctl bind $pf/2 default
}

# ---- Network namespaces ---------------------------------------------------------------------------------------------------

in_namespace() { ip -n blue -o link show "$1" | grep -q UP; }

a_named_namespace() {
    must ip netns add blue
    must ip link set ${pf}v1 netns blue up
    held "a namespace" 1 netns blue in_namespace ${pf}v1
    must ip -n blue link set ${pf}v1 netns 1
    must ip netns del blue
    released 1
}

in_namespace_of() { nsenter -t "$1" -n ip -o link show "$2" | grep -q UP; }

a_namespace_of_a_process() {
    unshare -n sleep 1000 &
    local pid=$!
    wait_for 20 grep -qx sleep /proc/$pid/comm
    must ip link set ${pf}v1 netns $pid
    must nsenter -t $pid -n ip link set ${pf}v1 up
    held "an unnamed namespace" 1 netns "$(readlink /proc/$pid/ns/net)" in_namespace_of $pid ${pf}v1
    is "$(listed 1 | jq -c '.[0] | [.pid, .comm]')" "[$pid,\"sleep\"]" "an unnamed namespace: with pid and program"
    kill $pid
    wait_for 30 test -e /sys/class/net/${pf}v1
    released 1
}

# ---- The host's own network -----------------------------------------------------------------------------------------------

an_address() {
    must ip addr add 192.0.2.1/24 dev ${pf}v0
    held "an address" 0 address 192.0.2.1/24 addressed ${pf}v0 192.0.2.1/24
    must ip addr flush dev ${pf}v0
    must ip addr add 2001:db8::1/64 dev ${pf}v0
    held "an IPv6 address" 0 address 2001:db8::1/64 addressed ${pf}v0 2001:db8::1/64
    must ip addr flush dev ${pf}v0
    released 0
}

an_upper_device() { # KIND NAME [OPTIONS]: made on top of VF 0
    local kind=$1 name=$2
    shift 2
    must ip link set ${pf}v0 up
    # igbvf refuses a vlan (EINVAL) as long as its mailbox to the PF, which just came up, is not open again.
    must wait_for 60 ip link add link ${pf}v0 name "$name" type "$kind" "$@"
    held "a $kind" 0 upper "$name" test -e "/sys/class/net/$name"
    must ip link del "$name"
    released 0
}

a_master() { # KIND NAME
    # With the VF's address: a bond with another one would give it to the VF, which may not have it.
    must ip link add "$2" address "$(cat /sys/class/net/${pf}v0/address)" type "$1"
    must ip link set ${pf}v0 down
    must ip link set ${pf}v0 master "$2"
    held "a $1" 0 upper "$2" test -e "/sys/class/net/$2/lower_${pf}v0"
    must ip link del "$2"
    released 0
}

# ---- uio, leases ------------------------------------------------------------------------------------------------------------

a_uio_user() {
    modprobe uio_pci_generic || { skip "a uio user" "no uio_pci_generic here"; return; }
    succeeds "bind VF 3 to uio_pci_generic" sriovctl bind $pf/3 uio_pci_generic
    wait_for 20 test -c /dev/uio0
    sleep 1000 3</dev/uio0 &
    local pid=$!
    wait_for 20 test /proc/$pid/fd/3 -ef /dev/uio0
    held "a uio user" 3 uio sleep test /proc/$pid/fd/3 -ef /dev/uio0
    kill $pid
    released 3
    succeeds "with it gone the VF can be bound" sriovctl bind $pf/3 default
}

lease=/var/lib/sriovd/leases/0000:01:00.0.1

# Written by hand, so that nothing of it depends on what `acquire` does.
write_lease() { # OWNER CONTAINER BOOT
    mkdir -p "${lease%/*}"
    jq -n --arg name "$1" --arg container "$2" --arg boot "$3" \
        '{pf: "0000:01:00.0", vf: 1, state: "held", boot: $boot, owner: {$name, $container}}' >"$lease"
}

untouched() { cmp "$lease" "$tmp/lease"; }

a_lease() {
    local boot
    boot=$(cat /proc/sys/kernel/random/boot_id)
    must write_lease alice "" "$boot"
    cp "$lease" "$tmp/lease"
    held "a lease" 1 lease alice untouched
    must write_lease cni 3f2a5c0d9e1b774fd2a1 "$boot"
    is "$(listed 1 | jq -r '.[0].name')" "cni 3f2a5c0d9e1b" "a lease of a container"
    : >"$lease"
    is "$(listed 1 | jq -r '.[0].name')" "unreadable" "a lease that cannot be read is one all the same"
    exits 3 "a lease that cannot be read keeps the VF" sriovctl create $pf 0
    must write_lease alice "" "of the day before"
    released 1
    must rm "$lease"
}

# ---- The PF's own users -----------------------------------------------------------------------------------------------------

# pf_held WHAT KIND NAME: bind is not among what it keeps from happening.
pf_held() {
    local what=$1 kind=$2 name=$3 holder before
    before=$(state)
    holder=$(listed pf | jq -S -c '.[0]')
    is "$(listed pf | jq -r -c 'map([.kind, .name]) | .[]')" "[\"$kind\",\"$name\"]" "$what: list has it"
    refused "$what: create 0" "$holder" sriovctl create $pf 0
    refused_in_words "$what: create 0" "$holder" sriovctl create $pf 0
    refused "$what: apply of fewer VFs" "$holder" sriovctl apply -f "$fewer"
    is "$(state)" "$before" "$what: the VFs are as before"
    succeeds "$what: a VF can be bound" sriovctl unbind $pf/3
    succeeds "$what: and back" sriovctl bind $pf/3 default
}

the_default_route() {
    must ip addr add 10.9.9.2/24 dev $pf
    must ip route add default via 10.9.9.1 dev $pf
    pf_held "the default route" route "default route"
    must ip route del default
    must ip link add link $pf name up.5 type vlan id 5
    must ip link set up.5 up
    must ip addr add 10.8.8.2/24 dev up.5
    must ip route add default via 10.8.8.1 dev up.5
    pf_held "the default route over a vlan" route "default route"
    must ip link del up.5
}

my_own_connection() {
    export SSH_CONNECTION='10.9.9.50 50022 10.9.9.2 22'
    pf_held "my own connection" connection "ssh from 10.9.9.50"
    export SSH_CONNECTION='127.0.0.1 50022 127.0.0.1 22'
    is "$(listed pf)" '[]' "a connection over another device holds nothing"
    unset SSH_CONNECTION
    must ip addr flush dev $pf
}

# ---- How fast ---------------------------------------------------------------------------------------------------------------

# A refusal with 200 processes to look through, against `ip link show`, turn by turn.
a_refusal_is_quick() {
    local i pids=() ours theirs
    if is_asan; then
        skip "a refusal is quick" "not with sanitizers"
        return
    fi
    succeeds "bind VF 2 to vfio-pci" sriovctl bind $pf/2 vfio-pci
    start_vm web2 "$(vf_pci $pf 2)"
    must ip netns add blue
    must ip link set ${pf}v1 netns blue
    for ((i = 0; i < 200; i++)); do
        sleep 1000 &
        pids+=($!)
    done
    for ((i = 0; i < 15; i++)); do
        microseconds ip link show >>"$tmp/theirs"
        microseconds sriovctl create $pf 0 >>"$tmp/ours"
    done
    exits 3 "it is a refusal" sriovctl create $pf 0
    ours=$(median 15 <"$tmp/ours")
    theirs=$(median 15 <"$tmp/theirs")
    echo "# a refusal: $ours us, ip link show: $theirs us"
    ok "a refusal takes less than 20 times as long as ip link show" test "$ours" -lt $((20 * theirs))
    ok "QEMU has noticed nothing" vm_is_well
    kill "${pids[@]}" "$vm"
    wait "${pids[@]}" "$vm" 2>/dev/null
    ip netns del blue
}

# With addresses of ours before igbvf sees them, or it would choose some itself, when it likes.
cat >"$tmp/start.yaml" <<'POLICY'
pfs:
  - match: {name: enp1s0}
    num_vfs: 4
    vfs:
      "0": {mac: "52:54:00:aa:bb:00"}
      "1": {mac: "52:54:00:aa:bb:01"}
      "2": {mac: "52:54:00:aa:bb:02"}
      "3": {mac: "52:54:00:aa:bb:03"}
POLICY
must sriovctl apply -f "$tmp/start.yaml"
must ip link set $pf up # or igbvf takes no vlan
wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
a_vm
a_named_namespace
a_namespace_of_a_process
an_address
an_upper_device macvtap tap5
an_upper_device vlan vf0.5 id 5
a_master bridge br5
a_master bond bond5
a_uio_user
a_lease
the_default_route
my_own_connection
a_refusal_is_quick
finish
