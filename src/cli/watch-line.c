/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The lines of `sriovctl watch`.
 */
#include "cli/watch-line.h"

#include <stdio.h>

#include "cli/app.h"

#define TEXT_SIZE 256

void watch_line(struct buf *out, const struct timespec *when, const char *object, const char *text,
                bool drift)
{
    char now[TIME_TEXT_SIZE], plain_object[OBJECT_SIZE], plain[TEXT_SIZE];
    struct tm tm;
    localtime_r(&when->tv_sec, &tm);
    strftime(now, sizeof(now), "%H:%M:%S", &tm);
    STR_SET(plain_object, object);
    text_make_plain(plain_object);
    STR_SET(plain, text);
    text_make_plain(plain);
    buf_printf(out, "%s.%03ld  %-16s %s%s\n", now, when->tv_nsec / 1000000, plain_object, plain,
               drift ? "  (drift: the policy wants it otherwise)" : "");
}

void watch_time(const struct timespec *when, char ret[WATCH_TIME_SIZE])
{
    char text[32];
    struct tm tm;
    gmtime_r(&when->tv_sec, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(ret, WATCH_TIME_SIZE, "%s.%03ldZ", text, when->tv_nsec / 1000000);
}
