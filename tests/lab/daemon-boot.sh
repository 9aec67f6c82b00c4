#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
#
# The daemon's start: a PF whose driver comes late is waited for and gets the policy when it is there, one that stays away is told
# after 30 seconds and keeps nobody any longer. Under systemd: boot.sh.

. tests/lab/lib.sh
. tests/lab/daemon.bash

second=0000:02:00.0
ready='.message == "ready"'

seconds() { # FILTER: from the start of the daemon to the record
    local first
    first=$(told '.message == "started"' | head -n 1 | jq '.time[0:19] + "Z" | fromdate')
    echo $(($(told "$1" | head -n 1 | jq '.time[0:19] + "Z" | fromdate') - first))
}

a_pf_is_late_and_one_missing() {
    cat >"$policies/a.yaml" <<END
pfs:
  - match: {name: enp1s0}
    num_vfs: 2
  - match: {pci: "$second"}
    num_vfs: 3
    vfs: {"0": {vlan: 42}}
  - match: {name: enp9s0}
    num_vfs: 1
  - match: {name: enp8s0}
    num_vfs: 1
    optional: on
END
    echo $second >/sys/bus/pci/drivers/igb/unbind
    mark
    start_daemon
    tells 30 'the PF that is there gets the policy' '.kind == "apply" and .object == "enp1s0" and .level == "notice"'
    is "$(sys enp1s0 sriov_numvfs)" 2 'its VFs are there'
    is "$(told "$ready")" '' 'the daemon waits for the others'
    echo $second >/sys/bus/pci/drivers/igb/bind
    tells 30 'one gets its driver: it gets the policy, under whatever name' '.kind == "apply" and .level == "notice" and .object != "enp1s0"'
    is "$(cat /sys/bus/pci/devices/$second/sriov_numvfs)" 3 'its VFs are there'
    tells 60 'the last does not come' "$ready"
    has "$(told '.kind == "policy" and .level == "warning"')" '*1 PF of the policy is not there yet: *a.yaml:7*' 'which is told, with the place'
    ok 'after 30 seconds' test "$(seconds "$ready")" -ge 29
}

all_are_there() {
    sed -i '/enp9s0/,+1d' "$policies/a.yaml"
    stop_daemon
    mark
    start_daemon
    tells 25 'with all PFs there' "$ready"
    is "$(told '.kind == "apply" and .message == "is as the policy says"' | wc -l)" 2 'each is looked at'
    is "$(told '.level == "warning" or .level == "error"')" '' 'and nothing is wrong'
    is "$(sriovctl --quiet history --json | jq '[.history[].transaction] | unique | length')" 2 'nor anything written'
}

ends() {
    stop_daemon
    has "$(tail -n 1 "$records")" '*"ended"*' 'it ends when it is told to'
    is "$(sys enp1s0 sriov_numvfs)" 2 'and takes nothing away'
}

a_pf_is_late_and_one_missing
all_are_there
ends
finish
