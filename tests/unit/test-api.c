/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way of a request through the API, with everything around it in the test's hands: the peer,
 * the role, the jobs (which start, and end when the test says so), timers, the look at the machine.
 */
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

static const char *find_pair(const char *const *pairs, const char *name)
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

static void end_job(size_t i, int status, const char *out, const char *err)
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

static size_t timers_set(void)
{
    size_t n = 0;

    for (const struct source *s = timers; s; s = s->next)
        n += s->is_set;
    return n;
}

/* The timer that was set last is due. */
static uint64_t run_timer(void)
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

static int set_up(void **state)
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

static int tear_down(void **state)
{
    api = api_free(api);
    return timers != NULL;
}

static void send_request(struct http_request *r)
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
static void assert_refused(struct http_request r, unsigned status, const char *message)
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
static struct http_request assert_job(struct http_request *r, const char *args)
{
    size_t before = n_jobs;

    send_request(r);
    assert_false(r->answered);
    assert_int_equal(n_jobs, before + 1);
    assert_string_equal(jobs[before].args, args);
    assert_string_equal(jobs[before].who, "alice");
    return *r;
}

/* ---- refusals ---- */

static void test_refused_before_anything_is_done(void **state)
{
    assert_refused(REQUEST("admin", "GET", "/v1/nothing"), 404, "there is no such path");
    assert_refused(REQUEST("admin", "GET", "/v1/../etc/passwd"), 404, "there is no such path");
    assert_refused(REQUEST("admin", "DELETE", "/v1/pfs"), 405, "does not take this method");
    assert_refused(REQUEST(NULL, "GET", "/v1/pfs"), 401, "takes a token");
    assert_refused(REQUEST("admin", "GET", "/v1/pfs", HEADERS("Origin", "http://evil")), 403,
                   "a page of another site asks");
    assert_refused(REQUEST("admin", "GET", "/v1/pfs", HEADERS("Accept", "text/html")), 406,
                   "answers with application/json only");
    assert_refused(REQUEST("admin", "GET", "/v1/pfs", QUERY("a", "b")), 400,
                   "there is no such parameter");
    assert_refused(REQUEST("admin", "GET", "/v1/history", QUERY("limit", "1", "limit", "2")), 400,
                   "is given twice");
    assert_refused(REQUEST("admin", "GET", "/v1/pfs", .body = "{}"), 400, "takes no body");
    assert_refused(REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}",
                           HEADERS("Content-Type", "text/plain")),
                   415, "does not take a body of this type");
    assert_refused(REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":"), 400,
                   "line 1: unexpected token near end of file");
    assert_refused(REQUEST("admin", "PATCH", "/v1/pfs/enp1s0"), 400,
                   "line 1: '[' or '{' expected near end of file");
    assert_refused(
        REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"mtu\":1500,\"mtu\":9000}"), 400,
        "line 1: duplicate object key near '\\\"mtu\\\"'");
    assert_refused(REQUEST("admin", "PATCH", "/v1/pfs/enp1s0/vfs/x", .body = "{\"vlan\":1}"), 400,
                   "is no number of a VF");
    assert_refused(
        REQUEST("admin", "POST", "/v1/leases", .body = "{\"owner\":\"a\",\"vf\":\"a=b\"}"), 400,
        "is no VF");
}

static void test_allowed_methods_are_told(void **state)
{
    struct http_request r = REQUEST("admin", "DELETE", "/v1/pfs/enp1s0");

    send_request(&r);
    assert_string_equal(r.allow, "GET, PATCH");
}

static void test_roles(void **state)
{
    assert_refused(REQUEST("read", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}"), 403,
                   "takes role admin, and you have read");
    assert_refused(REQUEST("operate", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}"), 403,
                   "takes role admin, and you have operate");
    assert_refused(REQUEST("read", "PATCH", "/v1/pfs/enp1s0/vfs/1", .body = "{\"vlan\":1}"), 403,
                   "takes role operate, and you have read");
    assert_refused(
        REQUEST("operate", "PATCH", "/v1/pfs/enp1s0/vfs/1", .body = "{\"driver\":\"vfio-pci\"}"),
        403, "takes role admin to set");
    /* To hurt somebody. */
    assert_refused(REQUEST("operate", "PATCH", "/v1/pfs/enp1s0/vfs/1", .body = "{\"vlan\":1}",
                           QUERY("force", "true")),
                   403, "takes role admin, and you have operate");
    assert_refused(REQUEST("operate", "POST", "/v1/apply"), 403,
                   "takes role admin, and you have operate");
    assert_refused(REQUEST("read", "GET", "/v1/doctor"), 403,
                   "takes role operate, and you have read");
}

static void test_a_dry_run_takes_less(void **state)
{
    struct http_request r = REQUEST("operate", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}",
                                    QUERY("dry_run", "true"));

    assert_refused(REQUEST("read", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}",
                           QUERY("dry_run", "true")),
                   403, "takes role operate, and you have read");
    assert_job(&r, "create|--json|--dry-run|--|enp1s0|1");
    end_job(0, 0, "{}\n", "");
    assert_int_equal(r.status, 200);
    assert_int_equal(changes, 0);
}

static void test_health_is_for_all(void **state)
{
    struct http_request nobody = REQUEST(NULL, "GET", "/v1/health");
    struct http_request early = REQUEST("read", "GET", "/v1/health");

    send_request(&nobody);
    assert_int_equal(nobody.status, 200);
    assert_non_null(strstr(nobody.text, "\"host\":null"));
    assert_non_null(strstr(nobody.text, "\"you\":null"));
    look_is_there = false;
    send_request(&early);
    assert_int_equal(early.status, 503);
    assert_non_null(strstr(early.text, "\"status\":\"starting\""));
    assert_non_null(strstr(early.text, "\"you\":{\"name\":\"alice\",\"role\":\"read\"}"));
}

static void test_accept(void **state)
{
    static const char *const fine[] = {
        "*/*", "application/*", "text/html, application/json;q=0.9", "Application/JSON", "",
    };

    for (size_t i = 0; i < ELEMENTS(fine); i++) {
        struct http_request r = REQUEST("read", "GET", "/v1/vfs", HEADERS("Accept", fine[i]));
        send_request(&r);
        assert_int_equal(r.status, 200);
    }
}

/* ---- reading ---- */

static void test_reading(void **state)
{
    struct http_request list = REQUEST("read", "GET", "/v1/vfs");
    struct http_request one = REQUEST("read", "GET", "/v1/pfs/01:00.0/vfs/1");
    struct http_request none = REQUEST("read", "GET", "/v1/pfs/enp1s0/vfs/2");
    struct http_request other = REQUEST("read", "GET", "/v1/pfs/enp1s1");
    struct http_request vf = REQUEST("read", "GET", "/v1/pfs/0000:01:10.2");

    send_request(&list);
    assert_int_equal(list.status, 200);
    assert_non_null(strstr(list.text, "{\"vfs\":[{\"pf\":\"enp1s0\",\"index\":0,"));
    send_request(&one);
    assert_int_equal(one.status, 200);
    assert_non_null(strstr(one.text, "{\"index\":1,\"pci\":\"0000:01:10.2\""));
    send_request(&none);
    assert_int_equal(none.status, 404);
    assert_non_null(
        strstr(none.text, "\"code\":5,\"object\":\"enp1s0\",\"message\":\"has no VF 2\""));
    send_request(&other);
    assert_int_equal(other.status, 404);
    assert_non_null(strstr(other.text, "did you mean enp1s0?"));
    send_request(&vf);
    assert_int_equal(vf.status, 404);
}

static void test_before_the_first_look(void **state)
{
    struct http_request r = REQUEST("read", "GET", "/v1/pfs");

    look_is_there = false;
    send_request(&r);
    assert_int_equal(r.status, 503);
    assert_non_null(strstr(r.text, "the machine was not read yet"));
}

/* ---- requests to words ---- */

static void test_words_of_changes(void **state)
{
    struct http_request set = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", QUERY("force", "true"),
                                      .body = "{\"num_vfs\":4,\"autoprobe\":false}");
    struct http_request vf = REQUEST("operate", "PATCH", "/v1/pfs/-x/vfs/007",
                                     .body = "{\"vlan\":5,\"mac\":\"52:54:00:00:00:01\"}");
    struct http_request bind = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0/vfs/3",
                                       .body = "{\"driver\":\"--force\"}");
    struct http_request back = REQUEST("admin", "POST", "/v1/transactions/12/rollback");

    assert_job(&set, "set|--json|--force|--|enp1s0|num_vfs=4|autoprobe=false");
    assert_job(&vf, "set|--json|--|-x/7|vlan=5|mac=52:54:00:00:00:01");
    assert_job(&bind, "bind|--json|--|enp1s0/3|--force");
    assert_job(&back, "rollback|--json|--|12");
    for (size_t i = 0; i < 4; i++)
        end_job(i, 0, "{}\n", "");
    assert_int_equal(changes, 4);
}

static void test_words_of_leases(void **state)
{
    struct http_request named = REQUEST(
        "operate", "POST", "/v1/leases",
        .body = "{\"owner\":\"--json\",\"vf\":\"enp1s0/3\",\"clean\":true,\"link\":false,"
                "\"settings\":{\"vlan\":5,\"trust\":true}}");
    struct http_request any = REQUEST(
        "operate", "POST", "/v1/leases",
        .body = "{\"owner\":\"a\",\"pool\":\"fast\",\"numa\":0,\"pid\":812}");
    struct http_request end = REQUEST("operate", "DELETE", "/v1/leases/enp1s0/3",
                                      QUERY("owner", "a"));

    assert_job(&named, "acquire|--json|--clean|--owner|--json|--|enp1s0/3|vlan=5|trust=true");
    assert_job(&any, "acquire|--json|--owner|a|--pool|fast|--numa|0|--pid|812|--");
    assert_job(&end, "release|--json|--owner|a|--|enp1s0/3");
    end_job(0, 0, "{\"pf\":\"enp1s0\"}\n", "");
    assert_int_equal(named.status, 201);
    end_job(1, 5, "{\"error\":{\"code\":5}}\n", "");
    assert_int_equal(any.status, 404);
    end_job(2, 0, "{}\n", "");
    assert_int_equal(end.status, 200);
}

static void test_words_of_policies(void **state)
{
    struct http_request own = REQUEST("operate", "POST", "/v1/plan");
    struct http_request sent = REQUEST("admin", "POST", "/v1/apply", .body = "pfs: []",
                                       HEADERS("Content-Type", "application/yaml; charset=utf-8"),
                                       QUERY("pf", "enp1s0"));
    struct http_request other = REQUEST("operate", "POST", "/v1/plan");

    assert_job(&own, "plan|--json|--");
    assert_string_equal(jobs[0].input, "");
    assert_job(&sent, "apply|--json|--file|-|--pf|enp1s0|--");
    assert_string_equal(jobs[1].input, "pfs: []");
    the_daemon.config.policy = (char *)"/srv/policy";
    assert_job(&other, "plan|--json|--file|/srv/policy|--");
    for (size_t i = 0; i < 3; i++)
        end_job(i, 0, "{}\n", "");
}

/* ---- jobs ---- */

static void test_statuses_of_jobs(void **state)
{
    static const struct {
        int status;
        const char *out;
        unsigned http;
        enum record_kind kind;
    } ends[] = {
        { 0, "{\"transaction\":1}\n", 200, RECORD_TRANSACTION },
        { 1, REFUSAL, 500, RECORD_TRANSACTION },
        { 2, REFUSAL, 400, RECORD_REFUSED },
        { 3, REFUSAL, 409, RECORD_REFUSED },
        { 4, REFUSAL, 422, RECORD_REFUSED },
        { 5, REFUSAL, 404, RECORD_REFUSED },
        { 6, REFUSAL, 403, RECORD_REFUSED },
        { 7, REFUSAL, 500, RECORD_TRANSACTION },
        { 137, "", 500, RECORD_TRANSACTION },
        { 137, "{\"transaction\":", 500, RECORD_TRANSACTION },
    };

    for (size_t i = 0; i < ELEMENTS(ends); i++) {
        struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0",
                                        .body = "{\"num_vfs\":4}");
        n_jobs = 0;
        assert_job(&r, "create|--json|--|enp1s0|4");
        end_job(0, ends[i].status, ends[i].out, "");
        assert_int_equal(r.status, ends[i].http);
        assert_int_equal(told.kind, ends[i].kind);
        assert_string_equal(told.who, "alice");
        if (ends[i].status < 128)
            assert_string_equal(r.text, ends[i].out);
        else
            assert_non_null(strstr(r.text, "ended with status 137 without an answer"));
    }
}

static void test_a_refusal_is_told(void **state)
{
    struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}");

    assert_job(&r, "create|--json|--|enp1s0|4");
    end_job(0, 3, REFUSAL, "");
    assert_string_equal(told.object, "enp1s0");
    assert_string_equal(told.message, "sriovctl create enp1s0 4: refused: in use");
}

/* The doctor exits with 1 when it found something: that is an answer. */
static void test_findings_are_an_answer(void **state)
{
    struct http_request r = REQUEST("operate", "GET", "/v1/doctor", QUERY("object", "enp1s0"));

    assert_job(&r, "doctor|--json|--|enp1s0");
    end_job(0, 1, "{\"healthy\":false}\n", "");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.text, "{\"healthy\":false}\n");
    assert_int_equal(told.count, 0);
}

static void test_readers_share_a_job(void **state)
{
    struct http_request a = REQUEST("operate", "GET", "/v1/doctor");
    struct http_request b = REQUEST("operate", "GET", "/v1/doctor");
    struct http_request other = REQUEST("operate", "GET", "/v1/doctor", QUERY("object", "enp1s0"));

    assert_job(&a, "doctor|--json|--");
    send_request(&b);
    assert_int_equal(n_jobs, 1);
    assert_job(&other, "doctor|--json|--|enp1s0");
    end_job(0, 0, "{}\n", "");
    assert_true(a.answered && b.answered && !other.answered);
    end_job(1, 0, "{}\n", "");
}

/* What was begun before a change does not show it. */
static void test_nobody_shares_an_old_job(void **state)
{
    struct http_request before = REQUEST("operate", "GET", "/v1/doctor");
    struct http_request change = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0",
                                         .body = "{\"num_vfs\":4}");
    struct http_request after = REQUEST("operate", "GET", "/v1/doctor");

    assert_job(&before, "doctor|--json|--");
    assert_job(&change, "create|--json|--|enp1s0|4");
    end_job(1, 0, "{}\n", "");
    assert_job(&after, "doctor|--json|--");
    end_job(0, 0, "{}\n", "");
    end_job(2, 0, "{}\n", "");
}

static void test_commands_are_not_shared(void **state)
{
    struct http_request a = REQUEST("read", "POST", "/v1/commands",
                                    .body = "{\"args\":[\"list\"]}");
    struct http_request b = a;

    assert_job(&a, "list|--");
    assert_job(&b, "list|--");
    end_job(0, 0, "", "");
    end_job(1, 0, "", "");
}

static void test_writers_do_not(void **state)
{
    struct http_request a = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}");
    struct http_request b = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}");

    assert_job(&a, "create|--json|--|enp1s0|4");
    assert_job(&b, "create|--json|--|enp1s0|4");
    end_job(0, 0, "{}\n", "");
    assert_true(a.answered && !b.answered);
    end_job(1, 0, "{}\n", "");
}

static void test_too_many_jobs(void **state)
{
    struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}",
                                    HEADERS("Idempotency-Key", "k"));
    struct http_request again = r;

    jobs_are_full = true;
    send_request(&r);
    assert_int_equal(r.status, 503);
    assert_int_equal(told.kind, RECORD_REFUSED);
    /* It was not begun, so its key is free. */
    jobs_are_full = false;
    assert_job(&again, "create|--json|--|enp1s0|4");
    end_job(0, 0, "{}\n", "");
}

static void test_readers_leave_places(void **state)
{
    struct http_request readers[9];
    char objects[9][8];
    struct http_request change = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0",
                                         .body = "{\"num_vfs\":4}");

    for (size_t i = 0; i < ELEMENTS(readers); i++) {
        snprintf(objects[i], sizeof(objects[i]), "vf%zu", i);
        readers[i] = REQUEST("read", "GET", "/v1/audit", QUERY("object", objects[i]));
        send_request(&readers[i]);
    }
    assert_int_equal(n_jobs, 8);
    assert_int_equal(readers[8].status, 503);
    assert_job(&change, "create|--json|--|enp1s0|4");
    for (size_t i = 0; i < n_jobs; i++)
        end_job(i, 0, "{}\n", "");
}

static void test_what_takes_long(void **state)
{
    struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}",
                                    QUERY("wait", "7"));
    struct http_request job = REQUEST("admin", "GET", "/v1/jobs/100");
    struct http_request reader = REQUEST("operate", "GET", "/v1/jobs/100");
    struct http_request end = REQUEST("admin", "GET", "/v1/jobs/100", QUERY("wait", "10"));
    struct http_request none = REQUEST("admin", "GET", "/v1/jobs/7");

    assert_job(&r, "create|--json|--|enp1s0|4");
    assert_int_equal(run_timer(), 7000000);
    assert_int_equal(r.status, 202);
    assert_string_equal(r.text, "{\"job\":100}\n");
    assert_string_equal(r.location, "/v1/jobs/100");
    send_request(&job);
    assert_int_equal(job.status, 200);
    assert_non_null(strstr(job.text, "\"running\":true,\"status\":null"));
    send_request(&reader);
    assert_int_equal(reader.status, 403);
    send_request(&end);
    assert_false(end.answered);
    end_job(0, 3, REFUSAL, "note");
    assert_int_equal(end.status, 200);
    assert_non_null(strstr(end.text, "\"running\":false,\"status\":3"));
    assert_non_null(strstr(end.text, "\"err\":\"note\""));
    send_request(&none);
    assert_int_equal(none.status, 404);
}

static void test_a_peer_that_leaves(void **state)
{
    struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}");
    struct http_request list = REQUEST("read", "GET", "/v1/jobs");

    assert_job(&r, "create|--json|--|enp1s0|4");
    r.gone(r.userdata);
    end_job(0, 0, "{}\n", "");
    assert_false(r.answered);
    assert_int_equal(told.kind, RECORD_TRANSACTION);
    send_request(&list);
    assert_non_null(
        strstr(list.text, "\"command\":\"sriovctl create enp1s0 4\",\"who\":\"alice\""));
}

/* ---- idempotency ---- */

static void test_the_same_request_again(void **state)
{
    struct http_request first = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0",
                                        .body = "{\"num_vfs\":4}", HEADERS("Idempotency-Key", "k"));
    struct http_request early = first, late = first, other = first, wrong = first;

    assert_job(&first, "create|--json|--|enp1s0|4");
    send_request(&early);
    assert_int_equal(early.status, 409);
    /* The answer is lost. */
    first.gone(first.userdata);
    end_job(0, 3, REFUSAL, "");
    send_request(&late);
    assert_int_equal(late.status, 409);
    assert_string_equal(late.text, REFUSAL);
    other.body = "{\"num_vfs\":5}";
    send_request(&other);
    assert_int_equal(other.status, 422);
    wrong.headers[1] = "a\nb";
    send_request(&wrong);
    assert_int_equal(wrong.status, 400);
    assert_int_equal(n_jobs, 1);
}

static void test_a_wrong_request_frees_its_key(void **state)
{
    struct http_request wrong = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0/vfs/x",
                                        .body = "{\"vlan\":4}", HEADERS("Idempotency-Key", "k"));
    struct http_request right = wrong;

    send_request(&wrong);
    assert_int_equal(wrong.status, 400);
    right.path = "/v1/pfs/enp1s0/vfs/1";
    assert_job(&right, "set|--json|--|enp1s0/1|vlan=4");
    end_job(0, 0, "{}\n", "");
}

/* ---- commands ---- */

static void assert_command(const char *role, const char *args, const char *job)
{
    char body[300];
    struct http_request r = REQUEST(role, "POST", "/v1/commands", .body = body);

    n_jobs = 0;
    snprintf(body, sizeof(body), "{\"args\":[%s]}", args);
    assert_job(&r, job);
    end_job(0, 0, "out", "");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.text, "{\"status\":0,\"out\":\"out\",\"err\":\"\"}\n");
}

static void refuse_command(const char *role, const char *args, unsigned status, const char *message)
{
    char body[300];

    n_jobs = 0;
    snprintf(body, sizeof(body), "{\"args\":[%s]}", args);
    assert_refused(REQUEST(role, "POST", "/v1/commands", .body = body), status, message);
}

static void test_commands(void **state)
{
    assert_command("read", "\"list\"", "list|--");
    assert_command("read", "\"--json\",\"list\",\"enp1s0\"", "list|--json|--|enp1s0");
    assert_command("read", "\"-qj\",\"--colour=always\",\"list\"",
                   "list|--quiet|--json|--colour|always|--");
    assert_command("admin", "\"create\",\"enp1s0\",\"-n\",\"4\"", "create|--dry-run|--|enp1s0|4");
    assert_command("read", "\"history\",\"-l5\",\"--\",\"-x\"", "history|--limit|5|--|-x");
    assert_command("operate", "\"set\",\"enp1s0/0-3,5\",\"vlan=5\"", "set|--|enp1s0/0-3,5|vlan=5");
    assert_command("operate", "\"acquire\",\"--owner\",\"--force\"", "acquire|--owner|--force|--");
    assert_command("operate", "\"create\",\"enp1s0\",\"4\",\"--dry-run\"",
                   "create|--dry-run|--|enp1s0|4");
    assert_command("read", "\"create\",\"--help\"", "create|--help|--");
    assert_command("operate", "\"doctor\"", "doctor|--");
}

static void test_commands_that_are_refused(void **state)
{
    static const char here[] = "makes sense on the machine itself only";

    refuse_command("admin", "", 400, "names no verb");
    refuse_command("admin", "\"lst\"", 400, "no such verb");
    refuse_command("admin", "\"run\",\"--vf\",\"enp1s0/1\",\"--\",\"sh\"", 400, here);
    refuse_command("admin", "\"capture\",\"/etc/passwd\"", 400, here);
    refuse_command("admin", "\"host\",\"prepare\",\"--apply\"", 400, here);
    refuse_command("admin", "\"list\",\"--replay\",\"/etc/passwd\"", 400, here);
    refuse_command("admin", "\"--replay=/etc/passwd\",\"list\"", 400, here);
    refuse_command("admin", "\"list\",\"--state-dir\",\"/tmp\"", 400, here);
    refuse_command("admin", "\"list\",\"--sysfs-root=/tmp\"", 400, here);
    refuse_command("admin", "\"--host\",\"unix:/x\",\"list\"", 400, here);
    refuse_command("admin", "\"report\",\"-o/etc/cron.d/x\"", 400, here);
    refuse_command("admin", "\"audit\",\"--baseline\",\"/etc/shadow\"", 400, here);
    refuse_command("admin", "\"watch\"", 400, "does not end, so it is no command here");
    refuse_command("admin", "\"apply\",\"-f\",\"/etc/shadow\"", 400, "is a file of this machine");
    refuse_command("admin", "\"apply\",\"-qf/etc/shadow\"", 400, "is a file of this machine");
    refuse_command("admin", "\"apply\",\"-f\",\"-\"", 400, "is missing");
    refuse_command("admin", "\"list\",\"--nothing\"", 400, "unknown option");
    refuse_command("admin", "\"list\",\"--json=1\"", 400, "takes no value");
    refuse_command("admin", "\"history\",\"--limit\"", 400, "needs a value");
    /* Options of a verb are none before it. */
    refuse_command("admin", "\"--force\",\"create\",\"enp1s0\",\"4\"", 400, "unknown option");
}

static void test_roles_of_commands(void **state)
{
    refuse_command("read", "\"create\",\"enp1s0\",\"4\"", 403,
                   "takes role admin, and you have read");
    refuse_command("operate", "\"bind\",\"enp1s0/1\",\"vfio-pci\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"set\",\"enp1s0\",\"num_vfs=4\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"set\",\"pci/0000:01:00.0\",\"num_vfs=4\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"set\",\"enp1s0/1\",\"vlan=1\",\"driver=vfio-pci\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"set\",\"enp1s0/1\",\"vlan=1\",\"--force\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("operate", "\"doctor\",\"--fix\",\"pf-down\"", 403,
                   "takes role admin, and you have operate");
    refuse_command("read", "\"doctor\"", 403, "takes role operate, and you have read");
    refuse_command("read", "\"acquire\",\"--owner\",\"a\"", 403,
                   "takes role operate, and you have read");
    refuse_command("read", "\"release\",\"a\"", 403, "takes role operate, and you have read");
    /* A word is no option. */
    refuse_command("read", "\"create\",\"--\",\"enp1s0\",\"--help\"", 403,
                   "takes role admin, and you have read");
}

static void test_commands_with_a_policy(void **state)
{
    struct http_request r = REQUEST(
        "admin", "POST", "/v1/commands",
        .body = "{\"args\":[\"apply\",\"--file\",\"-\"],\"policy\":\"pfs: []\"}");

    assert_job(&r, "apply|--file|-|--");
    assert_string_equal(jobs[0].input, "pfs: []");
    end_job(0, 2, "", "sriovctl: wrong\n");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.text, "{\"status\":2,\"out\":\"\",\"err\":\"sriovctl: wrong\\n\"}\n");
    assert_int_equal(told.kind, RECORD_REFUSED);
    assert_string_equal(told.message, "sriovctl apply --file -: refused: sriovctl: wrong");
    n_jobs = 0;
    assert_refused(REQUEST("admin", "POST", "/v1/commands",
                           .body = "{\"args\":[\"list\"],\"policy\":\"pfs: []\"}"),
                   400, "is not asked for");
}

/* ---- events ---- */

static void test_events(void **state)
{
    struct http_request r = REQUEST("read", "GET", "/v1/events", HEADERS("Last-Event-ID", "41"));

    assert_int_equal(timers_set(), 0);
    send_request(&r);
    assert_string_equal(r.type, "text/event-stream");
    assert_int_equal(listener.last, 41);
    assert_int_equal(timers_set(), 1);
    listener.heard(listener.userdata, 42, "{\"id\":42}", 9);
    assert_string_equal(r.text, ":\n\nid: 42\ndata: {\"id\":42}\n\n");
    run_timer();
    assert_string_equal(r.text, ":\n\nid: 42\ndata: {\"id\":42}\n\n:\n\n");
    assert_int_equal(timers_set(), 1);
    r.gone(r.userdata);
    assert_null(listener.heard);
    /* Nobody listens: no timer. */
    assert_int_equal(timers_set(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_refused_before_anything_is_done),
        TEST(test_allowed_methods_are_told),
        TEST(test_roles),
        TEST(test_a_dry_run_takes_less),
        TEST(test_health_is_for_all),
        TEST(test_accept),
        TEST(test_reading),
        TEST(test_before_the_first_look),
        TEST(test_words_of_changes),
        TEST(test_words_of_leases),
        TEST(test_words_of_policies),
        TEST(test_statuses_of_jobs),
        TEST(test_a_refusal_is_told),
        TEST(test_findings_are_an_answer),
        TEST(test_readers_share_a_job),
        TEST(test_nobody_shares_an_old_job),
        TEST(test_commands_are_not_shared),
        TEST(test_writers_do_not),
        TEST(test_too_many_jobs),
        TEST(test_readers_leave_places),
        TEST(test_what_takes_long),
        TEST(test_a_peer_that_leaves),
        TEST(test_the_same_request_again),
        TEST(test_a_wrong_request_frees_its_key),
        TEST(test_commands),
        TEST(test_commands_that_are_refused),
        TEST(test_roles_of_commands),
        TEST(test_commands_with_a_policy),
        TEST(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
