/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The pools of the policy in force: named sets of VFs to lend from. libsriov links no YAML library,
 * so whoever applies a policy leaves its pools as JSON, in the policy's own form, in
 * STATE_DIR/pools.json; everybody who lends VFs reads them there. A pool is known from the moment
 * its policy was applied, and no longer once one without it was.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/desired.h"

/* A name may stand for one pool only, whatever number of files the policy has: -EEXIST (code usage)
 * with both places. */
int pools_check(const struct desired *d, struct sriov_error *error);

/* As the key "pools" of the object that is open, in the policy's own form. */
void pools_json(const struct desired *d, struct json_writer *w);

/* Keeps the pools of `d` (checked). Equal ones are not written again, and no pools where none were
 * kept is no write either. */
int pools_save(const char *state_dir, const struct desired *d, struct sriov_error *error);

/* Adds what was kept to `ret`, which has no pools yet. No file is no pools. */
int pools_load(const char *state_dir, struct desired *ret, struct sriov_error *error);

/* -ENOENT (code no device) with the nearest name as remedy. */
int pool_find(const struct desired *d, const char *name, const struct pool **ret,
              struct sriov_error *error);

/* Does a source of a pool name this VF of its PF? */
bool pool_source_has(const struct pool_source *source, unsigned vf);

#endif
