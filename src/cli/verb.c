/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of verbs, and the search in it.
 */
#include "cli/verb.h"

#include "base/str.h"

#define ROW(name) &verb_##name,

const struct verb *const verb_table[] = { VERBS(ROW) NULL };

const struct verb *verb_find(const char *name, const char **ret_nearest)
{
    const char *names[ELEMENTS(verb_table)];
    size_t n = 0;
    for (; verb_table[n]; n++) {
        if (str_eq(verb_table[n]->name, name))
            return verb_table[n];
        names[n] = verb_table[n]->name;
    }
    names[n] = NULL;
    if (ret_nearest)
        *ret_nearest = str_nearest(name, names);
    return NULL;
}
