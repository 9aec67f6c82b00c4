/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public API: thin, over session and change. The opaque types are the model's own.
 */
#include <errno.h>

#include "base/json-read.h"
#include "core/api.h"
#include "core/change.h"
#include "core/inventory-json.h"
#include "core/rollback.h"
#include "core/target.h"
#include "sriov/change.h"

struct sriov_change {
    struct sriov *host;
    struct desired desired;
};

static const struct node_limits policy_limits = { .bytes = 1 << 20, .nodes = 100000, .depth = 16 };

static const struct pf *pf_in(const struct sriov_pf *pf)
{
    return (const struct pf *)pf;
}

static const struct vf *vf_in(const struct sriov_vf *vf)
{
    return (const struct vf *)vf;
}

/* ---- host.h ---- */

static int open_host(const char *state_dir, const char *file, struct sriov **ret,
                     struct sriov_error *error)
{
    struct sriov *host = calloc(1, sizeof(*host));

    if (!host)
        return error_no_memory(error);
    host->state_dir = state_dir ? strdup(state_dir) : NULL;
    host->file = file ? strdup(file) : NULL;
    if ((state_dir && !host->state_dir) || (file && !host->file)) {
        sriov_close(host);
        return error_no_memory(error);
    }
    host->session.state_dir = host->state_dir;
    host->session.replay = host->file;
    *ret = host;
    return 0;
}

int sriov_open(const char *state_dir, struct sriov **ret, struct sriov_error *error)
{
    return open_host(state_dir, NULL, ret, error);
}

int sriov_open_capture(const char *file, struct sriov **ret, struct sriov_error *error)
{
    return open_host(NULL, file, ret, error);
}

struct sriov *sriov_close(struct sriov *host)
{
    if (!host)
        return NULL;
    session_done(&host->session);
    free(host->state_dir);
    free(host->file);
    free(host);
    return NULL;
}

int sriov_read(struct sriov *host, struct sriov_error *error)
{
    return session_snapshot_again(&host->session, error);
}

int sriov_count_pfs(struct sriov *host, size_t *ret, struct sriov_error *error)
{
    int r = session_snapshot(&host->session, error);

    if (r >= 0)
        *ret = host->session.snapshot->n_pfs;
    return r;
}

const struct sriov_pf *sriov_pf_at(const struct sriov *host, size_t i)
{
    const struct snapshot *s = host->session.snapshot;

    return s && i < s->n_pfs ? (const struct sriov_pf *)&s->pfs[i] : NULL;
}

int sriov_pf_find(struct sriov *host, const char *name, const struct sriov_pf **ret,
                  struct sriov_error *error)
{
    struct target t = { 0 };
    int r;

    r = session_snapshot(&host->session, error);
    if (r >= 0)
        r = target_find(host->session.snapshot, name, &t, error);
    if (r < 0)
        return r;
    *ret = (const struct sriov_pf *)t.pf;
    target_done(&t);
    return 0;
}

const char *sriov_pf_name(const struct sriov_pf *pf)
{
    return pf_in(pf)->name;
}

const char *sriov_pf_handle(const struct sriov_pf *pf)
{
    return pf_in(pf)->handle;
}

const char *sriov_pf_driver(const struct sriov_pf *pf)
{
    return pf_in(pf)->driver;
}

size_t sriov_pf_count_vfs(const struct sriov_pf *pf)
{
    return pf_in(pf)->n_vfs;
}

const struct sriov_vf *sriov_pf_vf(const struct sriov_pf *pf, size_t index)
{
    return index < pf_in(pf)->n_vfs ? (const struct sriov_vf *)&pf_in(pf)->vfs[index] : NULL;
}

const char *sriov_vf_pci(const struct sriov_vf *vf)
{
    return vf_in(vf)->pci;
}

static int get(const struct attrs *a, enum sriov_attr attr, char *ret, size_t size)
{
    char text[ATTR_TEXT_SIZE];

    if ((unsigned)attr >= SRIOV_ATTR_COUNT)
        return -EINVAL;
    attr_text(attr_row(attr), a, text);
    if (!str_copy(ret, size, text))
        return -ENOSPC;
    return attrs_has(a, attr);
}

int sriov_pf_get(const struct sriov_pf *pf, enum sriov_attr attr, char *ret, size_t size)
{
    return get(&pf_in(pf)->attrs, attr, ret, size);
}

int sriov_vf_get(const struct sriov_vf *vf, enum sriov_attr attr, char *ret, size_t size)
{
    return get(&vf_in(vf)->attrs, attr, ret, size);
}

int api_steal(struct buf *text, char **ret, struct sriov_error *error)
{
    char *taken = buf_steal(text);

    if (!taken)
        return error_no_memory(error);
    *ret = taken;
    return 0;
}

int sriov_list_json(struct sriov *host, char **ret, struct sriov_error *error)
{
    struct session *s = &host->session;
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text);
    int r;

    r = session_ledger(s, error);
    if (r >= 0)
        r = session_holders_to_show(s, error);
    if (r < 0)
        return r;
    inventory_json(s->snapshot, NULL, &s->holders, s->ledger, &w);
    return api_steal(&text, ret, error);
}

/* ---- change.h ---- */

int sriov_change_new(struct sriov *host, struct sriov_change **ret, struct sriov_error *error)
{
    struct sriov_change *change = calloc(1, sizeof(*change));

    if (!change)
        return error_no_memory(error);
    change->host = host;
    *ret = change;
    return 0;
}

struct sriov_change *sriov_change_free(struct sriov_change *change)
{
    if (!change)
        return NULL;
    desired_done(&change->desired);
    free(change);
    return NULL;
}

int sriov_change_set(struct sriov_change *change, const char *object, const char *attribute,
                     const char *value, struct sriov_error *error)
{
    struct session *s = &change->host->session;
    struct wish_place place;
    const struct attr *row;
    int r;

    r = session_snapshot(s, error);
    if (r >= 0)
        r = desired_add_object(&change->desired, s->snapshot, object, &place, error);
    if (r < 0)
        return r;
    row = attr_find(place.scope, attribute);
    if (!row)
        return error_set(error, SRIOV_USAGE, 0, object, "no such attribute: \"%.40s\"", attribute);
    return attr_parse(row, value, place.want, object, error);
}

int sriov_change_add_policy(struct sriov_change *change, const char *json,
                            struct sriov_error *error)
{
    _cleanup_node_ struct node *document = NULL;
    struct node_error wrong = { 0 };
    int r;

    r = json_read(json, strlen(json), &policy_limits, &document, &wrong);
    if (r < 0)
        return error_set(error, SRIOV_USAGE, 0, "policy", "%s",
                         r == -EINVAL ? wrong.text : "no memory");
    return desired_add(&change->desired, document, "policy", error);
}

static int make(void *userdata, struct session *s, struct plan *ret, struct sriov_error *error)
{
    return change_plan_desired(userdata, s, ret, error);
}

int sriov_change_plan_json(struct sriov_change *change, char **ret, struct sriov_error *error)
{
    const struct change_request request = { .dry_run = true,
                                            .make = make,
                                            .userdata = &change->desired };
    _cleanup_(change_outcome_done) struct change_outcome out = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text);
    int r;

    r = change_run(&change->host->session, &request, &out, error);
    if (r < 0)
        return r;
    json_object(&w, NULL);
    plan_json(&out.plan, &out.victims, &w);
    json_end(&w);
    return api_steal(&text, ret, error);
}

static int run(struct sriov *host, const struct change_request *request, int64_t *ret_transaction,
               struct sriov_error *error)
{
    _cleanup_(change_outcome_done) struct change_outcome out = { 0 };
    int r;

    r = change_run(&host->session, request, &out, error);
    if (r >= 0 && ret_transaction)
        *ret_transaction = out.result.transaction;
    return r;
}

int sriov_change_apply(struct sriov_change *change, const char *command, unsigned flags,
                       int64_t *ret_transaction, struct sriov_error *error)
{
    const struct change_request request = {
        .command = command,
        .force = flags & SRIOV_FORCE,
        .make = make,
        .userdata = &change->desired,
    };

    return run(change->host, &request, ret_transaction, error);
}

int sriov_rollback(struct sriov *host, int64_t transaction, unsigned flags,
                   int64_t *ret_transaction, struct sriov_error *error)
{
    struct rollback rollback = { .asked = transaction };
    const struct change_request request = {
        .command = "rollback",
        .force = flags & SRIOV_FORCE,
        .make = rollback_make,
        .finish = rollback_finish,
        .userdata = &rollback,
    };
    int r = rollback_look(&rollback, &host->session, error);

    return r < 0 ? r : run(host, &request, ret_transaction, error);
}
