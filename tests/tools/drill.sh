#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The faults of lab/faults are whole: each has words for the learner, something that makes it and a way out, a check of the doctor
# that is to find it, and a test script with its lab's options; and docs/drills.md has every drill.
set -u
cd "$(dirname "$0")/../.." || exit 1
count=0
failed=0

tap() { # WHAT COMMAND…
    local what=$1
    shift
    count=$((count + 1))
    if "$@"; then
        echo "ok $count - $what"
    else
        echo "not ok $count - $what"
        failed=1
    fi
}

has_words() { # NAME
    local word
    for word in title lab object expect cause remedy; do
        [ -n "$(lab/fault show "$1" "$word")" ] || { echo "# $1: no $word"; return 1; }
    done
}

# One that only a reboot mends is solved by its answer, all others are mended.
has_a_way_out() { # NAME
    local file=lab/faults/$1
    grep -q '^inject()' "$file" || return
    if [ -n "$(lab/fault show "$1" answer)" ]; then
        ! grep -q -E '^(mended|heal)\(\)' "$file"
    else
        grep -q '^mended()' "$file" && grep -q '^heal()' "$file"
    fi
}

# "pf-down" must be a row of a table of checks, not only a word somewhere.
is_a_check() { grep -q -E "^ *\{ *\"$1\"," src/doctor/*.c; }

has_checks() { # NAME
    local id
    for id in $(lab/fault show "$1" expect); do is_a_check "$id" || { echo "# $1: no check $id"; return 1; }; done
}

is_tested() { grep -q -x -F "# lab: $(lab/fault show "$1" lab)" tests/lab/doctor-faults*.sh; }

faults=$(lab/fault list)
for name in $faults; do
    tap "$name has words" has_words "$name"
    tap "$name has a way out" has_a_way_out "$name"
    tap "$name has checks" has_checks "$name"
    tap "$name is tested" is_tested "$name"
done
tap "at least 25 faults" test "$(wc -w <<<"$faults")" -ge 25
tap "at least 12 drills" test "$(lab/fault list --drills | wc -l)" -ge 12
for name in $(lab/fault list --drills); do
    tap "docs/drills.md has $name" grep -q -F "| $name |" docs/drills.md
done
tap "an unknown drill is refused" eval '! lab/drill nonsense 2>/dev/null'
tap "and --check outside a drill" eval '! lab/drill --check 2>/dev/null'

# Once as a user starts it, with a script in place of the shell. This one needs nothing that is built.
script=$(mktemp)
printf 'drill-check || ip link set enp1s0 up\nuntil drill-check; do sleep 1; done\nexit 7\n' >"$script"
lab/drill pf-down --script "$script" >"$script.out" 2>&1
status=$?
tap "a drill from outside has its script's exit status" test $status = 7
tap "and tells the cause at the end" grep -q '^The cause: The PF is down' "$script.out"
[ "$status" = 7 ] || sed 's/^/# /' "$script.out"
rm -f "$script" "$script.out"
echo "1..$count"
exit "$failed"
