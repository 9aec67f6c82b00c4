/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of sriovd, and how a look at the machine goes through them. Each part is a file with a
 * header of its own, works on the loop's thread, and may use those above it here.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "core/ledger.h"
#include "daemon/config.h"
#include "daemon/feed.h"
#include "daemon/job.h"
#include "daemon/loop.h"
#include "daemon/reader.h"
#include "daemon/state.h"

struct api;
struct fdb;
struct kernel_log;
struct owners;
struct reconcile;

struct daemon {
    struct config config;
    int64_t started; /* Unix time */
    struct loop *loop;
    struct feed *feed;
    struct reader *reader;
    struct state *state;
    struct jobs *jobs;
    struct ledger *ledger;       /* for reading; NULL until there is one, see daemon_ledger */
    struct reconcile *reconcile; /* policy, drift, repair */
    struct owners *owners;       /* ends of leases */
    struct fdb *fdb;             /* MACs behind a bridge */
    struct kernel_log *kernel_log;
    struct api *api;
};

/* The ledger for reading, opened when there is one; NULL: none. */
struct ledger *daemon_ledger(struct daemon *d);

/* Reads policy and tokens again. */
void daemon_reload(struct daemon *d);

/* ---- the parts; each _new may keep `d`, each _free takes NULL and returns NULL ---- */

/* reconcile.c */
int reconcile_new(struct daemon *d, struct reconcile **ret, struct sriov_error *error);
struct reconcile *reconcile_free(struct reconcile *r);
/* After each look; tells the feed what changed and what of that is drift, and repairs. */
void reconcile_looked(struct reconcile *r, struct look *before, struct look *now);
/* Reads the policy again and applies it. */
void reconcile_reload(struct reconcile *r);
/* {"policy":…} for /v1/policy and figures for the metrics. */
void reconcile_json(const struct reconcile *r, struct json_writer *w);

/* How a PF fares with the policy. */
enum pf_mode {
    MODE_OBSERVE, /* nothing is written; drift is told */
    MODE_ADOPT,   /* the policy is applied when it or the PF is new; later changes stand, and are told */
    MODE_ENFORCE, /* drift is mended */
};
struct pf_standing {
    char pf[32]; /* key */
    bool in_policy;
    enum pf_mode mode;
    size_t drifted;    /* attributes that differ from the policy now */
    uint64_t repairs;  /* since the start */
    bool gave_up;      /* fights somebody */
};
/* The i-th PF of the last look, false beyond the last. */
bool reconcile_standing(const struct reconcile *r, size_t i, struct pf_standing *ret);

/* owner-watch.c */
int owners_new(struct daemon *d, struct owners **ret);
struct owners *owners_free(struct owners *o);
void owners_looked(struct owners *o, const struct look *now);

/* fdb-sync.c */
int fdb_new(struct daemon *d, struct fdb **ret);
struct fdb *fdb_free(struct fdb *f);
void fdb_looked(struct fdb *f, const struct look *now);

/* kernel-log.c */
int kernel_log_new(struct daemon *d, struct kernel_log **ret);
struct kernel_log *kernel_log_free(struct kernel_log *k);

/* api.c */
int api_new(struct daemon *d, struct api **ret, struct sriov_error *error);
struct api *api_free(struct api *a);
void api_reload(struct api *a); /* tokens, certificate */

#endif
