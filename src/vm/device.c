/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's XML (11.3, formatdomain) and QEMU's -device (10.0) for one function. libvirt's schema
 * takes the elements in any order; they stand as libvirt itself prints them.
 */
#include "vm/device.h"

#include <stdio.h>

#include "base/mac.h"

/* ---- what the VM sees ---- */

/* What is wanted, else what is; NULL if it is not known. */
static const struct attrs *knows(const struct vm_device *d, enum sriov_attr id)
{
    if (attrs_has(&d->want, id))
        return &d->want;
    return d->vf && attrs_has(&d->vf->attrs, id) ? &d->vf->attrs : NULL;
}

bool device_is_shared(const struct vm_device *d)
{
    return d->mode == VM_MACVTAP && d->macvtap && !str_eq(d->macvtap, "passthrough");
}

bool device_mac(const struct vm_device *d, uint64_t *ret)
{
    const struct attrs *from = knows(d, SRIOV_MAC);
    if (!from || (from != &d->want && device_is_shared(d)) || from->value[SRIOV_MAC] == 0)
        return false;
    *ret = from->value[SRIOV_MAC];
    return true;
}

unsigned device_vlan(const struct vm_device *d)
{
    const struct attrs *from = knows(d, SRIOV_VLAN);
    return from ? (unsigned)from->value[SRIOV_VLAN] : 0;
}

const char *device_pci(const struct vm_device *d)
{
    if (d->vf)
        return d->vf->pci;
    return d->pf->bus == PF_ON_PCI ? d->pf->key : "";
}

/* ---- XML ---- */

void xml_text(struct buf *ret, const char *text)
{
    static const char special[] = "&<>'\"";
    static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&apos;", "&quot;" };

    for (size_t left = strlen(text), width; left > 0; text += width, left -= width) {
        const char *found = strchr(special, *text);
        width = (unsigned char)*text < 0x80 ? 1 : str_utf8_len(text, left);
        if (found)
            buf_add_str(ret, entities[found - special]);
        else if (width == 0 || (unsigned char)*text < ' ' || *text == 0x7f)
            buf_add_char(ret, '?');
        else
            buf_add(ret, text, width);
        width = MAX_OF(width, (size_t)1);
    }
}

/* One with value NULL is left out. */
static void attribute(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(out, " %s='", name);
    xml_text(out, value);
    buf_add_char(out, '\'');
}

/* libvirt's schema wants a type (" type='pci'") in an <interface>, and none in a <hostdev>. */
static void add_host_address(struct buf *out, const char *type, const char *pci)
{
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    if (sscanf(pci, "%8x:%2x:%2x.%1x", &domain, &bus, &slot, &function) != 4)
        return;
    buf_printf(out,
               "  <source>\n    <address%s domain='0x%04x' bus='0x%02x' slot='0x%02x' "
               "function='0x%x'/>\n  </source>\n",
               type, domain, bus, slot, function);
}

static void add_netdev(struct buf *out, const struct vm_device *d)
{
    buf_add_str(out, "  <source");
    attribute(out, "dev", d->netdev);
    attribute(out, "mode", d->macvtap ? d->macvtap : "passthrough");
    buf_add_str(out, "/>\n");
}

static void add_mac(struct buf *out, const struct vm_device *d)
{
    uint64_t mac;
    char text[MAC_TEXT_SIZE];
    if (!device_mac(d, &mac))
        return;
    mac_to_text(mac, text);
    buf_printf(out, "  <mac address='%s'/>\n", text);
}

/* libvirt refuses a <vlan> where it does not set it itself: with a port profile (the switch
 * decides), and on a macvtap that does not have its VF for itself. */
static bool takes_vlan(const struct vm_device *d)
{
    return !d->profile && !device_is_shared(d);
}

static void add_port(struct buf *out, const struct vm_device *d)
{
    if (device_vlan(d) > 0 && takes_vlan(d))
        buf_printf(out, "  <vlan>\n    <tag id='%u'/>\n  </vlan>\n", device_vlan(d));
    if (!d->profile)
        return;
    buf_add_str(out, "  <virtualport type='802.1Qbh'>\n    <parameters");
    attribute(out, "profileid", d->profile);
    buf_add_str(out, "/>\n  </virtualport>\n");
}

/* A named variant driver needs libvirt 10.0; without a name it has looked for the best since
 * then, and older ones take vfio-pci. */
static void add_driver(struct buf *out, const struct vm_device *d)
{
    buf_add_str(out, "  <driver name='vfio'");
    attribute(out, "model", d->driver);
    buf_add_str(out, "/>\n");
}

static void add_teaming(struct buf *out, const struct vm_device *d)
{
    if (!d->partner)
        return;
    buf_add_str(out, "  <teaming type='transient'");
    attribute(out, "persistent", d->partner);
    buf_add_str(out, "/>\n");
}

/* A root port has one slot, 0, so `slot` counts on other buses only. */
static void add_guest_place(struct buf *out, const struct vm_device *d)
{
    if (d->alias) {
        buf_add_str(out, "  <alias");
        attribute(out, "name", d->alias);
        buf_add_str(out, "/>\n");
    }
    if (d->bus >= 0)
        buf_printf(out,
                   "  <address type='pci' domain='0x0000' bus='0x%02x' slot='0x%02x' "
                   "function='0x0'/>\n",
                   (unsigned)d->bus, (unsigned)MAX_OF(d->slot, 0));
}

static void add_macvtap(struct buf *out, const struct vm_device *d)
{
    buf_add_str(out, "<interface type='direct'>\n");
    add_mac(out, d);
    add_netdev(out, d);
    add_port(out, d);
    buf_add_str(out, "  <model type='virtio'/>\n");
    add_guest_place(out, d);
    buf_add_str(out, "</interface>\n");
}

static void add_interface(struct buf *out, const struct vm_device *d)
{
    buf_add_str(out, "<interface type='hostdev' managed='yes'>\n");
    add_mac(out, d);
    add_driver(out, d);
    add_host_address(out, " type='pci'", device_pci(d));
    add_port(out, d);
    add_teaming(out, d);
    add_guest_place(out, d);
    buf_add_str(out, "</interface>\n");
}

static void add_hostdev(struct buf *out, const struct vm_device *d)
{
    buf_add_str(out, "<hostdev mode='subsystem' type='pci' managed='yes'>\n");
    add_driver(out, d);
    add_host_address(out, "", device_pci(d));
    add_teaming(out, d);
    add_guest_place(out, d);
    buf_add_str(out, "</hostdev>\n");
}

void device_xml(const struct vm_device *d, struct buf *ret)
{
    if (d->mode == VM_MACVTAP)
        add_macvtap(ret, d);
    else if (d->vf && *d->pf->name)
        add_interface(ret, d);
    else
        add_hostdev(ret, d);
}

/* ---- QEMU ---- */

/* In the value of an option a comma is doubled. */
static void property(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(out, ",%s=", name);
    for (; *value; value++) {
        if (*value == ',')
            buf_add_char(out, ',');
        buf_add_char(out, *value);
    }
}

static void add_virtio(struct buf *out, const struct vm_device *d)
{
    uint64_t mac;
    char text[MAC_TEXT_SIZE];
    buf_add_str(out, "virtio-net-pci,netdev=" DEVICE_NETDEV_ID);
    if (!device_mac(d, &mac))
        return;
    mac_to_text(mac, text);
    property(out, "mac", text);
}

void device_qemu(const struct vm_device *d, const char *bus, struct buf *ret)
{
    char slot[8];
    if (d->mode == VM_MACVTAP) {
        add_virtio(ret, d);
    } else {
        buf_add_str(ret, "vfio-pci");
        property(ret, "host", device_pci(d));
        property(ret, "failover_pair_id", d->partner);
    }
    property(ret, "id", d->alias);
    property(ret, "bus", bus);
    if (bus && d->slot > 0) {
        snprintf(slot, sizeof(slot), "0x%x", (unsigned)d->slot & 0x1f);
        property(ret, "addr", slot);
    }
}
