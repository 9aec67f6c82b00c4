/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rolling back a transaction is a change like any other, with the same gate and a transaction of
 * its own; these two are its `make` and `finish` (core/change.h).
 */
#ifndef CORE_ROLLBACK_H
#define CORE_ROLLBACK_H

#include "core/change.h"

struct rollback {
    int64_t asked;    /* 0: the last one applied in this boot */
    bool interrupted; /* rollback_look found it so: the recovery before this change undoes it
                         already */
    int64_t found;    /* 0: none was left to be undone */
};

/* To be called before the change. What is wrong with the wish is told by rollback_make. */
int rollback_look(struct rollback *rollback, struct session *s, struct sriov_error *error);

int rollback_make(void *userdata, struct session *s, struct plan *ret, struct sriov_error *error);
int rollback_finish(void *userdata, struct session *s, struct sriov_error *error);

#endif
