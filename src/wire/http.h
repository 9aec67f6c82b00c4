/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An HTTP/1.1 server for one thread that waits elsewhere: it gives a file descriptor to poll and
 * runs when told. It knows nothing of SR-IOV. A request reaches the handler once, whole (its body
 * within the limit); the answer may be given then or later, and until then the connection takes no
 * time. What is malformed, too large, too slow or too much is answered here, with an error object
 * as sriovctl --json prints it (what is no HTTP at all libmicrohttpd answers in its own words).
 *
 * The one user of libmicrohttpd is http-server.c.
 */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct http_server;
struct http_request; /* lives until its answer is sent, or its stream has ended */

/* Zero means the default. */
struct http_limits {
    size_t body;                   /* bytes; 1 MiB, at most 16. More is answered with 413 */
    unsigned connections;          /* in all; 2048. More are closed */
    unsigned connections_per_peer; /* of one uid, IPv4 address or IPv6 network; 1536 */
    unsigned requests_per_second;  /* of one peer, with bursts of twice that; 500. More are 429 */
    unsigned idle_seconds; /* for a whole request, to take a whole answer, and between; 60 */
};

/* The private key and the certificates are PEM texts. */
struct http_tls {
    const char *certificate;
    const char *key;
};

/* Who is at the other end. */
struct http_peer {
    bool is_local; /* a Unix socket: uid, gid and pid are known */
    uid_t uid;
    gid_t gid;
    pid_t pid;
    int fd;           /* of the connection, for getsockopt; it is the server's */
    char address[64]; /* "192.0.2.1:5012", "uid 1000" */
};

/* Called for each request. It must lead, now or later, to exactly one http_respond or
 * http_stream_begin. */
typedef void (*http_handler)(void *userdata, struct http_request *r);

/* Called for what the server refused by itself, with the status it answered (0: it only closed the
 * connection). NULL: nobody wants to know. Too many requests, too many connections and slow ones
 * are told once a second for each peer. The address is "unknown" and the descriptor -1 where it
 * cannot say who it was. */
typedef void (*http_refusal)(void *userdata, const struct http_peer *peer, unsigned status,
                             const char *why);

struct http_options {
    int listen_fd; /* listening; Unix or TCP; the server's from now on, also on failure */
    const struct http_tls *tls; /* NULL: none */
    struct http_limits limits;
    http_handler handler;
    http_refusal refused;
    void *userdata;
};

/* -errno with one line in `why`. The texts of `tls` are not needed afterwards. */
int http_server_new(const struct http_options *options, struct http_server **ret, char *why,
                    size_t why_size);

/* Ends all connections: requests that are not answered yet end with them. NULL is fine. */
struct http_server *http_server_free(struct http_server *s);

/* To poll for reading. http_server_run does what is to be done; http_server_wait says in how many
 * milliseconds it wants to be run at the latest, -1: only when the descriptor says so. To be asked
 * after each run; an answer given outside of one makes the descriptor ready. */
int http_server_fd(const struct http_server *s);
void http_server_run(struct http_server *s);
int http_server_wait(struct http_server *s);

unsigned http_server_connections(const struct http_server *s);

/* ---- a request ---- */

const char *http_method(const struct http_request *r); /* "GET"; HEAD arrives as "GET" */
const char *http_path(const struct http_request *r);   /* percent-decoded, without the query */
const char *http_body(const struct http_request *r,
                      size_t *ret_len); /* never NULL, NUL behind it */
/* The first of that name, NULL if there is none. Header names in any case; query values decoded. */
const char *http_header(const struct http_request *r, const char *name);
const char *http_query(const struct http_request *r, const char *name);
/* Each query key once more; stops when `found` returns other than 0, and returns it. */
int http_each_query(const struct http_request *r,
                    int (*found)(void *userdata, const char *key, const char *value),
                    void *userdata);
const struct http_peer *http_peer(const struct http_request *r);

/* The caller's own word about the request, NULL at first. `gone` is called when the peer left
 * before the answer (then no answer is to be given any more), and when a stream ended otherwise
 * than by http_stream_end. It comes from http_server_run or http_server_free, never from within
 * another function of this header. NULL: none. */
void http_set_userdata(struct http_request *r, void *userdata, void (*gone)(void *userdata));
void *http_userdata(const struct http_request *r);

/* ---- answers ---- */

struct http_answer {
    unsigned status;
    const char *type; /* "application/json"; NULL: no body */
    const void *body; /* copied, unless `body_is_static` */
    size_t len;
    bool body_is_static;
    const char *const *headers; /* name, value, name, value, NULL; NULL: none */
};

/* The request is gone afterwards, without a call of `gone`. */
void http_respond(struct http_request *r, const struct http_answer *answer);

/* An answer without end. Sending only queues; a peer that leaves more than HTTP_STREAM_LIMIT bytes
 * untaken loses its stream: what is sent until `gone` is called is dropped. After http_stream_end
 * the request is gone, and what is queued is still sent. */
#define HTTP_STREAM_LIMIT (256u * 1024)
void http_stream_begin(struct http_request *r, const char *type);
void http_stream_send(struct http_request *r, const void *data, size_t len);
void http_stream_end(struct http_request *r);

#endif
