/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The server of http.h on libmicrohttpd, which parses, frames and encrypts, and never waits: it
 * runs when its epoll descriptor says so. Accepting, the limits and the time a peer may take are
 * ours, because libmicrohttpd counts all Unix peers as one address, and takes a byte a minute for
 * progress.
 *
 * A request whose answer is not there yet is parked. Our epoll descriptor holds the listening
 * socket, libmicrohttpd's descriptor, the parked connections, and an eventfd that wakes us when one
 * of them goes on; it is the one the caller polls.
 */
#include "wire/http.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/str.h"
#include "wire/http-check.h"
#include "wire/http-internal.h"

#define POOL (64u * 1024)  /* of libmicrohttpd for each connection, in pages touched when needed */
#define BLOCK (16u * 1024) /* of a stream */
#define SPARE 64 /* connections that libmicrohttpd may have beyond ours while it ends some */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* ---- connections, for http-connection.c ---- */

static void on_connection(void *userdata, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        connection_end(*socket_context);
        return;
    }
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    *socket_context = connection_begin(userdata, info->connect_fd, mhd);
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

bool server_add(struct http_server *s, int fd, const struct sockaddr *address, unsigned len)
{
    return MHD_add_connection(s->mhd, fd, address, len) == MHD_YES;
}

void server_suspend(struct connection *c)
{
    MHD_suspend_connection(c->mhd);
}

/* libmicrohttpd only makes a note of it, for its next turn. */
void server_resume(struct connection *c)
{
    struct http_server *s = c->server;
    MHD_resume_connection(c->mhd);
    if (!s->is_woken && eventfd_write(s->wake_fd, 1) == 0)
        s->is_woken = true;
}

static void calm(struct http_server *s)
{
    eventfd_t count;
    if (s->is_woken && eventfd_read(s->wake_fd, &count) == 0)
        s->is_woken = false;
}

/* ---- headers, for http-rules.c ---- */

struct count {
    const char *name;
    unsigned seen;
};

static enum MHD_Result count_one(void *userdata, enum MHD_ValueKind kind, const char *key,
                                 const char *value)
{
    struct count *c = userdata;
    c->seen += strcasecmp(key, c->name) == 0;
    return MHD_YES;
}

unsigned request_count_headers(const struct http_request *r, const char *name)
{
    struct count c = { .name = name };
    MHD_get_connection_values(r->connection->mhd, MHD_HEADER_KIND, count_one, &c);
    return c.seen;
}

size_t request_headers_size(const struct http_request *r)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        r->connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

/* ---- answering ---- */

static bool add_headers(struct MHD_Response *m, const struct http_answer *answer)
{
    bool ok = !answer->type ||
              MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type) == MHD_YES;
    for (const char *const *h = answer->headers; ok && h && *h; h += 2)
        ok = MHD_add_response_header(m, h[0], h[1]) == MHD_YES;
    return ok;
}

/* Without memory for an answer the connection ends. */
static void queue(struct http_request *r, unsigned status, struct MHD_Response *m)
{
    if (!m || MHD_queue_response(r->connection->mhd, status, m) != MHD_YES)
        r->is_lost = true;
    if (m)
        MHD_destroy_response(m);
    connection_unpark(r->connection);
}

void http_respond(struct http_request *r, const struct http_answer *answer)
{
    enum MHD_ResponseMemoryMode mode = answer->body_is_static ? MHD_RESPMEM_PERSISTENT
                                                              : MHD_RESPMEM_MUST_COPY;
    struct MHD_Response *m = MHD_create_response_from_buffer(answer->len, (void *)answer->body,
                                                             mode);
    request_let_go(r, r->held);
    buf_done(&r->body); /* not before: the answer may be a part of it */
    if (!answer->body_is_static)
        (void)request_hold(r, answer->len);
    if (m && !add_headers(m, answer)) {
        MHD_destroy_response(m);
        m = NULL;
    }
    r->progress = ANSWERED;
    queue(r, answer->status, m);
}

static void refuse(struct http_request *r)
{
    static const char *const later[] = { "Retry-After", "1", NULL };
    const struct refusal *f = r->refusal;
    _cleanup_buf_ struct buf body = BUF_INIT;
    http_error_body(&body, f->status, f->why, f->remedy);
    if (f->status == 429)
        connection_tell(r->connection, f->status, f->why);
    else
        server_tell(r->connection->server, &r->connection->peer, f->status, f->why);
    http_respond(r, &(struct http_answer){
                        .status = f->status,
                        .type = "application/json",
                        .body = body.data,
                        .len = body.len,
                        .headers = f->status == 429 || f->status == 503 ? later : NULL,
                    });
}

/* ---- streams ---- */

static size_t unsent(const struct http_request *r)
{
    return r->queue.len - r->sent;
}

static ssize_t read_stream(void *userdata, uint64_t position, char *to, size_t size)
{
    struct http_request *r = userdata;
    size_t len = MIN_OF(size, unsent(r));
    if (r->is_lost)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (len == 0 && r->progress == ANSWERED)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (len == 0) {
        connection_park(r->connection);
        return 0;
    }
    memcpy(to, r->queue.data + r->sent, len);
    r->sent += len;
    if (unsent(r) == 0) {
        request_let_go(r, r->held);
        buf_done(&r->queue);
        r->sent = 0;
    }
    return (ssize_t)len;
}

void http_stream_begin(struct http_request *r, const char *type)
{
    static const char *const headers[] = { "Cache-Control", "no-store", NULL };
    struct MHD_Response *m = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream,
                                                               r, NULL);
    if (m && !add_headers(m, &(struct http_answer){ .type = type, .headers = headers })) {
        MHD_destroy_response(m);
        m = NULL;
    }
    r->progress = STREAMING;
    connection_rest(r->connection);
    queue(r, MHD_HTTP_OK, m);
}

void http_stream_send(struct http_request *r, const void *data, size_t len)
{
    if (r->is_lost)
        return;
    if (unsent(r) + len > HTTP_STREAM_LIMIT || !request_hold(r, len)) {
        server_tell(r->connection->server, &r->connection->peer, 0,
                    "the stream is not taken fast enough");
        connection_cut(r->connection);
        return;
    }
    buf_add(&r->queue, data, len);
    if (r->queue.failed)
        connection_cut(r->connection);
    else
        connection_unpark(r->connection);
}

void http_stream_end(struct http_request *r)
{
    r->progress = ANSWERED;
    if (r->connection->is_parked)
        connection_unpark(r->connection);
    else
        connection_expect(r->connection);
}

/* ---- a request's way through libmicrohttpd ---- */

static void request_free(struct http_request *r)
{
    request_let_go(r, r->held);
    buf_done(&r->body);
    buf_done(&r->queue);
    free(r);
}

/* The first call, with the headers. A body that is refused is read all the same, up to a point: who
 * closes while the other side still sends may take the answer from it. */
static enum MHD_Result begin(struct connection *c, const char *path, const char *method,
                             const char *version)
{
    struct http_request *r = calloc(1, sizeof(*r));
    if (!r)
        return MHD_NO;
    *r = (struct http_request){ .connection = c, .path = path, .method = method };
    r->is_old = str_eq(version, MHD_HTTP_VERSION_1_0);
    if (str_eq(method, MHD_HTTP_METHOD_HEAD))
        r->method = MHD_HTTP_METHOD_GET;
    c->request = r;
    connection_asked(c);
    r->refusal = request_examine(r);
    if (r->refusal &&
        (r->refusal->ends || request_said_length(r) > DRAIN || http_header(r, "Expect")))
        refuse(r);
    return r->is_lost ? MHD_NO : MHD_YES;
}

static enum MHD_Result take_body(struct http_request *r, const char *data, size_t len)
{
    r->received += len;
    if (!r->refusal && r->received > r->connection->server->o.limits.body)
        r->refusal = &refusal_too_large;
    else if (!r->refusal && !request_hold(r, len))
        r->refusal = &refusal_no_room;
    if (!r->refusal)
        buf_add(&r->body, data, len);
    else
        buf_done(&r->body);
    if (r->body.failed)
        return MHD_NO;
    if (r->received <= DRAIN)
        return MHD_YES;
    server_tell(r->connection->server, &r->connection->peer, 0, "the body is much too large");
    return MHD_NO;
}

/* The last call, and again whenever a parked connection is woken without an answer. */
static enum MHD_Result finish(struct http_request *r)
{
    struct http_server *s = r->connection->server;
    if (r->progress == RECEIVING && r->refusal) {
        refuse(r);
    } else if (r->progress == RECEIVING) {
        r->progress = WAITING;
        s->o.handler(s->o.userdata, r);
        if (r->progress == WAITING)
            connection_park(r->connection);
    }
    return r->is_lost ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *mhd, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *len, void **context)
{
    struct connection *c = connection_of(mhd);
    if (!c->request)
        return begin(c, path, method, version);
    if (*len == 0)
        return finish(c->request);
    size_t taken = *len;
    *len = 0;
    return take_body(c->request, data, taken);
}

static void *on_request_line(void *userdata, const char *line, struct MHD_Connection *mhd)
{
    struct connection *c = connection_of(mhd);
    c->has_begun = true;
    c->has_bad_escapes = false;
    return NULL;
}

static size_t on_escapes(void *userdata, struct MHD_Connection *mhd, char *text)
{
    bool ok;
    size_t len = http_decode(text, &ok);
    if (!ok)
        connection_of(mhd)->has_bad_escapes = true;
    return len;
}

static void on_completed(void *userdata, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode how)
{
    struct connection *c = connection_of(mhd);
    struct http_request *r = TAKE_PTR(c->request);
    c->has_begun = false;
    connection_expect(c);
    if (r && r->gone && (r->progress == WAITING || r->progress == STREAMING))
        r->gone(r->userdata);
    if (r)
        request_free(r);
}

/* ---- the turns of the loop ---- */

static const char *own_words(unsigned status)
{
    switch (status) {
    case MHD_HTTP_URI_TOO_LONG:
        return "the request line is too long";
    case MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE:
        return "the headers are too large";
    case MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED:
        return "no version of HTTP that is known";
    default:
        return "no HTTP";
    }
}

/* libmicrohttpd answers by itself what it cannot read as HTTP, and tells the log only. */
static _printf_(2, 0) void on_log(void *userdata, const char *format, va_list values)
{
    static const char answered[] = "Error processing request (HTTP response code is %u";
    struct http_server *s = userdata;
    if (s->why)
        vsnprintf(s->why, s->why_size, format, values);
    else if (str_starts(format, answered))
        s->own_status = va_arg(values, unsigned);
}

/* Which connection it was about the log does not say. */
static void tell_own_answer(struct http_server *s)
{
    static const struct http_peer unknown = { .fd = -1, .address = "unknown" };
    if (s->own_status > 0)
        server_tell(s, s->ended == 1 ? &s->ended_peer : &unknown, s->own_status,
                    own_words(s->own_status));
    s->own_status = 0;
    s->ended = 0;
}

void http_server_run(struct http_server *s)
{
    struct epoll_event events[64];
    bool arrived = false;
    int n = epoll_wait(s->epoll_fd, events, ELEMENTS(events), 0);
    s->turns = n > 0 ? 0 : s->turns + 1;
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == &s->o.listen_fd)
            arrived = true;
        else if (events[i].data.ptr == &s->wake_fd)
            calm(s);
        else if (events[i].data.ptr != &s->mhd)
            connection_cut(events[i].data.ptr);
    }
    if (arrived)
        server_accept(s);
    server_cut_slow(s);
    MHD_run(s->mhd);
    tell_own_answer(s);
}

/* In a TLS handshake libmicrohttpd (0.9.75) says that there is something to do until the peer has
 * answered. Most often it is right, so every eighth turn in vain is put off a little; what comes
 * from the peer is not. */
static int pause_of(const struct http_server *s)
{
    return s->is_tls && s->newcomers > 0 && s->turns % 8 == 7 ? 10 : 0;
}

int http_server_wait(struct http_server *s)
{
    MHD_UNSIGNED_LONG_LONG pending;
    uint64_t due;
    if (MHD_get_timeout(s->mhd, &pending) == MHD_YES) /* it has no other timeouts from us */
        return pause_of(s);
    if (!server_due(s, &due))
        return -1;
    uint64_t now = http_now();
    return due <= now ? 0 : (int)MIN_OF(due - now, (uint64_t)INT32_MAX);
}

int http_server_fd(const struct http_server *s)
{
    return s->epoll_fd;
}

unsigned http_server_connections(const struct http_server *s)
{
    return s->connections;
}

/* ---- begin and end ---- */

static void set_limits(struct http_limits *l)
{
    static const struct http_limits usual = { 1u << 20, 2048, 1536, 500, 60 };
    l->body = l->body ? MIN_OF(l->body, (size_t)DRAIN) : usual.body;
    l->connections = l->connections ? l->connections : usual.connections;
    l->connections_per_peer = l->connections_per_peer ? l->connections_per_peer
                                                      : usual.connections_per_peer;
    l->requests_per_second = l->requests_per_second ? l->requests_per_second
                                                    : usual.requests_per_second;
    l->idle_seconds = l->idle_seconds ? l->idle_seconds : usual.idle_seconds;
}

static int start_mhd(struct http_server *s)
{
    const struct http_tls *tls = s->o.tls;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0);
    struct MHD_OptionItem secrets[] = {
        { MHD_OPTION_HTTPS_MEM_CERT, 0, tls ? (void *)tls->certificate : NULL },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, tls ? (void *)tls->key : NULL },
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_PRIORITIES },
        { MHD_OPTION_END, 0, NULL },
    };
    s->mhd = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
        MHD_OPTION_CONNECTION_LIMIT, s->o.limits.connections + SPARE,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        s, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, s, MHD_OPTION_UNESCAPE_CALLBACK,
        on_escapes, s, MHD_OPTION_ARRAY, tls ? secrets : secrets + ELEMENTS(secrets) - 1,
        MHD_OPTION_END);
    return s->mhd ? 0 : -EINVAL;
}

static int watch(struct http_server *s, int fd, void *mark)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = mark };
    return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int start(struct http_server *s)
{
    struct sockaddr_storage address = { 0 };
    socklen_t len = sizeof(address);
    if (getsockname(s->o.listen_fd, (struct sockaddr *)&address, &len) < 0 ||
        fcntl(s->o.listen_fd, F_SETFL, fcntl(s->o.listen_fd, F_GETFL) | O_NONBLOCK) < 0)
        return -errno;
    s->is_local = address.ss_family == AF_UNIX;
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->spare_fd = eventfd(0, EFD_CLOEXEC);
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->epoll_fd < 0 || s->spare_fd < 0 || s->wake_fd < 0)
        return -errno;
    int r = start_mhd(s);
    if (r >= 0)
        r = watch(s, s->wake_fd, &s->wake_fd);
    if (r < 0)
        return r;
    r = watch(s, MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, &s->mhd);
    return r < 0 ? r : watch(s, s->o.listen_fd, &s->o.listen_fd);
}

DEFINE_CLEANUP(struct http_server *, http_server_free)

int http_server_new(const struct http_options *options, struct http_server **ret, char *why,
                    size_t why_size)
{
    _cleanup_(http_server_free_p) struct http_server *s = calloc(1, sizeof(*s));
    snprintf(why, why_size, "%s", "");
    if (!s) {
        close(options->listen_fd);
        return -ENOMEM;
    }
    *s = (struct http_server){ .o = *options, .epoll_fd = -1, .wake_fd = -1, .spare_fd = -1 };
    server_lists_init(s);
    set_limits(&s->o.limits);
    s->parties.requests_per_second = s->o.limits.requests_per_second;
    s->why = why;
    s->why_size = why_size;
    int r = start(s);
    s->why = NULL;
    s->is_tls = s->o.tls;
    s->o.tls = NULL; /* the texts are the caller's */
    if (r < 0) {
        why[strcspn(why, "\n")] = '\0';
        if (!*why)
            snprintf(why, why_size, "%s", strerror(-r));
        return r;
    }
    *ret = TAKE_PTR(s);
    return 0;
}

/* libmicrohttpd wants nothing parked when it stops. */
struct http_server *http_server_free(struct http_server *s)
{
    if (!s)
        return NULL;
    while (s->quiet.next != &s->quiet) {
        struct connection *c = s->quiet.next;
        connection_unpark(c);
        connection_expect(c);
    }
    if (s->mhd)
        MHD_stop_daemon(s->mhd);
    server_drop_arriving(s);
    parties_done(&s->parties);
    close(s->o.listen_fd);
    if (s->epoll_fd >= 0)
        close(s->epoll_fd);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
    if (s->spare_fd >= 0)
        close(s->spare_fd);
    free(s);
    return NULL;
}

/* ---- what a request says ---- */

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
    if (ret_len)
        *ret_len = r->body.len;
    return r->body.data ? r->body.data : "";
}

const char *http_header(const struct http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection->mhd, MHD_HEADER_KIND, name);
}

const char *http_query(const struct http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection->mhd, MHD_GET_ARGUMENT_KIND, name);
}

struct each {
    int (*found)(void *userdata, const char *key, const char *value);
    void *userdata;
    int r;
};

static enum MHD_Result each_one(void *userdata, enum MHD_ValueKind kind, const char *key,
                                const char *value)
{
    struct each *e = userdata;
    e->r = e->found(e->userdata, key, value ? value : "");
    return e->r == 0 ? MHD_YES : MHD_NO;
}

int http_each_query(const struct http_request *r,
                    int (*found)(void *userdata, const char *key, const char *value),
                    void *userdata)
{
    struct each e = { .found = found, .userdata = userdata };
    MHD_get_connection_values(r->connection->mhd, MHD_GET_ARGUMENT_KIND, each_one, &e);
    return e.r;
}

const struct http_peer *http_peer(const struct http_request *r)
{
    return &r->connection->peer;
}

void http_set_userdata(struct http_request *r, void *userdata, void (*gone)(void *userdata))
{
    r->userdata = userdata;
    r->gone = gone;
}

void *http_userdata(const struct http_request *r)
{
    return r->userdata;
}
