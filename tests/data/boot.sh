#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# sriovctl host prepare on the configuration trees of boot/, as the packages of five distributions install them: boot.sh
# SRIOVCTL CUT. What it shows is what is wanted, patch(1) makes of it the same tree as --apply, a second run finds nothing,
# --undo gives every byte, mode and owner back, also after a kill at any system call. What it cannot read for certain it
# leaves alone, and all else with it.
sriovctl=$(realpath "$1")
cut=$(realpath "$2")
cd "$(dirname "$0")/boot" || exit
trees=$PWD
# In memory if possible: each of the thousand runs waits for its files to be on the disk.
tmp=$(mktemp -d -p /dev/shm 2>/dev/null || mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
state=$tmp/state
checks=0
failures=0
wishes=(--iommu pt --hugepages '1G:0=4,1=4' --vfio-ids 8086:1520)
# Many times slower with the sanitizers: they see every seventh point.
step=1
! grep -q __asan_init "$sriovctl" || step=7
# The sanitizers cannot look for leaks in a traced program.
traced=(env "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0")

is() { # GOT WANT WHAT
    checks=$((checks + 1))
    if [ "$1" = "$2" ]; then
        echo "ok $checks - $3"
    else
        failures=$((failures + 1))
        echo "not ok $checks - $3"
        diff <(echo "$2") <(echo "$1") | head -n 40 | sed 's/^/#   /'
    fi
}

has() { # TEXT PATTERN WHAT
    # shellcheck disable=SC2053 # a pattern
    if [[ $1 == $2 ]]; then is 1 1 "$3"; else is "$1" "$2" "$3"; fi
}

fresh() { # TREE
    rm -rf "$tree" "$state"
    cp -a "$trees/$1" "$tree"
}

prepare() { # OPTION…
    "$sriovctl" --state-dir "$state" host prepare --root "$tree" "$@"
}

# Names, modes, owners, links and contents.
sum() { # DIR
    tar -C "$1" --sort=name --mtime=@0 --numeric-owner -cf - . | sha256sum
}

# ---- every tree -----------------------------------------------------------------------------------------------------------

one_tree() { # NAME
    local before
    fresh "$1"
    [ ! -e "$tree/etc/default/grub" ] || chmod 640 "$tree/etc/default/grub"
    [ ! -e "$tree/etc/kernel/cmdline" ] || chown 12:34 "$tree/etc/kernel/cmdline" 2>/dev/null
    before=$(sum "$tree")
    is "$(prepare --quiet "${wishes[@]}")" "$(<"$trees/$1.txt")" "$1: shows what is to change"
    is "$(sum "$tree")$(ls -d "$state" 2>&1)" "$before$(ls -d "$state" 2>&1)" "$1: showing changes nothing"
    cp -a "$tree" "$tmp/patched"
    # RHEL 8 has a link there, which patch does not follow.
    sed 's,boot/grub2/grubenv,boot/efi/EFI/redhat/grubenv,' "$trees/$1.txt" | patch --quiet -p1 -d "$tmp/patched" >"$tmp/said" 2>&1
    is "$(prepare --quiet --apply "${wishes[@]}" 2>&1 >"$tmp/said"; echo $?)" 0 "$1: --apply"
    is "$(diff -r "$tmp/patched" "$tree" 2>&1)" "" "$1: the tree is as patch makes it of the diff"
    rm -rf "$tmp/patched"
    is "$(prepare --quiet --apply "${wishes[@]}" | grep -v '^not needed')" "nothing to do" "$1: a second run finds nothing"
    is "$(find "$tree" "$state" -newer "$tmp/said" -type f)" "" "$1: and writes nothing"
    is "$(prepare --quiet --undo --json | jq -r '[.applied, (.files | length > 0)] | @text')" "[true,true]" "$1: --undo"
    is "$(sum "$tree")" "$before" "$1: every byte, mode and owner is as before"
    is "$(find "$state" -type f)" "" "$1: no copy is left"
    is "$(prepare --quiet --undo)" "nothing to do" "$1: nothing is left to undo"
}

# ---- parameters that are there --------------------------------------------------------------------------------------------

# The parameter line of openSUSE's file becomes VALUE; what is left to change there is DIFF.
with_line() { # VALUE WANT WHAT
    fresh opensuse
    grep -v '^GRUB_CMDLINE_LINUX' "$trees/opensuse/etc/default/grub" >"$tree/etc/default/grub"
    printf '%s\n' "$1" >>"$tree/etc/default/grub"
    is "$(prepare --quiet --no-vfio --iommu pt 2>&1 | grep '^[-+]G')" "$2" "$3"
}

parameters() {
    with_line 'GRUB_CMDLINE_LINUX_DEFAULT="iommu=pt quiet intel_iommu=on"' '' "another order"
    with_line "GRUB_CMDLINE_LINUX='intel_iommu=on,sm_on iommu=pt'" '' "single quotes, the other variable, a list of options"
    with_line 'GRUB_CMDLINE_LINUX_DEFAULT="\"intel_iommu=on\" iommu.passthrough=1"' '' "quotes in quotes, another spelling"
    with_line $'GRUB_CMDLINE_LINUX="quiet"\nGRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX iommu=pt"\nGRUB_CMDLINE_LINUX+=" intel_iommu=on"' '' "three lines that make one"
    with_line 'GRUB_CMDLINE_LINUX_DEFAULT=intel_iommu=on' \
        $'-GRUB_CMDLINE_LINUX_DEFAULT=intel_iommu=on\n+GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=on iommu=pt"' "no quotes: they come with the second word"
    with_line $'GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=on"\nGRUB_CMDLINE_LINUX_DEFAULT="iommu=pt"' \
        $'-GRUB_CMDLINE_LINUX_DEFAULT="iommu=pt"\n+GRUB_CMDLINE_LINUX_DEFAULT="iommu=pt intel_iommu=on"' "a line that a later one makes void does not count"
    with_line 'GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=off  quiet"' \
        $'-GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=off  quiet"\n+GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=on  quiet iommu=pt"' "off is turned to on"
    with_line '' $'+GRUB_CMDLINE_LINUX_DEFAULT="intel_iommu=on iommu=pt"' "no such variable at all"
}

# ---- files that are not understood ----------------------------------------------------------------------------------------

refused() { # TREE WHAT PATTERN: the tree has been made wrong
    local before
    before=$(sum "$tree")
    prepare --apply "${wishes[@]}" >"$tmp/out" 2>"$tmp/err"
    is $? 1 "$2: refused"
    has "$(<"$tmp/err")" "sriovctl: $3" "$2: says where, why, and what to do"
    is "$(sum "$tree")$(ls "$state" 2>&1)" "$before$(ls "$state" 2>&1)" "$2: nothing at all is changed"
    is "$(find "$state" -type f 2>/dev/null)" "" "$2: nothing is in the journal"
}

wrong_file() { # TREE FILE TEXT WHAT PATTERN
    fresh "$1"
    mkdir -p "$tree/$(dirname "$2")"
    printf '%b' "$3" >"$tree/$2"
    refused "$1" "$4" "/$2$5"
}

unreadable() {
    wrong_file debian-12 etc/default/grub 'A=1\nGRUB_CMDLINE_LINUX="quiet\n' "unbalanced quote" ':2: has a quote that does not end; it is left alone; *'
    wrong_file debian-12 etc/default/grub.d/x.cfg 'GRUB_CMDLINE_LINUX_DEFAULT="$(cat /proc/cmdline)"\n' "command substitution" ':1: is built by a command*; *'
    wrong_file debian-12 etc/default/grub 'A=1\nif x; then\nGRUB_CMDLINE_LINUX=a\nfi\n' "a condition" ':3: sets it inside another command*; *'
    wrong_file debian-12 etc/default/grub 'GRUB_CMDLINE_LINUX=""\n# \xff\n' "not UTF-8" ': is no UTF-8 text; it is left alone; save it as UTF-8'
    wrong_file debian-12 etc/default/grub 'GRUB_CMDLINE_LINUX=""\n\0\n' "a NUL byte" ': is no UTF-8 text; *'
    wrong_file debian-12 etc/default/grub.d/99-z.cfg 'GRUB_CMDLINE_LINUX_DEFAULT=quiet\n' "a file that makes ours void" ': sets the kernel*anew after *; begin its value with *'
    wrong_file debian-12 etc/modprobe.d/v.conf '# a\noptions  vfio_pci ids=1af4:1041 x=1\n' "other ids of vfio-pci" ':2: gives vfio-pci other ids*; *'
    wrong_file systemd-boot etc/kernel/cmdline 'ro dyndbg="file a +p\n' "a quote in /etc/kernel/cmdline" ': has a quote that does not end; *'
    wrong_file systemd-boot boot/efi/loader/entries/a.conf 'title a\nlinux /a\noptions "x\n' "a quote in an entry" ':3: has a quote that does not end; *'
    fresh rhel-8
    sed -i 's/^kernelopts/other/' "$tree/boot/efi/EFI/redhat/grubenv"
    refused rhel-8 "an environment without kernelopts" '/boot/grub2/grubenv: sets no kernelopts*; *'
    fresh rhel-8
    sed -i '/^kernelopts/s/$/ '"$(printf 'a%.0s' {1..740})"'/; s/^#*$//' "$tree/boot/efi/EFI/redhat/grubenv"
    refused rhel-8 "a full environment" '/boot/grub2/grubenv: has no room*; *'
    fresh debian-12
    head -c 70000 /dev/zero | tr '\0' '#' >>"$tree/etc/default/grub"
    refused debian-12 "too large" '/etc/default/grub: is too large*; *'
    fresh debian-12
    cp "$tree/etc/default/grub" "$tmp/outside"
    ln -sf "$tmp/outside" "$tree/etc/default/grub"
    refused debian-12 "an absolute link out of the tree" '/etc/default/grub: leads out of the tree *; *'
    ln -sf ../../../outside "$tree/etc/default/grub"
    refused debian-12 "a relative link out of the tree" '/etc/default/grub: leads out of the tree *; *'
    is "$(diff "$tmp/outside" "$trees/debian-12/etc/default/grub")" "" "what the links led to is untouched"
    rm "$tree/etc/default/grub"
    mkdir "$tree/etc/default/grub"
    refused debian-12 "a folder" '/etc/default/grub: is no regular file*; *'
    fresh debian-12
    rm -r "$tree/etc/default"
    prepare --apply "${wishes[@]}" >"$tmp/out" 2>"$tmp/err"
    is "$? $(find "$tree" -name '*sriovd*')" "4 " "no boot loader: unsupported, and nothing is changed"
}

# ---- undo -----------------------------------------------------------------------------------------------------------------

undo() {
    local before after
    fresh opensuse
    before=$(sum "$tree")
    prepare --apply --quiet --no-vfio >"$tmp/out"
    prepare --apply --quiet --no-vfio --iommu pt --hugepages 2M:64 >"$tmp/out"
    has "$(grep LINUX_DEFAULT= "$tree/etc/default/grub")" '*apparmor intel_iommu=on iommu=pt hugepagesz=2M hugepages=64"' "a second --apply with other wishes"
    is "$(prepare --undo --dry-run --quiet | grep -c '^-GRUB')" 1 "--undo --dry-run shows what it would do"
    prepare --undo >"$tmp/out" 2>&1
    is "$(sum "$tree")" "$before" "one --undo goes back before both"

    prepare --apply --quiet "${wishes[@]}" >"$tmp/out"
    echo '# mine' >>"$tree/etc/default/grub"
    after=$(sum "$tree")
    prepare --undo >"$tmp/out" 2>"$tmp/err"
    is "$?" 3 "--undo is refused if somebody changed a file since"
    has "$(<"$tmp/err")" 'sriovctl: /etc/default/grub: was changed since by somebody else; nothing is undone; *' "and it is named"
    is "$(sum "$tree")" "$after" "nothing at all is undone then"
    prepare --apply --quiet --hugepages 2M:8 >"$tmp/out"
    prepare --undo --quiet >"$tmp/out"
    is "$? $(tail -n 1 "$tree/etc/default/grub") $(find "$tree" -name 'sriovd.conf')" "0 # mine " "after another --apply, undo goes back to what that one found"

    fresh rhel-8
    prepare --apply --quiet >"$tmp/out"
    is "$(readlink "$tree/boot/grub2/grubenv") $(stat -c %s "$tree/boot/efi/EFI/redhat/grubenv")" "../efi/EFI/redhat/grubenv 1024" \
        "RHEL 8: the link stays, the block keeps its size"
    mkdir -p "$state/prepare"
    is "$(flock "$state/prepare" "$sriovctl" --state-dir "$state" host prepare --root "$tree" --undo 2>&1; echo $?)" \
        "sriovctl: $state/prepare: another host prepare is at work; wait for it to end"$'\n3' "two at once: the second is refused"
    echo '{}' >"$state/prepare/manifest.json"
    has "$(prepare --undo 2>&1)" 'sriovctl: *: is damaged; *' "a damaged journal is an error"
}

ostree() {
    fresh systemd-boot
    mkdir -p "$tree/ostree/repo" "$tree/usr/bin" "$tree/boot/loader/entries"
    touch "$tree/usr/bin/rpm-ostree"
    mv "$tree"/boot/efi/loader/entries/8* "$tree/boot/loader/entries/ostree-1-fedora.conf"
    sed -i 's/ quiet/ quiet intel_iommu=off/' "$tree/boot/loader/entries/ostree-1-fedora.conf"
    is "$(prepare --quiet --no-vfio --iommu pt --hugepages 1G:2 --json | jq -c '[(.files | length), .commands]')" \
        '[0,["rpm-ostree kargs --delete-if-present=intel_iommu=off --append-if-missing=intel_iommu=on --append-if-missing=iommu=pt --append-if-missing=hugepagesz=1G --append=hugepages=2"]]' \
        "rpm-ostree: one command, no file"
    prepare --apply --quiet --no-vfio --iommu pt >"$tmp/out"
    is "$(prepare --undo --dry-run --quiet)" "run: rpm-ostree kargs --delete-if-present=intel_iommu=on --delete-if-present=iommu=pt --append-if-missing=intel_iommu=off" \
        "rpm-ostree: undo is the command's reverse"
    prepare --apply --quiet --no-vfio --iommu leave --hugepages 2M:8 >"$tmp/out"
    is "$(prepare --undo --dry-run --quiet)" $'run: rpm-ostree kargs --delete-if-present=hugepagesz=2M --delete-if-present=hugepages=8\nrun: rpm-ostree kargs --delete-if-present=intel_iommu=on --delete-if-present=iommu=pt --append-if-missing=intel_iommu=off' \
        "rpm-ostree: the last command is reversed first"
}

proxmox() {
    fresh debian-12
    mkdir "$tree/etc/kernel"
    echo 'root=ZFS=rpool/ROOT/pve-1 boot=zfs' >"$tree/etc/kernel/cmdline"
    touch "$tree/etc/kernel/proxmox-boot-uuids"
    is "$(prepare --quiet --no-vfio --iommu pt --json | jq -c '[[.files[].path], .commands, .reboot]')" \
        '[["/etc/default/grub.d/90-sriovd.cfg","/etc/kernel/cmdline"],["proxmox-boot-tool refresh"],true]' "Proxmox: both places, its own tool"
}

images() {
    fresh systemd-boot
    mkdir -p "$tree/boot/efi/EFI/Linux" "$tree/usr/bin"
    touch "$tree/usr/bin/kernel-install"
    is "$(prepare --quiet --no-vfio --iommu pt --json | jq -c .commands)" \
        '["kernel-install add 6.12.57+deb13-amd64 /boot/vmlinuz-6.12.57+deb13-amd64"]' "kernel images that hold their command line are made anew"
    mkdir "$tree/etc/mkinitcpio.d"
    is "$(prepare --quiet --no-vfio --iommu pt --json | jq -c .commands)" '["mkinitcpio -P"]' "by mkinitcpio where it is there"
}

# ---- kill -9 --------------------------------------------------------------------------------------------------------------

killed_at() { # N OPTION…
    "${traced[@]}" "$cut" "entry:$1" -- "$sriovctl" --quiet --state-dir "$state" host prepare --root "$tree" "${@:2}" >/dev/null 2>"$tmp/err"
    local status=$?
    [ $status = 137 ] || echo "not killed at $1: $status $(<"$tmp/err")"
}

calls() { # OPTION…
    "${traced[@]}" "$cut" count -o "$tmp/count" -- "$sriovctl" --quiet --state-dir "$state" host prepare --root "$tree" "$@" >/dev/null
    cat "$tmp/count"
}

same() { # WANT WHAT
    [ "$(sum "$tree")" = "$1" ] || echo "$2: $(diff -rq "$trees/debian-12" "$tree")"
    [ -z "$(find "$state" -type f -not -path "*/prepare/*" 2>/dev/null)" ] || find "$state"
}

kills() {
    local before after n count options=(--apply "${wishes[@]}")
    local applied
    fresh debian-12
    before=$(sum "$tree")
    applied=$(calls "${options[@]}")
    count=$applied
    after=$(sum "$tree")
    # The last call is the exit itself.
    is "$(for ((n = 1; n < count; n += step)); do
        fresh debian-12
        killed_at $n "${options[@]}"
        prepare --undo --quiet >/dev/null || echo "undo fails after $n"
        same "$before" "undo after a kill at $n"
        [ -z "$(find "$state" -type f 2>/dev/null)" ] || echo "left after $n: $(find "$state" -type f)"
    done)" "" "killed before each of its $count system calls: --undo gives the tree back"
    is "$(for ((n = 1; n < count; n += step)); do
        fresh debian-12
        killed_at $n "${options[@]}"
        prepare --quiet "${options[@]}" >"$tmp/out" || echo "apply fails after $n"
        same "$after" "apply after a kill at $n"
        [ "$(jq .finished "$state/prepare/manifest.json")" = true ] || echo "not finished after $n"
        prepare --undo --quiet >/dev/null || echo "undo fails after $n"
        same "$before" "apply and undo after a kill at $n"
    done)" "" "the next --apply finishes it, and can be undone"
    fresh debian-12
    prepare --quiet "${options[@]}" >"$tmp/out"
    count=$(calls --undo)
    is "$(for ((n = 1; n < count; n += step)); do
        fresh debian-12
        prepare --quiet "${options[@]}" >/dev/null
        killed_at $n --undo
        prepare --undo --quiet >/dev/null || echo "undo fails after $n"
        same "$before" "undo after an undo was killed at $n"
    done)" "" "an --undo that is killed before each of its $count system calls: the next one ends it"
    # The last calls of an --apply are about the manifest that says it is finished: killed just before, it is not.
    for ((n = 1; n < applied; n++)); do
        fresh debian-12
        killed_at $((applied - n)) "${options[@]}"
        ! grep -q '"finished":false' "$state/prepare/manifest.json" || break
    done
    is "$(prepare --quiet "${wishes[@]}" | grep -v '^not')" "run: update-grub" "killed after the last file: the program is still to run"
    has "$(prepare "${wishes[@]}" 2>&1 >/dev/null)" '*an earlier --apply was interrupted*' "and that is told"
}

for name in debian-12 ubuntu-24.04 rhel-9 rhel-8 opensuse systemd-boot; do
    one_tree "$name"
done
parameters
unreadable
undo
ostree
proxmox
images
kills
echo "1..$checks"
[ $failures = 0 ]
