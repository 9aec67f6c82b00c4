#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 600
#
# The nested guests themselves, and what libvirt alone does with a VF: the guest boots, has the VF's MAC and reaches the PF;
# a second VF comes and goes while it runs; it ends from inside.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=vm.bash
. ./vm.bash

pf=enp1s0

hostdev() { # N MAC
    local address
    address=$(vf_pci $pf "$1")
    cat <<END
<interface type='hostdev' managed='yes'><mac address='$2'/><source><address type='pci' domain='0x${address%%:*}'
 bus='0x${address:5:2}' slot='0x${address:8:2}' function='0x${address: -1}'/></source></interface>
END
}

must sriovctl create $pf 3
must ip link set $pf up
must ip address add 10.9.0.1/24 dev $pf
must vm_initrd
must start_libvirt
must vm_define web1 ip=10.9.0.2/24 mac=52:54:00:aa:bb:01 device="$(hostdev 0 52:54:00:aa:bb:01)"
begin=$SECONDS
succeeds "a domain with a VF starts" vm_start web1
ok "it boots" vm_ready web1 120
echo "# from virsh start to the shell: $((SECONDS - begin)) s"
has "$(tr -d '\r' <$vms/web1.out)" '*nested: up eth0 52:54:00:aa:bb:01 igbvf*' "the guest has the VF's MAC"
succeeds "it reaches the PF" vm_run web1 30 'ping -c 3 -w 20 10.9.0.1'

hostdev 1 52:54:00:aa:bb:02 >"$tmp/second.xml"
succeeds "a second VF is plugged in while it runs" virsh attach-device web1 "$tmp/second.xml" --live
ok "the guest finds it" vm_says web1 '^nested: up eth1 52:54:00:aa:bb:02 igbvf' 60
succeeds "and is asked for it" virsh detach-device web1 "$tmp/second.xml" --live
ok "the guest lets it go" vm_says web1 '^nested: gone eth1' 60
wait_for 20 test "$(driver_of "$(vf_pci $pf 1)")" = igbvf
is "$(driver_of "$(vf_pci $pf 1)")" igbvf "it is back on the host"

vm_type web1 'poweroff -f'
ok "it ends from inside" vm_gone web1 30
must vm_undefine web1
finish
