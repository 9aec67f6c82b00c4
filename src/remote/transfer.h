/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests to a daemon, one after the other over one connection. The one user of libcurl is
 * transfer.c.
 */
#ifndef REMOTE_TRANSFER_H
#define REMOTE_TRANSFER_H

#include "base/buf.h"
#include "core/error.h"
#include "remote/server.h"

struct transfer;

/* Connects with the first request. `server` is borrowed. */
int transfer_open(const struct server *server, struct transfer **ret, struct sriov_error *error);
struct transfer *transfer_close(struct transfer *t); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct transfer *, transfer_close)

struct transfer_request {
    const char *path; /* "/v1/commands" */
    const char *body; /* JSON, to be POSTed; NULL: a GET */
    size_t body_len;
    /* Called with each part of an answer that has no end (server-sent events); other than 0 ends
     * it. NULL: the answer is kept in `ret`. */
    int (*part)(void *userdata, const char *data, size_t len);
    void *userdata;
};

#define ANSWER_LIMIT                                                                               \
    (100u << 20) /* a job's output, at most 16 MB, may need six characters a byte */

/* 0 with the HTTP status and the body, whatever the status is; also when `part` ended it. -errno
 * with `error` filled if there was no answer: -ECONNRESET if the daemon may have heard the request
 * all the same. */
int transfer_run(struct transfer *t, const struct transfer_request *q, unsigned *ret_status,
                 struct buf *ret, struct sriov_error *error);

#endif
