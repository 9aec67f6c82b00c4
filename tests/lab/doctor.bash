# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used by those who source this; theirs
#
# What the tests of the doctor share: its findings in short, and the faults of lab/faults, each made, diagnosed, mended and
# diagnosed again. A script doctor-faults*.sh takes those that need the options of its own head.

# The doctor's findings, $out and $status; a stuck machine must not stop it, so it has a minute.
diagnose() {
    keep timeout 60 sriovctl doctor --json "$@"
    jq -e . "$out" >/dev/null 2>&1 || echo '{"findings": []}' >"$out"
}

# "error pf-down enp1s0: …": of severity warning and error, one a line; those that have a cause among the others are below it.
complaints() {
    json '.findings[] | select(.severity != "info") | "\(.severity) \(.id) \(.object): \(.cause)"'
}

silent() { # WHAT
    diagnose
    is "$status $(complaints)" "0 " "$1: the doctor finds nothing wrong"
}

# ---- Faults ---------------------------------------------------------------------------------------------------------------

rows=() right=0 faults=0

# Is the first finding one of the ids? It must have words, evidence, and, unless nothing is wrong in itself, a remedy.
first_is() { # IDS
    local id
    for id in $1; do
        jq -e --arg id "$id" '.findings[0] | .id == $id and .cause != "" and (.evidence | length > 0) and
            (.remedy != null or .severity == "info")' "$out" >/dev/null && return
    done
    return 1
}

# try_fault NAME
try_fault() {
    local name=$1 expect first verdict=wrong
    expect=$(lab/fault show "$name" expect)
    faults=$((faults + 1))
    if ! lab/fault inject "$name" >"$out" 2>"$err"; then
        fail "$name: can be made" "$(cat "$out" "$err")"
    else
        diagnose
        first=$(json '.findings[0].id // "nothing"')
        if first_is "$expect"; then
            verdict=right right=$((right + 1))
            pass "$name: the first finding is $first"
            has " $(lab/fault show "$name" object) " "* $(json '.findings[0].object') *" "$name: and it is about the right object"
            has "$(json '.findings[0].cause')" "*$(lab/fault show "$name" names)*" "$name: and its cause names what is to blame"
        else
            fail "$name: the first finding is $expect" "$(complaints | head -n 5)" "$(head -n 5 "$err")" "$(jq -c '.findings[0]' "$out")"
        fi
        [ -n "$(lab/fault show "$name" answer)" ] || heal_fault "$name"
    fi
    rows+=("$(printf '%-22s  %-45s  %-26s  %s' "$name" "$expect" "${first-}" $verdict)")
    lab/fault clean >"$out" 2>"$err" || fail "$name: leaves nothing" "$(cat "$err")"
}

not_mended() { ! lab/fault mended "$1" 2>"$err"; }

heal_fault() { # NAME
    ok "$1: is not taken for mended" not_mended "$1"
    if ! lab/fault heal "$1" >"$out" 2>"$err"; then
        fail "$1: can be mended" "$(cat "$out" "$err")"
        return
    fi
    ok "$1: is mended" lab/fault mended "$1"
    silent "$1, mended"
}

# The options of lab/run in the head of this script; the working directory is still its own.
own_options=$(sed -n 's/^# lab: //p' "${0##*/}")

# The lab that a fault needs. There are too many of them to start lab/fault for each; its words are not needed for this.
# shellcheck disable=SC2154,SC2329,SC1090 # lab is the fault's, which may call port_of
lab_of() { (port_of() { :; } && . "lab/faults/$1" && echo "$lab"); } # FAULT

# try_faults [K N]: all faults of this lab; of many the K-th of every N.
try_faults() {
    local name names=()
    cd /mnt/src || exit
    for name in $(lab/fault list); do
        [ "$(lab_of "$name")" != "$own_options" ] || names+=("$name")
    done
    for name in "${!names[@]}"; do
        [ $((name % ${2-1} + 1)) != "${1-1}" ] || try_fault "${names[name]}"
    done
    printf '# %-22s  %-45s  %-26s\n' fault expected 'first finding'
    printf '# %s\n' "${rows[@]}"
    echo "# $right of $faults right"
    [ "$faults" -gt 0 ] || fail "there are faults for this lab"
}
