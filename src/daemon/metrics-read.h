/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is read for the metrics alone: the kernel's counters, one netlink request per PF, and what
 * the doctor's last report says.
 */
#ifndef DAEMON_METRICS_READ_H
#define DAEMON_METRICS_READ_H

#include "daemon/metrics-table.h"

struct counters_of_pf {
    int ifindex;
    bool with_vfs; /* the kernel was asked about them */
    bool surely;   /* ... and the driver is known to count */
    int r;         /* 0: `traffic` is what it said */
    struct link_traffic traffic;
};

struct counters {
    struct counters_of_pf *items;
    size_t count;
};

/* For each PF with a netdev: what is to be asked. A driver that is known to count nothing for its
 * VFs is not asked about them. -ENOMEM. */
int counters_prepare(const struct snapshot *s, struct counters *ret);

/* Asks; may wait as long as the kernel does. */
void counters_read(struct counters *c, struct backend *b);

/* Puts them into figures made of this look or a later one; they are borrowed. */
void counters_apply(const struct counters *c, struct figures *f);
void counters_done(struct counters *c);

/* From what `sriovctl --json doctor` prints; findings under others count, too. -EINVAL. */
int diagnosis_read(const char *text, size_t len, struct diagnosis_figures *ret);

#endif
