/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The API over any bytes that an admin's connection may bring, as they are and put into frames: the
 * HTTP server, the routes and what checks and answers them are real; the machine is a capture, and
 * jobs end at once, with any exit status. What is handed to a job must hold no option that reads or
 * writes files of the daemon's host; whatever claims to be JSON must be; nothing may stay behind
 * when the peer is gone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/json-read.h"
#include "cli/program.h"
#include "core/session.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "fuzz.h"

#define CAPTURE "tests/data/igb.json"
#define JOBS 16

static const struct node_limits roomy = { .bytes = SIZE_MAX, .nodes = 1u << 20, .depth = 64 };

static struct daemon d;
static struct look *look;

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* ---- in place of the loop: timers that are due when we say so ---- */

struct source {
    struct source *next;
    void (*due)(void *userdata);
    void *userdata;
    bool runs;
};

static struct source *sources;

int loop_add_timer(struct loop *l, uint64_t microseconds, void (*due)(void *userdata),
                   void *userdata, struct source **ret)
{
    struct source *s = malloc(sizeof(*s));
    must(s);
    *s = (struct source){ .next = sources, .due = due, .userdata = userdata, .runs = true };
    *ret = sources = s;
    return 0;
}

int loop_timer_set(struct source *timer, uint64_t microseconds)
{
    timer->runs = true;
    return 0;
}

void loop_timer_stop(struct source *timer)
{
    timer->runs = false;
}

struct source *source_free(struct source *s)
{
    struct source **place = &sources;
    while (s && *place != s)
        place = &(*place)->next;
    if (s)
        *place = s->next;
    free(s);
    return NULL;
}

static void run_timers(void)
{
    for (unsigned i = 0; i < 8; i++) {
        struct source *s = sources;
        while (s && !s->runs)
            s = s->next;
        if (!s)
            return;
        s->runs = false;
        s->due(s->userdata);
    }
}

/* ---- in place of the machine and of other parts ---- */

int state_fresh(struct state *s, void (*ready)(void *userdata, struct look *look), void *userdata)
{
    ready(userdata, look);
    return 0;
}

void state_forget(struct state *s, void *userdata)
{
}

struct look *state_look(const struct state *s)
{
    return look;
}

void state_changed(struct state *s)
{
}

unsigned reader_busy(struct reader *r)
{
    return 0;
}

struct ledger *daemon_ledger(struct daemon *daemon)
{
    return NULL;
}

void reconcile_json(const struct reconcile *r, struct json_writer *w)
{
    json_object(w, NULL);
    json_end(w);
}

void metrics_respond(struct daemon *daemon, struct http_request *r)
{
    http_respond(
        r, &(struct http_answer){ .status = 200, .type = "text/plain", .body = "", .len = 0 });
}

void log_record(const struct record *r, const char *message, const char *json)
{
    _cleanup_node_ struct node *document = NULL;
    must(json_read(json, strlen(json), &roomy, &document, NULL) == 0);
}

/* ---- in place of jobs ---- */

struct stub {
    struct job job;
    void (*done)(void *userdata, const struct job *job);
    void *userdata;
};

static struct stub stubs[JOBS];
static uint64_t last_job;

/* No option that names a file of the daemon's host, or says where to look. */
static void check_options(const struct option_row *rows, const struct options *o)
{
    static const struct options none = { 0 };
    for (; rows && rows->name; rows++) {
        size_t size = rows->kind == OPTION_FLAG ? sizeof(bool) : sizeof(void *);
        if (rows->here)
            must(memcmp((const char *)o + rows->offset, (const char *)&none + rows->offset, size) ==
                 0);
    }
    for (size_t i = 0; i < o->files.count; i++)
        must(str_eq(o->files.items[i], "-") || str_eq(o->files.items[i], d.config.policy));
}

/* As sriovctl reads them. */
static void check_args(int argc, char **argv)
{
    struct options options = { 0 };
    struct option_parser p = {
        .argc = argc, .argv = argv, .tables = { global_options }, .options = &options
    };
    const struct verb *verb = NULL;
    const char *word, *nearest;
    while (option_next(&p, &word, NULL) > 0) {
        if (verb)
            continue;
        verb = program_verb(&program_sriovctl, word, &nearest);
        must(verb && !(verb->flags & VERB_HERE));
        p.tables[1] = verb->options;
    }
    must(verb);
    check_options(global_options, &options);
    check_options(verb->options, &options);
}

static unsigned hash_args(const char *const *args, int *ret_count)
{
    unsigned hash = 0;
    int n = 0;
    for (; args[n]; n++) {
        for (const char *c = args[n]; *c; c++)
            hash = hash * 31 + (unsigned char)*c;
    }
    *ret_count = n;
    return hash;
}

/* Exit status and output by the arguments. What is killed may have printed half of anything. */
static void end_as(struct job *job, unsigned hash)
{
    static const struct {
        int status;
        const char *out;
    } ends[] = {
        { 0, "{}\n" },
        { 0, "[]\n" },
        { 1, "{\"x\":1}\n" },
        { 1, "{\"error\":{\"code\":1,\"message\":\"failed\"}}\n" },
        { 2, "" },
        { 3, "{\"error\":{\"code\":3,\"message\":\"in use\"}}\n" },
        { 5, "" },
        { 7, "{\"error\":{\"code\":7,\"object\":null}}\n" },
        { 137, "{\"error\":" },
        { 139, "\xff\n" },
        { 134, "" },
        { 143, "{\"pfs\":[" },
    };
    job->status = ends[hash % ELEMENTS(ends)].status;
    buf_add_str(&job->out, ends[hash % ELEMENTS(ends)].out);
}

int job_start(struct jobs *j, const struct job_request *q, uint64_t *ret_id)
{
    int count;
    unsigned hash = hash_args(q->args, &count);
    struct stub *s = stubs;
    check_args(count, (char **)q->args);
    while (s < stubs + JOBS && s->job.id != 0)
        s++;
    if (s == stubs + JOBS)
        return -EAGAIN;
    *s = (struct stub){ .done = q->done, .userdata = q->userdata, .job.id = ++last_job };
    end_as(&s->job, hash);
    if (ret_id)
        *ret_id = s->job.id;
    return 0;
}

void job_forget(struct jobs *j, uint64_t id)
{
    for (size_t i = 0; i < JOBS; i++) {
        if (stubs[i].job.id == id)
            stubs[i].done = NULL;
    }
}

const struct job *jobs_item(const struct jobs *j, size_t place)
{
    for (size_t i = 0; i < JOBS; i++) {
        if (stubs[i].job.id != 0 && place-- == 0)
            return &stubs[i].job;
    }
    return NULL;
}

static void end_jobs(void)
{
    for (size_t i = 0; i < JOBS; i++) {
        struct stub *s = &stubs[i];
        if (s->job.id != 0 && s->done)
            s->done(s->userdata, &s->job);
        buf_done(&s->job.out);
        *s = (struct stub){ 0 };
    }
}

/* ---- answers ---- */

static struct buf heard;

/* Of the head at the start of `text`: the length of its body. */
static size_t body_length(const char *text, const char *end)
{
    const char *length = strcasestr(text, "\r\nContent-Length: ");
    return length && length < end ? strtoul(length + 18, NULL, 10) : 0;
}

static bool has_header(const char *text, const char *end, const char *header)
{
    const char *found = strcasestr(text, header);
    return found && found < end;
}

/* What was sent by then; the last answer may be cut off, and a stream has no length. An answer
 * without a type is libmicrohttpd's own, the last of its connection; some have their head twice. */
static void check_answers(void)
{
    const char *text = heard.data ? heard.data : "";
    const char *stop = text + heard.len;
    while (text < stop) {
        _cleanup_node_ struct node *document = NULL;
        const char *end = strstr(text, "\r\n\r\n");
        must(str_starts(text, "HTTP/1."));
        if (!end || has_header(text, end, "\r\nTransfer-Encoding: ") ||
            !has_header(text, end, "\r\nContent-Type: "))
            return;
        bool is_json = has_header(text, end, "\r\nContent-Type: application/json");
        size_t len = body_length(text, end);
        end += 4;
        if (str_starts(end, "HTTP/1.")) /* the answer to a HEAD */
            len = 0;
        if (end + len > stop)
            return;
        must(!is_json || len == 0 || json_read(end, len, &roomy, &document, NULL) == 0);
        text = end + len;
    }
}

/* ---- one connection ---- */

static void set_up(void)
{
    struct session s = { .replay = CAPTURE };
    struct sriov_error error;
    d.config.group = strdup("sriov");
    d.config.tokens = strdup("/nonexistent/tokens");
    d.config.policy = strdup("/nonexistent");
    look = calloc(1, sizeof(*look));
    must(look && session_snapshot(&s, &error) >= 0 && session_holders(&s, &error) >= 0);
    *look = (struct look){ .references = 1, .number = 1, .snapshot = TAKE_PTR(s.snapshot) };
    look->holders = s.holders;
    s.holders = (struct holders){ 0 };
    session_done(&s);
}

static struct http_server *start(struct sockaddr_un *address, socklen_t *len)
{
    struct http_server *server;
    struct http_options o = {
        .listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
        .limits = { .requests_per_second = 1000000 },
        .handler = api_handle,
        .refused = api_refused,
    };
    char why[160];
    must(feed_new(&d.feed) >= 0 && api_new(&d, &d.api, NULL) >= 0);
    o.userdata = d.api;
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    *len = sizeof(*address);
    must(bind(o.listen_fd, (struct sockaddr *)address, sizeof(sa_family_t)) == 0);
    must(listen(o.listen_fd, 4) == 0);
    must(getsockname(o.listen_fd, (struct sockaddr *)address, len) == 0);
    must(http_server_new(&o, &server, why, sizeof(why)) == 0);
    return server;
}

static void turn(struct http_server *server, int fd)
{
    char piece[65536];
    ssize_t n;
    http_server_run(server);
    while ((n = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0) {
        buf_add(&heard, piece, (size_t)n);
        http_server_run(server);
    }
}

static void say(struct http_server *server, int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
        turn(server, fd);
        if (n < 0 && http_server_connections(server) == 0)
            return;
    }
}

/* Some jobs take longer than their caller waits, and some callers leave: by the last byte. */
static void end_work(struct http_server *server, int fd, bool is_slow)
{
    for (unsigned i = 0; i < 4; i++) {
        if (is_slow)
            run_timers();
        end_jobs();
        turn(server, fd);
    }
}

static void converse(struct http_server *server, const struct sockaddr_un *address, socklen_t len,
                     const uint8_t *data, size_t size)
{
    uint8_t last = size > 0 ? data[size - 1] : 0;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(connect(fd, (const struct sockaddr *)address, len) == 0);
    turn(server, fd);
    say(server, fd, data, size);
    if (last & 2)
        shutdown(fd, SHUT_RDWR);
    end_work(server, fd, last & 1);
    check_answers();
    buf_done(&heard);
    close(fd);
    for (unsigned i = 0; i < 16 && http_server_connections(server) > 0; i++)
        http_server_run(server);
    must(http_server_connections(server) == 0);
}

/* ---- the same, well framed ---- */

/* Length of what stands before the next empty line, or before the end. */
static size_t block_length(const char *data, size_t size)
{
    const char *end = memmem(data, size, "\r\n\r\n", 4);
    return end ? (size_t)(end - data) : size;
}

/* "WORD /...": of that much the first line is. */
static size_t request_length(const char *data, size_t size)
{
    const char *end = memchr(data, '\r', size), *space = memchr(data, ' ', size);
    size_t len = end ? (size_t)(end - data) : size;
    if (!space || (size_t)(space - data) + 1 >= len || space[1] != '/')
        return 0;
    const char *second = memchr(space + 1, ' ', len - (size_t)(space + 1 - data));
    return second ? (size_t)(second - data) : len;
}

/* Each request line of the input with what stands behind its headers as its body: most changes of
 * raw bytes do not get past the framing, these get to the routes. */
static void frame(const char *data, size_t size, struct buf *out)
{
    while (size > 0) {
        size_t block = block_length(data, size), line = request_length(data, block);
        size_t skip = MIN_OF(block + 4, size);
        data += skip;
        size -= skip;
        if (line == 0)
            continue;
        size_t body = block_length(data, size);
        if (request_length(data, body) > 0)
            body = 0;
        buf_add(out, data - skip, line);
        buf_printf(out, " HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n", body);
        buf_add_str(out, "Content-Type: application/json\r\n\r\n");
        buf_add(out, data, body);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_buf_ struct buf framed = BUF_INIT;
    struct sockaddr_un address;
    socklen_t len;
    if (!look)
        set_up();
    struct http_server *server = start(&address, &len);
    frame((const char *)data, size, &framed);
    converse(server, &address, len, data, size);
    converse(server, &address, len, (const uint8_t *)framed.data, framed.len);
    http_server_free(server);
    end_jobs();
    d.api = api_free(d.api);
    d.feed = feed_free(d.feed);
    must(!sources);
    return 0;
}
