/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Running a program as another user: who that is, how much memory it may lock, and device files
 * that are its own meanwhile.
 */
#ifndef KERNEL_ACCOUNT_H
#define KERNEL_ACCOUNT_H

#include <stdint.h>
#include <sys/types.h>

#define ACCOUNT_GROUPS 64

struct account {
    char name[64];
    uid_t uid;
    gid_t gid;
    gid_t groups[ACCOUNT_GROUPS];
    int n_groups;
};

/* By name or number. -ENOENT: there is none. */
int account_find(const char *word, struct account *ret);

/* Makes this process one of the user's, for good: groups, group, user. To be called between fork
 * and exec. */
int account_become(const struct account *a);

/* Lets this process and its children lock at least `bytes` of memory. -EPERM: the hard limit,
 * *ret_limit, is lower, and we may not raise it. */
int account_allow_memlock(uint64_t bytes, uint64_t *ret_limit);

/* Hands a file from one user to another. -ESTALE: it is not of user `from`. */
int account_hand_over(const char *path, uid_t from, uid_t to);

#endif
