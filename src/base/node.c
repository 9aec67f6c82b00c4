/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The document tree that the JSON and the YAML reader share. Entries lie in one array per
 * parent, in the order of the text; lookups are linear because a policy's maps have a handful of
 * keys. Nothing here recurses, so depth is the readers' business alone.
 */
#include "base/node.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"

/* Frees the deepest entry again and again. A key, once freed, has done its work: its field holds
 * the way back to the parent. */
struct node *node_free(struct node *root)
{
    if (!root)
        return NULL;
    free(root->key);
    root->key = NULL;
    for (struct node *n = root; n;) {
        if (n->count > 0) {
            struct node *entry = &n->items[--n->count];
            free(entry->key);
            entry->key = (void *)n;
            n = entry;
        } else {
            free(n->text);
            free(n->items);
            n = (void *)n->key;
        }
    }
    free(root);
    return NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++) {
        if (str_eq(map->items[i].key, key))
            return &map->items[i];
    }
    return NULL;
}

const char *node_get_text(const struct node *map, const char *key)
{
    const struct node *n = node_get(map, key);
    return n && n->kind == NODE_SCALAR ? n->text : NULL;
}

int node_to_u64(const struct node *n, uint64_t max, uint64_t *ret)
{
    if (!n || n->kind != NODE_SCALAR)
        return -EINVAL;
    return str_to_u64(n->text, max, ret);
}

int node_to_bool(const struct node *n, bool *ret)
{
    static const char *const words[] = { "false", "true", "off", "on", "no", "yes", "0", "1" };
    if (!n || n->kind != NODE_SCALAR)
        return -EINVAL;
    for (size_t i = 0; i < ELEMENTS(words); i++) {
        if (str_eq(n->text, words[i])) {
            *ret = i % 2 == 1;
            return 0;
        }
    }
    return -EINVAL;
}

/* The capacity is the power of two at or above the count, so it needs no field. */
struct node *node_add(struct node *parent, const char *key, unsigned line)
{
    if ((parent->count & (parent->count - 1)) == 0) {
        size_t capacity = parent->count ? 2 * parent->count : 1;
        struct node *items = reallocarray(parent->items, capacity, sizeof(*items));
        if (!items)
            return NULL;
        parent->items = items;
    }
    char *copy = key ? strdup(key) : NULL;
    if (key && !copy)
        return NULL;
    struct node *entry = &parent->items[parent->count++];
    *entry = (struct node){ .kind = NODE_NULL, .line = line, .key = copy };
    return entry;
}

int node_fail(struct node_error *error, unsigned line, const char *format, ...)
{
    if (!error)
        return -EINVAL;
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(error->text, sizeof(error->text), format, ap);
    va_end(ap);
    if (n < 0)
        error->text[0] = '\0';
    for (char *p = error->text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    }
    error->line = line;
    return -EINVAL;
}
