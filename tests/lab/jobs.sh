#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs every block of docs/jobs.md, in order: what a guide shows must work as it stands. A block whose fence
# says "sh exit N" must end with that status.
# lab: --nics 1
. "$(dirname "$0")/lib.sh"

mkdir -p /tmp/jobs

# One file per block, "NN.STATUS", beside its heading "NN.title".
awk -v dir=/tmp/jobs '
    /^## / { title = substr($0, 4) }
    /^```$/ && inside { inside = 0; close(file); next }
    /^```sh/ {
        inside = 1; n++
        file = sprintf("%s/%02d.%s", dir, n, $2 == "exit" ? $3 : 0)
        print title > sprintf("%s/%02d.title", dir, n)
        next
    }
    inside { print > file }
' docs/jobs.md

for block in /tmp/jobs/*.[0-9]; do
    status=0
    bash -e "$block" > /tmp/jobs/output 2>&1 || status=$?
    title="${block##*/}: $(cat "${block%.*}.title")"
    [ "$status" -eq "${block##*.}" ] || sed 's/^/# /' /tmp/jobs/output
    is "$status" "${block##*.}" "$title"
done
is "$(ls /tmp/jobs/*.[0-9] | wc -l)" "$(grep -c '^```sh' docs/jobs.md)" "every block of the page was run"
finish
