/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plan and its outcome, for people and as JSON. The dry run, the plan verb and the result of a
 * change print the same list.
 */
#ifndef CLI_PLAN_TEXT_H
#define CLI_PLAN_TEXT_H

#include "cli/app.h"
#include "core/apply.h"

/* "set vlan", "create VFs", "bind". */
#define ACTION_SIZE 48
void plan_action(const struct step *step, char ret[ACTION_SIZE]);

/* The table of steps, who would be hurt, remarks, and the sum. */
int plan_print(struct app *a, const struct plan *p, const struct holders *victims);

/* What was done; with --json {"transaction","changed","steps","disruption",…}. */
int plan_print_result(struct app *a, const struct plan *p, const struct holders *victims,
                      const struct apply_result *result);

/* "will be hurt: enp1s0/2: qemu-system-x86 (pid 812, "web1") through vfio", one note each. */
void plan_note_victims(struct app *a, const struct plan *p, const struct holders *victims,
                       const char *intro);

#endif
