#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The web console in a real browser, against sriovd in a guest of the lab. The browser is Debian's; what drives it comes from npm
# as tests/console/package-lock.json pins it. Pictures of every page stay in build/screenshots.
# timeout: 900
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
modules=build/console
work=$(mktemp -d)
guest=''

clean_up() {
    touch "$work/ask.end"
    [ -z "$guest" ] || { kill "$guest" 2>/dev/null; wait "$guest"; } || true
    rm -rf "$work"
}
trap clean_up EXIT

# Not made: the check counts as one that failed.
stop() {
    printf 'not ok - %s\n' "$1"
    sed 's/^/#     /' "$2"
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

install_driver() {
    mkdir -p "$modules"
    if ! cmp -s tests/console/package-lock.json "$modules/package-lock.json" || [ ! -d "$modules/node_modules" ]; then
        cp tests/console/package.json tests/console/package-lock.json "$modules/"
        npm ci --prefix "$modules" --ignore-scripts --no-audit --no-fund >"$work/npm" 2>&1 || stop 'npm ci' "$work/npm"
    fi
}

start_guest() {
    port=$(free_port)
    lab/run --nics 2 --forward "$port:8443" --share "$work" --stage build/stage --timeout 800 -- \
        bash tests/console/guest.sh >"$work/guest.log" 2>&1 &
    guest=$!
    until [ -e "$work/ready" ]; do
        kill -0 "$guest" 2>/dev/null || { cat "$work/sriovd.log" >>"$work/guest.log" || true; stop 'the guest' "$work/guest.log"; }
        sleep 0.2
    done
}

install_driver
start_guest
rm -rf build/screenshots
CONSOLE_URL="https://127.0.0.1:$port" CONSOLE_SHARE=$work CONSOLE_MODULES=$PWD/$modules CONSOLE_SCREENSHOTS=build/screenshots \
    node tests/console/console.mjs
