# SPDX-License-Identifier: LGPL-2.1-or-later
# What the benchmarks share. They run in the guest; results go, one line each and tab-separated, to the file $RESULTS:
#     time  BENCHMARK  SIDE  MICROSECONDS
#     count BENCHMARK  WHAT  NUMBER
#     kernel VERSION
# shellcheck shell=bash

RESULTS=${RESULTS:-/mnt/share/results}
work=$(mktemp -d)

say() { printf '%s\n' "$*" >&2; }
die() { say "bench: $*"; exit 1; }

record() { (IFS=$'\t'; printf '%s\n' "$*" >>"$RESULTS"); }
echo "kernel	$(uname -r | cut -d- -f1)" >>"$RESULTS"

count() { record count "$@"; }

# timed BENCHMARK SIDE COMMAND…: one sample. Its output is in $work/out; a command that fails ends the benchmark.
timed() {
    local benchmark=$1 side=$2 start end
    shift 2
    start=$EPOCHREALTIME
    "$@" >"$work/out" 2>&1 || die "$side: exit status $?: $(tail -n 3 "$work/out")"
    end=$EPOCHREALTIME
    record time "$benchmark" "$side" $((${end/./} - ${start/./}))
}

# traced FILE COMMAND…: the system calls of COMMAND and its children, with the kind of each socket.
traced() {
    local file=$1
    shift
    strace -f -yy -o "$file" "$@" >"$work/out" 2>&1 || die "$*: exit status $?: $(tail -n 3 "$work/out")"
}

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || die "still not so: $*"
        sleep 0.1
    done
}
