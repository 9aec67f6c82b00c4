/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text helpers: strict numbers, fixed-size copies that say when they cut, lists of strings, and the
 * "did you mean" search.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

static inline bool str_eq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Also true of a text that is nothing but the suffix. */
bool str_ends(const char *s, const char *suffix);

/* Does `s` hold one of the words of a NULL-terminated list? */
bool str_has_any(const char *s, const char *const *words);

/* The part of a path behind its last slash. Points into `path`. */
const char *str_base_name(const char *path);

/* Copies `src` into an array of `size` bytes, always terminated. False if it did not fit (then the
 * start of it is there). */
bool str_copy(char *dst, size_t size, const char *src);
#define STR_SET(array, src) str_copy((array), sizeof(array), (src))

/* Decimal digits or 0x-prefixed hexadecimal, nothing else (no sign, no blanks, not empty), up to
 * `max`. Returns 0, -EINVAL, or -ERANGE when it is a number above `max`. */
int str_to_u64(const char *s, uint64_t max, uint64_t *ret);

/* The same for hexadecimal without a prefix (sysfs style "8086"); a leading 0x is taken too. */
int str_hex_to_u64(const char *s, uint64_t max, uint64_t *ret);

/* Value of one hexadecimal digit, -1 if it is none. */
static inline int str_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Length of the well-formed UTF-8 character at `s` (RFC 3629: no overlong forms, no surrogates), 0
 * if the first of the `len` bytes begins none. */
size_t str_utf8_len(const char *s, size_t len);

/* Cuts white space off both ends, in place; returns the new start (inside `s`). */
char *str_trim(char *s);

/* True if every byte is printable ASCII other than control characters, and the length is 1..max. */
bool str_is_plain(const char *s, size_t max);

/* A list of allocated strings. */
struct strv {
    char **items;
    size_t count;
};

#define STRV_INIT ((struct strv){ 0 })
#define _cleanup_strv_ _cleanup_(strv_done)

void strv_done(struct strv *v);
int strv_add(struct strv *v, const char *s);                 /* 0 or -ENOMEM; copies s */
int strv_add_len(struct strv *v, const char *s, size_t len); /* 0 or -ENOMEM */
int strv_split(struct strv *v, const char *s,
               char separator); /* appends the parts, empty ones too */
bool strv_has(const struct strv *v, const char *s);
void strv_sort(struct strv *v); /* natural order: vf2 before vf10 */

/* Compares like strcmp, but runs of digits by their value ("enp1s0v2" before "enp1s0v10"). */
int str_natural_cmp(const char *a, const char *b);

/* The entry of a NULL-terminated word list nearest to `word`, or NULL if none is near enough to be
 * a plausible slip (edit distance above 2, or above a third of the longer word). Swapped neighbours
 * are one edit, the case of ASCII letters is none. */
const char *str_nearest(const char *word, const char *const *words);

#endif
