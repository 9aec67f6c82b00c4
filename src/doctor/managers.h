/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who else configures a PF. VFs are made by systemd, netplan, NetworkManager, ifupdown, udev rules,
 * module parameters, scripts, the operator of a Kubernetes cluster and by us, each in its own
 * files; two of them on one PF undo each other at the next boot or change of a profile. One table
 * of places and words, and a search that says file, line and what stands there.
 *
 * The files are read, not understood: a line that makes VFs counts if it, its section or its file
 * (as the place has it) names the PF by name, altname, PCI address, MAC address, or by its driver.
 */
#ifndef DOCTOR_MANAGERS_H
#define DOCTOR_MANAGERS_H

#include "core/model.h"

struct manager {
    const char *owner; /* "systemd", "NetworkManager", "udev", ... */
    bool makes_vfs;    /* sets their number; else settings of VFs only */
    char path[256];
    unsigned line;  /* from 1 */
    char text[160]; /* the line as it stands, without blanks around it */
};

struct managers {
    struct manager *items;
    size_t count;
};

/* Files that may speak of SR-IOV. */
struct manager_file {
    size_t place; /* its row in the table */
    char path[256];
    char *text;
};

struct manager_files {
    struct manager_file *items;
    size_t count;
    bool incomplete; /* there are files that we may not read */
};

/* Reads those files of the table's places that hold one of its words. 0 or -ENOMEM. */
int manager_files_read(struct backend *b, struct manager_files *ret);
void manager_files_done(struct manager_files *f);

/* What they say about one PF, in the order of the table. 0 or -ENOMEM. */
int managers_find(const struct manager_files *f, const struct pf *pf, struct managers *ret);
void managers_done(struct managers *m);

/* How many different owners make VFs. */
size_t managers_count_makers(const struct managers *m);

/* What `text`, a file of row `place`, says; for tests and managers_find. */
int managers_find_in(const struct manager_file *file, const struct pf *pf, struct managers *ret);

/* The row of a folder or file in the table, SIZE_MAX if there is none. */
size_t manager_place(const char *path);

#endif
