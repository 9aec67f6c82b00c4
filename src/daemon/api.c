/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way of a request: route, who asks, what he may, what he sends, and then the function of the
 * route. All that can be refused without asking the engine is refused here.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/hash.h"
#include "base/json-read.h"
#include "daemon/api-call.h"

static const struct node_limits body_limits = { .bytes = 1u << 20, .nodes = 10000, .depth = 8 };

/* ---- life ---- */

int api_new(struct daemon *d, struct api **ret, struct sriov_error *error)
{
    struct api *a = calloc(1, sizeof(*a));
    int r;

    if (!a)
        return error_no_memory(error);
    a->daemon = d;
    r = auth_new(&d->config, &a->auth, error);
    if (r >= 0 &&
        (works_new(a, &a->works) < 0 || keys_new(&a->keys) < 0 || streams_new(a, &a->streams) < 0))
        r = error_no_memory(error);
    if (r < 0) {
        api_free(a);
        return r;
    }
    *ret = a;
    return 0;
}

struct api *api_free(struct api *a)
{
    if (!a)
        return NULL;
    streams_free(a->streams);
    works_free(a->works);
    keys_free(a->keys);
    auth_free(a->auth);
    free(a);
    return NULL;
}

void api_reload(struct api *a)
{
    struct sriov_error error = { 0 };
    char message[640];

    if (auth_reload(a->auth, &error) >= 0)
        return;
    snprintf(message, sizeof(message), "no token is good until this is put right: %s%s%s",
             error.message, *error.kernel ? ": " : "", error.kernel);
    feed_tell(a->daemon->feed, &(struct record){ .kind = RECORD_DAEMON,
                                                 .level = LEVEL_ERROR,
                                                 .object = error.object,
                                                 .message = message });
}

void call_free(struct call *c)
{
    work_leave(c);
    if (c->key)
        key_drop(c->api->keys, c->key);
    node_free(c->body);
    free(c);
}

/* The peer left. What was begun for it goes on. */
static void call_gone(void *userdata)
{
    struct call *c = userdata;

    state_forget(c->api->daemon->state, c);
    call_free(c);
}

/* ---- what was asked ---- */

const char *call_query(const struct call *c, const char *name)
{
    const char *value = http_query(c->request, name);

    return value && *value ? value : NULL;
}

bool call_flag(const struct call *c, const char *name)
{
    const char *value = call_query(c, name);

    return value && str_eq(value, "true");
}

uint64_t call_number(const struct call *c, const char *name, uint64_t otherwise)
{
    const char *value = call_query(c, name);
    uint64_t number;

    return value && str_to_u64(value, INT64_MAX, &number) == 0 ? number : otherwise;
}

/* ---- checks; true: it may go on, false: it was answered ---- */

static bool find(struct call *c)
{
    int r = route_find(http_method(c->request), http_path(c->request), &c->at);

    if (r >= 0)
        return true;
    if (r == -EPERM)
        call_refuse(c, 405, "does not take this method", NULL);
    else if (r != -ENOENT || !file_answer(c))
        call_refuse(c, 404, "there is no such path", "docs/api.md and /v1/openapi.json list them");
    return false;
}

/* Who may read is asked only where it matters: the console signs in with its own pages. */
static int identify(struct call *c)
{
    int r = auth_who(c->api->auth, c->request, &c->role, c->who);

    if (r < 0) {
        c->role = ROLE_NONE;
        STR_SET(c->who, http_peer(c->request)->address);
    }
    return r;
}

/* To look at what would be done takes less than to do it, and to hurt somebody takes more. */
static enum role role_wanted(const struct call *c)
{
    const struct route *route = c->at.route;

    if (!(route->flags & ROUTE_DRY))
        return route->role;
    if (call_flag(c, "dry_run"))
        return MIN_OF(route->role, ROLE_OPERATE);
    return call_flag(c, "force") ? ROLE_ADMIN : route->role;
}

static bool may(struct call *c, bool is_known)
{
    enum role wanted = role_wanted(c);
    char message[80];

    if (wanted == ROLE_NONE)
        return true;
    if (!is_known) {
        call_refuse(c, 401, "takes a token",
                    "send it as Authorization: Bearer TOKEN; sriovd token "
                    "add makes one");
        return false;
    }
    if (c->role >= wanted)
        return true;
    snprintf(message, sizeof(message), "takes role %s, and you have %s", role_name(wanted),
             role_name(c->role));
    call_refuse(c, 403, message,
                http_peer(c->request)->is_local
                    ? "ask as root or as a member of the group of sriovd"
                    : "ask with a token of that role");
    return false;
}

/* A media type of a header up to its parameters. */
static bool type_is(const char *given, size_t len, const char *type)
{
    return strlen(type) == len && strncasecmp(given, type, len) == 0;
}

/* "text/html, application/json;q=0.9": one of those will do. */
static bool accepts(const char *header, const char *type)
{
    char any[32];

    snprintf(any, sizeof(any), "%.*s/*", (int)strcspn(type, "/"), type);
    while (*header) {
        size_t len;

        header += strspn(header, ", \t");
        len = strcspn(header, ";, \t");
        if (type_is(header, len, type) || type_is(header, len, any) || type_is(header, len, "*/*"))
            return true;
        header += strcspn(header, ",");
    }
    return false;
}

/* Prometheus asks for forms of its own, which /metrics judges by itself. */
static bool check_accept(struct call *c)
{
    const char *header = http_header(c->request, "Accept");
    const char *type = c->at.route->type ? c->at.route->type : "application/json";
    char message[80];

    if (!header || !*header || str_starts(c->at.route->path, "/metrics") || accepts(header, type))
        return true;
    snprintf(message, sizeof(message), "answers with %s only", type);
    call_refuse(c, 406, message, NULL);
    return false;
}

/* ---- the query ---- */

struct query {
    struct call *call;
    struct strv seen;
    struct sriov_error error;
};

static int check_parameter(void *userdata, const char *key, const char *value)
{
    struct query *q = userdata;

    if (strv_has(&q->seen, key))
        return error_set(&q->error, SRIOV_USAGE, 0, key, "is given twice");
    if (strv_add(&q->seen, key) < 0)
        return error_no_memory(&q->error);
    return query_check(q->call->at.route, key, value ? value : "", &q->error);
}

static bool check_query(struct call *c)
{
    struct query q = { .call = c };
    int r = http_each_query(c->request, check_parameter, &q);

    strv_done(&q.seen);
    if (r < 0)
        call_answer_error(c, r, &q.error);
    return r >= 0;
}

/* ---- the body ---- */

static bool check_content_type(struct call *c)
{
    static const char *const json[] = { "application/json", "application/merge-patch+json", NULL };
    static const char *const policy[] = { "application/json",   "application/yaml",
                                          "application/x-yaml", "text/yaml",
                                          "text/x-yaml",        NULL };
    bool is_policy = c->at.route->flags & ROUTE_POLICY;
    const char *header = http_header(c->request, "Content-Type");
    size_t len = header ? strcspn(header, "; \t") : 0;

    for (const char *const *type = is_policy ? policy : json; *type; type++) {
        if (!header || type_is(header, len, *type))
            return true;
    }
    call_refuse(c, 415, "does not take a body of this type",
                is_policy ? "send it as Content-Type: application/yaml or application/json"
                          : "send it as Content-Type: application/json");
    return false;
}

static bool read_body(struct call *c, const char *text, size_t len)
{
    struct node_error wrong = { 0 };
    struct sriov_error error = { 0 };
    int r = json_read(text, len, &body_limits, &c->body, &wrong);

    if (r == -ENOMEM)
        error_no_memory(&error);
    else if (r < 0)
        error_set(&error, SRIOV_USAGE, 0, "body", "line %u: %s", wrong.line, wrong.text);
    else
        r = body_check(schema_find(c->at.route->body), c->body, &error);
    if (r < 0)
        call_answer_error(c, r, &error);
    return r >= 0;
}

static bool check_body(struct call *c)
{
    size_t len;
    const char *text = http_body(c->request, &len);

    if (len == 0 && !c->at.route->body)
        return true;
    if (!c->at.route->body && !(c->at.route->flags & ROUTE_POLICY)) {
        call_refuse(c, 400, "takes no body", NULL);
        return false;
    }
    if (!check_content_type(c))
        return false;
    return !c->at.route->body || read_body(c, text, len);
}

/* ---- idempotency ---- */

static int hash_parameter(void *userdata, const char *key, const char *value)
{
    uint64_t *hash = userdata;

    *hash = hash_add_text(*hash, key);
    *hash = hash_add_text(*hash, value ? value : "");
    return 0;
}

static uint64_t hash_request(const struct http_request *r)
{
    size_t len;
    const char *body = http_body(r, &len);
    uint64_t hash = hash_add_text(HASH_START, http_method(r));

    hash = hash_add_text(hash, http_path(r));
    http_each_query(r, hash_parameter, &hash);
    return hash_add(hash, body, len);
}

static void answer_again(struct call *c, const struct key *k)
{
    const struct buf *body = key_body(k);

    call_answer(c, &(struct http_answer){
                       .status = key_status(k),
                       .type = "application/json",
                       .body = body->data,
                       .len = body->len,
                       .headers = (const char *const[]){ "Idempotent-Replayed", "true", NULL },
                   });
}

static bool take_key(struct call *c, const char *text)
{
    struct key *k;
    enum key_state state;
    int r = key_find(c->api->keys, c->who, text, hash_request(c->request), time(NULL), &k, &state);

    if (r < 0) {
        struct sriov_error error;

        call_answer_error(c, error_no_memory(&error), &error);
        return false;
    }
    switch (state) {
    case KEY_NEW:
        c->key = k;
        return true;
    case KEY_ANSWERED:
        answer_again(c, k);
        break;
    case KEY_RUNS:
        call_refuse(c, 409, "the first request of this Idempotency-Key is not answered yet",
                    "/v1/jobs shows what runs");
        break;
    case KEY_OTHER:
        call_refuse(c, 422, "this Idempotency-Key stands for another request", "take a new one");
        break;
    }
    return false;
}

#define KEY_LENGTH_MAX 255

static bool check_key(struct call *c)
{
    const char *text = http_header(c->request, "Idempotency-Key");

    if (!text || !(c->at.route->flags & ROUTE_WRITES))
        return true;
    if (str_is_plain(text, KEY_LENGTH_MAX))
        return take_key(c, text);
    call_refuse(c, 400, "the Idempotency-Key is empty, too long, or no plain text", NULL);
    return false;
}

/* ---- answering ---- */

static void look_ready(void *userdata, struct look *look)
{
    struct call *c = userdata;
    _cleanup_buf_ struct buf body = BUF_INIT;
    struct json_writer w = JSON_WRITER(&body);
    struct sriov_error error = { 0 };
    int r;

    if (!look) {
        error_set(&error, SRIOV_FAILED, EAGAIN, "", "the machine was not read yet");
        error_kernel(&error, "sriovd is starting");
        error_remedy(&error, "try again in some seconds");
        call_answer_error(c, -EAGAIN, &error);
        return;
    }
    r = c->at.route->json(c, look, &w, &error);
    buf_add_char(&body, '\n');
    if (r < 0)
        call_answer_error(c, r, &error);
    else
        call_answer_json(c, &body);
}

static void answer(struct call *c)
{
    struct sriov_error error = { 0 };
    int r;

    if (c->at.route->json)
        r = state_fresh(c->api->daemon->state, look_ready, c);
    else
        r = c->at.route->run(c, &error);
    if (r == -ENOMEM && error.code == SRIOV_DONE)
        error_no_memory(&error);
    if (r < 0)
        call_answer_error(c, r, &error);
}

void api_handle(void *api, struct http_request *r)
{
    static const struct http_answer no_memory = { .status = 500 };
    struct call *c = calloc(1, sizeof(*c));
    bool is_known;

    if (!c) {
        http_respond(r, &no_memory);
        return;
    }
    c->api = api;
    c->request = r;
    http_set_userdata(r, c, call_gone);
    is_known = identify(c) >= 0;
    if (auth_is_foreign(r)) {
        call_refuse(c, 403, "a page of another site asks", NULL);
        return;
    }
    if (find(c) && may(c, is_known) && check_accept(c) && check_query(c) && check_body(c) &&
        check_key(c))
        answer(c);
}

void api_refused(void *api, const struct http_peer *peer, unsigned status, const char *why)
{
    struct api *a = api;

    refusal_tell(a->daemon, peer->address, "request", "", NULL, why, status);
}
