#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --switch
# timeout: 300
#
# The doctor names the port of a switch that has no ACS.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=doctor.bash
. ./doctor.bash

try_faults
finish
