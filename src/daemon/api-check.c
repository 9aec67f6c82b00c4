/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Queries and bodies against the tables, before anything is done with them. What values mean is
 * sriovctl's business; here is what can be told from the form: keys that nobody knows, types, what
 * is missing.
 */
#include <errno.h>
#include <stdio.h>

#include "daemon/api.h"

void field_names(const struct field *fields, const char *ret[FIELD_NAMES])
{
    size_t n = 0;

    while (ret[n])
        n++;
    for (const struct field *f = fields; f && f->name && n + 1 < FIELD_NAMES; f++)
        ret[n++] = f->name;
    ret[n] = NULL;
}

static const struct field *find_field(const struct field *fields, const char *name)
{
    for (const struct field *f = fields; f && f->name; f++) {
        if (str_eq(f->name, name))
            return f;
    }
    return NULL;
}

static int unknown(const char *what, const char *key, const char *const *names,
                   struct sriov_error *error)
{
    const char *nearest = str_nearest(key, names);

    error_set(error, SRIOV_USAGE, 0, key, "there is no such %s", what);
    if (nearest)
        error_remedy(error, "did you mean %s?", nearest);
    else
        error_remedy(error, "docs/api.md and /v1/openapi.json list them");
    return -EINVAL;
}

/* ---- queries ---- */

int query_check(const struct route *route, const char *key, const char *value,
                struct sriov_error *error)
{
    const struct field *const tables[] = {
        route->query,
        route->flags & ROUTE_JOB ? job_fields : NULL,
        route->flags & ROUTE_DRY ? dry_fields : NULL,
    };
    const char *names[FIELD_NAMES] = { NULL };
    const struct field *f = NULL;
    uint64_t number;

    for (size_t i = 0; !f && i < ELEMENTS(tables); i++) {
        f = find_field(tables[i], key);
        field_names(tables[i], names);
    }
    if (!f)
        return unknown("parameter", key, names, error);
    if (f->type == FIELD_NUMBER && str_to_u64(value, INT64_MAX, &number) < 0)
        return error_set(error, SRIOV_USAGE, 0, key, "is no number");
    if (f->type == FIELD_BOOL && !str_eq(value, "true") && !str_eq(value, "false"))
        return error_set(error, SRIOV_USAGE, 0, key, "is neither true nor false");
    return 0;
}

/* ---- bodies ---- */

static const char *type_name(enum field_type type)
{
    static const char *const names[] = {
        [FIELD_TEXT] = "a string",      [FIELD_NUMBER] = "a number from 0",
        [FIELD_BOOL] = "true or false", [FIELD_OBJECT] = "an object",
        [FIELD_MAP] = "an object",
    };

    return names[type];
}

static bool map_is_plain(const struct node *map)
{
    for (size_t i = 0; i < map->count; i++) {
        if (map->items[i].kind != NODE_SCALAR)
            return false;
    }
    return map->kind == NODE_MAP;
}

static bool has_type(enum field_type type, const struct node *n)
{
    uint64_t number;

    if (type == FIELD_MAP)
        return map_is_plain(n);
    if (type == FIELD_OBJECT || n->kind != NODE_SCALAR)
        return false; /* no body has objects in it */
    if (type == FIELD_TEXT)
        return n->quoted;
    if (n->quoted)
        return false;
    if (type == FIELD_BOOL)
        return str_eq(n->text, "true") || str_eq(n->text, "false");
    return str_to_u64(n->text, INT64_MAX, &number) == 0;
}

static bool list_has_type(enum field_type type, const struct node *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!has_type(type, &list->items[i]))
            return false;
    }
    return list->kind == NODE_LIST;
}

static int check_type(enum field_type type, bool is_list, const struct node *n,
                      struct sriov_error *error)
{
    if (is_list ? list_has_type(type, n) : has_type(type, n))
        return 0;
    return error_set(error, SRIOV_USAGE, 0, n->key, "is not %s%s", is_list ? "a list, each " : "",
                     type_name(type));
}

static enum field_type type_of_attr(const struct attr *row)
{
    switch (row->type) {
    case ATTR_BOOL:
        return FIELD_BOOL;
    case ATTR_NUMBER:
        return FIELD_NUMBER;
    default:
        return FIELD_TEXT;
    }
}

static int check_key(const struct schema *schema, const struct node *n, struct sriov_error *error)
{
    const char *names[FIELD_NAMES + SRIOV_ATTR_COUNT] = { NULL };
    const struct field *f = find_field(schema->fields, n->key);
    const struct attr *row = schema->has_attrs ? attr_find(schema->scope, n->key) : NULL;

    if (f)
        return check_type(f->type, f->flags & FIELD_LIST, n, error);
    if (row)
        return check_type(type_of_attr(row), false, n, error);
    if (schema->has_attrs)
        attr_names(schema->scope, names);
    field_names(schema->fields, names);
    return unknown("key", n->key, names, error);
}

int body_check(const struct schema *schema, const struct node *body, struct sriov_error *error)
{
    int r = 0;

    if (!body || body->kind != NODE_MAP)
        return error_set(error, SRIOV_USAGE, 0, "body", "is no JSON object");
    for (size_t i = 0; r >= 0 && i < body->count; i++)
        r = check_key(schema, &body->items[i], error);
    for (const struct field *f = schema->fields; r >= 0 && f && f->name; f++) {
        if ((f->flags & FIELD_NEEDED) && !node_get(body, f->name))
            r = error_set(error, SRIOV_USAGE, 0, f->name, "is missing: %s", f->help);
    }
    if (r >= 0 && schema->has_attrs && body->count == 0)
        r = error_set(error, SRIOV_USAGE, 0, "body", "sets nothing");
    return r;
}
