#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
#
# What igb cannot do is refused while the plan is made: exit status 4, the reason, and not one write; and so is a policy that
# asks for it among things that could be done. With the link up a rate can be set.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0

transactions() { sriovctl history --json | jq '[.history[].transaction] | max // 0'; }

# One attribute a line: what is asked for, its reason, and the same as a line of a policy.
cannot() { # WANTED REASON POLICY
    local wanted=$1 reason=$2
    printf 'pfs:\n  - match: {name: %s}\n    num_vfs: 4\n    vfs:\n      "0": {vlan: 200, trust: on}\n      "1": {%s}\n' \
        $pf "$3" >"$tmp/policy.yaml"
    # shellcheck disable=SC2086 # words
    exits 4 "set $wanted is refused" traced sriovctl set $pf/1 $wanted
    has "$(cat "$err")" "sriovctl: $pf/1: *$reason*; *" "set $wanted: with the reason and what to do"
    is "$(wc -l <"$err")" 1 "set $wanted: in one line"
    is "$(changes)" "" "set $wanted: nothing is written"
    # shellcheck disable=SC2086
    exits 4 "set $wanted --json is refused" sriovctl set $pf/1 $wanted --json
    has "$(json '.error | "\(.code) \(.object) \(.message)"')" "4 $pf/1 *$reason*" "set $wanted: the reason in JSON"
    exits 4 "plan of a policy with $wanted is refused" sriovctl plan -f "$tmp/policy.yaml"
    exits 4 "apply of a policy with $wanted is refused" traced sriovctl apply -f "$tmp/policy.yaml"
    has "$(cat "$err")" "sriovctl: *$pf/1: *$reason*" "apply with $wanted: with the reason"
    is "$(changes)" "" "apply with $wanted: nothing is written, of the other VF neither"
    is "$(state)" "$before" "all is as before"
}

must sriovctl create $pf 4
must sriovctl set $pf/1 vlan=100
before=$(state)
last=$(transactions)

cannot "link_state=enable" "igb has no VF link control" "link_state: enable"
cannot "vlan=100 vlan_proto=802.1ad" "vlan_proto 802.1ad cannot be set: igb tags with 802.1Q only" "vlan: 100, vlan_proto: 802.1ad"
cannot "max_tx_rate=500" "max_tx_rate cannot be set without a link: igb computes rates from the link speed" "max_tx_rate: 500"
cannot "min_tx_rate=100" "min_tx_rate 100 cannot be set: igb guarantees no rate" "min_tx_rate: 100"
cannot "rss_query=on" "igb has no VF RSS query" "rss_query: on"
cannot "node_guid=00:11:22:33:44:55:66:77" "igb is no InfiniBand driver" "node_guid: \"00:11:22:33:44:55:66:77\""
cannot "msix_count=4" "igb does not let the interrupt vectors of a VF be chosen" "msix_count: 4"
is "$(transactions)" "$last" "not one transaction was begun"

# What is right already is no change: nothing is refused that asks for it.
succeeds "vlan_proto=802.1Q is no change" sriovctl set $pf/1 vlan_proto=802.1Q min_tx_rate=0
is "$(cat "$out")" "nothing to do" "and nothing is to do"

# A rate needs a link, and has one with the PF up.
must ip link set $pf up
wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
succeeds "max_tx_rate can be set with the link up" sriovctl set $pf/1 max_tx_rate=500
is "$(ip -j link show $pf | jq '.[0].vfinfo_list[1].rate.max_tx')" 500 "ip reads it back"
exits 4 "a rate above the link's is refused" traced sriovctl set $pf/1 max_tx_rate=2000
has "$(cat "$err")" "*takes no limit above the link speed*1000 Mbit/s*" "with the link's speed"
is "$(changes)" "" "and nothing is written"

# A plan that brings the link up may count on it.
must ip link set $pf down
must sriovctl create $pf 0
printf 'pfs:\n  - match: {name: %s}\n    num_vfs: 2\n    link: up\n    vfs:\n      "0-1": {max_tx_rate: 300}\n' $pf >"$tmp/policy.yaml"
succeeds "a policy that brings the PF up can have rates" sriovctl apply -f "$tmp/policy.yaml"
is "$(ip -j link show $pf | jq -c '[.[0].vfinfo_list[].rate.max_tx]')" '[300,300]' "ip reads them back"
finish
