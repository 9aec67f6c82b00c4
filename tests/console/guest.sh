#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The guest of tests/host/console.sh: two NICs, VFs with holders of each kind on the first, and sriovd on TCP with TLS. Then it
# does what is asked through the shared folder: ask.N is a command, answer.N what it printed; ask.end ends it.
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. tests/lab/lib.sh
share=/mnt/share

holders() {
    sriovctl create enp1s0 6 --quiet
    sriovctl set enp1s0 link=up --quiet
    named enp1s0 6
    sriovctl set enp1s0/0 mac=52:54:00:aa:00:00 vlan=100 --quiet
    sriovctl set enp1s0/1 mac=52:54:00:aa:00:01 vlan=100 qos=3 --quiet
    sriovctl set enp1s0/2 mac=52:54:00:aa:00:02 vlan=200 --quiet
    ip address add 192.0.2.1/24 dev enp1s0v0
    ip netns add web-7f9c
    ip link set enp1s0v1 netns web-7f9c
    modprobe vfio-pci
    sriovctl bind enp1s0/2 vfio-pci --quiet
    start_vm web1 "$(vf_pci enp1s0 2)"
    sriovctl acquire enp1s0/3 --owner tenant-a vlan=300 mac=52:54:00:aa:00:03 --quiet
}

policy() {
    cat >/etc/sriovd/lab.yaml <<'EOF'
pfs:
  - match: {name: enp1s0}
    mode: observe
    vfs:
      "4": {vlan: 40}
pools:
  fast: {from: [{pf: enp1s0, vfs: "3-5"}]}
EOF
}

daemon() {
    local role
    mkdir -p /etc/sriovd
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lab \
        -keyout /etc/sriovd/tls.key -out /etc/sriovd/tls.crt 2>/dev/null
    chmod 600 /etc/sriovd/tls.key
    echo 'listen: "0.0.0.0:8443"' >/etc/sriovd/sriovd.conf
    for role in admin read; do
        sriovd token add "$role" "$role" >"$share/token.$role"
    done
    policy
    sriovd >"$share/sriovd.log" 2>&1 &
    wait_for 60 curl -skf https://127.0.0.1:8443/v1/health
}

serve() {
    local n=1
    while [ ! -e "$share/ask.end" ]; do
        if [ -e "$share/ask.$n" ]; then
            bash "$share/ask.$n" >"$share/answering" 2>&1 || true
            mv "$share/answering" "$share/answer.$n"
            n=$((n + 1))
        else
            sleep 0.1
        fi
    done
}

mkdir -p /etc/sriovd
holders
daemon
touch "$share/ready"
serve
