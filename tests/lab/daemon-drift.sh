#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
#
# The machine is changed behind the daemon's back: it is told and marked in each mode, mended in `enforce` only, and not fought
# over. What is leased is the lease's. A wrong policy leaves the one before in force.

. tests/lab/lib.sh
. tests/lab/daemon.bash

# Is replaced whole, as an editor does it.
policy() { # MODE [VLAN]
    cat >"$tmp/new.yaml" <<END
pfs:
  - match: {name: enp1s0}
    mode: $1
    num_vfs: 3
    link: up
    vfs:
      "0": {mac: "52:54:00:aa:bb:00", vlan: ${2:-42}, max_tx_rate: 100, driver: vfio-pci}
      "1": {vlan: 43, driver: none}
      "2": {vlan: 44, spoofchk: on, driver: default}
END
    mv "$tmp/new.yaml" "$policies/a.yaml"
}

vlan() { # VF
    vf_of enp1s0 "$1" '.vlan_list[0].vlan // 0'
}

# Forgets how often it repaired.
reload() {
    mark
    kill -HUP "$daemon"
    wait_for 20 has_told '.kind == "apply"' 1
    mark
}

vlans() {
    echo "$(vlan 0) $(vlan 1) $(vlan 2)"
}

drift='.kind == "drift"'
change='.kind == "change"'
repair='.kind == "repair" and (.message | startswith("put back"))'

observed() {
    policy observe
    mark
    start_daemon
    tells 20 'observe: what differs at the start is told' "$drift and (.message | contains(\"num_vfs is 0, should be 3\"))"
    tells 20 'and the daemon is ready' '.message == "ready"'
    is "$(sys enp1s0 sriov_numvfs)" 0 'nothing is written'
}

adopted() {
    mark
    policy adopt
    tells 60 'adopt: the policy was changed, so it is applied' '.kind == "apply" and .level == "notice"'
    is "$(sys enp1s0 sriov_numvfs) $(vlan 0) $(driver_of "$(vf_pci enp1s0 0)")" '3 42 vfio-pci' 'with all that it says'
    tells 20 'what it made is told' "$change and .object == \"enp1s0/2\" and .what == \"present\""
    is "$(told "$drift")" '' 'what the daemon did itself is no drift'
    mark
    must ip link set enp1s0 vf 0 vlan 7
    tells 5 'a VLAN set behind its back is told, and marked' "$change and .object == \"enp1s0/0\" and .what == \"vlan\" and .to == 7 and .drift"
    tells 5 'and what the policy wanted' "$drift and (.message | contains(\"enp1s0/0 vlan is 7, should be 42\"))"
    prints_times 'adopt, VLAN: told after' "$change"
    mark
    must ip link set enp1s0 vf 1 trust on
    tells 5 'what the policy does not speak of is told' "$change and .object == \"enp1s0/1\" and .what == \"trust\""
    is "$(told '.drift == true')" '' 'and is no drift'
    is "$(vlan 0)" 7 'adopt leaves it as it is'
    mark
    succeeds 'sriovctl set' sriovctl set enp1s0/1 vlan=9
    tells 5 'what a command changed against the policy is drift' "$drift and (.message | contains(\"enp1s0/1 vlan is 9, should be 43\"))"
    mark
    succeeds 'sriovctl apply' sriovctl apply -f "$policies"
    tells 5 'an apply by hand is told' "$change and .object == \"enp1s0/0\" and .to == 42"
    is "$(told '.drift == true')" '' 'and is no drift'
}

pf_comes_anew() {
    local pci
    pci=$(basename "$(readlink -f /sys/class/net/enp1s0/device)")
    mark
    echo "$pci" >/sys/bus/pci/drivers/igb/unbind
    tells 10 'the PF loses its driver: told' "$change and .what == \"driver\" and .to == null"
    echo "$pci" >/sys/bus/pci/drivers/igb/bind
    tells 60 'it has one again: the policy is applied' '.kind == "apply" and .level == "notice"'
    is "$(sys enp1s0 sriov_numvfs) $(vlan 0)" '3 42' 'and all is as it was'
}

leased() {
    must sriovctl acquire enp1s0/1 --owner tenant vlan=77
    mark
    must ip link set enp1s0 vf 1 vlan 78
    tells 5 'a change of a leased VF is told' "$change and .object == \"enp1s0/1\" and .to == 78"
    is "$(told '.drift == true')" '' 'and is no drift'
    succeeds 'plan while a VF is leased' sriovctl plan -f "$policies" --json
    is "$(json '.steps | length')" 0 'has nothing to do for it'
    has "$(json '.remarks[0]')" 'enp1s0: leased, so they stay as they are: VF 1 (tenant)' 'and says why'
    succeeds 'apply' sriovctl apply -f "$policies"
    is "$(vlan 1)" 78 'leaves it to the lease'
    must sriovctl release enp1s0/1
    is_soon 43 'released, it has again what it had' vlan 1
}

enforced() {
    mark
    policy enforce
    tells 30 'enforce: the policy is loaded' '.kind == "policy" and (.message | startswith("policy in force"))'
    tells 30 'and applied' '.kind == "apply"'
    mark
    must ip link set enp1s0 vf 0 vlan 7
    tells 5 'a VLAN: mended' "$repair"
    is "$(vlan 0)" 42 'it is back'
    tells 1 'it was told as drift' "$change and .drift and .to == 7"
    prints_times 'enforce, VLAN: told, mended after' "$change" "$repair"
    mark
    must ip link set enp1s0 vf 0 max_tx_rate 0
    tells 5 'a rate that is gone: mended' "$repair"
    is "$(vf_of enp1s0 0 .rate.max_tx)" 100 'it is back'
    prints_times 'enforce, rate: told, mended after' "$change" "$repair"
    mark
    must sriovctl set enp1s0/2 vlan=9
    tells 5 'a command against the policy: mended' "$repair"
    is "$(vlan 2)" 44 'it is back'
}

pf_is_changed() {
    local pci=$1
    mark
    must ip link set enp1s0 down
    tells 5 'the link set down: mended' "$repair"
    has "$(ip link show enp1s0)" '*[,<]UP[,>]*' 'it is up'
    prints_times 'enforce, link: told, mended after' "$change and .what == \"link\"" "$repair"
    reload
    echo "$pci" >/sys/bus/pci/drivers/vfio-pci/unbind
    tells 10 'a VF without its driver: mended' "$repair"
    is "$(driver_of "$pci")" vfio-pci 'it is bound again'
    prints_times 'enforce, driver: told, mended after' "$change" "$repair"
    mark
    echo 0 >/sys/class/net/enp1s0/device/sriov_numvfs
    tells 60 'all VFs taken away: mended' "$repair"
    is "$(sys enp1s0 sriov_numvfs) $(vlan 0) $(vlan 2)" '3 42 44' 'they are back, with their settings'
    prints_times 'enforce, number: told, mended after' "$change" "$repair"
}

# What the driver loses by it is not announced; what it tells afterwards is.
pf_is_reset() {
    echo 1 >/sys/class/net/enp1s0/device/reset
    is_soon '42 43 44' 'after a reset of the PF all is as the policy says' vlans
    reload
    must ip link set enp1s0 vf 0 vlan 7
    tells 20 'and what changes then is mended' "$repair"
}

# VF 2 is bound to another driver than the policy says, and somebody uses it so.
refused() {
    local pci name
    reload
    must ip link set enp1s0 vf 1 trust on
    pci=$(vf_pci enp1s0 2)
    wait_for 20 test -e "/sys/bus/pci/devices/$pci/net"
    name=$(ls "/sys/bus/pci/devices/$pci/net")
    must ip address add 192.0.2.1/24 dev "$name"
    mark
    sed 's/driver: default/driver: vfio-pci/' "$policies/a.yaml" >"$tmp/new.yaml"
    mv "$tmp/new.yaml" "$policies/a.yaml"
    tells 30 'somebody uses the VF: refused, by name' '.kind == "apply" and .level == "warning" and (.message | contains("192.0.2.1"))'
    must ip link set enp1s0 vf 1 trust off
    tells 5 'it goes on looking' "$change and .what == \"trust\""
    is "$(told '.kind == "apply"' | wc -l)" 1 'and does not try again'
    must ip address del 192.0.2.1/24 dev "$name"
    must ip link set enp1s0 vf 1 trust on # which tells that there is something to look at
    tells 20 'once nobody uses it, it is' '.kind == "apply" and .level == "notice"'
    is "$(driver_of "$pci")" vfio-pci 'it has the driver'
}

# The end of a process is announced by nobody; nothing else happens here.
refused_by_a_process() {
    local group holder
    group=$(basename "$(readlink "/sys/bus/pci/devices/$(vf_pci enp1s0 0)/iommu_group")")
    sleep 1000 3<>"/dev/vfio/$group" &
    holder=$!
    mark
    sed '/"0"/s/driver: vfio-pci/driver: none/' "$policies/a.yaml" >"$tmp/new.yaml"
    mv "$tmp/new.yaml" "$policies/a.yaml"
    tells 30 'a process has the VF: refused, by name' ".kind == \"apply\" and .level == \"warning\" and (.message | contains(\"sleep (pid $holder)\"))"
    mark
    kill $holder
    tells 20 'when it has ended, it is done' '.kind == "apply" and .level == "notice"'
    prints_times 'refused, process ended: applied after' '.kind == "apply"'
    is "$(driver_of "$(vf_pci enp1s0 0)")" none 'as the policy says'
}

wrong_policy() {
    mark
    printf 'pfs:\n- match: {name: enp1s0}\n  num_vfz: 3\n' >"$policies/b.yaml"
    tells 5 'a wrong policy: told with file and line' '.kind == "policy" and .level == "error" and (.object | endswith("/b.yaml:3"))'
    must ip link set enp1s0 vf 0 vlan 7
    tells 5 'the one before is in force' "$repair"
    is "$(vlan 0)" 42 'and kept'
    mark
    printf 'pfs:\n- match: {driver: igb}\n  num_vfs: 1\n' >"$policies/b.yaml"
    tells 5 'one that matches a PF twice: told' '.kind == "policy" and .level == "error" and (.message | contains("matched twice"))'
    rm "$policies/b.yaml"
    tells 5 'taken away: in force' '.kind == "policy" and .level == "notice"'
}

fight() {
    local other
    mkdir -p /etc/NetworkManager/system-connections
    printf '[connection]\nid=uplink\ninterface-name=enp1s0\n[sriov]\ntotal-vfs=3\n' >/etc/NetworkManager/system-connections/uplink.nmconnection
    reload
    while sleep 0.2; do ip link set enp1s0 vf 0 vlan 7; done &
    other=$!
    tells 60 'somebody undoes it again and again: given up' '.kind == "fight"'
    kill $other
    has "$(told '.kind == "fight"')" '*enp1s0/0 vlan is 7, should be 42*NetworkManager (/etc/NetworkManager/system-connections/uplink.nmconnection:5: total-vfs=3)*' 'who it may be is told'
    is "$(told "$repair" | wc -l)" 5 'after five repairs'
    must ip link set enp1s0 vf 0 vlan 8
    tells 5 'it goes on telling' "$drift and (.message | contains(\"vlan is 8\"))"
    is "$(vlan 0)" 8 'and leaves it'
    mark
    kill -HUP "$daemon"
    tells 20 'until the policy is loaded again' '.kind == "apply"'
    is "$(vlan 0)" 42 'then it is mended'
}

# Did it sleep through ten seconds?
slept() {
    local before
    before=$(grep ctxt "/proc/$daemon/status")
    sleep 10
    [ "$(grep ctxt "/proc/$daemon/status")" = "$before" ]
}

# The machine may have something to tell in one such time, such as a driver's own timer, but not in each.
rests() {
    sleep 5 # what is under way ends
    ok 'it does not run at all while nothing happens' eval 'slept || slept || slept'
}

observed
adopted
leased
pf_comes_anew
enforced
pf_is_changed "$(vf_pci enp1s0 0)"
pf_is_reset
refused
refused_by_a_process
wrong_policy
fight
rests
stop_daemon
finish
