/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The knowledge base as it stands in the program: the pages of docs/kb, one per check, compiled in
 * by embed-pages.py. kb_page() of doctor.h finds one.
 */
#ifndef DOCTOR_KB_H
#define DOCTOR_KB_H

struct kb_entry {
    const char *id;   /* of the check: the file's name without ".md" */
    const char *text; /* Markdown, as it stands in the file */
};

/* In the order of their ids; ends with an id of NULL. */
extern const struct kb_entry kb_entries[];

#endif
