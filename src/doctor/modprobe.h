/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What modprobe and the kernel are told about a module before it is loaded: options and
 * prohibitions, in the files of modprobe.d and on the kernel's command line; and whether the module
 * is there at all.
 */
#ifndef DOCTOR_MODPROBE_H
#define DOCTOR_MODPROBE_H

#include "doctor/check.h"

/* One line that speaks of a module. */
struct module_rule {
    char place[288]; /* "/etc/modprobe.d/igb.conf:3", "/proc/cmdline" */
    char text[128];  /* the line, or the parameter */
};

enum module_ban {
    BAN_NONE,
    BAN_BY_DEVICE, /* "blacklist": not loaded for a device that is found, by name it is */
    BAN_ALWAYS,    /* an install line that does nothing, or module_blacklist= */
};

/* The strictest line against a module; `ret` is untouched if there is none. */
enum module_ban module_ban(struct doctor *d, const char *module, struct module_rule *ret);

/* A line or parameter that gives `option` a value that begins with a digit other than 0. */
bool module_option(struct doctor *d, const char *module, const char *option,
                   struct module_rule *ret);

/* Is MODULE.ko, compressed or not, in this folder of /lib/modules/RELEASE? */
bool module_installed(struct doctor *d, const char *folder, const char *module);

/* Of one line of modprobe.d (no newline at its end): what it forbids, and whether it gives the
 * option as above. For the functions above, and for tests. */
enum module_ban modprobe_line_ban(const char *line, const char *module);
bool modprobe_line_option(const char *line, const char *module, const char *option);

#endif
