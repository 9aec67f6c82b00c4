/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Growing byte buffer. Everything the program prints or sends is built in one of these, so the
 * capacity doubles: n appends cost O(n) copies. A failed allocation only sets `failed`; the
 * contents stay as they were, and writers are spared an error path per append.
 */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"

#define FIRST_CAPACITY 128

void buf_done(struct buf *b)
{
    free(b->data);
    *b = BUF_INIT;
}

/* Makes room for `more` bytes and the NUL byte behind them. */
static bool grow(struct buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (more < b->cap - b->len)
        return true;

    size_t cap = MAX_OF(b->cap, (size_t)FIRST_CAPACITY);
    while (cap <= SIZE_MAX / 4 && cap - b->len <= more)
        cap *= 2;
    char *data = cap - b->len > more ? realloc(b->data, cap) : NULL;
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (!grow(b, len))
        return;
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

/* Formats into the spare room first: the second pass is needed only when the text did not fit. */
void buf_printf(struct buf *b, const char *format, ...)
{
    if (!grow(b, 1))
        return;
    for (int pass = 0; pass < 2; pass++) {
        va_list ap;
        va_start(ap, format);
        int n = vsnprintf(b->data + b->len, b->cap - b->len, format, ap);
        va_end(ap);
        if (n >= 0 && (size_t)n < b->cap - b->len) {
            b->len += (size_t)n;
            return;
        }
        b->data[b->len] = '\0';
        if (n < 0 || !grow(b, (size_t)n))
            break;
    }
    b->failed = true;
}

void *buf_add_space(struct buf *b, size_t len)
{
    if (!grow(b, len))
        return NULL;
    char *start = b->data + b->len;
    memset(start, 0, len + 1);
    b->len += len;
    return start;
}

void buf_add_hex(struct buf *b, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = data;
    char *out = len <= SIZE_MAX / 4 ? buf_add_space(b, 2 * len) : NULL;
    if (!out) {
        b->failed = true;
        return;
    }
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

/* Decodes in place behind the contents; a bad digit takes the half-decoded bytes back. */
int buf_add_from_hex(struct buf *b, const char *hex, size_t hex_len)
{
    if (hex_len % 2 != 0)
        return -EINVAL;
    uint8_t *out = buf_add_space(b, hex_len / 2);
    if (!out)
        return -ENOMEM;
    for (size_t i = 0; i < hex_len; i += 2) {
        int high = str_hex_digit(hex[i]);
        int low = str_hex_digit(hex[i + 1]);
        if (high < 0 || low < 0) {
            b->len -= hex_len / 2;
            b->data[b->len] = '\0';
            return -EINVAL;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

int buf_ok(const struct buf *b)
{
    return b->failed ? -ENOMEM : 0;
}

char *buf_steal(struct buf *b)
{
    if (!grow(b, 0))
        return NULL;
    b->data[b->len] = '\0';
    char *text = b->data;
    *b = BUF_INIT;
    return text;
}
