/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * For tests of the HTTP server and of what answers through it: a server and its clients in one
 * process, over a Unix socket without a name or over loopback. The clients never block; while they
 * wait, the server turns.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

#include "base/str.h"
#include "wire/http.h"

#define HOST "Host: sriovd\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static struct http_server *server;
static struct sockaddr_storage address;
static socklen_t address_len;

static _unused_ int listen_on(int family)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = family == AF_INET ? bind(fd, (struct sockaddr *)&v4, sizeof(v4))
                              : bind(fd, (struct sockaddr *)&local, sizeof(sa_family_t));
    assert_int_equal(r, 0);
    assert_int_equal(listen(fd, 100), 0);
    address_len = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &address_len), 0);
    return fd;
}

/* The listening socket is put into the options. */
static _unused_ void pair_start(int family, struct http_options *o)
{
    char why[160];
    o->listen_fd = listen_on(family);
    if (http_server_new(o, &server, why, sizeof(why)) < 0)
        fail_msg("%s", why);
}

static _unused_ int pair_stop(void **state)
{
    server = http_server_free(server);
    return 0;
}

/* One turn of the loop, waiting at most so many milliseconds for it. */
static _unused_ void turn(int at_most)
{
    struct pollfd p = { .fd = http_server_fd(server), .events = POLLIN };
    int wait = http_server_wait(server);
    (void)poll(&p, 1, wait < 0 ? at_most : MIN_OF(wait, at_most));
    http_server_run(server);
}

/* Does the server want to be run, without that anything comes? */
static _unused_ bool is_ready(void)
{
    struct pollfd p = { .fd = http_server_fd(server), .events = POLLIN };
    return poll(&p, 1, 0) == 1;
}

static _unused_ void settle(void)
{
    for (unsigned i = 0; i < 10; i++)
        turn(0);
}

/* ---- clients ---- */

static _unused_ int client(void)
{
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, address_len), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

static _unused_ void say_bytes(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            return; /* the answer says why */
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
        turn(0);
    }
}

static _unused_ void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

static char answer[1u << 20];

/* Is there a whole answer at the start of `text`? Its length, 0: not yet. */
static _unused_ size_t whole(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "\r\nContent-Length: ");
    if (!end)
        return 0;
    size_t head = (size_t)(end + 4 - text);
    size_t body = length && length < end ? strtoul(length + 18, NULL, 10) : 0;
    return strlen(text) >= head + body ? head + body : 0;
}

/* What has come within the turns that are given: until `text` holds `want`, or the end. */
static _unused_ bool hear_until(int fd, bool (*enough)(const char *text, const void *want),
                                const void *want)
{
    size_t len = 0;
    answer[0] = '\0';
    for (unsigned i = 0; i < 2000 && !enough(answer, want); i++) {
        turn(1);
        ssize_t n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return false;
        len += n > 0 ? (size_t)n : 0;
        answer[len] = '\0';
    }
    return true;
}

static _unused_ bool has_answers(const char *text, const void *want)
{
    for (unsigned left = *(const unsigned *)want; left > 0; left--) {
        size_t len = whole(text);
        if (len == 0)
            return false;
        text += len;
    }
    return true;
}

static _unused_ bool has_text(const char *text, const void *want)
{
    return strstr(text, want);
}

static _unused_ bool never(const char *text, const void *want)
{
    return false;
}

static _unused_ void hear(int fd, unsigned count)
{
    hear_until(fd, has_answers, &count);
}

static _unused_ unsigned status(void)
{
    return str_starts(answer, "HTTP/1.1 ") ? (unsigned)strtoul(answer + 9, NULL, 10) : 0;
}

static _unused_ unsigned ask(int fd, const char *text)
{
    say(fd, text);
    hear(fd, 1);
    return status();
}

static _unused_ void assert_answer(unsigned want, const char *part)
{
    if (status() != want || !strstr(answer, part))
        fail_msg("want %u and '%s', got: %s", want, part, answer);
}

static _unused_ void assert_ended(int fd)
{
    hear_until(fd, never, NULL);
    char byte;
    assert_int_equal(recv(fd, &byte, 1, 0), 0);
    close(fd);
}

/* ---- time ---- */

static _unused_ double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Says `text` again and again. */
static _unused_ double until_cut(int fd, const char *text)
{
    double begin = seconds();
    while (http_server_connections(server) > 0 && seconds() - begin < 20) {
        (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
        turn(50);
    }
    return seconds() - begin;
}

/* ---- a server that keeps what it sees ---- */

static unsigned handled;
static char paths[16][64];
static struct http_peer last_peer;
static struct http_request *held[8]; /* of /later and /stream */
static unsigned n_held;
static unsigned gone;
static unsigned refusals;
static unsigned refused_status;
static char refused_why[128];

static _unused_ void on_gone(void *userdata)
{
    gone++;
    for (unsigned i = 0; i < n_held; i++) {
        if (held[i] == userdata)
            held[i] = NULL;
    }
}

static _unused_ void on_refused(void *userdata, const struct http_peer *peer, unsigned status,
                                const char *why)
{
    refusals++;
    refused_status = status;
    STR_SET(refused_why, why);
}

static _unused_ void keep(struct http_request *r)
{
    assert_true(n_held < ELEMENTS(held));
    held[n_held++] = r;
    http_set_userdata(r, r, on_gone);
}

static _unused_ void respond(struct http_request *r, const void *body, size_t len)
{
    static const char *const headers[] = { "X-Test", "yes", NULL };
    http_respond(r, &(struct http_answer){
                        .status = 200,
                        .type = "text/plain",
                        .body = body,
                        .len = len,
                        .headers = headers,
                    });
}

static _unused_ int add_query(void *userdata, const char *key, const char *value)
{
    buf_printf(userdata, "%s=%s;", key, value);
    return 0;
}

/* /later waits, /stream streams, /query shows it, all else comes back. */
static _unused_ void handle(void *userdata, struct http_request *r)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    size_t len;
    const char *body = http_body(r, &len);
    assert_int_equal(body[len], '\0');
    STR_SET(paths[handled++ % ELEMENTS(paths)], http_path(r));
    last_peer = *http_peer(r);
    if (str_eq(http_path(r), "/later")) {
        keep(r);
    } else if (str_eq(http_path(r), "/stream")) {
        keep(r);
        http_stream_begin(r, "text/event-stream");
    } else if (str_eq(http_path(r), "/query")) {
        assert_int_equal(http_each_query(r, add_query, &text), 0);
        respond(r, text.data ? text.data : "", text.len);
    } else {
        buf_printf(&text, "%s %s ", http_method(r), http_path(r));
        buf_add(&text, body, len);
        respond(r, text.data, text.len);
    }
}

static _unused_ void start(int family, const struct http_tls *tls, const struct http_limits *limits)
{
    handled = n_held = gone = refusals = refused_status = 0;
    pair_start(family,
               &(struct http_options){
                   .tls = tls, .limits = *limits, .handler = handle, .refused = on_refused });
}
