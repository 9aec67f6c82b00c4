/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way of every change, whichever verb asks for it: look, plan, refuse if somebody would be
 * hurt, lock, apply, report.
 */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "cli/app.h"
#include "core/desired.h"

/* What TARGET of a verb stands for, added to a desired state. */
struct change_target {
    char object[OBJECT_SIZE]; /* as the user wrote it, for messages */
    enum attr_scope scope;
    struct pf_wish *wish;
    struct attrs *want; /* of the PF or of its VFs; empty: fill it */
};

/* Finds the PF or VFs that `word` means and adds an empty wish for them. Pointers are good until
 * the next call. */
int change_add(struct app *a, struct desired *d, const char *word, struct change_target *ret);

/* The same for verbs that take VFs only, or a PF only (then `instead` says what to write instead).
 */
int change_add_scope(struct app *a, struct desired *d, const char *word, enum attr_scope scope,
                     const char *instead, struct change_target *ret);

/* Makes a plan from a->snapshot: 0, or -errno with a->error filled. Called again if the first plan
 * is stale by the time the PF is locked. */
typedef int (*change_planner)(struct app *a, void *userdata, struct plan *ret);

/* Makes it so: all of the above, with --dry-run and --force as they were given. An empty plan
 * prints "nothing to do" and writes nothing. `finish` (NULL: nothing) is called with the PFs still
 * locked, after the plan was applied. */
int change_run_plan(struct app *a, change_planner make,
                    int (*finish)(struct app *a, void *userdata), void *userdata);

/* The same with the plan that leads to a desired state. */
int change_run(struct app *a, const struct desired *d);

#endif
