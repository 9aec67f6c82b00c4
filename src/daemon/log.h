/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's log: entries of the journal with fields (SRIOV_PF, SRIOV_VF, SRIOV_KIND, ...) where
 * stderr is the journal, else one JSON object a line on stderr. Only feed.c writes to it: whatever
 * is worth a line is a record.
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include "daemon/feed.h"

/* `json` is the record as feed.h has it, `message` its text. */
void log_record(const struct record *r, const char *message, const char *json);

#endif
