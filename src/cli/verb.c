/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of sriovctl's verbs.
 */
#include "cli/verb.h"

#include "cli/program.h"

#define ROW(name) &verb_##name,

static const struct verb *const verbs[] = { VERBS(ROW) NULL };

const struct program program_sriovctl = {
    .name = "sriovctl",
    .about = "show and change SR-IOV virtual functions",
    .verbs = verbs,
};
