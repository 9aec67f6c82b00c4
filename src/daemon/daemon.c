/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Start, look, reload, end. The parts are made in the order of struct daemon and end the other way
 * round; a look goes to those that act on it, in the order that makes a drift known before it is
 * repaired.
 */
#include "daemon/daemon.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "daemon/metrics.h"
#include "daemon/service.h"

static void tell(struct daemon *d, enum record_level level, const char *message)
{
    feed_tell(d->feed, &(struct record){ RECORD_DAEMON, level, .message = message });
}

/* ---- looks ---- */

static void looked(void *userdata, struct look *before, struct look *now)
{
    struct daemon *d = userdata;

    reconcile_looked(d->reconcile, before, now);
    owners_looked(d->owners, now);
    pool_watch_looked(d->pools, now);
    fdb_looked(d->fdb, now);
    if (!d->is_ready && reconcile_is_settled(d->reconcile)) {
        d->is_ready = true;
        service_notify("READY=1");
        tell(d, LEVEL_INFO, "ready");
    }
}

struct ledger *daemon_ledger(struct daemon *d)
{
    if (!d->ledger && !d->replay)
        ledger_open(d->config.state_dir, false, &d->ledger, NULL);
    return d->ledger;
}

/* ---- signals ---- */

static void on_end(void *userdata)
{
    struct daemon *d = userdata;

    service_notify("STOPPING=1");
    loop_exit(d->loop, 0);
}

void daemon_reload(struct daemon *d)
{
    service_notify("RELOADING=1");
    tell(d, LEVEL_INFO, "reload");
    api_reload(d->api);
    reconcile_reload(d->reconcile);
    service_notify("READY=1");
}

static void on_reload(void *userdata)
{
    daemon_reload(userdata);
}

static int add_signals(struct daemon *d)
{
    static const struct {
        int number;
        void (*caught)(void *userdata);
    } rows[] = { { SIGTERM, on_end }, { SIGINT, on_end }, { SIGHUP, on_reload } };
    int r = 0;

    for (size_t i = 0; r >= 0 && i < ELEMENTS(rows); i++)
        r = loop_add_signal(d->loop, rows[i].number, rows[i].caught, d, &d->signals[i]);
    return r;
}

/* ---- life ---- */

int daemon_config(const struct daemon_options *o, struct config *ret, struct sriov_error *error)
{
    const struct {
        const char *given;
        char **into;
    } rows[] = { { o->state_dir, &ret->state_dir }, { o->socket, &ret->socket } };
    int r = config_load(o->config ? o->config : CONFIG_DEFAULT, ret, error);

    for (size_t i = 0; r >= 0 && i < ELEMENTS(rows); i++) {
        char *copy = rows[i].given ? strdup(rows[i].given) : NULL;
        if (!copy && rows[i].given)
            return error_no_memory(error);
        if (!copy)
            continue;
        free(*rows[i].into);
        *rows[i].into = copy;
    }
    return r;
}

static int make_tools(struct daemon *d, const struct daemon_options *o)
{
    int r;

    r = loop_new(&d->loop);
    if (r >= 0)
        r = add_signals(d);
    if (r >= 0)
        r = feed_new(&d->feed);
    if (r >= 0)
        r = reader_new(d->loop, d->config.state_dir, d->replay, &d->reader);
    if (r >= 0)
        r = jobs_new(d->loop, o->sriovctl ? o->sriovctl : SRIOVCTL, d->config.state_dir, d->replay,
                     &d->jobs);
    if (r >= 0)
        r = state_new(d->loop, d->reader, !d->replay, looked, d, &d->state);
    return r;
}

static int make_parts(struct daemon *d, struct sriov_error *error)
{
    int r;

    r = reconcile_new(d, &d->reconcile, error);
    if (r >= 0)
        r = owners_new(d, &d->owners);
    if (r >= 0)
        r = pool_watch_new(d, &d->pools);
    if (r >= 0)
        r = fdb_new(d, &d->fdb);
    if (r >= 0)
        r = kernel_log_new(d, &d->kernel_log);
    if (r >= 0)
        r = metrics_new(d, &d->metrics);
    if (r >= 0)
        r = api_new(d, &d->api, error);
    return r < 0 ? r : servers_new(d, &d->servers, error);
}

/* A connection, a pidfd for each owner of a lease: the usual 1024 are for programs with select().
 */
static void raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* One arena: the reading thread's own would be as large as all the rest. */
int daemon_start(struct daemon *d, const struct daemon_options *o, struct sriov_error *error)
{
    int r;

    mallopt(M_ARENA_MAX, 1);
    raise_descriptors();
    d->started = time(NULL);
    d->replay = o->replay;
    r = daemon_config(o, &d->config, error);
    if (r < 0)
        return r;
    r = make_tools(d, o);
    if (r >= 0)
        r = make_parts(d, error);
    if (r < 0) {
        if (error->code == SRIOV_DONE)
            error_set(error, error_code_of(-r), -r, "sriovd", "cannot start");
        return r;
    }
    tell(d, LEVEL_INFO, "started");
    return 0;
}

void daemon_done(struct daemon *d)
{
    if (d->feed)
        tell(d, LEVEL_INFO, "ended");
    servers_free(d->servers);
    reader_free(d->reader);
    api_free(d->api);
    metrics_free(d->metrics);
    kernel_log_free(d->kernel_log);
    fdb_free(d->fdb);
    pool_watch_free(d->pools);
    owners_free(d->owners);
    reconcile_free(d->reconcile);
    state_free(d->state);
    jobs_free(d->jobs);
    ledger_close(d->ledger);
    feed_free(d->feed);
    for (size_t i = 0; i < ELEMENTS(d->signals); i++)
        source_free(d->signals[i]);
    loop_free(d->loop);
    config_done(&d->config);
}
