/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Unified diff of two small texts, as `diff -u` and `patch -p1` write and read it. What both have
 * at their start and end is set aside first; the rest is compared by its longest common
 * subsequence, or is one block if it is too long for that.
 */
#include <errno.h>

#include "boot/boot.h"

#define CONTEXT 3
#define CELLS_MAX (1u << 20)

struct line {
    const char *start;
    size_t len; /* with its newline */
};

struct lines {
    struct line *items;
    size_t count;
};

/* One line of the result: ' ', '-' or '+'. */
struct edit {
    char sign;
    struct line line;
};

struct edits {
    struct edit *items;
    size_t count;
};

static void lines_done(struct lines *l)
{
    free(l->items);
}

static void edits_done(struct edits *e)
{
    free(e->items);
}

static int split(const char *text, struct lines *ret)
{
    size_t count = 0, max = 1;
    for (const char *c = text; *c; c++)
        max += *c == '\n';
    struct line *items = calloc(max, sizeof(*items));
    if (!items)
        return -ENOMEM;
    while (*text) {
        size_t len = (size_t)(strchrnul(text, '\n') - text);
        len += text[len] == '\n';
        items[count++] = (struct line){ text, len };
        text += len;
    }
    *ret = (struct lines){ items, count };
    return 0;
}

static bool same(const struct line *a, const struct line *b)
{
    return a->len == b->len && memcmp(a->start, b->start, a->len) == 0;
}

static void add(struct edits *e, char sign, const struct lines *from, size_t first, size_t end)
{
    for (; first < end; first++)
        e->items[e->count++] = (struct edit){ sign, from->items[first] };
}

/* Cell (i, j): length of the longest common subsequence of what follows a[i] and b[j]. */
static void fill_table(const struct line *a, size_t n, const struct line *b, size_t m,
                       unsigned *table)
{
    for (size_t i = n; i-- > 0;) {
        for (size_t j = m; j-- > 0;) {
            unsigned down = table[(i + 1) * (m + 1) + j], right = table[i * (m + 1) + j + 1];
            table[i * (m + 1) + j] = same(&a[i], &b[j]) ? table[(i + 1) * (m + 1) + j + 1] + 1
                                                        : MAX_OF(down, right);
        }
    }
}

/* The middle parts a[first, a_end) and b[first, b_end). */
static int compare(const struct lines *a, size_t a_end, const struct lines *b, size_t b_end,
                   size_t first, struct edits *e)
{
    size_t n = a_end - first, m = b_end - first, i = 0, j = 0;
    _cleanup_free_ unsigned *table = NULL;
    if (n + 1 <= CELLS_MAX / (m + 1)) {
        table = calloc((n + 1) * (m + 1), sizeof(*table));
        if (!table)
            return -ENOMEM;
        fill_table(a->items + first, n, b->items + first, m, table);
    }
    while (table && i < n && j < m) {
        if (same(&a->items[first + i], &b->items[first + j])) {
            add(e, ' ', a, first + i, first + i + 1);
            i++;
            j++;
        } else if (table[(i + 1) * (m + 1) + j] >= table[i * (m + 1) + j + 1]) {
            add(e, '-', a, first + i, first + i + 1);
            i++;
        } else {
            add(e, '+', b, first + j, first + j + 1);
            j++;
        }
    }
    add(e, '-', a, first + i, a_end);
    add(e, '+', b, first + j, b_end);
    return 0;
}

static int edit_script(const struct lines *a, const struct lines *b, struct edits *ret)
{
    size_t first = 0, a_end = a->count, b_end = b->count;
    struct edits e = { .items = calloc(a->count + b->count + 1, sizeof(*e.items)) };
    if (!e.items)
        return -ENOMEM;
    while (first < a_end && first < b_end && same(&a->items[first], &b->items[first]))
        first++;
    while (a_end > first && b_end > first && same(&a->items[a_end - 1], &b->items[b_end - 1])) {
        a_end--;
        b_end--;
    }
    add(&e, ' ', a, 0, first);
    int r = compare(a, a_end, b, b_end, first, &e);
    add(&e, ' ', a, a_end, a->count);
    *ret = e;
    return r;
}

/* "3" or "3,4"; a range without lines is named by the line before it. */
static void add_range(struct buf *ret, char sign, size_t before, size_t count)
{
    buf_printf(ret, "%c%zu", sign, before + (count > 0));
    if (count != 1)
        buf_printf(ret, ",%zu", count);
}

static void add_hunk(const struct edits *e, size_t first, size_t end, struct buf *ret)
{
    size_t a_before = 0, b_before = 0, a_count = 0, b_count = 0;
    for (size_t i = 0; i < end; i++) {
        bool in = i >= first, old = e->items[i].sign != '+', new = e->items[i].sign != '-';
        *(in ? &a_count : &a_before) += old;
        *(in ? &b_count : &b_before) += new;
    }
    buf_add_str(ret, "@@ ");
    add_range(ret, '-', a_before, a_count);
    buf_add_char(ret, ' ');
    add_range(ret, '+', b_before, b_count);
    buf_add_str(ret, " @@\n");
    for (size_t i = first; i < end; i++) {
        const struct line *l = &e->items[i].line;
        buf_add_char(ret, e->items[i].sign);
        buf_add(ret, l->start, l->len);
        if (l->start[l->len - 1] != '\n')
            buf_add_str(ret, "\n\\ No newline at end of file\n");
    }
}

/* Changes with at most twice the context between them are one hunk. */
static void add_hunks(const struct edits *e, struct buf *ret)
{
    for (size_t i = 0; i < e->count;) {
        while (i < e->count && e->items[i].sign == ' ')
            i++;
        if (i == e->count)
            return;
        size_t first = i - MIN_OF(i, (size_t)CONTEXT), last = i;
        for (; i < e->count && i - last <= 2 * CONTEXT + 1; i++)
            last = e->items[i].sign == ' ' ? last : i;
        i = last + 1;
        add_hunk(e, first, MIN_OF(i + CONTEXT, e->count), ret);
    }
}

int boot_diff(const struct boot_file *f, struct buf *ret)
{
    _cleanup_(lines_done) struct lines a = { 0 }, b = { 0 };
    _cleanup_(edits_done) struct edits e = { 0 };
    int r = split(f->before ? f->before : "", &a);
    if (r >= 0)
        r = split(f->after ? f->after : "", &b);
    if (r >= 0)
        r = edit_script(&a, &b, &e);
    if (r < 0)
        return r;
    buf_printf(ret, "--- %s%s\n", f->before ? "a" : "/dev/null", f->before ? f->path : "");
    buf_printf(ret, "+++ %s%s\n", f->after ? "b" : "/dev/null", f->after ? f->path : "");
    add_hunks(&e, ret);
    return buf_ok(ret);
}
