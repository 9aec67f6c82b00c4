/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text for other eyes: MAC, GUID and IP addresses, and names that are given, become others. The
 * same one becomes the same everywhere, so what belongs together still does. Addresses come from
 * the ranges that are kept for this: 02:00:00:…, 192.0.2.…, 2001:db8::….
 */
#ifndef DOCTOR_MASK_H
#define DOCTOR_MASK_H

#include "base/buf.h"
#include "base/str.h"

struct mask {
    struct strv words, word_masks;   /* one for one */
    struct strv macs, guids, v4, v6; /* as they stand in the text; the place is the new number */
};

void mask_done(struct mask *m);

/* From now on `word` becomes "KIND-1", "KIND-2" ...; "" and what is known already change nothing. 0
 * or -ENOMEM. */
int mask_word(struct mask *m, const char *word, const char *kind);

/* Appends the text masked. 0 or -ENOMEM. */
int mask_text(struct mask *m, const char *text, struct buf *ret);

#endif
