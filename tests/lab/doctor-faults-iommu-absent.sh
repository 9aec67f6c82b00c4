#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2 --iommu off
# timeout: 300
#
# The doctor on a machine whose firmware gives no IOMMU, though the kernel's log says "IOMMU enabled".
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=doctor.bash
. ./doctor.bash

try_faults
finish
