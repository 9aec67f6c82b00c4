/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The text of a capture file to a record; record.h describes the format. The text comes from
 * anywhere (a bug report), so size, nodes and depth have limits, and what is not as described is
 * refused with the place. Unknown keys are passed over: a later version may write more.
 */
#include <errno.h>
#include <linux/netlink.h>

#include "base/json-read.h"
#include "kernel/list.h"
#include "kernel/record.h"

static const struct node_limits limits = {
    .bytes = 64 * 1024 * 1024,
    .nodes = 1024 * 1024,
    .depth = 8,
};

#define ERRNO_MAX 4095

/* Where a problem is told. */
struct reader {
    struct record *record;
    char *why;
    size_t why_size;
};

static int refuse(const struct reader *r, const char *section, const char *key, const char *problem)
{
    snprintf(r->why, r->why_size, "%s%s%.120s: %s", section, key ? " " : "", key ? key : "",
             problem);
    return -EINVAL;
}

/* "ENOENT" or 2 (or 0) to -errno. */
static int read_errno(const struct node *n, int *ret)
{
    uint64_t number;

    if (!n || n->kind != NODE_SCALAR)
        return -EINVAL;
    if (node_to_u64(n, ERRNO_MAX, &number) == 0) {
        *ret = -(int)number;
        return 0;
    }
    for (int i = 1; i <= ERRNO_MAX; i++) {
        const char *name = strerrorname_np(i);

        if (name && str_eq(name, n->text)) {
            *ret = -i;
            return 0;
        }
    }
    return -EINVAL;
}

static int read_path_errors(struct reader *r, const struct node *entry)
{
    for (enum record_op op = 0; op < RECORD_PATH_OPS; op++) {
        const struct node *n = entry;
        int error;

        if (entry->kind == NODE_MAP) {
            n = node_get(entry, record_op_names[op]);
            if (!n)
                continue;
        }
        if (read_errno(n, &error) < 0 || error == 0)
            return refuse(r, "errors", entry->key, "no such error");
        if (!record_add(r->record, op, entry->key, error))
            return -ENOMEM;
    }
    return 0;
}

static int read_text(struct reader *r, enum record_op op, const struct node *entry)
{
    struct record_item *item;

    if (entry->kind != NODE_SCALAR || !entry->quoted)
        return refuse(r, record_op_names[op], entry->key, "not a string");
    item = record_add(r->record, op, entry->key, 0);
    return item ? record_set_data(item, entry->text, entry->text_len) : -ENOMEM;
}

static int read_file(struct reader *r, const struct node *entry)
{
    if (entry->kind == NODE_SCALAR && entry->text_len > BACKEND_FILE_LIMIT)
        return refuse(r, "files", entry->key, "too long");
    return read_text(r, RECORD_FILE, entry);
}

static int read_link(struct reader *r, const struct node *entry)
{
    return read_text(r, RECORD_LINK, entry);
}

static int read_dir(struct reader *r, const struct node *entry)
{
    struct record_item *item;

    if (entry->kind != NODE_LIST)
        return refuse(r, "dirs", entry->key, "not a list");
    item = record_add(r->record, RECORD_DIR, entry->key, 0);
    if (!item)
        return -ENOMEM;
    for (size_t i = 0; i < entry->count; i++) {
        const struct node *name = &entry->items[i];

        if (name->kind != NODE_SCALAR || !name->quoted)
            return refuse(r, "dirs", entry->key, "a name that is not a string");
        if (strv_add(&item->names, name->text) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int read_bytes(struct reader *r, const struct node *entry)
{
    _cleanup_buf_ struct buf bytes = BUF_INIT;
    struct record_item *item;

    if (entry->kind != NODE_SCALAR || !entry->quoted || entry->text_len > 2 * BACKEND_FILE_LIMIT ||
        buf_add_from_hex(&bytes, entry->text, entry->text_len) < 0)
        return refuse(r, "bytes", entry->key, "not hexadecimal");
    item = record_add(r->record, RECORD_BYTES, entry->key, 0);
    return item ? record_set_data(item, bytes.data, bytes.len) : -ENOMEM;
}

static int read_status(struct reader *r, const struct node *entry)
{
    return read_text(r, RECORD_STATUS, entry);
}

static int read_hex(const struct node *entry, const char *key, struct buf *ret)
{
    const char *text = node_get_text(entry, key);

    return text ? buf_add_from_hex(ret, text, strlen(text)) : -EINVAL;
}

static int read_netlink(struct reader *r, const struct node *entry)
{
    _cleanup_buf_ struct buf request = BUF_INIT, reply = BUF_INIT, key = BUF_INIT;
    const struct node *protocol = node_get(entry, "protocol");
    const char *text = node_get_text(entry, "text");
    struct record_item *item;
    uint64_t number;
    int error;

    if (!protocol || node_to_u64(protocol, MAX_LINKS, &number) < 0)
        return refuse(r, "netlink", NULL, "no protocol");
    if (read_hex(entry, "request", &request) < 0 || read_hex(entry, "reply", &reply) < 0 ||
        record_netlink_key(&key, (int)number, request.data, request.len) < 0)
        return refuse(r, "netlink", NULL, "request or reply is no message in hexadecimal");
    if (read_errno(node_get(entry, "error"), &error) < 0)
        return refuse(r, "netlink", NULL, "no such error");
    item = record_add(r->record, RECORD_NETLINK, key.data, error);
    if (!item)
        return -ENOMEM;
    item->note = strdup(text ? text : "");
    return item->note ? record_set_data(item, reply.data, reply.len) : -ENOMEM;
}

static int read_fields(struct reader *r, const struct record_field *fields, size_t count,
                       const struct node *entry, void *item)
{
    for (size_t i = 0; i < count; i++) {
        const struct node *n = node_get(entry, fields[i].key);
        char *at = (char *)item + fields[i].offset;
        uint64_t number;
        int value;

        if (!n && fields[i].optional)
            continue;
        if (!n || n->kind != NODE_SCALAR)
            return refuse(r, "an entry without", fields[i].key, "missing");
        if (fields[i].size > 0) {
            str_copy(at, fields[i].size, n->text);
            continue;
        }
        if (node_to_u64(n, INT32_MAX, &number) < 0)
            return refuse(r, "an entry with", fields[i].key, "not a number");
        value = (int)number;
        memcpy(at, &value, sizeof(value));
    }
    return 0;
}

static int read_user(struct reader *r, const struct node *entry)
{
    struct device_user *user = LIST_ADD(&r->record->users);

    r->record->has_users = true;
    if (!user)
        return -ENOMEM;
    return read_fields(r, record_user_fields, RECORD_USER_FIELDS, entry, user);
}

static int read_netdev(struct reader *r, const struct node *entry)
{
    struct foreign_netdev *netdev = LIST_ADD(&r->record->netdevs);

    if (!netdev)
        return -ENOMEM;
    return read_fields(r, record_netdev_fields, RECORD_NETDEV_FIELDS, entry, netdev);
}

static int read_log_line(struct reader *r, const struct node *entry)
{
    if (entry->kind != NODE_SCALAR || !entry->quoted)
        return refuse(r, "kernel_log", NULL, "a line that is not a string");
    return strv_add(&r->record->log, entry->text);
}

static int read_task(struct reader *r, const struct node *entry)
{
    struct stuck_task *task = LIST_ADD(&r->record->tasks);

    if (!task)
        return -ENOMEM;
    return read_fields(r, record_task_fields, RECORD_TASK_FIELDS, entry, task);
}

/* Errors first: an error for all operations on a path gives way to what the other sections know. */
static const struct section {
    const char *name;
    enum node_kind kind;
    int (*read)(struct reader *r, const struct node *entry);
} sections[] = {
    { "errors", NODE_MAP, read_path_errors },
    { "files", NODE_MAP, read_file },
    { "links", NODE_MAP, read_link },
    { "dirs", NODE_MAP, read_dir },
    { "netlink", NODE_LIST, read_netlink },
    { "device_users", NODE_LIST, read_user },
    { "foreign_netdevs", NODE_LIST, read_netdev },
    { "bytes", NODE_MAP, read_bytes },
    { "status", NODE_MAP, read_status },
    { "kernel_log", NODE_LIST, read_log_line },
    { "stuck_tasks", NODE_LIST, read_task },
};

static int read_section(struct reader *r, const struct section *section, const struct node *root)
{
    const struct node *n = node_get(root, section->name);
    int result = 0;

    if (!n)
        return 0;
    if (n->kind != section->kind)
        return refuse(r, section->name, NULL,
                      section->kind == NODE_MAP ? "not an object" : "not a list");
    for (size_t i = 0; i < n->count && result == 0; i++)
        result = section->read(r, &n->items[i]);
    return result;
}

static int read_head(const struct reader *r, const struct node *root)
{
    const char *format = node_get_text(root, "format");
    const char *version = node_get_text(root, "version");

    if (!format || !str_eq(format, "sriovd-capture"))
        return refuse(r, "format", NULL, "this is no capture file of sriovd");
    if (!version || !str_eq(version, "1"))
        return refuse(r, "version", NULL, "only version 1 is known");
    return 0;
}

int record_read(const char *text, size_t len, struct record *ret, char *why, size_t why_size)
{
    _cleanup_(record_done) struct record record = { 0 };
    struct reader reader = { .record = &record, .why = why, .why_size = why_size };
    _cleanup_node_ struct node *root = NULL;
    struct node_error error = { 0 };
    int r;

    r = json_read(text, len, &limits, &root, &error);
    if (r == -EINVAL)
        snprintf(why, why_size, "line %u: %s", error.line, error.text);
    if (r == 0)
        r = read_head(&reader, root);
    for (size_t i = 0; i < ELEMENTS(sections) && r == 0; i++)
        r = read_section(&reader, &sections[i], root);
    if (r < 0)
        return r;
    record.has_users = node_get(root, "device_users");
    record.has_netdevs = node_get(root, "foreign_netdevs");
    record.has_log = node_get(root, "kernel_log");
    record.has_tasks = node_get(root, "stuck_tasks");
    record_sort(&record);
    *ret = record;
    record = (struct record){ 0 };
    return 0;
}
