/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public API of leases: options to a request, over choose and assign.
 */
#include "sriov/lease.h"

#include <errno.h>

#include "core/api.h"
#include "core/choose.h"
#include "core/lease-json.h"
#include "core/setting.h"
#include "core/target.h"
#include "kernel/enter.h"

struct order {
    struct choose_wish wish;
    struct assign_request request;
    int netns;
};

static void order_done(struct order *o)
{
    close_p(&o->netns);
}

static const char *state_dir(const struct sriov *host)
{
    return host->state_dir ? host->state_dir : STATE_DIR_DEFAULT;
}

static int find_place(struct sriov *host, const char *vf, struct vf_place *ret,
                      struct sriov_error *error)
{
    struct session *s = &host->session;
    struct target t = { 0 };
    int r;

    r = session_snapshot_again(s, error);
    if (r >= 0)
        r = target_find(s->snapshot, vf, &t, error);
    if (r < 0)
        return r;
    if (t.has_vfs && t.count == 1) {
        *ret = (struct vf_place){ .bus = t.pf->bus, .index = t.indexes[0] };
        STR_SET(ret->pf, t.pf->key);
    } else {
        r = error_set(error, SRIOV_USAGE, 0, vf, "is not one VF");
    }
    target_done(&t);
    return r;
}

/* ---- options ---- */

struct text_option {
    const char *name, *given;
    char *ret;
    size_t size;
};

static int read_texts(const struct sriov_lease_options *o, struct order *ret,
                      struct sriov_error *error)
{
    struct lease_owner *owner = &ret->request.owner;
    const struct text_option texts[] = {
        { "owner", o->owner, owner->name, sizeof(owner->name) },
        { "netns", o->netns, owner->netns, sizeof(owner->netns) },
        { "container", o->container, owner->container, sizeof(owner->container) },
        { "pf", o->pf, ret->wish.pf, sizeof(ret->wish.pf) },
        { "pool", o->pool, ret->wish.pool, sizeof(ret->wish.pool) },
        { "driver", o->driver, ret->wish.driver, sizeof(ret->wish.driver) },
    };

    for (size_t i = 0; i < ELEMENTS(texts); i++)
        if (texts[i].given &&
            (!*texts[i].given || !str_copy(texts[i].ret, texts[i].size, texts[i].given)))
            return error_set(error, SRIOV_USAGE, 0, texts[i].name, "is %s",
                             *texts[i].given ? "too long" : "empty");
    if (!o->owner)
        return error_set(error, SRIOV_USAGE, 0, "owner", "is missing");
    return 0;
}

static int read_owner(const struct sriov_lease_options *o, struct order *ret,
                      struct sriov_error *error)
{
    struct lease_owner *owner = &ret->request.owner;
    int r;

    owner->pid = o->pid;
    r = owner_identify(owner, error);
    if (r < 0 || !*owner->netns)
        return r;
    r = netns_open(owner->netns, &ret->netns, NULL);
    if (r < 0)
        return error_set(error, SRIOV_USAGE, -r, owner->netns, "is no network namespace");
    ret->request.netns = ret->netns;
    return 0;
}

static int read_options(struct sriov *host, const struct sriov_lease_options *o, struct order *ret,
                        struct sriov_error *error)
{
    unsigned flags = o->flags;
    int r;

    if (o->size != sizeof(*o))
        return error_set(error, SRIOV_USAGE, 0, "options", "are those of another version");
    ret->wish = (struct choose_wish){
        .numa = flags & SRIOV_LEASE_NUMA ? o->numa_node : -1,
        .link = flags & SRIOV_LEASE_LINK,
        .spread = flags & SRIOV_LEASE_SPREAD,
    };
    ret->request = (struct assign_request){
        .state_dir = state_dir(host),
        .netns = -1,
        .ifname = o->ifname,
        .flags = (flags & SRIOV_LEASE_CLEAN ? ASSIGN_CLEAN : 0) |
                 (flags & SRIOV_LEASE_UP ? ASSIGN_UP : 0),
    };
    r = read_texts(o, ret, error);
    for (size_t i = 0; r >= 0 && o->settings && o->settings[i]; i++)
        r = setting_read_lent(o->settings[i], &ret->request.want, "settings", error);
    return r < 0 ? r : read_owner(o, ret, error);
}

/* ---- lease.h ---- */

/* What cannot be taken back must not keep anybody from the other VFs. */
static void recover(struct sriov *host)
{
    if (geteuid() == 0)
        assign_recover(host->session.backend, state_dir(host), NULL, NULL);
}

static int lend(struct sriov *host, const char *vf, const struct order *o, struct lease *ret,
                struct sriov_error *error)
{
    struct session *s = &host->session;
    struct vf_place place;
    int r;

    r = vf ? find_place(host, vf, &place, error) : session_backend(s, error);
    if (r < 0)
        return r;
    recover(host);
    return vf ? assign_acquire(s->backend, &place, &o->request, ret, error)
              : choose_acquire(s->backend, &o->wish, &o->request, ret, NULL, error);
}

int sriov_acquire(struct sriov *host, const char *vf, const struct sriov_lease_options *options,
                  char **ret_json, struct sriov_error *error)
{
    _cleanup_(order_done) struct order order = { .netns = -1 };
    _cleanup_(lease_done) struct lease lease = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text);
    int r;

    r = read_options(host, options, &order, error);
    if (r >= 0)
        r = lend(host, vf, &order, &lease, error);
    if (r < 0 || !ret_json)
        return r;
    r = session_snapshot_again(&host->session, error);
    if (r < 0)
        return r;
    lease_json(&lease, host->session.snapshot, NULL, &w);
    return api_steal(&text, ret_json, error);
}

static int release_place(struct sriov *host, const struct vf_place *place, const char *owner,
                         struct sriov_error *error)
{
    const struct release_request request = { .state_dir = state_dir(host), .owner = owner };
    bool released = false;
    int r;

    r = session_backend(&host->session, error);
    if (r >= 0)
        r = assign_release(host->session.backend, place, &request, &released, error);
    return r < 0 ? r : released;
}

/* One that fails does not keep the others; the first error is the answer. */
static int release_owner(struct sriov *host, const char *owner, struct sriov_error *error)
{
    struct sriov_error first = { 0 };
    struct lease *leases = NULL;
    size_t count = 0;
    int result = 0, r;

    r = lease_list(state_dir(host), &leases, &count, error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < count; i++) {
        const struct vf_place place = lease_place(&leases[i]);

        if (!str_eq(leases[i].owner.name, owner))
            continue;
        r = release_place(host, &place, owner, result < 0 ? NULL : &first);
        if (result >= 0 && r != 0)
            result = r;
    }
    leases_free(leases, count);
    if (result < 0 && error)
        *error = first;
    return result;
}

int sriov_release(struct sriov *host, const char *vf, const char *owner, struct sriov_error *error)
{
    struct vf_place place;
    int r;

    if (!vf)
        return owner ? release_owner(host, owner, error)
                     : error_set(error, SRIOV_USAGE, 0, "", "neither a VF nor an owner is named");
    r = find_place(host, vf, &place, error);
    return r < 0 ? r : release_place(host, &place, owner, error);
}

int sriov_leases_json(struct sriov *host, char **ret, struct sriov_error *error)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text);
    struct lease *leases = NULL;
    size_t count = 0;
    int r;

    r = session_backend(&host->session, error);
    if (r < 0)
        return r;
    recover(host);
    r = session_snapshot_again(&host->session, error);
    if (r >= 0)
        r = lease_list(state_dir(host), &leases, &count, error);
    if (r < 0)
        return r;
    json_object(&w, NULL);
    json_array(&w, "leases");
    for (size_t i = 0; i < count; i++)
        lease_json(&leases[i], host->session.snapshot, NULL, &w);
    json_end(&w);
    json_end(&w);
    leases_free(leases, count);
    return api_steal(&text, ret, error);
}
