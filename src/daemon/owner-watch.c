/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ends leases when their owners die, instead of at the next command that looks. A process is
 * watched by its pidfd, a named network namespace by the folder its name is in, one named as a file
 * of /proc by the pidfd of the process. Who is dead is decided by owner_life alone, after the watch
 * stands, so nobody dies unseen in between; and what ends a lease is the same recovery as
 * everywhere (assign_recover), run as a job. A lease that lives while its VF is used ends with the
 * first look at the machine that finds nobody; he who has it open is watched, since no event tells
 * that he closed it.
 *
 * Leases are files that other programs write, too: the folder is watched, and what comes and goes
 * there is told.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "base/file.h"
#include "core/lease-json.h"
#include "daemon/daemon.h"
#include "kernel/host.h"

/* How long to wait before a lease that could not be ended is tried again: twice as long each time.
 */
#define FIRST_PAUSE UINT64_C(1000000) /* microseconds */
#define LONGEST_PAUSE (256 * FIRST_PAUSE)

/* A process that somebody's life depends on. */
struct process {
    struct tenant *tenant;
    int fd; /* -1: none */
    struct source *source;
};

/* A folder with names of network namespaces. */
struct folder {
    struct owners *all;
    char *path;
    struct source *source;
};

struct tenant {
    struct owners *all;
    char pf[32];
    unsigned vf;
    enum lease_state state;
    struct lease_owner owner;
    bool gone;              /* the owner is */
    bool told;              /* ... and the lease could not be ended */
    struct process process; /* the owner himself */
    struct process keeper;  /* he whose network namespace it is: /proc/PID/ns/net */
    struct process user;    /* he who has the VF open, if the lease lives by use */
    pid_t user_pid;         /* 0: nobody is watched */
    char netns_folder[256]; /* "" none */
};

struct owners {
    struct daemon *d;
    char *path; /* of the leases */
    struct source *files;
    struct tenant **tenants;
    size_t n_tenants;
    struct folder **folders; /* of the tenants' namespaces; kept while anybody is there */
    size_t n_folders;
    struct source *retry;
    uint64_t pause;
    uint64_t job;
    bool at_work; /* the job runs */
    bool again;   /* somebody died meanwhile */
    bool begun;   /* there was a look, which knows the PFs' names */
};

static void reclaim(struct owners *o);

/* ---- telling ---- */

static void tell(struct tenant *t, enum record_level level, const char *message)
{
    const struct look *look = state_look(t->all->d->state);
    struct lease lease = { .vf = t->vf };
    char object[OBJECT_SIZE];

    STR_SET(lease.pf, t->pf);
    lease_label(&lease, look->snapshot, object);
    feed_tell(t->all->d->feed, &(struct record){
                                   .kind = RECORD_LEASE,
                                   .level = level,
                                   .object = object,
                                   .message = message,
                                   .who = t->owner.name,
                               });
}

static void tell_end(struct tenant *t)
{
    char message[128];

    if (t->state == LEASE_TAKING) {
        tell(t, LEVEL_INFO, "was not lent after all");
    } else if (!t->gone) {
        tell(t, LEVEL_INFO, "given back");
    } else {
        snprintf(message, sizeof(message), "taken back, as its owner %s is gone", t->owner.name);
        tell(t, LEVEL_NOTICE, message);
    }
}

/* ---- watching one owner ---- */

static void process_done(struct process *p)
{
    p->source = source_free(p->source);
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

static void check_life(struct tenant *t)
{
    if (t->state != LEASE_HELD || t->gone || owner_life(&t->owner) != OWNER_GONE)
        return;
    t->gone = true;
    reclaim(t->all);
}

/* The descriptor stays ready, so the watch ends with the first time. */
static void on_process(void *userdata, uint32_t events)
{
    struct process *p = userdata;

    process_done(p);
    check_life(p->tenant);
    if (p->tenant->owner.while_used)
        state_changed(p->tenant->all->d->state);
}

static int watch_process(struct tenant *t, struct process *p, pid_t pid,
                         void (*ended)(void *userdata, uint32_t events))
{
    int r = host_process_open(pid, &p->fd);

    if (r < 0)
        return r;
    r = loop_add_fd(t->all->d->loop, p->fd, EPOLLIN, ended, p, &p->source);
    if (r < 0)
        process_done(p);
    return r;
}

static void on_folder(void *userdata, const char *name);

/* Also anew: a folder that was deleted is watched no more when it is made again. */
static int watch_entries(struct folder *f)
{
    f->source = source_free(f->source);
    return loop_add_folder(f->all->d->loop, f->path, on_folder, f, &f->source);
}

static void on_folder(void *userdata, const char *name)
{
    struct folder *f = userdata;
    struct owners *o = f->all;

    if (!name)
        watch_entries(f);
    for (size_t i = 0; i < o->n_tenants; i++) {
        struct tenant *t = o->tenants[i];

        if (str_eq(t->netns_folder, f->path) &&
            (!name || str_eq(name, str_base_name(t->owner.netns))))
            check_life(t);
    }
}

static struct folder *folder_free(struct folder *f)
{
    if (!f)
        return NULL;
    source_free(f->source);
    free(f->path);
    free(f);
    return NULL;
}
DEFINE_CLEANUP(struct folder *, folder_free)

static int watch_folder(struct owners *o, const char *path)
{
    _cleanup_(folder_free_p) struct folder *f = NULL;
    struct folder **folders;
    int r;

    for (size_t i = 0; i < o->n_folders; i++) {
        if (str_eq(o->folders[i]->path, path))
            return o->folders[i]->source ? 0 : watch_entries(o->folders[i]);
    }
    folders = reallocarray(o->folders, o->n_folders + 1, sizeof(*folders));
    if (!folders)
        return -ENOMEM;
    o->folders = folders;
    f = calloc(1, sizeof(*f));
    if (!f || !(f->path = strdup(path)))
        return -ENOMEM;
    f->all = o;
    r = watch_entries(f);
    if (r >= 0)
        o->folders[o->n_folders++] = TAKE_PTR(f);
    return r;
}

/* The process of "/proc/812/ns/net", 0 if the path is another. */
static pid_t keeper_of(const char *netns)
{
    int pid = 0, end = 0;

    if (sscanf(netns, "/proc/%d/ns/net%n", &pid, &end) != 1 || end == 0 || netns[end])
        return 0;
    return pid;
}

static int watch_netns(struct tenant *t)
{
    pid_t keeper = keeper_of(t->owner.netns);

    if (keeper > 0)
        return watch_process(t, &t->keeper, keeper, on_process);
    STR_SET(t->netns_folder, t->owner.netns);
    t->netns_folder[str_base_name(t->netns_folder) - t->netns_folder] = '\0';
    return watch_folder(t->all, t->netns_folder);
}

/* In another pid namespace the number is somebody else's. */
static bool is_process_of_ours(const struct lease_owner *o)
{
    uint64_t pids;

    return o->pid > 0 && host_pid_namespace(&pids) >= 0 && pids == o->pid_namespace;
}

/* What is gone already cannot be watched: check_life sees that. */
static void watch(struct tenant *t)
{
    char message[128];
    int r = 0;

    if (is_process_of_ours(&t->owner))
        r = watch_process(t, &t->process, t->owner.pid, on_process);
    if (r >= 0 && t->owner.netns[0])
        r = watch_netns(t);
    if (r >= 0 || r == -ESRCH || r == -ENOENT)
        return;
    snprintf(message, sizeof(message), "its owner cannot be watched: %s", strerrordesc_np(-r));
    tell(t, LEVEL_WARNING, message);
}

static void unwatch(struct tenant *t)
{
    process_done(&t->process);
    process_done(&t->keeper);
    process_done(&t->user);
    t->user_pid = 0;
    t->netns_folder[0] = '\0';
}

/* ---- leases that come and go ---- */

static struct tenant **find(struct owners *o, const char *pf, unsigned vf)
{
    for (size_t i = 0; i < o->n_tenants; i++) {
        if (o->tenants[i]->vf == vf && str_eq(o->tenants[i]->pf, pf))
            return &o->tenants[i];
    }
    return NULL;
}

static struct tenant *add(struct owners *o, const struct lease *l)
{
    struct tenant **tenants, *t;

    tenants = reallocarray(o->tenants, o->n_tenants + 1, sizeof(*tenants));
    if (!tenants)
        return NULL;
    o->tenants = tenants;
    t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    *t = (struct tenant){
        .all = o,
        .vf = l->vf,
        .state = LEASE_TAKING,
        .process = { .tenant = t, .fd = -1 },
        .keeper = { .tenant = t, .fd = -1 },
        .user = { .tenant = t, .fd = -1 },
    };
    STR_SET(t->pf, l->pf);
    o->tenants[o->n_tenants++] = t;
    return t;
}

static void drop(struct owners *o, struct tenant **place)
{
    struct tenant *t = *place;

    *place = o->tenants[--o->n_tenants];
    unwatch(t);
    free(t);
    if (o->n_tenants > 0)
        return;
    for (size_t i = 0; i < o->n_folders; i++)
        folder_free(o->folders[i]);
    o->n_folders = 0;
}

static bool is_same_owner(const struct lease_owner *a, const struct lease_owner *b)
{
    return str_eq(a->name, b->name) && a->pid == b->pid && a->pid_started == b->pid_started &&
           str_eq(a->netns, b->netns) && a->netns_inode == b->netns_inode &&
           str_eq(a->container, b->container) && a->while_used == b->while_used;
}

/* `news`: it came or changed just now; else it was there when the daemon began. */
static void see(struct owners *o, const struct lease *l, bool news)
{
    struct tenant **place = find(o, l->pf, l->vf);
    struct tenant *t = place ? *place : add(o, l);
    bool was_held;

    if (!t)
        return;
    was_held = t->state == LEASE_HELD && is_same_owner(&t->owner, &l->owner);
    t->state = l->state;
    if (t->state != LEASE_HELD || was_held)
        return;
    unwatch(t);
    t->owner = l->owner;
    t->gone = t->told = false;
    if (news)
        tell(t, LEVEL_INFO, "lent");
    watch(t);
    check_life(t);
}

static void unsee(struct owners *o, const char *pf, unsigned vf)
{
    struct tenant **place = find(o, pf, vf);

    if (!place)
        return;
    if ((*place)->state != LEASE_TAKING)
        (*place)->gone = (*place)->gone || owner_life(&(*place)->owner) == OWNER_GONE;
    tell_end(*place);
    drop(o, place);
}

static bool is_listed(const struct lease *leases, size_t count, const struct tenant *t)
{
    for (size_t i = 0; i < count; i++) {
        if (leases[i].vf == t->vf && str_eq(leases[i].pf, t->pf))
            return true;
    }
    return false;
}

/* One that cannot be read is left as it is: somebody has the VF, and nobody knows who. */
static void read_all(struct owners *o, bool news)
{
    struct lease *leases = NULL;
    size_t count = 0;

    if (lease_list(o->d->config.state_dir, &leases, &count, NULL) < 0)
        return;
    for (size_t i = o->n_tenants; i > 0; i--) {
        const struct tenant *t = o->tenants[i - 1];

        if (!is_listed(leases, count, t))
            unsee(o, t->pf, t->vf);
    }
    for (size_t i = 0; i < count; i++) {
        if (lease_is_readable(&leases[i]))
            see(o, &leases[i], news);
    }
    leases_free(leases, count);
}

/* Names are "PF.VF"; temporary files begin with a dot. lease_read takes no others. */
static void on_lease_file(void *userdata, const char *name)
{
    _cleanup_(lease_done) struct lease l = { 0 };
    struct owners *o = userdata;
    const char *dot = name ? strrchr(name, '.') : NULL;
    char pf[32] = "";
    uint64_t vf;
    int r;

    if (!o->begun)
        return;
    if (!name) {
        read_all(o, true);
    } else {
        if (!dot || dot == name || (size_t)(dot - name) >= sizeof(pf) ||
            str_to_u64(dot + 1, UINT16_MAX, &vf) < 0)
            return;
        snprintf(pf, sizeof(pf), "%.*s", (int)(dot - name), name);
        r = lease_read(o->d->config.state_dir, pf, (unsigned)vf, &l, NULL);
        if (r >= 0)
            see(o, &l, true);
        else if (r == -ENOENT)
            unsee(o, pf, (unsigned)vf);
    }
    state_changed(o->d->state);
}

/* ---- leases that live by use ---- */

/* There may be other users: the next look tells. */
static void on_user(void *userdata, uint32_t events)
{
    struct process *p = userdata;

    p->tenant->user_pid = 0;
    process_done(p);
    state_changed(p->tenant->all->d->state);
}

static void watch_user(struct tenant *t, pid_t pid)
{
    if (t->user_pid == pid)
        return;
    process_done(&t->user);
    t->user_pid = watch_process(t, &t->user, pid, on_user) >= 0 ? pid : 0;
}

static const struct holder *find_user(const struct tenant *t, const struct holders *all)
{
    const struct holder *found = NULL;

    for (size_t i = 0; i < all->count; i++) {
        const struct holder *h = &all->items[i];

        if (h->vf != (int)t->vf || !str_eq(h->pf, t->pf) || h->kind == HOLDER_LEASE)
            continue;
        if (!found || found->pid == 0)
            found = h;
    }
    return found;
}

/* A look that does not know the lease as it is now may be of before the VF was in use. */
static void check_use(struct tenant *t, const struct look *now)
{
    const struct lease *l = look_lease(now, t->pf, t->vf);
    const struct holder *user;

    if (t->state != LEASE_HELD || !t->owner.while_used || !l ||
        !is_same_owner(&l->owner, &t->owner) || owner_life(&t->owner) != OWNER_IN_USERS)
        return;
    user = find_user(t, &now->holders);
    if (user && user->pid > 0)
        watch_user(t, user->pid);
    if (!user && !t->gone)
        reclaim(t->all);
    t->gone = !user;
}

/* ---- ending leases ---- */

static void on_retry(void *userdata)
{
    reclaim(userdata);
}

static void retry_later(struct owners *o)
{
    uint64_t pause = o->pause ? o->pause : FIRST_PAUSE;

    o->pause = MIN_OF(pause * 2, LONGEST_PAUSE);
    if (o->retry)
        loop_timer_set(o->retry, pause);
    else
        loop_add_timer(o->d->loop, pause, on_retry, o, &o->retry);
}

/* The first line the job had to say on stderr. */
static void tell_left(struct tenant *t, const struct job *job)
{
    const char *why = job->err.len > 0 ? job->err.data : "somebody is at work on it";
    char message[512];

    if (t->told)
        return;
    t->told = true;
    snprintf(message, sizeof(message), "its owner %s is gone, and it could not be taken back: %.*s",
             t->owner.name, (int)MIN_OF(strcspn(why, "\n"), 300u), why);
    tell(t, LEVEL_WARNING, message);
}

static void on_reclaimed(void *userdata, const struct job *job)
{
    struct owners *o = userdata;
    size_t left = 0;

    o->at_work = false;
    read_all(o, true); /* the folder's own news may come later than the job's end */
    state_changed(o->d->state);
    if (o->again) {
        reclaim(o);
        return;
    }
    for (size_t i = 0; i < o->n_tenants; i++) {
        if (!o->tenants[i]->gone)
            continue;
        tell_left(o->tenants[i], job);
        left++;
    }
    if (left > 0)
        retry_later(o);
    else
        o->pause = 0;
}

static void reclaim(struct owners *o)
{
    const struct job_request request = {
        .args = (const char *const[]){ "leases", "--json", NULL },
        .done = on_reclaimed,
        .userdata = o,
    };

    o->again = o->at_work;
    if (o->at_work)
        return;
    if (job_start(o->d->jobs, &request, &o->job) < 0)
        retry_later(o);
    else
        o->at_work = true;
}

/* Those of an earlier boot, and those left half-way by who is dead, end at the start, too. */
static void begin(struct owners *o)
{
    char boot[HOST_BOOT_ID_SIZE] = "";
    struct lease *leases = NULL;
    size_t count = 0;
    bool over = false;

    o->begun = true;
    read_all(o, false);
    if (host_boot_id(boot) < 0 || lease_list(o->d->config.state_dir, &leases, &count, NULL) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        over = over || leases[i].state != LEASE_HELD || !lease_is_of_boot(&leases[i], boot);
    leases_free(leases, count);
    if (over && !o->at_work)
        reclaim(o);
}

/* ---- the part ---- */

/* Watched before it is read, so that nothing falls between the two. */
static int watch_leases(struct owners *o)
{
    int r;

    if (asprintf(&o->path, "%s/leases", o->d->config.state_dir) < 0) {
        o->path = NULL;
        return -ENOMEM;
    }
    r = file_make_dirs(o->path, 0700);
    if (r >= 0)
        r = loop_add_folder(o->d->loop, o->path, on_lease_file, o, &o->files);
    return r;
}

/* What a capture shows is leased, if it is, on another machine. */
int owners_new(struct daemon *d, struct owners **ret)
{
    struct owners *o = calloc(1, sizeof(*o));
    int r;

    if (!o)
        return -ENOMEM;
    o->d = d;
    r = d->replay ? 0 : watch_leases(o);
    if (r < 0) {
        owners_free(o);
        return r;
    }
    *ret = o;
    return 0;
}

struct owners *owners_free(struct owners *o)
{
    if (!o)
        return NULL;
    if (o->at_work)
        job_forget(o->d->jobs, o->job);
    source_free(o->files);
    source_free(o->retry);
    while (o->n_tenants > 0)
        drop(o, &o->tenants[o->n_tenants - 1]);
    free(o->tenants);
    free(o->folders);
    free(o->path);
    free(o);
    return NULL;
}

/* A namespace's path may lead elsewhere without a word of the kernel, and so does a VF's use end.
 */
void owners_looked(struct owners *o, const struct look *now)
{
    if (!o->begun && !o->d->replay)
        begin(o);
    for (size_t i = 0; i < o->n_tenants; i++) {
        if (o->tenants[i]->owner.netns[0])
            check_life(o->tenants[i]);
        check_use(o->tenants[i], now);
    }
}
