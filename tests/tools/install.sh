#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make install` into a folder: everything a package needs is there and in its place, the man pages format, and a
# program against the installed library builds with what pkg-config says and reads a captured machine.
set -u
cd "$(dirname "$0")/../.." || exit 1

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
checks=0
failed=0

check() { # WHAT COMMAND…
    local what=$1
    shift
    checks=$((checks + 1))
    if "$@" >"$dir/log" 2>&1; then
        echo "ok $checks - $what"
    else
        failed=1
        echo "not ok $checks - $what"
        sed 's/^/# /' "$dir/log"
    fi
}

installed() { [ -s "$dir/root/usr/$1" ]; }
formats() { [ -z "$(man --warnings -l "$dir/root/usr/share/man/$1" 2>&1 >/dev/null)" ]; }

build_example() {
    PKG_CONFIG_SYSROOT_DIR=$dir/root PKG_CONFIG_PATH=$(dirname "$(find "$dir/root" -name libsriov.pc)") \
        sh -c "cc -Wall -Werror docs/examples/list-vfs.c \$(pkg-config --cflags --libs libsriov) -o $dir/list-vfs"
}

run_example() {
    LD_LIBRARY_PATH=$(dirname "$(find "$dir/root" -name libsriov.so.0)") "$dir/list-vfs" tests/data/igb.json |
        tee "$dir/vfs" | grep -q '^enp1s0/0 0000:01:10.0 mac '
}

exports_only_its_own() {
    ! nm -D --defined-only "$(find "$dir/root" -name libsriov.so.0)" | awk '{ print $3 }' |
        grep -v '^sriov_\|^LIBSRIOV_0'
}

needs_only() { # LIBRARY-PATTERN FILE
    ! readelf -d "$2" | grep NEEDED | grep -v "$1"
}

check "make install" make --no-print-directory install DESTDIR="$dir/root" PREFIX=/usr
for file in bin/sriovctl share/man/man1/sriovctl.1 share/man/man5/sriovd-policy.5 include/sriov/host.h \
    include/sriov/change.h share/bash-completion/completions/sriovctl share/zsh/site-functions/_sriovctl \
    share/man/man1/sriovctl-vm.1 share/man/man1/sriovctl-bench.1 libexec/sriovd/sriovctl-vm libexec/sriovd/sriovctl-bench \
    share/fish/vendor_completions.d/sriovctl.fish share/man/man8/sriovd.8 share/man/man5/sriovd.conf.5 \
    share/sriovd/alerts.yaml share/sriovd/dashboard.json lib/systemd/system/sriovd.service lib/systemd/system/sriovd.socket \
    lib/sysusers.d/sriovd.conf libexec/sriovd/sriovctl-remote sbin/sriovd; do
    check "installs $file" installed "$file"
done
check "no test program among it" test -z "$(find "$dir/root" -name 'sriovctl-fault')"
check "sriovctl.1 formats without a warning" formats man1/sriovctl.1
check "sriovctl-vm.1 formats without a warning" formats man1/sriovctl-vm.1
check "sriovctl-bench.1 formats without a warning" formats man1/sriovctl-bench.1
check "sriovd.8 formats without a warning" formats man8/sriovd.8
check "sriovd.conf.5 formats without a warning" formats man5/sriovd.conf.5
check "sriovd-policy.5 formats without a warning" formats man5/sriovd-policy.5
check "libsriov exports sriov_* and nothing else" exports_only_its_own
check "libsriov needs libc, libmnl, jansson and sqlite only" \
    needs_only 'libc\.so\|libmnl\|libjansson\|libsqlite3' "$(find "$dir/root" -name libsriov.so.0)"
check "the example builds against what is installed" build_example
check "the example reads a captured machine" run_example
echo "1..$checks"
exit $failed
