/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * modprobe. The daemon's unit gives up the right to load modules, which is a right to everything;
 * its jobs have systemd run the one command, with the one argument.
 */
#include "kernel/modprobe.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/str.h"
#include "kernel/spawn.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_."
#define UNIT_SIZE 256 /* the longest name that systemd takes */

void modprobe_escape(const char *name, char *ret, size_t size)
{
    size_t n = 0;

    for (const char *at = name; *at && n + 5 <= size; at++) {
        if (strchr(PLAIN, *at) && !(*at == '.' && at == name))
            ret[n++] = *at;
        else
            n += (size_t)snprintf(ret + n, size - n, "\\x%02x", (unsigned char)*at);
    }
    ret[n] = '\0';
}

/* Root that lacks the capability is in a sandbox; others could not ask systemd either. */
static bool is_in_sandbox(void)
{
    return geteuid() == 0 && prctl(PR_CAPBSET_READ, CAP_SYS_MODULE, 0, 0, 0) == 0 &&
           access("/run/systemd/system", F_OK) == 0;
}

static int start_unit(const char *const *argv, char *text, size_t text_size)
{
    char instance[UNIT_SIZE - 40], unit[UNIT_SIZE];
    const char *name = argv[0];
    bool remove = false;

    for (size_t i = 1; argv[i]; i++) {
        remove |= str_eq(argv[i], "-r");
        name = argv[i];
    }
    modprobe_escape(name, instance, sizeof(instance));
    snprintf(unit, sizeof(unit), "sriovd-modprobe%s@%s.service", remove ? "-remove" : "", instance);
    return spawn_and_wait((const char *[]){ "systemctl", "--quiet", "start", unit, NULL }, text,
                          text_size);
}

int modprobe_run(const char *const *argv, char *text, size_t text_size)
{
    return is_in_sandbox() ? start_unit(argv, text, text_size)
                           : spawn_and_wait(argv, text, text_size);
}
