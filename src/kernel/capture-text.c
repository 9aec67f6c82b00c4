/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A record as the text of a capture file; record.h describes the format. What is not UTF-8 in a
 * file or a name has its bad bytes replaced by U+FFFD (json-write.h): a replay then gives the
 * replaced text.
 */
#include <errno.h>

#include "base/json-write.h"
#include "kernel/record.h"

/* `error` is -errno. */
static void write_error(struct json_writer *w, const char *key, int error)
{
    const char *name = strerrorname_np(-error);

    if (name && error != 0)
        json_str(w, key, name);
    else
        json_i64(w, key, -(int64_t)error);
}

static void write_hex(struct json_writer *w, const struct record_item *item)
{
    _cleanup_buf_ struct buf hex = BUF_INIT;

    buf_add_hex(&hex, item->data, item->len);
    w->out->failed |= hex.failed;
    json_str_len(w, item->key, hex.data ? hex.data : "", hex.len);
}

static void write_section(struct json_writer *w, const struct record *r, enum record_op op,
                          const char *name)
{
    json_object(w, name);
    for (size_t i = 0; i < r->count; i++) {
        const struct record_item *item = &r->items[i];

        if (item->op != op || item->error != 0)
            continue;
        if (op == RECORD_BYTES) {
            write_hex(w, item);
            continue;
        }
        if (op != RECORD_DIR) {
            json_str_len(w, item->key, item->data ? item->data : "", item->len);
            continue;
        }
        json_array(w, item->key);
        for (size_t n = 0; n < item->names.count; n++)
            json_str(w, NULL, item->names.items[n]);
        json_end(w);
    }
    json_end(w);
}

/* The errors of all operations on one path. "Not there" is the same for all of them and what a
 * replay says anyway; other errors depend on the operation (EINVAL: no link, ENOTDIR: no folder).
 */
static void write_path_errors(struct json_writer *w, const struct record *r, const char *path)
{
    const struct record_item *items[RECORD_PATH_OPS];
    bool only_missing = true;

    for (enum record_op op = 0; op < RECORD_PATH_OPS; op++) {
        items[op] = record_find(r, op, path);
        if (items[op] && items[op]->error != -ENOENT)
            only_missing = false;
    }
    if (only_missing) {
        write_error(w, path, -ENOENT);
        return;
    }
    json_object(w, path);
    for (enum record_op op = 0; op < RECORD_PATH_OPS; op++) {
        if (items[op] && items[op]->error != 0)
            write_error(w, record_op_names[op], items[op]->error);
    }
    json_end(w);
}

static bool has_error(const struct record *r, enum record_op op, const char *path)
{
    const struct record_item *item = record_find(r, op, path);

    return item && item->error != 0;
}

static void write_errors(struct json_writer *w, const struct record *r)
{
    json_object(w, "errors");
    for (size_t i = 0; i < r->count; i++) {
        const struct record_item *item = &r->items[i];
        bool written = false;

        if (item->op >= RECORD_PATH_OPS || item->error == 0)
            continue;
        for (enum record_op op = 0; op < item->op; op++)
            written = written || has_error(r, op, item->key);
        if (!written)
            write_path_errors(w, r, item->key);
    }
    json_end(w);
}

static int write_netlink(struct json_writer *w, const struct record *r)
{
    _cleanup_buf_ struct buf hex = BUF_INIT;

    json_array(w, "netlink");
    for (size_t i = 0; i < r->count; i++) {
        const struct record_item *item = &r->items[i];
        uint64_t protocol = 0;
        const char *colon;

        if (item->op != RECORD_NETLINK)
            continue;
        for (colon = item->key; *colon != ':'; colon++)
            protocol = protocol * 10 + (uint64_t)(*colon - '0');
        hex.len = 0;
        buf_add_hex(&hex, item->data, item->len);
        json_object(w, NULL);
        json_u64(w, "protocol", protocol);
        json_str(w, "request", colon + 1);
        json_str_len(w, "reply", hex.data ? hex.data : "", hex.len);
        write_error(w, "error", item->error);
        json_str(w, "text", item->note ? item->note : "");
        json_end(w);
    }
    json_end(w);
    return buf_ok(&hex);
}

static void write_fields(struct json_writer *w, const struct record_field *fields, size_t count,
                         const void *item)
{
    json_object(w, NULL);
    for (size_t i = 0; i < count; i++) {
        const char *at = (const char *)item + fields[i].offset;
        int number;

        if (fields[i].size > 0) {
            json_str(w, fields[i].key, at);
            continue;
        }
        memcpy(&number, at, sizeof(number));
        json_i64(w, fields[i].key, number);
    }
    json_end(w);
}

static void write_lists(struct json_writer *w, const struct record *r)
{
    if (r->has_users) {
        json_array(w, "device_users");
        for (size_t i = 0; i < r->users.count; i++)
            write_fields(w, record_user_fields, RECORD_USER_FIELDS, &r->users.items[i]);
        json_end(w);
    }
    if (r->has_netdevs) {
        json_array(w, "foreign_netdevs");
        for (size_t i = 0; i < r->netdevs.count; i++)
            write_fields(w, record_netdev_fields, RECORD_NETDEV_FIELDS, &r->netdevs.items[i]);
        json_end(w);
    }
    if (r->has_log) {
        json_array(w, "kernel_log");
        for (size_t i = 0; i < r->log.count; i++)
            json_str(w, NULL, r->log.items[i]);
        json_end(w);
    }
    if (r->has_tasks) {
        json_array(w, "stuck_tasks");
        for (size_t i = 0; i < r->tasks.count; i++)
            write_fields(w, record_task_fields, RECORD_TASK_FIELDS, &r->tasks.items[i]);
        json_end(w);
    }
}

int record_write(struct record *r, struct buf *out)
{
    struct json_writer w = JSON_WRITER(out);
    int result;

    if (r->failed)
        return -ENOMEM;
    record_sort(r);
    json_object(&w, NULL);
    json_str(&w, "format", "sriovd-capture");
    json_u64(&w, "version", 1);
    write_section(&w, r, RECORD_FILE, "files");
    write_errors(&w, r);
    write_section(&w, r, RECORD_LINK, "links");
    write_section(&w, r, RECORD_DIR, "dirs");
    write_section(&w, r, RECORD_BYTES, "bytes");
    write_section(&w, r, RECORD_STATUS, "status");
    result = write_netlink(&w, r);
    write_lists(&w, r);
    json_end(&w);
    return result < 0 ? result : buf_ok(out);
}
