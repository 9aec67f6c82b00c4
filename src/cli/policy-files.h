/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The policy that -f names (or /etc/sriovd), and waiting for the PFs it speaks of.
 */
#ifndef CLI_POLICY_FILES_H
#define CLI_POLICY_FILES_H

#include "cli/app.h"
#include "core/desired.h"

/* Reads what -f names ("-": standard input), or the default folder. */
int policy_files_load(struct app *a, struct desired *ret);

/* Makes it so (core/policy.h), for the PFs that --pf names or for all; as change_run_desired. */
int policy_files_run(struct app *a, struct desired *d);

/* Waits until each PF of the policy is there, at most options.wait seconds, and leaves a snapshot
 * of that moment. The wishes of PFs that did not come are made optional; their number is returned,
 * and the error that they are at the end is in `ret_error`. */
int policy_files_wait(struct app *a, struct desired *d, struct sriov_error *ret_error);

#endif
