# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmark refusal: a VF that a virtual machine holds is to be taken away, with 200 processes running.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=bench/guest/lib.sh
. ./lib.sh

pf=enp1s0
children=()
trap 'kill "${children[@]}"' EXIT

hold() {
    local group n
    sriovctl create $pf 2 >/dev/null
    sriovctl bind $pf/0 vfio-pci >/dev/null
    group=$(basename "$(readlink "/sys/class/net/$pf/device/virtfn0/iommu_group")")
    # Paused: it holds the VF like any other and takes no processor time.
    qemu-system-x86_64 -name web1 -S -nodefaults -display none -accel tcg -m 32 \
        -device "vfio-pci,host=$(basename "$(readlink "/sys/class/net/$pf/device/virtfn0")")" >"$work/qemu" 2>&1 &
    children+=($!)
    wait_for 60 sh -c "ls -l /proc/$!/fd | grep -q '/dev/vfio/$group\$'"
    for ((n = 0; n < 200; n++)); do
        sleep 100000 &
        children+=($!)
    done
}

# A refusal that names the holder is what is measured; anything else is a failure.
refused() {
    local status=0
    sriovctl create $pf 0 >"$work/refusal" 2>&1 || status=$?
    [ $status -eq 3 ]
}

race() {
    for _ in 1 2 3 4 5 6 7 8 9; do
        timed refusal "sriovctl create PF 0, refused" refused
        timed refusal "ip link show" ip link show
    done
    grep -q web1 "$work/refusal" || die "the holder is not named: $(cat "$work/refusal")"
}

# sriov_numvfs is behind the PF's device lock, and so is its bind and unbind.
lock_taken() {
    strace -f -y -o "$work/trace" sriovctl create $pf 0 >/dev/null 2>&1 || true
    count refusal "accesses to files behind the PF's lock" \
        "$(grep -cE 'open[a-z]*\(.*(sriov_numvfs|driver_override|/unbind|/bind)"' "$work/trace" || true)"
}

hold
race
lock_taken
