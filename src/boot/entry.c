/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A boot loader entry (UAPI.1, type 1): lines of a key and a value. The values of several `options`
 * lines are one command line.
 */
#include <errno.h>

#include "boot/loader.h"

#define BLANKS " \t\r"

static int add_options(struct entry *e, size_t start, size_t end)
{
    struct cmdline *lines = reallocarray(e->lines, e->count + 1, sizeof(*lines));
    if (!lines)
        return -ENOMEM;
    e->lines = lines;
    struct span *spans = reallocarray(e->spans, e->count + 1, sizeof(*spans));
    if (!spans)
        return -ENOMEM;
    e->spans = spans;
    int r = cmdline_parse(e->text + start, end - start, CMDLINE_PLAIN, &lines[e->count]);
    if (r >= 0)
        spans[e->count++] = (struct span){ start, end };
    return r;
}

static int read_line(struct entry *e, size_t start, size_t end)
{
    const char *line = e->text + start;
    size_t indent = strspn(line, BLANKS), key = strcspn(line + indent, BLANKS "\n");
    size_t value = indent + key + strspn(line + indent + key, BLANKS);
    if (key == 5 && strncmp(line + indent, "linux", key) == 0)
        e->is_linux = true;
    if (key != 7 || strncmp(line + indent, "options", key) != 0)
        return 0;
    return add_options(e, start + MIN_OF(value, end - start), end);
}

int entry_read(struct planner *p, const char *path, struct entry *ret)
{
    _cleanup_(entry_done) struct entry e = { 0 };
    int r = planner_read(p, path, &e.text);
    if (r <= 0)
        return r;
    unsigned number = 1;
    for (size_t at = 0; e.text[at]; number++) {
        size_t end = at + strcspn(e.text + at, "\n");
        r = read_line(&e, at, end);
        if (r == -EINVAL)
            return planner_refuse(p, path, number, "has a quote that does not end",
                                  "close the quote");
        if (r < 0)
            return planner_no_memory(p);
        at = end + (e.text[end] == '\n');
    }
    *ret = e;
    e = (struct entry){ 0 };
    return 1;
}

void entry_done(struct entry *e)
{
    for (size_t i = 0; i < e->count; i++)
        cmdline_done(&e->lines[i]);
    free(e->lines);
    free(e->spans);
    free(e->text);
    *e = (struct entry){ 0 };
}

int entry_render(const struct entry *e, struct buf *ret)
{
    size_t at = 0;
    for (size_t i = 0; i < e->count; i++) {
        buf_add(ret, e->text + at, e->spans[i].start - at);
        cmdline_render(&e->lines[i], ret);
        at = e->spans[i].end;
    }
    buf_add_str(ret, e->text + at);
    return buf_ok(ret);
}
