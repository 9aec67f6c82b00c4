/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A lease as JSON and back. Plain values are rows of a table, under the names of their members;
 * settings stand under their names in the attribute table and are read by attr_parse, so that what
 * is written today is read by whatever comes later. A key that is not known is passed over: a later
 * version may have added it. A value that is wrong is an error, since a VF put back by half a lease
 * is not as it was.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/json-read.h"
#include "base/json-write.h"
#include "base/mac.h"
#include "core/lease.h"

static const struct node_limits limits = { .bytes = 64 << 10, .nodes = 2000, .depth = 6 };

enum field_type {
    FIELD_TEXT,  /* char[] */
    FIELD_UINT,  /* unsigned, pid_t */
    FIELD_LONG,  /* uint64_t, int64_t, not negative */
    FIELD_STATE, /* enum lease_state */
    FIELD_MAC,
    FIELD_BOOL,
};

/* Left out of the text where it is empty, 0 or false, unless it is required. */
struct field {
    const char *key;
    enum field_type type;
    size_t offset, size;
    uint64_t max;
    bool required; /* a text: and not empty */
};

#define FIELD(struct_, member, type_, ...)                                                         \
    {                                                                                              \
        .key = #member, .type = type_, .offset = offsetof(struct struct_, member),                 \
        .size = sizeof(((struct struct_ *)NULL)->member), __VA_ARGS__                              \
    }

static const struct field lease_fields[] = {
    FIELD(lease, pf, FIELD_TEXT, .required = true),
    FIELD(lease, vf, FIELD_UINT, .max = UINT16_MAX, .required = true),
    FIELD(lease, pci, FIELD_TEXT),
    FIELD(lease, state, FIELD_STATE, .required = true),
    FIELD(lease, boot, FIELD_TEXT, .required = true),
    FIELD(lease, since, FIELD_LONG, .max = INT64_MAX),
    FIELD(lease, ifname, FIELD_TEXT),
    FIELD(lease, note, FIELD_TEXT),
};

static const struct field owner_fields[] = {
    FIELD(lease_owner, name, FIELD_TEXT, .required = true),
    FIELD(lease_owner, pid, FIELD_UINT, .max = INT_MAX),
    FIELD(lease_owner, pid_started, FIELD_LONG, .max = INT64_MAX),
    FIELD(lease_owner, pid_namespace, FIELD_LONG, .max = INT64_MAX),
    FIELD(lease_owner, netns, FIELD_TEXT),
    FIELD(lease_owner, netns_inode, FIELD_LONG, .max = INT64_MAX),
    FIELD(lease_owner, container, FIELD_TEXT),
    FIELD(lease_owner, while_used, FIELD_BOOL),
};

static const struct field netdev_fields[] = {
    FIELD(netdev_state, mac, FIELD_MAC),
    FIELD(netdev_state, up, FIELD_BOOL),
    FIELD(netdev_state, promisc, FIELD_BOOL),
    FIELD(netdev_state, allmulti, FIELD_BOOL),
};

static const char *const state_names[] = {
    [LEASE_TAKING] = "taking",
    [LEASE_HELD] = "held",
    [LEASE_RETURNING] = "returning",
};

const char *lease_state_name(enum lease_state state)
{
    return state_names[state];
}

void lease_done(struct lease *l)
{
    strv_done(&l->netdev.altnames);
    *l = (struct lease){ 0 };
}

/* JSON is UTF-8, and what comes from a client is printed on terminals. */
static bool text_is_good(const char *text)
{
    for (size_t len; *text; text += len) {
        len = str_utf8_len(text, strlen(text));
        if (len == 0 || (unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    }
    return true;
}

/* ---- writing ---- */

static int put_text(struct json_writer *w, const struct field *f, const char *text)
{
    if (!text_is_good(text))
        return -EINVAL;
    if (*text || f->required)
        json_str(w, f->key, text);
    return 0;
}

static void put_number(struct json_writer *w, const struct field *f, uint64_t value)
{
    if (value > 0 || f->required)
        json_u64(w, f->key, value);
}

static void put_mac(struct json_writer *w, const struct field *f, uint64_t mac)
{
    char text[MAC_TEXT_SIZE];

    mac_to_text(mac, text);
    json_str(w, f->key, text);
}

static int put_field(struct json_writer *w, const struct field *f, const void *from)
{
    switch (f->type) {
    case FIELD_TEXT:
        return put_text(w, f, from);
    case FIELD_UINT:
        put_number(w, f, *(const unsigned *)from);
        break;
    case FIELD_LONG:
        put_number(w, f, *(const uint64_t *)from);
        break;
    case FIELD_STATE:
        json_str(w, f->key, lease_state_name(*(const enum lease_state *)from));
        break;
    case FIELD_MAC:
        put_mac(w, f, *(const uint64_t *)from);
        break;
    case FIELD_BOOL:
        if (*(const bool *)from)
            json_bool(w, f->key, true);
        break;
    }
    return 0;
}

static int put_fields(struct json_writer *w, const struct field *fields, size_t count,
                      const void *from)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < count; i++)
        r = put_field(w, &fields[i], (const char *)from + fields[i].offset);
    return r;
}

/* An empty text is null: the VF has no driver, or no netdev. A driver called "none" is a wish, and
 * something else. */
static int put_attr(struct json_writer *w, const struct attr *row, const struct attrs *a)
{
    const char *text = row->id == SRIOV_DRIVER ? a->driver : a->name;

    if (row->type != ATTR_TEXT)
        attr_json(row, a, w, row->name);
    else if (!text_is_good(text))
        return -EINVAL;
    else
        json_str(w, row->name, *text ? text : NULL);
    return 0;
}

static int put_attrs(struct json_writer *w, const char *key, const struct attrs *a)
{
    int r = 0;

    json_object(w, key);
    for (unsigned id = 0; r >= 0 && id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);

        if (row->scope == ATTR_OF_VF && attrs_has(a, row->id))
            r = put_attr(w, row, a);
    }
    json_end(w);
    return r;
}

static int put_netdev(struct json_writer *w, const struct netdev_state *n)
{
    int r;

    if (!n->present)
        return 0;
    json_object(w, "netdev");
    r = put_fields(w, netdev_fields, ELEMENTS(netdev_fields), n);
    json_array(w, "altnames");
    for (size_t i = 0; r >= 0 && i < n->altnames.count; i++) {
        r = text_is_good(n->altnames.items[i]) ? 0 : -EINVAL;
        json_str(w, NULL, n->altnames.items[i]);
    }
    json_end(w);
    json_end(w);
    return r;
}

int lease_format(const struct lease *l, struct buf *ret)
{
    struct json_writer w = JSON_WRITER(ret);
    int r;

    json_object(&w, NULL);
    r = put_fields(&w, lease_fields, ELEMENTS(lease_fields), l);
    json_object(&w, "owner");
    if (r >= 0)
        r = put_fields(&w, owner_fields, ELEMENTS(owner_fields), &l->owner);
    json_end(&w);
    if (r >= 0)
        r = put_attrs(&w, "want", &l->want);
    if (r >= 0)
        r = put_attrs(&w, "before", &l->before);
    if (r >= 0)
        r = put_netdev(&w, &l->netdev);
    json_end(&w);
    buf_add_char(ret, '\n');
    return r < 0 ? r : buf_ok(ret);
}

/* ---- reading ---- */

struct reader {
    char *why;
    size_t why_size;
};

/* `map` and `key` say where: "owner.name: …", "vf: …". */
static _printf_(4, 5) int wrong(const struct reader *rd, const struct node *map, const char *key,
                                const char *format, ...)
{
    char what[120];
    va_list ap;

    va_start(ap, format);
    vsnprintf(what, sizeof(what), format, ap);
    va_end(ap);
    snprintf(rd->why, rd->why_size, "%s%s%s: %s", map->key ? map->key : "", map->key ? "." : "",
             key, what);
    return -EINVAL;
}

static bool is_text(const struct node *n)
{
    return n->kind == NODE_SCALAR && n->quoted && strlen(n->text) == n->text_len &&
           text_is_good(n->text);
}

static int get_text(const struct field *f, const struct node *n, char *ret)
{
    if (!is_text(n) || n->text_len >= f->size || (f->required && n->text_len == 0))
        return -EINVAL;
    str_copy(ret, f->size, n->text);
    return 0;
}

static int get_state(const struct node *n, enum lease_state *ret)
{
    for (size_t i = 0; i < ELEMENTS(state_names); i++)
        if (str_eq(n->text, state_names[i])) {
            *ret = (enum lease_state)i;
            return 0;
        }
    return -EINVAL;
}

static int get_number(const struct field *f, const struct node *n, void *ret)
{
    uint64_t value;
    int r;

    r = node_to_u64(n, f->max, &value);
    if (r < 0)
        return r;
    if (f->type == FIELD_UINT)
        *(unsigned *)ret = (unsigned)value;
    else
        *(uint64_t *)ret = value;
    return 0;
}

static int get_value(const struct field *f, const struct node *n, void *ret)
{
    switch (f->type) {
    case FIELD_TEXT:
        return get_text(f, n, ret);
    case FIELD_UINT:
    case FIELD_LONG:
        return get_number(f, n, ret);
    case FIELD_STATE:
        return get_state(n, ret);
    case FIELD_MAC:
        return mac_from_text(n->text, ret);
    case FIELD_BOOL:
        return node_to_bool(n, ret);
    }
    return -EINVAL;
}

static int get_fields(const struct reader *rd, const struct node *map, const struct field *fields,
                      size_t count, void *ret)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *f = &fields[i];
        const struct node *n = node_get(map, f->key);

        if (!n && f->required)
            return wrong(rd, map, f->key, "is missing");
        if (n && (n->kind != NODE_SCALAR || get_value(f, n, (char *)ret + f->offset) < 0))
            return wrong(rd, map, f->key, "has a wrong value");
    }
    return 0;
}

static int get_attr(const struct reader *rd, const struct node *map, const struct attr *row,
                    const struct node *n, struct attrs *ret)
{
    struct sriov_error error = { 0 };

    if (n->kind == NODE_NULL && row->type == ATTR_TEXT)
        attrs_set_text(ret, row->id, "");
    else if (n->kind != NODE_SCALAR)
        return wrong(rd, map, row->name, "has a wrong value");
    else if (attr_parse(row, n->text, ret, "", &error) < 0)
        /* The message begins with the attribute's name. */
        return wrong(rd, map, row->name, "%.110s", error.message + strlen(row->name) + 2);
    return 0;
}

/* A map of the lease; NULL in *ret if there is none. */
static int get_map(const struct reader *rd, const struct node *root, const char *key, bool required,
                   const struct node **ret)
{
    const struct node *n = node_get(root, key);

    if (!n && required)
        return wrong(rd, root, key, "is missing");
    if (n && n->kind != NODE_MAP)
        return wrong(rd, root, key, "has a wrong value");
    *ret = n;
    return 0;
}

static int get_attrs(const struct reader *rd, const struct node *root, const char *key,
                     struct attrs *ret)
{
    const struct node *map = NULL;
    int r;

    r = get_map(rd, root, key, false, &map);
    for (size_t i = 0; r >= 0 && map && i < map->count; i++) {
        const struct attr *row = attr_find(ATTR_OF_VF, map->items[i].key);

        if (row)
            r = get_attr(rd, map, row, &map->items[i], ret);
    }
    return r;
}

static int get_altnames(const struct reader *rd, const struct node *netdev, struct strv *ret)
{
    const struct node *list = node_get(netdev, "altnames");

    if (list && list->kind != NODE_LIST)
        return wrong(rd, netdev, list->key, "is no list");
    for (size_t i = 0; list && i < list->count; i++) {
        const struct node *n = &list->items[i];

        if (!is_text(n) || n->text_len == 0)
            return wrong(rd, netdev, list->key, "has a wrong value");
        if (strv_add(ret, n->text) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int get_netdev(const struct reader *rd, const struct node *root, struct netdev_state *ret)
{
    const struct node *map = NULL;
    int r;

    r = get_map(rd, root, "netdev", false, &map);
    if (r < 0 || !map)
        return r;
    r = get_fields(rd, map, netdev_fields, ELEMENTS(netdev_fields), ret);
    ret->present = true;
    return r < 0 ? r : get_altnames(rd, map, &ret->altnames);
}

static int get_lease(const struct reader *rd, const struct node *root, struct lease *l)
{
    const struct node *owner = NULL;
    int r;

    r = get_fields(rd, root, lease_fields, ELEMENTS(lease_fields), l);
    if (r >= 0)
        r = get_map(rd, root, "owner", true, &owner);
    if (r >= 0)
        r = get_fields(rd, owner, owner_fields, ELEMENTS(owner_fields), &l->owner);
    if (r >= 0)
        r = get_attrs(rd, root, "want", &l->want);
    if (r >= 0)
        r = get_attrs(rd, root, "before", &l->before);
    return r < 0 ? r : get_netdev(rd, root, &l->netdev);
}

int lease_parse(const char *text, size_t len, struct lease *ret, char *why, size_t why_size)
{
    const struct reader rd = { .why = why, .why_size = why_size };
    _cleanup_node_ struct node *root = NULL;
    struct node_error error = { 0 };
    struct lease l = { 0 };
    int r;

    r = json_read(text, len, &limits, &root, &error);
    if (r == -EINVAL)
        str_copy(why, why_size, error.text);
    if (r >= 0 && root->kind != NODE_MAP) {
        str_copy(why, why_size, "is no JSON object");
        r = -EINVAL;
    }
    if (r >= 0)
        r = get_lease(&rd, root, &l);
    if (r < 0) {
        lease_done(&l);
        return r;
    }
    *ret = l;
    return 0;
}
