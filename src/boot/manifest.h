/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The journal's manifest as JSON, and the copies it names.
 */
#ifndef BOOT_MANIFEST_H
#define BOOT_MANIFEST_H

#include "boot/journal.h"

#define MANIFEST_NAME "manifest.json"

int manifest_write(const struct journal *j, struct buf *ret);

/* Fills an opened journal. -ENOENT if there is none, -EBADMSG if it, or a copy, is damaged. */
int manifest_read(struct journal *j);

#endif
