/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rates that are refused or lost, interrupts, and VFs that are reset again and again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/quirk.h"
#include "core/target.h"
#include "doctor/network.h"
#include "doctor/wanted.h"

/* igb and ixgbe compute rates from the link speed, and drop them all when it changes
 * (igb_check_vf_rate_limit(), ixgbe_check_vf_rate_limit()). */
#define LOG_RATE_LOST "Link speed has been changed. VF Transmit rate is disabled"
/* iavf_virtchnl_completion(), VIRTCHNL_EVENT_RESET_IMPENDING */
#define LOG_RESET "Reset indication received from the PF"

#define LOOP_RESETS 5
#define LOOP_SPAN 10000 /* milliseconds */
#define LOOP_RECENT 60000
#define MAX_RESETS                                                                                 \
    4096 /* more lines than that a log hardly holds; of those the last ones count                  \
          */

/* ---- rates ---- */

static bool rate_refused(struct doctor *d, const struct pf *pf, const struct vf *vf,
                         const struct attrs *want, enum sriov_attr attr)
{
    struct sriov_error why = { 0 };
    char text[ATTR_TEXT_SIZE], label[OBJECT_SIZE], path[64];
    struct finding *f;

    if (!attrs_has(want, attr) || attr_agrees(attr, want, &vf->attrs) ||
        quirk_check(pf, vf->index, attr, want, &why) >= 0)
        return false;
    attr_text(attr_row(attr), want, text);
    vf_label(pf, vf->index, label);
    f = report(d, FINDING_WARNING, "%s is to have %s, but %s", label, text, why.message);
    about_vf(f, pf, vf->index);
    evidence_attr(d, f, pf, vf, attr);
    snprintf(path, sizeof(path), "/sys/class/net/%s/speed", pf->name);
    evidence_file(d, f, path);
    if (why.remedy[0])
        remedy(f, FIX_BY_HAND, "%s", why.remedy);
    return true;
}

void check_rate_refused(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_(goals_done) struct goals goals = { 0 };
    struct sriov_error error = { 0 };

    (void)vf;
    if (wanted_read(d, &goals, &error) < 0)
        return;
    for (size_t i = 0; i < pf->n_vfs; i++) {
        const struct attrs *want = wanted_of_vf(&goals, pf, pf->vfs[i].index);

        if (want && !rate_refused(d, pf, &pf->vfs[i], want, SRIOV_MAX_TX_RATE))
            rate_refused(d, pf, &pf->vfs[i], want, SRIOV_MIN_TX_RATE);
    }
}

static bool any_rate(const struct pf *pf)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        uint64_t rate;

        if (attr_is_set(&pf->vfs[i].attrs, SRIOV_MAX_TX_RATE, &rate))
            return true;
    }
    return false;
}

/* The driver logs it only if there was a rate to lose. Where one VF has a rate again, somebody saw
 * to it. */
void check_rate_lost(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const char *line = log_last(d, pf->key, LOG_RATE_LOST);
    struct finding *f;
    char path[64];

    (void)vf;
    if (!line || pf->n_vfs == 0 || any_rate(pf))
        return;
    f = report(d, FINDING_WARNING,
               "the rate limits of the VFs of %s were dropped with the link speed", pf_label(pf));
    confidence(f, LIKELY);
    evidence_log(d, f, line);
    evidence_attr(d, f, pf, &pf->vfs[0], SRIOV_MAX_TX_RATE);
    snprintf(path, sizeof(path), "/sys/class/net/%s/speed", pf->name);
    evidence_file(d, f, path);
    remedy(f, FIX_BY_HAND, "sriovctl set %s/N max_tx_rate=MBITS, or `sriovctl apply` with a policy",
           pf_label(pf));
}

/* ---- interrupts ---- */

/* How many processors a list like "0-3,8" names; 0 if it is none. */
static size_t count_cpus(const char *list)
{
    _cleanup_free_ unsigned *cpus = NULL;
    size_t count = 0;

    if (ranges_parse(list, 65536, &cpus, &count) < 0)
        return 0;
    return count;
}

void check_few_msix(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    size_t vectors, cpus;
    uint64_t pool, share;
    char source[96], label[OBJECT_SIZE];
    struct finding *f;

    /* sriov_vf_total_msix_show() takes the PF's device lock, which a stuck removal holds. */
    if (!vf->sysfs[0] || doctor_stuck(d)->count > 0 || doctor_stuck(d)->incomplete ||
        !vf_in_use(d, pf, vf) || !read_number(d, &pool, "%s/sriov_vf_total_msix", pf->sysfs) ||
        pool == 0)
        return;
    share = pool / pf->n_vfs;
    vectors = read_dir(d, "%s/msi_irqs", vf->sysfs)->count;
    cpus = count_cpus(read_text(d, "/sys/devices/system/cpu/online"));
    /* Half of what it could have, and too few for the machine: then it shows in throughput. */
    if (vectors == 0 || vectors * 2 > share || vectors >= cpus)
        return;
    vf_label(pf, vf->index, label);
    f = report(d, FINDING_INFO,
               "%s has %zu interrupt vectors for %zu processors; %llu are its share", label,
               vectors, cpus, (unsigned long long)share);
    confidence(f, LIKELY);
    snprintf(source, sizeof(source), "%s/msi_irqs", vf->sysfs);
    evidence(d, f, source, "%zu entries", vectors);
    snprintf(source, sizeof(source), "%s/sriov_vf_total_msix", pf->sysfs);
    evidence_file(d, f, source);
    remedy(f, FIX_BY_HAND, "with its driver unbound: sriovctl set %s msix_count=%llu", label,
           (unsigned long long)share);
}

/* ---- resets ---- */

struct resets {
    int64_t times[MAX_RESETS];
    size_t count;
    const char *last;
};

static void find_resets(struct doctor *d, const struct vf *vf, struct resets *ret)
{
    const char *line;
    size_t place = 0;

    while ((line = log_next(d, &place, vf->pci, LOG_RESET))) {
        int64_t time = log_time(line);

        if (time < 0 || (ret->count > 0 && time < ret->times[ret->count - 1]))
            continue;
        if (ret->count == MAX_RESETS) {
            ret->count /= 2;
            memcpy(ret->times, ret->times + ret->count, ret->count * sizeof(ret->times[0]));
        }
        ret->times[ret->count++] = time;
        ret->last = line;
    }
}

/* "12345.67 …" of /proc/uptime, in milliseconds; -1. */
static int64_t uptime(struct doctor *d)
{
    const char *text = read_text(d, "/proc/uptime");
    char *end;
    double seconds = strtod(text, &end);

    return end == text || seconds < 0 || seconds > 1e10 ? -1 : (int64_t)(seconds * 1000);
}

/* A few resets are what a VF gets for a few settings; in a loop they come faster than anybody sets
 * something, and they have not ended yet. */
void check_reset_loop(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_free_ struct resets *resets = calloc(1, sizeof(*resets));
    char label[OBJECT_SIZE];
    struct finding *f;
    int64_t now;
    size_t most;

    if (!resets || !vf->pci[0])
        return;
    find_resets(d, vf, resets);
    most = log_densest(resets->times, resets->count, LOOP_SPAN);
    if (most < LOOP_RESETS)
        return;
    now = uptime(d);
    if (now >= 0 && now - resets->times[resets->count - 1] > LOOP_RECENT)
        return;
    vf_label(pf, vf->index, label);
    f = report(d, now < 0 ? FINDING_INFO : FINDING_WARNING,
               "%s was reset %zu times within 10 seconds, and it goes on", label, most);
    confidence(f, now < 0 ? POSSIBLE : LIKELY);
    evidence_log(d, f, resets->last);
    evidence(d, f, "dmesg", "%zu lines `%s` of %s", resets->count, LOG_RESET, vf->pci);
    remedy(f, FIX_BY_HAND, "sriovctl unbind %s && sriovctl bind %s default; then newer drivers",
           label, label);
}
