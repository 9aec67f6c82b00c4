/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The address of a VF under igb. Once the PF has given one, the VF's netdev takes no other, not
 * even that one, but when the VF is reset. A netdev resets its VF as it goes down, and a netdev
 * that is down does so as its MTU changes (igbvf, 6.12); the address also becomes its permanent
 * one. The other way is to clear the PF's record while the netdev takes its own: quicker, but the
 * permanent address stays, and a VF whose PF has been down since its last reset does not take any.
 */
#include <errno.h>

#include "core/assign-job.h"
#include "core/netdev.h"
#include "core/quirk.h"

static int set_record(struct job *job, uint64_t mac)
{
    _cleanup_buf_ struct buf message = BUF_INIT;
    const struct netdev host = { .b = job->b };
    uint64_t value[SRIOV_ATTR_COUNT] = { 0 };

    value[SRIOV_MAC] = mac;
    rtnl_change_vf(&message, job->pf->ifindex, job->place.index, RTNL_VF_MAC, value);
    attrs_set(&job->vf->attrs, SRIOV_MAC, mac);
    return netdev_change(&host, &message, 1, job->label, "set the VF's address", job->error);
}

static int reset(struct job *job, struct netdev *n)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    char name[16];
    int r;

    if (n->link.up) {
        rtnl_change_up(&batch, n->link.ifindex, false);
        r = netdev_change(n, &batch, 1, job->label, "take the VF's netdev down", job->error);
    } else {
        rtnl_change_mtu(&batch, n->link.ifindex, n->link.mtu > 1000 ? n->link.mtu - 1 : 1000);
        rtnl_change_mtu(&batch, n->link.ifindex, n->link.mtu);
        r = netdev_change(n, &batch, 2, job->label, "reset the VF by its MTU", job->error);
    }
    STR_SET(name, n->link.name);
    if (r >= 0 && netdev_find(n, NULL, name) < 0)
        r = error_set(job->error, SRIOV_FAILED, EIO, name, "cannot be read");
    return r;
}

static int take_by_reset(struct job *job, struct netdev *n, uint64_t mac)
{
    int r;

    r = set_record(job, mac);
    return r < 0 ? r : reset(job, n);
}

static int take_own(struct job *job, struct netdev *n, uint64_t record, uint64_t mac)
{
    int r;

    r = set_record(job, 0);
    if (r >= 0)
        r = netdev_set_address(n, mac, job->label, job->error);
    return r < 0 ? r : set_record(job, record);
}

int job_give_address(struct job *job, struct netdev *n, uint64_t record, uint64_t mac,
                     bool permanent)
{
    int r;

    if (!driver_has(job->pf->driver, DRIVER_PF_MAC_FINAL))
        return 0;
    if (record == mac && permanent) {
        r = take_by_reset(job, n, mac);
        if (r < 0 || (n->present && n->link.mac == mac))
            return r;
    }
    r = take_own(job, n, record, mac);
    return r < 0 && record == mac && !permanent ? take_by_reset(job, n, mac) : r;
}
