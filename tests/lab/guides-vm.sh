#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1 --mem 3072
# timeout: 600
#
# As guides.sh, for the guides about VMs: with libvirt, and domains that boot nothing. GUIDES in the environment names some of
# them.

. tests/lab/lib.sh
# shellcheck source=tests/lab/blocks.bash
. tests/lab/blocks.bash
# shellcheck source=tests/lab/vm.bash
. tests/lab/vm.bash

guides='docs/vm.md docs/migration.md'

run_guide() { # GUIDE
    local folder=$tmp/blocks/$1 block
    must vm_define web1 empty
    must vm_define web2 empty
    must vm_start web1
    mkdir -p "$folder"
    take_out "$1" "$folder"
    for block in "$folder"/*.[0-9]; do run_block "$1" "$block"; done
    is "$(find "$folder" -name '*.[0-9]' | wc -l)" "$(grep -c '^```sh' "$1")" "$1: every block was run"
    is "$(sriovctl leases --json | jq -c .leases)" '[]' "$1: no lease is left"
    vm_undefine web1 web2
    must sriovctl create enp1s0 0
}

must start_libvirt
for guide in ${GUIDES:-$guides}; do run_guide "$guide"; done
finish
