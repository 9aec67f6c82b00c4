#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/run must count right and must not call anything good that is not: each case is a script of a small tree, whose
# lab/run runs the command on this machine.
set -u
runner=$(realpath "$(dirname "$0")/../run")
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
count=0
failed=0
mkdir -p "$tree/tests/lab" "$tree/lab"
cp "$runner" "$tree/tests/run"
printf 'stage clang asan build/build.ninja build/asan/build.ninja:\n' >"$tree/Makefile"
cat >"$tree/lab/run" <<'END'
#!/bin/bash
echo "# options: $*"
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
END
chmod +x "$tree/lab/run"

# run WHAT STATUS LAST-LINE PATTERN LINE...: runs one lab script of these lines; PATTERN must be in the output
run() {
    count=$((count + 1))
    printf '%s\n' "${@:5}" >"$tree/tests/lab/a.sh"
    "$tree/tests/run" -k '^lab' >"$tree/output" 2>&1 </dev/null
    status=$?
    if [ $status = "$2" ] && [ "$(tail -n 1 "$tree/output")" = "$3" ] && grep -q -e "$4" "$tree/output"; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1: exit status $status"
        sed 's/^/# /' "$tree/output"
        failed=1
    fi
}

# The build that a lab script needs is one check more.
run 'a good script' 0 '3 passed, 0 failed, 0 skipped' 'PASS lab/a (2 checks' 'echo ok 1 - a' 'echo ok 2 - b'
run 'a skip and its reason' 0 '2 passed, 0 failed, 1 skipped' '^skipped: lab/a: b: no NIC$' 'echo ok 1 - a' 'echo "ok 2 - b # SKIP no NIC"'
run 'cmocka says not ok for a skip' 0 '2 passed, 0 failed, 1 skipped' '^skipped: lab/a: b$' 'echo ok 1 - a' 'echo "not ok 2 # SKIP b"'
run 'a skip of the whole script' 0 '1 passed, 0 failed, 1 skipped' '^skipped: lab/a: no KVM' 'echo "1..0 # SKIP no KVM"'
run 'a failed check, output shown' 1 '2 passed, 1 failed, 0 skipped' '^    why: it broke' 'echo ok 1 - a' 'echo not ok 2 - b' 'echo why: it broke; exit 1'
run 'a failed check with exit status 0' 1 '1 passed, 1 failed, 0 skipped' 'FAIL lab/a' 'echo not ok 1 - a'
run 'a death without a failed check' 1 '2 passed, 1 failed, 0 skipped' 'exit status 9' 'echo ok 1 - a' 'exit 9'
run 'fewer checks than planned' 1 '2 passed, 1 failed, 0 skipped' '1 of 2 checks' 'echo 1..2' 'echo ok 1 - a'
run 'a plan for nothing' 1 '1 passed, 1 failed, 0 skipped' 'no check was made' 'echo 1..0'
run 'no check at all' 1 '1 passed, 1 failed, 0 skipped' 'no check was made' 'echo hello'
run 'options and time for lab/run' 0 '2 passed, 0 failed, 0 skipped' 'PASS lab/a' '# lab: --nics 2 --smp 2' '# timeout: 7' \
    "grep -qx '# options: --smp 1 --nics 2 --smp 2 --timeout 7 --stage build/stage -- bash tests/lab/a.sh' build/test-logs/lab.a.log && echo ok 1"
run 'a second run with the sanitizer build' 0 '4 passed, 0 failed, 0 skipped' 'PASS lab-asan/a' '# asan: yes' 'echo ok 1 - a'
printf 'build/build.ninja build/asan/build.ninja:\nstage:\n\tfalse\n' >"$tree/Makefile"
run 'a failed build keeps its tests from running' 1 '0 passed, 1 failed, 1 skipped' 'FAIL build/stage' 'echo ok 1 - a'
rm "$tree/tests/lab/a.sh"
count=$((count + 1))
if "$tree/tests/run" -k nothing | grep -qx '0 passed, 0 failed, 0 skipped' && ! "$tree/tests/run" -k nothing >/dev/null; then
    echo "ok $count - nothing that ran is a failure"
else
    echo "not ok $count - nothing that ran is a failure"
    failed=1
fi
echo "1..$count"
exit "$failed"
