/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl version. The build gives SRIOV_VERSION, from the project's meson.build.
 */
#include "cli/app.h"

static int run_version(struct app *a)
{
    if (!a->options.json) {
        buf_add_str(&a->out, "sriovctl " SRIOV_VERSION "\n");
        return 0;
    }
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_str(&w, "version", SRIOV_VERSION);
    json_end(&w);
    buf_add_char(&a->out, '\n');
    return 0;
}

const struct verb verb_version = {
    .name = "version",
    .synopsis = "version",
    .help = "print the version",
    .details = (const char *const[]){ "Prints the version of sriovctl.", NULL },
    .examples =
        (const struct example[]){
            { "version --json", "the version as a JSON object" },
            { NULL, NULL },
        },
    .run = run_version,
};
