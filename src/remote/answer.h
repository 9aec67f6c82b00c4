/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers of a daemon: JSON, and errors in the form that sriovctl itself prints.
 */
#ifndef REMOTE_ANSWER_H
#define REMOTE_ANSWER_H

#include "base/node.h"
#include "remote/transfer.h"

/* The document of an answer; -EINVAL (code failed) if it is none. `name` is the daemon's, for the
 * message. */
int answer_read(const char *name, const struct buf *body, struct node **ret,
                struct sriov_error *error);

/* The error of an answer with this status. Always returns -errno, with `error` filled: by the
 * daemon's own words where it gave some. */
int answer_error(const char *name, unsigned status, const struct buf *body,
                 struct sriov_error *error);

#endif
