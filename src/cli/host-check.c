/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl host check: is the machine ready for SR-IOV, one line per subject.
 */
#include <stdio.h>

#include "cli/diagnosis.h"
#include "cli/host.h"
#include "doctor/host-facts.h"

static const char *const colours[] = {
    [HOST_OK] = "32",
    [HOST_WARN] = "33",
    [HOST_BAD] = "31",
    [HOST_UNKNOWN] = "36",
};

#define VERDICT_WIDTH 7
#define FACTS_WIDTH 160

/* A finding that several rows are judged by is told under the first of them. */
static bool is_told(const struct host_row *row, const struct finding *f)
{
    for (const struct host_row *other = host_rows; other < row; other++) {
        if (host_row_has(other, f))
            return true;
    }
    return false;
}

/* The causes, each with its remedy; equal remedies once. */
static void print_findings(struct app *a, const struct doctor *d, const struct host_row *row,
                           int indent)
{
    const char *unseen = host_unseen(d, row), *last = "";
    const struct finding *f;
    for (size_t i = 0; (f = doctor_finding(d, i)); i++) {
        if (!host_row_has(row, f) || f->severity == FINDING_INFO || is_told(row, f))
            continue;
        buf_printf(&a->out, "%*s%s\n", indent, "", f->cause ? f->cause : "");
        if (f->remedy && !str_eq(f->remedy, last))
            buf_printf(&a->out, "%*sremedy: %s\n", indent, "", f->remedy);
        last = f->remedy ? f->remedy : "";
    }
    if (unseen)
        buf_printf(&a->out, "%*s%s\n", indent, "", unseen);
}

static int title_width(void)
{
    size_t width = 0;
    for (const struct host_row *row = host_rows; row->id; row++)
        width = MAX_OF(width, strlen(row->title));
    return (int)width;
}

static void print_row(struct app *a, struct doctor *d, const struct host_row *row, int width)
{
    _cleanup_buf_ struct buf facts = BUF_INIT;
    enum host_verdict verdict = host_judge(d, row);
    const char *name = host_verdict_name(verdict);
    row->facts(d, &facts);
    if (facts.data)
        text_make_plain(facts.data);
    buf_printf(&a->out, "%-*s  ", width, row->title);
    if (a->colour)
        buf_printf(&a->out, "\033[%sm%-*s\033[0m", colours[verdict], VERDICT_WIDTH, name);
    else
        buf_printf(&a->out, "%-*s", VERDICT_WIDTH, name);
    buf_printf(&a->out, "  %.*s%s\n", FACTS_WIDTH, facts.len > 0 ? facts.data : "-",
               facts.len > FACTS_WIDTH ? "..." : "");
    print_findings(a, d, row, width + VERDICT_WIDTH + 4);
}

static void row_json(struct json_writer *w, struct doctor *d, const struct host_row *row)
{
    _cleanup_buf_ struct buf facts = BUF_INIT;
    const struct finding *f;
    row->facts(d, &facts);
    json_object(w, NULL);
    json_str(w, "id", row->id);
    json_str(w, "title", row->title);
    json_str(w, "verdict", host_verdict_name(host_judge(d, row)));
    json_str(w, "facts", facts.len > 0 ? facts.data : NULL);
    json_str(w, "unseen", host_unseen(d, row));
    json_array(w, "findings");
    for (size_t i = 0; (f = doctor_finding(d, i)); i++) {
        if (host_row_has(row, f))
            finding_json(d, f, w);
    }
    json_end(w);
    json_end(w);
}

static void print_json(struct app *a, struct doctor *d, bool ready)
{
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_bool(&w, "ready", ready);
    json_array(&w, "rows");
    for (const struct host_row *row = host_rows; row->id; row++)
        row_json(&w, d, row);
    json_end(&w);
    json_end(&w);
    buf_add_char(&a->out, '\n');
}

int host_check(struct app *a)
{
    _cleanup_(diagnosis_done) struct diagnosis diagnosis = { 0 };
    int r = diagnosis_make(a, NULL, &diagnosis);
    if (r < 0)
        return r;
    bool ready = true;
    for (const struct host_row *row = host_rows; row->id; row++)
        ready &= host_judge(diagnosis.doctor, row) != HOST_BAD;
    if (a->options.json) {
        print_json(a, diagnosis.doctor, ready);
    } else {
        int width = title_width();
        for (const struct host_row *row = host_rows; row->id; row++)
            print_row(a, diagnosis.doctor, row, width);
    }
    a->status = ready ? 0 : SRIOV_FAILED;
    return 0;
}
