/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For the tests of the API, each of which includes it once: everything around api.c in the test's
 * hands: the peer, the role, the jobs (which start, and end when the test says so), timers, the
 * look at the machine, the feed. The functions stand in place of those of the daemon, whose files
 * the linker then leaves out.
 */
#ifndef TESTS_API_WORLD_H
#define TESTS_API_WORLD_H

#include "daemon/api-call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/metrics.h"
/* ---- the peer ---- */

struct http_request {
    const char *method, *path, *body;
    const char *headers[9]; /* name, value, ... */
    const char *query[9];
    struct http_peer peer;
    void *userdata;
    void (*gone)(void *userdata);
    bool answered, streams, ended;
    unsigned status;
    char type[64], text[4096], allow[64], location[64];
    const char *role; /* "read"; NULL: not known */
};

static _unused_ const char *find_pair(const char *const *pairs, const char *name)
{
    for (; *pairs; pairs += 2) {
        if (strcasecmp(pairs[0], name) == 0)
            return pairs[1];
    }
    return NULL;
}

const char *http_method(const struct http_request *r)
{
    return r->method;
}

const char *http_path(const struct http_request *r)
{
    return r->path;
}

const char *http_body(const struct http_request *r, size_t *ret_len)
{
    *ret_len = r->body ? strlen(r->body) : 0;
    return r->body ? r->body : "";
}

const char *http_header(const struct http_request *r, const char *name)
{
    return find_pair(r->headers, name);
}

const char *http_query(const struct http_request *r, const char *name)
{
    return find_pair(r->query, name);
}

int http_each_query(const struct http_request *r,
                    int (*found)(void *userdata, const char *key, const char *value),
                    void *userdata)
{
    int result = 0;

    for (const char *const *q = r->query; result == 0 && *q; q += 2)
        result = found(userdata, q[0], q[1]);
    return result;
}

const struct http_peer *http_peer(const struct http_request *r)
{
    return &r->peer;
}

void http_set_userdata(struct http_request *r, void *userdata, void (*gone)(void *userdata))
{
    r->userdata = userdata;
    r->gone = gone;
}

void http_respond(struct http_request *r, const struct http_answer *a)
{
    const char *none[] = { NULL }, *const *headers = a->headers ? a->headers : none, *value;

    assert_false(r->answered);
    r->answered = true;
    r->status = a->status;
    STR_SET(r->type, a->type ? a->type : "");
    assert_true(a->len < sizeof(r->text));
    memcpy(r->text, a->body ? a->body : "", a->len);
    value = find_pair(headers, "Allow");
    STR_SET(r->allow, value ? value : "");
    value = find_pair(headers, "Location");
    STR_SET(r->location, value ? value : "");
}

void http_stream_begin(struct http_request *r, const char *type)
{
    r->streams = true;
    STR_SET(r->type, type);
}

void http_stream_send(struct http_request *r, const void *data, size_t len)
{
    size_t have = strlen(r->text);

    assert_true(r->streams);
    assert_true(have + len < sizeof(r->text));
    memcpy(r->text + have, data, len);
    r->text[have + len] = '\0';
}

void http_stream_end(struct http_request *r)
{
    r->ended = true;
}

/* ---- who asks ---- */

static const char *const role_names[] = { "none", "read", "operate", "admin" };

const char *role_name(enum role role)
{
    return role_names[role];
}

int auth_new(const struct config *config, struct auth **ret, struct sriov_error *error)
{
    return 0;
}

struct auth *auth_free(struct auth *a)
{
    return NULL;
}

int auth_reload(struct auth *a, struct sriov_error *error)
{
    return 0;
}

int auth_who(const struct auth *a, const struct http_request *r, enum role *ret,
             char who[AUTH_WHO_SIZE])
{
    if (!r->role)
        return -EACCES;
    for (unsigned i = 0; i < ELEMENTS(role_names); i++) {
        if (str_eq(role_names[i], r->role))
            *ret = (enum role)i;
    }
    str_copy(who, AUTH_WHO_SIZE, "alice");
    return 0;
}

bool auth_is_foreign(const struct http_request *r)
{
    return http_header(r, "Origin");
}

/* ---- jobs ---- */

#define JOBS 16

struct fake_job {
    uint64_t id;
    char args[512], input[256], who[64];
    void (*done)(void *userdata, const struct job *job);
    void *userdata;
    bool running;
};

static struct fake_job jobs[JOBS];
static size_t n_jobs;
static bool jobs_are_full;

int job_start(struct jobs *j, const struct job_request *q, uint64_t *ret_id)
{
    struct fake_job *job = &jobs[n_jobs];

    if (jobs_are_full)
        return -EAGAIN;
    assert_true(n_jobs < JOBS);
    *job = (struct fake_job){ .id = 100 + n_jobs, .done = q->done, .userdata = q->userdata };
    for (size_t i = 0; q->args[i]; i++) {
        size_t len = strlen(job->args);
        snprintf(job->args + len, sizeof(job->args) - len, "%s%s", i > 0 ? "|" : "", q->args[i]);
    }
    snprintf(job->input, sizeof(job->input), "%.*s", (int)q->input_len, q->input ? q->input : "");
    STR_SET(job->who, q->who);
    job->running = true;
    n_jobs++;
    *ret_id = job->id;
    return 0;
}

static _unused_ void end_job(size_t i, int status, const char *out, const char *err)
{
    struct job job = { .id = jobs[i].id, .status = status };

    assert_true(jobs[i].running);
    buf_add_str(&job.out, out);
    buf_add_str(&job.err, err);
    jobs[i].running = false;
    jobs[i].done(jobs[i].userdata, &job);
    buf_done(&job.out);
    buf_done(&job.err);
}

void job_forget(struct jobs *j, uint64_t id)
{
    for (size_t i = 0; i < n_jobs; i++) {
        if (jobs[i].id == id)
            jobs[i].running = false;
    }
}

const struct job *jobs_item(const struct jobs *j, size_t i)
{
    return NULL;
}

/* ---- the loop and the machine ---- */

struct source {
    uint64_t microseconds;
    bool is_set;
    void (*due)(void *userdata);
    void *userdata;
    struct source *next;
};

static struct source *timers;

int loop_add_timer(struct loop *l, uint64_t microseconds, void (*due)(void *userdata),
                   void *userdata, struct source **ret)
{
    struct source *s = calloc(1, sizeof(*s));

    *s = (struct source){ microseconds, true, due, userdata, timers };
    *ret = timers = s;
    return 0;
}

int loop_timer_set(struct source *timer, uint64_t microseconds)
{
    timer->microseconds = microseconds;
    timer->is_set = true;
    return 0;
}

void loop_timer_stop(struct source *timer)
{
    timer->is_set = false;
}

struct source *source_free(struct source *s)
{
    for (struct source **place = &timers; s && *place; place = &(*place)->next) {
        if (*place == s) {
            *place = s->next;
            break;
        }
    }
    free(s);
    return NULL;
}

static _unused_ size_t timers_set(void)
{
    size_t n = 0;

    for (const struct source *s = timers; s; s = s->next)
        n += s->is_set;
    return n;
}

/* The timer that was set last is due. */
static _unused_ uint64_t run_timer(void)
{
    struct source *s = timers;

    while (s && !s->is_set)
        s = s->next;
    assert_non_null(s);
    s->is_set = false;
    uint64_t microseconds = s->microseconds;
    s->due(s->userdata);
    return microseconds;
}

static struct look look;
static bool look_is_there;
static unsigned changes; /* calls of state_changed */

struct look *state_look(const struct state *s)
{
    return look_is_there ? &look : NULL;
}

int state_fresh(struct state *s, void (*ready)(void *userdata, struct look *look), void *userdata)
{
    ready(userdata, state_look(s));
    return 0;
}

void state_forget(struct state *s, void *userdata)
{
}

void state_changed(struct state *s)
{
    changes++;
}

unsigned reader_busy(struct reader *r)
{
    return 0;
}

struct ledger *daemon_ledger(struct daemon *d)
{
    return NULL;
}

void reconcile_json(const struct reconcile *r, struct json_writer *w)
{
    json_object(w, NULL);
    json_null(w, "policy");
    json_end(w);
}

void metrics_respond(struct daemon *d, struct http_request *r)
{
    http_respond(r, &(struct http_answer){ .status = 200, .type = "text/plain" });
}

/* ---- the feed ---- */

struct listener {
    feed_heard heard;
    void *userdata;
    uint64_t last;
};

static struct {
    enum record_kind kind;
    char message[700], object[128], who[64];
    unsigned count;
} told;

static struct listener listener;

void feed_tell(struct feed *f, const struct record *r)
{
    told.kind = r->kind;
    STR_SET(told.message, r->message);
    STR_SET(told.object, r->object ? r->object : "");
    STR_SET(told.who, r->who ? r->who : "");
    told.count++;
}

int feed_listen(struct feed *f, uint64_t last, feed_heard heard, void *userdata,
                struct listener **ret)
{
    listener = (struct listener){ heard, userdata, last };
    *ret = &listener;
    return 0;
}

struct listener *feed_unlisten(struct listener *l)
{
    if (l)
        *l = (struct listener){ 0 };
    return NULL;
}

/* ---- helpers ---- */

static struct pf pfs[1];
static struct vf vfs[2];
static struct snapshot snapshot = { .pfs = pfs, .n_pfs = 1 };
static struct daemon the_daemon;
static struct api *api;

static _unused_ int set_up(void **state)
{
    struct sriov_error error;

    n_jobs = 0;
    jobs_are_full = false;
    changes = 0;
    memset(&told, 0, sizeof(told));
    pfs[0] = (struct pf){ .key = "0000:01:00.0",
                          .name = "enp1s0",
                          .vfs = vfs,
                          .n_vfs = 2,
                          .handle = "pci/0000:01:00.0" };
    vfs[0] = (struct vf){ .index = 0, .pci = "0000:01:10.0" };
    vfs[1] = (struct vf){ .index = 1, .pci = "0000:01:10.2" };
    look = (struct look){ .number = 1, .snapshot = &snapshot };
    look_is_there = true;
    the_daemon = (struct daemon){ .config.policy = (char *)"/etc/sriovd",
                                  .config.state_dir = (char *)"/nonexistent" };
    return api_new(&the_daemon, &api, &error);
}

static _unused_ int tear_down(void **state)
{
    api = api_free(api);
    return timers != NULL;
}

static _unused_ void send_request(struct http_request *r)
{
    STR_SET(r->peer.address, "192.0.2.1:5012");
    api_handle(api, r);
}

#define REQUEST(role_, method_, path_, ...)                                                        \
    (struct http_request)                                                                          \
    {                                                                                              \
        .role = role_, .method = method_, .path = path_, __VA_ARGS__                               \
    }
#define HEADERS(...) .headers = { __VA_ARGS__ }
#define QUERY(...) .query = { __VA_ARGS__ }

#define REFUSAL "{\"error\":{\"code\":3,\"object\":\"enp1s0\",\"message\":\"in use\"}}\n"

/* Sends it, and it is refused at once with this status and this message. */
static _unused_ void assert_refused(struct http_request r, unsigned status, const char *message)
{
    char wanted[300];
    unsigned before = told.count;

    send_request(&r);
    assert_true(r.answered);
    assert_int_equal(r.status, status);
    snprintf(wanted, sizeof(wanted), "\"message\":\"%s\"", message);
    if (!strstr(r.text, wanted))
        fail_msg("%s is not in %s", wanted, r.text);
    assert_int_equal(told.count, before + 1);
    assert_int_equal(told.kind, RECORD_REFUSED);
    assert_int_equal(n_jobs, 0);
}

/* Sends it, and these are the words of the job it begins. */
static _unused_ struct http_request assert_job(struct http_request *r, const char *args)
{
    size_t before = n_jobs;

    send_request(r);
    assert_false(r->answered);
    assert_int_equal(n_jobs, before + 1);
    assert_string_equal(jobs[before].args, args);
    assert_string_equal(jobs[before].who, "alice");
    return *r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
