/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the HTTP server share: http-connection.c accepts, counts and ends connections,
 * http-rules.c says which requests are let in, http-server.c leads them through libmicrohttpd and
 * is the only one that calls it.
 */
#ifndef WIRE_HTTP_INTERNAL_H
#define WIRE_HTTP_INTERNAL_H

#include "wire/http-peer.h"

struct MHD_Connection;
struct MHD_Daemon;
struct sockaddr;

/* So much of a refused body is read all the same, so that its sender sees the answer: who closes
 * while the other side still sends may take the answer from it. */
#define DRAIN (16u << 20)
#define HEADERS (16u * 1024) /* larger ones are answered with 431 */

enum progress {
    RECEIVING,
    WAITING,   /* the handler has it */
    ANSWERED,  /* the caller has no more to do with it */
    STREAMING, /* no end given yet */
};

struct refusal {
    unsigned status;
    bool ends; /* the connection, at once: where the next request begins is not clear */
    const char *why;
    const char *remedy;
};

struct http_request {
    struct connection *connection;
    const char *method;
    const char *path;
    bool is_old; /* HTTP/1.0 */
    struct buf body;
    uint64_t received; /* of the body, also what was thrown away */
    size_t held;       /* bytes, in the party's account */
    enum progress progress;
    const struct refusal *refusal; /* NULL: none */
    bool is_lost;                  /* no answer will ever come: close */
    struct buf queue;              /* of a stream; what is before `sent` has gone */
    size_t sent;
    void *userdata;
    void (*gone)(void *userdata);
};

/* On one of the server's lists: accepted, but not taken up by libmicrohttpd yet; those that owe us
 * something, the one that was longest ago heard of first; those that are parked or stream. */
struct connection {
    struct connection *next, *previous;
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct http_peer peer;
    struct party *party;
    uint64_t since; /* when it was accepted, or its last request or answer was complete */
    bool is_parked;
    bool has_begun;               /* a request line was seen, and its answer is not complete */
    bool has_asked;               /* ever */
    bool has_bad_escapes;         /* in the request line */
    struct http_request *request; /* NULL: between two */
};

struct http_server {
    struct http_options o;
    struct MHD_Daemon *mhd;
    int epoll_fd;
    int wake_fd; /* in the set: something was done outside of a turn */
    bool is_woken;
    int spare_fd; /* given up to accept and close when there are no more descriptors */
    bool is_local, is_tls;
    unsigned turns;             /* since something came */
    struct connection arriving; /* heads of the lists */
    struct connection waited_for;
    struct connection quiet;
    unsigned connections;
    unsigned newcomers; /* of these; they have not asked for anything yet */
    size_t held;
    struct parties parties;
    struct party nobody; /* of whom only this is known: when something was told */
    /* Where libmicrohttpd's messages go while it starts; then what it answered by itself since the
     * last look, and the one connection that ended meanwhile. */
    char *why;
    size_t why_size;
    unsigned own_status;
    unsigned ended;
    struct http_peer ended_peer;
};

/* ---- http-connection.c ---- */

void server_tell(struct http_server *s, const struct http_peer *peer, unsigned status,
                 const char *why);
/* The same, but not more often than is news. */
void connection_tell(struct connection *c, unsigned status, const char *why);

void server_lists_init(struct http_server *s);
void server_accept(struct http_server *s);
/* What libmicrohttpd has not taken up, at the end. */
void server_drop_arriving(struct http_server *s);
/* Ends those whose time is over. */
void server_cut_slow(struct http_server *s);
/* Monotonic milliseconds when the next one's is; false: nobody is waited for. */
bool server_due(const struct http_server *s, uint64_t *ret);

/* libmicrohttpd has taken it up, and let it go. */
struct connection *connection_begin(struct http_server *s, int fd, struct MHD_Connection *mhd);
void connection_asked(struct connection *c);
void connection_end(struct connection *c);
/* From now on the peer has its time again; or it owes us nothing. */
void connection_expect(struct connection *c);
void connection_rest(struct connection *c);
/* A parked one is left alone by libmicrohttpd, and watched by us for its end. */
void connection_park(struct connection *c);
void connection_unpark(struct connection *c);
/* Ends it, at the next turn. */
void connection_cut(struct connection *c);

/* Memory on account of the peer. What would be too much is not held, and false. */
bool request_hold(struct http_request *r, size_t len);
void request_let_go(struct http_request *r, size_t len);
bool request_has_room(const struct http_request *r);

/* ---- http-rules.c ---- */

/* Why a request is not let in, as far as its headers tell; NULL: it is. */
const struct refusal *request_examine(const struct http_request *r);
uint64_t request_said_length(const struct http_request *r);
extern const struct refusal refusal_too_large, refusal_no_room;

/* ---- http-server.c ---- */

/* The descriptor is libmicrohttpd's, also on failure; false: it will not take it up. It may do so
 * at once (0.9.75), or at its next turn (1.0). */
bool server_add(struct http_server *s, int fd, const struct sockaddr *address, unsigned len);
void server_suspend(struct connection *c);
void server_resume(struct connection *c);
unsigned request_count_headers(const struct http_request *r, const char *name);
size_t request_headers_size(const struct http_request *r);

#endif
