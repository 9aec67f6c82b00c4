/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The history of the host's VFs: changes from the ledger and events of leases from their log. What
 * `sriovctl history --json` prints and the daemon's API answers is made here.
 */
#ifndef CORE_HISTORY_H
#define CORE_HISTORY_H

#include "core/lease-log.h"
#include "core/ledger.h"

/* What is asked for. */
struct history_subject {
    char pf[64]; /* key; "": all */
    int vf;      /* -1: all of the PF */
};

/* "enp1s0", "enp1s0/3", an address. A device that is gone has a history all the same: then the word
 * itself is the key. -EINVAL (code usage) for several VFs. */
int history_subject_find(const struct snapshot *s, const char *word, struct history_subject *ret,
                         struct sriov_error *error);

struct history {
    struct history_row *rows; /* newest first */
    size_t count;
    struct lease_records leases; /* oldest first */
    size_t limit;                /* of each of the two */
};

void history_done(struct history *h);

/* {"history":[…],"leases":[…]}, both newest first; `s` (may be NULL) is for the names. */
void history_json(const struct history *h, const struct snapshot *s, struct json_writer *w);

/* {"id","state","this_boot","interrupted","started","ended","who","command","pid","pfs":[…]}; with
 * `steps` also "steps":[{"object","what","from","to","state"}]. `s` may be NULL. */
void transaction_json(struct ledger *l, const struct transaction *t, const struct snapshot *s,
                      const struct history_row *steps, size_t n_steps, struct json_writer *w);

/* "enp1s0/3", or with the PF's key if that is gone, or `s` is NULL. */
void lease_record_label(const struct lease_record *r, const struct snapshot *s,
                        char ret[OBJECT_SIZE]);

#endif
