#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --mem 3072
# timeout: 600
#
# The plugin under a real container runtime: containerd starts two containers on a network of VFs, they reach each other,
# and when they have gone, or were killed, the VFs are as before. ctr calls DEL without a namespace, which is gone by then.

. tests/lab/lib.sh
. tests/lab/cni.bash

# One network for each VF, as ctr takes the first configuration that it finds and names no device.
network() { # VF
    use_vf "$1" "$host_local | .cniVersion = \"1.0.0\" | .vlan = 100"
    jq '{cniVersion, name, plugins: [del(.cniVersion, .name)]}' <<<"$conf" >/etc/cni/net.d/10-sriov.conflist
}

start_containerd() {
    mkdir -p /var/lib/containerd /etc/cni/net.d /opt/cni
    must mount -t tmpfs none /var/lib/containerd # its snapshots want no overlay below
    ln -sfn /usr/lib/cni /opt/cni/bin
    containerd >"$tmp/containerd.log" 2>&1 &
    daemon=$!
    must wait_for 90 ctr version
}

image() {
    local root=$tmp/image
    mkdir -p "$root/bin"
    cp "$(command -v busybox)" "$root/bin/busybox"
    for name in sh sleep ip ping; do ln -s busybox "$root/bin/$name"; done
    tar -C "$root" -cf "$tmp/layer.tar" .
}

# An image of one layer in the form of `docker save`, which ctr imports.
import_image() {
    local digest
    digest=$(sha256sum "$tmp/layer.tar" | cut -d' ' -f1)
    mkdir "$tmp/saved"
    mv "$tmp/layer.tar" "$tmp/saved/layer.tar"
    echo '{"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:'"$digest"'"]}}' >"$tmp/saved/config.json"
    echo '[{"Config": "config.json", "RepoTags": ["localhost/lab/busybox:latest"], "Layers": ["layer.tar"]}]' >"$tmp/saved/manifest.json"
    tar -C "$tmp/saved" -cf "$tmp/image.tar" manifest.json config.json layer.tar
    must ctr image import --no-unpack "$tmp/image.tar"
}

run() { # NAME VF: a container that stays until it is killed; $started[NAME] is the ctr that waits for it
    network "$2"
    ctr run --rm --cni --snapshotter native localhost/lab/busybox:latest "$1" /bin/sleep 10000 >"$tmp/$1.log" 2>&1 &
    started[$1]=$!
    ok "containerd starts $1 with a VF" wait_for 90 inside "$1" ip link show eth0
    [ ! -s "$tmp/$1.log" ] || sed 's/^/#     /' "$tmp/$1.log"
}

inside() { # NAME COMMAND…
    local name=$1
    shift
    ctr task exec --exec-id "x$RANDOM$RANDOM" "$name" "$@"
}

address_of() { # NAME
    inside "$1" ip -o -4 address show eth0 | sed 's/.*inet \([0-9.]*\).*/\1/'
}

stops() { # NAME VF
    network "$2" # of which ctr reads what it hands to DEL
    must ctr task kill --signal KILL "$1"
    wait "${started[$1]}"
    is "$?" 137 "$1 ends"
    is "$(grep -v 'level="info"' "$tmp/$1.log")" "" "and nobody has anything to complain of"
    ok "$1 is no more" wait_for 30 eval "! ctr container info $1"
}

declare -A started
make_vfs 2
must ip link set $pf vf 1 vlan 77 qos 3
must ip link property add dev "${host[1]}" altname storage-one
keep_baseline
start_containerd
image
import_image
run web 0
run db 1
is "$(through_pf 1)" "52:54:00:aa:bb:01 100 0 true false" "the VF has the network's vlan"
is "$(inside db ip -o link show eth0 | grep -c 52:54:00:aa:bb:01)" 1 "eth0 of db is VF 1"
ok "web reaches db" wait_for 30 inside web ping -c 1 -W 2 "$(address_of db)"
is "$(find $leases -type f 2>/dev/null | wc -l)" 2 "two VFs are lent"
stops db 1
stops web 0
as_before "with the containers gone the VFs are as before"
kill $daemon
wait $daemon 2>/dev/null
finish
