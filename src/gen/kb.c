/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The index of the knowledge base, docs/kb/README.md: the doctor's checks with their pages, by
 * area. The file is kept in the repository, to be read there; a test compares it with what this
 * prints. To make it anew: build/docs/gen-docs kb >docs/kb/README.md
 */
#include "doctor/doctor.h"
#include "gen/gen.h"

static const char head[] =
    "# Knowledge base\n"
    "\n"
    "One page for each thing that `sriovctl doctor` can find: what it is, how to see it, how to mend it, and why "
    "it is so.\n"
    "`sriovctl doctor --explain ID` prints them too. This list is made of the doctor's own table.\n";

static void area(struct buf *out, const struct area *row)
{
    if (!row->checks->id)
        return;
    buf_printf(out, "\n## %s\n\n", row->title);
    for (const struct check *c = row->checks; c->id; c++)
        buf_printf(out, "* [%s](%s.md): %s\n", c->id, c->id, c->title);
}

void gen_kb(struct buf *out)
{
    buf_add_str(out, head);
    for (size_t i = 0; i < AREA_COUNT; i++)
        area(out, doctor_areas[i]);
}
