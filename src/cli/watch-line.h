/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `sriovctl watch` prints of a change, whether it was seen here or told by a daemon elsewhere.
 */
#ifndef CLI_WATCH_LINE_H
#define CLI_WATCH_LINE_H

#include <time.h>

#include "base/buf.h"

/* For people: local time of day, object, "vlan: 0 -> 5", and whether that leaves the policy. Bytes
 * of others in `text` are made harmless. */
void watch_line(struct buf *out, const struct timespec *when, const char *object, const char *text,
                bool drift);

/* For programs: the full time in UTC, "2026-08-19T12:00:05.123Z". */
#define WATCH_TIME_SIZE 56
void watch_time(const struct timespec *when, char ret[WATCH_TIME_SIZE]);

#endif
