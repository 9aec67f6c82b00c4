#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 2
# timeout: 400
#
# Drills without a terminal: what the learner sees, that drill-check says no as long as it is broken and tells the cause when it is
# mended; and one that is solved by naming the cause.
cd "$(dirname "$0")" || exit
# shellcheck source=lib.sh
. ./lib.sh
cd /mnt/src || exit

# drill NAME <SCRIPT: what lab/drill starts in the guest.
drill() {
    cat >"$tmp/script"
    keep bash lab/drill --begin "$1" "$tmp/script"
}

broken_and_mended() {
    drill pf-down <<'END'
drill-check && exit 9
lab/drill --check && exit 9
ip link set enp1s0 up
until drill-check >/dev/null; do sleep 0.1; done
drill-check
END
    is "$status" 0 "a drill that is mended"
    has "$(cat "$out")" "*$(lab/fault show pf-down title)*drill-check*Not yet*Not yet*Solved.*$(lab/fault show pf-down cause)*remedy:*ip link set enp1s0 up*" \
        "symptom, how it goes, twice not yet, cause and remedy"
    hasnt "$(sed '/Solved/,$d' "$out")" "*$(lab/fault show pf-down cause)*" "the cause is not told before"
    lab/fault clean
}

given_up() {
    drill autoprobe-off <<<'drill-check'
    is "$status" 1 "a drill that is left as it is"
    hasnt "$(cat "$out")" '*The cause*' "tells nothing"
    lab/fault clean
}

the_doctor_helps() {
    drill pf-down <<<'drill-hint'
    has "$(cat "$out")" '*pf-down*ip link*' "drill-hint is the doctor, who knows"
    lab/fault clean
}

named() {
    # Nothing of it is made here: its lab is another.
    mkdir -p /run
    echo iommu-disabled >/run/drill
    exits 1 "a drill that needs a reboot wants a name" lab/drill --check
    has "$(cat "$out")" '*name the cause*' "and says so"
    exits 1 "a wrong one" lab/drill --check iommu=pt
    exits 0 "the right one" lab/drill --check intel_iommu=off
    has "$(cat "$out")" "Solved.*the last one counts*" "tells the cause"
    rm /run/drill
    exits 2 "no drill, no check" lab/drill --check
}

must test -r lab/fault
broken_and_mended
given_up
the_doctor_helps
named
finish
