/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The YAML reader over any bytes, with limits small enough to be met often. What it accepts must be
 * a list of documents of the promised form: no key twice, no NUL, lines that the text has, valid
 * UTF-8.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/yaml-read.h"
#include "fuzz.h"

static const struct node_limits limits = { .bytes = 4096, .nodes = 200, .depth = 12 };

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_text(const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        size_t width = str_utf8_len(text, len);
        must(width > 0);
        text += width;
        len -= width;
    }
}

static void check_scalar(const struct node *n)
{
    must(n->text && strlen(n->text) == n->text_len && n->count == 0);
    must(n->quoted || (n->text_len > 0 && !str_eq(n->text, "~") && !str_eq(n->text, "null")));
    check_text(n->text);
}

/* Counts the nodes; `depth` is how many more containers may stand inside each other. */
static size_t check(const struct node *n, unsigned depth, unsigned lines)
{
    size_t nodes = 1;
    must(n->line >= 1 && n->line <= lines);
    if (n->kind == NODE_SCALAR)
        check_scalar(n);
    else
        must(!n->text && !n->quoted);
    must(n->kind == NODE_LIST || n->kind == NODE_MAP ? depth > 0 : n->count == 0);
    for (size_t i = 0; i < n->count; i++) {
        const struct node *entry = &n->items[i];
        must((n->kind == NODE_MAP) == (entry->key != NULL));
        if (entry->key) {
            check_text(entry->key);
            must(node_get(n, entry->key) == entry); /* no key twice */
        }
        nodes += check(entry, depth - 1, lines);
    }
    return nodes;
}

/* YAML has line ends of its own: CR, NEL, LS and PS count besides LF. */
static unsigned count_lines(const uint8_t *data, size_t size)
{
    unsigned lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n' || data[i] == '\r' || data[i] == 0x85 || (data[i] & 0xfe) == 0xa8;
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_node_ struct node *n = NULL;
    struct node_error error = { 0 };
    unsigned lines = count_lines(data, size);
    if (yaml_read((const char *)data, size, &limits, &n, &error) < 0) {
        must(!n && error.text[0] && strlen(error.text) < sizeof(error.text));
        must(error.line <= lines + 1);
        return 0;
    }
    size_t nodes = 0;
    must(size <= limits.bytes && n->kind == NODE_LIST);
    for (size_t i = 0; i < n->count; i++)
        nodes += check(&n->items[i], limits.depth, lines + 1);
    must(nodes <= limits.nodes);
    return 0;
}
