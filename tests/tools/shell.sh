#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# No own shell script, named .sh or started by a shell, has anything that shellcheck warns of (but commas: QEMU has them).
set -u
cd "$(dirname "$0")/../.." || exit 1
count=0
failed=0

while IFS= read -r file; do
    [[ $file == *.sh ]] || head -n 1 "$file" | grep -q -a -E '^#!.*\b(ba)?sh\b' || continue
    count=$((count + 1))
    if shellcheck --external-sources --source-path=SCRIPTDIR --source-path=. --severity=warning --exclude=SC2054 "$file"; then
        echo "ok $count - $file"
    else
        echo "not ok $count - $file"
        failed=1
    fi
done < <(tools/own-files '(^|/)[^.]*$|\.sh$')
echo "1..$count"
exit "$failed"
