/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Delegation to the IPAM plugin of the configuration (specification, section 4): a program from
 * CNI_PATH that gets our environment and our configuration, and answers with addresses.
 */
#ifndef CNI_IPAM_H
#define CNI_IPAM_H

#include "cni/call.h"
#include "cni/result.h"

/* Runs it with CNI_COMMAND=`command` and waits for its end. No IPAM plugin configured is success.
 * `ret` (addressing_done) may be NULL. The plugin's own error is passed on with its code. */
int ipam_run(const struct cni_call *c, const char *command, struct cni_addressing *ret,
             struct cni_error *e);

/* The error object of a plugin, from its output; `name` is the plugin. */
int ipam_error(const char *name, const char *text, size_t len, int status, struct cni_error *e);

#endif
