/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Users, what they may lock, and what is theirs.
 */
#include "kernel/account.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/str.h"

#define RECORD_SIZE 4096 /* one line of the user database */

static int look_up(const char *word, struct passwd *space, char record[RECORD_SIZE])
{
    struct passwd *found = NULL;
    uint64_t uid;
    int r;

    r = getpwnam_r(word, space, record, RECORD_SIZE, &found);
    if (!found && str_to_u64(word, UINT32_MAX - 1, &uid) >= 0)
        r = getpwuid_r((uid_t)uid, space, record, RECORD_SIZE, &found);
    if (found)
        return 0;
    return r > 0 && r != ESRCH ? -r : -ENOENT;
}

int account_find(const char *word, struct account *ret)
{
    char record[RECORD_SIZE];
    struct passwd user;
    struct account a = { .n_groups = ACCOUNT_GROUPS };
    int r;

    r = look_up(word, &user, record);
    if (r < 0)
        return r;
    if (!STR_SET(a.name, user.pw_name))
        return -ENAMETOOLONG;
    a.uid = user.pw_uid;
    a.gid = user.pw_gid;
    if (getgrouplist(user.pw_name, a.gid, a.groups, &a.n_groups) < 0)
        return -E2BIG;
    *ret = a;
    return 0;
}

int account_become(const struct account *a)
{
    if (setgroups((size_t)a->n_groups, a->groups) < 0 || setresgid(a->gid, a->gid, a->gid) < 0 ||
        setresuid(a->uid, a->uid, a->uid) < 0)
        return -errno;
    return 0;
}

int account_allow_memlock(uint64_t bytes, uint64_t *ret_limit)
{
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

    if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0)
        return 0;
    if (errno != EPERM || getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
        return -errno;
    if (limit.rlim_max < bytes) {
        *ret_limit = limit.rlim_max;
        return -EPERM;
    }
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_MEMLOCK, &limit) < 0 ? -errno : 0;
}

int account_hand_over(const char *path, uid_t from, uid_t to)
{
    _cleanup_close_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (st.st_uid != from)
        return -ESTALE;
    return fchownat(fd, "", to, (gid_t)-1, AT_EMPTY_PATH) < 0 ? -errno : 0;
}
