/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is different between two snapshots, attribute by attribute.
 */
#ifndef CORE_DIFFERENCE_H
#define CORE_DIFFERENCE_H

#include "core/desired.h"

struct difference {
    char object[OBJECT_SIZE];
    const struct pf *pf;    /* as it is now; as it was if it is gone */
    int vf;                 /* -1: the PF itself */
    const char *what;       /* "vlan", or "present" for a device that came or went */
    const struct attr *row; /* an attribute: its values are in before and after */
    const struct attrs *before, *after;
    bool came, went; /* the device itself: from and to are "no" and "yes", or the other way round */
    const char *from, *to; /* anything else: texts, NULL where there is none */
};

/* Calls `found` for each; stops when that returns other than 0, and returns it. */
int difference_find(const struct snapshot *before, const struct snapshot *after,
                    int (*found)(void *userdata, const struct difference *d), void *userdata);

/* Does it leave what is wanted? */
bool difference_is_drift(const struct difference *d, const struct goals *wanted);

/* Adds its keys to an open object: "object", "what", "from", "to". */
void difference_json(const struct difference *d, struct json_writer *w);

/* "vlan: 0 -> 5"; names of netdevs and drivers are other people's bytes. */
#define DIFFERENCE_TEXT_SIZE 128
void difference_text(const struct difference *d, char ret[DIFFERENCE_TEXT_SIZE]);

#endif
