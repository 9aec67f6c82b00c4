# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used by those who source this; theirs
#
# For tests with virtual machines in the lab's guest: libvirtd without systemd, and nested guests of a small kernel
# (lab/nested) that boot in some twenty seconds. Each has its serial console in the file $vms/NAME.out, and runs the lines that are
# written to the pipe $vms/NAME.in; what it tells by itself begins with "nested:" (lab/nested/init). A test that only wants
# a VM that holds a VF takes the option `empty`, which boots nothing.

vms=/run/vm # QEMU runs as libvirt-qemu: $tmp is closed to it
vm_kernel=/usr/lib/nested/vmlinux
vm_words="console=ttyS0 quiet no_timer_check panic=-1"
mkdir -p $vms

# ---- libvirt --------------------------------------------------------------------------------------------------------------

# The hook is ours, if it is installed. The first question takes seconds: libvirtd asks QEMU what it can do.
start_libvirt() {
    modprobe -a vfio-pci tun || return
    [ -e /run/libvirt/virtlogd-sock ] || virtlogd -d || return
    libvirtd -d && wait_for 60 virsh list
}

stop_libvirt() { # SIGNAL: the domains go on
    local pid
    pid=$(cat /run/libvirtd.pid 2>/dev/null) || return 0
    kill "-${1:-TERM}" "$pid" && tail --pid="$pid" -f /dev/null
    rm -f /run/libvirtd.pid
}

# Four VFs of the first NIC (lease.bash), one of them with settings that libvirt does not know of: they must come back, too.
vm_vfs() {
    must sriovctl create $pf 4
    named $pf 4
    must ip link set $pf up
    must wait_for 20 eval "ip -br link show $pf | grep -q LOWER_UP"
    must sriovctl set $pf/1 vlan=5 qos=3 spoofchk=off
    udevadm settle
    before=$(everything)
}

# ---- What they boot -------------------------------------------------------------------------------------------------------

# vm_initrd [PROGRAM…]: busybox, lab/nested/init and further programs with their libraries. Needed once, before the first guest.
vm_initrd() {
    local dir=$tmp/initrd program library
    mkdir -p "$dir"/{bin,usr/bin,proc,sys,dev,run,tmp,var/run}
    cp /usr/bin/busybox "$dir/usr/bin/"
    busybox --install -s "$dir/bin"
    for program; do
        program=$(command -v "$program") || return
        cp "$program" "$dir/bin/"
        for library in $(ldd "$program" | grep -o '/[^ ]*'); do install -D "$library" "$dir$library"; done
    done
    install -m 755 /mnt/src/lab/nested/init "$dir/init"
    (cd "$dir" && find . | busybox cpio -o -H newc 2>/dev/null) >$vms/initrd
    chmod 644 $vms/initrd
    rm -rf "$dir"
}

# ---- Domains of libvirt ---------------------------------------------------------------------------------------------------

# vm_xml NAME [OPTION]…: a domain. OPTION is one of
#   empty           boots nothing
#   ports=N         free root ports for hot-plug; default 2
#   memory=MIB      default 64; with more programs in the initrd it needs more
#   ip=A.B.C.D/LEN  the address of its netdev, which is the one with
#   mac=MAC         or the first
#   agent           with the guest agent (vm_initrd qemu-ga)
#   tap=NAME,MAC    a virtio-net on the tap NAME, which libvirt makes
#   device=XML      any further device
vm_xml() {
    local name=$1 option kernel=yes ports=2 memory=64 words=$vm_words devices='' i
    shift
    for option; do
        case $option in
        empty) kernel='' ;;
        ports=*) ports=${option#*=} ;;
        memory=*) memory=${option#*=} ;;
        ip=* | mac=*) words+=" nested.$option" ;;
        agent)
            words+=" nested.agent=1"
            devices+="<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
            ;;
        tap=*) devices+=$(vm_tap "${option#*=}") ;;
        device=*) devices+=${option#*=} ;;
        *) echo "vm_xml: no option $option" >&2; return 1 ;;
        esac
    done
    cat <<END
<domain type='qemu'>
  <name>$name</name>
  <memory unit='MiB'>$memory</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type>
  ${kernel:+<kernel>$vm_kernel</kernel><initrd>$vms/initrd</initrd><cmdline>$words</cmdline>}
  </os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type='pci' model='pcie-root'/>
$(for ((i = 0; i < ports; i++)); do echo "    <controller type='pci' model='pcie-root-port'/>"; done)
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
    <serial type='pipe'><source path='$vms/$name'/></serial>
    $devices
  </devices>
</domain>
END
}

vm_tap() { # NAME,MAC
    cat <<END
<interface type='ethernet'><mac address='${1#*,}'/><target dev='${1%,*}'/><model type='virtio'/><rom enabled='no'/></interface>
END
}

vm_console() { # NAME: its console is empty, and nothing is typed
    rm -f "$vms/$1".{in,out}
    mkfifo "$vms/$1.in"
    : >"$vms/$1.out"
}

vm_define() { # NAME [OPTION]…
    vm_xml "$@" >"$vms/$1.xml" && vm_console "$1" && virsh --quiet define "$vms/$1.xml"
}

vm_start() { # NAME
    vm_console "$1" && virsh --quiet start "$1"
}

vm_stop() { # NAME: at once, as if its power went away
    virsh --quiet destroy "$1" 2>/dev/null
}

vm_undefine() { # NAME…
    local name
    for name; do
        vm_stop "$name"
        virsh --quiet undefine "$name"
    done
}

vm_pid() { # NAME: of its QEMU
    cat "/run/libvirt/qemu/$1.pid" "$vms/$1.pid" 2>/dev/null
}

# vm_gone NAME SECONDS: its QEMU has ended.
vm_gone() {
    wait_for "$2" eval "! kill -0 $(vm_pid "$1" | grep . || echo 0)"
}

# ---- Talking to a nested guest --------------------------------------------------------------------------------------------

# vm_says NAME PATTERN SECONDS [BYTES]: its console has such a line, after the first BYTES; or comes to have one, as long as its QEMU lives.
vm_says() {
    local console result=0
    exec {console}< <(exec timeout "$3" tail -f -c "+$((${4:-0} + 1))" --pid="$(vm_pid "$1")" "$vms/$1.out")
    grep -a -q -m 1 -- "$2" <&"$console" || result=1
    exec {console}<&-
    kill $! 2>/dev/null
    return $result
}

vm_type() { # NAME LINE
    printf '%s\n' "$2" 1<>"$vms/$1.in"
}

# vm_run NAME SECONDS COMMAND: runs it in the guest, prints what it printed, with its status.
vm_run() {
    local begin text
    begin=$(stat -c %s "$vms/$1.out")
    vm_type "$1" "$3"
    vm_says "$1" '^nested: end ' "$2" "$begin" || return 124
    text=$(tail -c "+$((begin + 1))" "$vms/$1.out" | tr -d '\r')
    sed '/^nested: end /,$d' <<<"$text"
    return "$(sed -n 's/^nested: end //p' <<<"$text")"
}

# Its netdevs are up and it takes commands.
vm_ready() { # NAME SECONDS
    vm_says "$1" '^nested: ready' "$2"
}

# vm_agent NAME SECONDS: its guest agent answers, which it does some seconds after vm_ready.
vm_agent() {
    wait_for "$2" virsh qemu-agent-command "$1" '{"execute": "guest-ping"}'
}

# ---- Plain QEMU -----------------------------------------------------------------------------------------------------------

# qemu_start NAME [ARGUMENT]…: the same guest without libvirt. It has two free root ports, rp1 and rp2, and listens for QMP at
# the socket $vms/NAME.qmp. It runs on; its process is in $vms/NAME.pid. More words for the kernel come from $qemu_words.
qemu_start() {
    local name=$1
    shift
    vm_console "$name"
    qemu-system-x86_64 -name "guest=$name" -machine q35,accel=tcg -m 64 -nodefaults -no-user-config -display none \
        -daemonize -pidfile "$vms/$name.pid" -qmp "unix:$vms/$name.qmp,server=on,wait=off" \
        -chardev "pipe,id=console,path=$vms/$name" -serial chardev:console \
        -kernel $vm_kernel -initrd $vms/initrd -append "$vm_words ${qemu_words-}" \
        -device pcie-root-port,id=rp1,chassis=1 -device pcie-root-port,id=rp2,chassis=2 "$@"
}

qemu_stop() { # NAME [SIGNAL]
    local pid
    pid=$(cat "$vms/$1.pid") || return
    kill "-${2:-TERM}" "$pid" && tail --pid="$pid" -f /dev/null
    rm -f "$vms/$1.pid"
}
