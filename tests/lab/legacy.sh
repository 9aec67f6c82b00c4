#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
#
# VFs by module parameter, as drivers without sriov_configure have them (igb knows both ways): a line in modprobe.d that
# lasts, and the driver loaded again, which takes all its PFs along; so nobody may be using any of them.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0
conf=/etc/modprobe.d/sriovd-igb.conf

counts() { sriovctl list --json | jq -c '[.pfs[] | [.name, .num_vfs]]'; }
options() { grep -v '^#' $conf; }

is "$(counts)" '[["enp1s0",0],["enp2s0",0]]' "two PFs of igb, no VFs"
start=$(state)

# ---- The plan -------------------------------------------------------------------------------------------------------------

succeeds "create 3 --via module-parameter --dry-run" traced sriovctl create $pf 3 --via module-parameter --dry-run
has "$(cat "$out")" "*$pf*write module parameter*0 *3 *none*$pf*reload driver*driver-reload*worst disruption: driver-reload*" \
    "it is a parameter and a reload of the driver"
is "$(changes)" "" "a dry run changes nothing"
succeeds "the same in JSON" sriovctl create $pf 3 --via module-parameter --dry-run --json
is "$(json '[.disruption, (.steps[] | .action)] | tojson')" '["driver-reload","write-parameter","reload-driver"]' "has the steps"
exits 4 "8 are refused" traced sriovctl create $pf 8 --via module-parameter
has "$(cat "$err")" "*$pf: cannot have 8 VFs: total_vfs is 7*" "with the limit"
is "$(changes)" "" "and nothing is written"

# ---- Nobody may use any PF of the driver ------------------------------------------------------------------------------------

refused() { # WHAT HOLDER
    local before
    before=$(state)
    exits 3 "$1: refused" traced sriovctl create $pf 3 --via module-parameter
    has "$(cat "$err")" "sriovctl: *in use*$2*" "$1: with the holder"
    is "$(changes)" "" "$1: nothing is written"
    ok "$1: there is no options line" test ! -e $conf
    is "$(state)" "$before" "$1: all is as before"
}

must sriovctl create enp2s0 2
must ip link set enp2s0 up
must ip addr add 192.0.2.7/24 dev enp2s0v1
refused "a VF of the other PF has an address" 192.0.2.7/24
must ip addr flush dev enp2s0v1
must ip addr add 10.9.9.2/24 dev enp2s0
must ip route add default via 10.9.9.1 dev enp2s0
refused "the other PF has the default route" "default route"
must ip route del default
must ip addr flush dev enp2s0
must ip link set enp2s0 down
must sriovctl create enp2s0 0
is "$(state)" "$start" "with them gone all is as at first"

# ---- Three VFs --------------------------------------------------------------------------------------------------------------

succeeds "create 3" sriovctl create $pf 3 --via module-parameter
is "$(options)" "options igb max_vfs=3" "the options line is there"
is "$(counts)" '[["enp1s0",3],["enp2s0",3]]' "and the VFs; the parameter is for all PFs of the driver"
is "$(sys $pf sriov_numvfs)" 3 "the kernel says so, too"
is "$(find /sys/class/net/ -name 'enp?s0v?' -printf '%f\n' | sort | paste -s -d ' ')" \
    "enp1s0v0 enp1s0v1 enp1s0v2 enp2s0v0 enp2s0v1 enp2s0v2" "when it returns, the netdevs have their names"
succeeds "history" sriovctl history --limit 1000 --json
is "$(json '[.history[] | select(.command == "create enp1s0 3") | [.what, .from, .to, .state]] | tojson')" \
    '[["num_vfs","0","3","done"],["num_vfs","0","3","done"]]' "has it"
succeeds "create 3 again" traced sriovctl create $pf 3 --via module-parameter
is "$(cat "$out")" "nothing to do" "is nothing to do"
is "$(changes)" "" "and writes nothing"

# ---- And back ---------------------------------------------------------------------------------------------------------------

succeeds "create 5" sriovctl create $pf 5 --via module-parameter
is "$(options) $(sys $pf sriov_numvfs)" "options igb max_vfs=5 5" "5 VFs, in the options, too"
succeeds "rollback" sriovctl rollback
is "$(options) $(sys $pf sriov_numvfs)" "options igb max_vfs=3 3" "3 again"
succeeds "back to 0" sriovctl create $pf 0 --via module-parameter
ok "the options line is gone" test ! -e $conf
is "$(state)" "$start" "and all is as at first"
succeeds "rollback of that" sriovctl rollback
is "$(options) $(sys $pf sriov_numvfs)" "options igb max_vfs=3 3" "makes them again"
succeeds "and back to 0" sriovctl create $pf 0 --via module-parameter
ok "without a line" test ! -e $conf
finish
