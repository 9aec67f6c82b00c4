/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What came of a job: the answer to those who wait for it, the record of it, and how it looks to
 * who asks by its id.
 */
#include <errno.h>
#include <stdio.h>

#include "base/json-read.h"
#include "daemon/api-handler.h"
#include "daemon/api-work.h"

/* One that was killed may have printed half of something. */
static bool was_killed(const struct work *w)
{
    return w->status >= 128;
}

/* With --json an error is one object with this key. What else comes with a status is an answer: the
 * doctor exits with 1 if it found something. */
static bool is_error(const struct work *w)
{
    static const char start[] = "{\"error\":";

    return w->status != SRIOV_DONE &&
           (was_killed(w) || w->out.len == 0 || str_starts(w->out.data, start));
}

static void put_result(const struct work *w, struct buf *ret)
{
    struct json_writer j = JSON_WRITER(ret);

    json_object(&j, NULL);
    json_i64(&j, "status", w->status);
    json_str_len(&j, "out", w->out.len > 0 ? w->out.data : "", w->out.len);
    json_str_len(&j, "err", w->err.len > 0 ? w->err.data : "", w->err.len);
    json_end(&j);
    buf_add_char(ret, '\n');
}

static unsigned success(const struct route *route)
{
    return route->flags & ROUTE_CREATES ? 201 : 200;
}

unsigned work_answer(const struct work *w, struct buf *ret)
{
    enum sriov_code code = w->status <= SRIOV_NOT_ROLLED_BACK ? (enum sriov_code)w->status
                                                              : SRIOV_FAILED;
    char message[64];

    if (w->is_text) {
        put_result(w, ret);
        return 200;
    }
    if (!is_error(w)) {
        buf_add(ret, w->out.data, w->out.len);
        return success(w->route);
    }
    if (w->out.len > 0 && !was_killed(w)) {
        buf_add(ret, w->out.data, w->out.len);
    } else {
        snprintf(message, sizeof(message), "ended with status %d without an answer", w->status);
        refusal_json(code, w->command, message, "the log of sriovd may say more", ret);
    }
    return status_of_error(0, code);
}

/* ---- the record ---- */

/* What an error of sriovctl says, for the record. */
struct reason {
    char object[128], message[256];
};

static void take_text(const struct node *map, const char *key, char *ret, size_t size)
{
    const char *text = node_get_text(map, key);

    if (text)
        str_copy(ret, size, text);
}

static void read_reason(const struct work *w, struct reason *ret)
{
    static const struct node_limits limits = { .bytes = 1u << 20, .nodes = 10000, .depth = 8 };
    _cleanup_node_ struct node *root = NULL;

    if (w->is_text) {
        snprintf(ret->message, sizeof(ret->message), "%.*s",
                 (int)MIN_OF(strcspn(w->err.data ? w->err.data : "", "\n"), sizeof(ret->message)),
                 w->err.data ? w->err.data : "");
        return;
    }
    if (w->out.len == 0 || json_read(w->out.data, w->out.len, &limits, &root, NULL) < 0)
        return;
    take_text(node_get(root, "error"), "object", ret->object, sizeof(ret->object));
    take_text(node_get(root, "error"), "message", ret->message, sizeof(ret->message));
}

static bool was_refused(const struct work *w)
{
    return w->status == SRIOV_USAGE || w->status == SRIOV_IN_USE ||
           w->status == SRIOV_UNSUPPORTED || w->status == SRIOV_NO_DEVICE ||
           w->status == SRIOV_NOT_PERMITTED;
}

void work_tell(const struct work *w)
{
    const char *result = was_refused(w) ? "refused" : w->status == SRIOV_DONE ? "done" : "failed";
    struct reason reason = { 0 };
    char message[600];

    if (!w->changes && !was_refused(w))
        return;
    if (w->status != SRIOV_DONE)
        read_reason(w, &reason);
    snprintf(message, sizeof(message), "%s: %s%s%s", w->command, result,
             *reason.message ? ": " : "", reason.message);
    feed_tell(w->api->daemon->feed,
              &(struct record){
                  .kind = was_refused(w) ? RECORD_REFUSED : RECORD_TRANSACTION,
                  .level = w->status == SRIOV_DONE ? LEVEL_NOTICE : LEVEL_WARNING,
                  .object = *reason.object ? reason.object : NULL,
                  .message = message,
                  .who = w->who,
              });
}

/* ---- showing ---- */

static void put_facts(const struct work *w, struct json_writer *j)
{
    json_u64(j, "id", w->id);
    json_str(j, "command", w->command);
    json_str(j, "who", w->who);
    json_i64(j, "started", w->started);
    if (w->running)
        json_null(j, "ended");
    else
        json_i64(j, "ended", w->ended);
    json_bool(j, "running", w->running);
    if (w->running)
        json_null(j, "status");
    else
        json_i64(j, "status", w->status);
}

void work_put(const struct work *w, struct buf *ret)
{
    struct json_writer j = JSON_WRITER(ret);
    const struct buf *out = &w->out, *err = &w->err;
    const struct job *job;

    for (size_t i = 0; w->running && (job = jobs_item(w->api->daemon->jobs, i)); i++) {
        if (job->id == w->id) {
            out = &job->out;
            err = &job->err;
        }
    }
    json_object(&j, NULL);
    put_facts(w, &j);
    json_str_len(&j, "out", out->len > 0 ? out->data : "", out->len);
    json_str_len(&j, "err", err->len > 0 ? err->data : "", err->len);
    json_end(&j);
    buf_add_char(ret, '\n');
}

/* One that nobody asked for through the API. */
static void put_own_job(const struct job *job, struct json_writer *j)
{
    json_object(j, NULL);
    json_u64(j, "id", job->id);
    json_str(j, "command", job->command);
    json_str(j, "who", job->who);
    json_i64(j, "started", job->started);
    json_null(j, "ended");
    json_bool(j, "running", true);
    json_null(j, "status");
    json_end(j);
}

int handle_jobs(struct call *c, const struct look *look, struct json_writer *w,
                struct sriov_error *error)
{
    struct works *all = c->api->works;
    const struct job *job;

    json_object(w, NULL);
    json_array(w, "jobs");
    for (size_t i = 0; (job = jobs_item(c->api->daemon->jobs, i)); i++) {
        if (!work_find(all, job->id))
            put_own_job(job, w);
    }
    for (int running = 1; running >= 0; running--) {
        for (const struct work *work = all->first; work; work = work->next) {
            if (work->running != running)
                continue;
            json_object(w, NULL);
            put_facts(work, w);
            json_end(w);
        }
    }
    json_end(w);
    json_end(w);
    return 0;
}

int handle_job(struct call *c, struct sriov_error *error)
{
    uint64_t id = 0, seconds = MIN_OF(call_number(c, "wait", 0), (uint64_t)WORK_WAIT_MAX);
    struct work *w = NULL;
    _cleanup_buf_ struct buf body = BUF_INIT;

    if (str_to_u64(c->at.words[0], UINT64_MAX, &id) == 0)
        w = work_find(c->api->works, id);
    if (!w) {
        error_set(error, SRIOV_NO_DEVICE, 0, c->at.words[0], "there is no such job (any more)");
        error_remedy(error, "/v1/jobs lists them; /v1/transactions has what was changed");
        return -ENOENT;
    }
    if (c->role < w->role)
        return error_set(error, SRIOV_NOT_PERMITTED, 0, c->at.words[0],
                         "what it printed takes role %s", role_name(w->role));
    if (w->running && seconds > 0)
        return work_wait(c, w, seconds, error);
    work_put(w, &body);
    call_answer_json(c, &body);
    return 0;
}
