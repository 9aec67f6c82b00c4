#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --smp 1
# asan: yes
#
# --force against a virtual machine that holds a VF. The kernel then waits for the machine, for good; nobody else does: the
# tool says whom it hurts and what it waits for, everything that reads keeps answering, other changes are refused, and Ctrl-C
# leaves the write to itself. When the machine goes, all ends well.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0
rounds=9

# How long list takes, in hundredths of `ip link show` turn by turn with it: the machine may be busier now than then.
list_takes() {
    local i
    for ((i = 0; i < rounds; i++)); do
        microseconds timeout 60 sriovctl list >>"$tmp/ours"
        microseconds ip link show >>"$tmp/theirs"
    done
    echo $((100 * $(median $rounds <"$tmp/ours") / $(median $rounds <"$tmp/theirs")))
    rm "$tmp/ours" "$tmp/theirs"
}

# begin FILE COMMAND…: starts a change that will hang as it writes to FILE; $tool is the process, $worker the one that writes
begin() {
    local file=$1
    shift
    "$@" >"$tmp/tool.out" 2>"$tmp/tool.err" &
    tool=$!
    wait_for 60 a_worker_writes_to "$file"
    ok "$*: a worker hangs in the kernel" a_worker_writes_to "$file"
}

a_worker_writes_to() { # FILE
    worker=$(pgrep -P "$tool" | head -n 1) && readlink "/proc/$worker/fd"/* | grep -q "/$1\$"
}

ended() { ! kill -0 "$1" 2>/dev/null; }
finished() { sriovctl list --json | jq -e '.pfs[0].busy == null'; }
last() { sriovctl history --json | jq -c '[.history[] | [.transaction, .command, .transaction_state]] | max'; }

prepare() { # NAME: a machine of that name with VF 2
    must sriovctl create $pf 4
    must sriovctl bind $pf/2 vfio-pci
    start_vm "$1" "$(vf_pci $pf 2)"
}

reads_answer_as_in_calm() { # CALM
    local hanging
    succeeds "list answers" timeout 60 sriovctl list
    has "$(cat "$out")" "*$pf*busy*" "and says busy"
    succeeds "list --json answers" timeout 60 sriovctl list --json
    is "$(json '.pfs[0].busy | [.pid, .command] | tojson')" "[$worker,\"create $pf 0 --force\"]" "and says who is at it, and with what"
    is "$(json '.pfs[0].vfs[3].index')" 3 "the VFs that are left are there"
    succeeds "show answers" timeout 60 sriovctl show $pf
    succeeds "show of a VF answers" timeout 60 sriovctl show $pf/3
    succeeds "history answers" timeout 60 sriovctl history
    if is_asan; then
        skip "list takes less than 3 times as long as in calm" "not with sanitizers"
        return
    fi
    hanging=$(list_takes)
    echo "# list: $hanging hundredths of ip link show, in calm $1"
    ok "list takes less than 3 times as long as in calm" test "$hanging" -lt $((3 * $1))
}

others_are_refused() {
    local command
    for command in "create $pf 2 --force" "create $pf 7" "set $pf/3 vlan=9" "unbind $pf/3"; do
        # shellcheck disable=SC2086 # words
        exits 3 "$command is refused" timeout 60 sriovctl $command
        has "$(cat "$err")" "sriovctl: $pf*create $pf 0 --force*$worker*" "with the command that runs, and its process"
    done
}

a_removal() {
    local calm
    prepare web1
    calm=$(list_takes)
    begin sriov_numvfs sriovctl create $pf 0 --force
    is "$(grep 'will be hurt' "$tmp/tool.err")" "sriovctl: will be hurt: $pf/2: qemu-system-x86 (pid $vm, \"web1\") through vfio" \
        "it says exactly who will be hurt"
    wait_for 60 grep -q 'it may wait for' "$tmp/tool.err"
    has "$(cat "$tmp/tool.err")" "*$pf: remove VFs: the kernel has been at it for * seconds*it may wait for: $pf/2: *\"web1\"*" \
        "it says what it waits for"
    reads_answer_as_in_calm "$calm"
    others_are_refused

    kill -INT $tool
    wait_for 60 ended $tool
    ok "Ctrl-C ends the tool" ended $tool
    wait $tool
    is $? 1 "with exit status 1"
    has "$(tail -n 1 "$tmp/tool.err")" "sriovctl: *no longer waited for; process $worker goes on with it*" "it says that the worker goes on"
    ok "and the worker does" kill -0 "$worker"
    exits 3 "other changes are refused still" sriovctl create $pf 2 --force
    is "$(last | jq -r '.[2]')" running "and the history says that it runs"

    kill "$vm"
    wait "$vm"
    wait_for 60 finished
    ok "with the machine gone the worker ends" wait_for 60 ended "$worker"
    is "$(last | jq -c '.[1:]')" "[\"create $pf 0 --force\",\"applied\"]" "the change is applied, says the history"
    is "$(sys $pf sriov_numvfs)" 0 "and the VFs are gone"
}

an_unbind() {
    prepare web2
    begin unbind sriovctl unbind $pf/2 --force
    succeeds "list answers" timeout 60 sriovctl list --json
    is "$(json '.pfs[0] | [.busy.command, .vfs[2].driver, (.vfs | length)] | tojson')" "[\"unbind $pf/2 --force\",null,4]" \
        "all VFs are there, and the one in question has no driver by now"
    kill "$vm"
    wait "$vm"
    wait_for 60 ended $tool
    wait $tool
    is $? 0 "with the machine gone the tool ends well"
    has "$(cat "$tmp/tool.out")" "*$pf/2: unbind vfio-pci -> none*applied transaction*" "and says what it did"
    is "$(driver_of "$(vf_pci $pf 2)")" none "the VF has no driver"
    succeeds "and the PF is free for the next change" sriovctl create $pf 0
}

must ip link set $pf up
a_removal
an_unbind
finish
