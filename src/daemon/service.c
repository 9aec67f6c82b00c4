/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * systemd's protocol for services.
 */
#include "daemon/service.h"

#include <errno.h>
#include <stdbool.h>
#include <systemd/sd-daemon.h>

void service_notify(const char *state)
{
    sd_notify(false, state);
}

int service_sockets(int *ret, size_t size)
{
    int n = sd_listen_fds(true);

    if (n < 0)
        return n;
    if ((size_t)n > size)
        return -E2BIG;
    for (int i = 0; i < n; i++)
        ret[i] = SD_LISTEN_FDS_START + i;
    return n;
}
