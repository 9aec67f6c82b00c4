#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --netdevsim 0
# asan: yes
#
# A policy for four VFs of a real driver: what ip, lspci and sysfs then say, value by value; traffic between two VFs on one
# VLAN and none to a third; that a second apply is silent to everybody who could hear it; that one difference costs one message.
. tests/lab/lib.sh

# VF, mac, vlan, qos, spoofchk, trust and driver, as ip and lspci call them.
wanted='0 52:54:00:aa:bb:00 100 3 true false igbvf
1 52:54:00:aa:bb:01 100 3 false true igbvf
2 52:54:00:aa:bb:02 200 0 true true vfio-pci
3 52:54:00:aa:bb:03 300 7 false false none'

policy() { # VLAN of VF 1
    local vf mac vlan qos spoofchk trust driver
    printf 'pfs:\n- match: {name: enp1s0}\n  num_vfs: 4\n  link: up\n  vfs:\n'
    while read -r vf mac vlan qos spoofchk trust driver; do
        [ "$vf" != 1 ] || vlan=$1
        echo "    \"$vf\": {mac: \"$mac\", vlan: $vlan, qos: $qos, spoofchk: $spoofchk, trust: $trust, driver: $driver}"
    done <<<"$wanted"
}

column() { # N[,N]… of what is wanted
    cut -d ' ' -f "$1" <<<"$wanted"
}

# Everything that sriovctl keeps; a change of it is a write.
ledger() {
    find /var/lib/sriovd -type f -exec sha256sum {} + | sort
    sriovctl history --json
}

steps() { # of the last command: what is planned, without what became of it
    json '[.steps[] | {object, from, to, disruption} + with_entries(select(.key | IN("action", "kind", "attribute", "what")))]'
}

plan_prints_what_apply_does() {
    local planned
    succeeds 'plan ends with 0 when there is work' sriovctl plan --json -f "$tmp/policy.yaml"
    planned=$(steps)
    ok 'its steps are a list' test "$(jq length <<<"$planned")" -ge 20
    is "$(sys enp1s0 sriov_numvfs)" 0 'plan made no VF'
    succeeds 'apply --dry-run ends with 0' sriovctl apply --dry-run --json -f "$tmp/policy.yaml"
    is "$(steps)" "$planned" 'apply --dry-run prints the steps of plan'
    is "$(sys enp1s0 sriov_numvfs)" 0 'apply --dry-run made no VF'
    succeeds 'apply ends with 0' sriovctl apply --json -f "$tmp/policy.yaml"
    is "$(steps)" "$planned" 'apply takes the steps that plan printed'
    is "$(json '[.steps[].state] | unique - ["done", "not-needed"] | join(" ")')" '' 'each step is done or was not needed'
}

ip_lspci_and_sysfs_agree() {
    local vf pci drivers='' links='' vfio
    is "$(ip -j -d link show enp1s0 | jq -r '.[0].vfinfo_list[] |
        "\(.vf) \(.address) \(.vlan_list[0].vlan) \(.vlan_list[0].qos // 0) \(.spoofchk) \(.trust)"')" \
        "$(column 1-6)" 'ip shows each value of each VF'
    for vf in 0 1 2 3; do
        pci=$(vf_pci enp1s0 $vf)
        drivers+=$(lspci -vmmks "$pci" | sed -n 's/^Driver:\t//p' | grep . || echo none)$'\n'
        links+=$(driver_of "$pci")$'\n'
    done
    is "${drivers%$'\n'}" "$(column 7)" 'lspci shows each driver'
    is "${links%$'\n'}" "$(column 7)" 'so do the links in sysfs'
    is "$(sys enp1s0 sriov_numvfs)" 4 'sriov_numvfs is 4'
    is "$(sys enp1s0 sriov_drivers_autoprobe)" 1 'sriov_drivers_autoprobe is as it was'
    is "$(lspci -d 8086:10ca | wc -l)" 4 'lspci shows four VFs'
    is "$(cat /sys/class/net/enp1s0v[01]/address)" "$(column 2 | head -2)" 'the netdevs of the VFs carry their addresses'
    vfio=/dev/vfio/$(basename "$(readlink "/sys/bus/pci/devices/$(vf_pci enp1s0 2)/iommu_group")")
    ok 'the VF at vfio-pci has its device file' test -c "$vfio"
    is "$(sriovctl list --json | jq -r '.pfs[] | select(.name == "enp1s0") | .vfs[] |
        "\(.index) \(.mac) \(.vlan) \(.qos) \(.spoofchk) \(.trust) \(.driver // "none")"')" "$wanted" 'so does list'
}

# ---- A second apply --------------------------------------------------------------------------------------------------------

# Both monitors run before anything counts; a mark is an event of our own that both can be seen to report.
start_monitors() {
    stdbuf -oL udevadm monitor --kernel >>"$tmp/uevents" &
    stdbuf -oL ip monitor link >>"$tmp/links" &
    monitors=$(jobs -p)
}

mark() {
    echo change >/sys/class/net/lo/uevent
    ip link set lo alias "$RANDOM"
}

mark_seen() {
    grep -q '^KERNEL.*/net/lo ' "$tmp/uevents" && grep -q ': lo:' "$tmp/links"
}

live() {
    mark
    wait_for 1 mark_seen
}

second_apply_is_silent() {
    local before
    start_monitors
    ok 'both monitors report an event of our own' wait_for 20 live
    udevadm settle
    : >"$tmp/uevents"
    : >"$tmp/links"
    before=$(ledger)
    succeeds 'a second apply ends with 0' sriovctl apply -f "$tmp/policy.yaml"
    is "$(cat "$out")" 'nothing to do' 'it says that there is nothing to do'
    mark
    ok 'both monitors are still alive' wait_for 20 mark_seen
    is "$(grep -c '^KERNEL' "$tmp/uevents")" 1 'no uevent came between'
    is "$(grep -v '^ ' "$tmp/links" | grep -vc ': lo:')" 0 'no netlink event came between'
    is "$(ledger)" "$before" 'no transaction is in the history, no byte in the ledger changed'
    succeeds 'plan ends with 0 when there is none' sriovctl plan --json -f "$tmp/policy.yaml"
    is "$(json '.steps | length')" 0 'and has no steps'
}

# The types of the messages sent, but for questions. Of a message in two parts strace takes the second for another one, and
# of a socket it does not know the protocol (0x12 is RTM_GETLINK, 0x10 nlctrl) before its first message.
netlink_writes() {
    sed -nE '/sendmsg/s/.*msg_iov=\[\{iov_base=[^n]*nlmsg_len=[0-9]+, (nlmsg_type=[^,]*).*/\1/p; /sendto/p' "$trace" |
        grep -oE 'nlmsg_type=[^,]*' | grep -vE '=(RTM_GET|0x12 |0x10 |nlctrl|devlink)'
}

second_apply_writes_nothing() {
    succeeds 'a third one under strace' traced sriovctl apply -f "$tmp/policy.yaml"
    is "$(changes)" '' 'no sysfs file is opened for writing, no netlink message sets anything'
    is "$(netlink_writes)" '' 'netlink is asked questions only'
    ok 'strace did see questions and sysfs files' eval 'grep -q RTM_GETLINK "$trace" && grep -q /sys/bus/pci "$trace"'
}

one_difference_is_one_message() {
    policy 101 >"$tmp/other.yaml"
    : >"$tmp/links"
    succeeds 'apply of a policy with one other value' traced sriovctl apply -f "$tmp/other.yaml"
    is "$(grep -o RTM_SETLINK "$trace" | wc -l)" 1 'it sends one RTM_SETLINK'
    is "$(netlink_writes)" nlmsg_type=RTM_SETLINK 'and nothing else that sets'
    is "$(grep -cE 'O_(WRONLY|RDWR).*</sys/' "$trace")" 0 'it writes no sysfs file'
    ok 'ip monitor, which saw nothing before, sees this' wait_for 20 grep -q ': enp1s0:' "$tmp/links"
    is "$(ip -j -d link show enp1s0 | jq '.[0].vfinfo_list[1].vlan_list[0].vlan')" 101 'the value is there'
    must sriovctl apply -f "$tmp/policy.yaml"
    # shellcheck disable=SC2086 # process ids
    kill $monitors
}

# ---- Traffic ---------------------------------------------------------------------------------------------------------------

into_namespace() { # NAMESPACE NETDEV ADDRESS
    ip netns add "$1" && ip link set "$2" netns "$1" && ip -n "$1" address add "$3/24" dev "$2" && ip -n "$1" link set "$2" up
}

carrier() { # NAMESPACE NETDEV
    [ "$(ip netns exec "$1" cat "/sys/class/net/$2/carrier")" = 1 ]
}

pings() { # NAMESPACE ADDRESS
    ip netns exec "$1" ping -q -c 1 -w 2 "$2" >/dev/null
}

neighbours_talk_and_others_do_not() {
    local before
    before=$(state)
    must sriovctl set enp1s0/3 driver=default vlan=200 qos=0
    ok 'a third VF gets its netdev' named enp1s0 2
    ok 'and its name' wait_for 20 test -e /sys/class/net/enp1s0v3
    must into_namespace red1 enp1s0v0 10.9.0.1
    must into_namespace red2 enp1s0v1 10.9.0.2
    must into_namespace blue enp1s0v3 10.9.0.3
    ok 'the links of all three come up' eval \
        'wait_for 30 carrier red1 enp1s0v0 && wait_for 30 carrier red2 enp1s0v1 && wait_for 30 carrier blue enp1s0v3'
    ok 'two namespaces on VLAN 100 ping each other' wait_for 30 pings red1 10.9.0.2
    ok 'in both directions' wait_for 30 pings red2 10.9.0.1
    ok 'a third on VLAN 200 does not' eval '! pings blue 10.9.0.1 && ! pings red1 10.9.0.3'
    must ip link set enp1s0 vf 3 vlan 100 qos 3
    ok 'on VLAN 100 it would' wait_for 60 pings blue 10.9.0.1
    must ip link set enp1s0 vf 3 vlan 200
    must ip -n red1 link set enp1s0v0 netns 1
    must ip -n red2 link set enp1s0v1 netns 1
    must ip -n blue link set enp1s0v3 netns 1
    must ip netns delete red1
    must ip netns delete red2
    must ip netns delete blue
    must sriovctl apply -f "$tmp/policy.yaml"
    is "$(state)" "$before" 'moved back, all is as before'
}

# ---- Policies ---------------------------------------------------------------------------------------------------------------

a_folder_is_one_policy() {
    mkdir "$tmp/policies"
    cp "$tmp/policy.yaml" "$tmp/policies/10-enp1s0.yaml"
    printf 'pfs:\n- match: {name: eni1np1}\n  num_vfs: 2\n  vfs: {"0-1": {vlan: 7}}\n' >"$tmp/policies/20-eni1np1.yaml"
    printf 'this is no policy' >"$tmp/policies/README"
    succeeds 'apply of a folder' sriovctl apply -f "$tmp/policies"
    is "$(sriovctl list --json | jq -c '[.pfs[] | select(.name == "eni1np1") | .vfs[].vlan]')" '[7,7]' 'reads all its files'
    printf 'pfs:\n- match: {driver: igb}\n  num_vfs: 1\n' >"$tmp/policies/30-again.yaml"
    exits 2 'a PF that is matched twice is wrong usage' sriovctl apply -f "$tmp/policies"
    has "$(cat "$err")" '*30-again.yaml:2*10-enp1s0.yaml:2*' 'the message names both places'
    is "$(sys enp1s0 sriov_numvfs)" 4 'and nothing is changed'
    exits 2 'so it is for plan' sriovctl plan -f "$tmp/policies"
}

kubernetes() { # VFS DEVICETYPE
    printf 'apiVersion: sriovnetwork.openshift.io/v1\nkind: SriovNetworkNodePolicy\nmetadata: {name: web}\n'
    printf 'spec:\n  resourceName: web\n  numVfs: %s\n  deviceType: %s\n  nicSelector: {pfNames: [enp1s0]}\n' "$1" "$2"
}

both_forms_mean_the_same() {
    local type driver
    for type in vfio-pci netdevice; do
        driver=${type/netdevice/default}
        kubernetes 3 $type >"$tmp/kubernetes.yaml"
        printf 'pfs:\n- match: {name: enp1s0}\n  num_vfs: 3\n  link: up\n  vfs: {"0-2": {driver: %s}}\n' "$driver" >"$tmp/own.yaml"
        succeeds "plan of a SriovNetworkNodePolicy with $type" sriovctl plan --json -f "$tmp/kubernetes.yaml"
        steps >"$tmp/theirs"
        succeeds 'plan of the same in our form' sriovctl plan --json -f "$tmp/own.yaml"
        is "$(steps)" "$(cat "$tmp/theirs")" 'is the same plan'
        succeeds "apply of the SriovNetworkNodePolicy" sriovctl apply -f "$tmp/kubernetes.yaml"
        is "$(sys enp1s0 sriov_numvfs)" 3 'makes the VFs'
        succeeds 'apply of our form' sriovctl apply -f "$tmp/own.yaml"
        is "$(cat "$out")" 'nothing to do' 'finds nothing to do'
    done
    is "$(driver_of "$(vf_pci enp1s0 2)")" igbvf 'netdevice is the network driver'
}

# ---- Waiting ---------------------------------------------------------------------------------------------------------------

asleep() { # PROGRAM: is one in ppoll, and has it opened its netlink sockets?
    local pid
    pid=$(pgrep -x "$1") && [ "$(cut -d ' ' -f 1 "/proc/$pid/syscall")" = 271 ]
}

wait_is_for_events() {
    local waiting polls
    must sriovctl create enp1s0 0
    echo 0000:01:00.0 >/sys/bus/pci/drivers/igb/unbind
    strace -E ASAN_OPTIONS=detect_leaks=0 -f -o "$tmp/waits" -e trace=poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,nanosleep,clock_nanosleep,timerfd_settime,recvmsg \
        sriovctl apply --wait 200 -f "$tmp/policy.yaml" >"$out" 2>"$err" &
    waiting=$!
    ok 'apply --wait waits while the PF has no driver' wait_for 60 asleep sriovctl
    polls=$(grep -c ppoll "$tmp/waits")
    ok 'and goes on doing so' asleep sriovctl
    is "$(grep -c ppoll "$tmp/waits")" "$polls" 'in one call, without looking again and again'
    echo 0000:01:00.0 >/sys/bus/pci/drivers/igb/bind
    wait $waiting
    is $? 0 'it ends with 0 once the PF is there'
    is "$(sys enp1s0 sriov_numvfs)" 4 'and the policy is applied'
    is "$(grep -cE 'nanosleep|timerfd' "$tmp/waits")" 0 'it never sleeps'
}

wait_ends() {
    printf 'pfs:\n- match: {name: enp9s0}\n  num_vfs: 1\n- match: {name: eni1np1}\n  num_vfs: 3\n' >"$tmp/late.yaml"
    exits 5 'without --wait a PF that is not there is an error' sriovctl apply -f "$tmp/late.yaml"
    is "$(cat /sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs)" 2 'and nothing is done'
    exits 5 'with --wait it is one at the end' sriovctl apply --wait 1 -f "$tmp/late.yaml"
    has "$(cat "$err")" '*late.yaml:2*' 'which names the place'
    is "$(cat /sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs)" 3 'after the others are done'
}

only_some_pfs() {
    sed 's/num_vfs: 3/num_vfs: 2/' "$tmp/late.yaml" >"$tmp/two.yaml"
    exits 2 '--pf with a PF that the policy does not speak of' sriovctl apply --pf enp1s0 -f "$tmp/two.yaml"
    has "$(cat "$err")" '*enp1s0: the policy says nothing about it*' 'is refused'
    exits 5 '--pf with one that is not there' sriovctl plan --pf eni1np1,enp9s0 -f "$tmp/two.yaml"
    succeeds '--pf, and the policy from standard input' eval "sriovctl apply --pf eni1np1 -f - <'$tmp/two.yaml'"
    is "$(cat /sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs)" 2 'applies it to that PF, whatever others are missing'
    exits 2 'a wrong policy from standard input' eval "echo 'pfs: [{match: {name: a}, num_vfz: 1}]' | sriovctl plan -f -"
    has "$(cat "$err")" '*standard input:1: *num_vfz*' 'names line and key'
}

policy 100 >"$tmp/policy.yaml"
plan_prints_what_apply_does
ok 'the VFs get their names' named enp1s0 2
ip_lspci_and_sysfs_agree
second_apply_is_silent
second_apply_writes_nothing
one_difference_is_one_message
neighbours_talk_and_others_do_not
a_folder_is_one_policy
both_forms_mean_the_same
wait_is_for_events
wait_ends
only_some_pfs
finish
