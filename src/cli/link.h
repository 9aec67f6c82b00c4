/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Finding and changing netdevs, in the namespace that a backend is open in.
 */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include "cli/app.h"
#include "kernel/rtnl.h"

/* The netdev of that name, without its altnames. -ENODEV. */
int link_find(struct backend *b, const char *name, struct rtnl_link *ret);

/* Sends `count` changes; the first that the kernel refuses is the error, with `object`. */
int link_change(struct app *a, struct backend *b, const struct buf *batch, size_t count,
                const char *object, const char *what);

#endif
