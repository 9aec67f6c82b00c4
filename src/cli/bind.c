/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl bind: which driver VFs are bound to.
 */
#include "cli/change.h"

static const struct option_row options[] = { OPTION_FORCE, OPTION_DRY_RUN, { NULL } };

static int run_bind(struct app *a)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    struct wish_place place;
    int r = change_add_scope(a, &d, a->args[0], ATTR_OF_VF, "name a VF, as in PF/0", &place);
    if (r >= 0)
        r = attr_parse(attr_row(SRIOV_DRIVER), a->args[1], place.want, a->args[0], &a->error);
    return r < 0 ? r : change_run_desired(a, &d);
}

const struct verb verb_bind = {
    .name = "bind",
    .synopsis = "bind PF/N[-M][,...] DRIVER|default",
    .help = "bind VFs to a driver",
    .details =
        (const char *const[]){
            "Binds VFs to a driver by driver_override, loading its module if need be, several at once. "
            "vfio-pci hands a VF to a VM or to DPDK; default is the driver the kernel would choose.",
            "It is refused while somebody uses a VF: the kernel would wait for them, or take the device away.",
            NULL,
        },
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .flags = VERB_WRITES,
    .words = { WORD_TARGET, WORD_DRIVER, WORD_NONE },
    .examples =
        (const struct example[]){
            { "bind enp1s0/2 vfio-pci", "VF 2 for a VM" },
            { "bind enp1s0/0-3 default", "four VFs back to their network driver" },
            { NULL, NULL },
        },
    .run = run_bind,
};
