/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl report: what a ticket about an incident needs, as one Markdown file, and with the
 * capture in one archive.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/capture.h"
#include "cli/report-text.h"
#include "cli/tenure.h"
#include "doctor/mask.h"
#include "kernel/spawn.h"

#define CHANGES_READ 20

/* ---- masking ---- */

/* What a holder of this kind is called says who the tenants are; NULL: it does not. */
static const char *mask_of_kind(enum holder_kind kind)
{
    switch (kind) {
    case HOLDER_VFIO:
    case HOLDER_IOMMUFD:
    case HOLDER_UIO:
        return "vm";
    case HOLDER_NETNS:
        return "netns";
    case HOLDER_LEASE:
        return "owner";
    default:
        return NULL;
    }
}

static int mask_holders(struct mask *m, const struct holders *all)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < all->count; i++) {
        const char *kind = mask_of_kind(all->items[i].kind);
        if (kind)
            r = mask_word(m, all->items[i].name, kind);
    }
    return r;
}

static int mask_leases(struct mask *m, const struct lease_records *all)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < all->count; i++) {
        char shown[13];
        STR_SET(shown, all->items[i].container); /* its start, as it is shown */
        r = mask_word(m, all->items[i].owner, "owner");
        if (r >= 0)
            r = mask_word(m, shown, "container");
    }
    return r;
}

static int mask_users(struct mask *m, const struct report *report)
{
    int r = 0;
    for (size_t i = 0; r >= 0 && i < report->n_changes; i++) {
        char user[64];
        STR_SET(user, report->changes[i].who);
        user[strcspn(user, " ")] = '\0';
        if (!str_eq(user, "root") && !str_eq(user, "uid"))
            r = mask_word(m, user, "user");
    }
    return r;
}

static int mask_report(const struct report *report, struct buf *text)
{
    _cleanup_(mask_done) struct mask m = { 0 };
    _cleanup_buf_ struct buf masked = BUF_INIT;
    char host[HOST_NAME_SIZE];
    report_host_name(report->app, host);
    int r = mask_word(&m, host, "host");
    if (r >= 0)
        r = mask_holders(&m, &report->app->session.holders);
    if (r >= 0)
        r = mask_leases(&m, &report->leases);
    if (r >= 0)
        r = mask_users(&m, report);
    if (r >= 0)
        r = mask_text(&m, text->data, &masked);
    if (r < 0)
        return error_no_memory(&report->app->error);
    buf_done(text);
    *text = masked;
    masked = BUF_INIT;
    return 0;
}

/* ---- files ---- */

static int write_file(struct app *a, const char *path, const struct buf *text)
{
    int r = file_replace(path, text->data, text->len, 0600);
    if (r >= 0)
        return 0;
    enum sriov_code code = r == -EACCES || r == -EPERM ? SRIOV_NOT_PERMITTED : SRIOV_FAILED;
    return error_set(&a->error, code, -r, path, "cannot write the file");
}

/* "bug.md" gives "bug" and the ending. */
static int make_path(struct app *a, const char *report, const char *ending, char ret[PATH_MAX])
{
    size_t len = strlen(report);
    if (len > 3 && str_eq(report + len - 3, ".md"))
        len -= 3;
    if (snprintf(ret, PATH_MAX, "%.*s%s", (int)len, report, ending) < PATH_MAX)
        return 0;
    return error_set(&a->error, SRIOV_USAGE, ENAMETOOLONG, report, "cannot write the file");
}

/* Packs both by the system's own tar, as nobody needs another: the capture stays beside the report
 * where there is none. */
static int pack(struct app *a, const char *report, const char *capture)
{
    char archive[PATH_MAX], why[120] = "";
    _cleanup_free_ char *folder = strdup(report);
    int r = make_path(a, report, ".tar.gz", archive);
    if (r < 0 || !folder)
        return r < 0 ? r : error_no_memory(&a->error);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0'; /* "/" of a file in it */
    const char *const argv[] = { "tar",
                                 "-czf",
                                 archive,
                                 "-C",
                                 slash ? folder : ".",
                                 "--",
                                 str_base_name(report),
                                 str_base_name(capture),
                                 NULL };
    r = spawn_and_wait(argv, why, sizeof(why));
    if (r < 0) {
        app_note(a, "%s: cannot be packed (%s); %s has the capture", archive,
                 *why ? why : strerrordesc_np(-r), capture);
        return 0;
    }
    unlink(capture);
    if (!a->options.quiet)
        buf_printf(&a->out, "%s: the same with a capture of the machine\n", archive);
    return 0;
}

static int write_archive(struct app *a, const char *report)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char capture[PATH_MAX];
    int r = make_path(a, report, ".capture.json", capture);
    if (r >= 0)
        r = capture_text(a, &text);
    if (r >= 0)
        r = write_file(a, capture, &text);
    return r < 0 ? r : pack(a, report, capture);
}

static bool has_archive(const struct app *a)
{
    return a->options.output && !a->options.replay && !a->options.mask;
}

static int write_report(struct app *a, const struct buf *text)
{
    const char *path = a->options.output;
    if (!path) {
        buf_add(&a->out, text->data, text->len);
        return 0;
    }
    int r = write_file(a, path, text);
    if (r < 0)
        return r;
    if (!a->options.quiet)
        buf_printf(&a->out, "%s: the report\n", path);
    if (a->options.mask)
        app_note(a,
                 "no capture is written: what it holds of the kernel's answers cannot be masked");
    return has_archive(a) ? write_archive(a, path) : 0;
}

/* ---- the verb ---- */

static int read_past(struct app *a, struct report *ret, struct history_row **ret_rows)
{
    const struct target *t = &ret->diagnosis->target;
    const char *pf = a->n_args > 0 ? t->pf->key : NULL;
    int vf = t->has_vfs && t->count == 1 ? (int)t->indexes[0] : -1;
    int r = session_ledger(&a->session, &a->error);
    if (r >= 0)
        r = ledger_history(a->session.ledger, pf, vf, CHANGES_READ, ret_rows, &ret->n_changes,
                           &a->error);
    ret->changes = *ret_rows;
    if (r >= 0)
        r = tenure_read(a, pf, vf, &ret->leases);
    /* Without root there is no history to be read; the report says that none is known. */
    if (r < 0 && a->error.code == SRIOV_NOT_PERMITTED) {
        a->error = (struct sriov_error){ 0 };
        app_note(a, "the history cannot be read without root");
        return 0;
    }
    return r;
}

static int make_report(struct app *a, struct report *report)
{
    _cleanup_free_ struct history_row *rows = NULL;
    _cleanup_buf_ struct buf text = BUF_INIT;
    int r = session_holders(&a->session, &a->error);
    if (r >= 0)
        r = read_past(a, report, &rows);
    if (r < 0)
        return r;
    report_text(report, &text);
    if (buf_ok(&text) < 0)
        return error_no_memory(&a->error);
    if (a->options.mask)
        r = mask_report(report, &text);
    return r < 0 ? r : write_report(a, &text);
}

static int run_report(struct app *a)
{
    struct diagnosis diagnosis = { 0 };
    struct report report = { .app = a, .diagnosis = &diagnosis, .when = time(NULL) };
    char event[40];
    time_t now = (time_t)report.when;
    struct tm tm = { 0 };
    localtime_r(&now, &tm);
    strftime(event, sizeof(event), "SRIOV-%Y%m%d-%H%M", &tm);
    report.event = a->options.event ? a->options.event : event;
    report.symptom = a->options.symptom;
    int r = has_archive(a) ? capture_start(a) : 0;
    if (r >= 0)
        r = diagnosis_make(a, a->n_args > 0 ? a->args[0] : NULL, &diagnosis);
    if (r >= 0)
        r = make_report(a, &report);
    lease_records_done(&report.leases);
    diagnosis_done(&diagnosis);
    return r;
}

static const struct option_row options[] = {
    { "output", 'o', OPTION_TEXT, OPTION(output), "FILE", .here = true,
      .help = "write it to FILE, and with a capture to an archive beside it" },
    { "event", 'e', OPTION_TEXT, OPTION(event), "ID",
      .help = "the incident's id; made of the time if left out" },
    { "symptom", 's', OPTION_TEXT, OPTION(symptom), "TEXT", .help = "what does not work" },
    { "mask", 'm', OPTION_FLAG, OPTION(mask),
      .help = "replace MAC and IP addresses and names of hosts, VMs, owners and users" },
    OPTION_POLICY_FILES,
    { NULL },
};

const struct verb verb_report = {
    .name = "report",
    .synopsis = "report [PF|PF/N]",
    .help = "write an incident report for a ticket",
    .details =
        (const char *const[]){
            "Prints a Markdown file with event, time, symptom, what was checked, handling and prevention, filled "
            "with the doctor's findings, the PFs and VFs, the last changes and leases, the kernel's log lines, "
            "host and drivers. What only a person knows is left to be filled in.",
            "With -o FILE.md it is written there, and with a capture of the machine packed into FILE.tar.gz; "
            "every reading verb answers from the capture with --replay.",
            "With --mask the same address or name is replaced by the same one everywhere. The report has no "
            "capture then: that holds the kernel's answers as they came.",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .flags = VERB_READS,
    .words = { WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "report", "print it" },
            { "report -o bug.md --symptom 'web1 has no network'", "files for a ticket" },
            { "report --mask -o public.md", "for people outside" },
            { NULL, NULL },
        },
    .run = run_report,
};
