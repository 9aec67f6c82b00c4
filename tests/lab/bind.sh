#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# asan: yes
#
# Drivers of VFs: one and seven at a time, there and back; what is refused leaves the driver as it was.
. tests/lab/lib.sh

drivers() { # COUNT: of enp1s0's VFs
    local i
    for ((i = 0; i < $1; i++)); do driver_of "$(vf_pci enp1s0 $i)"; done | tr '\n' ' '
}

overrides() { # COUNT
    local i
    for ((i = 0; i < $1; i++)); do cat "/sys/class/net/enp1s0/device/virtfn$i/driver_override"; done | tr '\n' ' '
}

times() { # COUNT WORD
    printf "$2 %.0s" $(seq "$1")
}

one_vf_there_and_back() {
    must sriovctl create enp1s0 2
    is "$(drivers 2)" 'igbvf igbvf ' 'new VFs have their network driver'
    succeeds 'bind to vfio-pci, whose module is not loaded yet' sriovctl bind enp1s0/1 vfio-pci
    is "$(drivers 2)" 'igbvf vfio-pci ' 'binds this one'
    is "$(overrides 2)" '(null) vfio-pci ' 'by driver_override'
    succeeds 'again' sriovctl bind enp1s0/1 vfio-pci
    is "$(cat "$out")" 'nothing to do' 'is nothing to do'
    succeeds 'bind by PCI address' sriovctl bind "$(vf_pci enp1s0 1)" default
    is "$(drivers 2)" 'igbvf igbvf ' 'default gives the network driver back'
    is "$(overrides 2)" '(null) (null) ' 'and takes the override away'
    ok 'its netdev is there with its name' test -e /sys/class/net/enp1s0v1
    succeeds 'unbind' sriovctl unbind enp1s0/0
    is "$(drivers 2)" 'none igbvf ' 'leaves the VF without driver'
    is "$(sriovctl list --json | jq -c '[.pfs[0].vfs[].driver]')" '[null,"igbvf"]' 'which list says'
    succeeds 'bind none' sriovctl bind enp1s0/1 none
    is "$(drivers 2)" 'none none ' 'is the same'
    succeeds 'rollback' sriovctl rollback
    is "$(drivers 2)" 'none igbvf ' 'gives the last one back'
    must sriovctl bind enp1s0/0 default
}

seven_at_once() {
    must sriovctl create enp1s0 7
    must named enp1s0 7
    succeeds 'bind 7 VFs to vfio-pci' strace -E ASAN_OPTIONS=detect_leaks=0 -f -o "$trace" -e trace=write sriovctl bind enp1s0/0-6 vfio-pci
    is "$(drivers 7)" "$(times 7 vfio-pci)" 'all have it'
    is "$(overrides 7)" "$(times 7 vfio-pci)" 'and the override'
    is "$(grep -c '"vfio-pci"' "$trace")" 7 'strace saw seven overrides written'
    ok 'by several threads' test "$(grep '"vfio-pci"' "$trace" | cut -d ' ' -f 1 | sort -u | wc -l)" -gt 1
    is "$(find /dev/vfio -type c -name '[0-9]*' | wc -l)" 7 'seven groups have their device file'
    succeeds 'bind them to default' sriovctl bind enp1s0/0-6 default
    is "$(drivers 7)" "$(times 7 igbvf)" 'all have their network driver'
    is "$(overrides 7)" "$(times 7 '(null)')" 'and no override'
    is "$(find /sys/class/net -name 'enp1s0v*' | wc -l)" 7 'seven netdevs have their names when it returns'
    is "$(find /dev/vfio -type c -name '[0-9]*' | wc -l)" 0 'no group has its device file any more'
}

refused_binds_change_nothing() {
    local before
    before=$(state)
    exits 4 'a driver that does not exist is refused' sriovctl bind enp1s0/0-1 no-such-driver
    has "$(cat "$err")" '*enp1s0/0*no-such-driver*' 'by its name'
    is "$(drivers 2) $(overrides 2)" 'igbvf igbvf  (null) (null) ' 'and the old driver is kept'
    is "$(state)" "$before" 'nothing else changed, either'
    exits 4 'the same in JSON' sriovctl bind --json enp1s0/0 no-such-driver
    is "$(jq -r '.error.object' "$out" "$err" | head -1)" enp1s0/0 'names the VF'
    exits 4 'a driver for other devices is refused' sriovctl bind enp1s0/0-1 e1000e
    has "$(cat "$err")" '*enp1s0/0*e1000e is no driver for this device*' 'before it can hurt the kernel'
    is "$(drivers 2) $(overrides 2)" 'igbvf igbvf  (null) (null) ' 'and nothing was touched'
    keep sriovctl bind enp1s0/0 pcieport
    ok 'a driver that will not have the VF is an error' test "$status" -ne 0
    is "$(drivers 2) $(overrides 2)" 'igbvf igbvf  (null) (null) ' 'the old one is bound again'
    must named enp1s0 2
    is "$(state)" "$before" 'and all is as before'
    exits 2 'a PF cannot be bound' sriovctl bind enp1s0 vfio-pci
    exits 5 'nor a VF that there is not' sriovctl bind enp1s0/9 vfio-pci
    is "$(state)" "$before" 'still all is as before'
}

without_autoprobe() {
    must sriovctl create enp1s0 0
    must sriovctl set enp1s0 autoprobe=off
    must sriovctl create enp1s0 3
    is "$(drivers 3)" 'none none none ' 'without autoprobe new VFs have no driver'
    is "$(sys enp1s0 sriov_drivers_autoprobe)" 0 'which sysfs says, too'
    succeeds 'bind to vfio-pci' sriovctl bind enp1s0/0 vfio-pci
    succeeds 'bind to default' sriovctl bind enp1s0/1-2 default
    is "$(drivers 3)" 'vfio-pci igbvf igbvf ' 'both work without it'
    is "$(overrides 3)" 'vfio-pci (null) (null) ' 'with the override where it is due'
    is "$(sys enp1s0 sriov_drivers_autoprobe)" 0 'and it stays off'
    succeeds 'unbind' sriovctl unbind enp1s0/0-2
    is "$(drivers 3)" 'none none none ' 'works, too'
    must sriovctl create enp1s0 0
    must sriovctl set enp1s0 autoprobe=on
}

one_vf_there_and_back
seven_at_once
refused_binds_change_nothing
without_autoprobe
finish
