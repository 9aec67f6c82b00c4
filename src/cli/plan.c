/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl plan: what apply would do.
 */
#include "cli/policy-files.h"

static const struct option_row options[] = { OPTION_POLICY_FILES, OPTION_POLICY_PFS, { NULL } };

static int run_plan(struct app *a)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    int r = policy_files_load(a, &d);
    a->options.dry_run = true;
    return r < 0 ? r : policy_files_run(a, &d);
}

const struct verb verb_plan = {
    .name = "plan",
    .synopsis = "plan",
    .help = "print what apply would do",
    .details =
        (const char *const[]){
            "Compares the policy with the machine and prints the steps that apply would take, in order, each "
            "with what it does to whoever uses the device: none, vf-reset, vf-loss, pf-link-bounce, "
            "driver-reload, reboot. It also names who uses a device that a step would take away.",
            "Nothing is written, and root is not needed. The exit status is 0 with steps and without.",
            NULL,
        },
    .options = options,
    .flags = VERB_READS,
    .examples =
        (const struct example[]){
            { "plan", "the steps to the policy in /etc/sriovd" },
            { "plan -f new.yaml --json", "the steps to another policy, for a program" },
            { NULL, NULL },
        },
    .run = run_plan,
};
