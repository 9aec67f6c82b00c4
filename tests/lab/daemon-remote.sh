#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 1200
# asan: yes
#
# sriovctl --host: over the API the same commands print the same, in words and as JSON, and exit with the same status as
# here; over the Unix socket and over TLS; and what cannot be done that way is said in one line.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=daemon.bash
. ./daemon.bash

pf=enp1s0
socket=unix:$tmp/api.sock
host=$socket
options=()

there() { # ARGUMENT…
    sriovctl --host "$host" "${options[@]}" "$@"
}

# What is another at every call.
steady() { # FILE
    sed -E 's/"(transaction|pid|since|started|when|id)":[0-9]+/"\1":0/g; s/[0-9]+ (s|min) *$/AGE/; s/^(enp.*[^ ]) +[0-9]+ s */\1/' "$1"
}

# Here and there: status, output and what is said on stderr.
same() { # ARGUMENT…
    local here_status
    keep sriovctl "$@"
    here_status=$status
    steady "$out" >"$tmp/here.out"
    steady "$err" >"$tmp/here.err"
    keep there "$@"
    is "$status" "$here_status" "$*: exits with $here_status"
    is "$(steady "$out")" "$(cat "$tmp/here.out")" "$*: prints the same"
    is "$(steady "$err")" "$(cat "$tmp/here.err")" "$*: says the same"
}

policy() { # FILE VLAN
    printf 'pfs:\n- match: {name: %s}\n  num_vfs: 2\n  vfs: {"0": {vlan: %s}}\n' $pf "$2" >"$1"
}

reading_is_the_same() {
    local words
    policy "$tmp/a.yaml" 77
    mkdir "$tmp/folder"
    policy "$tmp/folder/a.yaml" 78
    printf 'pfs:\n- match: {name: enp2s0}\n  num_vfs: 1\n' >"$tmp/folder/b.yaml"
    must sriovctl acquire $pf/1 --owner web1
    while read -r -a words; do
        same "${words[@]}"
    done <<WORDS
list
list --json
list $pf --json
show $pf
show $pf/0 --json
history
history $pf/0 --json
leases
leases --json
plan -f $tmp/a.yaml
plan -f $tmp/a.yaml --json
plan -f $tmp/folder --json
host check --json
doctor $pf --json
audit --json
doctor --explain mac-duplicate
list nosuch
list nosuch --json
set $pf/0 vlan=4711
set $pf/0 vlan=4711 --json
set $pf/0 colour=red
create $pf 0 --json
release $pf/0
list --nosuch
list $pf $pf
set $pf/0 vlan=5 --dry-run --json
--colour=always list
--quiet leases enp2s0
WORDS
    must sriovctl release $pf/1
}

writing_is_the_same() {
    succeeds 'set' there set $pf/0 vlan=5 mac=52:54:00:aa:00:01 --json
    is "$(jq -c '[.steps[] | [.object, .attribute, .state]]' "$out")" "[[\"$pf/0\",\"mac\",\"done\"],[\"$pf/0\",\"vlan\",\"done\"]]" 'set: its steps'
    is "$(sriovctl list --json | jq -c '.pfs[0].vfs[0] | [.vlan, .mac]')" '[5,"52:54:00:aa:00:01"]' 'set: it is done'
    is "$(sriovctl history --json | jq -r '.history[0].who')" root 'set: the history says who'
    succeeds 'rollback' there rollback --json
    is "$(sriovctl list --json | jq -c '.pfs[0].vfs[0].vlan')" 0 'rollback: it is undone'
    succeeds 'bind' there bind $pf/0 vfio-pci
    is "$(driver_of "$(vf_pci $pf 0)")" vfio-pci 'bind: it is done'
    succeeds 'bind back' there bind $pf/0 default
    succeeds 'acquire' there acquire $pf/1 --owner web1 vlan=9
    is "$(sriovctl leases --json | jq -r '.leases[0].owner.name')" web1 'acquire: it is leased'
    exits 3 'create while somebody has one' there create $pf 0
    has "$(cat "$err")" '*web1*' 'create: he is named'
    is "$(wc -l <"$err")" 1 'create: in one line'
    succeeds 'release' there release $pf/1
    is "$(sriovctl leases --json | jq -c .leases)" '[]' 'release: it is free'
    succeeds 'create' there create $pf 3
    is "$(sys $pf sriov_numvfs)" 3 'create: it is done'
    must sriovctl create $pf 2
    must named $pf 2
}

policies_are_sent() {
    policy "$tmp/a.yaml" 77
    succeeds 'apply of a file' there apply -f "$tmp/a.yaml"
    is "$(sriovctl list --json | jq '.pfs[0].vfs[0].vlan')" 77 'apply of a file: it is done'
    succeeds 'apply of a folder' there apply -f "$tmp/folder"
    is "$(sriovctl list --json | jq -c '[.pfs[0].vfs[0].vlan, .pfs[1].num_vfs]')" '[78,1]' 'apply of a folder: all of it is done'
    policy "$tmp/a.yaml" 79
    status=0
    there apply -f - <"$tmp/a.yaml" >"$out" 2>"$err" || status=$?
    is "$status" 0 'apply of standard input'
    is "$(sriovctl list --json | jq '.pfs[0].vfs[0].vlan')" 79 'apply of standard input: it is done'
    printf 'pfs:\n- match: {name: %s}\n  num_vfz: 2\n' $pf >"$tmp/wrong.yaml"
    exits 2 'a wrong policy' there apply -f "$tmp/wrong.yaml"
    has "$(cat "$err")" '*:3*num_vfz*num_vfs*' 'a wrong policy: the line and the nearest key are told'
    exits 2 'a file that is not here' there apply -f "$tmp/nosuch.yaml"
    has "$(cat "$err")" "*$tmp/nosuch.yaml*" 'a file that is not here: by its name'
}

# What watch prints here and there, without the time.
watched() { # FILE
    jq -c 'select(.what == "vlan" or .what == "trust") | [.object, .what, .from, .to]' "$1"
}

in_watch() { # FILE TEXT
    grep -q "$2" "$1"
}

watching_is_the_same() {
    local one other third
    env --default-signal=INT sriovctl watch --json >"$tmp/here" 2>>"$err" &
    one=$!
    env --default-signal=INT sriovctl --host "$host" "${options[@]}" watch --json >"$tmp/there" 2>>"$err" &
    other=$!
    sriovctl --host "$host" "${options[@]}" watch $pf --count 2 >"$tmp/text" 2>>"$err" &
    third=$!
    sleep 5 # until all three listen; none of them says so
    must ip link set $pf vf 0 vlan 42
    wait_for 30 in_watch "$tmp/there" '"to":42'
    must ip link set $pf vf 0 trust on
    ok 'watch: what ip sets is told there' wait_for 60 in_watch "$tmp/there" '"trust"'
    ok 'watch: and here' wait_for 60 in_watch "$tmp/here" '"trust"'
    is "$(watched "$tmp/there")" "$(watched "$tmp/here")" 'watch: the same here and there'
    is "$(jq -s -c 'map(keys_unsorted | join(" ")) | unique' "$tmp/there")" '["time object what from to drift"]' 'watch: with the keys that it has here'
    wait $third
    is $? 0 'watch: --count ends it'
    is "$(sed -E 's/^[0-9:.]{12}/TIME/' "$tmp/text")" "TIME  $pf/0         vlan: 79 -> 42"$'\n'"TIME  $pf/0         trust: off -> on" 'watch: in words'
    kill -INT $one $other
    wait $other
    is $? 130 'watch: Ctrl-C ends it'
    wait $one
    exits 5 'watch: of a PF that is not there' there watch nosuch
    must ip link set $pf vf 0 trust off
}

# Longer than the daemon lets a request wait.
what_takes_long() {
    printf 'pfs:\n- match: {name: enp9s0}\n  num_vfs: 1\n' >"$tmp/late.yaml"
    exits 5 'a command of 35 seconds' there apply --wait 35 -f "$tmp/late.yaml"
    has "$(cat "$err")" '*did not come within 35 s*' 'a command of 35 seconds: its own words come back'
}

what_works_here_only() {
    exits 2 'capture' there capture "$tmp/x.json"
    has "$(cat "$err")" 'sriovctl: capture: does not work with --host; *' 'capture: in one line'
    exits 2 'run' there run -- true
    exits 2 'host prepare' there host prepare
    exits 2 '--state-dir' there list --state-dir /tmp
    exits 2 '--replay' there list --replay /tmp/x
    is "$(sriovctl --host "$host" list --help)" "$(sriovctl list --help)" 'help is given here'
    is "$(ldd "$(command -v sriovctl)" | grep -c curl)" 0 'sriovctl itself does not load libcurl'
}

# Another user reads, and changes nothing.
who_may_not() {
    local before
    before=$(state)
    exits 0 'nobody: reads' setpriv --reuid 65534 --regid 65534 --clear-groups sriovctl --host "$host" list
    exits 6 'nobody: may not set' setpriv --reuid 65534 --regid 65534 --clear-groups sriovctl --host "$host" set $pf/0 vlan=6
    is "$(wc -l <"$err")" 1 'nobody: in one line'
    is "$(state)" "$before" 'nobody: nothing is changed'
}

certificate() {
    must openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/key.pem" -out "$tmp/cert.pem" -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1
}

over_tls() {
    host=https://localhost
    exits 1 'TLS: a certificate that nobody knows' there list
    has "$(cat "$err")" '*certificate is not to be trusted*--ca FILE*' 'TLS: it says what to do'
    options=(--ca "$tmp/cert.pem")
    exits 6 'TLS: without a token' there list
    has "$(cat "$err")" '*token*' 'TLS: it says so'
    exits 6 'TLS: with a wrong token' env SRIOV_TOKEN=sriov_wrong sriovctl --host $host "${options[@]}" list
    exits 0 'TLS: with a token from the environment' env SRIOV_TOKEN="$(cat "$tmp/read")" sriovctl --host $host "${options[@]}" list
    mkdir -p "$tmp/home/.config/sriovd"
    cp "$tmp/read" "$tmp/home/.config/sriovd/token"
    exits 0 'TLS: with a token at home' env HOME="$tmp/home" sriovctl --host $host "${options[@]}" list
    options=(--ca "$tmp/cert.pem" --token-file "$tmp/read")
    same list --json
    exits 6 'TLS: a token of role read may not set' there set $pf/0 vlan=6
    is "$(wc -l <"$err")" 1 'TLS: in one line'
    options=(--ca "$tmp/cert.pem" --token-file "$tmp/admin")
    succeeds 'TLS: one of role admin may' there set $pf/0 vlan=6
    is "$(sriovctl list --json | jq '.pfs[0].vfs[0].vlan')" 6 'TLS: it is done'
    options=(--insecure --token-file "$tmp/admin")
    succeeds 'TLS: --insecure' there list
    has "$(cat "$err")" '*certificate is not checked*' 'TLS: --insecure is warned of'
    host=https://localhost:9
    exits 1 'TLS: where nobody listens' there list --json
    is "$(json .error.code)" 1 'TLS: as JSON, too'
}

nobody_there() {
    stop_daemon
    host=$socket options=()
    exits 1 'no daemon' there list
    is "$(wc -l <"$err")" 1 'no daemon: one line'
    has "$(cat "$err")" "*$socket*systemctl status sriovd*" 'no daemon: it says what to do'
}

chmod 711 "$tmp" # the socket is in it
must ip link set $pf up
must sriovctl create $pf 2
must named $pf 2
certificate
must sriovd token add reader read
cp "$out" "$tmp/read"
must sriovd token add boss admin
cp "$out" "$tmp/admin"
printf 'listen: 127.0.0.1:8443\ncertificate: %s\nkey: %s\n' "$tmp/cert.pem" "$tmp/key.pem" >>"$tmp/sriovd.conf"
mark
start_daemon
wait_for 60 has_told '.kind == "daemon" and .message == "ready"' 1 || fail 'sriovd starts' "$(told true)"
reading_is_the_same
writing_is_the_same
policies_are_sent
watching_is_the_same
what_takes_long
what_works_here_only
who_may_not
over_tls
nobody_there
finish
