# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # status and out are lib.sh's
#
# Running the blocks of a Markdown page, for guides.sh and kb.sh, which source it after lib.sh.

# One file per block, "NN.STATUS", beside its heading "NN.title" and, if it is shown, its output "NN.text".
take_out() { # GUIDE FOLDER
    awk -v dir="$2" '
        /^## / { title = substr($0, 4) }
        inside && /^```$/ { inside = 0; close(file); next }
        inside { if (file) print > file; next }
        /^```sh/ {
            inside = 1; shown = 1; n++
            file = sprintf("%s/%02d.%s", dir, n, $2 == "exit" ? $3 : 0)
            print title > sprintf("%s/%02d.title", dir, n)
            next
        }
        /^```/ { inside = 1; file = shown && /^```text/ ? sprintf("%s/%02d.text", dir, n) : ""; shown = 0; next }
        /./ { shown = 0 }
    ' "$1"
}

without_numbers() {
    sed -E 's/[0-9]+/N/g; s/ +/ /g; s/ $//' "$1"
}

run_block() { # GUIDE FILE
    local what
    what="${1#docs/} ${2##*/}: $(<"${2%.*}.title")"
    keep bash -e -c "exec 2>&1; . $2"
    [ "$status" -eq "${2##*.}" ] || sed 's/^/# /' "$out"
    is "$status" "${2##*.}" "$what"
    [ ! -e "${2%.*}.text" ] || is "$(without_numbers "$out")" "$(without_numbers "${2%.*}.text")" "$what: prints what is shown"
}
