/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One look at one machine, and what belongs to it: backend, snapshot, holders, ledger. Each is
 * opened or read when it is first asked for, so a program pays for what it uses. Programs and the
 * public API work on a session; change.h changes the machine through one.
 */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include "core/lease.h"
#include "core/ledger.h"

struct session {
    const char *state_dir;  /* NULL: STATE_DIR_DEFAULT; these three are borrowed */
    const char *sysfs_root; /* NULL: none */
    const char *replay;     /* file of a capture to answer from; NULL: the running machine */

    /* owned; look at them after the function that opens them */
    struct backend *backend;
    struct snapshot *snapshot;
    struct holders holders;
    bool has_holders;
    struct ledger *ledger; /* NULL also if there is none yet */
    bool ledger_open, ledger_writable;
};

void session_done(struct session *s);

/* 0, or -errno with `error` filled; nothing happens the second time. */
int session_backend(struct session *s, struct sriov_error *error);
int session_snapshot(struct session *s, struct sriov_error *error);

/* With those who lease a VF; a replayed machine has no leases. Who may not read them gets a list
 * that says it is incomplete. */
int session_holders(struct session *s, struct sriov_error *error);

/* The same, to be shown: with those who keep a VF that a running change removes. (A change is
 * refused for the one that runs, before anybody asks for holders' names.) */
int session_holders_to_show(struct session *s, struct sriov_error *error);

/* The leases as they stand; the caller's, to be freed with leases_free. 1 if there may be some that
 * we are not allowed to see. What a capture shows is leased, if it is, on another machine: none. */
int session_leases(const struct session *s, struct lease **ret, size_t *ret_count,
                   struct sriov_error *error);

/* Ends the leases whose owners are gone, and those that a process left half-way; *ret_freed counts
 * them. */
int session_recover_leases(struct session *s, size_t *ret_freed, struct sriov_error *error);

/* A number that is another one after leases came, went or changed. */
int session_leases_mark(struct session *s, uint64_t *ret, struct sriov_error *error);

/* Forgets what was read of the machine; the next that asks reads it anew. No plan may point into
 * the old snapshot any more. */
void session_forget(struct session *s);

/* Reads the machine anew. No plan may point into the old snapshot any more. */
int session_snapshot_again(struct session *s, struct sriov_error *error);

/* For reading: a missing ledger is NULL and no failure, and a replayed machine has none. For
 * writing: makes it. */
int session_ledger(struct session *s, struct sriov_error *error);
int session_ledger_for_writing(struct session *s, struct sriov_error *error);

#endif
