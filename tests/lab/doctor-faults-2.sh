#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 1500
#
# The doctor finds the cause of every fault of lab/faults that two NICs are enough for, and nothing when it is mended: the other
# half of doctor-faults-1.sh.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=doctor.bash
. ./doctor.bash

try_faults 2 2
finish
