/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The walker behind both forms of a policy. It is strict on purpose: a key that is passed over
 * because of a slip in its name would leave a VF without the setting its owner relies on.
 */
#include "core/document.h"

#include <errno.h>
#include <stdio.h>

#define SHOWN_SIZE 64 /* how much of a key an error repeats */

/* ---- errors ---- */

void document_place(const struct document_reader *rd, const struct node *n, char ret[PLACE_SIZE])
{
    if (n->line > 0)
        snprintf(ret, PLACE_SIZE, "%.110s:%u", rd->file, n->line);
    else
        snprintf(ret, PLACE_SIZE, "%.120s", rd->file);
}

/* A key for a message: cut between characters, and without bytes that would disturb a terminal. */
static void key_shown(const char *key, char ret[SHOWN_SIZE])
{
    size_t n = 0;

    while (*key) {
        size_t len = str_utf8_len(key, strnlen(key, 4));
        bool odd = len == 0 || (unsigned char)*key < ' ' || *key == 0x7f;

        len = MAX_OF(len, 1U);
        if (n + len >= SHOWN_SIZE)
            break;
        memcpy(ret + n, odd ? "?" : key, len);
        n += len;
        key += len;
    }
    ret[n] = '\0';
}

int document_wrong(const struct document_reader *rd, const struct node *n, const char *message)
{
    char where[PLACE_SIZE], key[SHOWN_SIZE] = "";

    document_place(rd, n, where);
    if (n->key)
        key_shown(n->key, key);
    return error_set(rd->error, SRIOV_USAGE, 0, where, "%s%s%s", key, n->key ? ": " : "", message);
}

static int unknown_key(const struct document_reader *rd, const struct node *n,
                       const struct policy_key *keys, int scope)
{
    const char *words[64], *near;
    char where[PLACE_SIZE], key[SHOWN_SIZE];
    size_t count = 0;

    if (scope >= 0) {
        attr_names((enum attr_scope)scope, words);
        while (words[count])
            count++;
    }
    for (; keys->name && count < ELEMENTS(words) - 1; keys++)
        words[count++] = keys->name;
    words[count] = NULL;
    near = str_nearest(n->key, words);
    document_place(rd, n, where);
    key_shown(n->key, key);
    error_set(rd->error, SRIOV_USAGE, 0, where, "unknown key \"%s\"", key);
    if (near)
        error_remedy(rd->error, "did you mean \"%s\"?", near);
    return -EINVAL;
}

/* ---- the walker ---- */

int document_attr(struct document_reader *rd, const struct attr *row, const struct node *n,
                  struct attrs *into)
{
    char where[PLACE_SIZE];

    if (n->kind == NODE_NULL && row->type == ATTR_TEXT && row->id == SRIOV_DRIVER)
        return attr_parse(row, DRIVER_NONE, into, "", rd->error);
    if (n->kind != NODE_SCALAR)
        return document_wrong(rd, n, "a single value is expected");
    document_place(rd, n, where);
    return attr_parse(row, n->text, into, where, rd->error);
}

int document_map(struct document_reader *rd, const struct node *map, const struct policy_key *keys,
                 int scope, struct attrs *attrs, void *into)
{
    if (map->kind != NODE_MAP)
        return document_wrong(rd, map, "a map of keys and values is expected");
    for (size_t i = 0; i < map->count; i++) {
        const struct node *n = &map->items[i];
        const struct policy_key *key = keys;
        const struct attr *row;
        int r;

        while (key->name && !str_eq(key->name, n->key))
            key++;
        if (key->name)
            r = key->read(rd, n, into);
        else if (scope >= 0 && (row = attr_find((enum attr_scope)scope, n->key)))
            r = document_attr(rd, row, n, attrs);
        else
            r = unknown_key(rd, n, keys, scope);
        if (r < 0)
            return r;
    }
    return 0;
}

int document_word(struct document_reader *rd, const struct node *n, char *ret, size_t size)
{
    if (n->kind != NODE_SCALAR || n->text_len == 0)
        return document_wrong(rd, n, "a word is expected");
    if (!str_is_plain(n->text, size - 1))
        return document_wrong(rd, n, "too long, or it has odd characters in it");
    str_copy(ret, size, n->text);
    return 0;
}

int document_flag(struct document_reader *rd, const struct node *n, bool *ret)
{
    return node_to_bool(n, ret) < 0 ? document_wrong(rd, n, "on or off is expected") : 0;
}

int document_id(struct document_reader *rd, const struct node *n, unsigned *ret, bool *ret_has)
{
    uint64_t value;

    if (n->kind != NODE_SCALAR || str_hex_to_u64(n->text, 0xffff, &value) < 0)
        return document_wrong(rd, n, "four hexadecimal digits are expected, as in \"8086\"");
    *ret = (unsigned)value;
    *ret_has = true;
    return 0;
}

/* ---- memory ---- */

void *document_grow(void *array, size_t *count, size_t size)
{
    char **items = array;
    char *grown = reallocarray(*items, *count + 1, size);

    if (!grown)
        return NULL;
    *items = grown;
    memset(grown + *count * size, 0, size);
    return grown + (*count)++ * size;
}
