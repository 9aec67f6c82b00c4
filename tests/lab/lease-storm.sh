#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 0 --netdevsim 64
# timeout: 900
#
# 50 processes acquire and release VFs of one PF 100 times each, through the whole engine: no VF is lent twice, none is
# left, and the PF's VFs are as before. (The leases alone, which decide who gets a VF, have a thousand times each in
# tests/storm.) How long it took is shown, not judged: an emulator's times say nothing. ROUNDS in the environment asks for
# another number.

. tests/lab/lib.sh

rounds=${ROUNDS:-100}
storm=/usr/libexec/sriovd-tests/lease-storm
before=$(state)
keep "$storm" engine "$tmp/state" 50 "$rounds" 64 netdevsim1
grep '^#' "$out"
is "$(grep -c '^ok' "$out")" 3 "50 processes, $rounds times each: no VF had two owners, nothing failed, no lease is left"
is "$(grep '^not ok' "$out")" '' 'and nothing else is wrong'
is "$(state)" "$before" 'the VFs are as before'
finish
