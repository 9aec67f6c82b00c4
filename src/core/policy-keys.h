/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The keys of a policy document, one row each; the reader (desired.c) and the manual page are made
 * from them. Each table ends with a row without a name.
 */
#ifndef CORE_POLICY_KEYS_H
#define CORE_POLICY_KEYS_H

#include "core/desired.h"

struct document_reader;

struct policy_key {
    const char *name;
    int (*read)(struct document_reader *rd, const struct node *n, void *into);
    const char *help;
};

extern const struct policy_key policy_top_keys[]; /* the document */
extern const struct policy_key policy_pf_keys[];  /* an entry of pfs, beside the PF's attributes */
extern const struct policy_key policy_match_keys[];  /* match */
extern const struct policy_key policy_pool_keys[];   /* an entry of pools */
extern const struct policy_key policy_source_keys[]; /* an entry of a pool's "from" */

#endif
