#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 900
#
# sriovctl bench: a report over three paths in all its forms, drawn again from its JSON; another machine and a guest at the
# other end (namespaces with a server, here); what it refuses; and that everything is as before, also after SIGTERM and
# kill -9. The figures themselves are an emulator's and are not looked at.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=lease.bash
. ./lease.bash

other=192.0.2.10

# Beside what all tests of leases look at: nothing stands on a NIC, and no address of somebody behind it is left there.
traces() {
    ip -j -d link | jq -r '.[] | "\(.ifname) \(.promiscuity) \(.linkinfo.info_kind // "")"' | sort
    bridge fdb show dev $pf | sort
    lsns -t net -n -o NS | wc -l
}

nothing_left() { # WHAT
    is "$(pgrep -x 'iperf3|ping|sriovctl-bench')" '' "$1: no process is left"
    as_before "$1"
    is "$(traces)" "$traces" "$1: nor anything on the NIC"
}

one_measurement() { # ARGUMENTS of bench…
    sriovctl bench "$@" --repeat 1 --seconds 1 --json
}

# ---- The report -----------------------------------------------------------------------------------------------------------

three_paths() {
    succeeds 'three paths, twice' sriovctl bench $pf --repeat 2 --seconds 1 --output "$tmp/report/"
    is "$(cat "$out")" "$(printf "$tmp/report/report.%s\n" md html svg json)" 'it names the files'
    cp "$tmp/report/report.json" "$out"
    is "$(json '[.paths[] | [.name, .failure, (.runs | length)]] | tostring')" \
        '[["vf",null,2],["macvtap",null,2],["bridge",null,2]]' 'each path was measured twice'
    is "$(json '[.paths[].runs[] | .out > 0 and .in > 0 and .latency > 0 and .latency_99 >= .latency and .cpu > 0 and .loss < 1000000] | all')" \
        true 'with every figure'
    is "$(json '[.paths[].summary.out | .low <= .median and .median <= .high] | all')" true 'and medians between their runs'
    nothing_left 'three paths'
}

what_it_says() {
    local report=$tmp/report
    cp "$report/report.json" "$out"
    is "$(json '.emulated, ([.advice[].id] | index("emulated") != null)' | tr '\n' ' ')" 'true true ' 'it knows that this is an emulator'
    has "$(cat "$report/report.md")" '*figures mean nothing*' 'and says so'
    has "$(cat "$report/report.html")" '*figures mean nothing*' 'on the page, too'
    is "$(json '[.settings[].id] | tostring')" \
        '["kernel","machine","drivers","speed","pcie","numa","interrupts","mtu","offloads","iommu","governor","iperf3"]' 'the settings'
    is "$(json '.settings[] | select(.id == "kernel").text')" "$(uname -r)" 'the kernel'
    is "$(json '.settings[] | select(.id == "mtu").text')" 'PF 1500, VF 1500' 'the MTU'
    is "$(json '.settings[] | select(.id == "iommu").text' | grep -o '([^)]*)')" \
        "($(cat "/sys/bus/pci/devices/$(vf_pci $pf 0)/iommu_group/type"))" 'the IOMMU'
    is "$(json '.settings[] | select(.id == "interrupts").text')" '3, to processor 0' 'the interrupts of the VF'
}

drawn_again() {
    local form
    chmod 755 "$tmp" # somebody else reads there
    for form in md html svg json; do
        must sriovctl bench --from "$tmp/report/report.json" --output "$tmp/again.$form"
        # A file of Markdown alone has no picture beside it.
        ok "drawn again: $form" cmp <(grep -v '^!\[' "$tmp/report/report.$form" | cat -s) <(cat -s "$tmp/again.$form")
    done
    succeeds 'by anybody' setpriv --reuid 65534 --clear-groups sriovctl bench --from "$tmp/report/report.json"
    has "$(cat "$out")" '*throughput out*vf*1.00*What to change*' 'on a terminal'
    is "$(grep -c '<circle' "$tmp/report/report.svg")" 30 'the picture has a dot for each run'
    is "$(grep -c 'prefers-color-scheme: dark' "$tmp/report/report.svg")" 1 'and colours for the dark'
}

# ---- Other ends -----------------------------------------------------------------------------------------------------------

# Somebody with an iperf3 server, on VF 3.
start_other() {
    must ip netns add other
    must ip link set ${pf}v3 netns other name eth0
    must ip -n other link set lo up
    must ip -n other addr add $other/24 dev eth0
    must ip -n other link set eth0 up
    ip netns exec other iperf3 -s >"$tmp/server" 2>&1 &
    server=$!
}

stop_other() {
    kill $server
    wait $server 2>/dev/null
    must ip -n other link set eth0 down
    must ip -n other link set eth0 name ${pf}v3
    must ip -n other link set ${pf}v3 netns 1
    must ip netns del other
    must named $pf 4
}

other_ends() {
    start_other
    succeeds 'to another machine' one_measurement $pf --path vf --to $other --address 192.0.2.1/24
    is "$(json '[.peer, .paths[0].name, (.paths[0].runs | length)] | tostring')" "[\"$other\",\"vf\",1]" 'is measured'
    succeeds 'to a guest' one_measurement $pf --path vm-vf=$other --path vf --address 192.0.2.1/24
    is "$(json '[.paths[] | [.name, (.runs | length)]] | tostring')" '[["vm-vf",1],["vf",1]]' 'is measured beside a VF'
    has "$(json '.paths[0].about')" "*$other" 'and named by its address'
    stop_other
    exits 1 'a guest that is not there' one_measurement $pf --path vm-virtio=192.0.2.99 --address 192.0.2.1/24
    is "$(json '.paths[0].runs | length')" 0 'is not measured'
    has "$(json '.paths[0].failure')" '192.0.2.99*does not answer*' 'and the report says why'
    nothing_left 'other ends'
}

# ---- Refused --------------------------------------------------------------------------------------------------------------

refused() { # STATUS PATTERN ARGUMENTS of bench…
    local want=$1 pattern=$2
    shift 2
    exits "$want" "bench $*" sriovctl bench "$@"
    has "$(cat "$err")" "$pattern" "bench $*: with the reason"
}

bad_input() {
    refused 2 '*no PF is named*'
    refused 2 '*is no path*' $pf --path vff
    refused 2 "*needs the guest's address*" $pf --path vm-vf
    refused 2 '*takes no address*' $pf --path vf=$other
    refused 2 '*--address*is missing*' $pf --to $other
    refused 2 '*do not go together*' $pf --to $other --path vm-vf=$other
    refused 2 '*--repeat*more than 100*' $pf --repeat 101
    refused 2 '*ending*' $pf --output "$tmp/report.pdf"
    refused 2 '*no report*' --from /etc/passwd
    refused 2 '*leave out one*' $pf --from /etc/passwd
    refused 1 '*No such file*' --from "$tmp/nowhere"
    refused 2 '*name its PF*' $pf/1
    refused 5 '*enp9s0*' enp9s0
    exits 6 'not as root' setpriv --reuid 65534 --clear-groups sriovctl bench $pf
    nothing_left 'bad input'
}

what_is_missing() {
    mkdir "$tmp/bin"
    ln -s "$(command -v ping)" "$tmp/bin/ping"
    exits 1 'without iperf3' env PATH="$tmp/bin" "$(command -v sriovctl)" bench $pf
    has "$(cat "$err")" '*iperf3*apt install iperf3*' 'it names the package'
    must ip link set $pf down
    refused 1 "*is down*sriovctl set $pf link=up*" $pf
    must ip link set $pf up
    must wait_for 30 grep -q 1 /sys/class/net/$pf/carrier
    for vf in 0 1 2; do must sriovctl acquire $pf/$vf --owner tenant$vf; done
    exits 0 'with one free VF' one_measurement $pf --path bridge --path vf
    is "$(json '[.paths[] | [.name, (.runs | length)]] | tostring')" '[["bridge",1],["vf",0]]' 'the bridge needs no more'
    has "$(json '.paths[1].failure')" '*sriovctl create*' 'and what to do about the VF is said'
    must sriovctl acquire $pf/3 --owner tenant3
    refused 3 '*sriovctl leases*' $pf
    for vf in 0 1 2 3; do must sriovctl release $pf/$vf; done
    nothing_left 'missing'
}

the_pf_is_used() {
    must ip addr add 198.51.100.1/24 dev $pf
    exits 1 'the bridge on a PF with an address' one_measurement $pf --path bridge
    has "$(json '.paths[0].failure')" '*address 198.51.100.1/24*--path vf*' 'is refused'
    must ip addr del 198.51.100.1/24 dev $pf
    nothing_left 'address'
}

# ---- Ended half-way -------------------------------------------------------------------------------------------------------

client_runs() { pgrep -f 'iperf3 -c'; }
nobody_runs() { ! pgrep -x 'iperf3|sriovctl-bench'; }
alone() { [ "$(lsns -t net -n -o NS | wc -l)" = 1 ]; }

start_long() { # PATH
    sriovctl bench $pf --path "$1" --seconds 3 >"$tmp/said" 2>&1 &
    runner=$!
    wait_for 60 client_runs || fail 'it begins' "$(cat "$tmp/said")"
}

interrupted() {
    start_long bridge
    kill -TERM $runner
    wait $runner
    is $? 143 'SIGTERM ends it'
    has "$(cat "$tmp/said")" '*everything was put back*' 'it says so'
    is "$(find /var/lib/sriovd/leases -name '0000:*')" '' 'no lease is left for others to clear away'
    ok 'and nobody is left' wait_for 10 alone
    nothing_left 'SIGTERM'
}

killed() { # PATH
    start_long "$1"
    kill -9 $runner
    wait $runner 2>/dev/null
    ok "kill -9, $1: nobody is left" wait_for 10 nobody_runs
    wait_for 10 alone
    must sriovctl leases
    has "$(cat "$err")" "*is free*sriovctl bench*" "kill -9, $1: the next command takes the VFs back"
    nothing_left "kill -9, $1"
}

must sriovctl create $pf 4
must named $pf 4
must ip link set $pf up
must wait_for 30 grep -q 1 /sys/class/net/$pf/carrier
for vf in 0 1 2 3; do # each tells the PF its address
    must ip link set ${pf}v$vf up
    must ip link set ${pf}v$vf down
done
before=$(everything)
traces=$(traces)

three_paths
what_it_says
drawn_again
other_ends
bad_input
what_is_missing
the_pf_is_used
interrupted
killed vf
killed macvtap
killed bridge
[ ! -d /mnt/share ] || cp -r "$tmp/report" /mnt/share
finish
