/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changing a host: say what is wanted, look at the plan, apply it.
 *
 *     struct sriov_change *change;
 *     sriov_change_new(host, &change, &error);
 *     sriov_change_set(change, "enp1s0", "num_vfs", "4", &error);
 *     sriov_change_set(change, "enp1s0/0-3", "spoofchk", "on", &error);   (of VFs that are there)
 *     sriov_change_apply(change, "my tool: four VFs", 0, &transaction, &error);
 *     sriov_change_free(change);
 *
 * Nothing is written before sriov_change_apply. That refuses what would hurt somebody (code
 * SRIOV_IN_USE, with the names in the message), journals, runs the steps, reads back, and undoes
 * all of it on failure.
 */
#ifndef SRIOV_CHANGE_H
#define SRIOV_CHANGE_H

#include <stdint.h>

#include "sriov/host.h"

#pragma GCC visibility push(default)

struct sriov_change;

/* Takes a change back: `host` must outlive it. */
int sriov_change_new(struct sriov *host, struct sriov_change **ret, struct sriov_error *error);
struct sriov_change *sriov_change_free(
    struct sriov_change *change); /* NULL is fine; returns NULL */

/* One attribute of a PF ("enp1s0") or of VFs ("enp1s0/0", "enp1s0/1-3,5"), in the words of
 * `sriovctl set`. -EINVAL for a value that cannot be, -ENODEV for a PF or VF that is not there. */
int sriov_change_set(struct sriov_change *change, const char *object, const char *attribute,
                     const char *value, struct sriov_error *error);

/* A whole policy as JSON text, in the form of sriovd-policy(5). May name VFs that are yet to be
 * made. */
int sriov_change_add_policy(struct sriov_change *change, const char *json,
                            struct sriov_error *error);

/* The plan as `sriovctl plan --json` prints it: steps, worst disruption, holders that would be
 * hurt, remarks. The caller frees it with free(). */
int sriov_change_plan_json(struct sriov_change *change, char **ret, struct sriov_error *error);

enum sriov_change_flag {
    SRIOV_FORCE = 1 << 0, /* go on although somebody is hurt */
};

/* Applies it, to the host as it is now: it is read anew, so PFs and VFs got before are no longer
 * good (the change itself stays so). `command` is what the history will say was asked for.
 * *ret_transaction (may be NULL) is the number in the history, 0 if there was nothing to do. */
int sriov_change_apply(struct sriov_change *change, const char *command, unsigned flags,
                       int64_t *ret_transaction, struct sriov_error *error);

/* Puts back what a transaction changed; 0 means the last one of this boot. PFs and VFs got before
 * are no longer good. */
int sriov_rollback(struct sriov *host, int64_t transaction, unsigned flags,
                   int64_t *ret_transaction, struct sriov_error *error);

#pragma GCC visibility pop

#endif
