/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl set: attributes of a PF or of VFs, by the attribute table.
 */
#include <errno.h>
#include <stdio.h>

#include "cli/change.h"

#define KEY_SIZE 32

static const struct option_row options[] = { OPTION_FORCE, OPTION_DRY_RUN, { NULL } };

static int unknown_key(struct app *a, const struct wish_place *place, const char *key)
{
    const char *names[SRIOV_ATTR_COUNT + 1];
    bool of_vf = place->scope == ATTR_OF_VF;
    int r = error_set(&a->error, SRIOV_USAGE, 0, a->args[0], "a %s has no attribute %s",
                      of_vf ? "VF" : "PF", key);
    attr_names(place->scope, names);
    const char *nearest = str_nearest(key, names);
    if (attr_find(of_vf ? ATTR_OF_PF : ATTR_OF_VF, key))
        error_remedy(&a->error,
                     of_vf ? "%s is one of the PF: name the PF alone"
                           : "%s is one of a VF: name it, as in PF/0",
                     key);
    else if (nearest)
        error_remedy(&a->error, "did you mean %s?", nearest);
    else
        error_remedy(&a->error, "sriovctl help set lists them");
    return r;
}

static int read_setting(struct app *a, const struct wish_place *place, const char *setting)
{
    char key[KEY_SIZE];
    const char *equals = strchr(setting, '=');
    if (!equals || equals == setting || (size_t)(equals - setting) >= sizeof(key)) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, a->args[0], "\"%s\" is not key=value",
                          setting);
        error_remedy(&a->error, "write for example vlan=100");
        return r;
    }
    snprintf(key, sizeof(key), "%.*s", (int)(equals - setting), setting);
    const struct attr *row = attr_find(place->scope, key);
    if (!row)
        return unknown_key(a, place, key);
    if (attrs_has(place->want, row->id))
        return error_set(&a->error, SRIOV_USAGE, 0, a->args[0], "%s is given twice", key);
    return attr_parse(row, equals + 1, place->want, a->args[0], &a->error);
}

static int run_set(struct app *a)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    struct wish_place place;
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = desired_add_object(&d, a->session.snapshot, a->args[0], &place, &a->error);
    for (size_t i = 1; i < a->n_args && r >= 0; i++)
        r = read_setting(a, &place, a->args[i]);
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
