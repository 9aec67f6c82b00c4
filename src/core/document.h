/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Walking a document by tables of keys, for the readers of both forms of a policy (desired.c,
 * kubernetes.c) and of an audit's baseline: each map has a table of the keys it may hold, and
 * whatever is wrong is one error with file, line and, for an unknown key, the nearest known one. No
 * part of the public API.
 */
#ifndef CORE_DOCUMENT_H
#define CORE_DOCUMENT_H

#include "core/desired.h"
#include "core/policy-keys.h"

struct document_reader {
    struct desired *d;
    const char *file;
    struct sriov_error *error;
};

#define PLACE_SIZE 128 /* as the "where" of wishes and pools, and the object of an error */

/* "FILE:LINE"; the file alone where the line is not known. */
void document_place(const struct document_reader *rd, const struct node *n, char ret[PLACE_SIZE]);

/* Fills the reader's error (code usage) with place, key and message; returns -EINVAL. */
int document_wrong(const struct document_reader *rd, const struct node *n, const char *message);

/* Reads each entry of a map by its row in `keys`, which gets `into`; or, where `scope` is an enum
 * attr_scope and not -1, by the attribute of that name into `attrs`. */
int document_map(struct document_reader *rd, const struct node *map, const struct policy_key *keys,
                 int scope, struct attrs *attrs, void *into);

/* One value: of an attribute, a word without odd characters, a flag, a PCI vendor or device id. */
int document_attr(struct document_reader *rd, const struct attr *row, const struct node *n,
                  struct attrs *into);
int document_word(struct document_reader *rd, const struct node *n, char *ret, size_t size);
int document_flag(struct document_reader *rd, const struct node *n, bool *ret);
int document_id(struct document_reader *rd, const struct node *n, unsigned *ret, bool *ret_has);

/* Makes room for one more zeroed item at the end of the array that `array` points to; NULL without
 * memory. */
void *document_grow(void *array, size_t *count, size_t size);

#endif
