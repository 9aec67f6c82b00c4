# SPDX-License-Identifier: LGPL-2.1-or-later
# Benchmarks apply, again and list: 64 VFs of netdevsim1.
# The two policies differ in every setting, and every sample goes from one to the other, so there are always 448 to write.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=bench/guest/lib.sh
. ./lib.sh

pf=eni1np1 vfs=64

# settings POLICY VF: sets the array `set` to what `ip link set … vf N` takes.
settings() {
    local n=$2 mac
    if [ "$1" = a ]; then
        printf -v mac 52:54:00:aa:00:%02x "$n"
        set=("mac $mac" "vlan $((100 + n))" "spoofchk on" "trust on" "state enable" "max_tx_rate $((1000 + n))" "query_rss on")
    else
        printf -v mac 52:54:00:bb:00:%02x "$n"
        set=("mac $mac" "vlan $((200 + n))" "spoofchk off" "trust off" "state disable" "max_tx_rate $((2000 + n))" "query_rss off")
    fi
}

# policy_line VF: the settings as the policy writes them, where state is link_state and query_rss is rss_query.
policy_line() {
    local words="${set[*]/%/,}"
    words=${words/mac /mac: \"}
    words=${words/,/\",}
    words=${words/vlan /vlan: }
    words=${words/spoofchk /spoofchk: }
    words=${words/trust /trust: }
    words=${words/state /link_state: }
    words=${words/max_tx_rate /max_tx_rate: }
    words=${words/query_rss /rss_query: }
    printf '      "%d": {%s}\n' "$1" "${words%,}"
}

# No command is started in here: 64 VFs would make it minutes under emulation.
write_scripts() {
    local n one set
    printf 'pfs:\n  - match: {name: %s}\n    vfs:\n' $pf >"$work/$1.yaml"
    for ((n = 0; n < vfs; n++)); do
        settings "$1" "$n"
        for one in "${set[@]}"; do
            echo "link set dev $pf vf $n $one" >&3
            echo "ip link set dev $pf vf $n $one" >&4
        done
        echo "link set dev $pf vf $n ${set[*]}" >&5
        echo "ip link set dev $pf vf $n ${set[*]}" >&6
        policy_line "$n" >&7
    done 3>"$work/$1.settings" 4>"$work/$1.settings.sh" 5>"$work/$1.vfs" 6>"$work/$1.vfs.sh" 7>>"$work/$1.yaml"
}

now=b
# to_the_other SIDE COMMAND…: one sample; COMMAND gets the policy's letter in place of @.
to_the_other() {
    local side=$1
    shift
    [ $now = a ] && now=b || now=a
    timed apply "$side" "${@//@/$now}"
}

state() { ip -j link show $pf | jq -cS '.[0].vfinfo_list'; }

# Both ways lead to the same state, or comparing their times would be idle.
same_result() {
    local by_ip by_us
    ip -batch "$work/b.settings"
    by_ip=$(state)
    ip -batch "$work/a.settings"
    sriovctl apply -f "$work/b.yaml" >/dev/null
    by_us=$(state)
    [ "$by_ip" = "$by_us" ] || die "sriovctl and ip do not come to the same state"
    now=b
}

race() {
    local round
    for round in 1 2 3 4 5 6 7; do
        to_the_other "sriovctl apply" sriovctl apply -f "$work/@.yaml"
        [ $round -gt 2 ] || to_the_other "ip, one call per setting" bash "$work/@.settings.sh"
        [ $round -gt 3 ] || to_the_other "ip, one call per VF" bash "$work/@.vfs.sh"
        to_the_other "ip -batch, a line per setting" ip -batch "$work/@.settings"
        to_the_other "ip -batch, a line per VF" ip -batch "$work/@.vfs"
    done
}

# Sockets are told by strace -yy: <NETLINK:[ROUTE:…]>. Closing one and waiting on one count too.
calls_of_apply() {
    [ $now = a ] && now=b || now=a
    traced "$work/trace" sriovctl apply -f "$work/$now.yaml"
    count apply "netlink system calls, sockets and their options included" "$(grep -cE 'NETLINK' "$work/trace")"
    count apply "netlink sends and receives" "$(grep -cE '(send|recv)[a-z]*\([0-9]+<NETLINK' "$work/trace")"
    count apply "forks" "$(grep -cE ' (fork|vfork|clone|clone3)\(' "$work/trace" || true)"
    count apply "system calls" "$(wc -l <"$work/trace")"
}

second_apply() {
    local round
    sriovctl apply -f "$work/$now.yaml" >/dev/null
    for round in 1 2 3 4 5 6 7; do
        timed again "sriovctl apply, nothing to do" sriovctl apply -f "$work/$now.yaml"
        [ $now = a ] && now=b || now=a
        timed again "sriovctl apply, 448 to write" sriovctl apply -f "$work/$now.yaml"
    done
    udevadm monitor --kernel --property >"$work/uevents" 2>&1 &
    local monitor=$!
    wait_for 10 grep -q 'KERNEL' "$work/uevents"
    traced "$work/trace" sriovctl apply -f "$work/$now.yaml"
    count again "writes to sysfs" "$(grep -cE ' (write|pwrite64|writev)\([0-9]+</sys' "$work/trace" || true)"
    count again "writes to the ledger" "$(grep -cE ' (write|pwrite64|writev)\([0-9]+<[^>]*ledger\.db(-wal)?>' "$work/trace" || true)"
    count again "RTM_SETLINK" "$(grep -cE 'RTM_SETLINK|RTM_NEWLINK.*NLM_F_ACK' "$work/trace" || true)"
    # One uevent of ours closes the list: what came before it is there by then.
    echo change >/sys/class/net/lo/uevent
    wait_for 10 grep -q 'DEVPATH=/devices/virtual/net/lo' "$work/uevents"
    kill $monitor
    count again "uevents" "$(grep '^DEVPATH=' "$work/uevents" | grep -vc '/net/lo$' || true)"
}

list() {
    local round
    for round in 1 2 3 4 5 6 7 8 9 10 11; do
        timed list "sriovctl list" sriovctl list
        timed list "sriovctl list --json" sriovctl list --json
        timed list "ip -d -j link show" ip -d -j link show $pf
    done
}

write_scripts a
write_scripts b
same_result
race
calls_of_apply
second_apply
list
