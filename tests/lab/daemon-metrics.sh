#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 900
#
# /metrics on a kernel: the values are those of ip and sysfs, a scrape asks the kernel once for each PF, messages of the kernel
# are told and counted, a storm of them is cut short, and a removal that hangs holds nothing up. Whether Prometheus likes the
# page is tested in tests/host/metrics.sh.

. tests/lab/lib.sh
. tests/lab/daemon.bash

of_pf='{pci="0000:01:00.0",name="enp1s0",driver="igb"}'

scrape() { # into $tmp/page
    curl -sS -f --max-time 30 --unix-socket "$tmp/api.sock" http://localhost/metrics -o "$tmp/page"
}

value() { # SAMPLE: of the last scrape, by its name and labels
    sample="$1 " awk 'index($0, ENVIRON["sample"]) == 1 { print $NF }' "$tmp/page"
}

now() { # SAMPLE: of a scrape of its own
    scrape && value "$1"
}

becomes() { # WANT WHAT SAMPLE
    wait_for 40 prints "$1" now "$3" || true
    is "$(value "$3")" "$1" "$2"
}

prepare() {
    must ip link set enp1s0 up
    must ip link set enp2s0 up
    must sriovctl create enp1s0 4 --quiet
    must named enp1s0 4
    must wait_for 20 grep -q 1 /sys/class/net/enp1s0/carrier
    must wait_for 20 grep -q 1 /sys/class/net/enp2s0/carrier
    start_daemon
    ok 'the daemon answers' wait_for 60 scrape
}

gauges_are_those_of_sysfs() {
    scrape
    is "$(value sriov_pfs)" 2 'PFs'
    is "$(value "sriov_pf_vfs$of_pf")" "$(find /sys/class/net/enp1s0/device/ -name 'virtfn*' | wc -l)" 'VFs'
    is "$(value "sriov_pf_vfs_supported$of_pf")" "$(sys enp1s0 sriov_totalvfs)" 'VFs that there can be'
    is "$(value "sriov_pf_link_up$of_pf")" "$(cat /sys/class/net/enp1s0/carrier)" 'carrier'
    is "$(value "sriov_pf_link_speed_bytes_per_second$of_pf")" $(($(cat /sys/class/net/enp1s0/speed) * 125000)) 'speed'
    is "$(value "sriov_pf_vfs_by_driver${of_pf%\}},vf_driver=\"igbvf\"}")" 4 'VFs on igbvf'
    is "$(sed -n 's/^sriov_vf_info{pf="enp1s0",vf="2",.*mac="\([^"]*\)".*/\1/p' "$tmp/page")" \
        "$(vf_of enp1s0 2 .address | tr -d '"')" "a VF's address"
    is "$(grep -c '^sriov_vf_[a-z_]*_total' "$tmp/page")" 0 'igb has no counters of its VFs: none, and no zeros'
    ip link set enp2s0 down
    becomes 0 'a PF that goes down' 'sriov_pf_up{pci="0000:02:00.0",name="enp2s0",driver="igb"}'
    is "$(value 'sriov_pf_link_speed_bytes_per_second{pci="0000:02:00.0",name="enp2s0",driver="igb"}')" '' 'has no speed'
    ip link set enp2s0 up
}

changes_show() {
    must ip netns add red
    must ip link set enp1s0v0 netns red
    becomes 1 'a VF in a namespace is in use' 'sriov_vf_in_use{pf="enp1s0",vf="0"}'
    is "$(value "sriov_pf_vfs_free$of_pf")" 3 'the others are free'
    must sriovctl bind enp1s0/3 vfio-pci
    becomes 1 'a VF on vfio-pci' "sriov_pf_vfs_by_driver${of_pf%\}},vf_driver=\"vfio-pci\"}"
    must sriovctl acquire enp1s0/1 --owner 'we "b"'
    becomes 1 'a lease' 'sriov_leases{state="held"}'
    is "$((EPOCHSECONDS - $(value 'sriov_lease_start_time_seconds{pf="enp1s0",vf="1",owner="we \"b\""}') < 300))" 1 'and its age'
    must sriovctl release enp1s0/1
    becomes 0 'that ends' 'sriov_leases{state="held"}'
    is "$(value 'sriov_transactions{state="applied"}')" \
        "$(sqlite3 /var/lib/sriovd/ledger.db 'SELECT count(*) FROM txn WHERE state = 1')" 'changes in the ledger'
}

counter() { # NAME: of ip
    ip -s -j link show enp1s0 | jq ".[0].stats64.$1"
}

received() { # PACKETS
    [ "$(now "sriov_pf_receive_packets_total$of_pf")" -ge "$1" ]
}

# The PF and a VF in a namespace talk; what ip says before and after a scrape encloses what that says.
counters_are_those_of_ip() {
    local before after row
    must ip addr add 192.0.2.1/24 dev enp1s0
    must ip -n red link set enp1s0v0 up
    must ip -n red addr add 192.0.2.2/24 dev enp1s0v0
    must wait_for 60 ip netns exec red ping -c 3 -i 0.2 192.0.2.1
    ok 'packets are counted, as soon as igb has read its registers' wait_for 20 received 3
    for row in 'rx.bytes receive_bytes' 'tx.bytes transmit_bytes' 'rx.packets receive_packets' 'tx.packets transmit_packets' \
        'rx.multicast receive_multicast' 'rx.dropped receive_dropped'; do
        before=$(counter "${row% *}")
        scrape
        after=$(counter "${row% *}")
        ok "${row#* } is what ip says" test "$(value "sriov_pf_${row#* }_total$of_pf")" -ge "$before" -a \
            "$(value "sriov_pf_${row#* }_total$of_pf")" -le "$after"
    done
}

# At most one look in 30 seconds; the second scrape has none.
a_scrape_asks_once_for_each_pf() {
    scrape
    timeout 30 strace -f -p "$daemon" -o "$trace" -e trace=sendmsg,sendto 2>/dev/null &
    tracer=$!
    wait_for 20 grep -q "TracerPid:.[1-9]" "/proc/$daemon/status"
    scrape
    kill $tracer
    wait $tracer 2>/dev/null
    is "$(grep -c 'RTM_GETLINK' "$trace")" 2 'two PFs, two requests'
    is "$(grep 'sendmsg\|sendto' "$trace" | grep -c 'nlmsg_len')" 2 'and no other netlink message'
}

messages_are_told_and_counted() {
    local other='sriov_kernel_messages_total{pf="enp1s0",topic="other"}' before
    before=$(now "$other")
    mark
    must ip link set enp1s0 vf 2 mac 52:54:00:aa:00:02
    tells 20 'a message of the kernel is told, about its VF' \
        '.kind == "kernel" and .object == "enp1s0/2" and (.message | test("setting MAC 52:54:00:aa:00:02 on VF 2"))'
    wait_for 20 scrape
    ok 'and counted' test "$(now "$other")" -gt "$before"
    mark
    echo '<4>igb 0000:01:00.0: Spoof event(s) detected on VF 2' >/dev/kmsg
    must ip link set enp1s0 vf 2 mac 52:54:00:aa:00:03
    tells 20 'the next one is told' '.kind == "kernel" and (.message | test("aa:00:03"))'
    is "$(told '.message | test("Spoof")')" '' 'what a program wrote into the log is not'
    is "$(now 'sriov_kernel_messages_total{pf="enp1s0",topic="spoofed"}')" 0 'and not counted'
}

# Each of 100 settings makes igb say two or three things. Then the window of a minute ends.
a_storm_is_cut_short() {
    local i counted
    counted=$(now 'sriov_kernel_messages_total{pf="enp1s0",topic="other"}')
    mark
    for ((i = 0; i < 100; i++)); do printf 'link set enp1s0 vf 2 mac 52:54:00:bb:00:%02x\n' $i; done >"$tmp/batch"
    must ip -batch "$tmp/batch"
    wait_for 30 eval '[ "$(now "sriov_kernel_messages_total{pf=\"enp1s0\",topic=\"other\"}")" -ge $((counted + 200)) ]'
    counted=$(($(value 'sriov_kernel_messages_total{pf="enp1s0",topic="other"}') - counted))
    echo "# $counted messages, $(told '.kind == "kernel"' | wc -l) told"
    ok 'all are counted' test $counted -ge 200
    ok 'at most 20 are told' test "$(told '.kind == "kernel"' | wc -l)" -le 20
    ok 'the metrics say how many were left out' test "$(value sriov_kernel_messages_left_out_total)" -ge $((counted - 20))
    tells 90 'so does the log, when the minute is over' '.kind == "kernel" and (.message | test("^[0-9]+ more messages"))'
}

# A guest holds the VF: the removal hangs in the kernel, with the PF's device lock.
a_removal_that_hangs_holds_nothing_up() {
    local took
    must start_vm web1 "$(vf_pci enp1s0 3)"
    becomes 1 'a VM, of which nobody tells, is seen within 30 s' 'sriov_vf_in_use{pf="enp1s0",vf="3"}'
    sriovctl create enp1s0 0 --force --yes >/dev/null 2>&1 &
    hangs=$!
    becomes 1 'the PF is busy while a removal hangs' "sriov_pf_busy$of_pf"
    took=$(microseconds scrape)
    echo "# a scrape meanwhile: $((took / 1000)) ms in the lab"
    is "$(value sriov_traffic_read_success)" 1 'the counters are read all the same'
    ok 'within two seconds' test "$took" -lt 2000000
    kill "$vm"
    wait "$vm" 2>/dev/null
    wait $hangs
    becomes 0 'then it is over' "sriov_pf_busy$of_pf"
    is "$(value "sriov_pf_vfs$of_pf")" 0 'and the VFs are gone'
    is "$(grep -c '^sriov_vf_' "$tmp/page")" 0 'with all that was said of them'
}

prepare
gauges_are_those_of_sysfs
changes_show
counters_are_those_of_ip
a_scrape_asks_once_for_each_pf
messages_are_told_and_counted
a_storm_is_cut_short
a_removal_that_hangs_holds_nothing_up
stop_daemon
finish
