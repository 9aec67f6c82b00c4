#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2 --append pcie_acs_override=downstream
# timeout: 300
#
# The doctor and the parameter that pretends isolation.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=doctor.bash
. ./doctor.bash

try_faults
finish
