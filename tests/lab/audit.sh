#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 600
#
# The audit: a host with new VFs keeps its rules; each rule that can be broken in the lab is broken, found by its id and
# object, and mended by its own remedy; the house's rules count; and the history says who had a VF when.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0

found() { # RULE: the objects that break it, as the last --json says
    jq -r "[.findings[] | select(.id == \"$1\" and .accepted == null) | .object] | join(\" \")" "$out"
}

remedy() { # RULE
    jq -r "[.findings[] | select(.id == \"$1\")][0].remedy" "$out"
}

audit() { # [OPTION…]: keeps its JSON
    keep sriovctl audit --json "$@"
}

# A rule is broken, found at this object with this exit status, and kept again after its remedy.
breaks() { # RULE OBJECT STATUS
    audit
    is "$(found "$1")" "$2" "$1: found at $2"
    is "$status" "$3" "$1: exit status $3"
}

mends() { # RULE: runs the remedy as it stands there
    local command
    command=$(remedy "$1")
    ok "$1: the remedy works: $command" bash -c "$command >/dev/null"
    audit
    is "$(found "$1")" '' "$1: and it is kept again"
}

new_vfs() {
    exits 0 'not root' setpriv --reuid 65534 --clear-groups sriovctl audit --json
    is "$(json '.rules[] | select(.id == "host-driver").checked') $(found host-driver)" '0 ' 'not root: what cannot be seen is not judged'
    audit
    is "$status" 0 'new VFs: exit status 0'
    is "$(jq -c '[.findings[] | select(.severity != "info") | .id]' "$out")" '[]' 'new VFs: nothing but notes'
    is "$(found host-driver)" "$pf/0 $pf/1 $pf/2 $pf/3" 'new VFs: they have drivers that nobody needs'
    is "$(json .score)" 98 'new VFs: which costs two points'
    keep sriovctl audit
    has "$(cat "$out")" '*score 98 of 100: less 2 for host-driver*' 'new VFs: the text says so'
    has "$(cat "$out")" "*info  host-driver  $pf/0-3*" 'new VFs: and tells four of a kind as one'
}

attributes() {
    ip link set $pf vf 1 spoofchk off
    breaks spoofchk "$pf/1" 1
    is "$(json .score)" 93 'spoofchk: one VF of four costs a quarter of its weight'
    has "$(jq -r '.findings[0].seen' "$out")" "*$pf, VF 1: spoofchk off" 'spoofchk: with what was seen'
    mends spoofchk
    ip link set $pf vf 2 trust on
    breaks trust "$pf/2" 1
    mends trust
    ip link set $pf vf 2 trust on
    exits 0 'audit of another VF' sriovctl audit $pf/1
    exits 1 'audit of this VF' sriovctl audit $pf/2
    ip link set $pf vf 2 trust off
}

policy_excuses() {
    echo "pfs: [{match: {name: $pf}, vfs: {\"2\": {trust: on}}}]" >"$tmp/policy.yaml"
    must sriovctl set $pf/2 trust=on --quiet
    audit -f "$tmp/policy.yaml"
    is "$(found trust)" '' 'a trusted VF that the policy wants trusted'
    ip link set $pf vf 2 trust off
    audit -f "$tmp/policy.yaml"
    has "$(found policy-drift)" "$pf*" 'a VF that is not as the policy says'
    must sriovctl set $pf/2 trust=on --quiet
    must sriovctl set $pf/2 trust=off --quiet
}

tenants() {
    must sriovctl acquire $pf/0 --owner web1 vlan=100 mac=52:54:00:aa:bb:01
    must sriovctl acquire $pf/1 --owner web2
    audit
    is "$(found fixed-vlan)" "$pf/1" 'a tenant without a VLAN'
    must sriovctl release $pf/1
    audit
    is "$(found fixed-vlan) $(found fixed-mac)" ' ' 'a tenant with both'
    ip link set $pf vf 0 spoofchk off
    audit
    has "$(jq -r '.findings[] | select(.id == "spoofchk").cause' "$out")" '*lent to web1*' 'the tenant of a VF is told'
    must sriovctl release $pf/0
}

listeners() {
    ip link set ${pf}v1 promisc on
    breaks vf-promiscuous "$pf/1" 0
    mends vf-promiscuous
    ip link set $pf allmulticast on
    breaks pf-promiscuous "$pf" 0
    mends pf-promiscuous
}

changed_outside() {
    must sriovctl set $pf/3 vlan=300 --quiet
    audit
    is "$(found changed-outside)" '' 'a setting that is as we left it'
    ip link set $pf vf 3 vlan 301
    breaks changed-outside "$pf/3" 0
    has "$(jq -r '.findings[] | select(.id == "changed-outside").cause' "$out")" 'vlan is 301; we set it to 300*' 'with both values'
    mends changed-outside
    must sriovctl rollback --quiet
    must sriovctl rollback --quiet
}

unsafe() {
    local file=/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts
    modprobe vfio_iommu_type1
    echo Y >$file
    breaks unsafe-interrupts host 1
    echo N >$file
    audit
    is "$(found unsafe-interrupts)" '' 'unsafe-interrupts: kept again'
    must sriovctl bind $pf/2 vfio-pci --quiet
    chmod 0666 "/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$(vf_pci $pf 2)/iommu_group")")"
    breaks vfio-mode "$pf/2" 1
    chmod 0600 /dev/vfio/[0-9]*
    must sriovctl bind $pf/2 default --quiet
}

house_rules() {
    cat >"$tmp/house.yaml" <<END
rules: {host-driver: off, spoofchk: warning}
attributes: {link_state: auto, max_tx_rate: 500}
exceptions:
  - {rule: attribute, object: $pf/0-2, because: "not lent yet"}
END
    ip link set $pf vf 1 spoofchk off
    audit --baseline "$tmp/house.yaml"
    is "$(found host-driver)" '' 'house: a rule that is off'
    is "$(jq -r '.findings[] | select(.id == "spoofchk").severity' "$out")" warning 'house: another severity'
    is "$(found attribute)" "$pf/3" 'house: a value of its own, with exceptions'
    is "$(jq -r '[.findings[] | select(.accepted == "not lent yet")] | length' "$out")" 3 'house: which are told with their reason'
    ip link set $pf vf 1 spoofchk on
    echo 'rules: {spofchk: off}' >"$tmp/slip.yaml"
    exits 2 'house: a slip' sriovctl audit --baseline "$tmp/slip.yaml"
    has "$(cat "$err")" "*$tmp/slip.yaml:1*did you mean \"spoofchk\"*" 'house: with place and nearest name'
}

# Seconds since then, as a time of day.
at() { date -d "@$1" '+%Y-%m-%d %H:%M:%S'; }

history() {
    local before during after
    rm -f /var/lib/sriovd/leases.log*
    before=$(date +%s)
    sleep 1.1
    must sriovctl acquire $pf/1 --owner web1 --container c0ffee
    during=$(date +%s)
    sleep 1.1
    must sriovctl release $pf/1
    after=$(date +%s)
    sleep 0.1
    exits 0 'history' sriovctl history $pf/1 --json
    is "$(json '[.leases[] | .event + " " + .owner] | join(",")')" 'released web1,taken web1' 'history: both ends of a lease'
    keep sriovctl history $pf/1
    has "$(cat "$out")" '*web1 (container c0ffee)*lease*released*' 'history: also in text'
    keep sriovctl history $pf/1 --at "$(at "$during")"
    has "$(cat "$out")" "*$pf/1*web1*released*" 'history --at: who had it'
    for when in "$before" "$after"; do
        exits 0 'history --at: another time' sriovctl history $pf/1 --at "$(at "$when")" --json
        is "$(json '.held | length')" 0 'history --at: nobody'
    done
    exits 2 'history --at: no time' sriovctl history --at yesterday
    sleep 1000 &
    must sriovctl acquire $pf/2 --owner job --pid $!
    kill $!
    wait $! 2>/dev/null
    must sriovctl leases
    must sriovctl acquire $pf/2 --owner next
    is "$(sriovctl history $pf/2 --json | jq -r '[.leases[] | .event + " " + .owner] | join(",")')" \
        'taken next,reclaimed job,taken job' 'history: an owner that was gone'
    must sriovctl release $pf/2
    ip link add taken type dummy
    ip netns add box
    ip link set taken netns box
    keep sriovctl acquire $pf/2 --owner never --netns /run/netns/box --as taken
    is "$status $(grep -c never /var/lib/sriovd/leases.log)" '3 0' 'history: what was refused is not in it'
    ip netns del box
}

must sriovctl create $pf 4 --quiet
ip link set $pf up
must named $pf 4
new_vfs
attributes
policy_excuses
tenants
listeners
changed_outside
unsafe
house_rules
history
finish
