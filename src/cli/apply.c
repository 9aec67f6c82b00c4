/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl apply: makes the machine what the policy says.
 */
#include <errno.h>

#include "cli/policy-files.h"
#include "core/pool.h"

static const struct option_row options[] = {
    OPTION_POLICY_FILES,
    OPTION_POLICY_PFS,
    OPTION_FORCE,
    OPTION_DRY_RUN,
    { "wait", 'w', OPTION_NUMBER, OPTION(wait), "SECONDS",
      .help = "wait this long for PFs of the policy that are not there yet" },
    { NULL },
};

static int run_apply(struct app *a)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    struct sriov_error missing = { 0 };
    int n_missing = 0;
    int r = policy_files_load(a, &d);
    if (r >= 0)
        r = pools_check(&d, &a->error);
    if (r >= 0 && a->options.wait > 0)
        r = n_missing = policy_files_wait(a, &d, &missing);
    if (r >= 0)
        r = policy_files_run(a, &d);
    if (r >= 0 && !a->options.dry_run && a->options.only_pfs.count == 0)
        r = pools_save(a->options.state_dir ? a->options.state_dir : STATE_DIR_DEFAULT, &d,
                       &a->error);
    if (r < 0 || n_missing == 0)
        return r;
    r = app_flush(a);
    if (r >= 0)
        a->error = missing;
    return -ENODEV;
}

const struct verb verb_apply = {
    .name = "apply",
    .synopsis = "apply",
    .help = "make the machine what the policy says",
    .details =
        (const char *const[]){
            "Compares the policy with the machine and takes the steps that plan prints. Each is written to the "
            "ledger first and read back afterwards; if one fails, everything is put back. What is right "
            "already is not written, so a second apply does nothing.",
            "It is refused before the first step if somebody would be hurt, with the names. --force goes on "
            "and says who is hurt.",
            "A VF that is leased is the lease's until it is released: the policy is not applied to it, and a note "
            "says so.",
            "The pools of the policy are what `acquire --pool` lends from, from then on and in place of those "
            "before. With --pf they stay as they are, and PFs of the policy that are not there are no error.",
            "With --wait, PFs that are not there in time are an error at the end, after the others are done.",
            NULL,
        },
    .options = options,
    .flags = VERB_WRITES,
    .examples =
        (const struct example[]){
            { "apply", "apply the policy in /etc/sriovd" },
            { "apply -f rack7.yaml --dry-run", "only print the steps" },
            { "apply --wait 30 --quiet", "wait up to 30 seconds for late PFs" },
            { "apply --pf enp1s0,enp2s0", "only what the policy says about these two" },
            { NULL, NULL },
        },
    .run = run_apply,
};
