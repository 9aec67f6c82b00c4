/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl history: every change of the host's VFs, from the ledger, and who had them when, from
 * the log of leases.
 */
#include <stdio.h>

#include "base/table.h"
#include "cli/tenure.h"
#include "core/history.h"

#define LIMIT_DEFAULT 100

static const struct option_row options[] = {
    { "limit", 'l', OPTION_NUMBER, OPTION(limit), "N",
      .help = "at most N changes; 100 if left out" },
    { "at", 0, OPTION_TEXT, OPTION(at), "TIME",
      .help = "who had the VFs at that time: \"2026-08-19 12:00\"" },
    { NULL },
};

static const char *const headings[] = {
    "ID", "WHEN", "WHO", "COMMAND", "STATE", "OBJECT", "WHAT", "FROM", "TO", "RESULT",
};

static int find_subject(struct app *a, struct history_subject *ret)
{
    *ret = (struct history_subject){ .vf = -1 };
    if (a->n_args == 0)
        return 0;
    int r = session_snapshot(&a->session, &a->error);
    return r < 0 ? r : history_subject_find(a->session.snapshot, a->args[0], ret, &a->error);
}

static int print_json(struct app *a, const struct history *h)
{
    struct json_writer w = JSON_WRITER(&a->out);
    history_json(h, a->session.snapshot, &w);
    buf_add_char(&a->out, '\n');
    return 0;
}

/* What holds for the whole transaction stands on its first line only. */
static void add_row(struct table *t, const struct history_row *row, bool first)
{
    char id[24] = "", when[TIME_TEXT_SIZE] = "";
    if (first) {
        snprintf(id, sizeof(id), "%lld", (long long)row->transaction);
        time_text(row->when, when);
    } else {
        STR_SET(id, " ");
        STR_SET(when, " ");
    }
    table_add(t, (const char *[]){
                     id,
                     when,
                     first ? row->who : " ",
                     first ? row->command : " ",
                     first ? transaction_state_name(row->transaction_state) : " ",
                     row->object,
                     row->what,
                     row->from,
                     row->to,
                     row->state,
                 });
}

static void add_lease(struct app *a, struct table *t, const struct lease_record *r)
{
    char when[TIME_TEXT_SIZE], who[TENURE_WHO_SIZE], object[OBJECT_SIZE];
    time_text(r->when, when);
    tenure_who(r, who);
    tenure_label(a, r, object);
    table_add(t, (const char *[]){ NULL, when, who, NULL, NULL, object, "lease", NULL,
                                   lease_event_name(r->event), NULL });
}

/* Both lists by time, newest first. The rows of a transaction all have its time, so no lease comes
 * between them. */
static int print_table(struct app *a, const struct history *h)
{
    _cleanup_(table_done) struct table t = { 0 };
    const struct history_row *rows = h->rows;
    size_t leases = h->leases.count, row = 0;
    table_init(&t, headings, ELEMENTS(headings));
    for (size_t n = 0; n < h->limit && (row < h->count || leases > 0); n++) {
        const struct lease_record *lease = leases > 0 ? &h->leases.items[leases - 1] : NULL;
        if (lease && (row == h->count || lease->when >= rows[row].when)) {
            add_lease(a, &t, lease);
            leases--;
            continue;
        }
        add_row(&t, &rows[row], row == 0 || rows[row].transaction != rows[row - 1].transaction);
        row++;
    }
    return table_print(&t, &a->out, a->colour) < 0 ? error_no_memory(&a->error) : 0;
}

static int print(struct app *a, const struct history *h)
{
    if (h->leases.damaged > 0)
        app_note(a, "%zu lines of the log of leases cannot be read", h->leases.damaged);
    if (a->options.json)
        return print_json(a, h);
    if (h->count + h->leases.count == 0)
        app_note(a, "no change is known%s%s", a->n_args > 0 ? " of " : "",
                 a->n_args > 0 ? a->args[0] : "");
    return h->count + h->leases.count > 0 ? print_table(a, h) : 0;
}

static int run_history(struct app *a)
{
    struct history_subject subject;
    _cleanup_(history_done) struct history h = {
        .limit = a->options.limit > 0 ? a->options.limit : LIMIT_DEFAULT,
    };
    int r = session_ledger(&a->session, &a->error);
    if (r >= 0)
        r = find_subject(a, &subject);
    if (r < 0)
        return r;
    const char *pf = *subject.pf ? subject.pf : NULL;
    r = tenure_read(a, pf, subject.vf, &h.leases);
    if (r >= 0 && a->options.at)
        return tenure_print_at(a, &h.leases, a->options.at);
    if (r >= 0)
        r = ledger_history(a->session.ledger, pf, subject.vf, h.limit, &h.rows, &h.count,
                           &a->error);
    if (r < 0)
        return r;
    app_note_interrupted(a);
    return print(a, &h);
}

const struct verb verb_history = {
    .name = "history",
    .synopsis = "history [PF|PF/N]",
    .help = "list what was changed, when, and by whom",
    .details =
        (const char *const[]){
            "Prints the changes that sriovctl and sriovd made, newest first: transaction, time, who asked for "
            "it with which command, what became of it, and each setting with the value before and after. A "
            "device that is no longer there is named by its PCI address.",
            "Leases stand among them: taken, released, reclaimed (the owner was gone), undone (giving it failed), "
            "void (a reboot had ended it). --at answers who had which VF at one moment.",
            "State of a transaction: running, applied, reverted (it failed, was interrupted, or was rolled "
            "back), not-reverted (something could not be put back), void (a reboot came in between).",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .words = { WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "history", "the last 100 changes" },
            { "history enp1s0/3 --limit 5", "the last five of one VF" },
            { "history enp1s0/3 --at '2026-08-19 12:00'", "who had it then" },
            { NULL, NULL },
        },
    .run = run_history,
};
