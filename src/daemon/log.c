/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records to the journal or to stderr. SYSTEMD_LOG streams say by device and inode which file they
 * are (JOURNAL_STREAM), so a stderr that was redirected is not taken for the journal.
 */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "daemon/log.h"

#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>

static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat st;

    if (!stream || fstat(STDERR_FILENO, &st) < 0)
        return false;
    snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return str_eq(stream, own);
}

static void to_journal(const struct record *r, const char *message, const char *json)
{
    sd_journal_send("MESSAGE=%s%s%s", r->object ? r->object : "", r->object ? ": " : "", message,
                    "PRIORITY=%d", r->level, "SYSLOG_IDENTIFIER=sriovd", "SRIOV_KIND=%s",
                    record_kind_name(r->kind), "SRIOV_OBJECT=%s", r->object ? r->object : "",
                    "SRIOV_WHO=%s", r->who ? r->who : "", "SRIOV_RECORD=%s", json, NULL);
}

void log_record(const struct record *r, const char *message, const char *json)
{
    if (stderr_is_journal())
        to_journal(r, message ? message : "", json);
    else
        fprintf(stderr, "%s\n", json);
}
