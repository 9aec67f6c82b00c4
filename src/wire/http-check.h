/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the HTTP server asks of a request before it lets it in, as far as that is text; and the
 * words with which it refuses.
 */
#ifndef WIRE_HTTP_CHECK_H
#define WIRE_HTTP_CHECK_H

#include "base/buf.h"

/* Decodes %XX in place and returns the new length. False in *ret_ok for a '%' without two digits,
 * and for what decodes to NUL or another control character, or to no UTF-8. */
size_t http_decode(char *text, bool *ret_ok);

/* Of a decoded path: begins with a slash, no segment is "." or "..", no backslash. */
bool http_path_is_good(const char *path);

/* Of a Host header: a name, an IPv4 address or an IPv6 address in brackets, maybe with a port. */
bool http_host_is_good(const char *host);

/* Decimal digits and nothing else; what is too large for a number is UINT64_MAX. */
bool http_length_read(const char *text, uint64_t *ret);

/* {"error":{...}} as sriovctl --json has it. */
void http_error_body(struct buf *out, unsigned status, const char *message, const char *remedy);

#endif
