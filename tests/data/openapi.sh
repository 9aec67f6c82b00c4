#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The description of the API: openapi.sh GEN-DOCS SRIOVD SRIOVCTL. docs/api.md in the repository is what gen-docs makes of the
# route table (make it anew with `build/docs/gen-docs api >docs/api.md`), and a daemon that answers from a capture serves the same
# OpenAPI document and answers as it says (openapi-check).
set -euo pipefail
gen=$(realpath "$1")
sriovd=$(realpath "$2")
sriovctl=$(realpath "$3")
cd "$(dirname "$0")"
tmp=$(mktemp -d)
daemon=
# shellcheck disable=SC2317 # the trap's
end() {
    [ -z "$daemon" ] || kill "$daemon" || true
    rm -rf "$tmp"
}
trap end EXIT

failures=0
if difference=$(diff -u ../../docs/api.md <("$gen" api)); then
    echo 'ok 1 - docs/api.md is made of the table of routes'
else
    echo 'not ok 1 - docs/api.md is made of the table of routes'
    printf '%s\n' "$difference" | sed 's/^/# /'
    failures=1
fi

"$gen" openapi >"$tmp/openapi.json"
printf 'policy: %s\n' "$tmp/policy" >"$tmp/sriovd.conf"
mkdir "$tmp/policy"
cat >"$tmp/policy/a.yaml" <<'POLICY'
pfs:
  - match: {name: enp1s0}
    mode: observe
    num_vfs: 4
    vfs: {"0": {vlan: 7}}
  - match: {name: enp9s0}
    num_vfs: 1
POLICY
"$sriovd" --config "$tmp/sriovd.conf" --replay igb.json --socket "$tmp/socket" --state-dir "$tmp/state" \
    --sriovctl "$sriovctl" 2>"$tmp/log" &
daemon=$!
for _ in $(seq 100); do
    [ ! -S "$tmp/socket" ] || break
    sleep 0.1
done
if ! ./openapi-check "$tmp/openapi.json" "$tmp/socket"; then
    sed 's/^/# /' "$tmp/log"
    failures=1
fi
exit "$failures"
