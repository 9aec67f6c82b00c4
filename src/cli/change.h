/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changes as sriovctl makes them: the library's way of every change (core/change.h), with what
 * happens told on the terminal.
 */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "cli/app.h"
#include "core/change.h"

/* What a word of the command line means, added to a desired state (core/desired.h), for verbs that
 * take VFs only, or a PF only (then `instead` says what to write instead). */
int change_add_scope(struct app *a, struct desired *d, const char *word, enum attr_scope scope,
                     const char *instead, struct wish_place *ret);

/* Makes it so: core/change.h with --dry-run, --force and the news told as they happen, then the
 * result printed. An empty plan prints "nothing to do" and writes nothing. */
int change_run_desired(struct app *a, struct desired *d);

/* The same for a plan that comes from elsewhere: `make` and `finish` of the request, called with
 * `userdata`. */
int change_run_request(struct app *a, const struct change_request *request, void *userdata);

#endif
