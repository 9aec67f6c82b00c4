#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# asan: yes
#
# What people and programs get wrong: each time the exit code of its kind, one line that says what, where, why and what to do,
# the same as one JSON object with --json, no write anywhere, and the machine as it was.

. tests/lab/lib.sh
# A traced program cannot look for leaks; each request is made a second time without strace, and then it does.
export ASAN_OPTIONS=detect_leaks=1

dir=$tmp/policies
mkdir "$dir"
chmod 755 "$tmp" "$dir"

# ---- One request ----------------------------------------------------------------------------------------------------------

# Opened for writing, and not the terminal or what a sanitizer does.
writes() {
    grep -E 'O_(WRONLY|RDWR|CREAT)|RTM_(SET|NEW|DEL)|mkdir|unlink|rename' "$trace" | grep -vE '/dev/(null|tty)|ENOENT|/proc/self'
}

wrong_text() { # STATUS PATTERN
    [ "$status" = "$1" ] || echo "exit status $status, not $1"
    [ "$(wc -l <"$err")" = 1 ] || echo "$(wc -l <"$err") lines on stderr"
    # shellcheck disable=SC2053 # a pattern
    [[ $(<"$err") == "sriovctl: "$2 ]] || { echo "said: $(<"$err")" && echo "want: sriovctl: $2"; }
    [ ! -s "$out" ] || echo "stdout: $(head -c 200 "$out")"
}

wrong_json() { # STATUS
    local keys='["code","holders","kernel","message","object","remedy"]'
    [ "$status" = "$1" ] || echo "exit status $status with --json"
    [ ! -s "$err" ] || echo "stderr with --json: $(head -c 400 "$err")"
    jq -e -s "length == 1 and (.[0] | keys == [\"error\"] and .error.code == $1 and (.error | keys) == $keys
        and (.error.message | length) > 0)" "$out" >/dev/null || echo "stdout with --json: $(head -c 200 "$out")"
}

# Is refused like this, and nothing is written anywhere. SHOW=1 in the environment shows what is said.
refuses() { # STATUS PATTERN ARGUMENTS…
    local want=$1 pattern=$2 why
    shift 2
    ASAN_OPTIONS=detect_leaks=0 keep traced sriovctl "$@"
    why=$(
        wrong_text "$want" "$pattern"
        writes
        [ -z "$SHOW" ] || cp "$err" "$tmp/said"
        keep sriovctl --json "$@"
        wrong_json "$want"
    )
    is "$why" "" "exit $want: ${*//$tmp\//}"
    [ -z "$SHOW" ] || sed 's/^/# /' "$tmp/said"
}

# A policy of this text is refused like that, by plan and apply alike.
refuses_policy() { # STATUS PATTERN NAME TEXT
    printf '%b' "$4" >"$dir/$3"
    refuses "$1" "$2" apply -f "$dir/$3"
}

# ---- Requests -------------------------------------------------------------------------------------------------------------

bad_words() {
    refuses 5 'enp9s0: *did you mean*enp1s0*' set enp9s0/0 vlan=1
    refuses 5 'wlan0: *sriovctl list*' create wlan0 4
    refuses 5 '0000:77:00.0: *' show 0000:77:00.0
    refuses 5 'enp1s0/4: *' set enp1s0/4 vlan=1
    refuses 5 'enp1s0/3: *3 VFs (0-2)*' set enp1s0/1-9 vlan=1
    refuses 2 'enp1s0: "x" is no list of VF numbers*' set enp1s0/x vlan=1
    refuses 2 'enp1s0: "3-1" is no list of VF numbers*' set enp1s0/3-1 vlan=1
    refuses 2 'enp1s0: "" is no list of VF numbers*' set enp1s0/ vlan=1
    refuses 2 'enp1s0/0: vlan*5000*0*4094*' set enp1s0/0 vlan=5000
    refuses 2 'enp1s0/0: vlan*-1*' set enp1s0/0 vlan=-1
    refuses 2 'enp1s0/0: vlan*' set enp1s0/0 vlan=
    refuses 2 'enp1s0/0: vlan*' set enp1s0/0 vlan=99999999999999999999
    refuses 2 'enp1s0/0: mac*zz*' set enp1s0/0 mac=zz
    refuses 2 'enp1s0/0: mac*multicast*' set enp1s0/0 mac=01:00:5e:00:00:01
    refuses 2 'enp1s0/0: mac*' set enp1s0/0 mac=ff:ff:ff:ff:ff:ff
    refuses 2 'enp1s0/0: trust*on*off*' set enp1s0/0 trust=maybe
    refuses 2 'enp1s0/0: *trus*did you mean trust*' set enp1s0/0 trus=on
    refuses 2 'enp1s0/0: *xyzzy*sriovctl help set*' set enp1s0/0 xyzzy=on
    refuses 2 'enp1s0/0: *num_vfs*PF*' set enp1s0/0 num_vfs=3
    refuses 2 'enp1s0: *vlan*PF/0*' set enp1s0 vlan=3
    refuses 2 'enp1s0/0: *key=value*' set enp1s0/0 vlan
    refuses 2 'enp1s0/0: vlan*twice*' set enp1s0/0 vlan=1 vlan=2
    refuses 2 'set: *missing*usage: sriovctl set*' set enp1s0/0
    refuses 2 'create: *missing*usage: sriovctl create*' create
    refuses 2 'list: *too many*usage: sriovctl list*' list enp1s0 enp2s0
    refuses 2 'enp1s0: *four*' create enp1s0 four
    refuses 2 'enp1s0: *-1*' create enp1s0 -- -1
    refuses 4 'enp1s0: *8 VFs*total_vfs is 7*' create enp1s0 8
    refuses 2 '*--jsno*unknown option*--json*' --jsno list
    refuses 2 '*unknown option*' create enp1s0 2 --dryrun
    refuses 2 '*-x*unknown option*' list -x
    refuses 2 '*needs a value*' list --replay
    refuses 2 '*lsit*no such verb*did you mean list*' lsit
    refuses 2 '*frobnicate*no such verb*sriovctl help*' frobnicate
    refuses 2 'no verb given*sriovctl help*'
    refuses 2 '*' ''
    refuses 2 '*bind*' bind enp1s0 vfio-pci
    refuses 2 '*' rollback minus
    refuses 2 '*nothing was changed yet*' rollback
    refuses 2 '*nothing was changed yet*' rollback 7
    refuses 2 '*does not work with --replay*' --replay "$dir/none" create enp1s0 3
    refuses 2 "$dir/none: cannot read the capture: No such file*" --replay "$dir/none" list
    refuses 2 "/etc/hosts: is no capture*" --replay /etc/hosts list
}

bad_policies() {
    local i
    refuses_policy 2 '*a.yaml:3*unknown key "num_vf"*did you mean "num_vfs"*' a.yaml 'pfs:\n  - match: {name: enp1s0}\n    num_vf: 3\n'
    refuses_policy 2 '*a.yaml:5*unknown key "vlna"*did you mean "vlan"*' a.yaml 'pfs:\n  - match: {name: enp1s0}\n    num_vfs: 4\n    vfs:\n      "0": {vlna: 3}\n'
    refuses_policy 2 '*a.yaml:1*unknown key "pf"*did you mean "pfs"*' a.yaml 'pf: []\n'
    refuses_policy 2 '*a.yaml:3*num_vfs*many*' a.yaml 'pfs:\n  - match: {name: enp1s0}\n    num_vfs: many\n'
    refuses_policy 2 '*a.yaml:4*vlan*5000*' a.yaml 'pfs:\n  - match: {name: enp1s0}\n    vfs:\n      "0": {vlan: 5000}\n'
    refuses_policy 2 '*a.yaml:4*multicast*' a.yaml 'pfs:\n  - match: {name: enp1s0}\n    vfs:\n      "0": {mac: "33:33:00:00:00:01"}\n'
    refuses_policy 2 '*enp1s0/4*no such VF*' a.yaml 'pfs:\n  - match: {name: enp1s0}\n    vfs:\n      "4": {vlan: 5}\n'
    refuses_policy 5 '*a.yaml:2*' a.yaml 'pfs:\n  - match: {name: enp7s0}\n    num_vfs: 1\n'
    refuses_policy 2 '*a.yaml:2*match*' a.yaml 'pfs:\n  - num_vfs: 1\n'
    refuses_policy 2 '*a.yaml:1*' a.yaml '- a\n- b\n'
    refuses_policy 2 '*a.yaml:1*' a.yaml 'just a sentence\n'
    refuses_policy 2 '*a.yaml:2*' a.yaml 'pfs:\n\t- x\n'
    refuses_policy 2 '*a.yaml:3*num_vfs*line 2*' a.yaml 'pfs:\n  - num_vfs: 1\n    num_vfs: 2\n'
    refuses_policy 2 '*a.yaml*no policy in it*' a.yaml ''
    refuses_policy 2 '*a.yaml*no policy in it*' a.yaml '# nothing yet\n'
    refuses_policy 2 '*a.yaml*' a.yaml '\0\0\0\0ELF\x01\x02'
    refuses_policy 2 '*a.yaml*' a.yaml 'pfs: "\xff\xfe\xc0"\n'
    refuses_policy 2 '*a.yaml:1*deep*' a.yaml "pfs: $(printf '[%.0s' {1..2000})\n"
    refuses_policy 2 '*a.yaml:1*' a.yaml "$(for i in a b c d e f g h i; do printf '%s: &%s [x, x, x, x, x, x, x, x, x]\\n' "$i" "$i"; done)j: [*i, *i]\n"
    head -c 10485760 </dev/zero | tr '\0' 'a' >"$dir/a.yaml"
    refuses 2 '*a.yaml*larger than a policy may be (1 MiB)*' apply -f "$dir/a.yaml"
    { echo 'pfs:' && yes '  - {match: {name: enp1s0}, num_vfs: 4}' | head -c 10485760; } >"$dir/a.yaml"
    refuses 2 '*a.yaml*larger than a policy may be (1 MiB)*' plan -f "$dir/a.yaml"
    head -c 500000 /dev/urandom >"$dir/a.yaml"
    refuses 2 '*a.yaml*' plan -f "$dir/a.yaml"
    rm "$dir/a.yaml"
    refuses 2 "*a.yaml: cannot read the policy: No such file or directory; *" apply -f "$dir/a.yaml"
    refuses 2 "*policies: no policy files in it; *" apply -f "$dir"
    refuses 2 "*/etc/sriovd: *No such file*-f*" apply
    mkdir "$dir/a.yaml"
    refuses 2 "*a.yaml: *Is a directory*" apply -f "$dir"
    rmdir "$dir/a.yaml"
    printf 'pfs:\n  - match: {name: enp1s0}\n    num_vfs: 4\n' >"$dir/a.yaml"
    printf '# later\npfs:\n  - match: {pci: "0000:01:00.0"}\n    num_vfs: 3\n' >"$dir/b.yaml"
    refuses 2 '*b.yaml:3: *twice*a.yaml:2*' apply -f "$dir"
    refuses 2 '*b.yaml:3: *twice*a.yaml:2*' plan -f "$dir/a.yaml" -f "$dir/b.yaml"
    refuses 2 "*a.yaml/x: *Not a directory*" apply -f "$dir/a.yaml/x"
    rm "$dir"/*.yaml
}

# As anybody but root: reading works, changing does not.
no_root() {
    local somebody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    printf 'pfs:\n  - match: {name: enp1s0}\n    num_vfs: 2\n' >"$tmp/a.yaml"
    chmod 644 "$tmp/a.yaml"
    for request in "create enp1s0 2" "set enp1s0/0 vlan=3" "bind enp1s0/0 vfio-pci" "apply -f $tmp/a.yaml" rollback; do
        # shellcheck disable=SC2086 # words
        exits 6 "not root: ${request//$tmp\//}" "${somebody[@]}" sriovctl $request
        has "$(<"$err")" "sriovctl: *not root*sudo*" "and why: ${request//$tmp\//}"
    done
    chmod 600 "$tmp/a.yaml"
    exits 6 "a policy that one may not read" "${somebody[@]}" sriovctl plan -f "$tmp/a.yaml"
    has "$(<"$err")" "sriovctl: *a.yaml: cannot read the policy: Permission denied*" "and why"
    succeeds "list without root" "${somebody[@]}" sriovctl --json list
    is "$(json '.pfs[0].vfs | length')" 3 "shows the VFs"
    succeeds "a dry run without root" "${somebody[@]}" sriovctl create enp1s0 2 --dry-run
}

# ---- Where state is kept --------------------------------------------------------------------------------------------------

# A change fails with STATUS and PATTERN before anything is written to the machine.
cannot_change() { # WHAT STATUS PATTERN
    exits "$2" "$1: exit status" sriovctl --state-dir "$tmp/state" set enp1s0/0 vlan=77
    has "$(<"$err")" "sriovctl: $3" "$1: is told"
    is "$(wc -l <"$err")" 1 "$1: in one line"
    is "$(state)" "$before" "$1: nothing is changed"
}

can_read() { # WHAT NOTES
    succeeds "$1: list works" sriovctl --state-dir "$tmp/state" list enp1s0
    is "$(wc -l <"$err")" "$2" "$1: list says so"
}

bad_state_dir() {
    local file=$tmp/state/ledger.db page
    touch "$tmp/state"
    cannot_change "the state folder is a file" 1 "*$tmp/state*Not a directory*"
    rm "$tmp/state"
    mkdir "$tmp/state"
    must mount -t tmpfs -o ro,size=64k none "$tmp/state"
    cannot_change "the state folder is read-only" 6 "*$tmp/state*Read-only file system; give another --state-dir"
    can_read "the state folder is read-only" 0
    must mount -o remount,rw,size=16k "$tmp/state"
    cannot_change "the state folder is too small" 1 "*$tmp/state*full*make room*"
    must umount "$tmp/state"
    head -c 8192 /dev/urandom >"$file"
    cannot_change "the ledger is garbage" 1 "*$tmp/state*move it away*"
    can_read "the ledger is garbage" 1
    exits 1 "history of garbage" sriovctl --state-dir "$tmp/state" history
    rm "$file"*
    : >"$file"
    succeeds "an empty file becomes a ledger" sriovctl --state-dir "$tmp/state" set enp1s0/0 vlan=77
    must sriovctl --state-dir "$tmp/state" rollback
    is "$(state)" "$before" "and its transaction can be undone"
    sqlite3 "$file" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
    cp "$file" "$tmp/good"
    page=$(sqlite3 "$file" 'PRAGMA page_size')
    truncate -s $((page + 100)) "$file"
    cannot_change "the ledger is cut off" 1 "*$tmp/state*"
    can_read "the ledger is cut off" 1
    rm -f "$file"-*
    cp "$tmp/good" "$file"
    sqlite3 "$file" 'PRAGMA user_version = 99' >/dev/null
    cannot_change "the ledger is of a later version" 1 "*another version of sriovd*"
    can_read "the ledger is of a later version" 1
    rm -f "$file"-*
    mkdir "$tmp/full"
    must mount -t tmpfs -o size=200k none "$tmp/full"
    cp "$tmp/good" "$tmp/full/ledger.db"
    cat /dev/zero >"$tmp/full/ballast" 2>/dev/null
    rm -rf "$tmp/state" && ln -s full "$tmp/state"
    cannot_change "the disk is full" 1 "*full*make room*"
    can_read "the disk is full" 1
    must umount "$tmp/full"
}

# What only trying shows, with the transaction undone.
no_such_driver() {
    exits 4 "a driver that does not exist" sriovctl --state-dir "$tmp/drivers" bind enp1s0/0 nosuch
    has "$(<"$err")" "sriovctl: enp1s0/0: there is no driver \"nosuch\": *Module nosuch not found*; *check the name*" "and why"
    is "$(wc -l <"$err")" 1 "in one line"
    is "$(state)" "$before" "nothing is changed"
}

sys_is_read_only() {
    local rest=$tmp/ro
    must mount -o remount,ro /sys
    exits 6 "/sys is read-only" sriovctl --state-dir "$rest" create enp1s0 2
    has "$(<"$err")" "sriovctl: enp1s0: *Read-only file system; /sys is mounted read-only*" "and why"
    must mount -o remount,rw /sys
    is "$(state)" "$before" "nothing is changed"
    is "$(sqlite3 "$rest/ledger.db" 'SELECT count(*) FROM txn WHERE state = 0')" 0 "no transaction stays open"
}

must sriovctl create enp1s0 3
must sriovctl set enp1s0/0 mac=52:54:00:aa:bb:01 vlan=100
rm -rf /var/lib/sriovd
before=$(state)

bad_words
bad_policies
is "$(state)" "$before" "after all of it the machine is as it was"
ok "and no ledger was made" test ! -e /var/lib/sriovd
no_root
no_such_driver
bad_state_dir
sys_is_read_only
finish
