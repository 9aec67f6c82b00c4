# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used by those who source this; theirs
#
# What the tests of the CNI plugin share: VFs to lend, network namespaces to lend them to, the plugin called as a runtime
# calls it, and everything that must be as before when a VF has come back.

plugin=/usr/lib/cni/sriov
cut=/usr/libexec/sriovd-tests/cut
leases=/var/lib/sriovd/leases
addresses=/var/lib/cni/networks
pf=enp1s0

# ---- VFs and namespaces ---------------------------------------------------------------------------------------------------

# A netdev of igbvf takes the address that its PF has for it when it goes down; before that it may have made up one, where the
# PF did not answer in time.
takes_address() { # NETDEV ADDRESS
    ip link set "$1" up && ip link set "$1" down && [ "$(<"/sys/class/net/$1/address")" = "$2" ]
}

make_vfs() { # COUNT
    local i
    {
        printf 'pfs:\n  - match: {name: %s}\n    num_vfs: %s\n    vfs:\n' $pf "$1"
        for ((i = 0; i < $1; i++)); do printf '      "%s": {mac: "52:54:00:aa:bb:0%s"}\n' $i $i; done
    } >"$tmp/vfs.yaml"
    must sriovctl apply -f "$tmp/vfs.yaml"
    must ip link set $pf up # or igbvf takes no vlan
    must wait_for 30 grep -q 1 /sys/class/net/$pf/carrier
    must named $pf "$1"
    for ((i = 0; i < $1; i++)); do
        pci[i]=$(vf_pci $pf $i)
        host[i]=${pf}v$i
        must wait_for 30 takes_address "${host[i]}" 52:54:00:aa:bb:0$i
        must udevadm trigger --action=add --settle "/sys/class/net/${host[i]}" # its name by the address
    done
}

# What an administrator may have done to the VFs before anybody asks for them, so that what is put back cannot be a default by
# chance.
dress_vfs() {
    must ip link set $pf vf 1 vlan 77 qos 3
    must ip link set $pf vf 1 trust on
    must ip link set $pf vf 2 spoofchk off
    must ip link set "${host[1]}" mtu 1400
    must ip link set "${host[1]}" up
    must ip link set "${host[2]}" promisc on allmulticast on
    must ip link property add dev "${host[1]}" altname storage-one altname storage-two
    must udevadm settle
}

netns() { # NAME…
    local name
    for name; do
        must ip netns add "$name"
        must ip -n "$name" link set lo up
    done
}

# ---- The plugin -----------------------------------------------------------------------------------------------------------

conf=''
# The configuration of a network with one VF, for the calls that follow.
use_vf() { # VF [FILTER]
    conf=$(jq -n -c --arg pci "${pci[$1]}" '{cniVersion: "1.1.0", name: "net1", type: "sriov", deviceID: $pci}' | jq -c "${2-.}")
}

# Both families, an address each and a default route.
host_local='.ipam = {type: "host-local", routes: [{dst: "0.0.0.0/0"}, {dst: "::/0"}],
    ranges: [[{subnet: "10.56.0.0/24", gateway: "10.56.0.1"}], [{subnet: "fd56::/64", gateway: "fd56::1"}]]}'

# One call, as a runtime makes it. Of what it passes, these may be preset: container, namespace (a path), CNI_ARGS.
cni() { # COMMAND NAMESPACE IFNAME [FILTER over the configuration]
    cni_with "$1" "$2" "$3" "$plugin" <<<"$(if [ $# -lt 4 ]; then echo "$conf"; else jq -c "$4" <<<"$conf"; fi)"
}

cni_with() { # COMMAND NAMESPACE IFNAME PROGRAM… <CONFIGURATION
    local command=$1 name=$2 ifname=$3
    shift 3
    CNI_COMMAND="$command" CNI_CONTAINERID="${container-c-$name}" CNI_NETNS="${namespace-/run/netns/$name}" \
        CNI_IFNAME="$ifname" CNI_PATH="$tmp/plugins:/usr/lib/cni" CNI_ARGS="${CNI_ARGS-}" keep "$@"
}

works() { # WHAT COMMAND NAMESPACE IFNAME [FILTER]
    local what=$1
    shift
    cni "$@"
    if [ "$status" = 0 ]; then pass "$what"; else fail "$what" "exit status $status" "$(<"$out")" "$(<"$err")"; fi
}

# An error as the specification has it: one line of JSON with its code, and a message that matches.
refuses() { # CODE PATTERN WHAT COMMAND NAMESPACE IFNAME [FILTER]
    local code=$1 pattern=$2 what=$3
    shift 3
    cni "$@"
    is_error "$code" "$pattern" "$what"
}

is_error() { # CODE PATTERN WHAT
    local got
    got=$(jq -r -s 'if length == 1 then .[0] | "\(.code) \(.msg): \(.details // "")" else "not one object" end' "$out" 2>&1)
    if [ "$status" = 0 ] || [ "$(wc -l <"$out")" != 1 ]; then
        fail "$3" "exit status $status" "$(<"$out")" "$(<"$err")"
    else
        has "$got" "$1 $2" "$3"
    fi
}

# An IPAM plugin that knows CNI 1.1.0, which those of Debian do not, keeps what it was asked, and fails where $FIXED_FAILS says.
fixed_ipam() {
    mkdir -p "$tmp/plugins"
    cat >"$tmp/plugins/fixed" <<END
#!/bin/sh
echo "\$CNI_COMMAND \$CNI_CONTAINERID \$CNI_IFNAME" >>$tmp/ipam.log
cat >$tmp/ipam.in
[ "\$CNI_COMMAND" != "\$FIXED_FAILS" ] || { echo '{"cniVersion":"1.1.0","code":11,"msg":"no address left","details":"fixed"}'; exit 1; }
[ "\$CNI_COMMAND" != ADD ] || cat $tmp/ipam.out
END
    chmod 755 "$tmp/plugins/fixed"
    echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.57.0.2/24", "gateway": "10.57.0.1"}], "routes": [{"dst": "10.58.0.0/16",
        "gw": "10.57.0.9", "mtu": 1300, "priority": 7}], "dns": {"nameservers": ["10.57.0.1"]}}' >"$tmp/ipam.out"
}

# ---- What must be as before -----------------------------------------------------------------------------------------------

# jq: the interfaces of a namespace, without counters and index.
interfaces='sort_by(.ifname)[] | select(.linkinfo.info_kind != "dummy") |
    {ifname, address, mtu, group, alias: .ifalias, parent: .parentdev, altnames: ((.altnames // []) | sort),
     flags: (.flags - ["LOWER_UP", "NO-CARRIER"] | sort)}'

# One a line; those of this process with no name given.
links() { # [NAMESPACE]
    ip ${1:+-n "$1"} -d -j link show | jq -c "$interfaces"
}

# Everything that lending a VF may touch: list with its holders, the netdevs, drivers, leases, reserved addresses.
vf_state() {
    local file
    { sriovctl list --json && ip -d -j link show; } | jq -S "if type == \"object\" then del(.pfs[] | .busy, .link, .speed) else $interfaces end"
    for file in /sys/bus/pci/devices/*/{sriov_drivers_autoprobe,driver_override}; do
        [ ! -e "$file" ] || echo "$file $(<"$file")"
    done
    left_behind
}

# Files of attachments that are over.
left_behind() (
    shopt -s globstar dotglob nullglob
    for file in {$leases,/var/lib/cni/sriov,$addresses}/**; do
        case ${file##*/} in
        lock | last_reserved_ip* | *.lock) ;;
        *) [ ! -f "$file" ] || echo "$file" ;;
        esac
    done
)

keep_baseline() {
    must udevadm settle
    vf_state >"$tmp/baseline"
}

same_as_before() {
    now=$(vf_state)
    [ "$now" = "$(<"$tmp/baseline")" ]
}

# udev may still be giving names to what came home.
same_once_settled() {
    udevadm settle
    same_as_before
}

# Prints what is not as before; nothing if all is.
difference() { # [SECONDS]
    local now
    wait_for "${1-5}" same_once_settled || diff "$tmp/baseline" - <<<"$now"
}

# What comes after a failure is compared with what is there now: one fault is told once.
as_before() { # WHAT
    is "$(difference)" "" "$1"
    vf_state >"$tmp/baseline"
}

# Is the netdev of a VF on the host, under any name?
home() { # VF
    ip -d -j link show | jq -e ".[] | select(.parentdev == \"${pci[$1]}\")"
}

# The VF itself, as the kernel tells it through the PF: MAC, vlan, qos, spoofchk, trust.
through_pf() { # VF
    ip -d -j link show $pf | jq -r --argjson vf "$1" '.[0].vfinfo_list[] | select(.vf == $vf) |
        "\(.address) \(.vlan_list[0].vlan // 0) \(.vlan_list[0].qos // 0) \(.spoofchk) \(.trust)"'
}

in_pod() { # NAMESPACE IFNAME FILTER
    ip -n "$1" -d -j address show dev "$2" 2>/dev/null | jq -r ".[0] | $3"
}
