/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Filling a struct sriov_error (sriov/error.h). Set once, where the cause is known; callers only
 * pass it on.
 */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include "base/cleanup.h"
#include "sriov/error.h"

/* Fills `e` (NULL is fine) and returns -errno: the given `error` (positive errno), or -EINVAL when
 * it is 0. Kernel text and remedy are emptied; the errno's own text goes into the kernel text if
 * there is an errno. */
int error_set(struct sriov_error *e, enum sriov_code code, int error, const char *object,
              const char *format, ...) _printf_(5, 6);

/* Replaces the kernel's words, e.g. by an extended-ack text; empty and NULL leave what is there. */
void error_kernel(struct sriov_error *e, const char *text);
void error_remedy(struct sriov_error *e, const char *format, ...) _printf_(2, 3);

int error_no_memory(struct sriov_error *e);

/* Fits an errno of the kernel to a code: no permission, no device, not supported, else failed. */
enum sriov_code error_code_of(int error);

#endif
