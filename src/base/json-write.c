/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON as it goes. Text is copied in runs between the characters that need an escape: almost
 * every string here is one run. What comes from sysfs or a process name may be no UTF-8; a
 * reader must still get valid JSON, so each bad byte becomes U+FFFD.
 */
#include "base/json-write.h"

#include <string.h>

#include "base/str.h"

#define DEPTH_MAX 64 /* bits of is_array */

/* Length of the start of `s` that can stand in a JSON string as it is. */
static size_t plain_run(const char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        unsigned char c = (unsigned char)s[i];
        if (c < ' ' || c == '"' || c == '\\')
            break;
        size_t width = c < 0x80 ? 1 : str_utf8_len(s + i, len - i);
        if (width == 0)
            break;
        i += width;
    }
    return i;
}

static void add_escape(struct buf *out, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t";
    static const char to[] = "\"\\bfnrt";
    const char *known = c ? strchr(from, c) : NULL;
    if (known) {
        buf_add_char(out, '\\');
        buf_add_char(out, to[known - from]);
    } else if (c < ' ') {
        buf_add_str(out, "\\u00");
        buf_add_hex(out, &c, 1);
    } else {
        buf_add_str(out, "\xef\xbf\xbd");
    }
}

/* Text of one run goes in at one stroke. */
static bool add_quoted_run(struct buf *out, const char *s, size_t len)
{
    if (plain_run(s, len) < len)
        return false;
    char *at = buf_add_space(out, len + 2);
    if (at) {
        at[0] = at[len + 1] = '"';
        memcpy(at + 1, s, len);
    }
    return true;
}

static void add_quoted(struct buf *out, const char *s, size_t len)
{
    if (add_quoted_run(out, s, len))
        return;
    buf_add_char(out, '"');
    while (len > 0) {
        size_t run = plain_run(s, len);
        buf_add(out, s, run);
        s += run;
        len -= run;
        if (len > 0) {
            add_escape(out, (unsigned char)*s++);
            len--;
        }
    }
    buf_add_char(out, '"');
}

/* What stands before every value: the comma and, in an object, the key. */
static void begin_value(struct json_writer *w, const char *key)
{
    if (w->comma)
        buf_add_char(w->out, ',');
    if (key) {
        add_quoted(w->out, key, strlen(key));
        buf_add_char(w->out, ':');
    }
    w->comma = true;
}

/* Nesting that is_array has no bit for would close with the wrong bracket: the output fails
 * instead. */
static void begin_nested(struct json_writer *w, const char *key, bool is_array)
{
    begin_value(w, key);
    if (w->depth >= DEPTH_MAX) {
        w->out->failed = true;
        return;
    }
    uint64_t bit = UINT64_C(1) << w->depth++;
    w->is_array = is_array ? w->is_array | bit : w->is_array & ~bit;
    buf_add_char(w->out, is_array ? '[' : '{');
    w->comma = false;
}

void json_object(struct json_writer *w, const char *key)
{
    begin_nested(w, key, false);
}

void json_array(struct json_writer *w, const char *key)
{
    begin_nested(w, key, true);
}

void json_end(struct json_writer *w)
{
    if (w->depth == 0) {
        w->out->failed = true;
        return;
    }
    w->depth--;
    buf_add_char(w->out, w->is_array >> w->depth & 1 ? ']' : '}');
    w->comma = true;
}

void json_str(struct json_writer *w, const char *key, const char *value)
{
    if (value)
        json_str_len(w, key, value, strlen(value));
    else
        json_null(w, key);
}

void json_str_len(struct json_writer *w, const char *key, const char *value, size_t len)
{
    begin_value(w, key);
    add_quoted(w->out, value, len);
}

void json_u64(struct json_writer *w, const char *key, uint64_t value)
{
    char digits[20];
    size_t start = sizeof(digits);
    begin_value(w, key);
    do {
        digits[--start] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(w->out, digits + start, sizeof(digits) - start);
}

void json_i64(struct json_writer *w, const char *key, int64_t value)
{
    if (value >= 0) {
        json_u64(w, key, (uint64_t)value);
        return;
    }
    begin_value(w, key);
    buf_printf(w->out, "%lld", (long long)value);
}

void json_bool(struct json_writer *w, const char *key, bool value)
{
    begin_value(w, key);
    buf_add_str(w->out, value ? "true" : "false");
}

void json_null(struct json_writer *w, const char *key)
{
    begin_value(w, key);
    buf_add_str(w->out, "null");
}
