# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # of lib.sh
#
# What the tests of IOMMU groups share: doctor-topologies*.sh.

# The kernel's groups, a line for each: its devices. Numbers mean nothing, so they are not compared.
kernel_groups() {
    local group
    for group in /sys/kernel/iommu_groups/*/devices; do ls "$group" | paste -s -d ' '; done | sort
}

# The same as the doctor worked it out: who has the same first device is in one group. (Its number "computed" is the kernel's
# number of that device, so that of one which is wrongly taken for alone would agree.)
computed_groups() { jq -r '.groups | group_by(.first) | .[] | map(.pci) | sort | join(" ")' "$out" | sort; }

all_devices() { find /sys/bus/pci/devices/ -mindepth 1 -printf '%f\n' | sort; }

groups_agree() { # WHAT
    keep sriovctl doctor --groups --json
    is "$status" 0 "$1: doctor --groups"
    is "$(json '.groups[].pci' | sort)" "$(all_devices)" "$1: every PCI device is there"
    is "$(json '.groups[] | "\(.pci) \(.kernel)"' | sort)" \
        "$(for dev in $(all_devices); do echo "$dev $(basename "$(readlink "/sys/bus/pci/devices/$dev/iommu_group")")"; done)" \
        "$1: with the kernel's number"
    is "$(computed_groups)" "$(kernel_groups)" "$1: and the computed groups are the kernel's"
    echo "# $1: $(all_devices | wc -l) devices in $(kernel_groups | wc -l) groups"
}

# make_vfs COUNT: on each PF that there is.
make_vfs() {
    local file
    for file in /sys/bus/pci/devices/*/sriov_numvfs; do must eval "echo $1 >$file"; done
    udevadm settle
}

# breaker NETDEV: the bridge that the doctor blames for the group of the device behind this netdev.
breaker() {
    jq -r --arg pci "$(basename "$(readlink "/sys/class/net/$1/device")")" '.groups[] | select(.pci == $pci) | .breaker' "$out"
}

# port_of NETDEV: the bridge that its device is behind.
port_of() { basename "$(dirname "$(readlink -f "/sys/class/net/$1/device")")"; }

# by_mac LAST-BYTE: the netdev of lab/run's n-th NIC.
by_mac() { basename "$(dirname "$(grep -lx "52:54:00:11:00:$1" /sys/class/net/*/address)")"; }

the_bridges_are_named() {
    local nic
    is "$(breaker "$(by_mac 01)")" null "a NIC behind a good port is alone"
    for nic in 02 03 04 09; do
        is "$(breaker "$(by_mac $nic)")" "$(port_of "$(by_mac $nic)")" "the port is named that $(by_mac $nic) is behind"
    done
    is "$(breaker "$(by_mac 05)") $(breaker "$(by_mac 06)")" 'null null' "igb and e1000e in one slot are known to be kept apart"
}

all_groups() {
    groups_agree "without VFs"
    make_vfs 2
    groups_agree "with VFs"
    the_bridges_are_named
}
