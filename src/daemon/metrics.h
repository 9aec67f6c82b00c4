/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Figures for Prometheus. Each metric is a row of metrics-table.c.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "daemon/daemon.h"

/* The doctor's last result, and the scrapes that wait for the kernel's counters. */
struct metrics;

int metrics_new(struct daemon *d, struct metrics **ret);
struct metrics *metrics_free(struct metrics *m); /* NULL is fine; returns NULL */

/* Answers a scrape: Prometheus text, or OpenMetrics if the Accept header asks for it. The
 * machine's counters are read for it, with one netlink request per PF. */
void metrics_respond(struct daemon *d, struct http_request *r);

/* For node_exporter's textfile collector: looks once, without a daemon, and replaces `path` whole.
 */
int metrics_textfile(const struct config *c, const char *replay, const char *path,
                     struct sriov_error *error);

#endif
