/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The search in the knowledge base. Its pages are in a file that the build makes of docs/kb.
 */
#include "doctor/kb.h"

#include "base/str.h"
#include "doctor/doctor.h"

const char *kb_page(const char *id)
{
    for (const struct kb_entry *e = kb_entries; e->id; e++) {
        if (str_eq(e->id, id))
            return e->text;
    }
    return NULL;
}
