/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The monitor of a QEMU that nobody else manages: QMP, JSON lines over a unix socket
 * (docs/interop/qmp-spec.rst of QEMU). What comes from there is not trusted: lines, values, depth
 * and kept events have limits, and every wait has an end.
 */
#ifndef VM_QMP_H
#define VM_QMP_H

#include <sys/types.h>

#include "base/node.h"
#include "core/error.h"

struct qmp;

/* Connects, reads the greeting, leaves negotiation. Errors, all about `path`: no socket, nobody
 * listens, no permission, not QMP, and somebody else on the line (QEMU serves one at a time and
 * does not answer the next). */
int qmp_open(const char *path, struct qmp **ret, struct sriov_error *error);

/* The same over a socket that is connected, which belongs to it from now on, also on failure.
 * `path` is for errors. */
int qmp_start(int fd, const char *path, struct qmp **ret, struct sriov_error *error);
struct qmp *qmp_close(struct qmp *q); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct qmp *, qmp_close)
#define _cleanup_qmp_ _cleanup_(qmp_close_p)

/* The process that listens there (SO_PEERCRED): 0 and -1 if the kernel does not say. */
pid_t qmp_pid(const struct qmp *q);
uid_t qmp_uid(const struct qmp *q);

/* Runs a command. `arguments` is a JSON object as text, or NULL. *ret (may be NULL) is what stands
 * under "return"; the caller frees it with node_free. QEMU's words are the error's kernel text.
 * -ENODEV: it has no such device; -EOPNOTSUPP: no such command. Events that arrive meanwhile are
 * kept for qmp_wait. */
int qmp_run(struct qmp *q, const char *command, const char *arguments, struct node **ret,
            struct sriov_error *error);

/* Waits for one of the `events` (NULL-terminated) whose data has `key` = `value` (key NULL: any);
 * returns its place in the list. -ETIMEDOUT after `timeout_ms`. */
int qmp_wait(struct qmp *q, const char *const *events, const char *key, const char *value,
             unsigned timeout_ms, struct sriov_error *error);

#endif
