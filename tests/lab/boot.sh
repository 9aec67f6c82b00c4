#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --init systemd --append "systemd.wants=sriovd.service systemd.set_credential_binary=tmpfiles.extra:ZisgL2V0Yy9zcmlvdmQvbGFiLnlhbWwgMDY0NCByb290IHJvb3QgLSBwZnM6IFt7bWF0Y2g6IHtuYW1lOiBlbnAxczB9LCBudW1fdmZzOiAzLCBsaW5rOiB1cCwgdmZzOiB7IjAiOiB7bWFjOiAiNTI6NTQ6MDA6YWE6YmI6MDAiLCB2bGFuOiA0Mn0sICIyIjoge2RyaXZlcjogdmZpby1wY2l9fX1dCg=="
# timeout: 900
#
# A whole boot of Debian with a policy in /etc/sriovd (systemd-tmpfiles makes the file, from the kernel's command line) and
# sriovd.service: the VFs are there before anything sets up the network. Its sandbox keeps it from nothing that it has to do.
# Its socket starts it, its watchdog starts it again, and a job ends its transaction when it is stopped.
. tests/lab/lib.sh

unit=sriovd.service
policy=/etc/sriovd/lab.yaml
socket=/run/sriovd/api.sock

of_unit() { # UNIT PROPERTY
    systemctl show --value -p "$2" "$1"
}

get() { # PATH
    curl --silent --max-time 30 --unix-socket $socket "http://localhost$1"
}

messages() { # since the boot, one JSON object a line
    journalctl -b -u $unit -o cat
}

says() { # TEXT: is it in the journal?
    [[ $(messages) == *"$1"* ]]
}

has_kernel_record() {
    journalctl -b -u $unit -o json | grep -q 'SRIOV_KIND.*kernel'
}

has_vfs() { # COUNT
    [ "$(sys enp1s0 sriov_numvfs)" = "$1" ]
}

has_vlan() { # VLAN, of VF 0
    ip -d link show enp1s0 | grep -q "vf 0 .*vlan $1,"
}

is_alone() {
    ! pgrep -x sriovctl
}

is_active() {
    [ "$(of_unit $unit ActiveState)" = active ]
}

is_back() {
    [ "$(of_unit $unit NRestarts) $(of_unit $unit SubState)" = '1 running' ]
}

the_unit_is_right() {
    succeeds 'systemd-analyze verify' systemd-analyze verify --man=no $unit sriovd.socket sriovd-tls.socket \
        sriovd-modprobe@x.service sriovd-modprobe-remove@x.service
    is "$(cat "$out" "$err")" '' 'finds nothing to say'
    has " $(of_unit $unit Before) " '* network-pre.target *' 'it comes before network-pre.target'
    has " $(of_unit $unit After) " '* systemd-udevd.service *' 'and after udev'
    hasnt " $(of_unit $unit After) " '* sysinit.target *' 'but does not wait for sysinit.target'
    is "$(of_unit $unit Type) $(of_unit $unit KillMode) $(of_unit $unit WatchdogUSec)" 'notify process 30s' 'it tells systemd how it is'
    succeeds 'systemctl enable' systemctl enable $unit
    ok 'makes a part of each boot of it' test -L /etc/systemd/system/multi-user.target.wants/$unit
    ok 'and of its socket' test -L /etc/systemd/system/sockets.target.wants/sriovd.socket
}

is_closed_off() {
    local tenths
    tenths=$(systemd-analyze security --no-pager $unit | tail -n 1 | grep -o '[0-9]*\.[0-9]' | tr -d .)
    echo "# exposure, in tenths: $tenths"
    ok 'its exposure is 2.5 at most' test "$tenths" -le 25
}

the_boot_applied_the_policy() {
    must grep -q 'num_vfs: 3' $policy
    is "$(of_unit $unit Result) $(of_unit $unit SubState)" 'success running' 'the boot started it'
    is "$(sys enp1s0 sriov_numvfs)" 3 'three VFs are there'
    is "$(ip -j -d link show enp1s0 | jq -c '.[0].vfinfo_list[0] | [.address, .vlan_list[0].vlan]')" \
        '["52:54:00:aa:bb:00",42]' 'with their settings'
    is "$(driver_of "$(vf_pci enp1s0 2)")" vfio-pci 'and their drivers, whose module was loaded for it'
    has "$(sriovctl history --json | jq -r '.. | .command? // empty' | head -1)" 'apply *--pf 0000:01:00.0*' 'the history knows'
    ok 'network-pre.target was reached after it' test "$(of_unit $unit ActiveEnterTimestampMonotonic)" -le \
        "$(of_unit network-pre.target ActiveEnterTimestampMonotonic)"
    is "$(systemctl --failed --plain --no-legend | grep -c sriovd)" 0 'nothing of it failed'
    is "$(journalctl -b | grep -c 'ordering cycle')" 0 'and it is in no ordering cycle'
    has "$(messages)" '*the policy was applied: *' 'the journal has it'
    succeeds 'apply by hand' sriovctl apply
    is "$(cat "$out")" 'nothing to do' 'finds nothing to do'
}

it_can_do_its_work_in_the_sandbox() {
    local name examined='[[.findings, .unchecked] | .[] | [.[].id] | sort]'
    must ip link set enp1s0 vf 0 vlan 7
    ok 'it hears of changes' wait_for 20 says 'enp1s0/0 vlan is 7, should be 42'
    get /v1/doctor | jq -c "$examined" >"$tmp/examined"
    is "$(<"$tmp/examined")" "$(sriovctl doctor --json | jq -c "$examined")" 'its doctor sees and finds what sriovctl does'
    has "$(<"$tmp/examined")" '*policy-drift*' 'which is something'
    must sriovctl apply
    ok 'it hears what the kernel says' wait_for 20 has_kernel_record
    must named enp1s0 1
    name=enp1s0v0
    must ip netns add red
    must ip link set $name netns red
    has "$(get /v1/pfs/enp1s0 | jq -c '[.. | .holders? // empty | .[] | .kind]')" '*netns*' 'it sees VFs in network namespaces'
    ip netns del red
}

its_socket_starts_it() {
    is "$(stat -c '%a' $socket)" 666 'everybody may connect'
    is "$(get /v1/health | jq -r 'type')" object 'it answers'
    must systemctl stop $unit
    is "$(sys enp1s0 sriov_numvfs)" 3 'stopping it takes nothing away'
    is "$(get /v1/health | jq -r 'type')" object 'who connects starts it'
    ok 'and soon it is ready' wait_for 60 is_active
}

systemd_opens_the_port() {
    must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost -keyout /etc/sriovd/tls.key -out /etc/sriovd/tls.crt
    must systemctl stop $unit
    must systemctl start sriovd-tls.socket
    succeeds 'with the socket for TLS' systemctl start $unit
    is "$(curl --silent --max-time 30 --cacert /etc/sriovd/tls.crt https://localhost:8443/v1/health | jq -r .status)" ok 'it answers over TCP'
    is "$(curl --silent --max-time 30 --cacert /etc/sriovd/tls.crt -o /dev/null -w '%{http_code}' https://localhost:8443/v1/vfs)" 401 'and wants a token'
}

it_reloads() {
    sed -i 's/vlan: 42/vlan: 43/' $policy
    succeeds 'systemctl reload' systemctl reload $unit
    ok 'applies the policy' wait_for 30 has_vlan 43
    printf 'pfs:\n- match: {name: enp1s0}\n  num_vfz: 3\n' >/etc/sriovd/wrong.yaml
    ok 'a wrong policy: the journal says where' wait_for 20 says /etc/sriovd/wrong.yaml:3
    succeeds 'a start with it' systemctl restart $unit
    rm /etc/sriovd/wrong.yaml
}

a_job_ends_what_it_began() {
    sed -i 's/num_vfs: 3/num_vfs: 5/' $policy
    ok 'the policy wants more VFs' wait_for 20 has_vfs 0
    succeeds 'the daemon is stopped while they are made' systemctl stop $unit
    ok 'who makes them goes on' wait_for 60 is_alone
    is "$(sys enp1s0 sriov_numvfs)" 5 'to the end'
    is "$(sriovctl --quiet history --json --limit 1 | jq -r '.history[0].transaction_state')" applied 'of the transaction'
    succeeds 'and it starts again' systemctl start $unit
}

systemd_watches_it() {
    mkdir -p /run/systemd/system/$unit.d
    printf '[Service]\nWatchdogSec=4\n' >/run/systemd/system/$unit.d/test.conf
    must systemctl daemon-reload
    must systemctl restart $unit
    sleep 9
    is "$(of_unit $unit NRestarts)" 0 'while it lives it is left alone'
    kill -STOP "$(of_unit $unit MainPID)"
    ok 'when it hangs it is started again' wait_for 60 is_back
    rm $policy
    succeeds 'without a policy' systemctl restart $unit
    is "$(of_unit $unit ActiveState)" active 'it runs as well'
}

the_unit_is_right
is_closed_off
the_boot_applied_the_policy
it_can_do_its_work_in_the_sandbox
its_socket_starts_it
systemd_opens_the_port
it_reloads
a_job_ends_what_it_began
systemd_watches_it
finish
