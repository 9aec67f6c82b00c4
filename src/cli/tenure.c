/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tenures of VFs in text and JSON, from the log of leases.
 */
#include "cli/tenure.h"

#include <stdio.h>
#include <time.h>

#include "base/table.h"
#include "core/history.h"

int tenure_read(struct app *a, const char *pf, int vf, struct lease_records *ret)
{
    if (a->options.replay)
        return 0;
    int r = lease_log_read(a->options.state_dir ? a->options.state_dir : STATE_DIR_DEFAULT, pf, vf,
                           ret, &a->error);
    /* For the names: without them keys stand there. */
    if (r >= 0 && ret->count > 0)
        (void)session_snapshot(&a->session, NULL);
    return r;
}

void tenure_label(const struct app *a, const struct lease_record *r, char ret[OBJECT_SIZE])
{
    lease_record_label(r, a->session.snapshot, ret);
}

void tenure_who(const struct lease_record *r, char ret[TENURE_WHO_SIZE])
{
    if (r->container[0])
        snprintf(ret, TENURE_WHO_SIZE, "%s (container %.12s)", r->owner, r->container);
    else if (r->pid > 0)
        snprintf(ret, TENURE_WHO_SIZE, "%s (pid %d)", r->owner, (int)r->pid);
    else
        str_copy(ret, TENURE_WHO_SIZE, r->owner);
}

/* ---- one moment ---- */

static const char *const headings[] = { "VF", "OWNER", "FROM", "UNTIL", "ENDED" };

static int parse_time(struct app *a, const char *text, int64_t *ret)
{
    static const char *const forms[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S",
                                         "%Y-%m-%dT%H:%M" };
    for (size_t i = 0; i < ELEMENTS(forms); i++) {
        struct tm tm = { .tm_isdst = -1 };
        const char *end = strptime(text, forms[i], &tm);
        if (end && *end == '\0') {
            *ret = (int64_t)mktime(&tm);
            return 0;
        }
    }
    int r = error_set(&a->error, SRIOV_USAGE, 0, text, "is no time");
    error_remedy(&a->error, "write it as \"2026-08-19 12:00\", local time");
    return r;
}

static const char *how_it_ended(const struct tenure *t)
{
    if (t->ended)
        return lease_event_name(t->ended->event);
    return t->by_reboot ? "reboot" : NULL;
}

static void add_tenure(struct app *a, struct table *table, const struct tenure *t)
{
    char object[OBJECT_SIZE], who[TENURE_WHO_SIZE], from[TIME_TEXT_SIZE],
        until[TIME_TEXT_SIZE] = "";
    tenure_label(a, t->taken, object);
    tenure_who(t->taken, who);
    time_text(t->taken->when, from);
    if (t->ended)
        time_text(t->ended->when, until);
    table_add(table, (const char *[]){ object, who, from, until, how_it_ended(t) });
}

static void json_tenure(struct app *a, struct json_writer *w, const struct tenure *t)
{
    char object[OBJECT_SIZE];
    tenure_label(a, t->taken, object);
    json_object(w, NULL);
    json_str(w, "object", object);
    json_str(w, "owner", t->taken->owner);
    json_str(w, "container", t->taken->container[0] ? t->taken->container : NULL);
    json_i64(w, "from", t->taken->when);
    if (t->ended)
        json_i64(w, "until", t->ended->when);
    else
        json_null(w, "until");
    json_str(w, "ended", how_it_ended(t));
    json_end(w);
}

/* Calls one of the two for each that holds then; returns how many there were. */
static size_t each_at(struct app *a, const struct lease_records *r, int64_t when,
                      struct table *table, struct json_writer *w)
{
    char boot[HOST_BOOT_ID_SIZE] = "";
    size_t count = 0;
    host_boot_id(boot);
    for (size_t i = 0; i < r->count; i++) {
        const struct tenure t = lease_tenure(r, i, boot);
        if (!tenure_holds_at(r, &t, when))
            continue;
        count++;
        if (w)
            json_tenure(a, w, &t);
        else
            add_tenure(a, table, &t);
    }
    return count;
}

int tenure_print_at(struct app *a, const struct lease_records *r, const char *time)
{
    _cleanup_(table_done) struct table table = { 0 };
    struct json_writer w = JSON_WRITER(&a->out);
    int64_t when;
    int result = parse_time(a, time, &when);
    if (result < 0)
        return result;
    if (a->options.json) {
        json_object(&w, NULL);
        json_array(&w, "held");
        each_at(a, r, when, NULL, &w);
        json_end(&w);
        json_end(&w);
        buf_add_char(&a->out, '\n');
        return 0;
    }
    table_init(&table, headings, ELEMENTS(headings));
    if (each_at(a, r, when, &table, NULL) == 0) {
        app_note(a, "nobody had %s then", a->n_args > 0 ? a->args[0] : "a VF");
        return 0;
    }
    return table_print(&table, &a->out, a->colour) < 0 ? error_no_memory(&a->error) : 0;
}
