/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tags and their attributes.
 */
#include "base/tag.h"

#include <stdio.h>

#include "base/str.h"

bool tag_next(const char **at, struct tag *ret)
{
    const char *begin = strchr(*at, '<'), *end;

    while (begin && (begin[1] == '!' || begin[1] == '?')) {
        end = str_starts(begin, "<!--") ? strstr(begin, "-->") : strchr(begin, '>');
        begin = end ? strchr(end, '<') : NULL;
    }
    end = begin ? strchr(begin, '>') : NULL;
    if (!end)
        return false;
    ret->closing = begin[1] == '/';
    ret->name = begin + 1 + ret->closing;
    ret->name_len = strcspn(ret->name, " \t\r\n/>");
    ret->attrs = ret->name + ret->name_len;
    ret->end = end;
    ret->empty = end[-1] == '/';
    *at = end + 1;
    return true;
}

bool tag_is(const struct tag *t, const char *name)
{
    return t->name_len == strlen(name) && strncmp(t->name, name, t->name_len) == 0;
}

/* The character that an entity stands for, and its length; 0: it is none. */
static char entity(const char *at, size_t *ret_len)
{
    static const struct {
        const char *name;
        char stands_for;
    } entities[] = {
        { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&apos;", '\'' }, { "&quot;", '"' },
    };

    for (size_t i = 0; i < ELEMENTS(entities); i++)
        if (str_starts(at, entities[i].name)) {
            *ret_len = strlen(entities[i].name);
            return entities[i].stands_for;
        }
    return 0;
}

/* False if it did not fit. */
static bool copy_plain(const char *from, const char *end, char *ret, size_t size)
{
    size_t n = 0, width;

    for (; from < end && n + 1 < size; from += width) {
        char c = *from == '&' ? entity(from, &width) : 0;

        if (!c)
            width = 1;
        ret[n++] = c ? c : *from;
    }
    ret[n] = '\0';
    return from >= end;
}

void tag_value(const struct tag *t, const char *name, char *ret, size_t size)
{
    size_t len = strlen(name);

    ret[0] = '\0';
    for (const char *at = t->attrs; at + len + 2 < t->end; at++) {
        const char *close;

        if (!strchr(" \t\r\n", *at) || strncmp(at + 1, name, len) != 0 || at[len + 1] != '=')
            continue;
        at += len + 2;
        close = (*at == '\'' || *at == '"') ? strchr(at + 1, *at) : NULL;
        if (close && close < t->end && !copy_plain(at + 1, close, ret, size))
            ret[0] = '\0';
        return;
    }
}

bool tag_has(const struct tag *t, const char *name, const char *value)
{
    char text[64];

    tag_value(t, name, text, sizeof(text));
    return str_eq(text, value);
}

void tag_content(const char *at, char *ret, size_t size)
{
    copy_plain(at, at + strcspn(at, "<\r\n"), ret, size);
}

bool tag_pci(const struct tag *t, char ret[16])
{
    static const char *const names[] = { "domain", "bus", "slot", "function" };
    static const uint64_t limits[] = { 0xffff, 0xff, 0x1f, 7 };
    uint64_t value[4];

    for (size_t i = 0; i < 4; i++) {
        char text[16];

        tag_value(t, names[i], text, sizeof(text));
        if (str_to_u64(text, limits[i], &value[i]) < 0)
            return false;
    }
    snprintf(ret, 16, "%04x:%02x:%02x.%x", (unsigned)value[0] & 0xffff, (unsigned)value[1] & 0xff,
             (unsigned)value[2] & 0x1f, (unsigned)value[3] & 7);
    return true;
}
