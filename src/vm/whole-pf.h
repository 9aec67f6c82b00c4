/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A whole PF for a VM: what people do who have no VFs, and what costs the host the NIC. There is no
 * lease of a PF, and nothing puts back what goes with its driver, so it is asked for twice (--yes)
 * and refused where somebody is hurt.
 */
#ifndef VM_WHOLE_PF_H
#define VM_WHOLE_PF_H

#include "cli/app.h"
#include "vm/plug.h"

/* Is the word a PF, not a VF? Then *ret is it, until the session's snapshot is read anew. */
bool whole_pf_is_meant(struct app *a, const char *word, const struct pf **ret);

/* Attaches it as `q` says (word and partner are not looked at). -EBUSY (code in use): somebody has
 * a VF of it, or its netdev carries the default route, the administrator's connection or another
 * interface; who that is is in app->victims. -EINVAL (code usage): --yes is missing, and the
 * consequences are named; or there are settings, which a PF does not take. */
int whole_pf_attach(struct app *a, const struct plug_request *q, const struct pf *pf);

#endif
