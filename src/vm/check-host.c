/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What can be seen of a VF in a VM from outside.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/pci_regs.h>
#include <stdio.h>

#include "kernel/traffic.h"
#include "vm/check.h"

static enum sight sight_of(bool seen)
{
    return seen ? SIGHT_YES : SIGHT_NO;
}

/* The command register is in the first 64 bytes, which anybody may read; of a VF this bit of it is
 * the device's own (VFIO keeps a copy of the memory bit only). */
static enum sight masters_bus(struct backend *b, const struct vf *vf)
{
    _cleanup_buf_ struct buf bytes = BUF_INIT;
    char path[96];
    uint16_t command;

    snprintf(path, sizeof(path), "%s/config", vf->sysfs);
    if (!vf->sysfs[0] || b->ops->read_bytes(b, path, PCI_COMMAND, sizeof(command), &bytes) < 0 ||
        bytes.len != sizeof(command))
        return SIGHT_UNKNOWN;
    command = (uint16_t)((unsigned char)bytes.data[0] | (unsigned char)bytes.data[1] << 8);
    return command == UINT16_MAX ? SIGHT_UNKNOWN : sight_of(command & PCI_COMMAND_MASTER);
}

static void look_at_holders(const struct holders *h, pid_t pid, const struct pf *pf,
                            const struct vf *vf, struct evidence *e)
{
    e->open = h->incomplete ? SIGHT_UNKNOWN : SIGHT_NO;
    for (size_t i = 0; i < h->count; i++) {
        const struct holder *at = &h->items[i];

        if (at->vf != (int)vf->index || !str_eq(at->pf, pf->key))
            continue;
        if ((at->kind == HOLDER_VFIO || at->kind == HOLDER_IOMMUFD) && at->pid == pid)
            e->open = SIGHT_YES;
        if (at->kind == HOLDER_UPPER && str_eq(at->comm, "macvtap"))
            STR_SET(e->macvtap, at->name);
    }
}

/* What the PF's driver does not count is left out. */
static int read_traffic(struct backend *b, const struct pf *pf, const struct vf *vf,
                        struct evidence *e)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    _cleanup_(link_traffic_done) struct link_traffic t = { 0 };

    traffic_request(&request, pf->ifindex, true);
    if (buf_ok(&request) < 0)
        return -ENOMEM;
    if (b->ops->nl_query(b, NETLINK_ROUTE, request.data, &reply, NULL) < 0 ||
        traffic_parse(&reply, &t) < 0 || !traffic_has_vf_counts(&t))
        return 0;
    for (size_t i = 0; i < t.count; i++) {
        if (t.items[i].index != vf->index)
            continue;
        e->counts = true;
        e->rx_packets = t.items[i].traffic.value[TRAFFIC_RX_PACKETS];
        e->tx_packets = t.items[i].traffic.value[TRAFFIC_TX_PACKETS];
    }
    return 0;
}

int evidence_read(struct app *a, pid_t pid, const struct pf *pf, const struct vf *vf,
                  struct evidence *ret)
{
    struct backend *b = a->session.backend;
    struct evidence e = { 0 };

    look_at_holders(&a->session.holders, pid, pf, vf, &e);
    e.masters = masters_bus(b, vf);
    if (vf->pci[0] && vfio_interrupts_read(vf->pci, &e.interrupts) >= 0)
        e.interrupts_known = SIGHT_YES;
    if (pf->ifindex > 0 && read_traffic(b, pf, vf, &e) < 0)
        return error_no_memory(&a->error);
    *ret = e;
    return 0;
}
