#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# completion.sh GEN-DOCS: what TAB offers in bash, at each kind of place of a command line; that the scripts for zsh and fish
# are well-formed, where these shells are installed.
set -u
gen_docs=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
checks=0
failed=0

result() { # STATUS WHAT [DETAILS]
    checks=$((checks + 1))
    if [ "$1" = 0 ]; then
        echo "ok $checks - $2"
    else
        failed=1
        echo "not ok $checks - $2"
        [ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/# /'
    fi
}

# offers LINE WORD…: TAB behind LINE offers just these, in any order
offers() {
    local line=$1 wanted got
    shift
    COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
    _sriovctl
    wanted=$(printf '%s\n' "$@" | sort)
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sed 's/ *$//' | sort)
    [ "$wanted" = "$got" ]
    result $? "'$line' offers ${*:-nothing}" "$got"
}

# has LINE WORD…: these are among what is offered
has() {
    local line=$1 word missing=''
    shift
    COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
    _sriovctl
    for word; do
        [[ " ${COMPREPLY[*]} " == *" $word "* ]] || missing+=" $word"
    done
    [ -z "$missing" ]
    result $? "'$line' has $*" "${COMPREPLY[*]}"
}

for shell in bash zsh fish; do
    "$gen_docs" $shell >"$dir/$shell"
    result $? "gen-docs $shell"
    command -v $shell >"$dir/which" || continue
    $shell -n "$dir/$shell" 2>"$dir/log"
    result $? "what it prints is $shell" "$(cat "$dir/log")"
done

# shellcheck source=/dev/null
. "$dir/bash"
_sriovctl_targets() { printf '%s\n' enp1s0 enp1s0/0 enp1s0/1; } # not those of this machine
_sriovctl_domains() { printf '%s\n' web1 web2; }

offers 'sriovctl hi' history
offers 'sriovctl --json sho' show
offers 'sriovctl vm qemu' qemu-args
has 'sriovctl vm ' xml qemu-args help
has 'sriovctl help ' vm list
offers 'sriovctl vm help qemu' qemu-args
offers 'sriovctl vm xml enp1s0/' enp1s0/0 enp1s0/1
offers 'sriovctl vm xml enp1s0/0 tru' trust=
offers 'sriovctl vm xml enp1s0/0 trust=' on off
offers 'sriovctl vm failover we' web1 web2
has 'sriovctl vm failover web1 ' enp1s0/0
offers 'sriovctl vm xml --fo' --format
offers 'sriovctl vm xml --format q' qemu
offers 'sriovctl vm xml enp1s0/0 --mode m' macvtap
offers 'sriovctl vm --colour n' never
offers 'sriovctl --colour n' never
has 'sriovctl create enp1s0 1 --via ' sysfs
offers 'sriovctl list --format '
echo "1..$checks"
exit $failed
