#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 0 --netdevsim 0
# asan: yes
#
# Up to 1,000 VFs of netdevsim, each with values of its own: one apply sets them and list reads every one back, also where the
# VF list of ip is cut. What an apply of 448 settings costs in netlink system calls; the two eswitch modes.
. tests/lab/lib.sh

pf=eni1np1
limit=/sys/kernel/debug/netdevsim/netdevsim1/max_vfs
here='.pfs[] | select(.name == "'$pf'")'

# A policy for N VFs in JSON, which is YAML; FILTER picks attributes. No two neighbours, and no two VFs, have the same values.
policy() { # N [FILTER]
    jq -n --argjson n "$1" --arg pf "$pf" '
        def hex: "0123456789abcdef" as $digits | [. / 16, . % 16] | map(floor | $digits[.:. + 1]) | add;
        def values: {
            mac: "02:5a:00:00:\(. / 256 | floor | hex):\(. % 256 | hex)",
            vlan: (4094 - .), qos: (. % 8), vlan_proto: ["802.1Q", "802.1ad"][. % 2],
            spoofchk: (. % 2 == 0), trust: (. % 3 == 0), link_state: ["auto", "enable", "disable"][. % 3],
            min_tx_rate: (. + 1), max_tx_rate: (. + 5000), rss_query: (. % 5 == 0)};
        {pfs: [{match: {name: $pf}, vfs: ([range($n) | {key: tostring, value: (values '"${2:+| $2}"')}] | from_entries)}]}'
}

make_vfs() { # N
    must sriovctl create $pf 0
    echo "$1" >$limit
    succeeds "create makes $1 VFs" sriovctl create $pf "$1"
    is "$(cat /sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs)" "$1" 'the kernel has as many'
}

vfs_of_ip() { # how many ip shows, and with all they were given
    ip -d -j link show $pf 2>"$tmp/ip-says" | jq '.[0].vfinfo_list | length'
}

# Each attribute by itself, so that a failure says which one it is and where it begins.
every_value_reads_back() { # N
    local name wrong
    sriovctl list --json >"$tmp/list"
    is "$(jq "$here | .vfs | length" "$tmp/list")" "$1" "list shows all $1 VFs"
    for name in $(jq -r '.pfs[0].vfs."0" | keys[]' "$tmp/policy.yaml"); do
        wrong=$(jq -n -r --arg name "$name" --slurpfile list "$tmp/list" --slurpfile policy "$tmp/policy.yaml" '
            $policy[0].pfs[0].vfs as $want | [$list[0] | '"$here"' | .vfs[] |
            select(.[$name] != $want[.index | tostring][$name]) | "VF \(.index): \(.[$name])"] | "\(length) \(.[:3])"')
        is "$wrong" '0 []' "$1 VFs: each $name is that of the policy"
    done
}

all_of() { # N
    local ip
    make_vfs "$1"
    policy "$1" >"$tmp/policy.yaml"
    succeeds "one apply sets all of $1 VFs" sriovctl apply --json -f "$tmp/policy.yaml"
    is "$(json '.steps | map(select(.attribute == "mac")) | length')" "$1" 'one step for each address'
    every_value_reads_back "$1"
    ip=$(vfs_of_ip)
    if [ "$1" -lt 500 ]; then
        is "$ip" "$1" "ip shows $1 VFs, too"
    else
        ok "ip shows fewer: ${ip:-none} of $1" test "${ip:-0}" -lt "$1"
    fi
    succeeds 'a second apply' sriovctl apply -f "$tmp/policy.yaml"
    is "$(cat "$out")" 'nothing to do' 'finds nothing to do'
    is "$(sriovctl show $pf/$(($1 - 1)) --json | jq -c '[.. | objects | select(has("mac")) | .mac, .vlan][0:2]')" \
        "$(jq -c ".pfs[0].vfs.\"$(($1 - 1))\" | [.mac, .vlan]" "$tmp/policy.yaml")" 'show knows the last VF'
}

# ---- What it costs -----------------------------------------------------------------------------------------------------------

count_calls() { # COMMAND…: in $messages calls that send or receive, in $forks new processes
    strace -E ASAN_OPTIONS=detect_leaks=0 -f -o "$trace" -e trace=sendto,sendmsg,sendmmsg,recvfrom,recvmsg,recvmmsg,clone,clone3,fork,vfork "$@" >"$out" 2>"$err"
    status=$?
    messages=$(grep -cE '^[0-9]+ +(send|recv)' "$trace")
    forks=$(grep -cE '^[0-9]+ +(v?fork|clone3?)' "$trace")
}

settings_cost_few_calls() {
    make_vfs 64
    policy 64 '{mac, vlan, spoofchk, trust, link_state, max_tx_rate, rss_query} | .spoofchk |= not | .trust = true |
        .link_state = "disable" | .rss_query = true' >"$tmp/policy.yaml"
    # Values that no VF has at first, so that each of them is a change.
    must sriovctl set $pf/0-63 spoofchk=off trust=off link_state=auto rss_query=off
    jq '.pfs[0].vfs[].spoofchk = true' "$tmp/policy.yaml" >"$tmp/all.yaml"
    mv "$tmp/all.yaml" "$tmp/policy.yaml"
    is "$(sriovctl plan --json -f "$tmp/policy.yaml" | jq '.steps | length')" 448 '448 settings are to be made'
    count_calls sriovctl apply -f "$tmp/policy.yaml"
    is $status 0 'one apply makes them'
    has "$(tail -n 1 "$out")" '*448 changes' 'all of them'
    is "$(grep -o RTM_SETLINK "$trace" | wc -l | sed 's/^[1-9].*/some/')" some 'strace saw the messages'
    ok "with $messages netlink system calls, 16 at most" test "$messages" -le 16
    is "$forks" 0 'and no fork'
    every_value_reads_back 64
    count_calls sriovctl apply -f "$tmp/policy.yaml"
    is "$(cat "$out")" 'nothing to do' 'a second apply finds nothing to do'
    is "$(grep -c RTM_SETLINK "$trace")" 0 'and sends no RTM_SETLINK'
    ok "but asks, in $messages calls" test "$messages" -gt 0
    is "$forks" 0 'without a fork'
}

# ---- The eswitch --------------------------------------------------------------------------------------------------------------

eswitch() {
    devlink -j dev eswitch show netdevsim/netdevsim1 | jq -r '.dev[].mode'
}

representors() {
    devlink -j port show | jq '[.port[] | select(.flavour == "pcivf")] | length'
}

eswitch_modes() {
    make_vfs 3
    must sriovctl set $pf/0-2 vlan=9
    is "$(eswitch)" legacy 'the eswitch is in legacy mode'
    succeeds 'set eswitch_mode=switchdev' sriovctl set $pf eswitch_mode=switchdev
    is "$(eswitch)" switchdev 'devlink agrees'
    is "$(representors)" 3 'each VF has a representor'
    is "$(sriovctl list --json | jq -r "$here | .eswitch_mode, .num_vfs")" $'switchdev\n3' 'list shows it'
    succeeds 'again' sriovctl set $pf eswitch_mode=switchdev
    is "$(cat "$out")" 'nothing to do' 'is nothing to do'
    succeeds 'set eswitch_mode=legacy' sriovctl set $pf eswitch_mode=legacy
    is "$(eswitch) $(representors)" 'legacy 0' 'is as it was'
    is "$(sriovctl list --json | jq -c "[$here | .vfs[].vlan]")" '[9,9,9]' 'and the VFs kept their VLAN'
    exits 2 'another mode is wrong usage' sriovctl set $pf eswitch_mode=bridge
}

for n in 64 300 512 1000; do all_of $n; done
settings_cost_few_calls
eswitch_modes
finish
