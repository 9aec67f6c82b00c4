/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the public API share.
 */
#ifndef CORE_API_H
#define CORE_API_H

#include "core/session.h"
#include "sriov/host.h"

struct sriov {
    struct session session;
    char *state_dir, *file;
};

/* Hands a finished text over to a caller of the API. */
int api_steal(struct buf *text, char **ret, struct sriov_error *error);

#endif
