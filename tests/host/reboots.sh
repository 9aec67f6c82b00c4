#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 900
#
# Three boots with one state folder; tests/soak/reboots.sh does more of them.
exec tests/soak/reboots.sh 3 build/stage
