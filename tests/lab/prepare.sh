#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# lab: --nics 1
#
# host prepare on the running system: the programs of the boot loader run after the files are written and after they are
# restored, one that fails is told and run again by the next --apply, and who is not root changes nothing. The parsing and
# the files themselves are tested in tests/data/boot.sh.

. tests/lab/lib.sh

called=$tmp/called

# A boot loader as Debian's packages make it, but for its programs.
make_boot_loader() {
    mkdir -p /etc/default/grub.d
    printf 'GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n' >/etc/default/grub
    printf '#!/bin/sh\n# reads /etc/default/grub.d/*.cfg\n' >/usr/sbin/grub-mkconfig
    printf '#!/bin/sh\n[ ! -e %s ] || { echo "no space left on /boot" >&2; exit 1; }\ncat /etc/default/grub.d/90-sriovd.cfg >>%s 2>&1; exit 0\n' \
        "$tmp/broken" "$called" >/usr/sbin/update-grub
    chmod +x /usr/sbin/grub-mkconfig /usr/sbin/update-grub
    rm -f /etc/default/grub.d/90-sriovd.cfg /etc/modules-load.d/sriovd.conf /etc/modprobe.d/sriovd.conf
    : >"$called"
}

configuration() {
    tar -C /etc --sort=name --mtime=@0 -cf - default modules-load.d modprobe.d | sha256sum
}

applies_and_undoes() {
    local before
    before=$(configuration)
    succeeds "prepare shows what is to change" sriovctl host prepare --iommu pt --vfio-ids 8086:10ca
    has "$(<"$out")" "*+GRUB_CMDLINE_LINUX_DEFAULT=*iommu=pt*run: update-grub*" "the diff, and the program"
    is "$(configuration)$(<"$called")" "$before" "nothing is changed, nothing has run"
    succeeds "prepare --apply" sriovctl host prepare --iommu pt --vfio-ids 8086:10ca --apply
    has "$(<"$out")" "*done: update-grub*" "it tells that the program ran"
    has "$(<"$called")" "*iommu=pt*" "the program saw the new file"
    is "$(modprobe -c | grep -c '^options vfio_pci ids=8086:10ca')" 1 "modprobe reads the ids"
    : >"$called"
    succeeds "a second --apply" sriovctl host prepare --iommu pt --vfio-ids 8086:10ca --apply
    has "$(<"$out")" "*nothing to do" "finds nothing"
    is "$(<"$called")" "" "and runs nothing"
    succeeds "--undo" sriovctl host prepare --undo
    is "$(configuration)" "$before" "gives every byte back"
    has "$(<"$called")" "*90-sriovd.cfg*No such file*" "the program ran again, without our file"
}

program_fails() {
    local before
    before=$(configuration)
    touch "$tmp/broken"
    exits 7 "--apply with an update-grub that fails" sriovctl host prepare --iommu pt --apply
    has "$(<"$err")" "sriovctl: update-grub: failed; the files stay as written: no space left on /boot; mend that; *" "its own words, and what to do"
    succeeds "prepare then shows" sriovctl host prepare --iommu pt
    is "$(head -n 1 "$out")" "run: update-grub" "that the program is still to run"
    has "$(<"$err")" "*an earlier --apply was interrupted*" "and that something was interrupted"
    rm "$tmp/broken"
    : >"$called"
    succeeds "the next --apply" sriovctl host prepare --iommu pt --apply
    has "$(<"$called")" "*iommu=pt*" "runs it"
    succeeds "--undo" sriovctl host prepare --undo
    is "$(configuration)" "$before" "gives every byte back"
    mv /usr/sbin/update-grub "$tmp"
    printf '#!/bin/sh\nexit 0\n' >/usr/sbin/grub2-mkconfig
    chmod -x /usr/sbin/grub2-mkconfig
    exits 7 "a program that cannot be started" sriovctl host prepare --iommu pt --apply
    rm /usr/sbin/grub2-mkconfig
    mv "$tmp/update-grub" /usr/sbin
    succeeds "is mended by --undo" eval 'printf "#!/bin/sh\n" >/usr/sbin/grub2-mkconfig; chmod +x /usr/sbin/grub2-mkconfig; sriovctl host prepare --undo'
    rm /usr/sbin/grub2-mkconfig
    is "$(configuration)" "$before" "every byte is back"
}

without_rights() {
    local before
    before=$(configuration)
    succeeds "who is not root sees the diff" setpriv --reuid 65534 --clear-groups sriovctl host prepare --iommu pt
    has "$(<"$out")" "*run: update-grub*" "all of it"
    exits 6 "but may not apply it" setpriv --reuid 65534 --clear-groups sriovctl host prepare --iommu pt --apply
    exits 6 "nor undo" setpriv --reuid 65534 --clear-groups sriovctl host prepare --undo
    is "$(configuration)" "$before" "nothing is changed"
}

firmware() {
    exits 5 "--firmware-vfs without a Mellanox card" sriovctl host prepare --firmware-vfs 8
    has "$(<"$err")" "*no PF of a Mellanox card*mstconfig*" "says how to do it on a card that shows no PF"
    exits 2 "--firmware-vfs of an image makes no sense" sriovctl host prepare --firmware-vfs 8 --root /
}

make_boot_loader
applies_and_undoes
program_fails
without_rights
firmware
finish
