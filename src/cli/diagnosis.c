/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The doctor's findings on the terminal: cause, evidence and remedy of each, and under it, shorter,
 * what it brings about. Findings of one check about many VFs of a PF are one block.
 */
#include "cli/diagnosis.h"

#include <errno.h>
#include <stdio.h>

#include "cli/policy-files.h"
#include "cli/text.h"
#include "policy/load.h"

/* ---- examining ---- */

static int load_policy(struct app *a, struct desired *ret, bool *ret_there)
{
    *ret_there = false;
    if (a->options.files.count == 0 && (a->options.replay || !policy_folder_has_any(POLICY_DIR)))
        return 0;
    int r = policy_files_load(a, ret);
    if (r < 0 && a->options.files.count == 0) {
        app_note(a, "%s: %s; going on without the policy", a->error.object, a->error.message);
        a->error = (struct sriov_error){ 0 };
        return 0;
    }
    *ret_there = r >= 0;
    return r;
}

int diagnosis_make(struct app *a, const char *word, struct diagnosis *ret)
{
    bool has_policy;
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0 && word)
        r = target_find(a->session.snapshot, word, &ret->target, &a->error);
    if (r >= 0)
        r = load_policy(a, &ret->policy, &has_policy);
    if (r < 0)
        return r;
    struct doctor_input in = {
        .session = &a->session,
        .target = word ? &ret->target : NULL,
        .policy = has_policy ? &ret->policy : NULL,
    };
    return doctor_run(&in, &ret->doctor, &a->error);
}

void diagnosis_done(struct diagnosis *d)
{
    d->doctor = doctor_free(d->doctor);
    desired_done(&d->policy);
    target_done(&d->target);
}

/* ---- printing ---- */

#define INDENT 4
#define VALUE_WIDTH 240 /* what is longer is cut; --json has all of it */

static const char *const colours[] = {
    [FINDING_INFO] = "36",
    [FINDING_WARNING] = "33",
    [FINDING_ERROR] = "31",
};

static bool same_block(const struct finding *a, const struct finding *b)
{
    return a->check == b->check && a->under == b->under && a->severity == b->severity && a->pf[0] &&
           str_eq(a->pf, b->pf) && a->vf >= 0 && b->vf >= 0;
}

bool diagnosis_is_told(const struct doctor *d, size_t place)
{
    const struct finding *f = doctor_finding(d, place);
    for (size_t i = 0; i < place; i++) {
        if (same_block(doctor_finding(d, i), f))
            return true;
    }
    return false;
}

/* "0-2,5" of the VFs of a block. */
static void block_vfs(const struct doctor *d, const struct finding *first, struct buf *ret)
{
    const struct finding *f;
    int from = -1, to = -1;
    for (size_t i = 0; (f = doctor_finding(d, i)); i++) {
        if (f != first && !same_block(first, f))
            continue;
        if (from >= 0 && f->vf == to + 1) {
            to = f->vf;
            continue;
        }
        if (from >= 0)
            buf_printf(ret, to > from ? "%d-%d," : "%d,", from, to);
        from = to = f->vf;
    }
    buf_printf(ret, to > from ? "%d-%d" : "%d", from, to);
}

void diagnosis_object(const struct doctor *d, const struct finding *f, struct buf *ret)
{
    if (f->vf < 0) {
        buf_add_str(ret, f->object);
        return;
    }
    buf_printf(ret, "%.*s/", (int)strcspn(f->object, "/"), f->object);
    block_vfs(d, f, ret);
}

static void add_line(struct app *a, unsigned indent, const char *key, const char *text)
{
    _cleanup_free_ char *copy = strndup(text, VALUE_WIDTH);
    if (!copy) {
        a->out.failed = true;
        return;
    }
    text_make_plain(copy);
    buf_printf(&a->out, "%*s%-8s%s%s\n", (int)indent, "", key, copy,
               strlen(text) > VALUE_WIDTH ? "..." : "");
}

static void title(struct app *a, const struct doctor *d, const struct finding *f, unsigned indent)
{
    _cleanup_buf_ struct buf object = BUF_INIT;
    const char *name = severity_name(f->severity);
    diagnosis_object(d, f, &object);
    buf_printf(&a->out, "%*s", (int)indent, "");
    if (a->colour)
        buf_printf(&a->out, "\033[1;%sm%s\033[0m", colours[f->severity], name);
    else
        buf_add_str(&a->out, name);
    buf_printf(&a->out, "  %s  %s\n", f->check->id, object.data ? object.data : "");
}

static void block(struct app *a, const struct doctor *d, const struct finding *f, unsigned indent)
{
    title(a, d, f, indent);
    indent += 2;
    add_line(a, indent, "cause", f->cause ? f->cause : "");
    const char *key = "seen";
    for (size_t i = 0; i < f->n_evidence; i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        buf_printf(&text, "%s: %s", f->evidence[i].source, f->evidence[i].value);
        add_line(a, indent, key, text.data ? text.data : "");
        key = "";
    }
    if (f->remedy)
        add_line(a, indent, "remedy", f->remedy);
    if (f->confidence != CERTAIN)
        add_line(a, indent, "sure",
                 f->confidence == LIKELY ? "likely" : "possible: one of several causes");
}

static void unseen(struct app *a, const struct doctor *d)
{
    const struct unseen *u;
    if (!doctor_unseen(d, 0))
        return;
    buf_add_str(&a->out, "\nnot checked:\n");
    for (size_t i = 0; (u = doctor_unseen(d, i)); i++)
        buf_printf(&a->out, "  %-26s  %s\n", u->check->id, u->why);
}

/* "1 error, 2 warnings; sriovctl doctor --explain pf-down tells more" */
static void sum_up(struct app *a, const struct doctor *d)
{
    static const char *const words[] = {
        [FINDING_INFO] = "note",
        [FINDING_WARNING] = "warning",
        [FINDING_ERROR] = "error",
    };
    _cleanup_buf_ struct buf text = BUF_INIT;
    const struct finding *f;
    if (!doctor_finding(d, 0)) {
        buf_add_str(&a->out, "healthy: nothing found\n");
        return;
    }
    for (int severity = FINDING_ERROR; severity >= FINDING_INFO; severity--) {
        size_t count = 0;
        for (size_t i = 0; (f = doctor_finding(d, i)); i++)
            count += (int)f->severity == severity && !diagnosis_is_told(d, i);
        if (count > 0)
            text_add(&text, "%zu %s%s", count, words[severity], count > 1 ? "s" : "");
    }
    buf_printf(&a->out, "\n%s; sriovctl doctor --explain %s tells more\n",
               text.data ? text.data : "", doctor_finding(d, 0)->check->id);
}

void diagnosis_text(struct app *a, const struct diagnosis *diagnosis)
{
    const struct doctor *d = diagnosis->doctor;
    const struct finding *f;
    for (size_t i = 0; (f = doctor_finding(d, i)); i++) {
        if (diagnosis_is_told(d, i))
            continue;
        if (!f->under && i > 0)
            buf_add_char(&a->out, '\n');
        block(a, d, f, finding_depth(f) * INDENT);
    }
    unseen(a, d);
    sum_up(a, d);
}
