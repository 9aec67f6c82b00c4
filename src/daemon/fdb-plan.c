/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One PF's filter table. Where others put the same address, it is theirs: the kernel's -EEXIST says
 * so, and the mark is dropped again. Refused addresses are tried again with each change, one at a
 * time as long as the table is full.
 */
#include "daemon/fdb-plan.h"

#include <errno.h>
#include <linux/netlink.h>

#include "base/mac.h"

#define MASTERS_MAX 4 /* PF, team, bond, bridge */
#define BATCH 256

bool fdb_is_full(int error)
{
    return error == -ENOSPC || error == -ENOMEM; /* igb and ixgbe say the second */
}

/* ---- what is wanted ---- */

bool fdb_find_bridge(const struct snapshot *s, const struct pf *pf, struct fdb_port *ret)
{
    const struct rtnl_link *link = snapshot_link(s, pf->ifindex);

    for (int depth = 0; link && depth < MASTERS_MAX; depth++) {
        const struct rtnl_link *master = link->master > 0 ? snapshot_link(s, link->master) : NULL;

        if (master && str_eq(master->kind, "bridge")) {
            *ret = (struct fdb_port){ .pf = pf, .port = link->ifindex, .bridge = master };
            return true;
        }
        link = master;
    }
    return false;
}

static bool is_of_the_card(const struct pf *pf, uint64_t mac)
{
    if (pf->has_mac && pf->mac == mac)
        return true;
    for (size_t i = 0; i < pf->n_vfs; i++) {
        const struct attrs *a = &pf->vfs[i].attrs;

        if (attrs_has(a, SRIOV_MAC) && a->value[SRIOV_MAC] == mac)
            return true;
    }
    return false;
}

static bool is_behind(const struct fdb_port *p, const struct fdb_entry *e)
{
    return !e->self && !e->local && e->ifindex != p->port;
}

int fdb_wanted(const struct fdb_port *p, const struct fdb *bridge, struct fdb_marks *ret)
{
    int r = 0;

    if (p->bridge->has_mac && !is_of_the_card(p->pf, p->bridge->mac))
        r = fdb_marks_add(ret, p->pf->key, p->bridge->mac);
    for (size_t i = 0; r >= 0 && i < bridge->count && ret->count < FDB_TABLE_LIMIT; i++) {
        const struct fdb_entry *e = &bridge->items[i];

        if (is_behind(p, e) && !is_of_the_card(p->pf, e->mac))
            r = fdb_marks_add(ret, p->pf->key, e->mac);
    }
    return r;
}

/* ---- the kernel ---- */

static int query(struct backend *b, const struct buf *request, struct fdb *ret)
{
    _cleanup_buf_ struct buf reply = BUF_INIT;
    int r = buf_ok(request);

    if (r >= 0)
        r = b->ops->nl_query(b, NETLINK_ROUTE, request->data, &reply, NULL);
    return r < 0 ? r : bridge_parse_fdb(&reply, ret);
}

static int read_wanted(struct backend *b, const struct fdb_port *p, struct fdb_marks *ret)
{
    _cleanup_buf_ struct buf request = BUF_INIT;
    _cleanup_(fdb_done) struct fdb bridge = { 0 };
    int r;

    if (!p->bridge)
        return 0;
    bridge_request_fdb(&request, p->bridge->ifindex);
    r = query(b, &request, &bridge);
    return r < 0 ? r : fdb_wanted(p, &bridge, ret);
}

/* The addresses that are in the PF's own table, whoever put them there. */
static int read_table(struct backend *b, const struct fdb_port *p, struct fdb_marks *ret)
{
    _cleanup_buf_ struct buf request = BUF_INIT;
    _cleanup_(fdb_done) struct fdb all = { 0 };
    int r;

    bridge_request_fdb_of(&request, p->pf->ifindex);
    r = query(b, &request, &all);
    for (size_t i = 0; r >= 0 && i < all.count; i++) {
        if (all.items[i].self && all.items[i].ifindex == p->pf->ifindex)
            r = fdb_marks_add(ret, p->pf->key, all.items[i].mac);
    }
    return r;
}

static int change(struct backend *b, const struct fdb_port *p, const struct fdb_marks *which,
                  bool add, struct nl_ack *acks)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    int r;

    for (size_t i = 0; i < which->count; i++)
        bridge_change_fdb(&batch, p->pf->ifindex, which->items[i].mac, add);
    r = buf_ok(&batch);
    return r < 0 ? r : b->ops->nl_change(b, NETLINK_ROUTE, &batch, acks, which->count);
}

/* ---- out ---- */

/* Ours that are not wanted, at most BATCH; those that somebody took out meanwhile are only
 * forgotten.
 */
static int find_stale(const struct fdb_port *p, const struct fdb_marks *wanted,
                      const struct fdb_marks *table, struct fdb_marks *marks, struct fdb_marks *ret)
{
    int r = 0;

    for (size_t i = marks->count; r >= 0 && i > 0; i--) {
        const struct fdb_mark m = marks->items[i - 1];

        if (!str_eq(m.pf, p->pf->key) || fdb_marks_has(wanted, m.pf, m.mac))
            continue;
        if (!fdb_marks_has(table, m.pf, m.mac))
            fdb_marks_remove(marks, m.pf, m.mac);
        else if (ret->count < BATCH)
            r = fdb_marks_add(ret, m.pf, m.mac);
    }
    return r;
}

static int take_out(struct backend *b, struct fdb_port *p, const struct fdb_marks *stale,
                    struct fdb_marks *marks)
{
    struct nl_ack acks[BATCH] = { 0 };
    int r;

    if (stale->count == 0)
        return 0;
    r = change(b, p, stale, false, acks);
    for (size_t i = 0; r >= 0 && i < stale->count; i++) {
        if (acks[i].error == 0 || acks[i].error == -ENOENT)
            fdb_marks_remove(marks, stale->items[i].pf, stale->items[i].mac);
        else if (p->error == 0)
            p->error = acks[i].error;
    }
    return r;
}

/* ---- in ---- */

static int find_missing(const struct fdb_marks *wanted, const struct fdb_marks *table, size_t most,
                        struct fdb_marks *ret, size_t *ret_left_out)
{
    size_t left_out = 0;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < wanted->count; i++) {
        const struct fdb_mark *m = &wanted->items[i];

        if (fdb_marks_has(table, m->pf, m->mac))
            continue;
        left_out++;
        if (ret->count < most)
            r = fdb_marks_add(ret, m->pf, m->mac);
    }
    *ret_left_out = left_out;
    return r;
}

static int put_in(struct backend *b, const char *state_dir, struct fdb_port *p,
                  const struct fdb_marks *missing, struct fdb_marks *marks)
{
    struct nl_ack acks[BATCH] = { 0 };
    int r = 0;

    if (missing->count == 0)
        return 0;
    for (size_t i = 0; r >= 0 && i < missing->count; i++)
        r = fdb_marks_add(marks, missing->items[i].pf, missing->items[i].mac);
    if (r >= 0)
        r = fdb_marks_save(state_dir, marks);
    if (r >= 0)
        r = change(b, p, missing, true, acks);
    for (size_t i = 0; r >= 0 && i < missing->count; i++) {
        if (acks[i].error == 0 || acks[i].error == -EEXIST)
            p->left_out--;
        else if (p->error == 0)
            p->error = acks[i].error;
        if (acks[i].error != 0)
            fdb_marks_remove(marks, missing->items[i].pf, missing->items[i].mac);
    }
    return r;
}

/* ---- both ---- */

int fdb_keep(struct backend *b, const char *state_dir, struct fdb_port *p, struct fdb_marks *marks)
{
    _cleanup_(fdb_marks_done) struct fdb_marks wanted = { 0 }, table = { 0 };
    _cleanup_(fdb_marks_done) struct fdb_marks stale = { 0 }, missing = { 0 };
    bool was_full = fdb_is_full(p->error);
    int r;

    p->error = 0;
    p->left_out = 0;
    r = read_wanted(b, p, &wanted);
    if (r >= 0)
        r = read_table(b, p, &table);
    if (r >= 0)
        r = find_stale(p, &wanted, &table, marks, &stale);
    if (r >= 0)
        r = take_out(b, p, &stale, marks);
    if (r >= 0)
        r = find_missing(&wanted, &table, was_full ? stale.count + 1 : BATCH, &missing,
                         &p->left_out);
    if (r >= 0)
        r = put_in(b, state_dir, p, &missing, marks);
    p->more = r >= 0 && p->error == 0 && (p->left_out > 0 || stale.count == BATCH);
    if (r >= 0)
        r = fdb_marks_save(state_dir, marks);
    return r;
}
