#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 600
#
# A VF and a virtio NIC that stands in for it, in a real guest: the stand-by carries the traffic while the VF is away for a
# migration, and another VF takes over again. What is lost meanwhile is measured and printed. The guest stays on this host:
# what a migration itself does is libvirt's. And what is refused, with nothing left behind.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=vm.bash
. ./vm.bash

pf=enp1s0
mac=52:54:00:aa:bb:03
standby=ua-sriovd-standby-${mac//:/-}

vf() { # N: without who has it
    sriovctl list --json | jq -cS ".pfs[0].vfs[$1] | del(.holders)"
}

lessees() { sriovctl leases --json | jq -c '[.leases[] | [.vf, .owner.name, .state]]'; }

taps() { virsh --quiet domiflist "$1" | awk '$2 == "bridge" { print $1 }'; }

# Frames that have come out of the guest through its stand-by.
from_standby() { cat "/sys/class/net/$1/statistics/rx_packets"; }

refused() { # STATUS WHAT PATTERN COMMAND…: with these words, and nothing has changed
    local status=$1 what=$2 pattern=$3 before
    shift 3
    before=$(state; lessees)
    exits "$status" "$what: refused" "$@"
    has "$(cat "$err")" "$pattern" "$what: in words that help"
    is "$(state; lessees)" "$before" "$what: nothing has changed, no lease"
}

# ---- set up: the bridge has the PF, so both ways lead to 10.9.0.1 ---------------------------------------------------------

must sriovctl create $pf 4
must ip link add br0 type bridge
must ip link set br0 address "$(cat /sys/class/net/$pf/address)"
must ip link set $pf master br0
must ip link set $pf up
must ip link set br0 up
must ip address add 10.9.0.1/24 dev br0
must vm_initrd
must start_libvirt
baseline=$(state)

# ---- what is refused, without a guest -------------------------------------------------------------------------------------

must vm_define web2 empty ports=1
refused 2 'no stand-by, and none asked for' '*web2: has no stand-by NIC*--network*' sriovctl vm failover web2 $pf/1
refused 5 'no such network' '*nosuch: is neither a bridge*nor a network of libvirt*' sriovctl vm failover web2 $pf/1 --network nosuch
refused 2 'a MAC of many' '*mac=01:00:5e:00:00:01: is no address*' sriovctl vm failover web2 $pf/1 --network br0 mac=01:00:5e:00:00:01
refused 2 'to leave, of a domain that is down' '*web2: does not run*' sriovctl vm prepare-migration web2
refused 2 'to come back, of a domain that is down' '*web2: does not run*' sriovctl vm resume web2 $pf/1
must vm_start web2
refused 1 'too few root ports' '*web2: 1 of its PCIe root ports is free, and a pair takes 2*' sriovctl vm failover web2 $pf/1 --network br0
refused 2 'nothing to come back' '*web2: has no VF that is to come back*' sriovctl vm resume web2 $pf/1
must vm_undefine web2
must virsh --quiet define <(vm_xml web3 empty ports=0 | sed -e 's/q35/pc/' -e '/pcie-/d')
refused 4 'a machine without PCI Express' '*web3: *PCI Express*machine type pc-i440fx*q35*' sriovctl vm failover web3 $pf/1 --network br0 --config
must vm_undefine web3

# A guest that answers nothing: it takes up no stand-by, and lets go of nothing. It has the other NIC as a whole.
other=$(basename "$(readlink /sys/class/net/enp2s0/device)")
must vm_define web4 empty ports=3 device="<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000'
 bus='0x${other:5:2}' slot='0x${other:8:2}' function='0x${other: -1}'/></source></hostdev>"
must vm_start web4
refused 4 'a guest that knows of no failover' '*web4: the guest does not take the NIC up as a stand-by after 2 s*CONFIG_NET_FAILOVER*' \
    sriovctl vm failover web4 $pf/1 --network br0 --timeout 2
has "$(cat "$err")" '*ua-sriovd-standby-* stays in web4*' 'it says what stays'
succeeds 'a VF alone' sriovctl vm attach web4 $pf/1
before=$(state)
exits 4 'a device that cannot migrate: refused' sriovctl vm prepare-migration web4
has "$(cat "$err")" "*web4: cannot migrate: besides VFs it has other devices of this host, $other;*--force*" 'it is named'
exits 1 'a guest that keeps its VF: refused' sriovctl vm prepare-migration web4 --force --timeout 2
has "$(cat "$err")" '*has not let go*' 'it says so'
is "$(lessees)" '[[1,"web4","held"]]' 'it has it still'
is "$(virsh dumpxml web4 | grep -c 'away ')" 0 'and nothing is noted'
is "$(state)" "$before" 'nothing has changed'
must vm_undefine web4
ok 'its VF comes back' wait_for 20 eval '[ "$(lessees)" = "[]" ]'
wait_for 20 test -e /sys/class/net/enp2s0
is "$(state)" "$baseline" 'all is as before'

# ---- a pair from the start ------------------------------------------------------------------------------------------------

must vm_define web1 ports=4 ip=10.9.0.2/24 mac=$mac
succeeds 'a pair for the next start' sriovctl vm failover web1 $pf/3 --network br0 mac=$mac trust=on --config --json
is "$(json '[.domain, .object, .mac, .standby] | tojson')" "[\"web1\",\"$pf/3\",\"$mac\",\"$standby\"]" 'it says what it made'
virsh dumpxml web1 --inactive | virt-xml-validate - domain >"$tmp/valid" 2>&1
ok 'the configuration is valid' grep -q validates "$tmp/valid"
is "$(state)" "$baseline" 'the VF is not touched before the start'
succeeds 'it starts' vm_start web1
begin=$SECONDS
ok 'it boots' vm_ready web1 200
echo "# boot: $((SECONDS - begin)) s"
ok 'the guest has one NIC of the two' vm_says web1 '^nested: address eth' 60
is "$(tr -d '\r' <$vms/web1.out | grep -c '^nested: part eth')" 2 'of which both are part'
is "$(lessees)" '[[3,"web1","held"]]' 'the VF is leased to the domain'
is "$(vf 3 | jq -c '[.mac, .trust, .driver]')" "[\"$mac\",true,\"vfio-pci\"]" 'with its settings'
sriovctl leases >/dev/null
succeeds 'the guest reaches the host' vm_run web1 60 'ping -c 3 -w 30 10.9.0.1'
tap=$(taps web1)

# ---- away and back, with traffic ------------------------------------------------------------------------------------------

before=$(from_standby "$tap")
mark=$(stat -c %s $vms/web1.out)
vm_type web1 'ping -i 0.2 -c 150 10.9.0.1'
ok 'traffic' vm_says web1 ' seq=5 ' 60 "$mark"
is "$(from_standby "$tap")" "$before" 'goes by the VF'
succeeds 'prepare-migration' sriovctl vm prepare-migration web1
has "$(cat "$out")" "*$pf/3 is free: $standby carries the traffic meanwhile*virsh migrate --live web1*sriovctl vm resume web1*" 'prepare-migration: says what to do'
is "$(vf 3)" "$(jq -cS '.pfs[0].vfs[3]' <<<"$baseline")" 'prepare-migration: the VF is as it was'
is "$(lessees)" '[]' 'prepare-migration: no lease'
is "$(virsh dumpxml web1 | grep -c "<hostdev\|type='hostdev'")" 0 'prepare-migration: no device of this host is left in the VM'
before=$(from_standby "$tap")
ok 'the stand-by carries the traffic' wait_for 20 eval "[ \$(from_standby $tap) -gt $((before + 5)) ]"
refused 3 'a VF that somebody else has' '*192.0.2.1*' eval "ip address add 192.0.2.1/24 dev ${pf}v0; sriovctl vm resume web1 $pf/0; r=\$?; ip address del 192.0.2.1/24 dev ${pf}v0; (exit \$r)"
succeeds 'resume, with another VF' sriovctl vm resume web1 $pf/1 --json
echo "# plugged after $(json '.vfs[0].plugged_ms') ms, in use after $(json '.vfs[0].works_ms') ms"
is "$(json '.vfs[0] | [.object, .standby] | tojson')" "[\"$pf/1\",\"$standby\"]" 'resume: says where'
ok 'resume: the guest works with it' test "$(json '.vfs[0].works_ms')" != null
is "$(vf 1 | jq -c '[.mac, .trust, .driver]')" "[\"$mac\",true,\"vfio-pci\"]" 'resume: the settings came along'
is "$(lessees)" '[[1,"web1","held"]]' 'resume: it is leased'
refused 2 'nothing more to come back' '*web1: has no VF that is to come back*' sriovctl vm resume web1 $pf/2
ok 'the guest has it again' vm_says web1 '^nested: part eth.* of eth' 60 "$mark"
before=$(from_standby "$tap")
ok 'the traffic ends' vm_says web1 '^nested: end ' 120 "$mark"
sent=$(tail -c "+$((mark + 1))" $vms/web1.out | tr -d '\r' | sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p')
got=$(tail -c "+$((mark + 1))" $vms/web1.out | tr -d '\r' | sed -n 's/.* \([0-9]*\) packets received.*/\1/p')
echo "# ping every 0.2 s: $((sent - got)) of $sent lost"
ok 'most of it arrived' test "$got" -gt $((sent * 3 / 4))
mark=$(stat -c %s $vms/web1.out)
before=$(from_standby "$tap")
succeeds 'the guest reaches the host' vm_run web1 60 'ping -c 5 -w 30 10.9.0.1'
is "$(from_standby "$tap")" "$before" 'by the VF again'

# ---- a pair for a VM that runs --------------------------------------------------------------------------------------------

succeeds 'a second pair, while it runs' sriovctl vm failover web1 $pf/2 --network br0 --live --json
ok 'the guest works with it' test "$(json .works)" = true
is "$(lessees)" '[[1,"web1","held"],[2,"web1","held"]]' 'both are leased'
refused 1 'a third one' '*web1: 0 of its PCIe root ports are free*' sriovctl vm failover web1 $pf/0 --network br0

# ---- the end --------------------------------------------------------------------------------------------------------------

must vm_undefine web1
ok 'no lease is left' wait_for 20 eval '[ "$(lessees)" = "[]" ]'
is "$(state)" "$baseline" 'everything is as in the beginning'
finish
