#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A call of a function in src/base/banned.h must not compile and must say what to use, with both compilers; the headers
# that declare them, and names that only look alike, must compile.
set -u
cd "$(dirname "$0")/../.." || exit 1
count=0
failed=0

compile() { # COMPILER: the program on stdin
    "$1" -std=gnu17 -D_GNU_SOURCE -O2 -D_FORTIFY_SOURCE=2 -Wall -Werror -Isrc -include base/banned.h -fsyntax-only -xc - 2>&1
}

tap() { # WHAT STATUS
    count=$((count + 1))
    [ "$2" = 0 ] || failed=1
    [ "$2" = 0 ] || printf 'not '
    echo "ok $count - $1"
}

for cc in gcc clang; do
    for name in $(sed -n 's/^#define \([a-z]*\)(\.\.\.).*/\1/p' src/base/banned.h); do
        echo "int f(void *a); int f(void *a) { return (int)(long)$name(a, a); }" | compile "$cc" | grep -q "$name() is banned: "
        tap "$cc refuses $name" $?
    done
    compile "$cc" <<'END'
#include <ftw.h>
#include <jansson.h>
#include <libmnl/libmnl.h>
#include <netdb.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <wchar.h>
#include <yaml.h>

struct names {
    int system, gets;
};
int f(const struct names *n);
int f(const struct names *n)
{
    return n->system + n->gets;
}
END
    tap "$cc takes the system headers and members of such names" $?
done
echo "1..$count"
exit "$failed"
