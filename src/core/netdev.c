/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding and changing the netdev of a VF across network namespaces.
 */
#include "core/netdev.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "kernel/enter.h"
#include "kernel/events.h"

#define ADDRESS_NS (5 * UINT64_C(1000000000))

void netdev_done(struct netdev *n)
{
    backend_free(n->own);
    strv_done(&n->link.altnames);
    *n = (struct netdev){ 0 };
}

static int take_link(const struct rtnl_link *link, struct rtnl_link *ret)
{
    struct rtnl_link copy = *link;
    int r = 0;

    copy.altnames = STRV_INIT;
    for (size_t i = 0; r >= 0 && i < link->altnames.count; i++)
        r = strv_add(&copy.altnames, link->altnames.items[i]);
    if (r < 0)
        strv_done(&copy.altnames);
    else
        *ret = copy;
    return r;
}

int netdev_here(struct backend *b, const struct snapshot *s, const struct vf *vf,
                struct netdev *ret)
{
    const struct rtnl_link *link = snapshot_link(s, vf->ifindex);
    struct netdev n = { .present = link, .b = b };
    int r = 0;

    if (link)
        r = take_link(link, &n.link);
    if (r >= 0)
        *ret = n;
    return r;
}

/* ---- in another namespace ---- */

int netdev_open(int netns, struct netdev *ret)
{
    struct netdev n = { 0 };
    int r;

    r = backend_in_netns(netns, &n.own);
    if (r < 0)
        return r;
    n.b = n.own;
    *ret = n;
    return 0;
}

static int query_links(const struct netdev *n, const struct buf *request, struct rtnl_links *ret)
{
    _cleanup_buf_ struct buf reply = BUF_INIT;
    int r;

    r = buf_ok(request);
    if (r >= 0)
        r = n->b->ops->nl_query(n->b, NETLINK_ROUTE, request->data, &reply, NULL);
    return r < 0 ? r : rtnl_parse_links(&reply, ret);
}

int netdev_links(const struct netdev *n, struct rtnl_links *ret)
{
    _cleanup_buf_ struct buf request = BUF_INIT;

    rtnl_request_links(&request);
    return query_links(n, &request, ret);
}

int netdev_find(struct netdev *n, const char *pci, const char *name)
{
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    _cleanup_buf_ struct buf request = BUF_INIT;
    int r;

    if (pci)
        rtnl_request_links(&request);
    else
        rtnl_request_link(&request, name, false);
    r = query_links(n, &request, &links);
    strv_done(&n->link.altnames);
    n->present = false;
    for (size_t i = 0; r >= 0 && !n->present && i < links.count; i++) {
        if (pci && !str_eq(links.items[i].parent, pci))
            continue;
        r = take_link(&links.items[i], &n->link);
        n->present = r >= 0;
    }
    return r == -ENODEV ? 0 : r;
}

int netdev_look_at(const char *path, const char *pci, struct netdev *ret)
{
    _cleanup_(netdev_done) struct netdev n = { 0 };
    _cleanup_close_ int netns = -1;
    int r;

    r = netns_open(path, &netns, NULL);
    if (r >= 0)
        r = netdev_open(netns, &n);
    if (r >= 0)
        r = netdev_find(&n, pci, NULL);
    if (r < 0)
        return r;
    *ret = n;
    n = (struct netdev){ 0 };
    return 0;
}

int netdev_search(struct backend *b, const char *pci, struct netdev *ret)
{
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs all = { 0 };
    int r;

    r = b->ops->foreign_netdevs(b, &all);
    for (size_t i = 0; r >= 0 && i < all.count; i++) {
        const struct foreign_netdev *f = &all.items[i];
        struct netdev n = { 0 };
        char path[128];

        if (!str_eq(f->parent, pci))
            continue;
        if (f->pid > 0)
            snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)f->pid);
        else
            snprintf(path, sizeof(path), "/run/netns/%s", f->netns);
        if (netdev_look_at(path, pci, &n) >= 0 && n.present) {
            *ret = n;
            return 0;
        }
        netdev_done(&n);
    }
    return r;
}

/* ---- changes ---- */

static int first_failure(const struct nl_ack *acks, size_t count, const char *object,
                         const char *what, struct sriov_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (acks[i].error >= 0)
            continue;
        error_set(error, error_code_of(-acks[i].error), -acks[i].error, object, "cannot %s", what);
        error_kernel(error, acks[i].text);
        return acks[i].error;
    }
    return 0;
}

int netdev_change(const struct netdev *n, const struct buf *batch, size_t count, const char *object,
                  const char *what, struct sriov_error *error)
{
    _cleanup_free_ struct nl_ack *acks = NULL;
    int r;

    if (count == 0)
        return 0;
    acks = calloc(count, sizeof(*acks));
    if (!acks || buf_ok(batch) < 0)
        return error_no_memory(error);
    r = n->b->ops->nl_change(n->b, NETLINK_ROUTE, batch, acks, count);
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, object, "cannot %s", what);
    return first_failure(acks, count, object, what, error);
}

int netdev_set_address(struct netdev *n, uint64_t mac, const char *object,
                       struct sriov_error *error)
{
    _cleanup_buf_ struct buf message = BUF_INIT;
    char what[64], text[ATTR_TEXT_SIZE];
    struct attrs wanted = { 0 };
    int r;

    attrs_set(&wanted, SRIOV_MAC, mac);
    attr_text(attr_row(SRIOV_MAC), &wanted, text);
    snprintf(what, sizeof(what), "give the VF's netdev the address %.24s", text);
    rtnl_change_address(&message, n->link.ifindex, mac);
    r = netdev_change(n, &message, 1, object, what, error);
    if (r >= 0)
        n->link.mac = mac;
    return r;
}

static bool has_address(struct netdev *n, uint64_t mac)
{
    char name[16];

    STR_SET(name, n->link.name);
    return netdev_find(n, NULL, name) >= 0 && n->present && n->link.mac == mac;
}

/* What drivers say while the VF is in its reset. */
static bool may_pass(int error)
{
    return error == -EAGAIN || error == -EBUSY || error == -EADDRNOTAVAIL || error == -EPERM ||
           error == -ENETDOWN || error == -EIO;
}

/* A tenth of a second after each try: a netdev in another namespace sends its events there. */
int netdev_await_address(struct netdev *n, uint64_t mac, const char *object,
                         struct sriov_error *error)
{
    uint64_t end;
    int r;

    if (n->link.has_mac && n->link.mac == mac)
        return 0;
    r = netdev_set_address(n, mac, object, error);
    for (end = events_now() + ADDRESS_NS; may_pass(r) && events_now() < end;) {
        usleep(100000);
        r = has_address(n, mac) ? 0 : netdev_set_address(n, mac, object, error);
    }
    return r;
}
