/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * State files of sriov-cni over any bytes. What is accepted goes to the engine, and its device into
 * a path: so every value must be one that the attribute table allows, and the address nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "cni/legacy.h"
#include "fuzz.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Each value can be written and read back. */
static void check_attrs(const struct attrs *before)
{
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        struct attrs again = { 0 };
        char text[ATTR_TEXT_SIZE];

        if (!attrs_has(before, row->id))
            continue;
        must(row->scope == ATTR_OF_VF);
        attr_text(row, before, text);
        must(attr_parse(row, text, &again, NULL, NULL) == 0);
        must(attr_agrees(row->id, before, &again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct legacy_state state = { 0 };
    char why[LEGACY_WHY_SIZE] = "";

    if (legacy_parse((const char *)data, size, &state, why) < 0) {
        must(why[0] && strlen(why) < sizeof(why));
        must(state.before.known == 0 && !state.device_id[0]);
        return 0;
    }
    must(config_pci_is_valid(state.device_id));
    check_attrs(&state.before);
    must(state.has_netdev == attrs_has(&state.before, SRIOV_NAME));
    return 0;
}
