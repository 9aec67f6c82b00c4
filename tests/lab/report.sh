#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
# timeout: 600
#
# The incident report: its sections, filled with what is wrong, who has what and what was done; the archive, from which the
# machine can be looked at elsewhere; and the masked one, in which no address and no name of this machine is left.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh

pf=enp1s0
mac=52:54:00:aa:bb:01

section() { # HEADING FILE: its lines
    awk -v head="$1" '/^#/ { inside = $0 == head; next } inside' "$2"
}

sections() {
    succeeds 'on standard output' sriovctl report --event INC-7 --symptom 'web1 has no network'
    cp "$out" "$tmp/report"
    is "$(head -n 1 "$tmp/report")" '# Incident INC-7' 'it begins with the event'
    is "$(grep '^## ' "$tmp/report" | tr '\n' ';')" '## Symptom;## What was checked;## Handling;## Prevention;' 'it has the sections of the form'
    is "$(section '## Symptom' "$tmp/report" | tr -d '\n')" 'web1 has no network' 'the symptom'
    has "$(section '### Findings of the doctor' "$tmp/report")" "*\*\*error\*\* pf-down, $pf:*" 'what is wrong'
    has "$(section '## Handling' "$tmp/report")" "*1. \[ \] pf-down, $pf: \`sriovctl set $pf link=up\`*" 'what to do'
    has "$(section '### PFs and VFs' "$tmp/report")" "*| $pf/1 |*| $mac | 100 |*web1*" 'the VFs, with settings and holders'
    has "$(section '### Last changes' "$tmp/report")" "*| web1 |*lease | taken |*create $pf 4*" 'what was done, newest first'
    has "$(section '### Host' "$tmp/report")" "*| Kernel | $(uname -r) |*" 'the kernel'
    has "$(section '### Drivers' "$tmp/report")" '*| igb |*| igbvf |*' 'the drivers'
    has "$(section '### Kernel log' "$tmp/report")" '*igb 0000:01:00.0*' 'the lines of the kernel log'
    has "$(section '## Prevention' "$tmp/report")" '*--explain pf-down*' 'how to prevent it'
}

archive() {
    succeeds 'with a file' sriovctl report -o "$tmp/bug.md" --event INC-8
    is "$(cat "$out")" "$tmp/bug.md: the report
$tmp/bug.tar.gz: the same with a capture of the machine" 'it says what it wrote'
    is "$(stat -c %a "$tmp/bug.md")" 600 'for the owner only'
    is "$(tar -tzf "$tmp/bug.tar.gz" | sort | tr '\n' ' ')" 'bug.capture.json bug.md ' 'the archive has both'
    ok 'the capture is not left beside it' test ! -e "$tmp/bug.capture.json"
    must tar -xzf "$tmp/bug.tar.gz" -C "$tmp"
    sriovctl list --json | jq -S 'del(.pfs[].busy)' >"$tmp/here"
    sriovctl list --json --replay "$tmp/bug.capture.json" | jq -S 'del(.pfs[].busy)' >"$tmp/there"
    is "$(jq -c '[.pfs[].vfs[].mac]' "$tmp/there")" "$(jq -c '[.pfs[].vfs[].mac]' "$tmp/here")" 'the capture shows this machine'
    exits 0 'a report from the capture' sriovctl report --replay "$tmp/bug.capture.json"
    is "$(section '### Findings of the doctor' "$out" | grep -c 'pf-down')" 1 'it finds the same'
    has "$(section '### Host' "$out")" "*| Kernel | $(uname -r) |*" 'and knows the kernel'
    exits 1 'a folder that is not there' sriovctl report -o "$tmp/nowhere/bug.md"
    has "$(cat "$err")" "*nowhere/bug.md*" 'is told by name'
}

# Everything that is masked, looked for in all of it.
masked() {
    local word
    ip addr add 198.51.100.7/24 dev ${pf}v2
    ip addr add 2001:4860::7/64 dev ${pf}v2
    succeeds 'masked' sriovctl report --mask -o "$tmp/masked.md" --symptom "web1 ($mac) on $(hostname) does not answer 198.51.100.9"
    has "$(cat "$err")" '*no capture is written*' 'masked: it says that there is no capture'
    ok 'masked: and there is none' test ! -e "$tmp/masked.tar.gz"
    for word in $mac "$(cat /sys/class/net/$pf/address)" 198.51.100 2001:4860 web1 "$(hostname)"; do
        is "$(grep -c -i -w -F "$word" "$tmp/masked.md")" 0 "masked: $word is not in it"
    done
    word=$(section '## Symptom' "$tmp/masked.md" | grep -o '02:00:00:00:00:..')
    has "$(section '### PFs and VFs' "$tmp/masked.md")" "*| $pf/1 |*| $word |*" 'masked: the same address is the same everywhere'
    has "$(cat "$tmp/masked.md")" '*0000:01:10.0*' 'masked: PCI addresses are none'
    ip addr flush dev ${pf}v2
}

not_root() {
    exits 0 'not root' setpriv --reuid 65534 --clear-groups sriovctl report
    has "$(section '### Findings of the doctor' "$out")" '*Not checked:*needs root*' 'not root: it says what was not looked at'
}

hostname lab-host-9
must sriovctl create $pf 4 --quiet
must named $pf 4
must sriovctl acquire $pf/1 --owner web1 vlan=100 mac=$mac
must ip link set $pf down
sections
archive
masked
not_root
[ ! -d /mnt/share ] || cp "$tmp/report" "$tmp/masked.md" /mnt/share
finish
