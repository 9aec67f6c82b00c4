#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The doctor on machines that the lab cannot be: makes the captures of doctor/build, replays them and those of doctor/ with the
# sriovctl given as $1, and compares its first finding with doctor/expected. Each machine is healthy but for one thing.
sriovctl=$(realpath "$1")
cd "$(dirname "$0")/doctor" || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
checks=0
failures=0

# examine FILE [POLICY]: what the doctor says, in JSON; without environment and state folder.
examine() {
    env -i "$sriovctl" --replay "$1" --state-dir /nonexistent doctor --json ${2:+-f "$2"}
}

# The first finding: "ID OBJECT SEVERITY".
first() {
    jq -r '.findings[0] // empty | "\(.id) \(.object) \(.severity)"'
}

says() { # NAME ID OBJECT
    local file=$tmp/$1.json policy=$tmp/$1.yaml found
    [ -e "$file" ] || file=$1.json
    [ -e "$policy" ] || policy=''
    examine "$file" "$policy" >"$tmp/said" 2>"$tmp/errors" || [ $? = 1 ] || return
    found=$(first <"$tmp/said")
    if [ "$2" = - ]; then
        [ -z "$found" ] || [[ $found == *\ info ]]
    else
        [[ $found == "$2 $3 "* ]]
    fi
}

./build "$tmp" || exit
while read -r name id object; do
    [[ $name && $name != \#* ]] || continue
    checks=$((checks + 1))
    if says "$name" "$id" "$object"; then
        echo "ok $checks - $name: $id $object"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $name: $id $object"
        jq -r '.findings[] | "# \(.id) \(.object): \(.cause)"' <"$tmp/said"
        sed 's/^/# /' "$tmp/errors"
    fi
done <expected
for file in "$tmp"/*.json; do
    name=$(basename "$file" .json)
    grep -q "^$name " expected && continue
    checks=$((checks + 1))
    failures=$((failures + 1))
    echo "not ok $checks - $name: is not in doctor/expected"
done
echo "1..$checks"
[ $failures = 0 ]
