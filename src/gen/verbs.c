/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gen-verbs: prints verbs and options of sriovctl as the tables of daemon/api-verb.h, so that the
 * daemon knows them without being linked with the program.
 */
#include <stdio.h>

#include "cli/program.h"

static void print_options(const char *name, const struct option_row *rows)
{
    printf("%sconst struct wire_option %s[] = {\n", rows == global_options ? "" : "static ", name);
    for (; rows && rows->name; rows++) {
        printf("    { \"%s\", ", rows->name);
        if (rows->letter)
            printf("'%c'", rows->letter);
        else
            printf("0");
        printf(", %s, %s },\n", rows->kind == OPTION_FLAG ? "false" : "true",
               rows->here ? "true" : "false");
    }
    printf("    { 0 },\n};\n\n");
}

static const char *flag(const struct verb *v, enum verb_flags flag)
{
    return v->flags & flag ? "true" : "false";
}

int main(void)
{
    char name[40];

    printf(
        "/* Made by src/gen/verbs.c. */\n#include <stddef.h>\n\n#include \"daemon/api-verb.h\"\n\n");
    print_options("wire_globals", global_options);
    for (size_t i = 0; program_sriovctl.verbs[i]; i++) {
        snprintf(name, sizeof(name), "options_%s", program_sriovctl.verbs[i]->name);
        print_options(name, program_sriovctl.verbs[i]->options);
    }
    printf("const struct wire_verb wire_verbs[] = {\n");
    for (size_t i = 0; program_sriovctl.verbs[i]; i++) {
        const struct verb *v = program_sriovctl.verbs[i];
        printf("    { \"%s\", %s, %s, %s, options_%s },\n", v->name, flag(v, VERB_WRITES),
               flag(v, VERB_LENDS), flag(v, VERB_HERE), v->name);
    }
    printf("    { 0 },\n};\n");
    return 0;
}
