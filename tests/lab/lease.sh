#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 900
# asan: yes
#
# Lending VFs: by name, address, need and pool; to one owner at a time; settings and delivery; and that everything about
# the VF is as before after every kind of end: release, owner killed, namespace deleted, driver rebound meanwhile, reboot.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash

lease() { # FILTER: of the one lease there is
    sriovctl leases --json | jq -r ".leases[0]$1"
}

no_lease() { [ "$(sriovctl leases --json | jq -c .leases)" = '[]' ]; }

owner_of() { # VF
    sriovctl leases --json | jq -r ".leases[] | select(.vf == $1 and .pf == \"$pf\") | .owner.name"
}

# ---- which VF -------------------------------------------------------------------------------------------------------------

by_name_and_address() {
    succeeds 'by name' sriovctl acquire $pf/1 --owner web1
    is "$(cat "$out")" "$pf/1 $(vf_pci $pf 1) ${pf}v1" 'by name: it says VF, address and netdev'
    succeeds 'leases' sriovctl leases
    has "$(cat "$out")" "VF*OWNER*$pf/1*web1*held*" 'leases shows it'
    succeeds 'by address' sriovctl acquire "$(vf_pci $pf 3)" --owner web2 --container c0ffee --json
    is "$(jq -c '[.pf, .vf, .pci, .name, .owner, .state, .want]' "$out")" \
        "[\"$pf\",3,\"$(vf_pci $pf 3)\",\"${pf}v3\",{\"name\":\"web2\",\"pid\":null,\"netns\":null,\"container\":\"c0ffee\",\"while_used\":false},\"held\",{}]" \
        'by address: the lease as JSON'
    is "$(sriovctl leases --json | jq -c '[.leases[] | [.vf, .owner.name]]')" '[[1,"web1"],[3,"web2"]]' 'leases has both'
    is "$(sriovctl leases enp2s0 --json | jq -c .leases)" '[]' 'and none of the other PF'
    succeeds 'release by name' sriovctl release $pf/1
    is "$(cat "$out")" "$pf/1 is free" 'release says so'
    succeeds 'release by address' sriovctl release "$(vf_pci $pf 3)"
    as_before 'by name and address'
}

exclusive() {
    must sriovctl acquire $pf/1 --owner web1
    exits 3 'a second owner is refused' sriovctl acquire $pf/1 --owner web2
    has "$(cat "$err")" "*$pf/1*web1*" 'by the name of the first'
    exits 3 'also in JSON' sriovctl acquire $pf/1 --owner web2 --json
    is "$(json .error.code)" 3 'with the code'
    is "$(owner_of 1)" web1 'the first has it still'
    exits 3 'release for somebody else is refused' sriovctl release $pf/1 --owner web2
    has "$(cat "$err")" '*web1*web2*' 'with both names'
    is "$(owner_of 1)" web1 'and the first has it still'
    exits 5 'a VF that is not leased cannot be released' sriovctl release $pf/2
    has "$(cat "$err")" "*$pf/2: is not leased*" 'which is said'
    succeeds 'release with the right owner' sriovctl release $pf/1 --owner web1
    exits 5 'a second release' sriovctl release $pf/1
    as_before 'exclusive'
}

by_need() {
    local i
    succeeds 'any of a PF' sriovctl acquire --pf $pf --owner a
    has "$(cat "$out")" "$pf/0 *" 'is the first'
    succeeds 'and again' sriovctl acquire --pf $pf --owner a
    has "$(cat "$out")" "$pf/1 *" 'is the next'
    succeeds 'by driver' sriovctl acquire --driver igbvf --owner a
    has "$(cat "$out")" "$pf/2 *" 'is the next that has it'
    exits 5 'no VF has that driver' sriovctl acquire --driver nosuch --owner a
    has "$(cat "$err")" '*no VF of this machine with driver nosuch*' 'which is said'
    exits 5 'no PF is on that node' sriovctl acquire --numa 7 --owner a
    succeeds 'spread' sriovctl acquire --spread --owner b
    has "$(cat "$out")" 'enp2s0/0 *' 'goes to the PF that has lent fewer'
    for i in 3 4; do sriovctl acquire --pf $pf --owner a; done >"$out" 2>"$err"
    has "$(cat "$out")" "$pf/3 *" 'the last one of the PF'
    has "$(cat "$err")" "*no VF of $pf is free*leases*" 'and then there is none'
    exits 3 'which is in use' sriovctl acquire --pf $pf --owner a
    ip link set $pf down
    ip link set enp2s0 down
    exits 5 'no PF has link' sriovctl acquire --link --owner a
    ip link set $pf up
    wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
    exits 3 'the PF that has link has lent all' sriovctl acquire --link --owner a
    succeeds 'release by owner' sriovctl release a
    is "$(sort "$out")" "$(for i in 0 1 2 3; do echo "$pf/$i is free"; done)" 'takes back all four'
    is "$(sriovctl leases --json | jq -r '.leases[].owner.name')" b 'and leaves the others'
    must sriovctl release b
    as_before 'by need'
}

kept() { # what sriovctl keeps on disk; the ledger's shared memory is no file but by form
    find /var/lib/sriovd -type f ! -name '*-shm' -printf '%p %i %T@\n' | sort
}

by_pool() {
    local files
    cat >"$tmp/policy.yaml" <<END
pfs: [{match: {name: $pf}}]
pools:
  fast: {from: [{pf: $pf, vfs: "2"}, {pf: enp2s0, vfs: "0"}], numa: same}
END
    exits 5 'a pool that nobody applied' sriovctl acquire --pool fast --owner a
    succeeds 'a dry run does not apply it' sriovctl apply -f "$tmp/policy.yaml" --dry-run
    exits 5 'so it is still unknown' sriovctl acquire --pool fast --owner a
    must sriovctl apply -f "$tmp/policy.yaml"
    files=$(kept)
    succeeds 'applied again' traced sriovctl apply -f "$tmp/policy.yaml"
    is "$(kept)" "$files" 'nothing is written again'
    is "$(changes)" '' 'nor changed'
    exits 5 'a slip in its name' sriovctl acquire --pool fsat --owner a
    has "$(cat "$err")" '*did you mean fast*' 'is mended'
    succeeds 'a VF of the pool' sriovctl acquire --pool fast --owner a
    has "$(cat "$out")" "$pf/2 *" 'the first it names'
    succeeds 'another' sriovctl acquire --pool fast --owner a
    has "$(cat "$out")" 'enp2s0/0 *' 'from its other PF'
    exits 3 'then it is empty' sriovctl acquire --pool fast --owner a
    must sriovctl release a
    printf 'pools: {fast: {from: []}}\n---\npools: {fast: {from: []}}\n' >"$tmp/twice.yaml"
    exits 2 'two pools of one name' sriovctl apply -f "$tmp/twice.yaml"
    has "$(cat "$err")" '*twice.yaml:3*twice.yaml:1*' 'are an error with both places'
    echo 'pfs: []' >"$tmp/none.yaml"
    must sriovctl apply -f "$tmp/none.yaml"
    exits 5 'a policy without pools takes them away' sriovctl acquire --pool fast --owner a
    as_before 'by pool'
}

# Without a lease, but in use: the next one is tried.
in_use_by_others() {
    must ip addr add 192.0.2.9/24 dev ${pf}v0
    exits 3 'a VF that has an address' sriovctl acquire $pf/0 --owner a
    has "$(cat "$err")" '*192.0.2.9*' 'is refused by it'
    succeeds 'any other' sriovctl acquire --pf $pf --owner a
    has "$(cat "$out")" "$pf/1 *" 'is taken instead'
    must sriovctl release a
    must ip addr del 192.0.2.9/24 dev ${pf}v0
    as_before 'in use by others'
}

# A user program has the VF open, and no lease: it is lent to nobody, and not called free when its owner is gone.
open_by_a_process() {
    local group file
    must sriovctl bind $pf/3 vfio-pci
    group=$(basename "$(readlink "/sys/bus/pci/devices/$(vf_pci $pf 3)/iommu_group")")
    exec {file}<>"/dev/vfio/$group"
    exits 3 'open by a process: not lent' sriovctl acquire $pf/3 --owner a
    has "$(<"$err")" "*is in use: bash (pid $$)* through vfio*" 'it says who has it open'
    exits 3 'nor to who asks for any with that driver' sriovctl acquire --pf $pf --driver vfio-pci --owner a
    exec {file}>&-
    succeeds 'closed again: lent' sriovctl acquire $pf/3 --owner a
    must sriovctl release $pf/3
    must sriovctl bind $pf/3 default
    must named $pf 4
    as_before 'open by a process'
}

# ---- what it is made ------------------------------------------------------------------------------------------------------

settings_and_back() {
    succeeds 'settings' sriovctl acquire $pf/1 --owner a mac=52:54:00:aa:bb:01 vlan=100 qos=3 spoofchk=off trust=on mtu=1400
    is "$(sriovctl list --json | jq -c ".pfs[0].vfs[1] | [.mac, .vlan, .qos, .spoofchk, .trust, .mtu]")" \
        '["52:54:00:aa:bb:01",100,3,false,true,1400]' 'are made'
    is "$(cat /sys/class/net/${pf}v1/address)" 52:54:00:aa:bb:01 'the VF uses the address'
    is "$(lease '.want | [.mac, .vlan, .mtu] | join(" ")')" '52:54:00:aa:bb:01 100 1400' 'the lease has them'
    keep sriovctl set $pf/1 vlan=7
    succeeds 'leases --check' sriovctl leases --check
    has "$(cat "$out")" '*DIFFERENCE*vlan*' 'sees that somebody changed one'
    succeeds 'release' sriovctl release $pf/1
    as_before 'settings'
}

another_driver_and_back() {
    succeeds 'another driver' sriovctl acquire $pf/1 --owner a driver=vfio-pci vlan=5
    is "$(driver_of "$(vf_pci $pf 1)")" vfio-pci 'is bound'
    has "$(cat "$out")" "$pf/1 $(vf_pci $pf 1) -" 'there is no netdev to name'
    succeeds 'release' sriovctl release $pf/1
    must named $pf 4
    as_before 'another driver'
}

# With an own name, altnames, an MTU, up: all of it comes back.
dressed_up() {
    ip link set ${pf}v2 name lan
    ip link property add dev lan altname left altname right
    ip link set lan mtu 1300 allmulticast on up
}

undressed() {
    ip link set lan allmulticast off mtu 1500 down
    ip link property del dev lan altname left altname right
    ip link property del dev lan altname ${pf}v2 2>/dev/null # if udev gave it that
    ip link set lan name ${pf}v2
}

lan() {
    ip -j link show dev lan | jq -c '.[0] | [.ifname, .address, .mtu, (.flags - ["LOWER_UP", "NO-CARRIER"]), (.altnames | sort)]'
}

delivered_and_back() { # END…: what brings it back
    local dressed what=$1
    shift
    dressed_up
    dressed=$(lan)
    must ip netns add blue
    succeeds "$what: delivered" sriovctl acquire $pf/2 --owner a --netns blue --as eth7 mtu=1450 mac=52:54:00:aa:bb:02 vlan=9
    is "$(cat "$out")" "$pf/2 $(vf_pci $pf 2) eth7" "$what: it says the name there"
    is "$(ip -n blue -j link show eth7 | jq -c '.[0] | [.address, .mtu, (.flags | index("UP") != null)]')" \
        '["52:54:00:aa:bb:02",1450,true]' "$what: it is there, up"
    ok "$what: and gone here" test ! -e /sys/class/net/lan
    is "$(lease .name)" eth7 "$what: leases has the name"
    is "$(sriovctl leases --check --json | jq -r '.leases[0].difference')" null "$what: --check finds no fault"
    "$@"
    udevadm settle
    is "$(lan)" "$dressed" "$what: name, altnames, address, MTU and flags are back"
    undressed
    ip netns del blue 2>/dev/null
    as_before "$what"
}

by_release() { succeeds 'release' sriovctl release a; }

by_release_after_a_rename() {
    must ip -n blue link set eth7 down
    must ip -n blue link set eth7 name web0
    has "$(sriovctl leases --check)" '*DIFFERENCE*name*' 'a renamed netdev is a difference'
    succeeds 'release' sriovctl release $pf/2
}

by_the_namespace_going_first() {
    must ip netns del blue
    succeeds 'the next look after it takes the VF back' wait_for 20 no_lease
}

# ---- how it ends ----------------------------------------------------------------------------------------------------------

owner_killed() {
    local with without
    sleep 1000 &
    local pid=$!
    succeeds 'for a process' sriovctl acquire $pf/1 --owner job --pid $pid vlan=77
    succeeds 'leases, while it lives' sriovctl leases
    has "$(cat "$out")" "*job*$pid*" 'has the process'
    without=$(for _ in 1 2 3 4 5; do microseconds sriovctl leases; done | median 5)
    kill -9 $pid
    wait $pid 2>/dev/null
    with=$(microseconds sriovctl leases)
    is "$(sriovctl leases --json | jq -c .leases)" '[]' 'the next look frees it'
    echo "# leases: $without us with nothing to do, $with us with a VF to take back"
    as_before 'owner killed'
    sleep 1000 &
    pid=$!
    must sriovctl acquire $pf/1 --owner job --pid $pid vlan=77
    kill -9 $pid
    wait $pid 2>/dev/null
    succeeds 'the next acquire frees it, too' sriovctl acquire $pf/1 --owner next
    has "$(cat "$err")" "*$pf/1*job*" 'and says so'
    is "$(sriovctl list --json | jq '.pfs[0].vfs[1].vlan')" 0 'nothing of the old owner is left'
    must sriovctl release next
    as_before 'owner killed'
}

bound_anew_meanwhile() {
    local pci
    pci=$(vf_pci $pf 1)
    must sriovctl acquire $pf/1 --owner a vlan=12 mac=52:54:00:aa:bb:11
    echo "$pci" >/sys/bus/pci/drivers/igbvf/unbind
    echo "$pci" >/sys/bus/pci/drivers/igbvf/bind
    must named $pf 4
    succeeds 'release of a VF that was bound anew' sriovctl release $pf/1
    as_before 'bound anew'
    must sriovctl acquire $pf/1 --owner a vlan=12
    echo "$pci" >/sys/bus/pci/drivers/igbvf/unbind
    succeeds 'release of a VF that lost its driver' sriovctl release $pf/1
    must named $pf 4
    as_before 'without driver'
}

# The kernel forgot everything by itself: a lease of another boot is dropped, and nothing is written.
reboot_in_between() {
    local boot=/proc/sys/kernel/random/boot_id
    must sriovctl acquire $pf/1 --owner a vlan=12
    must sriovctl set $pf/1 vlan=0 # as after a boot
    echo 00000000-1111-2222-3333-444444444444 >"$tmp/boot"
    must mount --bind "$tmp/boot" $boot
    succeeds 'acquire after a reboot' traced sriovctl acquire $pf/1 --owner b
    must sriovctl release b
    is "$(sriovctl leases --json | jq -c .leases)" '[]' 'the lease of the boot before is gone'
    must umount $boot
    as_before 'reboot'
}

# Whoever names the owner of all containers may have meant one.
not_all_containers() {
    must sriovctl acquire $pf/0 --owner runtime --container c1
    must sriovctl acquire $pf/1 --owner runtime --container c2
    exits 2 'the VFs of two containers are not taken by a slip' sriovctl release runtime
    has "$(<"$err")" '*the VFs of 2 containers*--yes*' 'it says how many there are, and what to do'
    is "$(sriovctl leases --json | jq '.leases | length')" 2 'both are leased still'
    succeeds 'with --yes they are' sriovctl release --yes runtime
    as_before 'leases of containers'
}

# A lease that nobody can read keeps its VF, until release makes the VF like new.
damaged() {
    local name
    must sriovctl acquire $pf/2 --owner a
    echo '{"pf":"0000' >/var/lib/sriovd/leases/0000:01:00.0.2
    is "$(sriovctl leases --json | jq -c '.leases[0] | [.vf, .owner.name, .state, .since]')" '[2,"unreadable",null,null]' \
        'a damaged lease is listed'
    has "$(sriovctl leases | tail -1)" "$pf/2 *unreadable*" 'in the table, too'
    exits 1 'a VF with a damaged lease is not lent' sriovctl acquire $pf/2 --owner b
    has "$(<"$err")" '*cannot be read*sriovctl release*' 'it says what to do'
    succeeds 'release ends it' sriovctl release $pf/2
    must named $pf 4
    must udevadm settle # the new netdev has an alternative name by its address
    for name in $(ip -j link show dev ${pf}v2 | jq -r '.[0].altnames // [] | .[]'); do
        must ip link property del dev ${pf}v2 altname "$name"
    done
    as_before 'a damaged lease'
}

# ---- what makes no sense --------------------------------------------------------------------------------------------------

refused() { # STATUS PATTERN ARGUMENTS of acquire…
    local want=$1 pattern=$2
    shift 2
    exits "$want" "acquire $*" sriovctl acquire "$@"
    has "$(cat "$err")" "$pattern" "acquire $*: with the reason"
}

bad_input() {
    refused 2 '*which VF is not said*' --owner a
    refused 2 '*one VF is named*' $pf/1 --pf $pf --owner a
    refused 2 '*is a PF*' $pf --owner a
    refused 2 '*several VFs*' $pf/0-1 --owner a
    refused 5 '*there is no VF 9*' $pf/9 --owner a
    refused 2 '*--owner*missing*' $pf/1
    refused 2 '*--owner*empty*' $pf/1 --owner ''
    refused 2 '*no such process*' $pf/1 --owner a --pid 4194303
    refused 2 '*nosuch*' $pf/1 --owner a --netns nosuch
    refused 2 '*no network namespace*' $pf/1 --owner a --netns /etc/passwd
    refused 2 '*--netns*' $pf/1 --owner a --as eth0
    refused 2 '*did you mean vlan?*' $pf/1 --owner a vlna=5
    refused 2 '*vlan*' $pf/1 --owner a vlan=5000
    refused 2 '*twice*' $pf/1 --owner a vlan=5 vlan=6
    refused 2 '*--as*' $pf/1 --owner a name=web
    refused 2 '*not key=value*' $pf/1 --owner a $pf/2
    refused 2 '*no NUMA node*' --numa x --owner a
    refused 4 '*link_state*' $pf/1 --owner a link_state=enable
    exits 5 'release nosuch' sriovctl release nosuch
    exits 2 'release of a PF' sriovctl release $pf
    exits 5 'leases of no PF' sriovctl leases nosuch
    exits 2 'leases from a capture' sriovctl leases --replay "$tmp/none.yaml"
    exits 6 'not as root' setpriv --reuid 65534 --clear-groups sriovctl acquire $pf/1 --owner a
    as_before 'bad input'
}

# A name that exists in the namespace: refused, and that interface is untouched.
name_is_taken() {
    must ip netns add blue
    must ip -n blue link add eth7 type dummy
    exits 3 'a name that is taken there' sriovctl acquire $pf/2 --owner a --netns blue --as eth7 vlan=3
    has "$(cat "$err")" '*eth7*' 'is refused by it'
    is "$(ip -n blue -j -d link show eth7 | jq -r '.[0].linkinfo.info_kind')" dummy 'the other interface is still there'
    must ip netns del blue
    as_before 'name is taken'
}

# A VF that was never up: the PF knows no address of it, and a lease changes nothing about that.
never_up() {
    local fresh
    fresh=$(everything)
    must sriovctl acquire $pf/3 --owner a
    must sriovctl release $pf/3
    udevadm settle
    is "$(everything)" "$fresh" 'a VF that was never up is left as it was'
}

# ---- the library ----------------------------------------------------------------------------------------------------------

said() { # WORD: the rest of its line
    sed -n "s/^$1: //p" "$out"
}

public_api() {
    must ip netns add blue
    succeeds 'a program with libsriov' /usr/libexec/sriovd-tests/sriov-api-lease $pf/2 /run/netns/blue eth7 vlan=9 trust=on
    is "$(said lend | sed 's/^0 //' | jq -c '[.pf, .vf, .name, .owner.name, .want]')" \
        "[\"$pf\",2,\"eth7\",\"api\",{\"vlan\":9,\"trust\":true}]" 'lends a VF'
    has "$(said again)" '16, code 3: *api*' 'cannot lend it again'
    is "$(said list | sed 's/^0 //' | jq -c '[.leases[] | [.vf, .state]]')" '[[2,"held"]]' 'sees the lease'
    is "$(said other) $(said back) $(said twice)" '0  1  0 ' 'takes it back from its owner only, and once'
    has "$(said wrong)" '22, code 2: *5000*' 'is told of a wrong value'
    has "$(said nowhere)" '19, code 5: *NUMA node 63*' 'of a need that nothing meets'
    has "$(said size)$(said nobody)" '22, code 2: *version22, code 2: *' 'and of options that make no sense'
    must ip netns del blue
    as_before 'public API'
}

must sriovctl create $pf 4
must sriovctl create enp2s0 2
must named $pf 4
must named enp2s0 2
must ip link set $pf up # or igb takes no vlan
must wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
never_up
# Now each tells the PF its address, as in use.
for vf in ${pf}v0 ${pf}v1 ${pf}v2 ${pf}v3 enp2s0v0 enp2s0v1; do
    must ip link set $vf up
    must ip link set $vf down
done
before=$(everything)

by_name_and_address
exclusive
by_need
by_pool
in_use_by_others
open_by_a_process
settings_and_back
another_driver_and_back
delivered_and_back 'release' by_release
delivered_and_back 'renamed' by_release_after_a_rename
delivered_and_back 'namespace deleted' by_the_namespace_going_first
name_is_taken
owner_killed
bound_anew_meanwhile
reboot_in_between
not_all_containers
damaged
bad_input
public_api
finish
