/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A ledger with a long history: make-ledger STATE_DIR TRANSACTIONS. Each is a change of the
 * settings of four VFs, applied.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/ledger.h"

#define STEPS 4

static int add(struct ledger *l, unsigned number, struct sriov_error *error)
{
    struct pf pf = { .key = "0000:01:00.0", .name = "enp1s0" };
    struct goal goal = { .pf = &pf };
    struct step steps[STEPS];
    const struct plan p = { .goals = { .items = &goal, .count = 1 },
                            .steps = steps,
                            .n_steps = STEPS };
    int64_t id;
    for (unsigned i = 0; i < STEPS; i++) {
        steps[i] = (struct step){
            .kind = STEP_SET_VF, .vf = (int)i, .attr = SRIOV_VLAN, .state = STEP_DONE
        };
        snprintf(steps[i].from, sizeof(steps[i].from), "%u", number % 4094);
        snprintf(steps[i].to, sizeof(steps[i].to), "%u", (number + 1) % 4094);
    }
    int r = ledger_begin(l, &p, "sriovctl set enp1s0/0-3 vlan=5", "{\"pfs\":[]}", &id, error);
    return r < 0 ? r : ledger_finish(l, id, TRANSACTION_APPLIED, &p, error);
}

int main(int argc, char **argv)
{
    struct ledger *l = NULL;
    struct sriov_error error = { 0 };
    uint64_t count;
    if (argc != 3 || str_to_u64(argv[2], 10000000, &count) < 0) {
        fprintf(stderr, "usage: make-ledger STATE_DIR TRANSACTIONS\n");
        return 2;
    }
    int r = ledger_open(argv[1], true, &l, &error);
    for (unsigned i = 0; r >= 0 && i < count; i++)
        r = add(l, i, &error);
    ledger_close(l);
    if (r < 0)
        fprintf(stderr, "make-ledger: %s: %s: %s\n", error.object, error.message, error.kernel);
    return r < 0 ? 1 : 0;
}
