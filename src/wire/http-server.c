/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The server of http.h on libmicrohttpd.
 */
#include "wire/http.h"

struct http_server *http_server_free(struct http_server *s)
{
    return NULL;
}
