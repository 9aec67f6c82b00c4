# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For the tests of this folder, which source it first and end with `finish`: checks that print TAP, short words for what
# they look at, and a place for files, $tmp. The output of the last command that a check ran is in the files $out and $err,
# its exit status in $status.

tmp=$(mktemp -d)
out=$tmp/out
err=$tmp/err
trace=$tmp/trace
status=0
checks=0
failures=0

# ---- Checks ---------------------------------------------------------------------------------------------------------------

pass() { # WHAT
    checks=$((checks + 1))
    echo "ok $checks - $1"
}

fail() { # WHAT [WHY]…
    local what=$1 why
    shift
    checks=$((checks + 1))
    failures=$((failures + 1))
    echo "not ok $checks - $what"
    for why; do printf '%s\n' "$why" | sed 's/^/#     /'; done
}

skip() { # WHAT WHY
    checks=$((checks + 1))
    echo "ok $checks - $1 # SKIP $2"
}

is() { # GOT WANT WHAT; of long ones the difference is shown
    if [ "$1" = "$2" ]; then
        pass "$3"
    elif [[ $1$2 == *$'\n'*$'\n'*$'\n'* ]]; then
        fail "$3" "$(diff -U 2 --label want --label got <(echo "$2") <(echo "$1"))"
    else
        fail "$3" "got:  $1" "want: $2"
    fi
}

# Glob patterns: has TEXT '*word*' WHAT.
has() { # TEXT PATTERN WHAT
    # shellcheck disable=SC2053 # a pattern
    if [[ $1 == $2 ]]; then pass "$3"; else fail "$3" "got:  $1" "want: $2"; fi
}

hasnt() { # TEXT PATTERN WHAT
    # shellcheck disable=SC2053 # a pattern
    if [[ $1 != $2 ]]; then pass "$3"; else fail "$3" "got:  $1" "not:  $2"; fi
}

# A command that needs no output kept: ok WHAT test -e FILE.
ok() { # WHAT COMMAND…
    local what=$1
    shift
    if "$@"; then pass "$what"; else fail "$what" "false: $*"; fi
}

keep() { # COMMAND…: runs it, keeps its output and status
    status=0
    "$@" >"$out" 2>"$err" || status=$?
}

exits() { # STATUS WHAT COMMAND…
    local want=$1 what=$2
    shift 2
    keep "$@"
    if [ "$status" = "$want" ]; then
        pass "$what"
    else
        fail "$what" "$*: exit status $status, not $want" "$(tail -n 20 "$out")" "$(tail -n 20 "$err")"
    fi
}

succeeds() { # WHAT COMMAND…
    exits 0 "$@"
}

# For what comes before the checks and must not go wrong.
must() { # COMMAND…
    "$@" >"$out" 2>"$err" && return
    fail "set up: $*" "$(cat "$out" "$err")"
    finish
}

wait_for() { # SECONDS COMMAND…: until it is true; false if that does not come
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# shellcheck disable=SC2329 # the tests call it
finish() {
    echo "1..$checks"
    rm -rf "$tmp"
    [ "$failures" = 0 ]
    exit
}

# ---- What is looked at ----------------------------------------------------------------------------------------------------

json() { # FILTER: of the last command's output
    jq -r "$1" "$out"
}

# The machine as sriovctl sees it, one value a line, without what changes by itself.
state() {
    sriovctl list --json | jq -S 'del(.pfs[] | .busy, .link, .speed, .holders) | del(.pfs[].vfs[].holders)'
}

sys() { # NAME FILE: the file of the PCI device behind a netdev
    cat "/sys/class/net/$1/device/$2"
}

vf_pci() { # PF N
    basename "$(readlink "/sys/class/net/$1/device/virtfn$2")"
}

driver_of() { # PCI
    basename "$(readlink "/sys/bus/pci/devices/$1/driver" 2>/dev/null || echo none)"
}

# VFs have the names that udev gives them only some time after they were made.
named() { # PF COUNT: enp1s0 4 waits for enp1s0v0 to enp1s0v3
    local i
    udevadm settle
    for ((i = 0; i < $2; i++)); do
        wait_for 20 test -e "/sys/class/net/$1v$i" || return
    done
}

# Is this the build with sanitizers? It is many times slower.
is_asan() {
    grep -q __asan_init "$(command -v sriovctl)"
}

# Runs a command and keeps in $trace what it opened, wrote and sent, also in its children, with full paths. The sanitizers
# cannot look for leaks in a traced program.
traced() { # COMMAND…
    strace -E ASAN_OPTIONS=detect_leaks=0 -f --seccomp-bpf -y -s 64 -v -o "$trace" -e trace=openat,open,openat2,creat,write,pwrite64,writev,sendmsg,sendmmsg,sendto,mount,unlink,unlinkat,rename,renameat,renameat2 "$@"
}

# The calls in $trace that change the machine: a sysfs file opened for writing, or a netlink message that sets something.
changes() {
    grep -E '/sys/.*O_(WRONLY|RDWR)|O_(WRONLY|RDWR).*</sys/|RTM_(SET|NEW|DEL)|/etc/modprobe\.d.*O_(WRONLY|RDWR)' "$trace"
}

microseconds() { # COMMAND…: how long it takes
    local begin=${EPOCHREALTIME/./}
    "$@" >/dev/null 2>&1
    echo $((${EPOCHREALTIME/./} - begin))
}

median() { # COUNT: of so many lines with a number each
    sort -n | sed -n "$((($1 + 1) / 2))p"
}

# ---- A virtual machine that holds a VF ------------------------------------------------------------------------------------

# It is a QEMU whose processor never starts, with the VF by vfio. $vm is its process; $events counts what it had to tell.
vm=''
events=0
answer=''

qmp() { # COMMAND: its answer; events that come first are counted
    local line
    echo "{\"execute\": \"$1\"}" >&"${VM[1]}"
    while read -r -t 60 line <&"${VM[0]}"; do
        case $line in
        *'"event"'*) events=$((events + 1)) ;;
        *) answer=$line; return ;;
        esac
    done
    return 1
}

start_vm() { # NAME PCI
    events=0
    coproc VM { exec qemu-system-x86_64 -machine q35,accel=tcg -m 64 -nodefaults -display none -S -name "guest=$1" \
        -device "vfio-pci,host=$2,id=vf" -qmp stdio 2>"$tmp/qemu"; }
    # shellcheck disable=SC2034 # for the tests
    vm=$VM_PID
    # shellcheck disable=SC2034 # its greeting, taken off the stream
    read -r -t 60 answer <&"${VM[0]}"
    qmp qmp_capabilities
}
