/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pieces of text that several verbs print: settings of a VF, the state of a PF, holders, quirks.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "core/holder.h"
#include "core/quirk.h"

/* A list of words with ", " between them. */
void text_add(struct buf *list, const char *format, ...) _printf_(2, 3);

/* "spoofchk off, max_tx_rate 500": what of a VF differs from how its driver makes it. MAC, VLAN,
 * driver and name are not among it. */
void text_settings(const struct vf *vf, struct buf *ret);

/* "4/7 VFs, up, 10 Gbit/s". */
void text_pf_state(const struct pf *pf, struct buf *ret);

/* The holders of a VF, or of the PF itself (HOLDER_OF_PF). */
void text_holders(const struct holders *all, const struct pf *pf, int vf, struct buf *ret);

/* Number as text; "" for what is not known (below 0). */
#define NUMBER_SIZE 24
const char *text_number(int64_t number, char ret[NUMBER_SIZE]);

/* "link_state: refused; the driver has no VF link control". */
void text_quirk(const struct quirk *q, struct buf *ret);

/* Is the row about this PCI device id of its driver? */
bool text_quirk_is_of_device(const struct quirk *q, unsigned device);

/* What a driver flag means, one clause; NULL beyond the last. */
const char *text_driver_flag(unsigned bit);

#endif
