/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The JSON reader over any bytes, with limits small enough to be met often. What it accepts must be
 * a tree of the promised form; written out and read again it must be the same tree, so the writer
 * is under test, too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json-read.h"
#include "base/json-write.h"
#include "fuzz.h"

static const struct node_limits limits = { .bytes = 4096, .nodes = 200, .depth = 12 };

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Counts the nodes; `depth` is how many more containers may stand inside each other. */
static size_t check(const struct node *n, unsigned depth)
{
    size_t nodes = 1;
    must(n->kind == NODE_SCALAR ? n->text && strlen(n->text) == n->text_len : !n->text);
    must(n->kind == NODE_LIST || n->kind == NODE_MAP ? depth > 0 : n->count == 0);
    must(n->line == 0);
    for (size_t i = 0; i < n->count; i++) {
        must((n->kind == NODE_MAP) == (n->items[i].key != NULL));
        if (n->kind == NODE_MAP)
            must(node_get(n, n->items[i].key) == &n->items[i]); /* no key twice */
        nodes += check(&n->items[i], depth - 1);
    }
    return nodes;
}

/* Words are written as strings: their text is what is compared. */
static void write_node(struct json_writer *w, const struct node *n)
{
    switch (n->kind) {
    case NODE_NULL:
        json_null(w, n->key);
        return;
    case NODE_SCALAR:
        json_str_len(w, n->key, n->text, n->text_len);
        return;
    case NODE_LIST:
        json_array(w, n->key);
        break;
    case NODE_MAP:
        json_object(w, n->key);
        break;
    }
    for (size_t i = 0; i < n->count; i++)
        write_node(w, &n->items[i]);
    json_end(w);
}

static void compare(const struct node *a, const struct node *b)
{
    must(a->kind == b->kind && a->count == b->count && a->text_len == b->text_len);
    must(!a->key == !b->key && (!a->key || strcmp(a->key, b->key) == 0));
    must(!a->text || strcmp(a->text, b->text) == 0);
    for (size_t i = 0; i < a->count; i++)
        compare(&a->items[i], &b->items[i]);
}

static void check_round_trip(const struct node *n)
{
    const struct node_limits roomy = { .bytes = SIZE_MAX, .nodes = 200, .depth = 12 };
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_node_ struct node *again = NULL;
    struct json_writer w = JSON_WRITER(&out);
    write_node(&w, n);
    must(buf_ok(&out) == 0);
    must(json_read(out.data, out.len, &roomy, &again, NULL) == 0);
    compare(n, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_node_ struct node *n = NULL;
    struct node_error error = { 0 };
    if (json_read((const char *)data, size, &limits, &n, &error) < 0) {
        must(!n && error.text[0] && strlen(error.text) < sizeof(error.text));
        return 0;
    }
    must(size <= limits.bytes && (n->kind == NODE_LIST || n->kind == NODE_MAP));
    must(check(n, limits.depth) <= limits.nodes);
    check_round_trip(n);
    return 0;
}
