#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --smp 2 --iommu off
#
# sriovctl dpdk on a machine without an IOMMU: refused with the reason, also if VFIO's no-IOMMU mode is on, and nothing is left.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash

refused() { # WHAT
    exits 4 "$1" sriovctl dpdk $pf/0 --memory 64
    has "$(cat "$err")" "*$pf/0: has no IOMMU group*write to all memory*host prepare*" "$1: with reason and remedy"
    as_before "$1"
    is "$(cat /proc/sys/vm/nr_hugepages)" 0 "$1: no huge page is left"
}

must sriovctl create $pf 4
must named $pf 4
before=$(everything)
refused 'without an IOMMU'
must modprobe vfio enable_unsafe_noiommu_mode=1
refused 'in the no-IOMMU mode of VFIO'
finish
