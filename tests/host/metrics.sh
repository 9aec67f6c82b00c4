#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# /metrics of a daemon that answers from captures: values, both formats, what Prometheus' own checks say of it, and that
# alerts, dashboard and manual speak of metrics that are there. Prometheus itself is in prometheus.sh.
. tests/lab/lib.sh
. tests/host/metrics.bash

vfs=256
monitoring=packaging/monitoring

make_captures() {
    must eval "tests/host/make-capture $vfs >'$tmp/many.json'"
    must eval "tests/host/make-capture 8 >'$tmp/few.json'"
}

# A page with every metric there is: a policy, a lease, and the doctor's result.
whole_page() {
    mkdir -p "$tmp/policy"
    printf 'pfs:\n  - match: {name: enp1s0}\n    mode: observe\n    num_vfs: %s\n    vfs: {"1": {vlan: 9}}\n' $vfs \
        >"$tmp/policy/p.yaml"
    replay "$tmp/many.json"
    ok 'the doctor, called by the first scrape, has a result soon' wait_for 60 scraped 'sriov_doctor_findings'
    succeeds 'a scrape' scrape -D "$tmp/head" -o "$tmp/page"
    has "$(tr -d '\r' <"$tmp/head")" '*text/plain; version=0.0.4; charset=utf-8*' 'is the text format 0.0.4'
}

values_are_those_of_the_machine() {
    local pf='{pci="0000:01:00.0",name="enp1s0",driver="mlx5_core"}' name i=0
    is "$(value "sriov_pf_vfs$pf")" $vfs 'VFs that there are'
    is "$(value "sriov_pf_vfs_supported$pf")" 512 'VFs that there can be'
    is "$(value "sriov_pf_vfs_in_use$pf")" 4 'VFs in use: an address, a namespace, a VM, an upper device'
    is "$(value "sriov_pf_vfs_free$pf")" $((vfs - 4)) 'the others are free'
    is "$(value "sriov_pf_vfs_by_driver${pf%\}},vf_driver=\"vfio-pci\"}")" $((vfs / 4)) 'VFs on vfio-pci'
    is "$(value "sriov_pf_link_speed_bytes_per_second$pf")" 125000000 'the speed of the link'
    is "$(value 'sriov_vf_in_use{pf="enp1s0",vf="2"}')" 1 'a VF in use'
    is "$(value 'sriov_vf_in_use{pf="enp1s0",vf="5"}')" 0 'a VF that nobody has'
    for name in receive_{bytes,packets,dropped,errors,multicast} transmit_{bytes,packets,dropped,errors}; do
        is "$(value "sriov_pf_${name}_total$pf")" $((100000 + i++)) "the PF's $name"
    done
    i=0
    for name in receive_{bytes,packets,dropped,multicast,broadcast} transmit_{bytes,packets,dropped}; do
        is "$(value "sriov_vf_${name}_total{pf=\"enp1s0\",vf=\"7\"}")" $((7000 + i++)) "a VF's $name"
    done
    is "$(value 'sriov_vf_transmit_dropped_total{pf="enp1s0",vf="255"}')" 255007 'packets that the last VF lost'
    is "$(grep -c '^sriov_vf_receive_bytes_total{' "$tmp/page")" $vfs 'no VF is missing, though the list is longer than it says'
    has "$(grep '^sriov_vf_info{pf="enp1s0",vf="3"' "$tmp/page")" '*pci="0000:01:10.6",*,mac="52:54:00:aa:00:03",vlan="3",*' \
        'what a VF is'
    is "$(value 'sriov_traffic_read_success')" 1 'the counters were read'
}

what_the_daemon_knows_of_itself() {
    local resident
    resident=$(awk '$1 == "VmRSS:" { print $2 * 1024 }' "/proc/$daemon/status")
    is "$(value process_open_fds)" "$(($(find "/proc/$daemon/fd" -mindepth 1 | wc -l) + 1))" 'its open files, with this connection'
    has "$(value process_cpu_seconds_total)" '*.*' 'its processor time'
    is "$(awk -v a="$(value process_resident_memory_bytes)" -v b=$resident 'BEGIN { print (a > b / 2 && a < b * 2) }')" 1 'its memory'
    ok 'when it started' test $((EPOCHSECONDS - $(value process_start_time_seconds))) -lt 600
    is "$(value sriov_http_connections)" 1 'the connection of this scrape'
    ok 'how often it looked' test "$(value sriov_looks_total)" -ge 1
}

no_complaint() { # PAGE WHOSE
    keep promtool check metrics <"$1"
    is "$status:$(cat "$out" "$err")" '0:' "promtool check metrics has no complaint: $2"
    is "$(families "$1" | uniq -d)" '' "no family comes twice: $2"
}

# The daemon on a kernel, with VFs of igb and a lease; and what it leaves for node_exporter.
real_vfs() {
    mkdir -p "$tmp/share"
    succeeds 'a guest with four VFs is scraped' lab/run --nics 1 --share "$tmp/share" --stage "${SRIOV_STAGE:-build/stage}" -- \
        bash tests/host/scrape-guest
    no_complaint "$tmp/share/page" 'real VFs'
    no_complaint "$tmp/share/sriov.prom" 'the file for node_exporter'
    is "$(families "$tmp/share/sriov.prom" | grep -E '^process_|events|drift|build|http' | grep -v build)" '' \
        'the file says nothing that only a daemon knows'
    has "$(cat "$tmp/share/sriov.prom")" '*sriov_lease_start_time_seconds{pf="enp1s0",vf="1",owner="web"}*' 'but who leases'
    has "$(cat "$tmp/share/sriov.prom")" '*sriov_doctor_findings{severity="error"} 0*' 'and what the doctor says'
}

openmetrics_is_the_same() {
    succeeds 'a scrape that asks for OpenMetrics' scrape -H 'Accept: application/openmetrics-text; version=1.0.0' \
        -D "$tmp/head" -o "$tmp/open"
    has "$(tr -d '\r' <"$tmp/head")" '*application/openmetrics-text; version=1.0.0; charset=utf-8*' 'gets it'
    is "$(tail -n 1 "$tmp/open")" '# EOF' 'it says where it ends'
    is "$(grep -v '^#' "$tmp/open" | sed 's/ [^ ]*$//')" "$(grep -v '^#' "$tmp/page" | sed 's/ [^ ]*$//')" \
        'the same samples in the same order'
    is "$(grep -c '^# TYPE .*_total ' "$tmp/open")" 0 'families of counters have no suffix there'
    is "$(sed -n 's/^# UNIT \([a-z_]*\) \([a-z_]*\)$/\1 \2/p' "$tmp/open" | grep -vc '_\(.*\) \1$')" 0 'each unit ends its name'
}

# Whatever they speak of must exist: a metric renamed would leave an alert silent for ever.
others_speak_of_what_is_there() {
    local there word name
    there=$(families "$tmp/page"; families "$tmp/share/page")
    there=$(sort -u <<<"$there")
    for name in alerts.yaml dashboard.json; do
        word=$(grep -oE '\b(sriov|process)_[a-z_]+' "$monitoring/$name" | sort -u)
        is "$(comm -23 <(echo "$word") <(echo "$there"))" '' "$name names no metric that is not there"
        ok "$name names some" test "$(wc -l <<<"$word")" -gt 10
    done
    is "$(grep -oE '`(sriov|process)_[a-z_]+[a-z]`' docs/monitoring.md | tr -d '`' | sort -u)" "$there" \
        'docs/monitoring.md names each metric'
    is "$(sed -n 's/^| `\(Sriov[A-Za-z]*\)` .*/\1/p' docs/monitoring.md)" \
        "$(sed -n 's/^ *- alert: //p' $monitoring/alerts.yaml)" 'and each alert'
    is "$(grep -o 'alertname: [A-Za-z]*' $monitoring/alerts.test.yaml | sort | uniq -c | awk '$1 < 3 { print $3 }')" '' \
        'each alert is tested: silent twice at least, and seen to fire'
}

rules_are_right() {
    succeeds 'promtool check rules' promtool check rules $monitoring/alerts.yaml
    succeeds 'promtool test rules' promtool test rules $monitoring/alerts.test.yaml
}

# Grafana is in no Debian: what can be checked without it. Its variables are replaced as it does, and promtool reads the rest.
dashboard_is_right() {
    succeeds 'the dashboard is what Grafana reads' python3 tests/host/check-dashboard $monitoring/dashboard.json "$tmp/dashboard.yaml"
    succeeds 'promtool reads each of its queries' promtool check rules "$tmp/dashboard.yaml"
}

drivers_without_counters_have_no_samples() {
    rm "$tmp/policy/p.yaml"
    replay tests/data/igb.json
    scrape -o "$tmp/page"
    is "$(grep -c '^sriov_vf_[a-z_]*_total' "$tmp/page")" 0 'igb: no counters of VFs, and no zeros'
    is "$(grep -c '^sriov_pf_drifted_attributes' "$tmp/page")" 0 'without a policy nothing is said of drift'
    is "$(value 'sriov_traffic_read_success')" 0 'a capture without the counters says so'
}

# 50 scrapes each, and the best of five, as others use this machine too. The scrape itself and curl's connection are in it.
a_scrape_is_cheap() {
    local before after best=999999 spent i
    replay "$tmp/many.json"
    for ((i = 0; i < 5; i++)); do
        before=$(scrape | sed -n 's/^process_cpu_seconds_total //p')
        for _ in {1..50}; do scrape -o "$tmp/page"; done
        after=$(scrape | sed -n 's/^process_cpu_seconds_total //p')
        spent=$(awk -v a="$before" -v b="$after" 'BEGIN { printf "%d", (b - a) * 1e6 / 51 }')
        [ "$spent" -ge "$best" ] || best=$spent
    done
    echo "# a scrape of $vfs VFs with counters: $best microseconds of processor time, $(wc -c <"$tmp/page") bytes"
    ok "a scrape of $vfs VFs takes at most 5 ms of processor time" test "$best" -le 5000
}

# The capture has no netlink sockets to wait for; what a scrape does while the kernel hangs is in tests/lab/daemon-metrics.sh.
many_at_a_time() {
    local pids=() pid failed=0
    for _ in {1..40}; do
        scrape -o /dev/null -f &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
    is $failed 0 'forty scrapes at a time are all answered'
    ok 'and it lives' kill -0 "$daemon"
}

if ! command -v promtool >/dev/null; then
    skip 'the metrics' 'no promtool: apt-get install prometheus'
    finish
fi
make_captures
whole_page
values_are_those_of_the_machine
what_the_daemon_knows_of_itself
no_complaint "$tmp/page" 'a capture'
openmetrics_is_the_same
real_vfs
others_speak_of_what_is_there
rules_are_right
dashboard_is_right
many_at_a_time
drivers_without_counters_have_no_samples
a_scrape_is_cheap
finish
