/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HTTP server over any bytes that a connection may bring, whole and in pieces, with a handler
 * that answers at once, later, or with a stream. What reaches the handler must keep to its
 * contract: a decoded path without control characters and without dots that climb, a body within
 * the limit. Nothing may stay behind when the peer is gone.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"
#include "fuzz.h"
#include "wire/http.h"

#define BODY_LIMIT 4096
#define PARKED 64

struct test {
    struct http_server *server;
    struct sockaddr_un address;
    socklen_t len;
    struct http_request *parked[PARKED];
    unsigned n_parked;
};

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* ---- the handler ---- */

static int check_query(void *userdata, const char *key, const char *value)
{
    must(key && value && strlen(key) + strlen(value) < 65536);
    return 0;
}

static void check(const struct http_request *r)
{
    const char *path = http_path(r);
    size_t len;
    must(path[0] == '/' && !strstr(path, "/../") && !str_ends(path, "/.."));
    for (const char *c = path; *c; c++)
        must((unsigned char)*c >= ' ' && *c != 0x7f && *c != '\\');
    must(http_body(r, &len)[len] == '\0' || len > 0);
    must(len <= BODY_LIMIT && strlen(http_body(r, NULL)) <= len);
    must(http_each_query(r, check_query, NULL) == 0);
    (void)http_header(r, "Authorization");
    must(http_peer(r)->is_local);
}

static void answer(struct http_request *r)
{
    size_t len;
    const char *body = http_body(r, &len);
    http_respond(
        r, &(struct http_answer){ .status = 200, .type = "text/plain", .body = body, .len = len });
}

static void on_gone(void *userdata)
{
    *(struct http_request **)userdata = NULL;
}

/* By the first letter of the path. */
static void handle(void *userdata, struct http_request *r)
{
    struct test *t = userdata;
    char kind = http_path(r)[1];
    check(r);
    if (t->n_parked == PARKED || (kind != 'l' && kind != 's')) {
        answer(r);
        return;
    }
    t->parked[t->n_parked] = r;
    http_set_userdata(r, &t->parked[t->n_parked++], on_gone);
    if (kind == 's')
        http_stream_begin(r, "text/event-stream");
}

/* ---- one connection ---- */

static void start(struct test *t)
{
    struct http_options o = {
        .listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
        .limits = { .body = BODY_LIMIT, .requests_per_second = 1000000 },
        .handler = handle,
        .userdata = t,
    };
    char why[160];
    *t = (struct test){ .address.sun_family = AF_UNIX, .len = sizeof(t->address) };
    must(bind(o.listen_fd, (struct sockaddr *)&t->address, sizeof(sa_family_t)) == 0);
    must(listen(o.listen_fd, 4) == 0);
    must(getsockname(o.listen_fd, (struct sockaddr *)&t->address, &t->len) == 0);
    must(http_server_new(&o, &t->server, why, sizeof(why)) == 0);
}

static void turn(struct test *t, int fd)
{
    char sink[65536];
    http_server_run(t->server);
    while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
        http_server_run(t->server);
}

/* Those that wait get their answer, those that stream an event and their end. */
static void serve_parked(struct test *t)
{
    for (unsigned i = 0; i < t->n_parked; i++) {
        struct http_request *r = t->parked[i];
        bool is_stream = r && http_path(r)[1] == 's';
        t->parked[i] = NULL;
        if (is_stream) {
            http_set_userdata(r, &t->parked[i], on_gone);
            http_stream_send(r, "data: x\n\n", 9);
            http_stream_end(r);
        } else if (r) {
            answer(r);
        }
    }
    t->n_parked = 0;
}

static void say(struct test *t, int fd, const uint8_t *data, size_t size, size_t piece)
{
    while (size > 0) {
        ssize_t n = send(fd, data, size < piece ? size : piece, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
        turn(t, fd);
        serve_parked(t);
        turn(t, fd);
        if (n < 0 && http_server_connections(t->server) == 0)
            return;
    }
}

static void connect_and_say(struct test *t, const uint8_t *data, size_t size, size_t piece)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(connect(fd, (struct sockaddr *)&t->address, t->len) == 0);
    turn(t, fd);
    say(t, fd, data, size, piece);
    close(fd);
    for (unsigned i = 0; i < 16 && http_server_connections(t->server) > 0; i++)
        http_server_run(t->server);
    must(http_server_connections(t->server) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct test t;
    start(&t);
    connect_and_say(&t, data, size, SIZE_MAX);
    if (size <= 4096)
        connect_and_say(&t, data, size, 1 + size % 13);
    t.server = http_server_free(t.server);
    return 0;
}
