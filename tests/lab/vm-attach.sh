#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --bad-acs --mem 3072
# timeout: 900
#
# A VF for a domain of libvirt: attached to one that runs and to a configuration, refused with the reason, seen in a guest that
# boots with it, and back as it was after every kind of end. What libvirt alone leaves different is printed beside it.

. tests/lab/lib.sh
# shellcheck source=tests/lab/lease.bash
. tests/lab/lease.bash
# shellcheck source=tests/lab/vm.bash
. tests/lab/vm.bash

hook=/etc/libvirt/hooks/qemu.d/sriovd

vf() { # N FILTER: of the machine as sriovctl sees it
    sriovctl list --json | jq -r ".pfs[0].vfs[$1] | $2"
}

settings='[.mac, .vlan, .qos, .vlan_proto, .spoofchk, .trust, .link_state, .min_tx_rate, .max_tx_rate]'

leases() {
    sriovctl leases --json | jq -c '[.leases[] | [.vf, .owner.name, .owner.while_used, .state]]'
}

# shellcheck disable=SC2317 # wait_for calls it
no_lease() { [ "$(leases)" = '[]' ]; }

nothing_changed() { # WHAT
    is "$(everything)" "$before" "$1: nothing has changed"
    is "$(leases)" '[]' "$1: and no lease is left"
}

devices() { # NAME [OPTION]: how many VFs are in its XML, and how many notes of ours
    virsh dumpxml "$@" | awk '/<interface type=.hostdev/ { d++ } /<sriovd:device / { n++ } END { print d + 0, n + 0 }'
}

# ---- what is refused ------------------------------------------------------------------------------------------------------

refused() {
    must vm_define down empty
    exits 5 'a wrong domain' sriovctl vm attach dwon $pf/1
    has "$(<"$err")" '*dwon: there is no such domain; did you mean down?' 'the nearest is named'
    exits 2 'a domain that is down, with --live' sriovctl vm attach down $pf/1 --live
    has "$(<"$err")" '*down: does not run; start it*' 'which is said'
    exits 5 'a VF that is not there' sriovctl vm attach down $pf/9
    exits 4 "a user's session" sriovctl vm attach down $pf/1 --connect qemu:///session
    exits 4 'another machine' sriovctl vm attach down $pf/1 --connect qemu+ssh://other/system
    exits 6 'not root' setpriv --reuid 65534 --clear-groups sriovctl vm attach down $pf/1
    exits 2 'mtu' sriovctl vm attach down $pf/1 mtu=1400
    exits 2 'a driver that is none of VFIO' sriovctl vm attach down $pf/1 driver=igbvf
    exits 4 'what the driver cannot, in a configuration' sriovctl vm attach down $pf/1 link_state=enable
    exits 2 'any VF, in a configuration' sriovctl vm attach down --pf $pf --config
    exits 5 'detaching what it does not have' sriovctl vm detach down $pf/1
    has "$(<"$err")" "*down does not have it in its configuration*" 'which is said'
    is "$(devices down --inactive)" '0 0' 'its configuration is as before'
    nothing_changed 'refused'
}

refused_while_it_runs() {
    must vm_define up empty
    must vm_start up
    must sriovctl acquire $pf/2 --owner somebody
    exits 3 "a VF that is somebody's" sriovctl vm attach up $pf/2
    has "$(<"$err")" "*$pf/2: is in use: leased to somebody*" 'by name'
    must sriovctl release $pf/2
    exits 4 'what the driver cannot' sriovctl vm attach up $pf/1 link_state=enable
    must ip link set $pf down
    exits 1 'a VF of a PF that is down' sriovctl vm attach up $pf/1
    has "$(<"$err")" "*its PF $pf is down*sriovctl set $pf link=up" 'with what to do'
    must ip link set $pf up
    must wait_for 20 eval "ip -br link show $pf | grep -q LOWER_UP"
    must sriovctl create enp2s0 1
    exits 4 'a VF whose group holds other devices' sriovctl vm attach up enp2s0/0
    has "$(<"$err")" '*enp2s0/0*group*' 'which is said'
    must sriovctl create enp2s0 0
    is "$(devices up)" '0 0' 'the VM has nothing'
    nothing_changed 'refused while it runs'
}

without_libvirt() {
    stop_libvirt TERM
    exits 1 'libvirt does not run' sriovctl vm attach up $pf/1
    has "$(<"$err")" '*qemu:///system: libvirt cannot be reached*start it*' 'which is said, with what to do'
    must start_libvirt
    nothing_changed 'without libvirt'
}

# ---- a VM that runs -------------------------------------------------------------------------------------------------------

attached() {
    succeeds 'attach to a VM that runs' sriovctl vm attach up $pf/1 trust=on max_tx_rate=100 --json
    is "$(jq -c '[.domain, .object, .pci, .mac, .vlan, .live, .config]' "$out")" \
        "[\"up\",\"$pf/1\",\"$(vf_pci $pf 1)\",\"$(vf 1 .mac)\",5,true,false]" 'it says what the VM has'
    has "$(vf 1 .mac)" '?[26ae]:*' 'a MAC of its own, since the VF had none'
    is "$(vf 1 "$settings | .[1:] | tostring")" '[5,3,"802.1Q",false,true,"auto",0,100]' 'settings: those given, and those it had'
    is "$(vf 1 .driver)" vfio-pci 'libvirt has bound it'
    is "$(leases)" '[[1,"up",true,"held"]]' 'it is leased to the domain, by use'
    is "$(devices up)" '1 1' 'it is in its XML, and what libvirt has no words for in its metadata'
    is "$(devices up --inactive)" '0 0' 'and not in its configuration'
    exits 3 'a second attach' sriovctl vm attach up $pf/1
    has "$(<"$err")" "*$pf/1: is in use: leased to up*" 'is refused by name'
    exits 3 'create 0' sriovctl create $pf 0
    has "$(<"$err")" '*qemu-system-x86 (pid *, "up") through vfio*' 'is refused, with the name of the domain'
    exits 1 'detach from a guest without a system' sriovctl vm detach up $pf/1 --timeout 2
    has "$(<"$err")" '*up: the guest has not let go of the device after 2 s, and keeps it;*' 'says why'
    is "$(leases) $(devices up)" '[[1,"up",true,"held"]] 1 1' 'and nothing has changed'
    must vm_stop up
    as_before 'destroyed'
}

any_vf() {
    must vm_start up
    succeeds 'attach any VF of a PF, also to the configuration' sriovctl vm attach up --pf $pf vlan=7 --live --config
    is "$(leases)" '[[0,"up",true,"held"]]' 'the first that is free'
    is "$(devices up) $(devices up --inactive)" '1 0 1 0' 'it is in both'
    must vm_stop up
    as_before 'any VF'
    must vm_start up
    is "$(leases) $(vf 0 .vlan)" '[[0,"up",true,"held"]] 7' 'the next start has it, too'
    must vm_stop up
    succeeds 'detach from the configuration' sriovctl vm detach up --all
    is "$(devices up --inactive)" '0 0' 'it is out of it'
    as_before 'any VF, twice'
}

# ---- a configuration ------------------------------------------------------------------------------------------------------

configured() {
    succeeds 'attach to a configuration' sriovctl vm attach down $pf/1 mac=52:54:00:aa:00:01 vlan=42 qos=2 trust=on
    has "$(<"$err")" "*down gets $pf/1 when it starts*" 'it says from when on'
    nothing_changed 'configured'
    exits 3 'a second time' sriovctl vm attach down $pf/1
    must sriovctl acquire $pf/1 --owner somebody
    exits 1 "a start while the VF is somebody's" virsh start down
    has "$(<"$err")" "*$pf/1*leased to somebody*" 'is refused by name'
    is "$(leases)" '[[1,"somebody",false,"held"]]' 'who still has it'
    must sriovctl release $pf/1
    as_before 'a start was refused'
    succeeds 'a start when it is free' virsh start down
    is "$(vf 1 "$settings | .[0:6] | tostring")" '["52:54:00:aa:00:01",42,2,"802.1Q",false,true]' 'with all settings'
    is "$(leases)" '[[1,"down",true,"held"]]' 'leased to it'
    must vm_stop down
    as_before 'destroyed, with the hook'
    succeeds 'a note without the hook' eval "mv $hook /run/hook && sriovctl vm attach up $pf/1 --config; mv /run/hook $hook"
    has "$(<"$err")" "*$hook is not installed*" 'says so'
    has "$(<"$err")" "*is in the configuration of down, too*" 'and that another domain has the VF'
    must sriovctl vm detach up $pf/1 --config
    succeeds 'detach from the configuration by address' sriovctl vm detach down "$(vf_pci $pf 1)"
    is "$(devices down --inactive)" '0 0' 'nothing of it is left there'
    as_before 'configured'
}

# libvirtd is told of nothing, and must not wait for us.
hook_is_harmless() {
    local xml=$vms/up.xml
    must eval "virsh dumpxml up --inactive >$xml"
    succeeds 'the hook without VFs' $hook up prepare begin - <"$xml"
    succeeds 'with something that is no XML' $hook up prepare begin - <<<'<domain'
    succeeds 'with an operation that it does not know' $hook up migrate begin - <"$xml"
    must sriovctl vm attach down $pf/1
    must eval "virsh dumpxml down --inactive >$xml"
    must mount -t tmpfs -o ro none /var/lib/sriovd
    succeeds 'when its folder is not writable' $hook down prepare begin - <"$xml"
    has "$(<"$err")" '*sriovctl: *' 'it says so'
    must umount /var/lib/sriovd
    must sriovctl vm detach down $pf/1
    as_before 'the hook by hand'
}

# ---- a guest that boots ---------------------------------------------------------------------------------------------------

# The host's side of VLAN 42 is the PF.
host_in_vlan() {
    must ip link add link $pf name $pf.42 type vlan id 42
    must ip address add 10.42.0.1/24 dev $pf.42
    must ip link set $pf.42 up
}

guest() {
    local mac=52:54:00:aa:42:01
    must vm_initrd
    must vm_define guest ip=10.42.0.2/24 mac=$mac
    succeeds 'a guest is given a VF' sriovctl vm attach guest $pf/1 mac=$mac vlan=42 qos=3 trust=on max_tx_rate=100
    must vm_start guest
    is "$(vf 1 "$settings | tostring")" "[\"$mac\",42,3,\"802.1Q\",false,true,\"auto\",0,100]" 'all attributes on the PF are right'
    ok 'it boots' vm_ready guest 120
    ok 'and finds the MAC' grep -aq "nested: up eth0 $mac igbvf" $vms/guest.out
    succeeds 'it pings the host over it, in VLAN 42' vm_run guest 30 'ping -c 3 -w 10 10.42.0.1'
    echo "# $(grep -a transmitted "$out")"
    succeeds 'it lets go of the VF while it runs' sriovctl vm detach guest $pf/1
    is "$(cat "$out")" "$pf/1 is free" 'which is said'
    as_before 'detached while it runs'
    succeeds 'and gets another' sriovctl vm attach guest $pf/2 mac=$mac vlan=42
    ok 'which it finds' vm_says guest "up eth[0-9] $mac igbvf" 30
    vm_type guest 'poweroff -f'
    ok 'it is shut down from inside' vm_gone guest 60
    ok 'and the VF is given back' wait_for 30 no_lease
    must ip link del $pf.42
    as_before 'shut down from inside'
    must vm_undefine guest
}

# ---- beside it: libvirt alone ---------------------------------------------------------------------------------------------

# The same with virsh and ip, as it is done by hand. Nothing here is a check of ours but the count.
libvirt_alone() {
    local xml=$vms/device.xml left
    must eval "sriovctl vm xml $pf/1 mac=52:54:00:aa:42:01 vlan=42 >$xml"
    must mv $hook /run/hook
    must vm_start up
    must virsh attach-device up $xml
    must ip link set $pf vf 1 trust on
    must ip link set $pf vf 1 spoofchk off max_tx_rate 100
    must vm_stop up
    must mv /run/hook $hook
    udevadm settle
    left=$(diff <(echo "$before") <(everything) | sed -n 's/^> */# libvirt alone leaves /p')
    echo "$left"
    ok 'libvirt alone leaves something different' test -n "$left"
}

vm_vfs
must start_libvirt
refused
refused_while_it_runs
without_libvirt
attached
any_vf
configured
hook_is_harmless
host_in_vlan
before=$(everything)
guest
libvirt_alone
finish
