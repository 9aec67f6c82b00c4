/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Locks of PFs and of VFs: ranges of one file per PF. Byte 1 + N is VF N. A PF as a whole is byte 0
 * first, which keeps out other commands on the PF and tells new work on its VFs to wait, and then
 * all bytes behind it, as soon as the work on VFs that had begun is done. So a busy PF can be had,
 * though there may never be a moment when nobody works on any of its VFs.
 *
 * PFs are locked in the order of their names, so two commands over several PFs cannot block each
 * other half-way. Nobody waits for another command on a PF, a held lock is an answer; work on a VF
 * is short and worth a moment. The kernel has no lock with a time limit (F_OFD_SETLKW ends by a
 * signal only, and signals are the program's), so waiting is trying again.
 */
#include "core/ledger-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>

#include "base/file.h"

#define PF_BYTE 0
#define FIRST_VF_BYTE 1
#define TO_THE_END 0 /* l_len */
#define RETRY_MS 2
#define VF_WORK_MS 1000 /* one ADD of a CNI plugin, on a busy machine */

struct ledger_locks {
    struct strv names;
    int *fds; /* one per name */
};

struct ledger_locks *ledger_locks_free(struct ledger_locks *locks)
{
    if (!locks)
        return NULL;
    for (size_t i = 0; i < locks->names.count; i++)
        close(locks->fds[i]);
    free(locks->fds);
    strv_done(&locks->names);
    free(locks);
    return NULL;
}

DEFINE_CLEANUP(struct ledger_locks *, ledger_locks_free)

/* ---- ranges ---- */

static int open_file(const char *dir, const char *pf, int flags)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/locks/%s", dir, pf);
    fd = open(path, O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    return fd >= 0 ? fd : -errno;
}

/* The folder is made when it is missed: mostly it is there. */
static int open_or_make_file(const char *dir, const char *pf)
{
    char folder[PATH_MAX];
    int r;

    r = open_file(dir, pf, O_RDWR | O_CREAT);
    if (r != -ENOENT)
        return r;
    snprintf(folder, sizeof(folder), "%s/locks", dir);
    r = file_make_dirs(folder, 0700);
    return r < 0 ? r : open_file(dir, pf, O_RDWR | O_CREAT);
}

static struct flock range(off_t from, off_t len)
{
    return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = from, .l_len = len };
}

/* -EBUSY if somebody else has any of it. */
static int lock_range(int fd, off_t from, off_t len)
{
    struct flock lock = range(from, len);

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

static bool whole_is_held(int fd)
{
    struct flock lock = range(PF_BYTE, 1);

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* ---- waiting ---- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Sleeps a little; false if `deadline` has come. */
static bool may_try_again(int64_t deadline)
{
    const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };

    return now_ms() < deadline && (nanosleep(&pause, NULL) == 0 || errno == EINTR);
}

/* ---- a PF as a whole ---- */

static int lock_one(const char *dir, const char *pf)
{
    int64_t deadline = now_ms() + VF_WORK_MS;
    _cleanup_close_ int fd = -1;
    int r;

    fd = open_or_make_file(dir, pf);
    if (fd < 0)
        return fd;
    r = lock_range(fd, PF_BYTE, 1);
    if (r < 0)
        return r;
    do
        r = lock_range(fd, FIRST_VF_BYTE, TO_THE_END);
    while (r == -EBUSY && may_try_again(deadline));
    return r < 0 ? r : TAKE_FD(fd);
}

static int add_lock(struct ledger_locks *locks, const char *dir, const char *pf)
{
    int *grown = reallocarray(locks->fds, locks->names.count + 1, sizeof(*grown));
    int fd;

    if (!grown)
        return -ENOMEM;
    locks->fds = grown;
    fd = lock_one(dir, pf);
    if (fd < 0)
        return fd;
    grown[locks->names.count] = fd;
    if (strv_add(&locks->names, pf) < 0) {
        close(fd);
        return -ENOMEM;
    }
    return 0;
}

/* Takes back the locks added since there were `count`. */
static void cut(struct ledger_locks *locks, size_t count)
{
    while (locks->names.count > count) {
        locks->names.count--;
        close(locks->fds[locks->names.count]);
        free(locks->names.items[locks->names.count]);
    }
}

static int sorted_copy(const struct strv *from, struct strv *to)
{
    for (size_t i = 0; i < from->count; i++)
        if (!strv_has(to, from->items[i]) && strv_add(to, from->items[i]) < 0)
            return -ENOMEM;
    strv_sort(to);
    return 0;
}

int ledger_locks_take(const char *dir, const struct strv *pfs, struct ledger_locks **locks,
                      char ret_busy[32])
{
    _cleanup_(ledger_locks_free_p) struct ledger_locks *made = NULL;
    struct ledger_locks *all = *locks;
    _cleanup_strv_ struct strv names = STRV_INIT;
    size_t before;
    int r = 0;

    if (!all)
        all = made = calloc(1, sizeof(*made));
    if (!all || sorted_copy(pfs, &names) < 0)
        return -ENOMEM;
    before = all->names.count;
    for (size_t i = 0; r >= 0 && i < names.count; i++) {
        if (strv_has(&all->names, names.items[i]))
            continue;
        r = add_lock(all, dir, names.items[i]);
        if (r == -EBUSY)
            str_copy(ret_busy, 32, names.items[i]);
    }
    if (r < 0) {
        cut(all, before);
        return r;
    }
    *locks = all;
    made = NULL;
    return 0;
}

/* Opened for reading: who watches the folder hears of the end of a change, and not of a question.
 */
bool ledger_lock_is_held(const char *dir, const char *pf)
{
    _cleanup_close_ int fd = open_file(dir, pf, O_RDONLY);

    return fd >= 0 && whole_is_held(fd);
}

int ledger_locks_held(const char *dir, struct strv *ret)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    char folder[PATH_MAX];

    snprintf(folder, sizeof(folder), "%s/locks", dir);
    if (file_list_at(AT_FDCWD, folder, &names) == -ENOMEM)
        return -ENOMEM;
    for (size_t i = 0; i < names.count; i++) {
        const char *pf = names.items[i];

        if (!strv_has(ret, pf) && ledger_lock_is_held(dir, pf) && strv_add(ret, pf) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* ---- a VF ---- */

/* Who locks the PF after we have looked has to wait for the VF, or we for the PF. */
static int try_vf(int fd, unsigned vf)
{
    int r;

    if (whole_is_held(fd))
        return -EAGAIN;
    r = lock_range(fd, FIRST_VF_BYTE + (off_t)vf, 1);
    return r == -EBUSY && whole_is_held(fd) ? -EAGAIN : r;
}

int ledger_lock_vf(const char *dir, const char *pf, unsigned vf, unsigned wait_ms, int *ret_fd)
{
    int64_t deadline = now_ms() + wait_ms;
    _cleanup_close_ int fd = -1;
    int r;

    fd = open_or_make_file(dir, pf);
    if (fd < 0)
        return fd;
    do
        r = try_vf(fd, vf);
    while ((r == -EBUSY || r == -EAGAIN) && may_try_again(deadline));
    if (r < 0)
        return r;
    *ret_fd = TAKE_FD(fd);
    return 0;
}
