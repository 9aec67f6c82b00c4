#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The checks in tools/ must find what they are for. Each is run on a small tree that is fine, and on the same tree with one
# thing wrong.
set -u
tools=$(realpath "$(dirname "$0")/../../tools")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
count=0
failed=0
licence='/* SPDX-License-Identifier: LGPL-2.1-or-later */'

# tap WHAT STATUS WANTED
tap() {
    count=$((count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1: exit status $2, not $3"
        failed=1
    fi
}

# put FILE LINE...: a file of the tree, below the licence
put() {
    mkdir -p "$tree/$(dirname "$1")"
    printf '%s\n' "$licence" "${@:2}" >"$tree/$1"
}

# fine CHECK, and then finds CHECK WHAT FILE LINE...: the file is there for this one run only
fine() {
    "$tools/$1" "$tree" >/dev/null 2>&1
    tap "$1: a good tree passes" $? 0
}
finds() {
    put "${@:3}"
    "$tools/$1" "$tree" >/dev/null 2>&1
    tap "$1 finds $2" $? 1
    rm "$tree/$3"
}

cp "$tools/../.clang-format" "$tree"
put include/sriov/pf.h '#include <stdint.h>'
put src/base/str.h '#include <string.h>'
put src/kernel/mnl.h '#include "base/str.h"' '' '#include <libmnl/libmnl.h>'
put src/core/plan.c '#include "plan.h"' '#include "kernel/nl.h"' '#include "sriov/pf.h"'
put src/cli/main.c '#include "core/plan.h"' '#include "verb.h"'
put src/cni/main.c '#include "core/plan.h"'

fine check-layers
finds check-layers 'base that includes kernel' src/base/a.c '#include "kernel/nl.h"'
finds check-layers 'base that includes the public API' src/base/a.c '#include "sriov/pf.h"'
finds check-layers 'base that includes the public API in <>' src/base/a.c '#include <sriov/pf.h>'
finds check-layers 'kernel that includes core' src/kernel/a.c '#  include "core/plan.h"'
finds check-layers 'core that includes a program by a path with ..' src/core/a.c '#include "../cli/main.c"'
finds check-layers 'wire that includes kernel' src/wire/a.h '#include "kernel/nl.h"'
finds check-layers 'a program that includes another' src/cni/a.c '#include "cli/verb.h"'
finds check-layers 'a public header that includes base' include/sriov/a.h '#include "base/str.h"'
finds check-layers 'a second user of libmnl' src/kernel/a.c '#include <libmnl/libmnl.h>'
finds check-layers 'cmocka outside the tests' src/core/a.c '#include <cmocka.h>'

# lines N TEXT
lines() {
    yes "$2" | head -n "$1"
}
mapfile -t long < <(echo 'int f(void)'; echo '{'; lines 98 '    g();'; echo '}')
fine check-sizes
finds check-sizes 'a function of 101 lines' src/core/a.c "${long[@]}"
finds check-sizes 'a test of 101 lines' tests/unit/test-a.c "${long[@]}"
mapfile -t long < <(lines 1000 'int a;')
finds check-sizes 'a file of 1001 lines' src/core/a.h "${long[@]}"
mapfile -t long < <(for i in $(seq 20); do printf 'int f%s(void)\n{\n' "$i"; lines 16 '    g();'; echo '}'; done)
finds check-sizes 'a median of 19 lines' src/core/a.c "${long[@]}"
for i in $(seq 7); do put "include/sriov/h$i.h" ''; done
finds check-sizes 'a ninth public header' include/sriov/a.h ''

rm -r "$tree/include"
mapfile -t long < <(printf '%s\n' 'int f(void)' '{' '    return 0;' '}')
put src/core/a.c '' "${long[@]}"
if clang-format --version | grep -q 'version 14'; then
    fine check-format
    finds check-format 'a brace in the wrong place' src/core/b.c '' 'int f(void) {' '    return 0;' '}'
    "$tools/check-format" --fix "$tree" >/dev/null
    fine check-format
else
    count=$((count + 1))
    echo "ok $count - check-format # SKIP clang-format is not version 14"
fi

fine check-text
finds check-text 'a blank at the end of a line' src/core/b.c 'int a; '
finds check-text 'a tab in C' src/core/b.c "$(printf '\tint a;')"
finds check-text 'unfinished work' docs/a.md "TO""DO: all"
finds check-text 'a path of one machine' tests/a.sh "cd /ro""ot/x"
finds check-text 'a home folder' tests/a.sh "cd /ho""me/joe/x"
finds check-text 'a registry host' docs/a.md "docker pull qu""ay.io/x"
licence='/* all rights reserved */'
finds check-text 'a source without licence' src/core/b.c 'int a;'

echo "1..$count"
exit "$failed"
