#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --netdevsim 6 --nvme 4
# timeout: 1800
#
# kill -9 at each point of an apply that the daemon has begun (commits of the journal among them): of the daemon, of the process
# that does the work, and of both. A daemon that lives tries again; a new one ends what was half done, or waits for who is
# still at it. The machine is what the policy says each time, and no transaction is left open.

. tests/lab/lib.sh
. tests/lab/faults.bash
. tests/lab/daemon.bash

# The first job that the daemon starts has the fault, if one is asked for.
cat >"$tmp/job" <<END
#!/bin/bash
mv $tmp/fault $tmp/fault.taken 2>/dev/null || exec sriovctl "\$@"
SRIOV_FAULT=\$(<$tmp/fault.taken) exec $faulty "\$@"
END
chmod 755 "$tmp/job"

start() {
    mark
    start_daemon --sriovctl "$tmp/job"
}

is_gone() {
    ! kill -0 "$daemon" 2>/dev/null
}

wrong_in_the_end() {
    wait_for 60 has_told '.message == "ready"' 1 || told true
    stop_daemon
    [ ! -e "$tmp/fault" ] || echo "no job had the fault"
    [[ $(last_transaction) == *' 0' ]] || last_transaction
    udevadm settle
    machine >"$tmp/now"
    cmp -s "$tmp/b" "$tmp/now" || diff <(sed 's/{/\n{/g' "$tmp/b") <(sed 's/{/\n{/g' "$tmp/now")
}

# A fault that the daemon survives, and others.
killed() { # FAULT
    echo "$1" >"$tmp/fault"
    start
    case $1 in
    kill:*) ;;
    *)
        wait_for 60 is_gone || echo "the daemon lives"
        wait "$daemon" 2>/dev/null
        start
        ;;
    esac
    wrong_in_the_end
    keep reach "$from"
}

# Sets $from and $points; the policy is that of B.
between() { # A B
    from=$1
    reach "$from"
    cp "$tmp/$2.yaml" "$policies/a.yaml"
    echo "count:$tmp/points" >"$tmp/fault"
    start
    wait_for 60 has_told '.message == "ready"' 1
    stop_daemon
    points=$(<"$tmp/points")
    udevadm settle # which looks into each new device
    machine >"$tmp/b"
    ok "$1 to $2: $points points" test "$points" -gt 4
    reach "$from"
}

killed_everywhere() { # A B EVERY
    local point why kinds=(kill kill-starter)
    between "$1" "$2"
    for ((point = 1; point <= points; point += $3)); do
        is "$(killed "kill-both:$point" 2>&1)" '' "$1 to $2, both killed at point $point: a new daemon gets there"
        why=${kinds[point / $3 % 2]}
        is "$(killed "$why:$point" 2>&1)" '' "$1 to $2, $why at point $point: so does it"
    done
}

number() { # NAME VFS VLAN
    policy "$1" eni1np1 "$2" <<END
        "0": {mac: "52:54:00:00:00:01", vlan: $3, trust: on, link_state: enable}
        "1": {vlan: 7, qos: 3, vlan_proto: 802.1ad, min_tx_rate: 10, max_tx_rate: $3}
END
}

drivers() { # NAME VFS
    local i
    printf 'pfs:\n  - match: {driver: nvme}\n    num_vfs: %s\n    vfs:\n      "0": {driver: none}\n' "$2" >"$tmp/$1.yaml"
    for ((i = 1; i < $2; i++)); do printf '      "%s": {driver: vfio-pci}\n' $i >>"$tmp/$1.yaml"; done
}

must ip link set enp1s0 up
must modprobe vfio-pci
number few 4 100
number many 6 200
drivers one 1
drivers three 3
igb_two two
igb_four four
killed_everywhere few many 1
killed_everywhere one three 2
killed_everywhere two four 9
finish
