/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs steps. Each kind is one row of the table `executors`; kinds that gain from it take a whole
 * run of neighbours at once: netlink settings go out in one send with one attribute group a
 * message, so that each error is known to belong to one VF and attribute, and binds run in
 * parallel.
 */
#include "core/execute.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "core/quirk.h"
#include "kernel/devlink.h"
#include "kernel/events.h"

struct run {
    struct backend *b;
    struct plan *p;
    struct events *events; /* open before the changes whose effects are waited for */
    struct sriov_error *error;
};

static struct pf *pf_of(const struct run *run, const struct step *s)
{
    return run->p->goals.items[s->goal].pf;
}

/* ---- errors ---- */

/* What an errno of sriov_numvfs means and what helps (drivers/pci/iov.c, Linux 6.12). */
static const struct {
    int error;
    const char *remedy;
} count_remedies[] = {
    { ENOMEM,
      "MMIO space or bus numbers are short: 64-bit BARs and ARI in the BIOS, or pci=realloc" },
    { EIO, "the firmware's SR-IOV settings are wrong: update it" },
    { ENOENT, "the driver makes no VFs over sysfs: try --via module-parameter" },
    { EPERM, "the driver's limit: fewer VFs, or MSI-X is off" },
    { EBUSY, "VFs are there already, or the firmware is not ready: try again" },
    { EOPNOTSUPP, "the NIC is in safe mode: install its firmware package (ice: DDP)" },
};

static const char *remedy_for(const struct step *s, int error)
{
    if (error == EROFS)
        return "/sys is mounted read-only here: mount it writable, or leave the container";
    if (s->kind != STEP_CREATE_VFS && s->kind != STEP_REMOVE_VFS)
        return NULL;
    for (size_t i = 0; i < ELEMENTS(count_remedies); i++)
        if (count_remedies[i].error == error)
            return count_remedies[i].remedy;
    return NULL;
}

/* "create 4 VFs", "set vlan to 100". */
static void describe(const struct step *s, char *ret, size_t size)
{
    switch (s->kind) {
    case STEP_REMOVE_VFS:
        snprintf(ret, size, "remove its %s VFs", s->from);
        break;
    case STEP_CREATE_VFS:
        snprintf(ret, size, "create %s VFs", s->to);
        break;
    default:
        snprintf(ret, size, "set %s to %s", attr_row(s->attr)->name, s->to);
        break;
    }
}

static int step_failed(struct run *run, struct step *s, int r, const char *kernel)
{
    const char *remedy = remedy_for(s, -r);
    char object[OBJECT_SIZE], what[96];

    s->state = STEP_FAILED;
    step_object(run->p, s, object);
    describe(s, what, sizeof(what));
    error_set(run->error, error_code_of(-r), -r, object, "cannot %s", what);
    error_kernel(run->error, kernel);
    if (remedy)
        error_remedy(run->error, "%s", remedy);
    return r;
}

static int step_done(struct run *run, struct step *s, int r)
{
    if (r < 0)
        return step_failed(run, s, r, NULL);
    s->state = STEP_DONE;
    return 0;
}

/* Reading anew may have found that somebody else took VFs away meanwhile. */
static int check_vfs_are_there(struct run *run, struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (steps[i].vf >= 0 && (size_t)steps[i].vf >= pf_of(run, &steps[i])->n_vfs)
            return step_failed(run, &steps[i], -ENODEV, "the VF is gone");
    return 0;
}

static int write_attribute(struct run *run, const char *folder, const char *file, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return run->b->ops->write_file(run->b, path, text);
}

/* ---- one netlink change ---- */

static int change_one(struct run *run, struct step *s, int protocol, const struct buf *message)
{
    struct nl_ack ack = { 0 };
    int r;

    r = buf_ok(message);
    if (r >= 0)
        r = run->b->ops->nl_change(run->b, protocol, message, &ack, 1);
    if (r >= 0 && ack.error < 0)
        return step_failed(run, s, ack.error, ack.text);
    return step_done(run, s, r);
}

static int execute_link(struct run *run, struct step *s, size_t count)
{
    _cleanup_buf_ struct buf message = BUF_INIT;
    struct pf *pf = pf_of(run, s);

    switch (s->kind) {
    case STEP_SET_PF_LINK:
        rtnl_change_up(&message, pf->ifindex, str_eq(s->to, "up"));
        break;
    case STEP_SET_PF_MTU:
        rtnl_change_mtu(&message, pf->ifindex, (uint32_t)s->want->value[SRIOV_PF_MTU]);
        break;
    case STEP_SET_VF_MTU:
        rtnl_change_mtu(&message, pf->vfs[s->vf].ifindex, (uint32_t)s->want->value[SRIOV_MTU]);
        break;
    default:
        rtnl_change_name(&message, pf->vfs[s->vf].ifindex, s->want->name);
        break;
    }
    return change_one(run, s, NETLINK_ROUTE, &message);
}

/* A VF's own netdev, for its MTU and name. */
static int execute_vf_link(struct run *run, struct step *s, size_t count)
{
    struct pf *pf = pf_of(run, s);

    if (pf->vfs[s->vf].ifindex == 0)
        return step_failed(run, s, -ENODEV,
                           "it has no netdev here: no driver, or another namespace");
    if (attr_agrees(s->attr, s->want, &pf->vfs[s->vf].attrs)) {
        s->state = STEP_NOT_NEEDED;
        return 0;
    }
    return execute_link(run, s, count);
}

static int execute_eswitch(struct run *run, struct step *s, size_t count)
{
    _cleanup_buf_ struct buf ask = BUF_INIT, reply = BUF_INIT, message = BUF_INIT;
    struct pf *pf = pf_of(run, s);
    uint16_t family;
    int r;

    devlink_request_family(&ask);
    r = run->b->ops->nl_query(run->b, NETLINK_GENERIC, ask.data, &reply, NULL);
    if (r >= 0)
        r = devlink_parse_family(&reply, &family);
    if (r < 0)
        return step_failed(run, s, r, "the kernel has no devlink");
    devlink_change_eswitch(&message, family, pf->bus == PF_ON_PCI ? "pci" : "netdevsim", pf->key,
                           s->want->value[SRIOV_ESWITCH_MODE]);
    r = change_one(run, s, NETLINK_GENERIC, &message);
    /* The driver may make the PF's netdev anew, under another number (mlx5). */
    return r < 0 ? r : snapshot_refresh(run->b, run->p->snapshot, pf, run->error);
}

/* ---- sysfs ---- */

static int execute_autoprobe(struct run *run, struct step *s, size_t count)
{
    const char *text = str_eq(s->to, "on") ? "1" : "0";
    int r = 0;

    if (str_eq(s->to, "on"))
        r = execute_keep_unbound(run->b, &run->p->goals.items[s->goal], run->error);
    if (r < 0) {
        s->state = STEP_FAILED;
        return r;
    }
    return step_done(run, s,
                     write_attribute(run, pf_of(run, s)->sysfs, "sriov_drivers_autoprobe", text));
}

static int execute_msix(struct run *run, struct step *s, size_t count)
{
    const char *folder = pf_of(run, s)->vfs[s->vf].sysfs;

    return step_done(run, s, write_attribute(run, folder, "sriov_vf_msix_count", s->to));
}

/* Drivers may make fewer VFs than they were asked for and still answer with success, bnxt none at
 * all (iov.c only warns): what is there afterwards counts. */
static int check_count(struct run *run, struct step *s, const struct pf *pf)
{
    uint64_t wanted;
    char why[80];

    if (str_to_u64(s->to, UINT32_MAX, &wanted) == 0 && pf->n_vfs == wanted)
        return 0;
    snprintf(why, sizeof(why), "the driver took it and has %zu VFs", pf->n_vfs);
    return step_failed(run, s, -EIO, why);
}

static int execute_count(struct run *run, struct step *s, size_t count)
{
    struct pf *pf = pf_of(run, s);
    int r;

    r = write_attribute(run, pf->sysfs, "sriov_numvfs", s->to);
    if (r < 0)
        return step_failed(run, s, r, NULL);
    r = snapshot_refresh(run->b, run->p->snapshot, pf, run->error);
    if (r < 0)
        return r;
    r = check_count(run, s, pf);
    return r < 0 ? r : step_done(run, s, 0);
}

/* ---- settings of VFs ---- */

static bool same_message(const struct step *a, const struct step *b)
{
    return a->goal == b->goal && a->vf == b->vf &&
           attr_row(a->attr)->group == attr_row(b->attr)->group;
}

/* How many of the steps from `s` on travel in one message. */
static size_t message_span(const struct step *s, size_t count)
{
    size_t span = 1;

    while (span < count && same_message(s, s + span))
        span++;
    return span;
}

/* What is not asked for goes out as it is, since a message sets its whole group. */
static void add_message(struct run *run, const struct step *s, struct buf *batch)
{
    struct pf *pf = pf_of(run, s);
    const struct attrs *have = &pf->vfs[s->vf].attrs;
    uint64_t value[SRIOV_ATTR_COUNT];

    for (unsigned a = 0; a < SRIOV_ATTR_COUNT; a++) {
        enum sriov_attr id = (enum sriov_attr)a;

        if (attrs_has(s->want, id))
            value[a] = s->want->value[a];
        else
            value[a] = attrs_has(have, id) ? have->value[a] : attr_row(id)->fresh;
    }
    rtnl_change_vf(batch, pf->ifindex, (uint32_t)s->vf, attr_row(s->attr)->group, value);
}

/* Marks what is right already, and tells whether anything of the message is left to do. */
static bool any_needed(struct run *run, struct step *steps, size_t span)
{
    const struct vf *vf = &pf_of(run, steps)->vfs[steps->vf];
    bool needed = false;

    for (size_t i = 0; i < span; i++) {
        if (vf->listed && attr_agrees(steps[i].attr, steps[i].want, &vf->attrs))
            steps[i].state = STEP_NOT_NEEDED;
        else
            needed = true;
    }
    return needed;
}

/* Gives each answer to the steps of its message; the first error is the run's. */
static int take_answers(struct run *run, struct step *steps, size_t count,
                        const struct nl_ack *acks, const size_t *first_step)
{
    int r = 0;

    for (size_t m = 0; m < count; m++) {
        struct step *s = &steps[first_step[m]];
        size_t span = message_span(s, first_step[m + 1] - first_step[m]);

        for (size_t i = 0; i < span; i++) {
            if (s[i].state == STEP_NOT_NEEDED)
                continue;
            s[i].state = acks[m].error < 0 ? STEP_FAILED : STEP_DONE;
            if (acks[m].error < 0 && r == 0)
                r = step_failed(run, &s[i], acks[m].error, acks[m].text);
        }
    }
    return r;
}

/* igb refuses a rate while the PF has no link, and a change of the number of VFs makes it lose it.
 */
static int await_link(struct run *run, struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct pf *pf = pf_of(run, &steps[i]);

        if (steps[i].attr == SRIOV_MAX_TX_RATE && pf->attrs.value[SRIOV_LINK] && !pf->carrier)
            return settle_carrier(run->b, run->events, run->p->snapshot, pf, run->error);
    }
    return 0;
}

static int execute_settings(struct run *run, struct step *steps, size_t count)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    _cleanup_free_ struct nl_ack *acks = calloc(count, sizeof(*acks));
    _cleanup_free_ size_t *first_step = calloc(count + 1, sizeof(*first_step));
    size_t messages = 0;
    int r;

    if (!acks || !first_step)
        return error_no_memory(run->error);
    r = await_link(run, steps, count);
    if (r >= 0)
        r = check_vfs_are_there(run, steps, count);
    if (r < 0)
        return r;
    for (size_t i = 0, span; i < count; i += span) {
        span = message_span(&steps[i], count - i);
        if (!any_needed(run, &steps[i], span))
            continue;
        add_message(run, &steps[i], &batch);
        first_step[messages++] = i;
    }
    first_step[messages] = count;
    if (messages == 0)
        return 0;
    if (buf_ok(&batch) < 0)
        return error_no_memory(run->error);
    r = run->b->ops->nl_change(run->b, NETLINK_ROUTE, &batch, acks, messages);
    if (r < 0)
        return step_failed(run, steps, r, NULL);
    return take_answers(run, steps, messages, acks, first_step);
}

/* ---- binding ---- */

static int execute_bind_run(struct run *run, struct step *steps, size_t count)
{
    int r;

    r = execute_binds(run->b, run->p, steps, count, run->error);
    for (size_t i = 0; i < count; i++)
        /* The first bind of each PF waits for all of them. */
        if (r >= 0 && (i == 0 || steps[i].goal != steps[i - 1].goal))
            r = settle_vfs(run->b, run->events, run->p->snapshot, pf_of(run, &steps[i]),
                           run->error);
    return r;
}

/* ---- module parameter ---- */

static int execute_parameter(struct run *run, struct step *s, size_t count)
{
    int r = execute_write_parameter(run->b, run->p, s, run->error);

    s->state = r < 0 ? STEP_FAILED : STEP_DONE;
    return r;
}

static int execute_reload(struct run *run, struct step *s, size_t count)
{
    int r = execute_reload_driver(run->b, run->events, run->p, s, run->error);

    s->state = r < 0 ? STEP_FAILED : STEP_DONE;
    return r < 0 ? r : check_count(run, s, pf_of(run, s));
}

/* ---- all of them ---- */

typedef int (*executor)(struct run *run, struct step *steps, size_t count);

static const executor executors[] = {
    [STEP_SET_PF_LINK] = execute_link,
    [STEP_SET_PF_MTU] = execute_link,
    [STEP_SET_AUTOPROBE] = execute_autoprobe,
    [STEP_REMOVE_VFS] = execute_count,
    [STEP_CREATE_VFS] = execute_count,
    [STEP_SET_ESWITCH] = execute_eswitch,
    [STEP_WRITE_PARAMETER] = execute_parameter,
    [STEP_RELOAD_DRIVER] = execute_reload,
    [STEP_SET_VF] = execute_settings,
    [STEP_SET_MSIX] = execute_msix,
    [STEP_BIND] = execute_bind_run,
    [STEP_SET_VF_MTU] = execute_vf_link,
    [STEP_SET_VF_NAME] = execute_vf_link,
};

static bool runs_together(enum step_kind kind)
{
    return kind == STEP_SET_VF || kind == STEP_BIND;
}

static size_t run_length(const struct plan *p, size_t from)
{
    size_t count = 1;

    while (runs_together(p->steps[from].kind) && from + count < p->n_steps &&
           p->steps[from + count].kind == p->steps[from].kind)
        count++;
    return count;
}

int plan_execute(struct backend *b, struct plan *p, const struct apply_options *options,
                 struct sriov_error *error)
{
    _cleanup_(events_close_p) struct events *events = NULL;
    struct run run = { .b = b, .p = p, .error = error };
    int r = 0;

    if (plan_awaits_devices(p) && events_open(&events) >= 0)
        run.events = events;
    for (size_t i = 0, count; i < p->n_steps; i += count) {
        count = run_length(p, i);
        if (r < 0) {
            for (size_t k = i; k < i + count; k++)
                p->steps[k].state = STEP_SKIPPED;
            continue;
        }
        if (options && options->progress)
            options->progress(options->userdata, p, &p->steps[i]);
        r = check_vfs_are_there(&run, &p->steps[i], count);
        if (r >= 0)
            r = executors[p->steps[i].kind](&run, &p->steps[i], count);
    }
    return r;
}
