/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Help on the terminal, made from the tables of verbs and options.
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/app.h"

/* All verbs and the global options. */
int help_overview(struct app *a);

/* One verb. */
int help_verb(struct app *a, const struct verb *v);

/* Name and value of an option as help and man page write them: "-f, --file FILE|DIR". */
#define OPTION_TEXT_SIZE 64
void option_text(const struct option_row *row, char ret[OPTION_TEXT_SIZE]);

#endif
