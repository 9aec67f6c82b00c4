/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Policy files to a desired state. Files are what an administrator wrote by hand, so every error
 * names file and line; sizes are limited because the daemon reads them too.
 */
#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

#include "core/desired.h"

#define POLICY_BYTES (1u << 20) /* of one file */
#define POLICY_NODES 100000u
#define POLICY_DEPTH 16u

/* Reads one file, or the *.yaml, *.yml and *.json files of a folder in the order of their names
 * (hidden ones are passed over), and appends to `ret`. -errno with `error` filled (code usage for
 * whatever is wrong with the files, also when there are none); then `ret` may hold what was read
 * before. */
int policy_load(const char *path, struct desired *ret, struct sriov_error *error);

/* The same of a text; `name` is what messages call it. It may hold POLICY_BYTES. */
int policy_load_text(const char *name, const char *text, size_t len, struct desired *ret,
                     struct sriov_error *error);

/* Is this, by its name in a folder, a policy file? */
bool policy_is_file_name(const char *name);

/* Has the folder a policy file? A host without one is no fault, nor is an empty folder. */
bool policy_folder_has_any(const char *path);

#endif
