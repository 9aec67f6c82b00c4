#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --kernel 6.1 --nics 1 --switch --multifunction --pci-bridge --bad-acs --nvme 4
# timeout: 300
#
# The same as doctor-topologies.sh on the kernel of Debian 12.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=topology.bash
. ./topology.bash

all_groups
finish
