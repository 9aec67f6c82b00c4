/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The keys of a SriovNetworkNodePolicy, one row each, for the manual page. Each table ends with a
 * row without a name. The reader is desired_add_kubernetes (desired.h).
 */
#ifndef CORE_KUBERNETES_H
#define CORE_KUBERNETES_H

#include "core/policy-keys.h"

extern const struct policy_key kubernetes_top_keys[];      /* the document */
extern const struct policy_key kubernetes_metadata_keys[]; /* metadata */
extern const struct policy_key kubernetes_spec_keys[];     /* spec */
extern const struct policy_key kubernetes_selector_keys[]; /* spec.nicSelector */

#endif
