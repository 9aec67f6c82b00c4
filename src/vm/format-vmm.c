/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What goes to a program that runs one VM: libvirt's XML, and the arguments of QEMU (10.0),
 * cloud-hypervisor (v40 and later, docs/vfio.md and docs/macvtap-bridge.md) and crosvm (2022 and
 * later: --vfio PATH,KEY=VALUE).
 */
#include "base/mac.h"
#include "vm/format.h"

#define DEVICES "/sys/bus/pci/devices/"

/* Behind the command, for the shell: the macvtap's file as file 3. */
#define TAP_FILE " 3<>/dev/tap$(cat /sys/class/net/" DEVICE_NETDEV_ID "/ifindex)"

/* ---- libvirt ---- */

static void add_comment(struct buf *out, const char *when, const char *command)
{
    buf_printf(out, "<!-- %s: %s -->\n", when, command);
}

void format_libvirt(const struct vm_items *items, const struct strv *before, struct buf *out)
{
    for (size_t i = 0; i < before->count; i++)
        add_comment(out, "libvirt does not set this; run it before", before->items[i]);
    for (size_t i = 0; i < items->count; i++) {
        _cleanup_buf_ struct buf after = BUF_INIT;
        if (format_command_after(&items->items[i], &after))
            add_comment(out, "libvirt sets the VLAN without this; run it once the VM has the VF",
                        after.data);
        device_xml(&items->items[i].device, out);
    }
}

/* ---- QEMU ---- */

void format_qemu(const struct vm_items *items, const struct strv *before, struct buf *out)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct vm_device *d = &items->items[i].device;
        buf_add_str(out, i > 0 ? " " : "");
        if (d->mode == VM_MACVTAP)
            buf_add_str(out, "-netdev tap,id=" DEVICE_NETDEV_ID ",fd=3 ");
        buf_add_str(out, "-device ");
        device_qemu(d, NULL, out);
        if (d->mode == VM_MACVTAP)
            buf_add_str(out, TAP_FILE);
    }
    buf_add_char(out, '\n');
}

/* ---- cloud-hypervisor ---- */

static void add_ch_net(struct buf *out, const struct vm_device *d)
{
    uint64_t mac;
    char text[MAC_TEXT_SIZE];
    buf_add_str(out, "--net fd=3");
    if (device_mac(d, &mac)) {
        mac_to_text(mac, text);
        buf_printf(out, ",mac=%s", text);
    }
    buf_add_str(out, TAP_FILE);
}

/* Several devices are several values of one --device. */
void format_cloud_hypervisor(const struct vm_items *items, const struct strv *before,
                             struct buf *out)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct vm_device *d = &items->items[i].device;
        if (d->mode == VM_MACVTAP)
            add_ch_net(out, d);
        else
            buf_printf(out, "%spath=" DEVICES "%s", i > 0 ? " " : "--device ", device_pci(d));
    }
    buf_add_char(out, '\n');
}

/* ---- crosvm ---- */

void format_crosvm(const struct vm_items *items, const struct strv *before, struct buf *out)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct vm_device *d = &items->items[i].device;
        buf_printf(out, "%s--vfio " DEVICES "%s,iommu=off", i > 0 ? " " : "", device_pci(d));
        if (d->bus >= 0)
            buf_printf(out, ",guest-address=%02x:%02x.0", (unsigned)d->bus, (unsigned)d->slot);
    }
    buf_add_char(out, '\n');
}
