#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
# asan: yes
#
# The story of a four-port I350, by which this project began (here on its sister, the 82576 of the lab): 0 -> 4 VFs, then 6,
# which the kernel takes by way of 0 only; 8 are too many, 7 are not; and back. Whatever VFs had is theirs again afterwards,
# and every change can be taken back.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0

count() { find "/sys/class/net/$pf/device/" -name 'virtfn*' | wc -l; }
netdevs() { (cd /sys/class/net && echo "$pf"v*); }
transactions() { sriovctl history --json | jq '[.history[].transaction] | max // 0'; }

# What VFs were given, one line each; those of a VF that nobody gave anything say so too.
settings() { # [FROM:TO]
    sriovctl list --json | jq -c ".pfs[0].vfs[${1:-0:7}][] | [.index, .mac, .vlan, .qos, .spoofchk, .trust, .max_tx_rate, .driver, .mtu]"
}

nothing_changed() { # WHAT: by the last command, which ran under strace
    is "$(changes)" "" "$1"
}

# ---- From nothing to four ------------------------------------------------------------------------------------------------

is "$(sriovctl list --json | jq -c '.pfs[0] | [.num_vfs, .total_vfs]')" '[0,7]' "it begins with 0 VFs of 7"
start=$(state)
succeeds "create 4" sriovctl create $pf 4
has "$(cat "$out")" "*$pf: create VFs 0 -> 4*applied transaction 1*" "it says what it did"
is "$(netdevs)" "enp1s0v0 enp1s0v1 enp1s0v2 enp1s0v3" "when it returns, igbvf is loaded, and udev has given the netdevs their names"
is "$(sys $pf sriov_numvfs)" 4 "the kernel has 4 VFs"
is "$(sys $pf sriov_drivers_autoprobe)" 1 "autoprobe is on, as before"
is "$(settings | jq -r '.[7]' | uniq)" igbvf "igbvf has them all"

# ---- What is to survive --------------------------------------------------------------------------------------------------

ip link set $pf up
wait_for 20 grep -q 1 /sys/class/net/$pf/carrier
succeeds "set VF 0: mac, vlan, qos" sriovctl set $pf/0 mac=52:54:00:aa:bb:00 vlan=100 qos=3
succeeds "set VF 1: mac, no spoofchk" sriovctl set $pf/1 mac=52:54:00:aa:bb:01 spoofchk=off
# A trusted VF can choose another address, and igbvf does so now and then: here vfio-pci has it.
succeeds "bind VF 2 to vfio-pci" sriovctl bind $pf/2 vfio-pci
succeeds "set VF 2: mac, trust" sriovctl set $pf/2 mac=52:54:00:aa:bb:02 trust=on
succeeds "set VF 3: mac, vlan, a rate" sriovctl set $pf/3 mac=52:54:00:aa:bb:03 vlan=7 max_tx_rate=400
is "$(driver_of "$(vf_pci $pf 2)")" vfio-pci "vfio-pci has VF 2"
four=$(settings)

# ---- Six: seen first -----------------------------------------------------------------------------------------------------

last=$(transactions)
succeeds "create 6 --dry-run" traced sriovctl create $pf 6 --dry-run
nothing_changed "a dry run changes nothing"
has "$(cat "$out")" "*remove VFs *4 *0 *pf-link-bounce*create VFs *0 *6 *pf-link-bounce*worst disruption: pf-link-bounce*" \
    "it is a remove and a create, and says what that disrupts"
succeeds "create 6 --dry-run --json" sriovctl create $pf 6 --dry-run --json
is "$(json '[.steps[] | select(.attribute == "num_vfs") | [.object, .action, .from, .to, .disruption, .state]] | tojson')" \
    '[["enp1s0","remove","4","0","pf-link-bounce","planned"],["enp1s0","create","0","6","pf-link-bounce","planned"]]' "the same in JSON"
is "$(json .disruption)" pf-link-bounce "JSON has the worst disruption"
is "$(json '[.steps[] | select(.object == "enp1s0/2" and .action == "bind") | .to] | tojson')" '["vfio-pci"]' \
    "VF 2 is to come back to vfio-pci"
is "$(settings)" "$four" "and everything is as it was"
is "$(transactions)" "$last" "a dry run is no transaction"

# ---- Six -----------------------------------------------------------------------------------------------------------------

succeeds "create 6" sriovctl create $pf 6
is "$(count)" 6 "6 VFs are there"
is "$(settings 0:4)" "$four" "VFs 0 to 3 have what they had"
is "$(settings 4:6 | jq -c '.[2:]' | uniq)" '[0,0,true,false,0,"igbvf",1500]' "VFs 4 and 5 are new"
is "$(netdevs)" "enp1s0v0 enp1s0v1 enp1s0v3 enp1s0v4 enp1s0v5" "and the netdevs are there, with their names"
is "$(sys $pf sriov_drivers_autoprobe)" 1 "autoprobe is on again"

# ---- Eight are refused, seven are not ------------------------------------------------------------------------------------

last=$(transactions)
exits 4 "create 8 is refused" traced sriovctl create $pf 8
has "$(cat "$err")" "sriovctl: $pf: cannot have 8 VFs: total_vfs is 7; *" "in one line, with the limit"
nothing_changed "and without a write"
exits 4 "create 8 --json is refused" sriovctl create $pf 8 --json
is "$(json '.error | [.code, .object, .message] | tojson')" '[4,"enp1s0","cannot have 8 VFs: total_vfs is 7"]' "the same in JSON"
exits 4 "so is its dry run" sriovctl create $pf 8 --dry-run
is "$(count) $(transactions)" "6 $last" "6 VFs are there still, and no transaction was begun"

succeeds "create 7" sriovctl create $pf 7
is "$(count)" 7 "7 VFs are there"
is "$(settings 0:4)" "$four" "VFs 0 to 3 have what they had"

last=$(transactions)
succeeds "create 7 again" traced sriovctl create $pf 7
is "$(cat "$out")" "nothing to do" "is nothing to do"
nothing_changed "and writes nothing"
is "$(transactions)" "$last" "and is no transaction"

# ---- Back and forth ------------------------------------------------------------------------------------------------------

taken_back() { # WHAT COMMAND…: and then rollback leads to the state before
    local what=$1 before after
    shift
    before=$(state)
    succeeds "$what" "$@"
    after=$(state)
    ok "$what: changes something" test "$before" != "$after"
    succeeds "$what: rollback" sriovctl rollback
    is "$(state)" "$before" "$what: all is as before"
}

cat >"$tmp/policy.yaml" <<'POLICY'
pfs:
  - match: {name: enp1s0}
    num_vfs: 3
    mtu: 1400
    vfs:
      "0-2": {vlan: 5, driver: vfio-pci}
POLICY
taken_back "shrink to 2" sriovctl create $pf 2
taken_back "set" sriovctl set $pf/0-3 vlan=9 spoofchk=off
taken_back "set of the PF" sriovctl set $pf mtu=1400 autoprobe=off
taken_back "bind" sriovctl bind $pf/0,3 vfio-pci
taken_back "unbind" sriovctl unbind $pf/0-1
taken_back "apply" sriovctl apply -f "$tmp/policy.yaml"
taken_back "remove all" sriovctl create $pf 0

succeeds "rollback of the rollback" sriovctl rollback
is "$(count)" 0 "removes them again"
is "$(state)" "$start" "back to 0, and the machine is as it was"

# ---- The history ---------------------------------------------------------------------------------------------------------

succeeds "history" sriovctl history --limit 1000
has "$(grep -E ' create enp1s0 6( |$)' "$out" | head -1)" "*root*create enp1s0 6*" "has who did what"
succeeds "history --json" sriovctl history --limit 1000 --json
is "$(json '[.history[] | select(.command == "create enp1s0 6" and .what == "num_vfs") | [.who, .object, .from, .to, .state, .transaction_state]] | sort | tojson')" \
    '[["root","enp1s0","0","6","done","applied"],["root","enp1s0","4","0","done","applied"]]' "has every step, with from and to"
is "$(json '[.history[] | select(.command == "create enp1s0 2") | .transaction_state] | unique | tojson')" '["reverted"]' \
    "knows what was rolled back"
succeeds "history of a VF" sriovctl history $pf/1 --json
is "$(json '[.history[].object] | unique | tojson')" '["enp1s0/1"]' "has that VF only"

# ---- Autoprobe off stays off ---------------------------------------------------------------------------------------------

echo 0 >/sys/class/net/$pf/device/sriov_drivers_autoprobe
succeeds "create 3 with autoprobe off" sriovctl create $pf 3
is "$(sys $pf sriov_drivers_autoprobe)" 0 "it stays off"
is "$(settings | jq -c '.[7]' | tr '\n' ' ')" "null null null " "and no VF is bound"
succeeds "bind one of them" sriovctl bind $pf/1 default
is "$(sys $pf sriov_drivers_autoprobe)" 0 "autoprobe is off after that, too"
wait_for 20 test -e /sys/class/net/${pf}v1
three=$(settings)
succeeds "grow to 5" sriovctl create $pf 5
is "$(settings 0:3)" "$three" "the VFs keep what they had: one its driver, the others none"
is "$(settings 3:5 | jq -c '.[7]' | tr '\n' ' ')" "null null " "the new ones are not bound"
is "$(sys $pf sriov_drivers_autoprobe)" 0 "and autoprobe is off"
succeeds "shrink to 2" sriovctl create $pf 2
is "$(settings)" "$(head -n 2 <<<"$three")" "keeps it, too"
succeeds "back to 0" sriovctl create $pf 0
is "$(count) $(sys $pf sriov_drivers_autoprobe)" "0 0" "no VFs, and autoprobe is off"
finish
