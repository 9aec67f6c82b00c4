#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# usage: tests/soak/reboots.sh [BOOTS] [STAGE]
#
# Boots the lab's guest BOOTS times (50) with a policy and one state folder for all boots, as on a machine whose disk stays. What
# one boot leaves behind (the daemon killed, an apply cut off, a lease, drift) the next one finds; each time the daemon must
# make the machine what the policy says before it says that it is ready. TAP, one check for each boot.
set -u
cd "$(dirname "$0")/../.." || exit 1
boots=${1:-50}
stage=${2:-build/stage}
share=$(mktemp -d)
failed=0
trap 'rm -rf "$share"' EXIT
mkdir "$share/state" "$share/policy"

cat >"$share/policy/a.yaml" <<'END'
pfs:
  - match: {name: enp1s0}
    mode: enforce
    num_vfs: 3
    link: up
    vfs:
      "0": {mac: "52:54:00:aa:bb:00", vlan: 42, spoofchk: on, trust: off, driver: vfio-pci}
      "1": {mac: "52:54:00:aa:bb:01", vlan: 43, spoofchk: on, trust: on, driver: none}
      "2": {mac: "52:54:00:aa:bb:02", vlan: 0, spoofchk: off, trust: off, driver: none}
END

echo "1..$boots"
for ((boot = 1; boot <= boots; boot++)); do
    began=$(date +%s)
    if lab/run --nics 1 --smp 1 --timeout 400 --share "$share" --stage "$stage" -- \
        bash tests/soak/one-boot.sh "$boot" >"$share/out" 2>&1; then
        echo "ok $boot - boot $boot: $(tail -n 1 "$share/out"), $(($(date +%s) - began)) s"
    else
        echo "not ok $boot - boot $boot"
        sed 's/^/#     /' "$share/out"
        failed=1
    fi
done
exit $failed
