/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counters and the doctor's report, to figures.
 */
#include "daemon/metrics-read.h"

#include <errno.h>
#include <linux/netlink.h>

#include "base/json-read.h"
#include "core/quirk.h"
#include "doctor/doctor.h"

static const struct node_limits report_limits = {
    .bytes = JOB_OUTPUT,
    .nodes = 1000000,
    .depth = 32,
};

/* ---- the kernel's counters ---- */

static struct counters_of_pf ask_about(const struct pf *pf)
{
    const struct driver *driver = driver_find(pf->driver);
    bool counts = driver && (driver->flags & DRIVER_VF_STATS);

    return (struct counters_of_pf){
        .ifindex = pf->ifindex,
        .with_vfs = pf->n_vfs > 0 && (counts || !driver),
        .surely = counts,
        .r = -ENODATA,
    };
}

int counters_prepare(const struct snapshot *s, struct counters *ret)
{
    struct counters c = { 0 };

    c.items = calloc(MAX_OF(s->n_pfs, (size_t)1), sizeof(*c.items));
    if (!c.items)
        return -ENOMEM;
    for (size_t i = 0; i < s->n_pfs; i++) {
        if (s->pfs[i].ifindex > 0)
            c.items[c.count++] = ask_about(&s->pfs[i]);
    }
    *ret = c;
    return 0;
}

static int read_counters(struct counters_of_pf *of, struct backend *b)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT;
    int r;

    traffic_request(&request, of->ifindex, of->with_vfs);
    r = buf_ok(&request);
    if (r >= 0)
        r = b->ops->nl_query(b, NETLINK_ROUTE, request.data, &reply, NULL);
    return r < 0 ? r : traffic_parse(&reply, &of->traffic);
}

void counters_read(struct counters *c, struct backend *b)
{
    for (size_t i = 0; i < c->count; i++)
        c->items[i].r = read_counters(&c->items[i], b);
}

static void apply_to(const struct counters_of_pf *of, struct figures *f)
{
    for (size_t i = 0; i < f->look->snapshot->n_pfs; i++) {
        struct pf_figures *p = &f->pfs[i];

        if (p->pf->ifindex != of->ifindex)
            continue;
        p->traffic = &of->traffic;
        p->counts_vfs = of->surely || traffic_has_vf_counts(&of->traffic);
    }
}

void counters_apply(const struct counters *c, struct figures *f)
{
    f->has_traffic = true;
    for (size_t i = 0; i < c->count; i++) {
        if (c->items[i].r == 0)
            apply_to(&c->items[i], f);
        else
            f->has_traffic = false;
    }
}

void counters_done(struct counters *c)
{
    for (size_t i = 0; i < c->count; i++)
        link_traffic_done(&c->items[i].traffic);
    free(c->items);
    *c = (struct counters){ 0 };
}

/* ---- the doctor's report ---- */

/* As deep as findings explain findings, which the limits bound. */
static void count_findings(const struct node *list, uint64_t count[SEVERITIES])
{
    for (size_t i = 0; list && i < list->count; i++) {
        const char *word = node_get_text(&list->items[i], "severity");

        for (enum severity s = 0; word && s < SEVERITIES; s++)
            count[s] += str_eq(word, severity_name(s));
        count_findings(node_get(&list->items[i], "consequences"), count);
    }
}

int diagnosis_read(const char *text, size_t len, struct diagnosis_figures *ret)
{
    struct diagnosis_figures figures = { .is_known = true };
    _cleanup_node_ struct node *root = NULL;
    const struct node *findings;
    int r;

    r = json_read(text, len, &report_limits, &root, NULL);
    if (r < 0)
        return r;
    findings = node_get(root, "findings");
    if (!findings || findings->kind != NODE_LIST)
        return -EINVAL;
    count_findings(findings, figures.findings);
    *ret = figures;
    return 0;
}
