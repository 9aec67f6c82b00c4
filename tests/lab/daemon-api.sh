#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 1200
# asan: yes
#
# The API of the daemon with curl: what is read is what sriovctl prints; what is changed is changed; who is hurt is named; who
# may not is refused; a change that hangs in the kernel stops nothing else.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
# shellcheck source=daemon.bash
. ./daemon.bash

pf=enp1s0
code=0
as=()

# The answer is in $out, its headers in $tmp/headers, its status in $code. Jobs are waited for as long as they take.
api() { # METHOD PATH [BODY [CURL-OPTION…]]
    local method=$1 path=$2 body=${3:-}
    shift 2
    [ $# = 0 ] || shift
    case $method-$path in
    *wait=*) ;;
    GET-/v1/doctor/*) ;;
    [!G]*'?'* | GET-/v1/doctor'?'*) path+='&wait=300' ;;
    [!G]* | GET-/v1/doctor | GET-/v1/audit | GET-/v1/host) path+='?wait=300' ;;
    esac
    local options=(-s -m 300 -o "$out" -D "$tmp/headers" -w '%{http_code}' --unix-socket "$tmp/api.sock" -X "$method")
    [ -z "$body" ] || options+=(-H 'Content-Type: application/json' --data-binary "$body")
    code=$("${as[@]}" curl "${options[@]}" "$@" "http://localhost$path")
}

answers() { # STATUS WHAT METHOD PATH [BODY [CURL-OPTION…]]
    local want=$1 what=$2
    shift 2
    api "$@"
    if [ "$code" = "$want" ]; then
        pass "$what"
    else
        fail "$what" "$*: answered with $code, not $want" "$(head -c 2000 "$out")"
    fi
}

header() { # NAME
    sed -n "s/^$1: \(.*\)\r$/\1/Ip" "$tmp/headers"
}

# What is another at every look.
steady() {
    jq -S 'del(.. | .age_ms?, .pid?) | del(.leases[]?.since)'
}

# same PATH ARGUMENT…: the answer is what sriovctl prints.
same() {
    local path=$1
    shift
    api GET "$path"
    is "$code $(steady <"$out")" "200 $(sriovctl "$@" --json | steady)" "GET $path is sriovctl $*"
}

last_transaction() {
    sriovctl history --json --limit 1 | jq '.history[0].transaction'
}

# ---- Reading --------------------------------------------------------------------------------------------------------------

reading_is_what_sriovctl_prints() {
    local pci altname
    pci=$(basename "$(readlink /sys/class/net/$pf/device)")
    altname=$(sriovctl list --json | jq -r '.pfs[0].altnames[0]')
    must sriovctl create $pf 2
    must named $pf 2
    must sriovctl set $pf/1 vlan=12
    must sriovctl acquire $pf/0 --owner web1 vlan=5
    same /v1/pfs list
    same "/v1/pfs/$pf" show $pf
    same "/v1/pfs/$pci" show $pf
    same "/v1/pfs/$altname" show $pf
    same "/v1/pfs/$pf/vfs/1" show $pf/1
    same /v1/leases leases
    same /v1/history history
    same "/v1/history?object=$pf/1&limit=1" history $pf/1 --limit 1
    same /v1/doctor doctor
    same "/v1/doctor?object=$pf/1" doctor $pf/1
    same /v1/audit audit
    same /v1/host host check
    api GET /v1/vfs
    is "$(jq -S . "$out")" "$(sriovctl list --json | jq -S '{vfs: [.pfs[] | .name as $pf | .vfs[] | {pf: $pf} + .]}')" \
        'GET /v1/vfs is the VFs of the list'
    must sriovctl release web1
    answers 404 'a PF that is not there' GET /v1/pfs/enp9s0
    is "$(json .error.code) $(json .error.object)" '5 enp9s0' 'is named'
    answers 404 'neither is a VF' GET /v1/pfs/$pf/vfs/9
    answers 404 'nor another path' GET /v1/nothing
    answers 405 'a method that is none of the path' DELETE /v1/pfs/$pf
    is "$(header Allow)" 'GET, PATCH' 'is told which are'
    must api GET /v1/health
    is "$(json '[.status, .you.name, .you.role] | join(" ")')" 'ok root admin' 'health knows who asks'
    answers 200 'there are metrics' GET /metrics
    answers 200 'there is a description' GET /v1/openapi.json
    answers 200 'a check is explained' GET /v1/doctor/pf-down
    is "$(cat "$out")" "$(sriovctl doctor --explain pf-down)" 'as sriovctl does'
}

# ---- Changing -------------------------------------------------------------------------------------------------------------

pfs_and_vfs_are_changed() {
    local plan
    plan=$(sriovctl create $pf 4 --dry-run --json | jq -S .)
    answers 200 'a plan of four VFs' PATCH "/v1/pfs/$pf?dry_run=true" '{"num_vfs": 4}'
    is "$(jq -S . "$out")" "$plan" 'is that of sriovctl'
    is "$(sys $pf sriov_numvfs)" 2 'and changes nothing'
    answers 200 'four VFs' PATCH /v1/pfs/$pf '{"num_vfs": 4}'
    is "$(sys $pf sriov_numvfs) $(json '.transaction == '"$(last_transaction)")" '4 true' 'are there, and in the history'
    is "$(sriovctl history --json --limit 1 | jq -r '.history[0].command')" "create $pf 4" 'as a command'
    has "$(sriovctl history --json --limit 1 | jq -r '.history[0].who')" '*root*' 'of who asked'
    must named $pf 4
    api GET /v1/pfs/$pf
    is "$(json '.pfs[0].vfs | length')" 4 'who asks next sees them'
    answers 200 'settings of a VF' PATCH /v1/pfs/$pf/vfs/2 '{"vlan": 77, "qos": 3, "spoofchk": false}'
    is "$(vf_of $pf 2 '[.vlan_list[0].vlan, .vlan_list[0].qos, .spoofchk]')" '[77,3,false]' 'are made'
    answers 200 'the same again' PATCH /v1/pfs/$pf/vfs/2 '{"vlan": 77}'
    is "$(json .transaction)" 0 'is nothing to do'
    answers 200 'a driver' PATCH /v1/pfs/$pf/vfs/3 '{"driver": "vfio-pci"}'
    is "$(driver_of "$(vf_pci $pf 3)")" vfio-pci 'is bound'
    answers 200 'an attribute of the PF' PATCH /v1/pfs/$pf '{"mtu": 1400}'
    is "$(cat /sys/class/net/$pf/mtu)" 1400 'is set'
    answers 422 'what the driver cannot' PATCH /v1/pfs/$pf '{"num_vfs": 100}'
    answers 400 'an unknown attribute' PATCH /v1/pfs/$pf/vfs/2 '{"vlna": 5}'
    is "$(json .error.object) $(json .error.remedy)" 'vlna did you mean vlan?' 'is named with the nearest'
    answers 400 'a value out of range' PATCH /v1/pfs/$pf/vfs/2 '{"vlan": 5000}'
    answers 404 'a VF that is not there' PATCH /v1/pfs/$pf/vfs/9 '{"vlan": 5}'
    is "$(vf_of $pf 2 '.vlan_list[0].vlan')" 77 'none of it changed anything'
}

leases_are_taken_and_ended() {
    local before
    before=$(state)
    answers 201 'a lease' POST /v1/leases "{\"owner\": \"web1\", \"vf\": \"$pf/1\", \"settings\": {\"vlan\": 33}}"
    is "$(json '[.pf, .vf, .owner.name, .state, .want.vlan] | join(" ")')" "$pf 1 web1 held 33" 'is held'
    is "$(vf_of $pf 1 '.vlan_list[0].vlan')" 33 'with its setting'
    answers 409 'nobody else gets it' POST /v1/leases "{\"owner\": \"web2\", \"vf\": \"$pf/1\"}"
    answers 409 'or ends it in his name' DELETE "/v1/leases/$pf/1?owner=web2"
    answers 409 'the VFs stay while one is lent' PATCH /v1/pfs/$pf '{"num_vfs": 0}'
    is "$(json '.error.holders[0] | [.kind, .name] | join(" ")')" 'lease web1' 'its owner is named'
    answers 200 'the lease ends' DELETE /v1/leases/$pf/1
    is "$(json '.released[0]')" "$pf/1" 'and tells of what'
    is "$(state)" "$before" 'everything is as before'
    answers 404 'once' DELETE /v1/leases/$pf/1
}

policies_are_planned_and_applied() {
    local yaml=$tmp/policy.yaml plan id before
    printf 'pfs:\n  - match: {name: %s}\n    vfs: {"0": {vlan: 55}}\n' $pf >"$yaml"
    plan=$(sriovctl plan -f "$yaml" --json | jq -S .)
    answers 200 'a policy as YAML is planned' POST /v1/plan '' -H 'Content-Type: application/yaml' --data-binary "@$yaml"
    is "$(jq -S . "$out")" "$plan" 'as sriovctl does'
    before=$(state)
    answers 200 'as JSON it is applied' POST /v1/apply "{\"pfs\": [{\"match\": {\"name\": \"$pf\"}, \"vfs\": {\"0\": {\"vlan\": 55}}}]}"
    is "$(vf_of $pf 0 '.vlan_list[0].vlan')" 55 'it is'
    id=$(json .transaction)
    answers 200 'the transaction is there' GET "/v1/transactions/$id"
    is "$(json '[.state, .command, .steps[0].object, .steps[0].what, .steps[0].to] | join(" ")')" \
        "applied apply -f - $pf/0 vlan 55" 'with its step'
    answers 200 'so it is in the list' GET '/v1/transactions?limit=2'
    is "$(json ".transactions[0].id == $id") $(json '.transactions | length')" 'true 2' 'the newest first'
    answers 200 'the next page' GET "/v1/transactions?before=$id&limit=1"
    is "$(json ".transactions[0].id")" $((id - 1)) 'goes on'
    answers 200 'its rollback is planned' POST "/v1/transactions/$id/rollback?dry_run=true"
    is "$(state | jq -S '.pfs[0].vfs[0].vlan')" 55 'only'
    answers 200 'it is rolled back' POST "/v1/transactions/$id/rollback"
    is "$(state)" "$before" 'and all is as before'
    answers 400 'a policy that is none' POST /v1/plan '{"pfs": 3}'
    answers 415 'what is no policy' POST /v1/plan '' -H 'Content-Type: text/csv' --data-binary x
}

commands_are_run() {
    answers 200 'a command' POST /v1/commands '{"args": ["list", "--json"]}'
    is "$(json .status) $(json .out)" "0 $(sriovctl list --json)" 'prints what it prints here'
    answers 200 'one that fails' POST /v1/commands '{"args": ["show", "enp9s0"]}'
    is "$(json .status) $(json .err)" "5 $(sriovctl show enp9s0 2>&1)" 'does so, too'
    answers 400 'one that reads a file of the host' POST /v1/commands '{"args": ["apply", "-f", "/etc/shadow"]}'
    answers 400 'one that writes a file' POST /v1/commands '{"args": ["capture", "/tmp/x"]}'
}

# ---- Again ----------------------------------------------------------------------------------------------------------------

a_change_is_made_once() {
    local key=(-H 'Idempotency-Key: one') first before
    answers 200 'a change with a key' PATCH /v1/pfs/$pf/vfs/0 '{"vlan": 61}' "${key[@]}"
    first=$(cat "$out")
    before=$(last_transaction)
    must sriovctl set $pf/0 vlan=0
    answers 200 'is answered again' PATCH /v1/pfs/$pf/vfs/0 '{"vlan": 61}' "${key[@]}"
    is "$(cat "$out")" "$first" 'with the same'
    is "$(header Idempotent-Replayed)" true 'and says so'
    is "$(last_transaction) $(vf_of $pf 0 '.vlan_list[0].vlan // 0')" "$((before + 1)) 0" 'nothing is changed by it'
    answers 422 'another change with that key' PATCH /v1/pfs/$pf/vfs/0 '{"vlan": 62}' "${key[@]}"
}

# ---- Who may --------------------------------------------------------------------------------------------------------------

people_may_what_their_role_is() {
    as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    answers 200 'nobody may look' GET /v1/pfs
    mark
    answers 403 'and not change' PATCH /v1/pfs/$pf '{"num_vfs": 0}'
    answers 403 'neither a VF' PATCH /v1/pfs/$pf/vfs/0 '{"vlan": 9}'
    answers 403 'nor by a command' POST /v1/commands "{\"args\": [\"create\", \"$pf\", \"0\"]}"
    answers 403 'nor look with the eyes of root' GET /v1/doctor
    tells 5 'each of it is told' '.kind == "refused" and (.message | contains("403"))' 4
    as=(setpriv --reuid 65534 --regid 65534 --groups "$(getent group sriov | cut -d : -f 3)")
    answers 200 'a member of the group may' PATCH /v1/pfs/$pf/vfs/0 '{"vlan": 9}'
    as=()
    is "$(vf_of $pf 0 '.vlan_list[0].vlan') $(sys $pf sriov_numvfs)" '9 4' 'that is all that was changed'
    answers 403 'not even root for a page of another site' PATCH /v1/pfs/$pf '{"num_vfs": 0}' -H 'Origin: http://evil.example'
}

# ---- Events ---------------------------------------------------------------------------------------------------------------

heard() { # FILTER
    grep -o '{.*' "$tmp/heard" | jq -e -s "any($1)"
}

milliseconds() { # TIME
    date -d "$1" +%s%3N
}

# From the kernel's message, as ip saw it, to the record and to the listener; the emulator is some 25 times slower than a machine.
prints_delays() { # LINE
    local kernel
    kernel=$(milliseconds "$(sed -n 's/^\[\([^]]*\)\].*/\1/p' "$tmp/monitor" | head -n 1)")
    echo "# a record $(($(milliseconds "$(jq -r .time <<<"${1#* data: }")") - kernel)) ms after the kernel's message, heard after $((${1%% *} - kernel)) ms"
}

events_are_heard_at_once() {
    local listener monitor
    ip -ts monitor link >"$tmp/monitor" &
    monitor=$!
    curl -s -N --unix-socket "$tmp/api.sock" http://localhost/v1/events |
        while read -r line; do echo "$(date +%s%3N) $line"; done >"$tmp/heard" &
    listener=$!
    ok 'somebody listens' wait_for 10 grep -q : "$tmp/heard"
    must ip link set $pf vf 1 vlan 44
    ok 'a change by ip is heard' wait_for 10 heard ".kind == \"change\" and .object == \"$pf/1\" and .what == \"vlan\" and .to == 44"
    prints_delays "$(grep '"what":"vlan".*"to":44' "$tmp/heard" | head -n 1)"
    kill $monitor
    must api PATCH /v1/pfs/$pf/vfs/1 '{"vlan": 45}'
    ok 'one through the API with its author' wait_for 10 heard '.kind == "transaction" and .who == "root"'
    must api PATCH /v1/pfs/$pf/vfs/1 '{"vlan": 5000}'
    ok 'and what was refused' wait_for 10 heard '.kind == "refused"'
    kill $listener
    wait $listener 2>/dev/null
    curl -s -N -m 2 --unix-socket "$tmp/api.sock" -H "Last-Event-ID: $(sed -n 's/.* id: //p' "$tmp/heard" | head -n 1)" \
        http://localhost/v1/events >"$tmp/again"
    is "$(sed -n 's/^id: //p' "$tmp/again" | head -n 1)" "$(sed -n 's/.* id: //p' "$tmp/heard" | sed -n 2p)" \
        'who comes back hears what he missed'
}

# ---- A holder, and a change that hangs --------------------------------------------------------------------------------------

who_is_hurt_is_named() {
    must sriovctl bind $pf/3 vfio-pci
    start_vm web1 "$(vf_pci $pf 3)"
    mark
    answers 409 'a VF that a VM has stays' PATCH /v1/pfs/$pf '{"num_vfs": 0}'
    is "$(json '.error | [.code, .holders[0].kind, .holders[0].name, .holders[0].pid] | join(" ")')" "3 vfio web1 $vm" \
        'the VM is named'
    is "$(sys $pf sriov_numvfs)" 4 'nothing is changed'
    tells 5 'that is told' '.kind == "refused" and .who == "root"'
    answers 200 'the plan says so before' PATCH "/v1/pfs/$pf?dry_run=true" '{"num_vfs": 0}'
    is "$(json '.holders[0].name')" web1 'whom it would hurt'
}

# Milliseconds that a GET takes, the longest of 20.
longest() { # PATH
    local i
    for ((i = 0; i < 20; i++)); do
        curl -s -o "$out" -w '%{time_total}\n' --unix-socket "$tmp/api.sock" "http://localhost$1"
    done | awk '{ if ($1 > max) max = $1 } END { printf "%d", max * 1000 + 0.5 }'
}

busy_with() { # COMMAND
    api GET /v1/pfs/$pf && [ "$(json '.pfs[0].busy.command')" = "$1" ]
}

held_by() { # NAME
    api GET /v1/pfs/$pf && [ "$(json '.pfs[0].holders[0] | [.kind, .name] | join(" ")')" = "vfio $1" ]
}

says_in_job() { # JOB WORD
    api GET "/v1/jobs/$1" && [[ $(json .err) == *$2* ]]
}

a_change_that_hangs_stops_nothing_else() {
    local job path
    answers 202 'the VM is taken its VF by force, and does not let go' PATCH "/v1/pfs/$pf?force=true&wait=2" '{"num_vfs": 0}'
    job=$(json .job)
    is "$(header Location)" "/v1/jobs/$job" 'the job goes on'
    ok 'it hangs in the kernel' wait_for 60 grep -qs vfio /proc/[0-9]*/stack
    ok 'the PF is busy with it' wait_for 10 busy_with "create $pf 0 --force"
    ok 'and the VM named, although the VF is in no list any more' wait_for 10 held_by web1
    same /v1/pfs list
    for path in /v1/pfs /v1/vfs /v1/leases /v1/transactions /v1/history /v1/jobs /v1/health /metrics; do
        answers 200 "GET $path answers meanwhile" GET "$path"
        echo "# GET $path: at most $(longest "$path") ms"
    done
    ok 'the job tells whom it waits for' wait_for 120 says_in_job "$job" web1
    answers 200 'the doctor looks meanwhile' GET "/v1/doctor?object=$pf"
    has "$(json '.findings[] | select(.id == "vf-removal-stuck").evidence[].value')" '*web1*' 'and finds the VM, too'
    is "$(api GET /v1/jobs && json ".jobs[] | select(.id == $job) | [.running, .command, .who] | join(\" \")")" \
        "true sriovctl create $pf 0 --force root" 'the job runs'
    answers 409 'another change of the PF is refused' PATCH /v1/pfs/$pf '{"mtu": 1500}'
    has "$(json .error.message)" "*create $pf 0 --force*" 'and told by what'
    # Not its number of VFs: whoever writes that waits in sriov_numvfs_store() until the first is done (seen with 6.12.117).
    answers 200 'one of the other PF is made' PATCH /v1/pfs/enp2s0 '{"mtu": 1400}'
    kill "$vm"
    answers 200 'when the VM is gone' GET "/v1/jobs/$job?wait=60"
    is "$(json '[.running, .status] | join(" ")')" 'false 0' 'the job ends well'
    is "$(sys $pf sriov_numvfs)" 0 'the VFs are gone'
    api GET /v1/pfs/$pf
    is "$(json '.pfs[0].busy')" null 'and the PF is free'
}

getent group sriov >/dev/null || echo 'sriov:x:999:' >>/etc/group
# For those who are not root.
chmod 711 "$tmp"
touch "$out" "$tmp/headers"
chmod 666 "$out" "$tmp/headers"
# The kernel announces settings of VFs only while the PF is up.
must ip link set $pf up
start_daemon
must wait_for 60 curl -sf --unix-socket "$tmp/api.sock" http://localhost/v1/health
reading_is_what_sriovctl_prints
pfs_and_vfs_are_changed
leases_are_taken_and_ended
policies_are_planned_and_applied
commands_are_run
a_change_is_made_once
people_may_what_their_role_is
events_are_heard_at_once
who_is_hurt_is_named
a_change_that_hangs_stops_nothing_else
stop_daemon
finish
