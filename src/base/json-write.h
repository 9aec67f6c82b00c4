/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writes JSON as it goes, without a tree. Commas and escaping are its business; the nesting is the
 * caller's. Strings that are not UTF-8 (sysfs can hold anything) have their bad bytes replaced by
 * U+FFFD.
 *
 *     json_object(&w, NULL);
 *     json_str(&w, "name", "enp1s0");
 *     json_u64(&w, "mtu", 1500);
 *     json_end(&w);
 */
#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct json_writer {
    struct buf *out;
    unsigned depth;
    bool comma;        /* the next value needs one before it */
    uint64_t is_array; /* bit per depth */
};

#define JSON_WRITER(buffer) ((struct json_writer){ .out = (buffer) })

/* Jansson exports functions of three of these names: ours must be other symbols, or a program that
 * links both could lead jansson's parser into our writer. */
#define JSON_SYMBOL(name) __asm__("json_write_" #name)

/* `key` is NULL inside an array and for the outermost value. json_end closes the innermost. */
void json_object(struct json_writer *w, const char *key) JSON_SYMBOL(object);
void json_array(struct json_writer *w, const char *key) JSON_SYMBOL(array);
void json_end(struct json_writer *w);

void json_str(struct json_writer *w, const char *key, const char *value); /* NULL gives null */
void json_str_len(struct json_writer *w, const char *key, const char *value, size_t len);
void json_u64(struct json_writer *w, const char *key, uint64_t value);
void json_i64(struct json_writer *w, const char *key, int64_t value);
void json_bool(struct json_writer *w, const char *key, bool value);
void json_null(struct json_writer *w, const char *key) JSON_SYMBOL(null);

#endif
