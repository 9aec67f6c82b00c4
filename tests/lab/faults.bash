# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used by those who source this; theirs
#
# What fault.sh and kill.sh share: plans from a state A to a state B, the machine looked at more closely than list does, and
# sriovctl-fault (tests/fault/fault.c), which counts its points (writes to sysfs, netlink changes, programs run, commits
# of the journal) and fails or dies at one of them.

faulty=/usr/libexec/sriovd-tests/sriovctl-fault
ledger=/var/lib/sriovd/ledger.db

# ---- Plans ----------------------------------------------------------------------------------------------------------------

# Writes $tmp/$1.yaml from stdin, for one PF.
policy() { # NAME PF VFS <LINES
    { printf 'pfs:\n  - match: {name: %s}\n    num_vfs: %s\n    vfs:\n' "$2" "$3" && sed 's/^ */      /'; } >"$tmp/$1.yaml"
}

# Four VFs on igb of every kind: with a driver of the kernel, for a VM, and without; every attribute named, so that this policy
# leads here from anywhere.
igb_before() { # NAME
    policy "$1" enp1s0 4 <<'END'
        "0": {mac: "52:54:00:aa:bb:01", vlan: 100, qos: 3, spoofchk: on, trust: on, driver: vfio-pci}
        "1": {mac: "52:54:00:aa:bb:02", vlan: 42, qos: 0, spoofchk: on, trust: on, driver: default}
        "2": {mac: "52:54:00:aa:bb:03", vlan: 0, qos: 0, spoofchk: off, trust: off, driver: none}
        "3": {mac: "52:54:00:aa:bb:04", vlan: 7, qos: 1, spoofchk: off, trust: off, driver: default}
END
}

# The same VFs, everything else.
igb_after() { # NAME
    policy "$1" enp1s0 4 <<'END'
        "0": {mac: "52:54:00:cc:dd:01", vlan: 200, qos: 5, spoofchk: off, trust: off, driver: default}
        "1": {mac: "52:54:00:cc:dd:02", vlan: 43, qos: 1, spoofchk: off, trust: off, driver: vfio-pci}
        "2": {mac: "52:54:00:cc:dd:03", vlan: 44, qos: 2, spoofchk: on, trust: on, driver: default}
        "3": {mac: "52:54:00:cc:dd:04", vlan: 0, qos: 0, spoofchk: on, trust: on, driver: none}
END
}

# The emulated igb takes four seconds for a change of the number of its VFs, so not each of these points is tried. No VF has igbvf:
# right after such a change its probe may not get the PF's answer in time on a slow machine, and it makes up an address.
igb_two() { # NAME
    policy "$1" enp1s0 2 <<'END'
        "0": {mac: "52:54:00:aa:bb:01", vlan: 100, driver: vfio-pci}
        "1": {mac: "52:54:00:aa:bb:02", vlan: 0, trust: on, driver: none}
END
}

igb_four() { # NAME
    policy "$1" enp1s0 4 <<'END'
        "1": {vlan: 42}
        "2": {mac: "52:54:00:cc:dd:03", vlan: 44, driver: none}
        "3": {mac: "52:54:00:cc:dd:04", driver: vfio-pci}
END
}

# Settings of two PFs in one plan, so that what fails on the second undoes the first.
netdevsim_pair() { # NUMBER VLAN_PROTO FLAG LINK_STATE
    local pf i
    echo "pfs:"
    for pf in 1 2; do
        printf '  - match: {name: eni%snp1}\n    num_vfs: 4\n    vfs:\n' $pf
        for i in 0 2; do
            printf '      "%s": {mac: "52:54:00:%s:0%s:0%s", vlan: %s, qos: %s, vlan_proto: %s, ' $i "$1" $pf $i $((2$i * $1)) $(($1 % 8)) "$2"
            printf 'min_tx_rate: %s, max_tx_rate: %s, spoofchk: %s, trust: %s, link_state: %s}\n' "$1" "$1$i" "$3" "$3" "$4"
        done
    done
}

# Numbers of VFs of two PFs in one plan, one with settings and one with drivers: netdevsim and NVMe make VFs quickly.
quick_counts() { # NAME NETDEVSIM NVME VLAN
    local i last=$(($3 - 1))
    policy "$1" eni1np1 "$2" <<END
        "0": {mac: "52:54:00:00:00:01", vlan: $4, trust: on, link_state: enable}
        "1": {vlan: 7, qos: 3, vlan_proto: 802.1ad, min_tx_rate: 10, max_tx_rate: $4}
END
    printf '  - match: {driver: nvme}\n    num_vfs: %s\n    vfs:\n      "0": {driver: none}\n' "$3" >>"$tmp/$1.yaml"
    for ((i = 1; i <= last; i++)); do printf '      "%s": {driver: vfio-pci}\n' $i >>"$tmp/$1.yaml"; done
}

make_policies() {
    igb_before before
    igb_after after
    igb_two two
    igb_four four
    netdevsim_pair 11 802.1Q on enable >"$tmp/pair-before.yaml"
    netdevsim_pair 22 802.1ad off disable >"$tmp/pair-after.yaml"
    quick_counts some 4 2 100
    quick_counts more 6 3 200
    quick_counts fewer 2 1 300
}

# ---- Looking --------------------------------------------------------------------------------------------------------------

# The link comes back some time after a change of the number of VFs; until then list has no speed.
has_carrier() {
    local pf
    for pf in /sys/class/net/*/device/sriov_totalvfs; do
        pf=${pf%/device/*}
        [ $(($(<"$pf/flags") & 1)) = 0 ] || [ "$(<"$pf/carrier")" = 1 ] || return
    done
}

# Everything that a transaction may have touched: what list tells, nothing left out; and of the kernel's files what list does not
# read: a driver_override left behind would decide the next bind, an own address of a VF is what its traffic carries.
machine() {
    local file
    wait_for 30 has_carrier
    sriovctl list --json
    for file in /sys/bus/pci/devices/*/{sriov_drivers_autoprobe,driver_override}; do
        [ ! -e "$file" ] || echo "$file $(<"$file")"
    done
    for file in /sys/class/net/*/device/physfn; do
        [ ! -e "$file" ] || echo "${file%/device*} $(<"${file%/device*}/address")"
    done
    echo /etc/modprobe.d/*
}

# How it differs from what is kept of it in $tmp/STATE; nothing if it does not.
differs_from() { # STATE
    local now
    now=$(machine)
    [ "$now" = "$(<"$tmp/$1")" ] || diff <(sed 's/{/\n{/g' "$tmp/$1") <(sed 's/{/\n{/g' <<<"$now")
}

# The policy's machine, all events over. What was said of above may happen here, too: it is undone and tried again.
reach() { # NAME
    local try
    for try in 1 2 3; do
        ! sriovctl --quiet apply -f "$tmp/$1.yaml" >"$tmp/said" 2>&1 || break
        [ $try -lt 3 ] || cat "$tmp/said"
    done
    udevadm settle
}

# "3 applied 0": the last transaction, what became of it, and how many are not closed. From the ledger itself, since history
# also takes time for what is not asked here.
last_transaction() {
    sqlite3 -separator " " "$ledger" "SELECT id, CASE state WHEN 0 THEN 'running' WHEN 1 THEN 'applied' WHEN 2 THEN 'reverted'
        WHEN 3 THEN 'not-reverted' ELSE 'void' END, (SELECT count(*) FROM txn WHERE state = 0) FROM txn ORDER BY id DESC LIMIT 1"
}

# The same as users see it.
last_in_history() {
    sriovctl --quiet history --json --limit 1 | jq -r '.history[0] | "\(.transaction) \(.transaction_state)"'
}
