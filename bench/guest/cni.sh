# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmarks cni-add, cni-del, cni-cpu: one VF into a network namespace and back, 200 times, by the CNI plugin and by shell
# scripts that do the same; and what one ADD and one DEL cost.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=bench/guest/lib.sh
. ./lib.sh

pf=enp1s0 vf=0 dev=enp1s0v0 cycles=200
cut=/usr/libexec/sriovd-tests/cut lend=/usr/libexec/sriovd-tests/lend
mac=52:54:00:aa:cc:01

prepare() {
    echo "pfs: [{match: {name: $pf}, num_vfs: 2, vfs: {0: {mac: '52:54:00:aa:bb:00'}, 1: {mac: '52:54:00:aa:bb:01'}}}]" >"$work/vfs.yaml"
    sriovctl apply -f "$work/vfs.yaml" >/dev/null
    ip link set $pf up
    wait_for 30 grep -q 1 /sys/class/net/$pf/carrier
    udevadm settle
    wait_for 30 test -e /sys/class/net/$dev
    wait_for 30 takes_address
    ip netns add blue
    pci=$(basename "$(readlink /sys/class/net/$dev/device)")
    jq -n -c --arg pci "$pci" --arg mac $mac '{cniVersion: "1.0.0", name: "net1", type: "sriov", deviceID: $pci, vlan: 100, mac: $mac,
        spoofchk: "off", trust: "on"}' >"$work/conf"
    jq -c '.ipam = {type: "host-local", ranges: [[{subnet: "10.56.0.0/24"}], [{subnet: "fd56::/64"}]]}' "$work/conf" >"$work/conf-ipam"
}

# igbvf takes the address that its PF has for it when it goes down, so that each run begins with the same one.
takes_address() {
    ip link set $dev up && ip link set $dev down && [ "$(<"/sys/class/net/$dev/address")" = 52:54:00:aa:bb:00 ]
}

# ---- The sides: $side-add and $side-del -----------------------------------------------------------------------------------

export CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/blue CNI_IFNAME=net0 CNI_PATH=/usr/lib/cni

# Only the plugin itself is started.
sriov-add() { CNI_COMMAND=ADD /usr/lib/cni/sriov <"$work/conf"; }
sriov-del() { CNI_COMMAND=DEL /usr/lib/cni/sriov <"$work/conf"; }

# What scripts do that know what the VF was before, and never fail.
ip-add() { bash "$work/ip-add"; }
ip-del() { bash "$work/ip-del"; }

# The same, but what the VF was is read, kept and put back, as the plugin does.
script-add() { bash "$work/script-add"; }
script-del() { bash "$work/script-del"; }

write_scripts() {
    cat >"$work/ip-add" <<END
set -e
ip link set dev $pf vf $vf mac $mac
ip link set dev $pf vf $vf vlan 100
ip link set dev $pf vf $vf spoofchk off
ip link set dev $pf vf $vf trust on
ip link set dev $dev address $mac
ip link set dev $dev netns blue name net0
ip -n blue link set dev net0 up
END
    cat >"$work/ip-del" <<END
set -e
ip -n blue link set dev net0 down
ip -n blue link set dev net0 netns 1 name $dev
ip link set dev $pf vf $vf mac 52:54:00:aa:bb:00
ip link set dev $pf vf $vf vlan 0
ip link set dev $pf vf $vf spoofchk on
ip link set dev $dev address 52:54:00:aa:bb:00
ip link set dev $pf vf $vf trust off
END
    cat >"$work/script-add" <<END
set -e
ip -d -j link show dev $pf >$work/pf.json
ip -d -j link show dev $dev >$work/dev.json
$(tail -n +2 "$work/ip-add")
END
    cat >"$work/script-del" <<END
set -e
read -r mac vlan spoofchk trust < <(jq -r '.[0].vfinfo_list[] | select(.vf == $vf) |
    "\(.address) \(.vlan_list[0].vlan // 0) \(if .spoofchk then "on" else "off" end) \(if .trust then "on" else "off" end)"' $work/pf.json)
read -r name address < <(jq -r '.[0] | "\(.ifname) \(.address)"' $work/dev.json)
ip -n blue link set dev net0 down
ip -n blue link set dev net0 netns 1 name "\$name"
ip link set dev $pf vf $vf mac "\$mac"
ip link set dev $pf vf $vf vlan "\$vlan"
ip link set dev $pf vf $vf spoofchk "\$spoofchk"
ip link set dev "\$name" address "\$address"
ip link set dev $pf vf $vf trust "\$trust"
END
}

state() {
    ip -d -j link show dev $pf | jq -cS '.[0].vfinfo_list'
    ip -d -j link show dev $dev | jq -cS '.[0] | del(.ifindex, .stats64, .permaddr, .qdisc)' # a driver's own, and until it is up
}

in_pod() {
    ip -d -j link show dev $pf | jq -cS '.[0].vfinfo_list'
    ip -n blue -d -j link show dev net0 | jq -cS '.[0] | {address, mtu, flags: (.flags | sort)}'
}

# All sides come to the same state there and back, or comparing their times would be idle.
same_result() {
    local side before there=''
    before=$(state)
    for side in sriov script ip; do
        $side-add >"$work/out" 2>&1 || die "$side: $(<"$work/out")"
        [ -n "$there" ] || there=$(in_pod)
        [ "$(in_pod)" = "$there" ] || die "$side does something else: $(diff <(echo "$there") <(in_pod))"
        $side-del >"$work/out" 2>&1 || die "$side: $(<"$work/out")"
        [ "$(state)" = "$before" ] || die "$side does not put it back: $(diff <(echo "$before") <(state))"
    done
}

# ---- Time -----------------------------------------------------------------------------------------------------------------

# measured SIDE WORDS: one cycle, its two samples, and the processor time of both.
measured() {
    local side=$1 words=$2 user system
    TIMEFORMAT='%3U %3S'
    {
        time {
            timed cni-add "$words" "$side-add"
            timed cni-del "$words" "$side-del"
        } 2>&4
    } 4>&2 2>"$work/times"
    read -r user system <"$work/times"
    record time cni-cpu "$words" $(((10#${user/./} + 10#${system/./}) * 1000))
}

race() {
    local i
    for ((i = 0; i < cycles; i++)); do
        measured sriov "sriov"
        measured script "shell script with ip and jq"
        [ $((i % 4)) != 0 ] || measured ip "ip alone, nothing kept"
    done
}

# ---- Counts ---------------------------------------------------------------------------------------------------------------

kilobytes() { # FIELDS: the sum of those of /proc that were kept
    awk -v want="$1" 'BEGIN { split(want, words, " "); for (i in words) is[words[i] ":"] = 1 } is[$1] { sum += $2 } END { print sum + 0 }' "$work/memory"
}

costs() { # BENCHMARK COMMAND CONFIGURATION WHAT
    CNI_COMMAND=$2 $cut count -o "$work/calls" -m "$work/memory" -- /usr/lib/cni/sriov <"$3" >"$work/out" || die "$2: $(<"$work/out")"
    count "$1" "$4" "$(<"$work/calls")"
}

memory() { # BENCHMARK
    count "$1" "private memory at its end, KB" "$(kilobytes "Private_Clean Private_Dirty")"
    count "$1" "largest resident memory, KB" "$(kilobytes VmHWM)"
}

forks() { # BENCHMARK COMMAND
    CNI_COMMAND=$2 strace -f -yy -v -s 4096 -o "$work/trace" /usr/lib/cni/sriov <"$work/conf" >"$work/out" || die "$2: $(<"$work/out")"
    count "$1" "forks" "$(grep -E ' (fork|vfork|clone|clone3)\(' "$work/trace" | grep -vc CLONE_THREAD || true)"
}

messages() {
    count cni-add "messages that move or rename" "$(grep -E 'send(to|msg)\(' "$work/trace" | grep -oE 'IFLA_NET_NS_FD|IFLA_NEW_IFINDEX|IFLA_NET_NS_PID' | wc -l)"
    # The answers tell: of a request that goes out in two parts strace shows no attributes.
    count cni-add "look-ups of the PF with its VFs" "$(grep -E 'recvmsg\(' "$work/trace" | grep -c 'IFLA_VFINFO_LIST' || true)"
}

what_it_costs() {
    costs cni-add ADD "$work/conf" "system calls"
    memory cni-add
    costs cni-del DEL "$work/conf" "system calls"
    memory cni-del
    costs cni-add ADD "$work/conf-ipam" "system calls, with host-local"
    costs cni-del DEL "$work/conf-ipam" "system calls, with host-local"
    forks cni-add ADD
    messages
    forks cni-del DEL
    strip -o "$work/stripped" /usr/lib/cni/sriov
    count cni-add "size of the program stripped, KB" $((($(stat -c %s "$work/stripped") + 1023) / 1024))
}

# netdevsim's VFs have no netdev to move; reading and setting them is what could grow with their number.
calls_to_lend() { # DEVICE
    $cut count -o "$work/calls" -- $lend acquire "$1" 0 "$work/state" vlan=100 mac=$mac spoofchk=off trust=on || die "lend acquire $1"
    $lend release "$1" 0 "$work/state" || die "lend release $1"
    cat "$work/calls"
}

scale() {
    local one more
    calls_to_lend netdevsim1 >"$work/out" # makes the folders
    one=$(calls_to_lend netdevsim1)
    count cni-add "system calls to lend one of 1 VF (netdevsim)" "$one"
    more=$(calls_to_lend netdevsim2)
    count cni-add "more of them with 64 VFs" $((more - one))
    more=$(calls_to_lend netdevsim3)
    count cni-add "more of them with 1,000 VFs" $((more - one))
}

prepare
write_scripts
same_result
what_it_costs
scale
race
