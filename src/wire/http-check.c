/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of a request's text. They are stricter than HTTP: whatever has two readings -- one for a
 * proxy, one for us -- is refused.
 */
#include "wire/http-check.h"

#include <errno.h>

#include "base/json-write.h"
#include "base/str.h"
#include "sriov/error.h"

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

/* One character; '\0' for what is none that may stand here. */
static char decode_one(const char **at)
{
    const char *s = *at;
    if (*s != '%') {
        (*at)++;
        return *s;
    }
    int high = str_hex_digit(s[1]);
    int low = high < 0 ? -1 : str_hex_digit(s[2]);
    *at += low < 0 ? 1 : 3;
    return low < 0 ? '\0' : (char)(high * 16 + low);
}

static bool is_utf8(const char *s, size_t len)
{
    for (size_t n; len > 0; s += n, len -= n) {
        n = str_utf8_len(s, len);
        if (n == 0)
            return false;
    }
    return true;
}

size_t http_decode(char *text, bool *ret_ok)
{
    char *end = text;
    bool ok = true;
    for (const char *at = text; *at;) {
        char c = decode_one(&at);
        ok = ok && !is_control(c);
        *end++ = is_control(c) ? '?' : c;
    }
    *end = '\0';
    *ret_ok = ok && is_utf8(text, (size_t)(end - text));
    return (size_t)(end - text);
}

static bool is_dots(const char *segment, size_t len)
{
    return (len == 1 || len == 2) && strspn(segment, ".") >= len;
}

bool http_path_is_good(const char *path)
{
    if (*path != '/' || strchr(path, '\\'))
        return false;
    while (*path == '/') {
        path++;
        size_t len = strcspn(path, "/");
        if (is_dots(path, len))
            return false;
        path += len;
    }
    return true;
}

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

bool http_host_is_good(const char *host)
{
    bool bracket = *host == '[';
    host += bracket;
    size_t name = strspn(host, bracket ? "0123456789abcdefABCDEF:." : ALNUM "-._~");
    host += name;
    if (bracket && *host++ != ']')
        return false;
    if (*host == ':')
        host += 1 + strspn(host + 1, "0123456789");
    return name > 0 && *host == '\0';
}

bool http_length_read(const char *text, uint64_t *ret)
{
    if (!*text || text[strspn(text, "0123456789")] != '\0')
        return false;
    if (str_to_u64(text, UINT64_MAX, ret) < 0)
        *ret = UINT64_MAX;
    return true;
}

void http_error_body(struct buf *out, unsigned status, const char *message, const char *remedy)
{
    struct json_writer w = JSON_WRITER(out);
    json_object(&w, NULL);
    json_object(&w, "error");
    json_u64(&w, "code", status < 500 ? SRIOV_USAGE : SRIOV_FAILED);
    json_null(&w, "object");
    json_str(&w, "message", message);
    json_null(&w, "kernel");
    json_str(&w, "remedy", remedy);
    json_array(&w, "holders");
    json_end(&w);
    json_end(&w);
    json_end(&w);
    buf_add_char(out, '\n');
}
