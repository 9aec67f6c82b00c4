/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text of an incident report, Markdown.
 */
#ifndef CLI_REPORT_TEXT_H
#define CLI_REPORT_TEXT_H

#include "cli/diagnosis.h"
#include "core/lease-log.h"

/* What a report is made of; all borrowed. */
struct report {
    struct app *app;
    const struct diagnosis *diagnosis;
    const struct history_row *changes; /* newest first */
    size_t n_changes;
    struct lease_records leases; /* oldest first */
    int64_t when;
    const char *event;   /* "SRIOV-20260819-1200" */
    const char *symptom; /* NULL: to be filled in by hand */
};

/* Appends the report: head, symptom, what was checked, handling, prevention. */
void report_text(const struct report *r, struct buf *out);

/* The machine's own name, "" if it cannot be read. */
#define HOST_NAME_SIZE 65
void report_host_name(struct app *a, char ret[HOST_NAME_SIZE]);

#endif
