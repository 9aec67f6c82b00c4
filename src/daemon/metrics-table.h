/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All metrics, one row each, and what their values are taken from.
 */
#ifndef DAEMON_METRICS_TABLE_H
#define DAEMON_METRICS_TABLE_H

#include "daemon/daemon.h"
#include "daemon/metrics-page.h"
#include "doctor/check.h"
#include "kernel/traffic.h"
#include "kernel/usage.h"

#define SEVERITIES (FINDING_ERROR + 1)

/* The doctor's last result. */
struct diagnosis_figures {
    bool is_known;
    int64_t when; /* Unix time */
    uint64_t findings[SEVERITIES];
};

/* One PF and what was found out about it; all but `traffic` borrowed. */
struct pf_figures {
    const struct pf *pf;
    bool *held; /* by index in pf->vfs; owned */
    size_t in_use;
    bool is_busy; /* somebody changes it */
    bool has_standing;
    struct pf_standing standing;
    const struct link_traffic *traffic; /* NULL: not read */
    bool counts_vfs;                    /* the zeros of its VFs are counts */
};

/* What is NULL or not known has no samples. */
struct figures {
    const struct daemon *daemon; /* NULL: there is none, this is for a file */
    const struct look *look;
    struct pf_figures *pfs; /* as many as look->snapshot has */
    bool has_traffic;       /* of all PFs, for `traffic_read` */
    bool has_transactions;
    uint64_t transactions[TRANSACTION_STATES];
    struct diagnosis_figures doctor;
    bool has_usage;
    struct usage usage;
};

/* Makes figures->pfs from the look; -ENOMEM. */
int figures_look(struct figures *f, const struct look *look);
void figures_done(struct figures *f);

/* Every metric of the table. */
void figures_print(const struct figures *f, struct page *p);

#endif
