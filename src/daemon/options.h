/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options of sriovd: one table, from which come reading, --help and the man page.
 */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "daemon/daemon.h"

struct daemon_command {
    struct daemon_options daemon;
    const char *textfile; /* NULL: be a daemon */
    bool help, version;
};

struct daemon_option {
    const char *name; /* NULL ends the table */
    const char *word; /* what it takes; NULL: nothing */
    size_t offset;
    const char *help;
};

extern const struct daemon_option daemon_option_rows[];

/* The other things that the program can be called for, beside options: "token list". */
struct daemon_word {
    const char *words; /* NULL ends the table */
    const char *help;
};
extern const struct daemon_word daemon_words[];

/* -EINVAL after a line on stderr that says what is wrong. */
int daemon_read_options(int argc, char **argv, struct daemon_command *ret);
void daemon_print_help(void);

#endif
