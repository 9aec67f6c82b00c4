#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 1500
#
# kill -9 at every system call of ADD and of DEL, before and after it: what comes then, DEL or GC, makes the VF what it was, with
# no address reserved, no lease, and nothing in the pod. Then the same VF can be added and deleted as if nothing had been.

. tests/lab/lib.sh
. tests/lab/cni.bash

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

cut_at() { # COMMAND entry|exit:N
    cni_with "$1" blue net0 "$cut" "$2" -- "$plugin" <<<"$conf"
}

garbage() {
    cni GC "" "" '."cni.dev/valid-attachments" = []'
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
    rm -rf $leases
    keep_baseline
}

# The IPAM plugin is no part of the program that is killed: it may still be at work.
ipam_ended() {
    ! pgrep -x host-local
}

cut_add() { # entry|exit COUNT
    local at why
    for ((at = 1; at <= $2; at++)); do
        cut_at ADD "$1:$at"
        why=$([ "$status" = 137 ] || [ "$at" -gt $(($2 - 3)) ] || echo "was not cut: exit status $status: $(<"$err")")
        wait_for 10 ipam_ended
        if [ $((at % 3)) = 0 ] && [ "$gc" = yes ]; then
            why+=$(wrong_after garbage)
        else
            why+=$(wrong_after cni DEL blue net0)
        fi
        judge "ADD cut at $1 of call $at ($(sed -n "s/^$at //p" "$tmp/add.log"))" "$why"
        start_again "$why"
    done
}

cut_del() { # entry|exit COUNT
    local at why
    for ((at = 1; at <= $2; at++)); do
        cni ADD blue net0
        why=$([ "$status" = 0 ] || { echo "ADD: exit status $status" && cat "$out"; })
        cut_at DEL "$1:$at"
        wait_for 10 ipam_ended
        why+=$(wrong_after cni DEL blue net0)
        judge "DEL cut at $1 of call $at ($(sed -n "s/^$at //p" "$tmp/del.log"))" "$why"
        start_again "$why"
    done
}

series() { # WHAT
    local add del
    add=$(calls_of ADD)
    cp "$tmp/calls.log" "$tmp/add.log"
    del=$(calls_of DEL)
    cp "$tmp/calls.log" "$tmp/del.log"
    as_before "$1: ADD of $add calls, DEL of $del, traced and not killed"
    points=0 bad=0
    cut_add entry "$add"
    cut_add exit "$add"
    is "$points $bad" "$((2 * add)) 0" "$1: ADD cut at $points points, then DEL or GC: the VF is as before at all of them"
    points=0 bad=0
    cut_del entry "$del"
    cut_del exit "$del"
    is "$points $bad" "$((2 * del)) 0" "$1: DEL cut at $points points, then DEL: the VF is as before at all of them"
}

make_vfs 3
dress_vfs
netns blue
keep_baseline

vf=1 gc=yes
use_vf $vf '.cniVersion = "1.0.0" | .vlan = 100 | .mac = "52:54:00:aa:cc:01" | .spoofchk = "off" | .trust = "off" | .mtu = 1300'
series "all settings, no IPAM"

# Debian's host-local knows no GC.
vf=0 gc=no
use_vf $vf "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
series "host-local"
finish
