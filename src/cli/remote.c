/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What of the command line can be asked of another machine, and the way to the program that asks.
 */
#include "cli/remote.h"

#include <stdio.h>

/* Words of verbs that make sense on the machine itself only, where the verb's others do elsewhere.
 */
static const struct {
    const struct verb *verb;
    const char *word;
} words_here[] = {
    { &verb_host, "prepare" },
};

bool remote_is_asked(const struct app *a)
{
    return a->options.host && !a->options.help && !a->options.version && a->verb != &verb_help &&
           a->verb != &verb_version;
}

static int not_there(struct app *a, const char *what)
{
    int r = error_set(&a->error, SRIOV_USAGE, 0, what, "does not work with --host");
    error_remedy(&a->error, "run it on that machine");
    return r;
}

static bool is_given(const struct option_row *row, const struct options *o)
{
    const char *place = (const char *)o + row->offset;
    switch (row->kind) {
    case OPTION_FLAG:
        return *(const bool *)(const void *)place;
    case OPTION_TEXT:
        return *(const char *const *)(const void *)place != NULL;
    case OPTION_NUMBER:
        return *(const uint64_t *)(const void *)place != 0;
    case OPTION_CHOICE:
        return *(const unsigned *)(const void *)place != 0;
    case OPTION_WORDS:
        return ((const struct words *)(const void *)place)->count > 0;
    }
    return false;
}

/* Those that say how to get there are of this machine, too, and are meant for us. */
static bool is_of_the_way(const struct option_row *row)
{
    static const size_t places[] = { OPTION(host), OPTION(token_file), OPTION(ca),
                                     OPTION(insecure) };
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        if (row->offset == places[i])
            return true;
    }
    return false;
}

static int check_options(struct app *a, const struct option_row *rows)
{
    for (const struct option_row *row = rows; row && row->name; row++) {
        char name[40];
        if (!row->here || is_of_the_way(row) || !is_given(row, &a->options))
            continue;
        snprintf(name, sizeof(name), "--%s", row->name);
        return not_there(a, name);
    }
    return 0;
}

int remote_check(struct app *a)
{
    if (a->verb->flags & VERB_HERE || a->program->word)
        return not_there(a, a->verb->name);
    for (size_t i = 0; i < ELEMENTS(words_here); i++) {
        char what[40];
        if (a->verb != words_here[i].verb || !str_eq(a->args[0], words_here[i].word))
            continue;
        snprintf(what, sizeof(what), "%s %s", a->verb->name, words_here[i].word);
        return not_there(a, what);
    }
    int r = check_options(a, global_options);
    return r < 0 ? r : check_options(a, a->verb->options);
}

int remote_exec(struct app *a, char **argv)
{
    return program_exec("sriovctl-remote", "--host", argv, &a->error);
}
