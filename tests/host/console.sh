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
guest='' daemon=''
sbin=build/stage/usr/sbin

clean_up() {
    touch "$work/ask.end"
    [ -z "$guest" ] || { kill "$guest" 2>/dev/null; wait "$guest"; } || true
    [ -z "$daemon" ] || { kill "$daemon" && wait "$daemon"; } || true
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

# A daemon on this machine, which answers from a capture.
start_replay() {
    local here=$work/replay
    replay_port=$(free_port)
    mkdir "$here" "$here/policy"
    python3 tests/host/make-capture 256 >"$here/capture.json"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lab \
        -keyout "$here/tls.key" -out "$here/tls.crt" 2>/dev/null
    printf '%s: "%s"\n' listen "127.0.0.1:$replay_port" certificate "$here/tls.crt" key "$here/tls.key" \
        tokens "$here/tokens" policy "$here/policy" >"$here/sriovd.conf"
    "$sbin/sriovd" token --config "$here/sriovd.conf" add replay read >"$work/token.replay"
    "$sbin/sriovd" --config "$here/sriovd.conf" --replay "$here/capture.json" --state-dir "$here" \
        --socket "$here/api.sock" --sriovctl build/stage/usr/bin/sriovctl 2>"$here/log" &
    daemon=$!
}

install_driver
start_guest
start_replay
rm -rf build/screenshots
CONSOLE_URL="https://127.0.0.1:$port" CONSOLE_REPLAY_URL="https://127.0.0.1:$replay_port" CONSOLE_SHARE=$work CONSOLE_MODULES=$PWD/$modules CONSOLE_SCREENSHOTS=build/screenshots \
    node tests/console/console.mjs
