/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The monitor of a QEMU that nobody else manages: QMP, JSON lines over a unix socket
 * (docs/interop/qmp-spec.rst of QEMU).
 */
#ifndef VM_QMP_H
#define VM_QMP_H

#include <sys/types.h>

#include "base/node.h"
#include "core/error.h"

struct qmp;

/* Connects, reads the greeting, leaves negotiation. *ret_pid and *ret_uid (may be NULL) are those
 * of the process behind it (SO_PEERCRED). */
int qmp_open(const char *path, struct qmp **ret, struct sriov_error *error);
struct qmp *qmp_close(struct qmp *q);
pid_t qmp_pid(const struct qmp *q);
uid_t qmp_uid(const struct qmp *q);

/* Runs a command. `arguments` is a JSON object as text, or NULL. *ret (may be NULL) is what stands
 * under "return"; the caller frees it. QEMU's words are the error's kernel text. Events that arrive
 * meanwhile are kept for qmp_wait. */
int qmp_run(struct qmp *q, const char *command, const char *arguments, struct node **ret,
            struct sriov_error *error);

/* Waits for an event whose data has `key` = `value` (key NULL: any). -ETIMEDOUT. */
int qmp_wait(struct qmp *q, const char *event, const char *key, const char *value,
             unsigned timeout_ms, struct sriov_error *error);

#endif
