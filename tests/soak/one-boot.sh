#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In the guest, for reboots.sh: one-boot.sh NUMBER. Starts the daemon, looks whether the machine is right, and leaves something
# behind for the next boot, by turns. What is wrong is printed; the last line is what was left.
set -u
state=/mnt/share/state
policy=/mnt/share/policy
faulty=/usr/libexec/sriovd-tests/sriovctl-fault
log=/tmp/records

wrong() {
    echo "$1"
    cat "$log"
    exit 1
}

ready() {
    grep -q '"message":"ready"' "$log"
}

# VF MAC VLAN SPOOFCHK TRUST DRIVER, as the kernel has them.
vfs() {
    local i pci
    for i in 0 1 2; do
        pci=$(basename "$(readlink "/sys/class/net/enp1s0/device/virtfn$i")")
        echo "$(ip -j -d link show enp1s0 | jq -r --argjson i "$i" '.[0].vfinfo_list[$i]
            | "\(.vf) \(.address) \(.vlan_list[0].vlan // 0) \(.spoofchk) \(.trust)"')" \
            "$(basename "$(readlink "/sys/bus/pci/devices/$pci/driver" || echo none)")"
    done
}

wanted='0 52:54:00:aa:bb:00 42 true false vfio-pci
1 52:54:00:aa:bb:01 43 true true none
2 52:54:00:aa:bb:02 0 false false none'

start() {
    echo "policy: $policy" >/tmp/sriovd.conf
    sriovd --config /tmp/sriovd.conf --state-dir $state --socket /tmp/api.sock 2>"$log" &
    daemon=$!
    for ((i = 0; i < 900; i++)); do
        ready && return
        sleep 0.1
    done
    wrong 'the daemon does not get ready'
}

die() {
    { kill -9 $daemon && wait $daemon; } 2>/dev/null
    true
}

other_policy() { # with which an apply is begun and cut off
    sed 's/num_vfs: 3/num_vfs: 5/; s/vlan: 42/vlan: 99/' $policy/a.yaml
}

leave_behind() { # NUMBER
    case $(($1 % 6)) in
    0) echo 'nothing' ;;
    1) die && echo 'the daemon killed' ;;
    2)
        sriovctl --state-dir $state acquire enp1s0/1 --owner tenant vlan=77 >/dev/null && echo 'a lease'
        ;;
    3 | 4)
        die
        other_policy | SRIOV_FAULT=kill:$(($1 % 9 + 2)) $faulty --state-dir $state apply -f - >/dev/null 2>&1
        echo "an apply cut off at point $(($1 % 9 + 2))"
        ;;
    5)
        ip link set enp1s0 vf 0 vlan 7
        echo 0 >/sys/class/net/enp1s0/device/sriov_numvfs
        echo 'all VFs taken away, and at once the power'
        ;;
    esac
}

[ "$(cat /sys/class/net/enp1s0/device/sriov_numvfs)" = 0 ] || wrong 'VFs before the daemon'
start
[ "$(vfs)" = "$wanted" ] || wrong "the machine is: $(vfs)"
[ "$(sriovctl --state-dir $state plan -f $policy)" = 'nothing to do' ] || wrong 'the policy differs'
[ "$(sriovctl --state-dir $state leases --json | jq -c '.leases')" = '[]' ] || wrong 'a lease of an earlier boot'
[ "$(sqlite3 $state/ledger.db 'SELECT count(*) FROM txn WHERE state = 0')" = 0 ] || wrong 'a transaction is open'
leave_behind "$1"
