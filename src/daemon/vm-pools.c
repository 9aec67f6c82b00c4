/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeps the pools that libvirt has of us in step: when VFs, leases or users of VFs are others than
 * at the last look, `sriovctl vm pool refresh` runs, which changes nothing if the lists are right.
 * Where `vm pool define` never was, its mark in the state folder is not there, and nothing runs.
 */
#include <errno.h>
#include <stdio.h>

#include "base/hash.h"
#include "daemon/daemon.h"

struct pool_watch {
    struct daemon *d;
    char *mark;
    uint64_t seen; /* what the last job was started for; 0: none yet */
    uint64_t job;
    bool at_work;
    bool told; /* that it fails */
};

static uint64_t add_vfs(uint64_t h, const struct pf *pf)
{
    h = hash_add_text(h, pf->key);
    for (size_t i = 0; i < pf->n_vfs; i++) {
        h = hash_add(h, &pf->vfs[i].index, sizeof(pf->vfs[i].index));
        h = hash_add_text(h, attrs_has(&pf->vfs[i].attrs, SRIOV_NAME) ? pf->vfs[i].attrs.name : "");
    }
    return h;
}

/* Which VFs there are, and who has them. */
static uint64_t signature(const struct look *now)
{
    uint64_t h = HASH_START;

    for (size_t i = 0; i < now->snapshot->n_pfs; i++)
        h = add_vfs(h, &now->snapshot->pfs[i]);
    for (size_t i = 0; i < now->holders.count; i++) {
        const struct holder *holder = &now->holders.items[i];

        h = hash_add_text(h, holder->pf);
        h = hash_add(h, &holder->vf, sizeof(holder->vf));
        h = hash_add(h, &holder->kind, sizeof(holder->kind));
    }
    return MAX_OF(h, UINT64_C(1));
}

static void tell_failure(struct pool_watch *w, const struct job *job)
{
    const char *why = job->err.len > 0 ? job->err.data : "it says nothing";
    char message[400];

    if (job->status == 0 || w->told) {
        w->told = job->status != 0;
        return;
    }
    w->told = true;
    snprintf(message, sizeof(message), "pools of libvirt may be out of step: %.*s",
             (int)MIN_OF(strcspn(why, "\n"), 300u), why);
    feed_tell(w->d->feed,
              &(struct record){ .kind = RECORD_LEASE, .level = LEVEL_WARNING, .message = message });
}

/* What has changed meanwhile shows in the look that is asked for here. */
static void on_refreshed(void *userdata, const struct job *job)
{
    struct pool_watch *w = userdata;

    w->at_work = false;
    tell_failure(w, job);
    state_changed(w->d->state);
}

/* A PF that is being changed has VFs that come and go: there is a look when that ends. */
void pool_watch_looked(struct pool_watch *w, const struct look *now)
{
    const struct job_request request = {
        .args = (const char *const[]){ "vm", "pool", "refresh", "--json", NULL },
        .done = on_refreshed,
        .userdata = w,
    };
    uint64_t seen;

    if (w->d->replay || w->at_work || now->busy.count > 0 || access(w->mark, F_OK) < 0)
        return;
    seen = signature(now);
    if (seen == w->seen || job_start(w->d->jobs, &request, &w->job) < 0)
        return;
    w->seen = seen;
    w->at_work = true;
}

int pool_watch_new(struct daemon *d, struct pool_watch **ret)
{
    struct pool_watch *w = calloc(1, sizeof(*w));

    if (!w)
        return -ENOMEM;
    w->d = d;
    if (asprintf(&w->mark, "%s/vm-pools", d->config.state_dir) < 0) {
        free(w);
        return -ENOMEM;
    }
    *ret = w;
    return 0;
}

struct pool_watch *pool_watch_free(struct pool_watch *w)
{
    if (!w)
        return NULL;
    if (w->at_work)
        job_forget(w->d->jobs, w->job);
    free(w->mark);
    free(w);
    return NULL;
}
