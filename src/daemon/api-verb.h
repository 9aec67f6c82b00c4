/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon must know of sriovctl's command line: its verbs and options, printed by
 * src/gen/verbs.c from the tables of src/cli while building.
 */
#ifndef DAEMON_API_VERB_H
#define DAEMON_API_VERB_H

#include <stdbool.h>

struct wire_option {
    const char *name; /* without "--"; NULL ends a table */
    char letter;      /* 0: none */
    bool has_value;
    bool here; /* makes sense on the machine itself only */
};

struct wire_verb {
    const char *name; /* NULL ends the table */
    bool writes, lends, here;
    const struct wire_option *options;
};

extern const struct wire_option wire_globals[]; /* of every verb */
extern const struct wire_verb wire_verbs[];

#endif
