#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 0 --nvme 127 --append pci=realloc=off
# timeout: 300
#
# The doctor and a bridge window that is too small for the BARs of the VFs.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=doctor.bash
. ./doctor.bash

try_faults
finish
