/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Running a program of the system, as backend.h describes `run`.
 */
#ifndef KERNEL_SPAWN_H
#define KERNEL_SPAWN_H

#include <stddef.h>

int spawn_and_wait(const char *const *argv, char *text, size_t text_size);

#endif
