/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A growing byte buffer. It is always followed by a NUL byte that `len` does not count, so `data`
 * of a buffer that holds text is a string (NULL only while nothing was ever added). Running out of
 * memory is remembered in `failed`: a writer checks once, at the end, with buf_ok().
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
    bool failed;
};

#define BUF_INIT ((struct buf){ 0 })

/* Frees the contents and makes the buffer empty again. */
void buf_done(struct buf *b);

/* Append. After a failed allocation they do nothing. */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) _printf_(2, 3);

/* Appends `len` zero bytes and returns where they start, NULL without memory. The pointer is good
 * until the next append. */
void *buf_add_space(struct buf *b, size_t len);

/* Appends bytes as lower-case hexadecimal. */
void buf_add_hex(struct buf *b, const void *data, size_t len);

/* Reads hexadecimal text into the buffer. Returns 0, -EINVAL (odd length, no hex digit) or -ENOMEM.
 */
int buf_add_from_hex(struct buf *b, const char *hex, size_t hex_len);

/* 0, or -ENOMEM if any append failed. */
int buf_ok(const struct buf *b);

/* Hands the contents over as an allocated string (never NULL on success) and empties the buffer.
 * Returns NULL if memory ran out. */
char *buf_steal(struct buf *b);

#define _cleanup_buf_ _cleanup_(buf_done)

#endif
