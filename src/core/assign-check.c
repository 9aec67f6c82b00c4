/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two questions about one VF: does anybody use it who has no lease, and is it still what its lease
 * says?
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "core/assign-job.h"
#include "core/netdev.h"
#include "core/planner.h"

/* ---- who uses it? ---- */

int job_in_use(struct job *job, const char *by, const char *name)
{
    error_set(job->error, SRIOV_IN_USE, 0, job->label, "is in use: %s%s%s", by, *name ? " " : "",
              name);
    error_remedy(job->error, "`sriovctl list` and `sriovctl leases` show who has which VF");
    return -EBUSY;
}

static int find_address(struct job *job)
{
    _cleanup_(rtnl_addresses_done) struct rtnl_addresses addresses = { 0 };
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    int r;

    rtnl_request_addresses_of(&request, job->vf->ifindex);
    r = buf_ok(&request);
    if (r >= 0)
        r = job->b->ops->nl_query(job->b, NETLINK_ROUTE, request.data, &reply, NULL);
    if (r >= 0)
        r = rtnl_parse_addresses(&reply, &addresses);
    if (r < 0)
        return error_set(job->error, error_code_of(-r), -r, job->label, "cannot read addresses");
    for (size_t i = 0; i < addresses.count; i++)
        if (addresses.items[i].ifindex == job->vf->ifindex && !addresses.items[i].link_local_v6)
            return job_in_use(job, "it has the address", addresses.items[i].text);
    return 0;
}

/* A vlan, macvlan, bond or bridge on it: the kernel links upwards in the netdev's folder. */
static int find_upper(struct job *job, const struct rtnl_link *link)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    char path[64];

    snprintf(path, sizeof(path), "/sys/class/net/%s", link->name);
    if (job->b->ops->list_dir(job->b, path, &names) < 0)
        return 0; /* renamed meanwhile; the address was looked for by number */
    for (size_t i = 0; i < names.count; i++)
        if (str_starts(names.items[i], "upper_"))
            return job_in_use(job, "below", names.items[i] + strlen("upper_"));
    return 0;
}

/* Of a VF for user programs: all processes are looked at. */
int job_check_processes(struct job *job)
{
    _cleanup_(holders_done) struct holders found = { 0 };
    char text[HOLDER_TEXT_SIZE];
    int r;

    r = holders_find(job->b, job->snapshot, NULL, 0, &found, job->error);
    for (size_t i = 0; r >= 0 && i < found.count; i++) {
        if (found.items[i].vf != (int)job->place.index)
            continue;
        holder_text(&found.items[i], text);
        return job_in_use(job, text, "");
    }
    if (r < 0 || !found.incomplete)
        return r;
    error_set(job->error, SRIOV_NOT_PERMITTED, EACCES, job->label,
              "not every process could be looked into, so it may be in use");
    error_remedy(job->error, "run as root on the host, not in a container");
    return -EACCES;
}

int job_check_free(struct job *job)
{
    const struct rtnl_link *link = snapshot_link(job->snapshot, job->vf->ifindex);
    const char *driver = job->vf->attrs.driver;
    char path[128];
    int r;

    if (link) {
        r = find_address(job);
        return r < 0 ? r : find_upper(job, link);
    }
    if (driver_is_passthrough(driver))
        return job_check_processes(job);
    if (!job->vf->sysfs[0] || !driver[0])
        return 0;
    snprintf(path, sizeof(path), "%s/net", job->vf->sysfs);
    if (backend_exists(job->b, path))
        return job_in_use(job, "its netdev is in another network namespace", "");
    return 0;
}

/* ---- is it as it was made? ---- */

struct check {
    struct job *job;
    const struct lease *lease;
    char *ret; /* ASSIGN_DIFFERENCE_SIZE */
};

static bool differs(struct check *c, const char *what, const char *want, const char *have)
{
    snprintf(c->ret, ASSIGN_DIFFERENCE_SIZE, "%s is %.60s, not %.60s", what, have, want);
    return true;
}

static bool settings_differ(struct check *c)
{
    const struct attrs *want = &c->lease->want, *have = &c->job->vf->attrs;

    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
        const struct attr *row = attr_row((enum sriov_attr)a);
        char wanted[ATTR_TEXT_SIZE], found[ATTR_TEXT_SIZE];
        bool agrees = row->id == SRIOV_DRIVER ? driver_agrees(want->driver, have)
                                              : attr_agrees(row->id, want, have);

        /* The MTU is the netdev's, which may be in another namespace; what is not told is not
         * wrong.
         */
        if (!attrs_has(want, row->id) || agrees || row->id == SRIOV_MTU ||
            row->way == WAY_VF_MSIX || (row->way == WAY_VF_NETLINK && !c->job->vf->listed))
            continue;
        attr_text(row, want, wanted);
        attr_text(row, have, found);
        return differs(c, row->name, wanted, found);
    }
    return false;
}

static bool number_differs(struct check *c, enum sriov_attr id, uint64_t found)
{
    struct attrs have = { 0 };
    char wanted[ATTR_TEXT_SIZE], text[ATTR_TEXT_SIZE];

    if (!attrs_has(&c->lease->want, id) || c->lease->want.value[id] == found)
        return false;
    attrs_set(&have, id, found);
    attr_text(attr_row(id), &c->lease->want, wanted);
    attr_text(attr_row(id), &have, text);
    return differs(c, id == SRIOV_MAC ? "the interface's address" : "the interface's MTU", wanted,
                   text);
}

static bool netdev_differs(struct check *c)
{
    const struct lease *l = c->lease;
    struct netdev n = { 0 };
    bool wrong = true;
    int r;

    r = netdev_look_at(l->owner.netns, l->pci, &n);
    if (r < 0)
        snprintf(c->ret, ASSIGN_DIFFERENCE_SIZE, "the network namespace %.120s cannot be entered",
                 l->owner.netns);
    else if (!n.present)
        snprintf(c->ret, ASSIGN_DIFFERENCE_SIZE, "the VF's netdev is not in the network namespace");
    else if (!str_eq(n.link.name, l->ifname))
        differs(c, "the interface's name", l->ifname, n.link.name);
    else if (!n.link.up)
        differs(c, "the interface", "up", "down");
    else
        wrong = number_differs(c, SRIOV_MAC, n.link.mac) ||
                number_differs(c, SRIOV_MTU, n.link.mtu);
    netdev_done(&n);
    return wrong;
}

int assign_check(struct backend *b, const struct lease *l, char ret[ASSIGN_DIFFERENCE_SIZE],
                 struct sriov_error *error)
{
    struct job job = { .b = b, .place = lease_place(l), .lock = -1, .error = error };
    struct check c = { .job = &job, .lease = l, .ret = ret };
    int r;

    *ret = '\0';
    r = job_look(&job, NULL);
    if (r == -ENODEV) {
        snprintf(ret, ASSIGN_DIFFERENCE_SIZE, "the VF is gone");
        r = 0;
    } else if (r >= 0 && !settings_differ(&c) && l->ifname[0] && l->owner.netns[0]) {
        netdev_differs(&c);
    }
    job_done(&job);
    return r;
}
