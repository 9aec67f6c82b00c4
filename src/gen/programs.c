/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All that can be typed behind "sriovctl", whichever program does it.
 */
#include <stdio.h>

#include "bench/bench.h"
#include "gen/gen.h"
#include "vm/verb.h"

/* sriovctl-remote has no verbs of its own: it is sriovctl on another machine. */
static const struct {
    const char *file;
    const struct program *program;
} programs[] = {
    { "sriovctl-vm", &program_vm },
    { "sriovctl-bench", &program_bench },
};

const struct program *gen_program_of(const struct verb *v)
{
    for (size_t i = 0; i < ELEMENTS(programs) && v->program; i++) {
        if (str_eq(programs[i].file, v->program))
            return programs[i].program;
    }
    return NULL;
}

static void add(struct gen_verbs *all, const char *leader, const struct verb *v)
{
    struct gen_verb *ret = &all->items[all->count];
    if (all->count == ELEMENTS(all->items))
        return;
    ret->verb = v;
    ret->leader = leader;
    snprintf(ret->name, sizeof(ret->name), "%s%s%s", leader ? leader : "", leader ? " " : "",
             v->name);
    all->count++;
}

void gen_all_verbs(struct gen_verbs *ret)
{
    ret->count = 0;
    for (const struct verb *const *v = program_sriovctl.verbs; *v; v++) {
        const struct program *p = gen_program_of(*v);
        const struct verb *own = p && !p->word ? program_verb(p, (*v)->name, NULL) : NULL;
        add(ret, NULL, own ? own : *v);
        if (!p || !p->word)
            continue;
        ret->items[ret->count - 1].leads = true;
        for (const struct verb *const *sub = p->verbs; *sub; sub++)
            add(ret, p->word, *sub);
    }
}
