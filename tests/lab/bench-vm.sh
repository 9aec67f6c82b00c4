#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --mem 3072
# timeout: 900
#
# sriovctl bench on a real guest: one VM with a VF and with virtio-net on a bridge of the PF, each measured from a VF of the
# host, beside that VF's own path. The guest is emulated in an emulator: that it is measured counts, not what comes out.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=vm.bash
. ./vm.bash

pf=enp1s0
vf_mac=52:54:00:be:00:01
virtio_mac=52:54:00:be:00:02
vf_address=192.0.2.10
virtio_address=198.51.100.10

# What people have: a bridge that the PF is a port of, and the card told who is behind it.
make_bridge() {
    must ip link add br0 type bridge
    must ip tuntap add tap0 mode tap
    must ip link set $pf master br0
    must ip link set tap0 master br0
    must ip link set br0 up
    must ip link set tap0 up
    must bridge fdb add $virtio_mac dev $pf self permanent
}

# Both NICs are in one Ethernet: each is to answer for its own address only.
start_guest() {
    must vm_initrd iperf3
    qemu_words="nested.ip=$vf_address/24 nested.mac=$vf_mac" must qemu_start both -m 160 \
        -device "vfio-pci,host=$(vf_pci $pf 0),bus=rp1" \
        -netdev tap,id=n,ifname=tap0,script=no,downscript=no -device "virtio-net-pci,netdev=n,mac=$virtio_mac,romfile=,bus=rp2"
    must vm_ready both 240
    must vm_run both 20 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore'
    must vm_run both 20 "for d in /sys/class/net/*; do if grep -q $virtio_mac \$d/address; then ip address add $virtio_address/24 dev \${d##*/}; fi; done"
    must vm_run both 20 'iperf3 -s -D'
}

must ip link set $pf up
must sriovctl create $pf 3
must named $pf 3
must wait_for 30 grep -q 1 /sys/class/net/$pf/carrier
must sriovctl set $pf/0 mac=$vf_mac
must modprobe -a vfio-pci tun
must sriovctl bind $pf/0 vfio-pci
make_bridge
start_guest
before=$(state)

# An emulator in an emulator now and then stops for seconds: a run in which nothing came through, or the guest did not answer,
# is left to the report; each path must have one with every figure.
succeeds 'a guest by its VF and by virtio-net' sriovctl bench $pf --path "vm-vf=$vf_address" --path "vm-virtio=$virtio_address" \
    --path vf --address 192.0.2.1/24 --address 198.51.100.1/24 --repeat 3 --seconds 2 --json
cp "$out" "$tmp/report.json"
is "$(json '[.paths[] | [.name, (.runs | map(.out > 0 and .in > 0 and .latency > 0) | any)]] | tostring')" \
    '[["vm-vf",true],["vm-virtio",true],["vf",true]]' 'each is measured, with every figure'
is "$(vm_run both 20 'cat /sys/class/net/*/statistics/rx_bytes' | awk '$1 > 100000' | wc -l)" 2 'both of its NICs were used'
is "$(state)" "$before" 'everything is as before'
is "$(sriovctl leases --json | jq -c .leases)" '[]' 'no lease is left'
sriovctl bench --from "$tmp/report.json" | sed 's/^/# /'
[ ! -d /mnt/share ] || cp "$tmp/report.json" /mnt/share/vm-report.json
must qemu_stop both KILL
finish
