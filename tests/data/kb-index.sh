#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The index of the knowledge base in the repository is what gen-docs makes of the doctor's table: kb-index.sh GEN-DOCS. Make
# it anew with `build/docs/gen-docs kb >docs/kb/README.md`.
set -euo pipefail
cd "$(dirname "$0")/../.."

echo 1..1
if difference=$(diff -u docs/kb/README.md <("$1" kb)); then
    echo 'ok 1 - docs/kb/README.md is the index of the checks'
else
    echo 'not ok 1 - docs/kb/README.md is the index of the checks'
    printf '%s\n' "$difference" | sed 's/^/# /'
    exit 1
fi
