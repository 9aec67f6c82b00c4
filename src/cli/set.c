/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl set: attributes of a PF or of VFs, by the attribute table.
 */
#include "cli/change.h"
#include "core/setting.h"

static const struct option_row options[] = { OPTION_FORCE, OPTION_DRY_RUN, { NULL } };

static int run_set(struct app *a)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    struct wish_place place;
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = desired_add_object(&d, a->session.snapshot, a->args[0], &place, &a->error);
    for (size_t i = 1; i < a->n_args && r >= 0; i++)
        r = setting_read(a->args[i], place.scope, place.want, a->args[0], &a->error);
    return r < 0 ? r : change_run_desired(a, &d);
}

const struct verb verb_set = {
    .name = "set",
    .synopsis = "set PF[/N[-M][,...]] KEY=VALUE...",
    .help = "set attributes of a PF or of VFs",
    .details =
        (const char *const[]){
            "Sets attributes of a PF, or of one or more of its VFs (enp1s0/3, enp1s0/0-3, enp1s0/0,2-4). What "
            "has the value already is not written. Every value is read back afterwards; if something fails, "
            "what had been set is put back.",
            "What the driver is known to refuse or ignore is refused before the first write, with the reason.",
            NULL,
        },
    .options = options,
    .min_args = 2,
    .max_args = ANY_NUMBER,
    .flags = VERB_WRITES | VERB_SETS,
    .words = { WORD_TARGET, WORD_SETTING, WORD_SETTING },
    .examples =
        (const struct example[]){
            { "set enp1s0/0 vlan=100 trust=on", "VF 0 into VLAN 100, and trusted" },
            { "set enp1s0/0-3 spoofchk=off max_tx_rate=500", "the same settings for four VFs" },
            { "set enp1s0 mtu=9000 link=up", "attributes of the PF" },
            { NULL, NULL },
        },
    .run = run_set,
};
