/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reporting: findings and their evidence, and what could not be looked at.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/engine.h"
#include "kernel/list.h"

void finding_done(struct finding *f)
{
    for (size_t i = 0; i < f->n_evidence; i++) {
        free(f->evidence[i].source);
        free(f->evidence[i].value);
    }
    free(f->evidence);
    free(f->cause);
    free(f->remedy);
    *f = (struct finding){ 0 };
}

static struct finding *add_finding(struct doctor *d)
{
    struct finding *f = calloc(1, sizeof(*f)), **slot;

    slot = f ? LIST_ADD(&d->findings) : NULL;
    if (!slot) {
        free(f);
        d->failed = true;
        finding_done(&d->spare);
        return &d->spare;
    }
    *slot = f;
    return f;
}

void about(struct finding *f, const char *object)
{
    STR_SET(f->object, object);
    f->pf[0] = '\0';
    f->vf = -1;
}

void about_pf(struct finding *f, const struct pf *pf)
{
    about(f, pf_label(pf));
    STR_SET(f->pf, pf->key);
}

void about_vf(struct finding *f, const struct pf *pf, unsigned vf)
{
    about_pf(f, pf);
    vf_label(pf, vf, f->object);
    f->vf = (int)vf;
}

struct finding *report(struct doctor *d, enum severity severity, const char *cause, ...)
{
    struct finding *f = add_finding(d);
    va_list args;

    f->check = d->running;
    f->severity = severity;
    va_start(args, cause);
    if (vasprintf(&f->cause, cause, args) < 0) {
        f->cause = NULL;
        d->failed = true;
    }
    va_end(args);
    if (d->vf)
        about_vf(f, d->pf, d->vf->index);
    else if (d->pf)
        about_pf(f, d->pf);
    else
        about(f, "host");
    return f;
}

void confidence(struct finding *f, enum confidence confidence)
{
    f->confidence = confidence;
}

void remedy(struct finding *f, enum fix fix, const char *command, ...)
{
    va_list args;

    free(f->remedy);
    va_start(args, command);
    if (vasprintf(&f->remedy, command, args) < 0)
        f->remedy = NULL;
    va_end(args);
    f->fix = fix;
}

/* Takes `value` over; NULL is a failed allocation. */
static void add_evidence(struct doctor *d, struct finding *f, const char *source, char *value)
{
    struct evidence *grown;
    char *copy = strdup(source);

    grown = copy && value ? reallocarray(f->evidence, f->n_evidence + 1, sizeof(*grown)) : NULL;
    if (!grown) {
        d->failed = true;
        free(copy);
        free(value);
        return;
    }
    f->evidence = grown;
    f->evidence[f->n_evidence++] = (struct evidence){ .source = copy, .value = value };
}

void evidence(struct doctor *d, struct finding *f, const char *source, const char *value, ...)
{
    va_list args;
    char *text;

    va_start(args, value);
    if (vasprintf(&text, value, args) < 0)
        text = NULL;
    va_end(args);
    add_evidence(d, f, source, text);
}

void evidence_file(struct doctor *d, struct finding *f, const char *path)
{
    struct backend *b = doctor_backend(d);
    char *text = NULL;
    int r;

    r = b->ops->read_file(b, path, &text);
    add_evidence(d, f, path, r < 0 ? strdup(strerror(-r)) : text);
}

void evidence_link(struct doctor *d, struct finding *f, const char *path)
{
    struct backend *b = doctor_backend(d);
    char *target = NULL;
    int r;

    r = b->ops->read_link(b, path, &target);
    add_evidence(d, f, path, r < 0 ? strdup(strerror(-r)) : target);
}

void evidence_log(struct doctor *d, struct finding *f, const char *line)
{
    add_evidence(d, f, "dmesg", strdup(line));
}

void unseen_add(struct doctor *d, const struct check *c, const char *why)
{
    struct unseen *slot;

    for (size_t i = 0; i < d->unseen.count; i++) {
        if (d->unseen.items[i].check == c)
            return;
    }
    slot = LIST_ADD(&d->unseen);
    if (!slot) {
        d->failed = true;
        return;
    }
    slot->check = c;
    STR_SET(slot->why, why);
}

void cannot_see(struct doctor *d, const char *why, ...)
{
    char text[sizeof(((struct unseen *)0)->why)];
    va_list args;

    va_start(args, why);
    vsnprintf(text, sizeof(text), why, args);
    va_end(args);
    unseen_add(d, d->running, text);
}
