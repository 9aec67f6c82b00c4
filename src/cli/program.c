/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The search in a program's verbs, and the way to another program.
 */
#include "cli/program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/str.h"
#include "kernel/host.h"

#define VERBS_MAX 64

const struct verb *program_verb(const struct program *p, const char *name, const char **ret_nearest)
{
    const char *names[VERBS_MAX + 1];
    size_t n = 0;
    for (; p->verbs[n] && n < VERBS_MAX; n++) {
        if (str_eq(p->verbs[n]->name, name))
            return p->verbs[n];
        names[n] = p->verbs[n]->name;
    }
    names[n] = NULL;
    if (ret_nearest)
        *ret_nearest = str_nearest(name, names);
    return NULL;
}

/* Beside us, as in a folder that was unpacked somewhere; below the prefix that we are in now; where
 * the build was told to put it. */
int program_exec(const char *file, const char *object, char **argv, struct sriov_error *error)
{
    static const char *const places[] = { "", "../libexec/sriovd/" };
    char folder[PATH_MAX], path[PATH_MAX + 64];
    bool known = host_program_folder(folder, sizeof(folder)) >= 0;
    for (size_t i = 0; known && i < ELEMENTS(places); i++) {
        snprintf(path, sizeof(path), "%s/%s%s", folder, places[i], file);
        execv(path, argv);
    }
    snprintf(path, sizeof(path), SRIOV_LIBEXECDIR "/%s", file);
    execv(path, argv);
    int r = error_set(error, SRIOV_FAILED, errno, object, "cannot run %s", file);
    error_remedy(error, "it belongs into " SRIOV_LIBEXECDIR);
    return r;
}
