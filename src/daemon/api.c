/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Routes.
 */
#include "daemon/daemon.h"

int api_new(struct daemon *d, struct api **ret, struct sriov_error *error)
{
    return 0;
}

struct api *api_free(struct api *a)
{
    return NULL;
}

void api_reload(struct api *a)
{
}
