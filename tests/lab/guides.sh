#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --mem 3072
# timeout: 1500
#
# Runs every block of the guides, in order: what a guide shows must work as it stands. A block whose fence says "sh exit N"
# must end with that status. A "text" block behind one is what it prints; numbers and the width of columns may differ. At the
# end of each guide no VF is left. GUIDES in the environment names some of them.

. tests/lab/lib.sh

guides='docs/jobs.md docs/leases.md docs/cni.md docs/examples/containerd/README.md'

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

# ---- Blocks ---------------------------------------------------------------------------------------------------------------

# One file per block, "NN.STATUS", beside its heading "NN.title" and, if it is shown, its output "NN.text".
take_out() { # GUIDE FOLDER
    awk -v dir="$2" '
        /^## / { title = substr($0, 4) }
        inside && /^```$/ { inside = 0; close(file); next }
        inside { if (file) print > file; next }
        /^```sh/ {
            inside = 1; shown = 1; n++
            file = sprintf("%s/%02d.%s", dir, n, $2 == "exit" ? $3 : 0)
            print title > sprintf("%s/%02d.title", dir, n)
            next
        }
        /^```/ { inside = 1; file = shown && /^```text/ ? sprintf("%s/%02d.text", dir, n) : ""; shown = 0; next }
        /./ { shown = 0 }
    ' "$1"
}

without_numbers() {
    sed -E 's/[0-9]+/N/g; s/ +/ /g; s/ $//' "$1"
}

run_block() { # GUIDE FILE
    local what
    what="${1#docs/} ${2##*/}: $(<"${2%.*}.title")"
    keep bash -e -c "exec 2>&1; . $2"
    [ "$status" -eq "${2##*.}" ] || sed 's/^/# /' "$out"
    is "$status" "${2##*.}" "$what"
    [ ! -e "${2%.*}.text" ] || is "$(without_numbers "$out")" "$(without_numbers "${2%.*}.text")" "$what: prints what is shown"
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
