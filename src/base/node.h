/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A read-only document: what a JSON or a YAML text says, with the line each value stands on. The
 * readers of both (json-read.h, yaml-read.h) make the same tree, so everything behind them --
 * policy, capture, ledger -- is written once. Limits of size, depth and number of nodes are
 * enforced while reading.
 */
#ifndef BASE_NODE_H
#define BASE_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

enum node_kind {
    NODE_NULL,
    NODE_SCALAR, /* number, bool or string: the text as written; `quoted` tells a string from a word
                  */
    NODE_LIST,
    NODE_MAP, /* keys in the order of the text; a repeated key is refused by the readers */
};

struct node {
    enum node_kind kind;
    bool quoted;
    unsigned line; /* 1 is the first; 0: unknown (JSON). A map's entry has the line of its key */
    char *key;     /* of a map's entry; NULL elsewhere */
    char *text;    /* NODE_SCALAR */
    size_t text_len;
    struct node *items; /* NODE_LIST, NODE_MAP */
    size_t count;
};

/* What was wrong with a text, for one line of an error message. */
struct node_error {
    unsigned line;
    char text[160];
};

struct node_limits {
    size_t bytes;
    size_t nodes;
    unsigned depth;
};

struct node *node_free(struct node *root); /* returns NULL */
DEFINE_CLEANUP(struct node *, node_free)
#define _cleanup_node_ _cleanup_(node_free_p)

/* The entry of a map, NULL if it is no map or has no such key. */
const struct node *node_get(const struct node *map, const char *key);

/* Convenience: text of a scalar entry, NULL if missing or no scalar. */
const char *node_get_text(const struct node *map, const char *key);

/* Scalar to number (base/str.h rules; a quoted string counts too) and to bool (true/false, on/off,
 * yes/no, 1/0). -EINVAL, -ERANGE. */
int node_to_u64(const struct node *n, uint64_t max, uint64_t *ret);
int node_to_bool(const struct node *n, bool *ret);

/* For the readers: adds an empty entry to a list or map and returns it (NULL: no memory). Earlier
 * pointers to entries of the same parent are no longer good. Key may be NULL; it is copied. */
struct node *node_add(struct node *parent, const char *key, unsigned line);

/* For the readers: fills `error` (may be NULL) and returns -EINVAL. Control characters that the
 * text quotes from the document become '?'. */
int node_fail(struct node_error *error, unsigned line, const char *format, ...) _printf_(3, 4);

#endif
