/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Findings as JSON, the consequences of each nested in it.
 */
#include "doctor/engine.h"

static const char *const severities[] = {
    [FINDING_INFO] = "info",
    [FINDING_WARNING] = "warning",
    [FINDING_ERROR] = "error",
};

static const char *const confidences[] = {
    [CERTAIN] = "certain",
    [LIKELY] = "likely",
    [POSSIBLE] = "possible",
};

const char *severity_name(enum severity s)
{
    return severities[s];
}

const char *confidence_name(enum confidence c)
{
    return confidences[c];
}

static void consequences(const struct doctor *d, const struct finding *f, struct json_writer *w)
{
    json_array(w, "consequences");
    for (size_t i = 0; i < d->findings.count; i++) {
        if (d->findings.items[i]->under == f)
            finding_json(d, d->findings.items[i], w);
    }
    json_end(w);
}

void finding_json(const struct doctor *d, const struct finding *f, struct json_writer *w)
{
    json_object(w, NULL);
    json_str(w, "id", f->check->id);
    json_str(w, "area", check_area(f->check)->name);
    json_str(w, "severity", severity_name(f->severity));
    json_str(w, "object", f->object);
    json_str(w, "cause", f->cause);
    json_array(w, "evidence");
    for (size_t i = 0; i < f->n_evidence; i++) {
        json_object(w, NULL);
        json_str(w, "source", f->evidence[i].source);
        json_str(w, "value", f->evidence[i].value);
        json_end(w);
    }
    json_end(w);
    json_str(w, "remedy", f->remedy);
    json_bool(w, "fixable", f->fix == FIX_SAFE);
    json_str(w, "confidence", confidence_name(f->confidence));
    consequences(d, f, w);
    json_end(w);
}

void doctor_json(const struct doctor *d, struct json_writer *w)
{
    json_object(w, NULL);
    json_bool(w, "healthy", !doctor_has_errors(d));
    json_array(w, "findings");
    for (size_t i = 0; i < d->findings.count; i++) {
        if (!d->findings.items[i]->under)
            finding_json(d, d->findings.items[i], w);
    }
    json_end(w);
    json_array(w, "unchecked");
    for (size_t i = 0; i < d->unseen.count; i++) {
        const struct unseen *u = &d->unseen.items[i];

        json_object(w, NULL);
        json_str(w, "id", u->check->id);
        json_str(w, "why", u->why);
        json_end(w);
    }
    json_end(w);
    json_end(w);
}
