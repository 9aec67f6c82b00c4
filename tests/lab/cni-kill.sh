#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
#
# kill -9 of the CNI plugin at each of its system calls that changes something. After one in ADD, DEL (or GC for every third) makes
# the VF what it was, with no address reserved, no lease, and nothing in the pod; after one in DEL, DEL again does.

. tests/lab/lib.sh
. tests/lab/cni.bash

# ---- Where to kill ----------------------------------------------------------------------------------------------------------

# Calls that leave no trace outside of the process once it is dead: to be killed after one of them is to be killed before it. What
# is not listed counts as a change.
traceless='access|arch_prctl|brk|close|fstat|getdents64|getrandom|lseek|memfd_create|mmap|mprotect|munmap|newfstatat|pipe2|pread64|prlimit64|'
traceless+='read|readlinkat|recvmmsg|recvmsg|rseq|rt_sigaction|rt_sigprocmask|set_robust_list|set_tid_address|setns|setsockopt|socket|statx'

# One run under strace, a line for each call, in $tmp/COMMAND.
trace_calls() { # COMMAND
    cni_with "$1" blue net0 strace -o "$trace" -s 256 "$plugin" <<<"$conf"
    [ "$status" = 0 ] || fail "$1, traced" "$(<"$err")"
    sed -e 1d -e '/^[-+]/d' "$trace" >"$tmp/$1"
}

# The numbers of the lines with a call that changes something.
changing_calls() { # FILE
    awk -v traceless="^($traceless|exit_group)\\\\(" \
        '$0 !~ traceless && !(/^openat/ && !/O_CREAT|O_TRUNC/) && !(/RTM_GET/ && !/RTM_(SET|NEW|DEL)/) { print NR }' "$1"
}

# As the program counts that kills.
count_calls() { # COMMAND
    cni_with "$1" blue net0 "$cut" count -o "$tmp/count" -- "$plugin" <<<"$conf"
    cat "$tmp/count"
}

# ---- A kill and what comes after it ---------------------------------------------------------------------------------------

bad=0

# What is wrong, if anything, is told with the point.
judge() { # WHAT WHY
    [ -n "$2" ] || return 0
    bad=$((bad + 1))
    [ $bad -gt 10 ] || fail "$1" "$2"
}

garbage() {
    cni_with GC "" "" "$plugin" <<<"$collect"
}

# The IPAM plugin is no part of the program that is killed: it may still be at work.
ipam_ended() {
    ! pgrep -x host-local
}

# It may make a call more or less than when it was traced, so that those at its end may come too late.
kill_at() { # COMMAND POINT: entry:N or exit:N
    cni_with "$1" blue net0 "$cut" "$2" -- "$plugin" <<<"$conf"
    [ "$status" = 137 ] || [ "${2#*:}" -gt $((${#calls[@]} - 3)) ] || echo "was not killed: exit status $status: $(<"$err")"
    [ "$gc" = yes ] || wait_for 10 ipam_ended || echo "the IPAM plugin does not end"
}

# One who comes after the kill, and what is there then. udev has its say only where it is not all right at once.
wrong_after() { # COMMAND…
    local now
    "$@"
    [ "$status" = 0 ] || { echo "$*: exit status $status" && cat "$out"; }
    same_as_before || difference 5
    [ "$(ip -n blue -br link)" = "$pod" ] || echo "in the pod: $(ip -n blue -br link)"
}

# Prints what is wrong.
try_point() { # COMMAND POINT TURN
    if [ "$1" = DEL ]; then
        cni ADD blue net0
        [ "$status" = 0 ] || { echo "ADD: exit status $status" && cat "$out"; }
    fi
    kill_at "$1" "$2"
    if [ "$1 $gc $(($3 % 3))" = 'ADD yes 2' ]; then wrong_after garbage; else wrong_after cni DEL blue net0; fi
}

# Keeps the next points from suffering by this one.
start_again() {
    cni DEL blue net0
    ip -n blue link set net0 netns 1 name "${host[$vf]}" 2>/dev/null
    rm -rf "$leases"
    keep_baseline
}

# Before the first change, and after each.
kill_everywhere() { # COMMAND
    local calls changing points i what why
    mapfile -t -O 1 calls <"$tmp/$1"
    mapfile -t changing < <(changing_calls "$tmp/$1")
    points=("entry:${changing[0]}" "${changing[@]/#/exit:}") bad=0
    for i in "${!points[@]}"; do
        what="$1 killed at ${points[i]}, ${calls[${points[i]#*:}]}"
        why=$(try_point "$1" "${points[i]}" "$i")
        judge "$what" "$why"
        [ -z "$why" ] || start_again
    done
    is $bad 0 "$configuration: $1, of ${#calls[@]} calls, killed at ${#points[@]} points, and the VF is as before after each"
    ok "$configuration: those of $1 are 15 at least" test ${#points[@]} -ge 15
    as_before "$configuration: $1, when udev has done its part"
}

# ---- What is lent ---------------------------------------------------------------------------------------------------------

all_settings() {
    vf=1 gc=yes
    use_vf "$vf" '.cniVersion = "1.0.0" | .vlan = 100 | .mac = "52:54:00:aa:cc:01" | .spoofchk = "off" | .trust = "off" | .mtu = 1300'
    collect=$(jq -c '.cniVersion = "1.1.0" | ."cni.dev/valid-attachments" = []' <<<"$conf")
}

with_ipam() { # Debian's host-local knows no GC
    vf=0 gc=no
    use_vf "$vf" "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
}

make_vfs 3
dress_vfs
netns blue
pod=$(ip -n blue -br link)
keep_baseline
for configuration in all_settings with_ipam; do
    $configuration
    cni ADD blue net0 # which makes the folders
    cni DEL blue net0
    trace_calls ADD
    trace_calls DEL
    is "$(count_calls ADD) $(count_calls DEL)" "$(wc -l <"$tmp/ADD") $(wc -l <"$tmp/DEL")" "$configuration: the calls are counted alike"
    as_before "$configuration: ADD and DEL, traced and not killed"
    kill_everywhere ADD
    kill_everywhere DEL
done
finish
