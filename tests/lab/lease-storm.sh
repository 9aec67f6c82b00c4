#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 0 --netdevsim 64
# timeout: 1500
#
# 50 processes acquire and release VFs of one PF 1,000 times each, through the whole engine: no VF is lent twice, none is
# left, and the PF's VFs are as before. How long it took is shown, not judged: an emulator's times say nothing.

. tests/lab/lib.sh

storm=/usr/libexec/sriovd-tests/lease-storm
before=$(state)
keep "$storm" engine "$tmp/state" 50 1000 64 netdevsim1
grep '^#' "$out"
is "$(grep -c '^ok' "$out")" 3 '50 processes, 1,000 times each: no VF had two owners, nothing failed, no lease is left'
is "$(grep '^not ok' "$out")" '' 'and nothing else is wrong'
is "$(state)" "$before" 'the VFs are as before'
finish
