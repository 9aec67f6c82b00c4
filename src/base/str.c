/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text helpers. Numbers are parsed by hand because strtoull takes signs, blanks and octal, each
 * of which turns a slip in a policy into another number. Ordering is total, so that a sorted
 * list is the same on every run whatever order readdir gave.
 */
#include "base/str.h"

#include <errno.h>

#define WORD_MAX 64 /* longest word that str_nearest compares */
#define SLIPS_MAX 2

bool str_ends(const char *s, const char *suffix)
{
    size_t len = strlen(s), end = strlen(suffix);
    return len >= end && str_eq(s + len - end, suffix);
}

bool str_has_any(const char *s, const char *const *words)
{
    for (; *words; words++) {
        if (strstr(s, *words))
            return true;
    }
    return false;
}

const char *str_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool str_copy(char *dst, size_t size, const char *src)
{
    size_t len = strnlen(src, size);
    bool fits = len < size;
    if (!fits && size > 0)
        len = size - 1;
    if (size > 0) {
        memcpy(dst, src, len);
        dst[len] = '\0';
    }
    return fits;
}

/* Reads on after an overflow: "99…9x" is no number at all, not one out of range. */
static int parse_digits(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;
    bool overflow = false;
    if (*s == '\0')
        return -EINVAL;
    for (; *s; s++) {
        int digit = str_hex_digit(*s);
        if (digit < 0 || (unsigned)digit >= base)
            return -EINVAL;
        uint64_t next;
        overflow |= __builtin_mul_overflow(value, base, &next);
        overflow |= __builtin_add_overflow(next, (unsigned)digit, &value);
    }
    if (overflow || value > max)
        return -ERANGE;
    *ret = value;
    return 0;
}

int str_to_u64(const char *s, uint64_t max, uint64_t *ret)
{
    if (str_starts(s, "0x"))
        return parse_digits(s + 2, 16, max, ret);
    return parse_digits(s, 10, max, ret);
}

int str_hex_to_u64(const char *s, uint64_t max, uint64_t *ret)
{
    return parse_digits(str_starts(s, "0x") ? s + 2 : s, 16, max, ret);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

char *str_trim(char *s)
{
    while (is_space(*s))
        s++;
    size_t len = strlen(s);
    while (len > 0 && is_space(s[len - 1]))
        len--;
    s[len] = '\0';
    return s;
}

bool str_is_plain(const char *s, size_t max)
{
    size_t len = 0;
    for (; s[len]; len++) {
        if (len >= max || s[len] < ' ' || s[len] > '~')
            return false;
    }
    return len > 0;
}

size_t str_utf8_len(const char *s, size_t len)
{
    const unsigned char *u = (const unsigned char *)s;
    if (len == 0 || u[0] < 0x80)
        return len > 0;
    if (u[0] < 0xc2 || u[0] > 0xf4)
        return 0;
    size_t need = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
    if (len < need)
        return 0;

    /* The second byte's range excludes overlong forms, surrogates and what is above U+10FFFF. */
    unsigned char low = u[0] == 0xe0 ? 0xa0 : u[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = u[0] == 0xed ? 0x9f : u[0] == 0xf4 ? 0x8f : 0xbf;
    if (u[1] < low || u[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    }
    return need;
}

void strv_done(struct strv *v)
{
    for (size_t i = 0; i < v->count; i++)
        free(v->items[i]);
    free(v->items);
    *v = STRV_INIT;
}

/* The capacity is the power of two at or above the count, so it needs no field. */
static int strv_grow(struct strv *v)
{
    if ((v->count & (v->count - 1)) != 0)
        return 0;
    size_t capacity = v->count ? 2 * v->count : 1;
    char **items = reallocarray(v->items, capacity, sizeof(*items));
    if (!items)
        return -ENOMEM;
    v->items = items;
    return 0;
}

int strv_add_len(struct strv *v, const char *s, size_t len)
{
    _cleanup_free_ char *copy = malloc(len + 1);
    if (!copy || strv_grow(v) < 0)
        return -ENOMEM;
    memcpy(copy, s, len);
    copy[len] = '\0';
    v->items[v->count++] = TAKE_PTR(copy);
    return 0;
}

int strv_add(struct strv *v, const char *s)
{
    return strv_add_len(v, s, strlen(s));
}

int strv_split(struct strv *v, const char *s, char separator)
{
    for (;;) {
        const char *end = strchrnul(s, separator);
        int r = strv_add_len(v, s, (size_t)(end - s));
        if (r < 0 || *end == '\0')
            return r;
        s = end + 1;
    }
}

bool strv_has(const struct strv *v, const char *s)
{
    for (size_t i = 0; i < v->count; i++) {
        if (str_eq(v->items[i], s))
            return true;
    }
    return false;
}

static int compare_items(const void *a, const void *b)
{
    return str_natural_cmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *v)
{
    if (v->count > 1)
        qsort(v->items, v->count, sizeof(*v->items), compare_items);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Compares the digit runs at *a and *b by value and steps over them. Without leading zeros the
 * longer run is the greater number, whatever its size. */
static int compare_runs(const char **a, const char **b)
{
    *a += strspn(*a, "0");
    *b += strspn(*b, "0");
    size_t a_len = strspn(*a, "0123456789");
    size_t b_len = strspn(*b, "0123456789");
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    int r = memcmp(*a, *b, a_len);
    *a += a_len;
    *b += b_len;
    return r;
}

int str_natural_cmp(const char *a, const char *b)
{
    const char *p = a, *q = b;
    while (*p && *q) {
        if (is_digit(*p) && is_digit(*q)) {
            int r = compare_runs(&p, &q);
            if (r != 0)
                return r;
        } else if (*p != *q) {
            break;
        } else {
            p++;
            q++;
        }
    }
    if (*p != *q)
        return (unsigned char)*p < (unsigned char)*q ? -1 : 1;
    return strcmp(a, b); /* "vf1" and "vf01" are two names: the order must be total */
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* One cell of the edit distance table: the rows are those of the letter, of the one before it,
 * and of the one before that, which only a swap of neighbours looks at. */
static unsigned edit_cell(unsigned rows[3][WORD_MAX + 1], const char *a, size_t i, const char *b,
                          size_t j)
{
    const unsigned *before = rows[(i + 2) % 3], *now = rows[i % 3];
    unsigned best = before[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));
    best = MIN_OF(best, before[j] + 1);
    best = MIN_OF(best, now[j - 1] + 1);
    if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
        best = MIN_OF(best, rows[(i + 1) % 3][j - 2] + 1);
    return best;
}

/* Edits between two words of at most WORD_MAX bytes, swapped neighbours counted once. */
static unsigned edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        rows[i % 3][0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++)
            rows[i % 3][j] = edit_cell(rows, a, i, b, j);
    }
    return rows[a_len % 3][b_len];
}

const char *str_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    unsigned least = SLIPS_MAX + 1;
    size_t len = strnlen(word, WORD_MAX + 1);
    if (len > WORD_MAX)
        return NULL;
    for (; *words; words++) {
        size_t other = strnlen(*words, WORD_MAX + 1);
        if (other > WORD_MAX || MAX_OF(len, other) - MIN_OF(len, other) > SLIPS_MAX)
            continue;
        unsigned distance = edit_distance(word, len, *words, other);
        if (distance < least && distance <= MAX_OF(len, other) / 3) {
            least = distance;
            nearest = *words;
        }
    }
    return nearest;
}
