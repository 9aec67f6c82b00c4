/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON text to a document (node.h). Strict UTF-8, repeated keys and NUL refused, integers of 64
 * signed bits; a real becomes the shortest text that reads back the same. Nodes have no lines,
 * errors do. The only user of jansson.
 */
#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H

#include "base/node.h"

/* Returns 0; -EINVAL with `error` filled (may be NULL) if it is no JSON, breaks a limit or
 * repeats a key; -ENOMEM. The caller frees *ret with node_free. */
int json_read(const char *text, size_t len, const struct node_limits *limits, struct node **ret,
              struct node_error *error);

#endif
