/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * YAML text to documents (node.h). Aliases and anchors are refused (a policy needs none, and they
 * make small files large), tags too; merge keys do not exist. The only user of libyaml.
 */
#ifndef BASE_YAML_READ_H
#define BASE_YAML_READ_H

#include "base/node.h"

/* Reads every document of the stream ("---" separates them) into a list node whose items are the
 * documents; an empty stream gives an empty list. Limits hold for the whole stream. Returns 0;
 * -EINVAL with `error` filled; -ENOMEM. */
int yaml_read(const char *text, size_t len, const struct node_limits *limits, struct node **ret,
              struct node_error *error);

#endif
