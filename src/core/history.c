/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The history as JSON, and what a word in a question about it means.
 */
#include "core/history.h"

#include <stdio.h>

#include "core/target.h"

void history_done(struct history *h)
{
    free(h->rows);
    lease_records_done(&h->leases);
    *h = (struct history){ 0 };
}

/* ---- what is asked for ---- */

static void find_gone(const struct snapshot *s, const char *word, struct history_subject *ret)
{
    const char *slash = strrchr(word, '/');
    const struct pf *pf;
    uint64_t vf;

    STR_SET(ret->pf, word);
    if (!slash || str_to_u64(slash + 1, MAX_VFS, &vf) < 0)
        return;
    snprintf(ret->pf, sizeof(ret->pf), "%.*s", (int)(slash - word), word);
    pf = target_find_pf(s, ret->pf);
    if (pf)
        STR_SET(ret->pf, pf->key);
    ret->vf = (int)vf;
}

int history_subject_find(const struct snapshot *s, const char *word, struct history_subject *ret,
                         struct sriov_error *error)
{
    struct target t = { 0 };
    int r = 0;

    ret->vf = -1;
    if (target_find(s, word, &t, NULL) < 0) {
        find_gone(s, word, ret);
        return 0;
    }
    if (t.has_vfs && t.count > 1)
        r = error_set(error, SRIOV_USAGE, 0, word, "history takes one VF or a whole PF");
    STR_SET(ret->pf, t.pf->key);
    if (t.has_vfs)
        ret->vf = (int)t.indexes[0];
    target_done(&t);
    return r;
}

/* ---- JSON ---- */

static const struct pf *find_pf(const struct snapshot *s, const char *key)
{
    for (size_t i = 0; s && i < s->n_pfs; i++)
        if (str_eq(s->pfs[i].key, key))
            return &s->pfs[i];
    return NULL;
}

static void put_step(const struct history_row *row, struct json_writer *w)
{
    json_str(w, "object", row->object);
    json_str(w, "what", row->what);
    json_str(w, "from", str_eq(row->from, "-") ? NULL : row->from);
    json_str(w, "to", row->to);
    json_str(w, "state", row->state);
}

static void put_row(const struct history_row *row, struct json_writer *w)
{
    json_object(w, NULL);
    json_i64(w, "transaction", row->transaction);
    json_i64(w, "when", row->when);
    json_str(w, "who", row->who);
    json_str(w, "command", row->command);
    json_str(w, "transaction_state", transaction_state_name(row->transaction_state));
    put_step(row, w);
    json_end(w);
}

void lease_record_label(const struct lease_record *r, const struct snapshot *s,
                        char ret[OBJECT_SIZE])
{
    const struct pf *pf = find_pf(s, r->pf);

    if (pf)
        vf_label(pf, r->vf, ret);
    else
        snprintf(ret, OBJECT_SIZE, "%s/%u", r->pf, r->vf);
}

static void put_record(const struct lease_record *r, const struct snapshot *s,
                       struct json_writer *w)
{
    char object[OBJECT_SIZE];

    lease_record_label(r, s, object);
    json_object(w, NULL);
    json_i64(w, "when", r->when);
    json_str(w, "event", lease_event_name(r->event));
    json_str(w, "object", object);
    json_str(w, "owner", r->owner);
    if (r->pid > 0)
        json_i64(w, "pid", r->pid);
    else
        json_null(w, "pid");
    json_str(w, "container", r->container[0] ? r->container : NULL);
    json_end(w);
}

void history_json(const struct history *h, const struct snapshot *s, struct json_writer *w)
{
    json_object(w, NULL);
    json_array(w, "history");
    for (size_t i = 0; i < h->count; i++)
        put_row(&h->rows[i], w);
    json_end(w);
    json_array(w, "leases");
    for (size_t i = 0; i < h->leases.count && i < h->limit; i++)
        put_record(&h->leases.items[h->leases.count - 1 - i], s, w);
    json_end(w);
    json_end(w);
}

static void put_pfs(const struct transaction *t, const struct snapshot *s, struct json_writer *w)
{
    json_array(w, "pfs");
    for (size_t i = 0; i < t->pfs.count; i++) {
        const struct pf *pf = find_pf(s, t->pfs.items[i]);

        json_str(w, NULL, pf ? pf_label(pf) : t->pfs.items[i]);
    }
    json_end(w);
}

static void put_steps(const struct history_row *steps, size_t count, struct json_writer *w)
{
    json_array(w, "steps");
    for (size_t i = 0; i < count; i++) {
        json_object(w, NULL);
        put_step(&steps[i], w);
        json_end(w);
    }
    json_end(w);
}

void transaction_json(struct ledger *l, const struct transaction *t, const struct snapshot *s,
                      const struct history_row *steps, size_t n_steps, struct json_writer *w)
{
    json_object(w, NULL);
    json_i64(w, "id", t->id);
    json_str(w, "state", transaction_state_name(t->state));
    json_bool(w, "this_boot", t->this_boot);
    json_bool(w, "interrupted", ledger_is_interrupted(l, t));
    json_i64(w, "started", t->started);
    if (t->ended > 0)
        json_i64(w, "ended", t->ended);
    else
        json_null(w, "ended");
    json_str(w, "who", t->who);
    json_str(w, "command", t->command);
    json_i64(w, "pid", t->pid);
    put_pfs(t, s, w);
    if (steps)
        put_steps(steps, n_steps, w);
    json_end(w);
}
