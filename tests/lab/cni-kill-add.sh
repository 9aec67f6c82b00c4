#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 2000
#
# kill -9 before each system call of ADD: DEL, or GC for every third, makes the VF what it was, with no address reserved, no lease, and nothing
# in the pod.

. tests/lab/lib.sh
. tests/lab/cni.bash
. tests/lab/cni-kill.bash

start_kills
for configuration in all_settings with_ipam; do
    $configuration
    count_calls
    cut_add "$add"
    is "$points $bad" "$add 0" "$configuration: ADD killed at $points points, and the VF is as before after each"
done
finish
