#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 600
#
# Runs the transcripts of the knowledge base: each page with a section "A transcript" makes its fault, shows what the doctor
# says of it, and mends it. A block whose fence says "sh exit N" must end with that status; a "text" block behind one is what
# it prints, but for numbers and the width of columns. PAGES in the environment names some of them.

. tests/lab/lib.sh
# shellcheck source=tests/lab/blocks.bash
. tests/lab/blocks.bash

run_page() { # PAGE
    local folder=$tmp/blocks/$1 block
    mkdir -p "$folder"
    awk '/^## / { inside = $0 == "## A transcript" } inside' "$1" >"$tmp/transcript"
    take_out "$tmp/transcript" "$folder"
    for block in "$folder"/*.[0-9]; do run_block "$1" "$block"; done
    succeeds "$1: nothing is left" sriovctl doctor
    must sriovctl create enp1s0 0 --quiet --yes
}

# shellcheck disable=SC2046,SC2086 # names of files
set -- ${PAGES:-$(grep -l '^## A transcript$' docs/kb/*.md)}
for page; do run_page "$page"; done
ok 'the six rows of the troubleshooting table have transcripts' test $# -ge "${COUNT:-6}"
finish
