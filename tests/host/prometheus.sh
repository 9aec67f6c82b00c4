#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 300
#
# Debian's Prometheus scrapes the daemon as docs/monitoring.md says: over TLS, with a token. Everything is on loopback and ends
# with the test.
. tests/lab/lib.sh
. tests/host/metrics.bash

prometheus=''

stop_prometheus() {
    [ -z "$prometheus" ] || kill "$prometheus" 2>/dev/null || true
    [ -z "$prometheus" ] || wait "$prometheus" 2>/dev/null || true
    prometheus=''
}
trap 'stop_prometheus; stop_daemon' EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

certificate() {
    must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
        -addext 'subjectAltName=IP:127.0.0.1,DNS:localhost' -keyout "$tmp/tls.key" -out "$tmp/tls.crt"
}

prometheus_config() { # TOKEN FILE
    cat <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$PWD/packaging/monitoring/alerts.yaml"]
scrape_configs:
  - job_name: sriovd
    scheme: https
    tls_config: {ca_file: $tmp/tls.crt}
    authorization: {credentials_file: $1}
    static_configs:
      - targets: ["127.0.0.1:$port"]
END
}

start_prometheus() { # TOKEN FILE
    stop_prometheus
    rm -rf "$tmp/data"
    prometheus_config "$1" >"$tmp/prometheus.yml"
    succeeds 'promtool likes the configuration of the manual' promtool check config "$tmp/prometheus.yml"
    prometheus --config.file="$tmp/prometheus.yml" --storage.tsdb.path="$tmp/data" --web.listen-address=127.0.0.1:$web \
        >"$tmp/prometheus.log" 2>&1 &
    prometheus=$!
    if ! wait_for 60 curl -sf "http://127.0.0.1:$web/-/ready"; then
        fail 'Prometheus starts' "$(tail -n 5 "$tmp/prometheus.log")"
        finish
    fi
}

query() { # QUERY: its values, one a line
    curl -sf --get "http://127.0.0.1:$web/api/v1/query" --data-urlencode "query=$1" |
        python3 -c 'import json, sys; print("\n".join(r["value"][1] for r in json.load(sys.stdin)["data"]["result"]))'
}

says() { # QUERY VALUE WHAT: within 30 s
    wait_for 30 eval "[ \"\$(query '$1')\" = '$2' ]" || true
    is "$(query "$1")" "$2" "$3"
}

api() { # PATH FILTER
    curl -sf "http://127.0.0.1:$web/api/v1/$1" | python3 -c "import json, sys; d = json.load(sys.stdin)['data']; print($2)"
}

it_scrapes() {
    must eval "'$bin/sbin/sriovd' token --config '$tmp/sriovd.conf' add prometheus read >'$tmp/token'"
    start_prometheus "$tmp/token"
    kill -HUP "$daemon"
    says 'up{job="sriovd"}' 1 'it scrapes over TLS, with a token of role read'
    says 'sriov_pf_vfs{name="enp1s0"}' 8 'and knows the number of VFs'
    says 'sum(sriov_vf_receive_bytes_total)' 28000 'and what they received'
    says 'sriov_vf_receive_bytes_total{pf="enp1s0",vf="7"}' 7000 'each of them'
    says 'sum(sriov_doctor_findings{severity="error"}) >= bool 0' 1 'and what the doctor said'
    is "$(api targets "[t['lastError'] for t in d['activeTargets']]")" "['']" 'without an error'
    # Only OpenMetrics names the family without _total, and has units.
    is "$(api 'metadata?metric=sriov_pf_receive_bytes' "[(m['type'], m['unit']) for m in d['sriov_pf_receive_bytes']]")" \
        "[('counter', 'bytes')]" 'it took OpenMetrics, with types and units'
}

rules_are_loaded() {
    is "$(api rules "sum(len(g['rules']) for g in d['groups'])")" "$(grep -c 'alert:' packaging/monitoring/alerts.yaml)" \
        'all alert rules are loaded'
    wait_for 30 eval "[ \"\$(api rules \"{r['health'] for g in d['groups'] for r in g['rules']}\")\" = \"{'ok'}\" ]"
    is "$(api rules "{r['health'] for g in d['groups'] for r in g['rules']}")" "{'ok'}" 'and all can be evaluated'
}

# The daemon goes, Prometheus sees it, and counts anew when it comes back.
it_sees_an_end() {
    stop_daemon
    says 'up{job="sriovd"}' 0 'a daemon that is gone is down'
    replay "$tmp/few.json" "${settings[@]}"
    says 'up{job="sriovd"}' 1 'and up again'
}

a_wrong_token_gets_nothing() {
    echo sriov_0123456789012345678901234567890123456789012 >"$tmp/wrong"
    start_prometheus "$tmp/wrong"
    says 'up{job="sriovd"}' 0 'a wrong token gets nothing'
    has "$(api targets "d['activeTargets'][0]['lastError']")" '*401*' 'but a status 401'
    scrape -o "$tmp/page"
    ok 'and is counted' test "$(value sriov_requests_refused_total)" -ge 1
}

if ! command -v prometheus >/dev/null; then
    skip 'Prometheus' 'not installed: apt-get install --no-install-recommends prometheus'
    finish
fi
port=$(free_port)
web=$(free_port)
settings=("listen: \"127.0.0.1:$port\"" "certificate: $tmp/tls.crt" "key: $tmp/tls.key")
certificate
must eval "tests/host/make-capture 8 >'$tmp/few.json'"
replay "$tmp/few.json" "${settings[@]}"
it_scrapes
rules_are_loaded
it_sees_an_end
a_wrong_token_gets_nothing
finish
