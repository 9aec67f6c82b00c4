/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Connections of the HTTP server: accepting them within the limits, the time each has, parking, and
 * the memory that a peer may make us hold. A peer has the same time for each thing it owes us -- a
 * request, whole; taking an answer, whole; the next request -- so the one that was heard of longest
 * ago is always the first whose time is over, and one that sends a byte a minute gains nothing.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "wire/http-internal.h"

#define HELD_BY_PARTY (64u << 20) /* bytes of bodies, answers and streams in memory */
#define HELD_IN_ALL (256u << 20)
#define ACCEPT_AT_ONCE 64

void server_tell(struct http_server *s, const struct http_peer *peer, unsigned status,
                 const char *why)
{
    if (s->o.refused)
        s->o.refused(s->o.userdata, peer, status, why);
}

void connection_tell(struct connection *c, unsigned status, const char *why)
{
    if (party_is_news(c->party, http_now()))
        server_tell(c->server, &c->peer, status, why);
}

/* ---- lists and time ---- */

static void take_off(struct connection *c)
{
    if (!c->next)
        return;
    c->previous->next = c->next;
    c->next->previous = c->previous;
    c->next = c->previous = NULL;
}

static void append(struct connection *head, struct connection *c)
{
    take_off(c);
    c->next = head;
    c->previous = head->previous;
    c->previous->next = c;
    head->previous = c;
}

void connection_expect(struct connection *c)
{
    c->since = http_now();
    append(&c->server->waited_for, c);
}

void connection_rest(struct connection *c)
{
    append(&c->server->quiet, c);
}

bool server_due(const struct http_server *s, uint64_t *ret)
{
    if (s->waited_for.next == &s->waited_for)
        return false;
    *ret = s->waited_for.next->since + (uint64_t)s->o.limits.idle_seconds * 1000;
    return true;
}

void server_cut_slow(struct http_server *s)
{
    uint64_t due;
    while (server_due(s, &due) && due <= http_now()) {
        struct connection *c = s->waited_for.next;
        if (c->has_begun)
            connection_tell(c, 0, "too slow with a request, or with taking its answer");
        else if (!c->has_asked)
            connection_tell(c, 0, "a connection without a request");
        connection_expect(c);
        connection_cut(c);
    }
}

/* ---- parking ---- */

/* A Unix socket says when both directions are closed, and a client may close its own right after
 * the request. TCP tells only of the peer's direction: that counts as having left. */
void connection_park(struct connection *c)
{
    struct http_server *s = c->server;
    struct epoll_event watch = { .events = s->is_local ? 0 : EPOLLRDHUP, .data.ptr = c };
    server_suspend(c);
    (void)epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, c->peer.fd, &watch);
    c->is_parked = true;
    connection_rest(c);
}

void connection_unpark(struct connection *c)
{
    if (!c->is_parked)
        return;
    c->is_parked = false;
    (void)epoll_ctl(c->server->epoll_fd, EPOLL_CTL_DEL, c->peer.fd, NULL);
    if (!c->request || c->request->progress != STREAMING)
        connection_expect(c);
    server_resume(c);
}

/* libmicrohttpd notices at its next turn. */
void connection_cut(struct connection *c)
{
    if (c->request)
        c->request->is_lost = true;
    (void)shutdown(c->peer.fd, SHUT_RDWR);
    connection_unpark(c);
}

/* ---- coming and going ---- */

void server_lists_init(struct http_server *s)
{
    struct connection *const heads[] = { &s->arriving, &s->waited_for, &s->quiet };
    for (size_t i = 0; i < ELEMENTS(heads); i++)
        heads[i]->next = heads[i]->previous = heads[i];
}

static void drop(struct connection *c)
{
    take_off(c);
    if (c->party)
        party_leave(c->party);
    free(c);
}

static void connection_free(struct connection *c)
{
    c->server->connections--;
    drop(c);
}

static struct connection *find_arriving(const struct http_server *s, int fd)
{
    struct connection *c = s->arriving.next;
    while (c != &s->arriving && c->peer.fd != fd)
        c = c->next;
    return c != &s->arriving ? c : NULL;
}

void server_drop_arriving(struct http_server *s)
{
    while (s->arriving.next != &s->arriving)
        connection_free(s->arriving.next);
}

struct connection *connection_begin(struct http_server *s, int fd, struct MHD_Connection *mhd)
{
    struct connection *c = find_arriving(s, fd);
    c->mhd = mhd;
    s->newcomers++;
    connection_expect(c);
    return c;
}

void connection_asked(struct connection *c)
{
    c->server->newcomers -= !c->has_asked;
    c->has_asked = true;
}

void connection_end(struct connection *c)
{
    struct http_server *s = c->server;
    s->newcomers -= !c->has_asked;
    s->ended++;
    s->ended_peer = c->peer;
    connection_free(c);
}

/* A peer whose machine is gone must not keep a stream for ever, and the body of an answer not wait
 * until the peer has acknowledged its head. */
static void set_up_tcp(const struct http_server *s, int fd)
{
    int on = 1, idle = (int)s->o.limits.idle_seconds;
    unsigned longest = s->o.limits.idle_seconds * 1000;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &longest, sizeof(longest));
}

static bool is_over_limit(struct connection *c)
{
    const struct http_limits *l = &c->server->o.limits;
    if (c->server->connections >= l->connections)
        connection_tell(c, 0, "too many connections");
    else if (c->party->connections > l->connections_per_peer)
        connection_tell(c, 0, "too many connections of this peer");
    else
        return false;
    return true;
}

/* NULL: it is not let in. */
static struct connection *admit(struct http_server *s, int fd)
{
    struct connection *c = calloc(1, sizeof(*c));
    struct party party;
    if (!c)
        return NULL;
    c->server = s;
    if (http_peer_read(fd, &c->peer, &party) >= 0)
        c->party = party_join(&s->parties, &party, http_now());
    if (!c->party || is_over_limit(c)) {
        drop(c);
        return NULL;
    }
    s->connections++;
    append(&s->arriving, c);
    return c;
}

/* One that has this descriptor already was closed by libmicrohttpd without having been taken up. */
static void welcome(struct http_server *s, int fd, const struct sockaddr *address, socklen_t len)
{
    struct connection *c = find_arriving(s, fd);
    if (c)
        connection_free(c);
    c = admit(s, fd);
    if (!c) {
        close(fd);
        return;
    }
    if (!s->is_local)
        set_up_tcp(s, fd);
    if (!server_add(s, fd, address, len) && find_arriving(s, fd)) /* it may have begun, and ended */
        connection_free(c);
}

/* No descriptor is left: without this a connection would stay in the queue, and the listening
 * socket would wake us for ever. */
static void turn_away(struct http_server *s)
{
    static const struct http_peer unknown = { .fd = -1, .address = "unknown" };
    close(s->spare_fd);
    int fd = accept4(s->o.listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    s->spare_fd = eventfd(0, EFD_CLOEXEC);
    if (party_is_news(&s->nobody, http_now()))
        server_tell(s, &unknown, 0, "no descriptor is left");
}

void server_accept(struct http_server *s)
{
    for (unsigned i = 0; i < ACCEPT_AT_ONCE; i++) {
        struct sockaddr_storage address = { 0 };
        socklen_t len = sizeof(address);
        int fd = accept4(s->o.listen_fd, (struct sockaddr *)&address, &len,
                         SOCK_CLOEXEC | SOCK_NONBLOCK);
        bool is_full = fd < 0 && (errno == EMFILE || errno == ENFILE);
        if (is_full)
            turn_away(s);
        if (is_full || (fd < 0 && errno != EINTR && errno != ECONNABORTED))
            return;
        if (fd >= 0)
            welcome(s, fd, (const struct sockaddr *)&address, len);
    }
}

/* ---- memory ---- */

static bool fits(const struct connection *c, size_t len)
{
    return c->party->held + len <= HELD_BY_PARTY && c->server->held + len <= HELD_IN_ALL;
}

bool request_hold(struct http_request *r, size_t len)
{
    struct connection *c = r->connection;
    if (!fits(c, len))
        return false;
    c->party->held += len;
    c->server->held += len;
    r->held += len;
    return true;
}

void request_let_go(struct http_request *r, size_t len)
{
    r->connection->party->held -= len;
    r->connection->server->held -= len;
    r->held -= len;
}

bool request_has_room(const struct http_request *r)
{
    return fits(r->connection, 1);
}
