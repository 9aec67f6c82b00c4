/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers that need no job: from the last look at the machine, the ledger, and the daemon itself.
 * Nothing here waits for a lock that a stuck change can hold.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "core/history.h"
#include "core/inventory-json.h"
#include "core/lease-json.h"
#include "core/target.h"
#include "daemon/api-handler.h"
#include "daemon/metrics.h"
#include "doctor/doctor.h"
#include "kernel/events.h"
#include "kernel/host.h"

#define NS_PER_MS UINT64_C(1000000)
#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000 /* rows: some 10 ms */

/* ---- devices ---- */

int handle_pfs(struct call *c, const struct look *look, struct json_writer *w,
               struct sriov_error *error)
{
    inventory_json(look->snapshot, NULL, &look->holders, daemon_ledger(c->api->daemon), w);
    return 0;
}

int handle_vfs(struct call *c, const struct look *look, struct json_writer *w,
               struct sriov_error *error)
{
    inventory_vfs_json(look->snapshot, &look->holders, w);
    return 0;
}

/* The PF of a path. */
static int find_pf(const struct look *look, const char *word, struct pf **ret,
                   struct sriov_error *error)
{
    struct target t = { 0 };
    bool is_vf;
    int r = target_find(look->snapshot, word, &t, error);

    if (r < 0)
        return r;
    is_vf = t.has_vfs;
    *ret = t.pf;
    target_done(&t);
    return is_vf ? error_set(error, SRIOV_NO_DEVICE, 0, word, "is a VF, not a PF") : 0;
}

int handle_pf(struct call *c, const struct look *look, struct json_writer *w,
              struct sriov_error *error)
{
    struct pf *pf;
    int r = find_pf(look, c->at.words[0], &pf, error);

    if (r >= 0)
        inventory_json(look->snapshot, pf, &look->holders, daemon_ledger(c->api->daemon), w);
    return r;
}

int handle_vf(struct call *c, const struct look *look, struct json_writer *w,
              struct sriov_error *error)
{
    struct pf *pf;
    uint64_t index;
    int r = find_pf(look, c->at.words[0], &pf, error);

    if (r < 0)
        return r;
    if (str_to_u64(c->at.words[1], MAX_VFS, &index) < 0)
        return error_set(error, SRIOV_USAGE, 0, c->at.words[1], "is no number of a VF");
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].index == index) {
            inventory_vf_json(pf, &pf->vfs[i], &look->holders, w);
            return 0;
        }
    }
    error_set(error, SRIOV_NO_DEVICE, 0, pf_label(pf), "has no VF %s", c->at.words[1]);
    error_remedy(error, "it has %zu", pf->n_vfs);
    return -ENODEV;
}

int handle_leases(struct call *c, const struct look *look, struct json_writer *w,
                  struct sriov_error *error)
{
    json_object(w, NULL);
    json_array(w, "leases");
    for (size_t i = 0; i < look->n_leases; i++)
        lease_json(&look->leases[i], look->snapshot, NULL, w);
    json_end(w);
    json_end(w);
    return 0;
}

int handle_policy(struct call *c, const struct look *look, struct json_writer *w,
                  struct sriov_error *error)
{
    reconcile_json(c->api->daemon->reconcile, w);
    return 0;
}

/* ---- history ---- */

static size_t limit_of(const struct call *c)
{
    return (size_t)MIN_OF(call_number(c, "limit", LIMIT_DEFAULT), (uint64_t)LIMIT_MAX);
}

static int read_history(struct daemon *d, const struct history_subject *subject, struct history *h,
                        struct sriov_error *error)
{
    const char *pf = *subject->pf ? subject->pf : NULL;
    int r = 0;

    if (!d->replay)
        r = lease_log_read(d->config.state_dir, pf, subject->vf, &h->leases, error);
    if (r >= 0)
        r = ledger_history(daemon_ledger(d), pf, subject->vf, h->limit, &h->rows, &h->count, error);
    return r;
}

int handle_history(struct call *c, const struct look *look, struct json_writer *w,
                   struct sriov_error *error)
{
    _cleanup_(history_done) struct history h = { .limit = limit_of(c) };
    struct history_subject subject = { .vf = -1 };
    const char *object = call_query(c, "object");
    int r = object ? history_subject_find(look->snapshot, object, &subject, error) : 0;

    if (r >= 0)
        r = read_history(c->api->daemon, &subject, &h, error);
    if (r >= 0)
        history_json(&h, look->snapshot, w);
    return r;
}

int handle_transactions(struct call *c, const struct look *look, struct json_writer *w,
                        struct sriov_error *error)
{
    struct ledger *l = daemon_ledger(c->api->daemon);
    struct transaction *items;
    size_t count;
    int r = ledger_transactions(l, (int64_t)call_number(c, "before", 0), limit_of(c), &items,
                                &count, error);

    if (r < 0)
        return r;
    json_object(w, NULL);
    json_array(w, "transactions");
    for (size_t i = 0; i < count; i++)
        transaction_json(l, &items[i], look->snapshot, NULL, 0, w);
    json_end(w);
    json_end(w);
    transactions_free(items, count);
    return 0;
}

int handle_transaction(struct call *c, const struct look *look, struct json_writer *w,
                       struct sriov_error *error)
{
    struct ledger *l = daemon_ledger(c->api->daemon);
    _cleanup_(transaction_done) struct transaction t = { 0 };
    _cleanup_free_ struct history_row *steps = NULL;
    size_t count = 0;
    uint64_t id = 0;
    int r = str_to_u64(c->at.words[0], INT64_MAX, &id) < 0 || id == 0 || !l ? -ENOENT : 0;

    if (r >= 0)
        r = ledger_transaction(l, (int64_t)id, &t, error);
    else
        error_set(error, SRIOV_USAGE, 0, c->at.words[0], "there is no such transaction");
    if (r >= 0)
        r = ledger_steps(l, (int64_t)id, &steps, &count, error);
    if (r >= 0)
        transaction_json(l, &t, look->snapshot, steps, count, w);
    return r;
}

/* ---- the daemon ---- */

#define STALE_MS 5000

static void put_look(const struct look *look, struct json_writer *w)
{
    if (!look) {
        json_null(w, "look");
        return;
    }
    json_object(w, "look");
    json_u64(w, "number", look->number);
    json_u64(w, "age_ms", (events_now() - look->begun) / NS_PER_MS);
    json_end(w);
}

static void put_you(const struct call *c, struct json_writer *w)
{
    json_object(w, "you");
    json_str(w, "name", c->who);
    json_str(w, "role", role_name(c->role));
    json_end(w);
}

static uint64_t count_jobs(const struct jobs *j)
{
    uint64_t n = 0;

    while (jobs_item(j, (size_t)n))
        n++;
    return n;
}

static void put_facts(const struct call *c, const struct look *look, unsigned reading_ms,
                      struct json_writer *w)
{
    const struct daemon *d = c->api->daemon;
    char host[65] = "";

    gethostname(host, sizeof(host) - 1);
    json_str(w, "host", host);
    json_i64(w, "started", d->started);
    put_look(look, w);
    json_u64(w, "reading_ms", reading_ms);
    json_u64(w, "jobs", count_jobs(d->jobs));
    put_you(c, w);
}

static void put_no_facts(struct json_writer *w)
{
    static const char *const keys[] = { "host", "started", "look", "reading_ms", "jobs", "you" };

    for (size_t i = 0; i < ELEMENTS(keys); i++)
        json_null(w, keys[i]);
}

/* For load balancers and the console, so without a token; what tells of the host takes role read.
 */
int handle_health(struct call *c, struct sriov_error *error)
{
    const struct daemon *d = c->api->daemon;
    const struct look *look = state_look(d->state);
    unsigned reading_ms = reader_busy(d->reader);
    _cleanup_buf_ struct buf body = BUF_INIT;
    struct json_writer w = JSON_WRITER(&body);

    json_object(&w, NULL);
    json_str(&w, "status", !look ? "starting" : reading_ms > STALE_MS ? "stale" : "ok");
    json_str(&w, "version", SRIOV_VERSION);
    if (c->role >= ROLE_READ)
        put_facts(c, look, reading_ms, &w);
    else
        put_no_facts(&w);
    json_end(&w);
    buf_add_char(&body, '\n');
    if (buf_ok(&body) < 0)
        return error_no_memory(error);
    call_answer(c, &(struct http_answer){ .status = look ? 200 : 503,
                                          .type = "application/json",
                                          .body = body.data,
                                          .len = body.len });
    return 0;
}

int handle_openapi(struct call *c, struct sriov_error *error)
{
    _cleanup_buf_ struct buf body = BUF_INIT;

    if (openapi_write(&body) < 0)
        return error_no_memory(error);
    call_answer_json(c, &body);
    return 0;
}

int handle_page(struct call *c, struct sriov_error *error)
{
    const char *page = kb_page(c->at.words[0]);

    if (!page) {
        error_set(error, SRIOV_NO_DEVICE, 0, c->at.words[0], "there is no such check");
        error_remedy(error, "`sriovctl doctor --list` lists them");
        return -ENOENT;
    }
    call_answer(c, &(struct http_answer){ .status = 200,
                                          .type = "text/markdown; charset=utf-8",
                                          .body = page,
                                          .len = strlen(page),
                                          .body_is_static = true });
    return 0;
}

int handle_metrics(struct call *c, struct sriov_error *error)
{
    struct http_request *request = c->request;
    struct daemon *d = c->api->daemon;

    http_set_userdata(request, NULL, NULL);
    call_free(c);
    metrics_respond(d, request);
    return 0;
}
