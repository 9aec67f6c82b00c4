#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --mem 3072
# timeout: 1500
#
# Runs every block of the guides, in order: what a guide shows must work as it stands. A block whose fence says "sh exit N"
# must end with that status. A "text" block behind one is what it prints; numbers and the width of columns may differ. At the
# end of each guide no VF is left. GUIDES in the environment names some of them.

. tests/lab/lib.sh
# shellcheck source=tests/lab/blocks.bash
. tests/lab/blocks.bash

guides='docs/jobs.md docs/leases.md docs/dpdk.md docs/performance.md docs/daemon.md docs/doctor.md docs/audit.md docs/report.md docs/cni.md docs/examples/containerd/README.md'

# ---- What the guides take for granted --------------------------------------------------------------------------------------

# CNI plugins where runtimes look for them, the guides' own among them.
install_plugins() {
    mkdir -p /opt/cni/bin
    must cp /usr/lib/cni/host-local /opt/cni/bin
}

# The lab has no network to pull an image from: one of busybox, under the name that the guide uses.
save_image() {
    local root=$tmp/root saved=$tmp/saved name digest
    mkdir -p "$root/bin" "$saved"
    cp "$(command -v busybox)" "$root/bin/busybox"
    for name in sh sleep ip ping; do ln -s busybox "$root/bin/$name"; done
    tar -C "$root" -cf "$saved/layer.tar" .
    digest=$(sha256sum "$saved/layer.tar" | cut -d' ' -f1)
    echo '{"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:'"$digest"'"]}}' >"$saved/config.json"
    echo '[{"Config": "config.json", "RepoTags": ["example.com/busybox:latest"], "Layers": ["layer.tar"]}]' >"$saved/manifest.json"
    tar -C "$saved" -cf "$tmp/image.tar" manifest.json config.json layer.tar
}

# The guest's root is an overlay, on which containerd can have neither its store nor its snapshots.
start_containerd() {
    mkdir -p /var/lib/containerd
    must mount -t tmpfs none /var/lib/containerd
    export CONTAINERD_SNAPSHOTTER=native
    containerd >"$tmp/containerd.log" 2>&1 &
    containerd=$!
    must wait_for 90 ctr version
    save_image
    must ctr image import --no-unpack "$tmp/image.tar"
}

run_guide() { # GUIDE
    local folder=$tmp/blocks/$1 block
    mkdir -p "$folder"
    take_out "$1" "$folder"
    for block in "$folder"/*.[0-9]; do run_block "$1" "$block"; done
    is "$(find "$folder" -name '*.[0-9]' | wc -l)" "$(grep -c '^```sh' "$1")" "$1: every block was run"
    is "$(cat /sys/class/net/enp1s0/device/sriov_numvfs) $(ip netns list)" "0 " "$1: nothing is left"
}

install_plugins
start_containerd
for guide in ${GUIDES:-$guides}; do run_guide "$guide"; done
kill "$containerd"
finish
