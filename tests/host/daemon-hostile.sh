#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Clients that mean no good, or are broken: what is too large, malformed, slow, or not permitted is refused with the right
# status, is in the log, changes nothing, and nobody else waits for it.
# timeout: 300
. tests/lab/lib.sh
. tests/host/daemon.bash

group=daemon # any that is there; the test's own user is not in it
nobody=65534
port=''
clients=()

# The status that a request gets, over the Unix socket; its body is in $out.
status_of() { # PATH [CURL OPTION]…
    get "$1" -o "$out" -w '%{http_code}' "${@:2}" 2>"$err"
}

over_tls() { # PATH [CURL OPTION]…
    local path=$1
    shift
    curl -sS --max-time 20 --cacert "$tmp/cert.pem" "https://localhost:$port$path" -o "$out" -w '%{http_code}' "$@" 2>"$err"
}

as() { # UID GID GROUPS COMMAND…
    setpriv --reuid "$1" --regid "$2" --groups "$3" "${@:4}"
}

# What it refused since it was asked last, one "WHO: MESSAGE" a line.
seen=0
refusals() {
    tail -n "+$((seen + 1))" "$tmp/log" | jq -r 'select(.kind == "refused") | "\(.who): \(.message)"'
}
from_here() {
    seen=$(wc -l <"$tmp/log")
}

refused() { # PATTERN WHAT: is that in the log?
    if wait_for 5 eval "[[ \$(refusals) == $1 ]]"; then
        pass "$2: in the log"
    else
        fail "$2: in the log" "$(refusals)"
    fi
    from_here
}

machine() {
    get /v1/pfs | md5sum
}

# ---- Size and form --------------------------------------------------------------------------------------------------------

bodies() {
    head -c 10000000 /dev/zero | tr '\0' x >"$tmp/large"
    is "$(status_of /v1/plan --data-binary "@$tmp/large" -H 'Content-Type: application/json')" 413 'a body of 10 MB'
    is "$(json .error.message)" 'the body is too large' 'and why'
    refused '*"too large"*' 'a body of 10 MB'
    is "$(status_of /v1/plan --data-binary "@$tmp/large" -H 'Content-Type: application/json' -H 'Expect:')" 413 \
        'a body of 10 MB that is sent unasked'
    is "$(status_of /v1/plan -T - -X POST -H 'Content-Type: application/json' -H 'Expect:' <"$tmp/large")" 413 \
        'a body of 10 MB in chunks'
    is "$(status_of /v1/pfs -H "X-Long: $(head -c 20000 "$tmp/large")")" 431 'headers of 20 kB'
    from_here
}

malformed_json() {
    local body
    for body in '{' '{"num_vfs":}' '[1]' '{"num_vfs":1,"num_vfs":2}' '{"num_vf":1}' '{"num_vfs":"many"}' $'{"num_vfs":\xff}' 'null' '""'; do
        is "$(status_of /v1/pfs/enp1s0 -X PATCH -H 'Content-Type: application/json' --data-binary "$body")" 400 "as a body: $body"
    done
    refused '*enp1s0*' 'malformed JSON'
    is "$(status_of /v1/leases -H 'Content-Type: text/html' --data-binary '{}')" 415 'a body that is said to be HTML'
    from_here
}

paths() {
    local path
    for path in /../../etc/passwd /v1/../../../etc/passwd /%2e%2e/%2e%2e/etc/passwd /v1/%2E%2E/x '/..%2f..%2fetc/passwd' '/v1/pfs/%00' \
        '/v1/pfs/a%0d%0ab' '/%ff' '/v1/pfs/..\..\x'; do
        is "$(status_of "$path" --path-as-is)" 400 "as a path: $path"
    done
    refused '*"path"*' 'a path with ..'
    is "$(status_of /v1/pfs/enp1s0%2f..%2f.. --path-as-is)" 400 'dots in the name of a device'
    is "$(status_of /v1/nothing)" 404 'a path that is not there'
    from_here
}

# ---- Who may --------------------------------------------------------------------------------------------------------------

users() {
    local gid
    gid=$(getent group $group | cut -d: -f3)
    chmod 755 "$tmp" && chmod 666 "$tmp/socket"
    is "$(as $nobody $nobody $nobody curl -sS --unix-socket "$tmp/socket" http://localhost/v1/pfs -o /dev/null -w '%{http_code}')" 200 \
        'a user outside the group may look'
    is "$(as $nobody $nobody $nobody curl -sS --unix-socket "$tmp/socket" http://localhost/v1/pfs/enp1s0 -X PATCH \
        -H 'Content-Type: application/json' -d '{"num_vfs":0}' -o /dev/null -w '%{http_code}')" 403 'but may not change anything'
    refused '*nobody*' 'his attempt'
    is "$(as $nobody $nobody "$nobody,$gid" curl -sS --unix-socket "$tmp/socket" 'http://localhost/v1/pfs/enp1s0?dry_run=true' -X PATCH \
        -H 'Content-Type: application/json' -d '{"mtu":1500}' -o /dev/null -w '%{http_code}')" 200 'one in the group may'
    from_here
}

tokens() {
    local read operate admin
    read=$("$bin/sbin/sriovd" token --config "$tmp/sriovd.conf" add look read)
    operate=$("$bin/sbin/sriovd" token --config "$tmp/sriovd.conf" add ci operate)
    admin=$("$bin/sbin/sriovd" token --config "$tmp/sriovd.conf" add chief admin 30)
    is "$(stat -c %a "$tmp/tokens")" 600 'the file of tokens is closed to others'
    is "$(over_tls /v1/pfs)" 401 'no token'
    over_tls /v1/pfs -D "$tmp/head" >/dev/null
    has "$(cat "$tmp/head")" '*WWW-Authenticate: Bearer*' 'it says what it wants'
    is "$(over_tls /v1/pfs -H "Authorization: Bearer ${read%?}x")" 401 'a wrong token'
    refused '*127.0.0.1:*' 'a wrong token'
    is "$(over_tls /v1/pfs -H "Authorization: Bearer $read")" 200 'a token of role read may look'
    is "$(over_tls /v1/pfs/enp1s0 -X PATCH -H "Authorization: Bearer $read" -H 'Content-Type: application/json' -d '{"num_vfs":0}')" 403 \
        'a token of role read on a write'
    refused '*"token look"*' 'a token of role read on a write'
    is "$(over_tls /v1/pfs/enp1s0 -X PATCH -H "Authorization: Bearer $operate" -H 'Content-Type: application/json' -d '{"num_vfs":0}')" 403 \
        'a token of role operate on the number of VFs'
    is "$(over_tls '/v1/pfs/enp1s0?dry_run=true' -X PATCH -H "Authorization: Bearer $admin" -H 'Content-Type: application/json' -d '{"mtu":1500}')" \
        200 'a token of role admin'
    succeeds 'the tokens are listed' "$bin/sbin/sriovd" token --config "$tmp/sriovd.conf" list
    has "$(tr -s ' ' <"$out")" '*look read -*ci operate -*chief admin 20*' 'with role and end'
    hasnt "$(cat "$out" "$tmp/tokens")" "*${read#sriov_}*" 'the token itself is nowhere'
    succeeds 'a token is removed' "$bin/sbin/sriovd" token --config "$tmp/sriovd.conf" remove look
    is "$(over_tls /v1/pfs -H "Authorization: Bearer $read")" 401 'and no good from then on'
    exits 2 'a role that is none' "$bin/sbin/sriovd" token --config "$tmp/sriovd.conf" add x chief
    exits 2 'a token that is not there' "$bin/sbin/sriovd" token --config "$tmp/sriovd.conf" remove look
    chmod 640 "$tmp/tokens"
    is "$(over_tls /v1/pfs -H "Authorization: Bearer $admin")" 401 'no token is good while others may read their file'
    chmod 600 "$tmp/tokens"
    is "$(over_tls /v1/pfs -H "Authorization: Bearer $admin")" 200 'and again when they may not'
    from_here
}

pages_of_other_sites() {
    is "$(status_of /v1/pfs/enp1s0 -X PATCH -H 'Origin: http://evil.example' -H 'Content-Type: application/json' -d '{"num_vfs":0}')" 403 \
        'a write on behalf of another site'
    is "$(status_of /v1/pfs -H 'Host: evil.example:8080')" 403 'a site that gave its name our address'
    refused '*"another site"*' 'a page of another site'
}

# ---- Slow ones ------------------------------------------------------------------------------------------------------------

# Clients in the background: each says its first words, then a letter every 0.2 s, if any.
slow_client() { # WORDS LETTER
    python3 - "$tmp/socket" "$1" "$2" <<'PY' &
import socket, sys, time
path, words, letter = sys.argv[1], sys.argv[2].encode().decode('unicode_escape').encode(), sys.argv[3].encode()
s = socket.socket(socket.AF_UNIX)
s.connect(path)
s.send(words)
s.settimeout(0.2)
for _ in range(300):
    try:
        if s.recv(4096) == b'':
            sys.exit(0)
    except socket.timeout:
        pass
    except OSError:
        sys.exit(0)
    if letter:
        try:
            s.send(letter)
        except OSError:
            sys.exit(0)
    time.sleep(0.01)
sys.exit(1)
PY
    clients+=($!)
}

connections() {
    get /metrics | awk '/^sriov_http_connections / { print $2 }'
}

# shellcheck disable=SC2329 # called by wait_for
has_connections() { # COUNT, at least
    [ "$(connections)" -ge "$1" ]
}

slow_clients() {
    local i longest=0 took pid
    for ((i = 0; i < 10; i++)); do
        slow_client '' ''
        slow_client 'GET /v1/pfs HT' ''
        slow_client 'GET /v1/pfs HTTP/1.1\r\nHost: x\r\nX: ' y
        slow_client 'POST /v1/plan HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n' z
    done
    wait_for 10 has_connections 41
    for ((i = 0; i < 20; i++)); do
        took=$(microseconds get /v1/pfs)
        longest=$((took > longest ? took : longest))
    done
    echo "# with 40 slow clients the longest answer took $longest us, curl's start included"
    ok 'others are answered meanwhile' test "$longest" -lt 5000000
    status=0
    for pid in "${clients[@]}"; do
        wait "$pid" || status=$?
    done
    is $status 0 'the slow ones have lost their connections'
    refused '*@("without a request"|"too slow")*' 'of slow ones one a second'
    is "$(connections)" 1 'none is left'
}

# More than may be there at once, from one user.
crowd() {
    sleep 1.2 # it is told once a second who is refused
    keep timeout 20 "$bin/libexec/sriovd-tests/http-load" "$tmp/socket" 100 100 1 /v1/health
    ok 'too many connections of one user are closed' test "$status" != 0
    refused '*"too many connections of this peer"*' 'too many connections'
    is "$(as $nobody $nobody $nobody curl -sS --unix-socket "$tmp/socket" http://localhost/v1/pfs -o /dev/null -w '%{http_code}')" 200 \
        'another user has his'
}

flood() {
    seq 1000 | sed "s|.*|url = http://localhost/v1/health\noutput = /dev/null|" >"$tmp/urls"
    curl -sS --unix-socket "$tmp/socket" -K "$tmp/urls" -w '%{http_code}\n' >"$out" 2>"$err"
    ok 'a flood of requests is answered with 429' test "$(grep -c 429 "$out")" -gt 100
    from_here
    sleep 3
    is "$(status_of /v1/health)" 200 'later requests of the same user are not'
}

# ---- All of it ------------------------------------------------------------------------------------------------------------

make_certificate() {
    must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/key.pem" -out "$tmp/cert.pem" -days 2 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

must eval "tests/host/make-capture 8 >'$tmp/capture.json'"
make_certificate
port=$(free_port)
setting "policy: $tmp/policy" "tokens: $tmp/tokens" "group: $group" "listen: 127.0.0.1:$port" "certificate: $tmp/cert.pem" \
    "key: $tmp/key.pem" 'idle_seconds: 3' 'max_connections_per_peer: 60' 'max_requests_per_second: 100'
start_daemon --replay "$tmp/capture.json"
before=$(machine)
bodies
malformed_json
paths
users
tokens
pages_of_other_sites
slow_clients
crowd
flood
is "$(machine)" "$before" 'the machine is as it was'
ok 'the daemon is the same' kill -0 "$daemon"
finish
