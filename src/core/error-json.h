/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An error as programs see it, on the command line with --json and from the API.
 */
#ifndef CORE_ERROR_JSON_H
#define CORE_ERROR_JSON_H

#include "core/holder.h"

/* {"error":{"code","object","message","kernel","remedy","holders":[…]}}; `holders` may be NULL. */
void error_json(const struct sriov_error *e, const struct holders *holders, struct json_writer *w);

#endif
