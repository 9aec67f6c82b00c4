/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The parts of sriovd, and how a look at the machine goes through them. Each part is a file with a
 * header of its own, works on the loop's thread, and may use those above it here.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "core/desired.h"
#include "core/ledger.h"
#include "daemon/config.h"
#include "daemon/feed.h"
#include "daemon/job.h"
#include "daemon/loop.h"
#include "daemon/reader.h"
#include "daemon/state.h"

struct api;
struct fdb_sync;
struct kernel_log;
struct metrics;
struct owners;
struct pool_watch;
struct reconcile;
struct servers;

struct daemon {
    struct config config;
    const char *replay; /* borrowed; NULL: the machine */
    int64_t started;    /* Unix time */
    bool is_ready;      /* systemd was told so */
    struct source *signals[3];
    struct loop *loop;
    struct feed *feed;
    struct reader *reader;
    struct state *state;
    struct jobs *jobs;
    struct ledger *ledger;       /* for reading; NULL until there is one, see daemon_ledger */
    struct reconcile *reconcile; /* policy, drift, repair */
    struct owners *owners;       /* ends of leases */
    struct pool_watch *pools;    /* of libvirt */
    struct fdb_sync *fdb;        /* MACs behind a bridge */
    struct kernel_log *kernel_log;
    struct metrics *metrics;
    struct api *api;
    struct servers *servers;
};

/* Opens everything; then run the loop. On failure daemon_done releases what is there. */
struct daemon_options {
    const char *config, *state_dir, *socket, *replay, *sriovctl; /* NULL: the default */
};
/* The settings as file and options have them. */
int daemon_config(const struct daemon_options *o, struct config *ret, struct sriov_error *error);
int daemon_start(struct daemon *d, const struct daemon_options *o, struct sriov_error *error);
void daemon_done(struct daemon *d);

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

/* The policy was applied for the first time to each PF that is there (or could not be, or sixty
 * seconds are over): the boot may go on. Once true, it stays so. */
bool reconcile_is_settled(const struct reconcile *r);

/* What the policy wants of a PF, by its key; NULL: it does not speak of it. Borrowed until the next
 * turn of the loop. */
const struct goal *reconcile_goal(const struct reconcile *r, const char *pf_key);

/* How a PF fares with the policy. */
struct pf_standing {
    char pf[32]; /* key */
    bool in_policy;
    enum pf_mode mode;
    size_t drifted;   /* attributes that differ from the policy now */
    uint64_t repairs; /* since the start */
    bool gave_up;     /* fights somebody */
};
/* The i-th PF of the last look, false beyond the last. */
bool reconcile_standing(const struct reconcile *r, size_t i, struct pf_standing *ret);

/* owner-watch.c */
int owners_new(struct daemon *d, struct owners **ret);
struct owners *owners_free(struct owners *o);
void owners_looked(struct owners *o, const struct look *now);

/* vm-pools.c */
int pool_watch_new(struct daemon *d, struct pool_watch **ret);
struct pool_watch *pool_watch_free(struct pool_watch *w);
void pool_watch_looked(struct pool_watch *w, const struct look *now);

/* fdb-sync.c */
int fdb_new(struct daemon *d, struct fdb_sync **ret);
struct fdb_sync *fdb_free(struct fdb_sync *f);
void fdb_looked(struct fdb_sync *f, const struct look *now);

/* kernel-log.c */
int kernel_log_new(struct daemon *d, struct kernel_log **ret);
struct kernel_log *kernel_log_free(struct kernel_log *k);

/* api.c */
int api_new(struct daemon *d, struct api **ret, struct sriov_error *error);
struct api *api_free(struct api *a);
void api_reload(struct api *a); /* tokens */
/* As http_handler and http_refusal want them, with `api` as userdata. */
void api_handle(void *api, struct http_request *r);
void api_refused(void *api, const struct http_peer *peer, unsigned status, const char *why);

/* server.c: the sockets, those of systemd or our own, and an HTTP server on each */
int servers_new(struct daemon *d, struct servers **ret, struct sriov_error *error);
struct servers *servers_free(struct servers *s);
unsigned servers_connections(const struct servers *s);

#endif
