/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text in HTML and SVG.
 */
#ifndef BENCH_MARKUP_H
#define BENCH_MARKUP_H

#include "base/buf.h"

/* Adds text so that it is shown as it is: between tags, or in an attribute in double quotes. What
 * XML does not take (control characters, bytes that are no UTF-8) becomes '?'. */
void markup_add(struct buf *out, const char *text);

#endif
