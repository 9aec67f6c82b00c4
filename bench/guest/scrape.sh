# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmark scrape: /metrics of sriovd with 256 VFs of netdevsim1, beside what asks the kernel for the same figures by hand.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=bench/guest/lib.sh
. ./lib.sh

pf=eni1np1 rounds=9
metrics=(curl -sS -f --unix-socket "$work/socket" -o "$work/page" http://localhost/metrics)

scraped() { "${metrics[@]}" && grep -q "$1" "$work/page"; }

begin() {
    mkdir "$work/policy"
    echo "policy: $work/policy" >"$work/conf"
    sriovd --config "$work/conf" --socket "$work/socket" >"$work/log" 2>&1 &
    daemon=$!
    # The doctor runs at the first scrape, in a process of its own; let it be over.
    wait_for 120 scraped '^sriov_doctor_findings'
    wait_for 120 scraped '^sriov_jobs_running 0'
}

# A look is made at most every 30 s for scrapes; the seconds of a race have one of them at most.
race() {
    for ((i = 0; i < rounds; i++)); do
        timed scrape "GET /metrics" "${metrics[@]}"
        timed scrape "ip -s -j link show" ip -s -j link show $pf
    done
}

cpu() { sed -n 's/^process_cpu_seconds_total //p' "$work/page"; }

processor_time() {
    local before
    "${metrics[@]}"
    before=$(cpu)
    for ((i = 0; i < 50; i++)); do "${metrics[@]}"; done
    count scrape "microseconds of the daemon's processor time" \
        "$(awk -v a="$before" -v b="$(cpu)" 'BEGIN { printf "%d", (b - a) * 1e6 / 50 }')"
}

# The first scrape makes the look that the traced one does without.
requests() {
    "${metrics[@]}"
    strace -f -p "$daemon" -o "$work/trace" -e trace=sendmsg,sendto,recvmsg 2>/dev/null &
    local tracer=$!
    wait_for 30 grep -q 'TracerPid:.[1-9]' "/proc/$daemon/status"
    "${metrics[@]}"
    kill $tracer
    wait $tracer 2>/dev/null || true
    count scrape "netlink messages sent" "$(grep -E 'send(msg|to)' "$work/trace" | grep -c nlmsg_len || true)"
    count scrape "PFs" "$(sed -n 's/^sriov_pfs //p' "$work/page")"
    count scrape "VFs in the page" "$(grep -c '^sriov_vf_info{' "$work/page" || true)"
}

begin
race
processor_time
requests
kill "$daemon"
