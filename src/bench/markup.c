/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Escaping for HTML and SVG.
 */
#include "bench/markup.h"

#include "base/str.h"

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

/* U+FFFE and U+FFFF are well-formed UTF-8, and no characters of XML. */
static bool is_no_character(const char *s, size_t len)
{
    return len == 3 && (unsigned char)s[0] == 0xef && (unsigned char)s[1] == 0xbf &&
           (unsigned char)s[2] >= 0xbe;
}

void markup_add(struct buf *out, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        size_t len = str_utf8_len(text, left);
        const char *entity = entity_of(*text);
        if (entity)
            buf_add_str(out, entity);
        else if (len == 0 || (unsigned char)*text < ' ' || is_no_character(text, len))
            buf_add_char(out, '?');
        else
            buf_add(out, text, len);
        len = MAX_OF(len, (size_t)1);
        text += len;
        left -= len;
    }
}
