/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of formats, and the commands that must run first. libvirt, Proxmox, oVirt and nova bind
 * a VF to vfio-pci themselves; MAC and VLAN are set by those that know a port; nobody sets the
 * rest.
 */
#include "vm/format.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "base/mac.h"

#define FORMATS(X)                                                                                 \
    X("libvirt", format_libvirt,                                                                   \
      FORMAT_BINDS | FORMAT_PORT | FORMAT_MACVTAP | FORMAT_PLACE | FORMAT_PROFILE)                 \
    X("qemu", format_qemu, FORMAT_MACVTAP | FORMAT_ARGUMENTS)                                      \
    X("proxmox", format_proxmox, FORMAT_BINDS)                                                     \
    X("ovirt", format_ovirt, FORMAT_BINDS | FORMAT_PORT)                                           \
    X("cloud-hypervisor", format_cloud_hypervisor, FORMAT_MACVTAP | FORMAT_ARGUMENTS)              \
    X("crosvm", format_crosvm, FORMAT_ARGUMENTS | FORMAT_PLACE)                                    \
    X("nova", format_nova, FORMAT_BINDS | FORMAT_PORT | FORMAT_MACVTAP)

#define ROW(name, function, flags) { name, flags, function },
#define NAME(name, function, flags) name,

static const struct vm_format table[] = { FORMATS(ROW) };
const char *const vm_format_names[] = { FORMATS(NAME) NULL };

const struct vm_format *format_row(unsigned choice)
{
    return &table[choice - 1];
}

const struct vm_format *format_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(table); i++) {
        if (str_eq(table[i].name, name))
            return &table[i];
    }
    return NULL;
}

/* ---- commands ---- */

/* What goes into the format's own words, or is no setting of the PF. */
static bool is_left_out(unsigned flags, const struct vm_device *d, enum sriov_attr id)
{
    if (id == SRIOV_DRIVER)
        return true;
    if (!(flags & FORMAT_PORT))
        return false;
    return id == SRIOV_MAC ||
           (!d->profile && (id == SRIOV_VLAN || id == SRIOV_QOS || id == SRIOV_VLAN_PROTO));
}

static bool add_set(unsigned flags, const struct vm_item *item, struct buf *ret)
{
    size_t start = ret->len;
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        char value[ATTR_TEXT_SIZE];
        if (!attrs_has(&item->device.want, row->id) || is_left_out(flags, &item->device, row->id))
            continue;
        attr_text(row, &item->device.want, value);
        if (ret->len == start)
            buf_printf(ret, "sriovctl set %s", item->label);
        buf_printf(ret, " %s=%s", row->name, value);
    }
    return ret->len > start;
}

static bool add_bind(unsigned flags, const struct vm_item *item, struct buf *ret)
{
    const struct vm_device *d = &item->device;
    const char *now = d->vf ? d->vf->attrs.driver : d->pf->driver;
    if ((flags & FORMAT_BINDS) || d->mode != VM_HOSTDEV || str_eq(now, item->driver))
        return false;
    if (d->vf)
        buf_printf(ret, "sriovctl bind %s %s", item->label, item->driver);
    else
        buf_printf(ret, "driverctl --nosave set-override %s %s", device_pci(d), item->driver);
    return true;
}

/* libvirt and nova make the macvtap themselves. */
static bool add_macvtap(unsigned flags, const struct vm_item *item, struct buf *ret)
{
    const struct vm_device *d = &item->device;
    const char *mode = d->macvtap ? d->macvtap : "passthrough";
    uint64_t mac;
    char text[MAC_TEXT_SIZE];
    if (d->mode != VM_MACVTAP || (flags & FORMAT_PORT))
        return false;
    buf_printf(ret, "ip link set %s up && ip link add link %s name " DEVICE_NETDEV_ID, d->netdev,
               d->netdev);
    if (device_mac(d, &mac)) {
        mac_to_text(mac, text);
        buf_printf(ret, " address %s", text);
    }
    buf_printf(ret, " type macvtap mode %s && ip link set " DEVICE_NETDEV_ID " up",
               str_eq(mode, "passthrough") ? "passthru" : mode);
    return true;
}

int format_commands(unsigned flags, const struct vm_item *item, struct strv *ret)
{
    static bool (*const adders[])(unsigned, const struct vm_item *,
                                  struct buf *) = { add_set, add_bind, add_macvtap };
    for (size_t i = 0; i < ELEMENTS(adders); i++) {
        _cleanup_buf_ struct buf command = BUF_INIT;
        bool has = adders[i](flags, item, &command);
        if (buf_ok(&command) < 0 || (has && strv_add(ret, command.data) < 0))
            return -ENOMEM;
    }
    return 0;
}

bool format_command_after(const struct vm_item *item, struct buf *ret)
{
    static const enum sriov_attr ids[] = { SRIOV_QOS, SRIOV_VLAN_PROTO };
    const struct vm_device *d = &item->device;
    size_t start = ret->len;
    for (size_t i = 0; i < ELEMENTS(ids) && !d->profile; i++) {
        const struct attr *row = attr_row(ids[i]);
        char value[ATTR_TEXT_SIZE];
        if (!attrs_has(&d->want, ids[i]) || d->want.value[ids[i]] == row->fresh)
            continue;
        attr_text(row, &d->want, value);
        if (ret->len == start)
            buf_printf(ret, "sriovctl set %s vlan=%u", item->label, device_vlan(d));
        buf_printf(ret, " %s=%s", row->name, value);
    }
    return ret->len > start;
}

/* ---- words ---- */

void format_name(const struct vm_item *item, struct buf *ret)
{
    buf_add_str(ret, "sriov-");
    for (const char *c = item->label; *c; c++)
        buf_add_char(ret, isalnum((unsigned char)*c) ? *c : '-');
}

void format_lines(const struct strv *commands, struct buf *out)
{
    for (size_t i = 0; i < commands->count; i++)
        buf_printf(out, "%s\n", commands->items[i]);
}
