#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --switch --multifunction --pci-bridge --bad-acs --nvme 4
# timeout: 300
#
# The doctor works out the IOMMU groups by itself, as the kernel does it, to be able to name the bridge that breaks one. For every
# PCI device its groups are the kernel's: good and bad ports, a switch, functions of one slot, conventional PCI, VFs.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=topology.bash
. ./topology.bash

all_groups
finish
