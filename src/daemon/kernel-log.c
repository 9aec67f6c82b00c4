/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Messages of the kernel.
 */
#include "daemon/daemon.h"

int kernel_log_new(struct daemon *d, struct kernel_log **ret)
{
    return 0;
}

struct kernel_log *kernel_log_free(struct kernel_log *k)
{
    return NULL;
}
