/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who had which VF when: STATE_DIR/leases.log, one line per event, only ever appended to. A lease
 * itself (lease.h) is gone when it ends, and the ledger is too dear for a CNI plugin, so this is a
 * text file: one open, write, lseek and close per event.
 *
 * A VF is on record before it is given, and the end of its lease before the lease is removed: who
 * dies in between leaves one end too many, never one too few. What a reboot ends has no line of its
 * own; the boot id in each line tells.
 */
#ifndef CORE_LEASE_LOG_H
#define CORE_LEASE_LOG_H

#include "core/lease.h"

enum lease_event {
    LEASE_TAKEN,     /* the VF is going to be given to its owner */
    LEASE_UNDONE,    /* giving it failed or was interrupted; it is as before */
    LEASE_RELEASED,  /* returned on request */
    LEASE_RECLAIMED, /* taken back: the owner was gone */
    LEASE_VOID,      /* a reboot had ended it */
    LEASE_EVENTS,
};

const char *lease_event_name(enum lease_event event);

/* Appends one line. -errno with `error` filled. A file of more than LEASE_LOG_LIMIT bytes becomes
 * leases.log.1, in place of an older one. */
#define LEASE_LOG_LIMIT (4u << 20)
int lease_log_add(const char *state_dir, enum lease_event event, const struct lease *l,
                  struct sriov_error *error);

struct lease_record {
    int64_t when; /* Unix time */
    char boot[HOST_BOOT_ID_SIZE];
    enum lease_event event;
    char pf[32]; /* struct pf's key */
    unsigned vf;
    pid_t pid; /* of the owner; 0: none */
    char owner[64];
    char container[128]; /* "" none */
};

struct lease_records {
    struct lease_record *items; /* oldest first */
    size_t count;
    size_t damaged; /* lines that could not be read */
};

/* The events of a PF (key; NULL: all) and of one of its VFs (-1: all). No file is no events. */
int lease_log_read(const char *state_dir, const char *pf, int vf, struct lease_records *ret,
                   struct sriov_error *error);
void lease_records_done(struct lease_records *r);

/* One tenure of a VF, from its events. */
struct tenure {
    const struct lease_record *taken;
    const struct lease_record *ended; /* NULL: not yet, or by a reboot */
    bool by_reboot; /* it was of an earlier boot, and nothing says when it ended */
};

/* The tenure that the `place`-th record, a LEASE_TAKEN, begins. `boot`: the machine's now. */
struct tenure lease_tenure(const struct lease_records *r, size_t place, const char *boot);

/* Did it hold at that time? One that a reboot ended holds until the first event of a later boot. */
bool tenure_holds_at(const struct lease_records *r, const struct tenure *t, int64_t when);

#endif
