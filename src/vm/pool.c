/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm pool: networks of libvirt that give each domain a VF of its own. One at a time works
 * on them; that there are any is told to sriovd by a file of the state folder, so that it has
 * nothing to do with libvirt where there are none.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/file.h"
#include "base/table.h"
#include "cli/lending.h"
#include "cli/text.h"
#include "core/pool.h"
#include "vm/device-option.h"
#include "vm/pool-members.h"
#include "vm/verb.h"

static const struct option_row options[] = {
    { "from", 0, OPTION_TEXT, OPTION(from), "POOL|PF[,PF...]",
      .help = "define: a pool of the policy, or the PFs whose VFs it gives" },
    { "mode", 0, OPTION_CHOICE, OPTION(mode), "MODE", device_modes,
      .help = "define: hostdev (the VF itself, the default) or macvtap (on its netdev)" },
    { "macvtap", 0, OPTION_CHOICE, OPTION(macvtap), "MODE", device_macvtaps,
      .help = "define: how the macvtaps work: passthrough (the default), bridge, vepa, private" },
    { "connect", 0, OPTION_TEXT, OPTION(connect), "URI",
      .help = "the libvirt to talk to, instead of qemu:///system" },
    OPTION_DRY_RUN,
    { NULL },
};

/* What the words work with. */
struct work {
    struct app *app;
    struct networks *libvirt;
    struct desired pools; /* of the policy */
    struct strv domains;
    int lock;
    char mark[PATH_MAX];
    struct json_writer json;
    struct table table;
};

static void work_done(struct work *w)
{
    networks_close(w->libvirt);
    desired_done(&w->pools);
    strv_done(&w->domains);
    close_p(&w->lock);
    table_done(&w->table);
}

/* ---- alone, and known to the daemon ---- */

static int lock(struct work *w)
{
    struct app *a = w->app;
    snprintf(w->mark, sizeof(w->mark), "%s/vm-pools", lending_dir(a));
    int r = file_make_dirs(lending_dir(a), 0700);
    w->lock = r < 0 ? -1 : open(w->mark, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (r >= 0 && (w->lock < 0 || flock(w->lock, LOCK_EX) < 0))
        r = -errno;
    return r < 0 ? error_set(&a->error, error_code_of(-r), -r, w->mark, "cannot be locked") : 0;
}

static int unmark_if_none(struct work *w)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    int r = networks_ours(w->libvirt, &names, &w->app->error);
    if (r >= 0 && names.count == 0)
        unlink(w->mark);
    return r;
}

/* ---- one pool ---- */

/* Everything that decides which VFs it is to have. */
static int look(struct work *w)
{
    struct app *a = w->app;
    int r = session_holders(&a->session, &a->error);
    if (r >= 0)
        r = pools_load(lending_dir(a), &w->pools, &a->error);
    if (r >= 0)
        r = networks_domains(w->libvirt, &w->domains, &a->error);
    if (r >= 0 && a->session.holders.incomplete)
        app_note(a, "not every process could be looked into: a VF may be in use all the same");
    return r;
}

struct members {
    struct pool_vfs vfs;
    struct strv list;
    bool in_step; /* before anything was changed */
};

static void members_done(struct members *m)
{
    pool_vfs_done(&m->vfs);
    strv_done(&m->list);
}

static int find_members(struct work *w, const struct network *n, bool lenient, struct members *ret)
{
    struct app *a = w->app;
    const struct pool_scene scene = {
        .snapshot = a->session.snapshot,
        .pools = &w->pools,
        .holders = &a->session.holders,
        .domains = &w->domains,
        .network = n,
    };
    int r = pool_vfs_find(&scene, lenient, &ret->vfs, &a->error);
    if (r >= 0 && pool_vfs_members(&ret->vfs, &ret->list) < 0)
        r = error_no_memory(&a->error);
    ret->in_step = pool_is_in_step(&n->members, &ret->list);
    return r;
}

static int read_ours(struct work *w, const char *name, struct network *ret)
{
    struct app *a = w->app;
    int r = networks_read(w->libvirt, name, ret, &a->error);
    if (r < 0 || ret->from[0])
        return r;
    r = error_set(&a->error, SRIOV_USAGE, 0, name, "is a network of libvirt that is not ours");
    error_remedy(&a->error, "`virsh net-dumpxml %s` shows it; take another name", name);
    return r;
}

static int refuse_used(struct work *w, const struct network *n, const char *what)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    struct app *a = w->app;
    for (size_t i = 0; i < n->n_ports; i++)
        buf_printf(&names, "%s%s (%s)", i ? ", " : "", n->ports[i].owner, n->ports[i].member);
    error_set(&a->error, SRIOV_IN_USE, 0, n->name, "domains have VFs of it: %.180s",
              buf_ok(&names) < 0 ? "" : names.data);
    error_remedy(&a->error, "%s", what);
    return -EBUSY;
}

/* ---- output ---- */

static size_t count_state(const struct pool_vfs *v, enum pool_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < v->count; i++)
        count += v->items[i].state == state;
    return count;
}

static void vf_json(const struct pool_vf *vf, bool hostdev, struct json_writer *w)
{
    json_object(w, NULL);
    json_str(w, "vf", vf->label);
    json_str(w, hostdev ? "pci" : "netdev", *vf->member ? vf->member : NULL);
    json_str(w, "state", pool_state_name(vf->state));
    json_str(w, "who", *vf->who ? vf->who : NULL);
    json_end(w);
}

static void pool_json(const struct network *n, const struct members *m, bool changed,
                      struct json_writer *w)
{
    json_object(w, NULL);
    json_str(w, "name", n->name);
    json_str(w, "mode", n->mode);
    json_str(w, "from", n->from);
    json_bool(w, "active", n->active);
    json_bool(w, "in_step", m->in_step || changed);
    json_bool(w, "changed", changed);
    json_array(w, "vfs");
    for (size_t i = 0; i < m->vfs.count; i++)
        vf_json(&m->vfs.items[i], str_eq(n->mode, NETWORK_HOSTDEV), w);
    json_end(w);
    json_end(w);
}

/* "fast: 3 VFs, enp1s0/0 enp1s0/2 enp1s0/3", and who has the others. */
static void print_pool(struct work *w, const struct network *n, const struct members *m,
                       bool changed)
{
    struct app *a = w->app;
    if (a->options.json) {
        pool_json(n, m, changed, &w->json);
        return;
    }
    buf_printf(&a->out, "%s: %zu VF%s%s", n->name, m->list.count, m->list.count == 1 ? "" : "s",
               changed      ? ""
               : m->in_step ? ", as it was"
                            : ", not changed yet");
    for (size_t i = 0; i < m->vfs.count; i++)
        if (m->vfs.items[i].state != POOL_TAKEN)
            buf_printf(&a->out, " %s", m->vfs.items[i].label);
    buf_add_char(&a->out, '\n');
    for (size_t i = 0; i < m->vfs.count; i++)
        if (m->vfs.items[i].state == POOL_TAKEN)
            app_note(a, "%s: %s is left out: %s", n->name, m->vfs.items[i].label,
                     m->vfs.items[i].who);
    if (!n->active && !changed)
        app_note(a, "%s is stopped; `virsh net-start %s` starts it", n->name, n->name);
}

/* ---- the words ---- */

static int refresh_one(struct work *w, const char *name)
{
    _cleanup_(network_done) struct network n = { 0 };
    _cleanup_(members_done) struct members m = { 0 };
    struct app *a = w->app;
    int r = read_ours(w, name, &n);
    if (r >= 0)
        r = find_members(w, &n, true, &m);
    if (r < 0)
        return r;
    bool change = !m.in_step && !a->options.dry_run;
    r = change ? networks_change(w->libvirt, &n, &m.list, &a->error) : 0;
    if (r >= 0)
        print_pool(w, &n, &m, change);
    return r;
}

/* One that fails does not keep the others; the first error is the answer. */
static int run_refresh(struct work *w)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    struct sriov_error first = { 0 };
    struct app *a = w->app;
    int result = 0;
    int r = look(w);
    if (r >= 0 && a->n_args > 1)
        r = strv_add(&names, a->args[1]) < 0 ? error_no_memory(&a->error) : 0;
    else if (r >= 0)
        r = networks_ours(w->libvirt, &names, &a->error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < names.count; i++) {
        r = refresh_one(w, names.items[i]);
        if (r < 0 && result >= 0) {
            result = r;
            first = a->error;
        }
    }
    if (result < 0)
        a->error = first;
    return result < 0 ? result : unmark_if_none(w);
}

static int read_wish(struct app *a, struct network *ret)
{
    const struct options *o = &a->options;
    struct vm_device device;
    int r = device_options(a, &device);
    if (r < 0)
        return r;
    if (!o->from || !*o->from)
        return error_set(&a->error, SRIOV_USAGE, 0, "--from",
                         "is missing: a pool of the policy, or PFs");
    if (!STR_SET(ret->from, o->from) || !str_is_plain(o->from, sizeof(ret->from) - 1))
        return error_set(&a->error, SRIOV_USAGE, 0, "--from", "is too long, or no plain text");
    if (!STR_SET(ret->name, a->args[1]) || !str_is_plain(a->args[1], sizeof(ret->name) - 1) ||
        strchr(a->args[1], '/'))
        return error_set(&a->error, SRIOV_USAGE, 0, a->args[1], "is no name for a network");
    if (device.mode == VM_HOSTDEV)
        STR_SET(ret->mode, NETWORK_HOSTDEV);
    else
        STR_SET(ret->mode, device.macvtap ? device.macvtap : "passthrough");
    return 0;
}

/* There is one of this name. It is ours, so it may be made anew, unless domains would lose what
 * they have. */
static int replace(struct work *w, const struct network *there, const struct network *wish)
{
    struct app *a = w->app;
    if (there->n_ports > 0)
        return refuse_used(w, there, "end those, or define another");
    app_note(a, "%s was there, from %s; it is made anew", wish->name, there->from);
    return networks_remove(w->libvirt, wish->name, &a->error);
}

static int define_new(struct work *w, struct network *n)
{
    _cleanup_(members_done) struct members m = { 0 };
    struct app *a = w->app;
    int r = find_members(w, n, false, &m);
    if (r < 0)
        return r;
    if (a->options.dry_run) {
        print_pool(w, n, &m, false);
        return 0;
    }
    n->members = m.list;
    r = networks_define(w->libvirt, n, &a->error);
    n->members = STRV_INIT;
    n->active = r >= 0;
    if (r >= 0)
        print_pool(w, n, &m, true);
    return r;
}

static int run_define(struct work *w)
{
    _cleanup_(network_done) struct network there = { 0 };
    struct network wish = { 0 };
    struct app *a = w->app;
    int r = read_wish(a, &wish);
    if (r >= 0)
        r = look(w);
    if (r < 0)
        return r;
    r = read_ours(w, wish.name, &there);
    if (r == -ENOENT)
        r = 0;
    else if (r >= 0 && there.active && str_eq(there.from, wish.from) &&
             str_eq(there.mode, wish.mode))
        return refresh_one(w, wish.name);
    else if (r >= 0 && !a->options.dry_run)
        r = replace(w, &there, &wish);
    return r < 0 ? r : define_new(w, &wish);
}

static int run_undefine(struct work *w)
{
    _cleanup_(network_done) struct network n = { 0 };
    struct app *a = w->app;
    int r = read_ours(w, a->args[1], &n);
    if (r >= 0 && n.n_ports > 0)
        r = refuse_used(w, &n, "end those first: libvirt would forget who has which VF");
    if (r >= 0 && !a->options.dry_run)
        r = networks_remove(w->libvirt, n.name, &a->error);
    return r < 0 ? r : unmark_if_none(w);
}

static void list_rows(struct work *w, const struct network *n, const struct members *m)
{
    char members[NUMBER_SIZE], free_vfs[NUMBER_SIZE], used[NUMBER_SIZE];
    if (w->app->options.json) {
        pool_json(n, m, false, &w->json);
        return;
    }
    table_add(&w->table,
              (const char *[]){ n->name, n->mode, n->from,
                                !n->active   ? "stopped"
                                : m->in_step ? "in step"
                                             : "not in step",
                                text_number((int64_t)n->members.count, members),
                                text_number((int64_t)count_state(&m->vfs, POOL_FREE), free_vfs),
                                text_number((int64_t)count_state(&m->vfs, POOL_USED), used) });
}

static int run_list(struct work *w)
{
    static const char *const headings[] = {
        "NAME", "MODE", "FROM", "STATE", "VFS", "FREE", "USED"
    };
    _cleanup_strv_ struct strv names = STRV_INIT;
    struct app *a = w->app;
    table_init(&w->table, headings, ELEMENTS(headings));
    int r = look(w);
    if (r >= 0)
        r = networks_ours(w->libvirt, &names, &a->error);
    for (size_t i = 0; r >= 0 && i < names.count; i++) {
        _cleanup_(network_done) struct network n = { 0 };
        _cleanup_(members_done) struct members m = { 0 };
        if (a->n_args > 1 && !str_eq(a->args[1], names.items[i]))
            continue;
        r = read_ours(w, names.items[i], &n);
        if (r >= 0)
            r = find_members(w, &n, true, &m);
        if (r >= 0)
            list_rows(w, &n, &m);
    }
    if (r < 0 || a->options.json)
        return r;
    if (names.count == 0)
        app_note(a, "libvirt has no pool of ours");
    return names.count > 0 && table_print(&w->table, &a->out, a->colour) < 0
               ? error_no_memory(&a->error)
               : 0;
}

static const struct {
    const char *name;
    int (*run)(struct work *w);
    size_t min_args;
    bool changes;
} words[] = {
    { "define", run_define, 2, true },
    { "refresh", run_refresh, 1, true },
    { "undefine", run_undefine, 2, true },
    { "list", run_list, 1, false },
};

static int run_word(struct app *a, size_t i)
{
    _cleanup_(work_done) struct work w = { .app = a, .lock = -1, .json = JSON_WRITER(&a->out) };
    if (a->n_args < words[i].min_args)
        return error_set(&a->error, SRIOV_USAGE, 0, words[i].name,
                         "the name of the pool is missing");
    int r = words[i].changes ? lending_recover(a) : 0;
    if (r >= 0)
        r = networks_open(a->options.connect, &w.libvirt, &a->error);
    if (r >= 0 && words[i].changes && !a->options.dry_run)
        r = lock(&w);
    if (r < 0)
        return r;
    bool json = a->options.json;
    if (json) {
        json_object(&w.json, NULL);
        json_array(&w.json, "pools");
    }
    r = words[i].run(&w);
    if (json) {
        json_end(&w.json);
        json_end(&w.json);
        buf_add_char(&a->out, '\n');
    }
    return r;
}

static int run_pool(struct app *a)
{
    const char *names[ELEMENTS(words) + 1] = { NULL };
    for (size_t i = 0; i < ELEMENTS(words); i++) {
        names[i] = words[i].name;
        if (str_eq(words[i].name, a->args[0]))
            return run_word(a, i);
    }
    const char *nearest = str_nearest(a->args[0], names);
    int r = error_set(&a->error, SRIOV_USAGE, 0, a->args[0], "no such word of vm pool");
    if (nearest)
        error_remedy(&a->error, "did you mean %s?", nearest);
    else
        error_remedy(&a->error, "usage: sriovctl vm pool define|refresh|undefine|list");
    return r;
}

const struct verb verb_vm_pool = {
    .name = "pool",
    .synopsis = "pool define|refresh|undefine|list [NAME]",
    .help = "keep networks of libvirt that give each domain a VF",
    .details =
        (const char *const[]){
            "define makes a network of libvirt from the VFs of a pool of the policy, or of one or more PFs, and "
            "starts it. A domain with <interface type='network'><source network='NAME'/></interface> gets one of "
            "them for itself when it starts. In the list are only VFs that nobody has: no lease, no process, "
            "no namespace, no address, no other domain's configuration.",
            "refresh brings the list in step with the machine, of NAME or of all; sriovd does it by itself when VFs or leases "
            "come and go. libvirt takes a new list of VFs only by making the network anew: that takes a moment, and running domains keep what "
            "they have. undefine removes a network, unless domains have VFs of it. Networks that were not made by "
            "define are never touched.",
            "With --mode macvtap a domain gets a macvtap on the VF's netdev: an ordinary virtio card, so "
            "the domain can be migrated, at the price of the host's work for each packet.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .flags = VERB_WRITES | VERB_HERE,
    .examples =
        (const struct example[]){
            { "pool define fast --from enp1s0,enp2s0", "a network with the free VFs of two PFs" },
            { "pool define shared --from fast --mode macvtap",
              "the VFs of the policy's pool, as macvtaps" },
            { "pool refresh", "the lists as they should be" },
            { "pool list --json", "each VF of each pool, and who has it" },
            { NULL, NULL },
        },
    .run = run_pool,
};
