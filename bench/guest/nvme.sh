# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmark nvme: 120 VFs of an NVMe controller, created and bound to vfio-pci.
# Whoever makes them by hand knows to turn autoprobe off first; otherwise the nvme driver would take every VF.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=bench/guest/lib.sh
. ./lib.sh

vfs=120
device=$(dirname /sys/bus/pci/drivers/nvme/*/sriov_totalvfs)
pci=$(basename "$device")

by_hand() {
    echo 0 >"$device/sriov_drivers_autoprobe"
    echo $vfs >"$device/sriov_numvfs"
}

with_loop() {
    local n vf
    by_hand
    for ((n = 0; n < vfs; n++)); do
        vf=$(basename "$(readlink "$device/virtfn$n")")
        echo vfio-pci >"/sys/bus/pci/devices/$vf/driver_override"
        echo "$vf" >/sys/bus/pci/drivers_probe
    done
}

with_driverctl() {
    local n
    by_hand
    for ((n = 0; n < vfs; n++)); do
        driverctl --nosave set-override "$(basename "$(readlink "$device/virtfn$n")")" vfio-pci
    done
}

bound() {
    set -- /sys/bus/pci/drivers/vfio-pci/*:*
    echo $#
}

# one SIDE COMMAND…: a sample that begins without VFs and with udev at rest.
one() {
    echo 0 >"$device/sriov_numvfs"
    echo 1 >"$device/sriov_drivers_autoprobe"
    udevadm settle
    timed nvme "$@"
    [ "$(bound)" -eq $vfs ] || die "$1: $(bound) VFs are bound to vfio-pci, not $vfs"
}

printf 'pfs:\n  - match: {pci: "%s"}\n    num_vfs: %d\n    vfs:\n      "0-%d": {driver: vfio-pci}\n' \
    "$pci" $vfs $((vfs - 1)) >"$work/policy.yaml"
modprobe vfio-pci
for round in 1 2 3; do
    one "sriovctl apply" sriovctl apply -f "$work/policy.yaml"
    [ "$round" -gt 2 ] || one "create, then a shell loop" with_loop
    [ "$round" -gt 1 ] || one "create, then driverctl" with_driverctl
done
