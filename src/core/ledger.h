/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ledger: one SQLite file (WAL) with the transactions and their steps -- journal while they
 * run, history afterwards --, and the baselines that undo them. Rows carry the boot id: after a
 * reboot the kernel's state is gone, and the journal knows it. Leases are files of their own
 * (lease.h).
 *
 * Writing uses synchronous=NORMAL: a commit survives the death of the process at once, and a power
 * cut takes the kernel's SR-IOV state with it anyway. Each PF being changed is locked
 * (ledger-lock.h); the lock dies with the last process that holds it, so "running" with a free lock
 * means interrupted. Readers take no lock.
 */
#ifndef CORE_LEDGER_H
#define CORE_LEDGER_H

#include "core/holder.h"
#include "core/plan.h"

struct ledger;

enum transaction_state {
    TRANSACTION_RUNNING,
    TRANSACTION_APPLIED,
    TRANSACTION_REVERTED,     /* undone: failed, interrupted, or rolled back by hand */
    TRANSACTION_NOT_REVERTED, /* failed, and something could not be put back */
    TRANSACTION_VOID,         /* a reboot came in between */
    TRANSACTION_STATES,
};

struct transaction {
    int64_t id;
    enum transaction_state state;
    bool this_boot;
    int64_t started, ended; /* Unix time, 0: not yet */
    char command[256];
    char who[64]; /* "root", "alice (sudo)" */
    pid_t pid;
    char *baseline;  /* document for desired_add */
    struct strv pfs; /* keys */
};

struct history_row {
    int64_t transaction;
    int64_t when;
    enum transaction_state transaction_state;
    char command[256];
    char who[64];
    char object[OBJECT_SIZE];
    char what[40]; /* "vlan", "num_vfs", "driver" */
    char from[ATTR_TEXT_SIZE], to[ATTR_TEXT_SIZE];
    char state[16];
};

/* Opens, and makes it on the first use (with `write`). Without `write` a missing ledger is an empty
 * one: 0 and *ret NULL. -EACCES with code not permitted. */
int ledger_open(const char *state_dir, bool write, struct ledger **ret, struct sriov_error *error);
struct ledger *ledger_close(struct ledger *l); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct ledger *, ledger_close)

/* The state folder it is in. */
const char *ledger_dir(const struct ledger *l);

/* Around a fork. SQLite keeps in memory which locks this process has on the file, and a child
 * inherits the memory without the locks: even a connection that the child opens itself would
 * believe that it has them, and what it writes is lost when the parent ends and somebody else takes
 * the log for orphaned. So nothing of the database is open while the process forks: it sleeps
 * before, and wakes after in each of the two. Locks of PFs stay. Asleep, it can only be woken or
 * closed; a process that has the same ledger open twice must not fork at all. */
void ledger_sleep(struct ledger *l);
int ledger_wake(struct ledger *l, struct sriov_error *error);

/* Locks the PFs of a plan for changing; held until ledger_unlock or the end of the process. -EBUSY
 * (code in use) names the command that has one, and since when. */
int ledger_lock(struct ledger *l, const struct strv *pfs, struct sriov_error *error);
void ledger_unlock(struct ledger *l);

/* Writes the transaction and its planned steps, before anything is done. */
int ledger_begin(struct ledger *l, const struct plan *p, const char *command, const char *baseline,
                 int64_t *ret_id, struct sriov_error *error);

/* Closes it, with the states of the steps. p is NULL if the plan is not known any more: then steps
 * that were never closed are marked as interrupted. */
int ledger_finish(struct ledger *l, int64_t id, enum transaction_state state, const struct plan *p,
                  struct sriov_error *error);

/* One transaction by id, or the last applied one of this boot for id 0. -ENOENT (code usage). */
int ledger_transaction(struct ledger *l, int64_t id, struct transaction *ret,
                       struct sriov_error *error);
void transaction_done(struct transaction *t);

/* Those in state running, oldest first. */
int ledger_running(struct ledger *l, struct transaction **ret, size_t *ret_count,
                   struct sriov_error *error);

/* At most `limit` of those with a lower id than `before` (0: all), newest first, without their
 * baselines; l may be NULL. The caller frees them with transactions_free. */
int ledger_transactions(struct ledger *l, int64_t before, size_t limit, struct transaction **ret,
                        size_t *ret_count, struct sriov_error *error);
void transactions_free(struct transaction *items, size_t count);

/* How many there are in each state; l may be NULL. */
int ledger_counts(struct ledger *l, uint64_t ret[TRANSACTION_STATES], struct sriov_error *error);

/* The steps of one transaction, in the order in which they were planned. The caller frees *ret. */
int ledger_steps(struct ledger *l, int64_t id, struct history_row **ret, size_t *ret_count,
                 struct sriov_error *error);

/* Newest first, at most `limit` rows; pf NULL: all; vf -1: all of the PF. l may be NULL. */
int ledger_history(struct ledger *l, const char *pf, int vf, size_t limit, struct history_row **ret,
                   size_t *ret_count, struct sriov_error *error);

/* What is being done to a PF right now: 1 and the running transaction if its lock is held, else 0.
 * l may be NULL. */
int ledger_busy(struct ledger *l, const char *pf, struct transaction *ret);

/* Did the process die that was at it? Then it runs for the ledger, and nobody has one of its PFs.
 */
bool ledger_is_interrupted(struct ledger *l, const struct transaction *t);

const char *transaction_state_name(enum transaction_state state);

#endif
