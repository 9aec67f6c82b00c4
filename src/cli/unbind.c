/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl unbind: VFs without a driver.
 */
#include "cli/change.h"

static const struct option_row options[] = { OPTION_FORCE, OPTION_DRY_RUN, { NULL } };

static int run_unbind(struct app *a)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    struct wish_place place;
    int r = change_add_scope(a, &d, a->args[0], ATTR_OF_VF, "name a VF, as in PF/0", &place);
    if (r < 0)
        return r;
    attrs_set_text(place.want, SRIOV_DRIVER, DRIVER_NONE);
    return change_run_desired(a, &d);
}

const struct verb verb_unbind = {
    .name = "unbind",
    .synopsis = "unbind PF/N[-M][,...]",
    .help = "take the driver off VFs",
    .details =
        (const char *const[]){
            "Unbinds VFs from their driver. They stay; no netdev and no VM has them until they are bound again. "
            "It is refused while somebody uses a VF.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .flags = VERB_WRITES,
    .words = { WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "unbind enp1s0/2", "VF 2 without a driver" },
            { NULL, NULL },
        },
    .run = run_unbind,
};
