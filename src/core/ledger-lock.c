/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Locks of PFs. PFs are locked in the order of their names, so two commands over several PFs cannot
 * block each other half-way; nobody waits, a held lock is an answer.
 */
#include "core/ledger-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"

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

static struct flock whole_file(void)
{
    return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
}

static int lock_one(const char *dir, const char *pf)
{
    _cleanup_close_ int fd = -1;
    struct flock whole = whole_file();
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/locks/%s", dir, pf);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_OFD_SETLK, &whole) < 0)
        return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
    return TAKE_FD(fd);
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
    char path[PATH_MAX];
    size_t before;
    int r;

    if (!all)
        all = made = calloc(1, sizeof(*made));
    if (!all || sorted_copy(pfs, &names) < 0)
        return -ENOMEM;
    snprintf(path, sizeof(path), "%s/locks", dir);
    r = file_make_dirs(path, 0700);
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

bool ledger_lock_is_held(const char *dir, const char *pf)
{
    _cleanup_close_ int fd = -1;
    struct flock whole = whole_file();
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/locks/%s", dir, pf);
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}
