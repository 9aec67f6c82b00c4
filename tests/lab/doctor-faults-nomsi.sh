#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2 --append pci=nomsi
# timeout: 300
#
# The doctor on a machine without MSI-X, where igb makes no VFs.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=doctor.bash
. ./doctor.bash

try_faults
finish
