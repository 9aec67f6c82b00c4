# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used by those who source this; theirs
#
# What the tests of leases share: everything that must be as before when a VF of the first NIC has come back.

pf=enp1s0

# What `state` does not have: the netdevs' own address, names, MTU, up or down, in the order of the VFs.
netdevs() {
    local vf
    for vf in 0 1 2 3; do
        ip -j link show dev ${pf}v$vf 2>/dev/null |
            jq -c ".[0] | [.ifname, .address, .mtu, (.flags | map(select(. == (\"UP\", \"PROMISC\", \"ALLMULTI\")))), (.altnames // [] | sort)]"
    done
}

everything() {
    state
    netdevs
}

# How it was; every test ends with how it is. What one left behind is not held against the next.
before=''
as_before() { # WHAT
    local now
    udevadm settle
    now=$(everything)
    is "$now" "$before" "$1: everything is as before"
    before=$now
    is "$(sriovctl leases --json | jq -c .leases)" '[]' "$1: no lease is left"
}
