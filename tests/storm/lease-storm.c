/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * lease-storm MODE DIR N M V [PF]: N processes each acquire and release, M times, one of V VFs,
 * whichever is free. Beside the leases an array in shared memory says who believes to have which
 * VF, so that a double lease shows whatever the files say. Prints TAP, and how long acquiring and
 * releasing took in microseconds. DIR is the state folder, to be empty.
 *
 *     store    locks and lease files alone (lease.h, ledger-lock.h); needs no device and no root
 *     engine   assign.h on the first V VFs of PF, which are given a VLAN while they are held
 *     flock    the least that could do it, as a yardstick: flock, a file of the same size, rename
 *
 * An attempt at a VF that somebody has counts as part of acquiring the one that is had in the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "core/assign.h"
#include "core/ledger-lock.h"

#define MAX_PROCESSES 1000
#define MAX_VFS 1024
#define RELEASE_WAIT_MS 10000

/* ---- what all processes see ---- */

struct shared {
    atomic_uint owners[MAX_VFS]; /* number of the process + 1 */
    atomic_uint doubled;         /* VFs that two had at a time */
    atomic_uint failed;
    atomic_uint tries;
    uint32_t times[]; /* acquire of all processes, then release */
};

struct storm {
    const struct mode *mode;
    const char *dir;
    unsigned processes, rounds, vfs;
    struct vf_place place; /* engine: of VF 0 */
    struct shared *shared;
};

struct worker {
    const struct storm *storm;
    unsigned number;
    struct backend *b; /* engine */
    struct lease lease;
    struct sriov_error error;
};

/* acquire: 0, or -EBUSY if somebody has the VF. Both fill the worker's error. */
struct mode {
    const char *name;
    int (*acquire)(struct worker *w, unsigned vf);
    int (*release)(struct worker *w, unsigned vf);
    bool makes_leases;
};

/* What a lease holds of a VF of igb that was moved into a container. */
static int fill_lease(struct worker *w)
{
    struct lease *l = &w->lease;

    *l = (struct lease){ .state = LEASE_HELD, .since = time(NULL), .netdev.present = true };
    STR_SET(l->pf, w->storm->place.pf);
    STR_SET(l->owner.netns, "/run/netns/cni-5f3c2d1e-8a7b-4c6d-9e0f-112233445566");
    STR_SET(l->owner.container, "8f6c0d1e2b3a49586776859a4b3c2d1e0f8f6c0d1e2b3a49586776859a4b3c2d");
    STR_SET(l->ifname, "net1");
    snprintf(l->owner.name, sizeof(l->owner.name), "storm %u", w->number);
    for (unsigned id = SRIOV_MAC; id <= SRIOV_MAX_TX_RATE; id++)
        attrs_set(&l->before, (enum sriov_attr)id, attr_row((enum sriov_attr)id)->fresh);
    attrs_set_text(&l->before, SRIOV_DRIVER, "igbvf");
    attrs_set_text(&l->before, SRIOV_NAME, "enp1s0v3");
    attrs_set(&l->before, SRIOV_MTU, 1500);
    attrs_set(&l->want, SRIOV_VLAN, 100);
    return host_boot_id(l->boot);
}

/* ---- store ---- */

static int lease_is_mine(struct worker *w, unsigned vf)
{
    struct lease found = { 0 };
    int r;

    r = lease_read(w->storm->dir, w->storm->place.pf, vf, &found, &w->error);
    if (r < 0)
        return r;
    if (!str_eq(found.owner.name, w->lease.owner.name))
        r = error_set(&w->error, SRIOV_FAILED, 0, found.owner.name, "has the VF of %s",
                      w->lease.owner.name);
    lease_done(&found);
    return r;
}

static int store_acquire(struct worker *w, unsigned vf)
{
    _cleanup_close_ int lock = -1;
    struct lease found = { 0 };
    int r;

    r = ledger_lock_vf(w->storm->dir, w->storm->place.pf, vf, 0, &lock);
    if (r < 0)
        return r;
    r = lease_read(w->storm->dir, w->storm->place.pf, vf, &found, &w->error);
    lease_done(&found);
    if (r != -ENOENT)
        return r < 0 ? r : -EBUSY;
    w->lease.vf = vf;
    return lease_write(w->storm->dir, &w->lease, &w->error);
}

static int store_release(struct worker *w, unsigned vf)
{
    _cleanup_close_ int lock = -1;
    int r;

    r = ledger_lock_vf(w->storm->dir, w->storm->place.pf, vf, RELEASE_WAIT_MS, &lock);
    if (r >= 0)
        r = lease_is_mine(w, vf);
    return r < 0 ? r : lease_remove(w->storm->dir, w->storm->place.pf, vf, &w->error);
}

/* ---- engine ---- */

static struct vf_place place_of(const struct worker *w, unsigned vf)
{
    struct vf_place place = w->storm->place;

    place.index = vf;
    return place;
}

static int engine_acquire(struct worker *w, unsigned vf)
{
    const struct vf_place place = place_of(w, vf);
    struct assign_request q = { .state_dir = w->storm->dir, .netns = -1 };
    int r;

    STR_SET(q.owner.name, w->lease.owner.name);
    attrs_set(&q.want, SRIOV_VLAN, 1 + w->number);
    r = assign_acquire(w->b, &place, &q, NULL, &w->error);
    return r < 0 ? r : lease_is_mine(w, vf);
}

static int engine_release(struct worker *w, unsigned vf)
{
    const struct vf_place place = place_of(w, vf);
    const struct release_request q = { .state_dir = w->storm->dir, .owner = w->lease.owner.name };
    bool released = false;
    int r;

    r = assign_release(w->b, &place, &q, &released, &w->error);
    if (r >= 0 && !released)
        r = error_set(&w->error, SRIOV_FAILED, 0, "", "there was no lease to release");
    return r;
}

/* ---- flock ---- */

static int flock_vf(const struct worker *w, unsigned vf, int how)
{
    _cleanup_close_ int fd = -1;
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%u.lock", w->storm->dir, vf);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, how) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    return TAKE_FD(fd);
}

static int flock_acquire(struct worker *w, unsigned vf)
{
    _cleanup_close_ int lock = -1;
    char path[PATH_MAX], temporary[PATH_MAX], text[900];

    lock = flock_vf(w, vf, LOCK_EX | LOCK_NB);
    if (lock < 0)
        return lock;
    snprintf(path, sizeof(path), "%s/%u", w->storm->dir, vf);
    if (access(path, F_OK) == 0)
        return -EBUSY;
    snprintf(temporary, sizeof(temporary), "%s/.%u", w->storm->dir, vf);
    memset(text, 'x', sizeof(text));
    _cleanup_close_ int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, sizeof(text)) < 0 || rename(temporary, path) < 0)
        return -errno;
    return 0;
}

static int flock_release(struct worker *w, unsigned vf)
{
    _cleanup_close_ int lock = -1;
    char path[PATH_MAX];

    lock = flock_vf(w, vf, LOCK_EX);
    if (lock < 0)
        return lock;
    snprintf(path, sizeof(path), "%s/%u", w->storm->dir, vf);
    return unlink(path) < 0 ? -errno : 0;
}

static const struct mode modes[] = {
    { "store", store_acquire, store_release, true },
    { "engine", engine_acquire, engine_release, true },
    { "flock", flock_acquire, flock_release, false },
};

/* ---- one process ---- */

static uint32_t microseconds_since(const struct timespec *began)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((now.tv_sec - began->tv_sec) * 1000000 +
                      (now.tv_nsec - began->tv_nsec) / 1000);
}

static int acquire_any(struct worker *w, unsigned round, unsigned *ret_vf)
{
    const struct storm *s = w->storm;
    unsigned vf = (w->number + round) % s->vfs;

    for (unsigned n = 1;; n++) {
        int r = s->mode->acquire(w, vf);

        atomic_fetch_add(&s->shared->tries, 1);
        *ret_vf = vf;
        if (r != -EBUSY && r != -EAGAIN)
            return r;
        vf = (vf + 1) % s->vfs;
        if (n % s->vfs == 0)
            sched_yield(); /* all are taken: let somebody else give one back */
    }
}

static int run_round(struct worker *w, unsigned round)
{
    const struct storm *s = w->storm;
    size_t at = (size_t)w->number * s->rounds + round;
    struct timespec began;
    unsigned vf = 0;
    int r;

    clock_gettime(CLOCK_MONOTONIC, &began);
    r = acquire_any(w, round, &vf);
    s->shared->times[at] = microseconds_since(&began);
    if (r < 0)
        return r;
    if (atomic_exchange(&s->shared->owners[vf], w->number + 1) != 0)
        atomic_fetch_add(&s->shared->doubled, 1);
    sched_yield();
    if (atomic_exchange(&s->shared->owners[vf], 0) != w->number + 1)
        atomic_fetch_add(&s->shared->doubled, 1);
    clock_gettime(CLOCK_MONOTONIC, &began);
    r = s->mode->release(w, vf);
    s->shared->times[(size_t)s->processes * s->rounds + at] = microseconds_since(&began);
    return r;
}

static _Noreturn void work(const struct storm *s, unsigned number, int start)
{
    struct worker w = { .storm = s, .number = number };
    char c;
    int r;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    r = fill_lease(&w);
    if (r >= 0 && s->mode->acquire == engine_acquire)
        r = backend_linux(NULL, &w.b);
    if (read(start, &c, 1) != 0) /* the end of the file is the signal to all */
        r = -EIO;
    for (unsigned i = 0; r >= 0 && i < s->rounds; i++)
        r = run_round(&w, i);
    if (r < 0) {
        printf("# process %u: %s: %s %s (%s)\n", number, w.error.object, w.error.message,
               w.error.kernel, strerrordesc_np(-r));
        atomic_fetch_add(&s->shared->failed, 1);
    }
    fflush(stdout);
    _exit(0);
}

/* ---- all of them ---- */

static int run(const struct storm *s)
{
    int start[2];

    if (pipe2(start, O_CLOEXEC) < 0)
        return -errno;
    for (unsigned i = 0; i < s->processes; i++) {
        pid_t pid = fork();

        if (pid < 0)
            return -errno;
        if (pid == 0) {
            close(start[1]);
            work(s, i, start[0]);
        }
    }
    close(start[1]);
    for (unsigned i = 0; i < s->processes; i++) {
        int status;

        if (wait(&status) < 0 || status != 0)
            atomic_fetch_add(&s->shared->failed, 1);
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_times(const char *what, uint32_t *times, size_t count)
{
    qsort(times, count, sizeof(*times), compare);
    printf("# %s: p50 %u us, p99 %u us, max %u us\n", what, times[count / 2],
           times[count - 1 - count / 100], times[count - 1]);
}

static void check(bool good, unsigned number, const char *what)
{
    printf("%s %u - %s\n", good ? "ok" : "not ok", number, what);
}

static bool no_lease_is_left(const struct storm *s)
{
    struct lease *leases = NULL;
    size_t count = 0;
    int r;

    r = s->mode->makes_leases ? lease_list(s->dir, &leases, &count, NULL) : 0;
    leases_free(leases, count);
    return r >= 0 && count == 0;
}

static bool report(const struct storm *s)
{
    size_t count = (size_t)s->processes * s->rounds;
    bool left = !no_lease_is_left(s);

    printf("1..3\n");
    check(s->shared->doubled == 0, 1, "no VF had two owners");
    check(s->shared->failed == 0, 2, "nothing failed");
    check(!left, 3, "no lease is left");
    printf("# %s: %u processes, %u times each, %u VFs, %u tries\n", s->mode->name, s->processes,
           s->rounds, s->vfs, s->shared->tries);
    print_times("acquire", s->shared->times, count);
    print_times("release", s->shared->times + count, count);
    return s->shared->doubled == 0 && s->shared->failed == 0 && !left;
}

/* ---- the command line ---- */

static int find_pf(const char *name, struct vf_place *ret)
{
    _cleanup_snapshot_ struct snapshot *s = NULL;
    struct backend *b = NULL;
    int r;

    r = backend_linux(NULL, &b);
    if (r >= 0)
        r = snapshot_take(b, &s, NULL);
    backend_free(b);
    for (size_t i = 0; r >= 0 && i < s->n_pfs; i++)
        if (str_eq(s->pfs[i].name, name) || str_eq(s->pfs[i].key, name)) {
            ret->bus = s->pfs[i].bus;
            STR_SET(ret->pf, s->pfs[i].key);
            return 0;
        }
    return r < 0 ? r : -ENODEV;
}

static bool parse_count(const char *text, uint64_t max, unsigned *ret)
{
    uint64_t value;

    if (str_to_u64(text, max, &value) < 0 || value == 0)
        return false;
    *ret = (unsigned)value;
    return true;
}

static bool parse(int argc, char **argv, struct storm *s)
{
    if (argc < 6)
        return false;
    for (size_t i = 0; i < ELEMENTS(modes); i++)
        if (str_eq(modes[i].name, argv[1]))
            s->mode = &modes[i];
    s->dir = argv[2];
    STR_SET(s->place.pf, "0000:01:00.0");
    return s->mode && parse_count(argv[3], MAX_PROCESSES, &s->processes) &&
           parse_count(argv[4], 1000000, &s->rounds) && parse_count(argv[5], MAX_VFS, &s->vfs) &&
           (s->mode->acquire == engine_acquire ? argc == 7 : argc == 6);
}

int main(int argc, char **argv)
{
    struct storm s = { 0 };
    size_t size;
    int r = 0;

    if (!parse(argc, argv, &s)) {
        fprintf(stderr, "usage: lease-storm store|flock DIR N M V\n"
                        "       lease-storm engine DIR N M V PF\n");
        return 2;
    }
    size = sizeof(*s.shared) + (size_t)s.processes * s.rounds * 2 * sizeof(s.shared->times[0]);
    s.shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s.shared == MAP_FAILED)
        r = -errno;
    if (r >= 0 && argc == 7)
        r = find_pf(argv[6], &s.place);
    if (r >= 0)
        r = run(&s);
    if (r < 0) {
        fprintf(stderr, "lease-storm: %s\n", strerrordesc_np(-r));
        return 1;
    }
    return report(&s) ? 0 : 1;
}
