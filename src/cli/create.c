/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl create: how many VFs a PF has.
 */
#include "cli/change.h"

/* In the order of enum count_way, without COUNT_AUTO. */
static const char *const ways[] = { "sysfs", "module-parameter", NULL };

static const struct option_row options[] = {
    { "via", 0, OPTION_CHOICE, OPTION(via), "sysfs|module-parameter", ways,
      .help = "how VFs are made; left out: sysfs where the driver has it" },
    OPTION_FORCE,
    OPTION_DRY_RUN,
    { NULL },
};

static int run_create(struct app *a)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    struct wish_place place;
    int r = change_add_scope(a, &d, a->args[0], ATTR_OF_PF,
                             "name the PF alone, without a VF number", &place);
    if (r >= 0)
        r = attr_parse(attr_row(SRIOV_NUM_VFS), a->args[1], place.want, a->args[0], &a->error);
    if (r < 0)
        return r;
    place.wish->count_way = (enum count_way)a->options.via;
    return change_run_desired(a, &d);
}

const struct verb verb_create = {
    .name = "create",
    .synopsis = "create PF COUNT",
    .help = "make VFs, or remove them",
    .details =
        (const char *const[]){
            "Gives a PF COUNT VFs. If it has another number of VFs, they are removed first, because the kernel "
            "goes from one number to another through 0 only; COUNT 0 removes all. If it has COUNT already, "
            "nothing is written.",
            "Removing VFs is refused while somebody uses one of them, with the names. --force removes them "
            "all the same and says first who is hurt.",
            NULL,
        },
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .flags = VERB_WRITES,
    .words = { WORD_PF, WORD_COUNT, WORD_NONE },
    .examples =
        (const struct example[]){
            { "create enp1s0 4", "four VFs: enp1s0/0 to enp1s0/3" },
            { "create enp1s0 0", "no VFs any more" },
            { "create enp1s0 8 --dry-run", "the steps this would take, and who would be hurt" },
            { NULL, NULL },
        },
    .run = run_create,
};
