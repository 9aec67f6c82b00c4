#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --init systemd --append "systemd.wants=sriovd-apply.service systemd.set_credential_binary=tmpfiles.extra:ZisgL2V0Yy9zcmlvdmQvbGFiLnlhbWwgMDY0NCByb290IHJvb3QgLSBwZnM6IFt7bWF0Y2g6IHtuYW1lOiBlbnAxczB9LCBudW1fdmZzOiAzLCBsaW5rOiB1cCwgdmZzOiB7IjAiOiB7bWFjOiAiNTI6NTQ6MDA6YWE6YmI6MDAiLCB2bGFuOiA0Mn0sICIyIjoge2RyaXZlcjogdmZpby1wY2l9fX1dCg=="
#
# A whole boot of Debian with a policy in /etc/sriovd (systemd-tmpfiles makes the file, from the kernel's command line) and
# sriovd-apply.service: the VFs are there before anything sets up the network.
. tests/lab/lib.sh

unit=sriovd-apply.service
policy=/etc/sriovd/lab.yaml

of_unit() { # UNIT PROPERTY
    systemctl show --value -p "$2" "$1"
}

the_unit_is_right() {
    succeeds 'systemd-analyze verify' systemd-analyze verify --man=no $unit
    is "$(cat "$out" "$err")" '' 'finds nothing to say'
    has " $(of_unit $unit Before) " '* network-pre.target *' 'it comes before network-pre.target'
    has " $(of_unit $unit After) " '* systemd-udevd.service *' 'and after udev'
    hasnt " $(of_unit $unit After) " '* sysinit.target *' 'but does not wait for sysinit.target'
    succeeds 'systemctl enable' systemctl enable $unit
    ok 'makes a part of each boot of it' test -L /etc/systemd/system/multi-user.target.wants/$unit
    has "$(systemd-analyze security --no-pager $unit | tail -n 1)" '*: [0-5].[0-9]*' 'its exposure is 5.9 at most'
}

the_boot_applied_the_policy() {
    must grep -q 'num_vfs: 3' $policy
    is "$(of_unit $unit Result) $(of_unit $unit ActiveState)" 'success active' 'the boot ran it'
    is "$(sys enp1s0 sriov_numvfs)" 3 'three VFs are there'
    is "$(ip -j -d link show enp1s0 | jq -c '.[0].vfinfo_list[0] | [.address, .vlan_list[0].vlan]')" \
        '["52:54:00:aa:bb:00",42]' 'with their settings'
    is "$(driver_of "$(vf_pci enp1s0 2)")" vfio-pci 'and their drivers'
    is "$(sriovctl history --json | jq -r '.. | .command? // empty' | head -1)" apply 'the history knows'
    ok 'network-pre.target was reached after it' test "$(of_unit $unit ExecMainExitTimestampMonotonic)" -le \
        "$(of_unit network-pre.target ActiveEnterTimestampMonotonic)"
    is "$(systemctl --failed --plain --no-legend | grep -c sriovd)" 0 'it did not fail'
    is "$(journalctl -b | grep -c 'ordering cycle')" 0 'and is in no ordering cycle'
    succeeds 'apply by hand' sriovctl apply
    is "$(cat "$out")" 'nothing to do' 'finds nothing to do'
}

it_can_be_run_again() {
    must sriovctl create enp1s0 0
    succeeds 'systemctl restart' systemctl restart $unit
    is "$(sys enp1s0 sriov_numvfs)" 3 'applies the policy again'
    rm $policy
    must systemctl stop $unit
    is "$(sys enp1s0 sriov_numvfs)" 3 'stopping it takes nothing away'
    systemctl start $unit
    is "$(of_unit $unit ConditionResult) $(of_unit $unit ActiveState)" 'no inactive' 'without a policy it does not run'
    printf 'pfs:\n- match: {name: enp1s0}\n  num_vfz: 3\n' >$policy
    ok 'with a wrong policy it fails' eval '! systemctl start $unit 2>/dev/null'
    has "$(journalctl -b -u $unit -o cat)" "*$policy:3*" 'and the journal says where it is wrong'
}

the_unit_is_right
the_boot_applied_the_policy
it_can_be_run_again
finish
