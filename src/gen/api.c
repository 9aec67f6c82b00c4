/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gen-api: prints the daemon's route table as a page for people or as OpenAPI.
 */
#include <stdio.h>

#include "base/str.h"
#include "daemon/api.h"

int main(int argc, char **argv)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    int r;

    if (argc != 2 || (!str_eq(argv[1], "page") && !str_eq(argv[1], "openapi"))) {
        fputs("usage: gen-api page|openapi\n", stderr);
        return 2;
    }
    r = str_eq(argv[1], "page") ? api_page_write(&out) : openapi_write(&out);
    if (r < 0 || fwrite(out.data, 1, out.len, stdout) != out.len)
        return 1;
    return 0;
}
