/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Log lines. The time is UTC and computed here: gmtime(3) reads the time zone's files first, and
 * the plugin lives for some milliseconds only.
 */
#include "cni/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/str.h"

/* What the logs of sriov-cni have there. */
#define CNI_NAME "sriov-cni"

#define SECONDS_OF_DAY 86400
#define DAYS_OF_ERA 146097  /* 400 years */
#define DAYS_TO_1970 719468 /* from the first of March of the year 0 */

static const char *const level_names[LOG_LEVEL_COUNT] = {
    [LOG_LEVEL_PANIC] = "panic", [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

int log_level_find(const char *name, enum log_level *ret)
{
    for (unsigned i = 0; i < LOG_LEVEL_COUNT; i++) {
        if (strcasecmp(level_names[i], name) == 0) {
            *ret = (enum log_level)i;
            return 0;
        }
    }
    return -EINVAL;
}

/* Years begin in March here, so that a leap day is the last of its year. */
static void add_date(struct buf *out, int64_t days)
{
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = shifted / DAYS_OF_ERA;
    int64_t day = shifted % DAYS_OF_ERA;
    int64_t year = (day - day / 1460 + day / 36524 - day / (DAYS_OF_ERA - 1)) / 365;
    int64_t of_year = day - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* 0 is March */
    int64_t of_month = of_year - (153 * month + 2) / 5 + 1;
    bool next = month >= 10; /* January and February */

    buf_printf(out, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, era * 400 + year + next,
               next ? month - 9 : month + 3, of_month);
}

static void add_time(struct buf *out, struct log_time at)
{
    int64_t second = at.seconds % SECONDS_OF_DAY;

    add_date(out, at.seconds / SECONDS_OF_DAY);
    buf_printf(out, "T%02d:%02d:%02d.%09uZ", (int)(second / 3600), (int)(second / 60 % 60),
               (int)(second % 60), at.nanoseconds);
}

/* As Go quotes a string, for all that can be in one line. */
static void add_quoted(struct buf *out, const char *value)
{
    buf_add_char(out, '"');
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;

        if (c == '"' || c == '\\')
            buf_add_char(out, '\\');
        if (c == '\n')
            buf_add_str(out, "\\n");
        else if (c == '\t')
            buf_add_str(out, "\\t");
        else if (c < ' ' || c == 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_add_char(out, (char)c);
    }
    buf_add_char(out, '"');
}

void log_field(struct buf *out, const char *name, const char *value)
{
    if (out->len > 0)
        buf_add_char(out, ' ');
    buf_add_str(out, name);
    buf_add_char(out, '=');
    add_quoted(out, value);
}

static void add_known(struct buf *out, const char *name, const char *value)
{
    if (value && *value)
        log_field(out, name, value);
}

void log_head(const struct cni_log *log, enum log_level level, const char *msg, struct log_time at,
              struct buf *out)
{
    _cleanup_buf_ struct buf time = BUF_INIT;

    add_time(&time, at);
    log_field(out, "time", time.data ? time.data : "");
    log_field(out, "level", level_names[level]);
    log_field(out, "msg", msg);
    log_field(out, "cniName", CNI_NAME);
    add_known(out, "containerID", log->container);
    add_known(out, "netns", log->netns);
    add_known(out, "ifname", log->ifname);
}

void log_line(const struct cni_log *log, enum log_level level, const char *msg, ...)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    struct timespec now = { 0 };
    const char *name;
    va_list ap;

    if (level > log->level)
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    log_head(log, level, msg, (struct log_time){ now.tv_sec, (unsigned)now.tv_nsec }, &line);
    va_start(ap, msg);
    while ((name = va_arg(ap, const char *)))
        log_field(&line, name, va_arg(ap, const char *));
    va_end(ap);
    buf_add_char(&line, '\n');
    if (buf_ok(&line) == 0 && write(log->fd < 0 ? STDERR_FILENO : log->fd, line.data, line.len) < 0)
        return; /* nowhere to say it */
}

void log_open(struct cni_log *log, const char *path)
{
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
    if (log->fd < 0)
        log_line(log, LOG_LEVEL_WARNING, "the log file cannot be opened", "logFile", path, "error",
                 strerrordesc_np(errno), NULL);
}

void log_close(struct cni_log *log)
{
    if (log->fd >= 0)
        close(TAKE_FD(log->fd));
}
