/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What of a tree decides which parameters it needs: its kernel, and that kernel's configuration.
 */
#ifndef BOOT_FACTS_H
#define BOOT_FACTS_H

#include "boot/boot.h"
#include "boot/tree.h"

struct boot_facts {
    char release[128];     /* "6.12.57+deb13-amd64"; "" if the tree has no kernel */
    char config_path[160]; /* "" if it does not have its configuration */
    char *config;          /* text; NULL */
    char modules[160];     /* "/usr/lib/modules/RELEASE" */
    char image[160];       /* the kernel's file */
    bool vfio_built_in;
};

int boot_facts_read(const struct boot_request *q, const struct tree *t, struct boot_facts *ret);
void boot_facts_done(struct boot_facts *f);

/* Is CONFIG_NAME=y? */
bool boot_facts_has(const struct boot_facts *f, const char *name);

/* Is the kernel at least this version? False if it is not known. */
bool boot_facts_since(const struct boot_facts *f, unsigned major, unsigned minor);

#endif
