/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernel's messages of this boot, as backend.h describes `kernel_log`.
 */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include "base/str.h"

int log_read(const char *const *words, struct strv *ret);

#endif
