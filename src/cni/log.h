/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plugin's log, in the form that sriov-cni's has, so that what is searched for in it is still
 * found: time, level, msg, cniName, then containerID, netns and ifname where they are known, then
 * what belongs to the line. Each value is quoted.
 */
#ifndef CNI_LOG_H
#define CNI_LOG_H

#include "base/buf.h"

enum log_level {
    LOG_LEVEL_PANIC,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_COUNT,
};

struct cni_log {
    enum log_level level;                   /* what is below it in the list is not written */
    int fd;                                 /* -1: stderr */
    const char *container, *netns, *ifname; /* NULL or "": not known */
};

const char *log_level_name(enum log_level level);
/* -EINVAL for a word that is none; any case is taken. */
int log_level_find(const char *name, enum log_level *ret);

/* Opens the file to append to. If that fails, lines go to stderr, the first saying so: a log is no
 * reason to keep a pod from its network. */
void log_open(struct cni_log *log, const char *path);
void log_close(struct cni_log *log);

/* One line, one write(2). Names and values follow in pairs, ended by NULL. */
void log_line(const struct cni_log *log, enum log_level level, const char *msg, ...)
    __attribute__((sentinel));

/* The text of a line, for tests: `nanoseconds` since 1970 are its time. */
struct log_time {
    int64_t seconds;
    unsigned nanoseconds;
};
void log_head(const struct cni_log *log, enum log_level level, const char *msg, struct log_time at,
              struct buf *out);
void log_field(struct buf *out, const char *name, const char *value);

#endif
