/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Running a program of the system, as backend.h describes `run`.
 */
#ifndef KERNEL_SPAWN_H
#define KERNEL_SPAWN_H

#include <stddef.h>

#include "base/buf.h"

int spawn_and_wait(const char *const *argv, char *text, size_t text_size);

/* The same for a program whose output is wanted: at most `limit` bytes of it are appended to `ret`,
 * and what follows is read and dropped. Its stderr goes nowhere. */
int spawn_and_read(const char *const *argv, size_t limit, struct buf *ret);

#endif
