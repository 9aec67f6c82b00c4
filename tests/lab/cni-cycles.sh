#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
#
# 280 times ADD and DEL over the 7 VFs of one PF, 7 at a time, while udev renames what appears: none fails, none waits for
# ever, and in the end each VF is what it was. CYCLES in the environment asks for another number.

. tests/lab/lib.sh
. tests/lab/cni.bash

vfs=7
cycles=${CYCLES:-280}

call() { # COMMAND VF CYCLE CONFIGURATION
    CNI_COMMAND="$1" CNI_CONTAINERID="c-$2-$3" CNI_NETNS="/run/netns/pod$2" CNI_IFNAME=net0 CNI_PATH=/usr/lib/cni "$plugin" <<<"$4"
}

# One VF and its pod, over and over; a line for each failure.
lend() { # VF COUNT
    local i config
    config=$(jq -n -c --arg pci "${pci[$1]}" --argjson vf "$1" '{cniVersion: "1.0.0", name: "net1", type: "sriov", deviceID: $pci,
        vlan: (100 + $vf), mac: "52:54:00:aa:cc:0\($vf)", trust: "on"}')
    for ((i = 0; i < $2; i++)); do
        call ADD "$1" $i "$config" >"$tmp/$1.out" 2>&1 || echo "VF $1, cycle $i, ADD: $(<"$tmp/$1.out")"
        [ -e "/sys/class/net/${host[$1]}" ] && echo "VF $1, cycle $i: it is still on the host"
        call DEL "$1" $i "$config" >"$tmp/$1.out" 2>&1 || echo "VF $1, cycle $i, DEL: $(<"$tmp/$1.out")"
    done
}

make_vfs $vfs
dress_vfs
for ((vf = 0; vf < vfs; vf++)); do
    netns pod$vf
    must ip link property add dev "${host[vf]}" altname "rack7-port1-$vf"
done
must pgrep -x systemd-udevd
keep_baseline

start=$EPOCHREALTIME
for ((vf = 0; vf < vfs; vf++)); do
    lend $vf $((cycles / vfs + (vf < cycles % vfs))) >"$tmp/lent$vf" &
    loops[vf]=$!
done
wait "${loops[@]}"
end=$EPOCHREALTIME
echo "# $cycles cycles, $vfs at a time: $(((${end/./} - ${start/./}) / 1000)) ms"
is "$(cat "$tmp"/lent* | head -n 20)" "" "$cycles cycles: no ADD and no DEL fails"
as_before "$cycles cycles: each VF is as before"
is "$(find $leases -type f 2>/dev/null | wc -l)" 0 "$cycles cycles: no lease is left"
for ((vf = 0; vf < vfs; vf++)); do is "$(links pod$vf | wc -l)" 1 "nothing is left in the pod of VF $vf"; done
finish
