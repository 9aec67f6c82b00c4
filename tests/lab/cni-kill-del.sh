#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 2000
#
# kill -9 before each system call of DEL: DEL again makes the VF what it was, with no address reserved, no lease, and nothing
# in the pod.

. tests/lab/lib.sh
. tests/lab/cni.bash
. tests/lab/cni-kill.bash

start_kills
for configuration in all_settings with_ipam; do
    $configuration
    count_calls
    cut_del "$del"
    is "$points $bad" "$del 0" "$configuration: DEL killed at $points points, and the VF is as before after each"
done
finish
