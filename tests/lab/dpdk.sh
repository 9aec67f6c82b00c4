#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --bad-acs --smp 2 --mem 3072
# timeout: 600
#
# sriovctl dpdk: Debian's testpmd forwards between two VFs, as root and as another user; what is reserved comes back after
# its end, after a release, after kill -9 anywhere; what cannot be is refused, and nothing is left of it.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash

pages=/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
records=/var/lib/sriovd/reservations

# What a reservation changes beside the VFs.
memory() {
    cat $pages
    grep hugetlbfs /proc/mounts
    stat -c '%n %u:%g %a' /dev/vfio/*
    ls $records /run/sriovctl 2>/dev/null
}
memory_before=''

nothing_left() { # WHAT
    as_before "$1"
    is "$(memory)" "$memory_before" "$1: huge pages, mounts and rights are as before"
    is "$(pgrep -c 'sriovctl|dpdk-testpmd')" 0 "$1: no process is left"
}

# Each VF sends what it gets on through the other one, back to where it came from. --tx-first sends 32 frames from each, so
# who got more was sent what had been received before.
peers=52:54:00:aa:bb:0
testpmd_arguments=(--total-num-mbufs=8192 --forward-mode=mac --tx-first --stats-period=1 --no-lsc-interrupt
    "--eth-peer=0,${peers}1" "--eth-peer=1,${peers}0")

# Starts it in the background ($runner) and waits until frames are forwarded.
runner=''
start_testpmd() { # ARGUMENT of dpdk…
    : >"$tmp/said"
    # A shell starts what is in the background with SIGINT ignored, for good.
    env --default-signal=INT sriovctl dpdk $pf/0-1 --memory 128 "$@" --exec -- dpdk-testpmd '{eal}' -- "${testpmd_arguments[@]}" \
        >"$tmp/said" 2>"$tmp/notes" &
    runner=$!
    ok "testpmd $* forwards" wait_for 90 grep -Eq 'RX-packets: (3[3-9]|[4-9][0-9]|[0-9]{3})' "$tmp/said"
}

# Packets that came in, of all ports, over the whole run.
received() {
    sed -n '/Accumulated/,$ s/.*RX-packets: \([0-9]*\).*/\1/p' "$tmp/said"
}

forwards_as_nobody() {
    local got
    start_testpmd --user nobody
    is "$(ps -o user= -C dpdk-testpmd)" nobody 'it runs as nobody'
    has "$(sriovctl leases)" "*$pf/0 *dpdk-testpmd *held*" 'the VFs are leased to it'
    kill -INT $runner
    wait $runner
    is $? 0 'SIGINT is passed on, and the exit status is its own'
    got=$(received)
    ok "${got:-no} packets received" test "${got:-0}" -gt 64
    has "$(cat "$tmp/notes")" '*64 huge pages of 2M were added for as long as it runs*' 'the pages are told'
    has "$(cat "$tmp/notes")" "*$pf/0, $pf/1: trust is off*spoofchk is on*" 'trust and spoofchk are told'
    nothing_left 'testpmd as nobody'
}

what_it_gets() {
    # shellcheck disable=SC2016 # the shell inside expands it
    keep sriovctl dpdk $pf/2 --memory 64 --user nobody --exec -- sh -c '
        id -un; ulimit -l; stat -c "%U %a" $7 "/dev/vfio/$1"; stat -f -c %T $7; echo "$@" >&2; cat '"$pages" \
        group "$(basename "$(readlink "/sys/bus/pci/devices/$(vf_pci $pf 2)/iommu_group")")" '{eal}'
    is "$(xargs <"$out")" 'nobody unlimited nobody 700 nobody 600 hugetlbfs 32' 'the user, memlock, a mount and the group of his own'
    has "$(cat "$err")" "* -l 0,1 --socket-mem 64 --huge-dir /run/sriovctl/dpdk-0 --file-prefix dpdk-0-nobody --iova-mode=va -a $(vf_pci $pf 2)*" \
        'the arguments stand where {eal} is'
    nothing_left 'as nobody'
    keep sriovctl dpdk $pf/2 --memory 64 --cores 1 --exec -- echo -n -- more
    is "$(cat "$out")" "-l 1 --socket-mem 64 --huge-dir /run/sriovctl/dpdk-0 --file-prefix dpdk-0 -a $(vf_pci $pf 2) -n -- more" \
        'or behind the name of the program; one core is not processor 0'
    exits 7 'its exit status' sriovctl dpdk $pf/2 --memory 64 --exec -- sh -c 'exit 7' '{eal}'
    nothing_left 'exit status'
}

stays_until_released() {
    echo 16 >$pages
    succeeds 'without --exec' sriovctl dpdk $pf/0 $pf/3 --memory 64 --cores 1 --format json
    is "$(json '[.owner, (.vfs | length), .hugepages[0].pages, .hugepages[0].added, (.cores | length)] | join(" ")')" 'dpdk 2 32 16 1' \
        'free pages are used, and the missing ones added'
    # shellcheck disable=SC2016 # no command
    has "$(cat "$err")" '*until `sriovctl release dpdk`*' 'what stays is told, and until when'
    is "$(driver_of "$(vf_pci $pf 3)")" vfio-pci 'the VF is on vfio-pci'
    succeeds 'a second one' sriovctl dpdk --pf $pf --count 1 --memory 32 --cores 1 --owner second --json
    is "$(json '[.cores[0], .hugepages[0].added] | join(" ")')" '0 16' 'has another core, and no page of the first'
    exits 3 'a VF of the first' sriovctl dpdk $pf/3 --memory 32 --cores 1 --owner third
    has "$(cat "$err")" "*$pf/3: is in use: leased to dpdk*" 'is refused by name'
    must sriovctl leases
    is "$(cat $pages)" 48 'the next command leaves both alone'
    succeeds 'release of one VF' sriovctl release $pf/0
    is "$(cat $pages)" 48 'keeps the pages for the other'
    succeeds 'release' sriovctl release dpdk
    is "$(cat $pages)" 32 'gives back the pages that were added'
    succeeds 'release' sriovctl release second
    is "$(cat $pages)" 16 'and those of the second'
    echo 0 >$pages
    nothing_left 'released'
}

# shellcheck disable=SC2317 # wait_for calls it
no_process() { ! pgrep "$1"; }

killed_while_it_runs() {
    start_testpmd trust=on spoofchk=off
    hasnt "$(cat "$tmp/notes")" '*trust*' 'with trust and without spoofchk there is no warning'
    kill -9 $runner
    wait $runner 2>/dev/null
    ok 'testpmd dies with sriovctl' wait_for 20 no_process dpdk-testpmd
    succeeds 'the next command' sriovctl leases
    has "$(cat "$err")" "*$pf/0 is free*had reserved was given back*" 'takes all back and says so'
    nothing_left 'killed while it runs'
}

# SIGKILL as it comes to the K-th call of that name.
killed_at() { # CALL K ARGUMENT…
    local call=$1 k=$2
    shift 2
    keep strace -E ASAN_OPTIONS=detect_leaks=0 -o /dev/null -e trace="$call" -e inject="$call:signal=SIGKILL:when=$k" \
        sriovctl dpdk "$@"
    [ "$status" = 137 ] || return
    keep sriovctl leases
    is "$(memory)" "$memory_before" "killed at $call $k: huge pages, mounts and rights are as before"
    is "$(state) $(sriovctl leases --json | jq -c .leases)" "$killed_before []" "killed at $call $k: the VFs, too"
}

# Files are renamed as the reservation and the lease are written, from one state to the next.
killed_anywhere() {
    local at killed_before
    killed_before=$(state)
    for at in 'rename 1' 'mount 1' 'rename 5' 'fchownat 1' 'rename 6' 'fchownat 2' 'unlink 1'; do
        # shellcheck disable=SC2086 # two words
        killed_at $at $pf/0 --memory 64 --user nobody --exec -- true || fail "killed at $at" "it is not: status $status"
    done
    killed_at rename 7 $pf/0 --memory 64 --user nobody || fail 'killed as the lease is made to last' "it is not: status $status"
    nothing_left 'killed anywhere'
}

refused() { # STATUS PATTERN ARGUMENT…
    local want=$1 pattern=$2
    shift 2
    exits "$want" "dpdk $*" sriovctl dpdk "$@"
    has "$(cat "$err")" "$pattern" "dpdk $*: with the reason"
}

bad_input() {
    refused 2 '*no such user*' $pf/0 --user no-such-user
    refused 2 '*3 are wanted*there are 2*' $pf/0 --cores 3
    refused 2 '*is a PF*' $pf
    refused 2 '*which VF is not said*' vlan=5
    refused 5 '*there is no VF 9*' $pf/9
    refused 2 '*chooses the driver by itself*' $pf/0 driver=vfio-pci
    refused 2 '*mac*several VFs*' $pf/0-1 mac=52:54:00:aa:bb:05
    refused 2 '*there is no command*' $pf/0 --exec
    refused 2 '*--exec is not given*' $pf/0 -- true
    refused 4 '*no representor*' $pf/0 --representors
    refused 1 '*node 0*huge pages*cannot make them*' $pf/0 --memory 900000
    refused 127 '*no-such-command*cannot be executed: No such file*' $pf/0 --memory 64 --exec -- no-such-command
    refused 126 '*cannot be executed*' $pf/0 --memory 64 --exec -- /etc/passwd
    refused 3 '*shares IOMMU group*igb has*' enp2s0/0 --memory 64
    must ip addr add 192.0.2.1/24 dev ${pf}v2
    refused 3 '*192.0.2.1*' $pf/1-2 --memory 64
    must ip addr del 192.0.2.1/24 dev ${pf}v2
    exits 6 'not as root' setpriv --reuid 65534 --clear-groups sriovctl dpdk $pf/0
    keep prlimit --memlock=65536:65536 setpriv --bounding-set -sys_resource --inh-caps -sys_resource \
        sriovctl dpdk $pf/0 --memory 64 --user nobody --exec -- true
    is "$status" 6 'memlock too low'
    has "$(cat "$err")" '*may lock 64 KiB*need 64 MiB*' 'memlock too low: with the reason'
    nothing_left 'bad input'
    succeeds 'dry run' sriovctl dpdk $pf/0 --dry-run --format ovs
    has "$(cat "$out")" "*add-port br-dpdk ${pf}_0 * type=dpdk options:dpdk-devargs=$(vf_pci $pf 0)*" 'a port for Open vSwitch'
    nothing_left 'dry run'
}

must sriovctl create $pf 4
must sriovctl create enp2s0 1
must named $pf 4
must ip link set $pf up # or igb takes no vlan
must wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
must modprobe vfio-pci # its file stays
for vf in 0 1 2 3; do # each with an address that its PF knows
    must sriovctl set $pf/$vf mac=52:54:00:aa:bb:0$vf
    must ip link set ${pf}v$vf up
    must ip link set ${pf}v$vf down
done
must sriovctl leases
mkdir -p $records /run/sriovctl
before=$(everything)
memory_before=$(memory)

forwards_as_nobody
what_it_gets
stays_until_released
killed_while_it_runs
killed_anywhere
bad_input
finish
