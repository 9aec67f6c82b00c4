/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reader of leases over any bytes. What it takes must be written out again to a text that reads
 * as the same lease; what it refuses it must say why, and leave the caller's lease alone.
 */
#include <stdlib.h>
#include <string.h>

#include "core/lease.h"
#include "fuzz.h"

/* Near the reader's limits a text may grow beyond them when it is written again: defaults are
 * spelled out. */
#define ROOMY 4096

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_round_trip(const struct lease *l)
{
    _cleanup_buf_ struct buf text = BUF_INIT, again = BUF_INIT;
    struct lease copy = { 0 };
    char why[200] = "";

    must(lease_format(l, &text) == 0);
    must(lease_parse(text.data, text.len, &copy, why, sizeof(why)) == 0);
    must(lease_format(&copy, &again) == 0);
    must(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
    lease_done(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lease l = { .vf = 4711 };
    char why[200] = "";

    if (lease_parse((const char *)data, size, &l, why, sizeof(why)) < 0) {
        must(why[0] && memchr(why, '\0', sizeof(why)) && l.vf == 4711 && !l.pf[0]);
        return 0;
    }
    must(l.pf[0] && l.boot[0] && l.owner.name[0] && l.vf <= UINT16_MAX);
    if (size <= ROOMY)
        check_round_trip(&l);
    lease_done(&l);
    return 0;
}
