/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The operations of the specification, one file each. What they print goes into `out`; a failure
 * fills the error, which is printed instead.
 */
#ifndef CNI_COMMAND_H
#define CNI_COMMAND_H

#include "cni/call.h"

int command_add(struct cni_call *c, struct buf *out, struct cni_error *e);
int command_del(struct cni_call *c, struct buf *out, struct cni_error *e);
int command_check(struct cni_call *c, struct buf *out, struct cni_error *e);
int command_status(struct cni_call *c, struct buf *out, struct cni_error *e);
int command_gc(struct cni_call *c, struct buf *out, struct cni_error *e);
int command_version(struct cni_call *c, struct buf *out, struct cni_error *e);

#endif
