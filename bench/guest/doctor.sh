# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmark doctor: a healthy host with 2 PFs and 14 VFs is examined.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=bench/guest/lib.sh
. ./lib.sh

for pf in enp1s0 enp2s0; do
    ip link set $pf up
    sriovctl create $pf 7 >/dev/null
done
wait_for 30 test -e /sys/class/net/enp2s0v6
udevadm settle

# What one would type to look for oneself: a tenth of what the doctor reads.
by_hand() {
    dmesg | grep -iE 'dmar|iommu|vfio|sr-iov|igb' || true
    lspci -vv
    ip -d -j link show
}

for _ in 1 2 3 4 5 6 7 8 9; do
    timed doctor "sriovctl doctor" sriovctl doctor
    timed doctor "dmesg, lspci -vv and ip -d link" by_hand
done

count doctor "milliseconds, median" \
    "$(awk -F'\t' '$2 == "doctor" && $3 == "sriovctl doctor" { print $4 }' "$RESULTS" | sort -n | awk 'NR == 5 { print int($1 / 1000) }')"

traced "$work/trace" sriovctl doctor
count doctor "system calls" "$(grep -c . "$work/trace")"
# SQLite opens the ledger for both, and writes its own index of the log.
others() { grep -E "$1" "$work/trace" | grep -vcE "$2" || true; }
count doctor "writes but to its output and the ledger" "$(others '(write|pwrite64)\(' 'write\([12]<|/var/lib/sriovd/')"
count doctor "other files opened for writing" "$(others 'open[a-z0-9]*\(.*O_(WRONLY|RDWR|CREAT)' '/var/lib/sriovd/|/dev/null')"
count doctor "accesses to files behind the PF's lock" "$(grep -cE 'open[a-z0-9]*\(.*sriov_numvfs"' "$work/trace" || true)"
count doctor "findings of severity warning or error" \
    "$(sriovctl doctor --json | jq '[.. | objects | select(.severity == "warning" or .severity == "error")] | length')"
