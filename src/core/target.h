/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which PF or VFs a word means: "enp1s0", an altname, "0000:01:00.0" or "01:00.0", a MAC; with
 * "/3", "/0-3" or "/0,2-4" behind it VFs; the PCI address or netdev name of a VF means that VF.
 */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include "core/model.h"

struct target {
    struct pf *pf;
    bool has_vfs;      /* false: the PF itself */
    unsigned *indexes; /* sorted, no repeats, each below MAX_VFS */
    size_t count;
};

#define MAX_VFS 65535

/* -ENODEV (code no device, with the nearest name as remedy) if there is no such PF or VF, -EINVAL
 * (code usage) if the word is malformed. VF numbers are checked against the VFs that exist. */
int target_find(const struct snapshot *s, const char *word, struct target *ret,
                struct sriov_error *error);
void target_done(struct target *t);

/* Only the PF part of a word. */
struct pf *target_find_pf(const struct snapshot *s, const char *word);

/* A list of ranges "0", "1-3", "0,2-4", added to the numbers that *ret holds (NULL and 0 at first).
 * The result is sorted, has no repeats and is the caller's to free. -EINVAL, -ERANGE (a number of
 * max or more). */
int ranges_parse(const char *text, unsigned max, unsigned **ret, size_t *ret_count);

#endif
