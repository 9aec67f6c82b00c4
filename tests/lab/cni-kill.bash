# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used by those who source this; theirs
#
# Killing the CNI plugin at each of its system calls, for cni-kill-add.sh and cni-kill-del.sh. A kill before call N is a kill
# after call N - 1: between the two nothing reaches the kernel. The last call is the end of the program.

points=0
bad=0

# What is wrong, if anything, is told with the point.
judge() { # WHAT WHY
    points=$((points + 1))
    [ -n "$2" ] || return 0
    bad=$((bad + 1))
    [ $bad -gt 10 ] || fail "$1" "$2"
}

calls_of() { # COMMAND: how many system calls it makes
    cni_with "$1" blue net0 "$cut" count -o "$tmp/calls" -v "$tmp/calls.log" -- "$plugin" <<<"$conf"
    cat "$tmp/calls"
}

cut_at() { # COMMAND N
    cni_with "$1" blue net0 "$cut" "entry:$2" -- "$plugin" <<<"$conf"
}

garbage() {
    cni GC "" "" '.cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = []'
}

# One who comes after the kill, and what is there then.
wrong_after() { # COMMAND…
    "$@"
    [ "$status" = 0 ] || { echo "$*: exit status $status" && cat "$out"; }
    difference 1
    [ "$(links blue | wc -l)" = 1 ] || echo "in the pod: $(ip -n blue -br link)"
}

# Keeps the next points from suffering by this one.
start_again() {
    [ -n "$1" ] || return 0
    cni DEL blue net0
    ip -n blue link set net0 netns 1 name "${host[$vf]}" 2>/dev/null
    rm -rf "$leases"
    keep_baseline
}

# The IPAM plugin is no part of the program that is killed: it may still be at work.
ipam_ended() {
    ! pgrep -x host-local
}

cut_add() { # COUNT
    local at why
    for ((at = 1; at <= $1; at++)); do
        cut_at ADD "$at"
        why=$([ "$status" = 137 ] || [ "$at" -gt $(($1 - 3)) ] || echo "was not cut: exit status $status: $(<"$err")")
        wait_for 10 ipam_ended
        if [ $((at % 3)) = 0 ] && [ "$gc" = yes ]; then
            why+=$(wrong_after garbage)
        else
            why+=$(wrong_after cni DEL blue net0)
        fi
        judge "ADD cut before call $at ($(sed -n "s/^$at //p" "$tmp/add.log"))" "$why"
        start_again "$why"
    done
}

cut_del() { # COUNT
    local at why
    for ((at = 1; at <= $1; at++)); do
        cni ADD blue net0
        why=$([ "$status" = 0 ] || { echo "ADD: exit status $status" && cat "$out"; })
        cut_at DEL "$at"
        wait_for 10 ipam_ended
        why+=$(wrong_after cni DEL blue net0)
        judge "DEL cut before call $at ($(sed -n "s/^$at //p" "$tmp/del.log"))" "$why"
        start_again "$why"
    done
}

start_kills() {
    make_vfs 3
    dress_vfs
    netns blue
    keep_baseline
}

all_settings() {
    vf=1 gc=yes
    use_vf $vf '.cniVersion = "1.0.0" | .vlan = 100 | .mac = "52:54:00:aa:cc:01" | .spoofchk = "off" | .trust = "off" | .mtu = 1300'
}

with_ipam() { # Debian's host-local knows no GC
    vf=0 gc=no
    use_vf $vf "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
}

count_calls() { # sets add and del
    add=$(calls_of ADD)
    cp "$tmp/calls.log" "$tmp/add.log"
    del=$(calls_of DEL)
    cp "$tmp/calls.log" "$tmp/del.log"
    as_before "ADD of $add calls and DEL of $del, traced and not killed"
    points=0 bad=0
}
