/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What to change, one row for each rule. A rule speaks only where what was read or measured gives
 * it reason to.
 */
#include <stdio.h>

#include "bench/scenery.h"

#define SPREAD_MUCH 10 /* percent of the median */
#define LINK_FULL 85   /* percent of the link's speed that TCP can get at MTU 1500 */
#define LOSS_MUCH 1000 /* of a million */
#define MEGA UINT64_C(1000000)

/* ---- by the figures ---- */

static void emulated(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    if (s->is_emulated)
        buf_add_str(ret, "Measure on the real machine: on an emulated processor the figures mean "
                         "nothing but, at best, an order.");
    else if (s->is_guest)
        buf_add_str(ret, "This machine is itself a virtual one: its host is part of every figure. "
                         "Measure there as well.");
}

static void few_runs(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    if (r->repeat < 3 || r->seconds < 3)
        buf_add_str(ret, "A few short runs say little: leave --repeat and --seconds at 5 or more "
                         "before you decide anything by them.");
}

static void spread(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    for (size_t i = 0; i < r->n_paths; i++) {
        for (unsigned m = METRIC_OUT; m <= METRIC_IN; m++) {
            struct summary sum = bench_report_summary(&r->paths[i], (enum metric)m);
            if (sum.count < 2 || summary_spread(&sum) <= SPREAD_MUCH)
                continue;
            buf_printf(ret,
                       "The runs of %s lie %u %% apart (%s): something else was at work. "
                       "Measure on a quiet host, with more --seconds.",
                       r->paths[i].name, summary_spread(&sum), metric_rows[m].title);
            return;
        }
    }
}

static void link_is_full(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    uint64_t best = 0;
    if (s->speed <= 0 || !bench_report_best(r, METRIC_OUT, &best) ||
        best < (uint64_t)s->speed * MEGA / 100 * LINK_FULL)
        return;
    buf_add_str(ret, "The link is full, so throughput does not tell the paths apart: look at "
                     "latency and processor time.");
}

static void loss(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    for (size_t i = 0; i < r->n_paths; i++) {
        struct summary sum = bench_report_summary(&r->paths[i], METRIC_LOSS);
        if (sum.count == 0 || sum.median <= LOSS_MUCH)
            continue;
        buf_printf(ret, "Pings were lost on %s: see what drops them, ip -s link and ethtool -S.",
                   r->paths[i].name);
        return;
    }
}

/* ---- by the settings ---- */

static void numa(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    if (s->is_distant)
        buf_printf(ret,
                   "Run what uses the VFs on NUMA node %d, where the NIC is: numactl "
                   "--cpunodebind=%d --membind=%d, or pin it to processors %s.",
                   s->numa_node, s->numa_node, s->numa_node, s->near);
}

static void vectors_distant(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    if (s->vectors.distant > 0)
        buf_printf(ret,
                   "%u of %u interrupts of the VF go to processors far from the NIC: write %s "
                   "to /proc/irq/N/smp_affinity_list of each, and keep irqbalance from them.",
                   s->vectors.distant, s->vectors.count, s->near);
}

static void vectors_crowded(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    bool many = strpbrk(s->online, ",-") != NULL; /* "0" or "0-7" */
    if (s->vectors.count > 2 && s->vectors.n_cpus == 1 && many)
        buf_printf(ret,
                   "All %u interrupts of the VF go to processor %s: start irqbalance, or "
                   "spread them by /proc/irq/N/smp_affinity_list.",
                   s->vectors.count, s->vectors.cpus);
}

static void iommu(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    if (*s->iommu && !str_eq(s->iommu, "identity"))
        buf_add_str(ret, "The IOMMU translates for the host's own drivers, too: iommu=pt (sriovctl "
                         "host prepare --iommu pt) spares them that. VMs are kept apart all the "
                         "same, but what the host's own devices do is not checked any more.");
}

static void governor(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    if (*s->governor && !str_eq(s->governor, "performance"))
        buf_printf(ret,
                   "The processors run under the governor %s: cpupower frequency-set -g "
                   "performance makes latency lower and the figures steadier.",
                   s->governor);
}

static void offloads(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    const char *separator = "";
    for (size_t i = 0; i < OFFLOADS; i++) {
        if (s->offloads[i] != OFFLOAD_OFF)
            continue;
        buf_printf(ret, "%s%s", *separator ? separator : "The VF could do this and does not: ",
                   offload_names[i]);
        separator = ", ";
    }
    if (ret->len > 0)
        buf_add_str(ret, "; ethtool -K turns it on.");
}

static void mtu(const struct scenery *s, const struct bench_report *r, struct buf *ret)
{
    if (s->vf_mtu > 0 && s->vf_mtu < s->pf_mtu)
        buf_printf(ret, "The VFs have MTU %u where the PF has %u: sriovctl set PF/N mtu=%u.",
                   s->vf_mtu, s->pf_mtu, s->pf_mtu);
    else if (s->speed >= 10000 && s->pf_mtu <= 1500)
        buf_add_str(ret, "At this speed an MTU of 9000 spares the processors most packets, if "
                         "every switch and host of the network has it.");
}

static const struct rule {
    const char *id;
    void (*judge)(const struct scenery *s, const struct bench_report *r, struct buf *ret);
} rules[] = {
    { "emulated", emulated },
    { "few-runs", few_runs },
    { "spread", spread },
    { "loss", loss },
    { "link-full", link_is_full },
    { "numa", numa },
    { "interrupts-distant", vectors_distant },
    { "interrupts-crowded", vectors_crowded },
    { "governor", governor },
    { "iommu", iommu },
    { "offloads", offloads },
    { "mtu", mtu },
};

int advice_add(const struct scenery *s, const struct bench_report *r, struct remarks *ret)
{
    int status = 0;
    for (size_t i = 0; i < ELEMENTS(rules) && status >= 0; i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        rules[i].judge(s, r, &text);
        status = buf_ok(&text);
        if (status >= 0 && text.len > 0)
            status = remarks_add(ret, rules[i].id, "", text.data);
    }
    return status;
}
