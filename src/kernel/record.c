/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store behind capture and replay; see record.h.
 */
#include "kernel/record.h"

#include <errno.h>
#include <linux/netlink.h>

#include "kernel/list.h"

const char *const record_op_names[RECORD_PATH_OPS] = {
    [RECORD_FILE] = "file",   [RECORD_LINK] = "link",     [RECORD_DIR] = "dir",
    [RECORD_BYTES] = "bytes", [RECORD_STATUS] = "status",
};

#define FIELD(type, field) #field, offsetof(struct type, field), sizeof(((struct type *)0)->field)

const struct record_field record_user_fields[RECORD_USER_FIELDS] = {
    { "pid", offsetof(struct device_user, pid), 0 },
    { FIELD(device_user, comm) },
    { FIELD(device_user, name) },
    { FIELD(device_user, device) },
};

const struct record_field record_netdev_fields[RECORD_NETDEV_FIELDS] = {
    { FIELD(foreign_netdev, parent) },
    { FIELD(foreign_netdev, ifname) },
    { FIELD(foreign_netdev, netns) },
    { "pid", offsetof(struct foreign_netdev, pid), 0 },
    { FIELD(foreign_netdev, comm) },
    { FIELD(foreign_netdev, name) },
    { "lower", offsetof(struct foreign_netdev, lower), 0, .optional = true },
    { FIELD(foreign_netdev, kind), .optional = true },
    { FIELD(foreign_netdev, address), .optional = true },
};

const struct record_field record_task_fields[RECORD_TASK_FIELDS] = {
    { "pid", offsetof(struct stuck_task, pid), 0 },
    { FIELD(stuck_task, comm) },
    { FIELD(stuck_task, waits_in) },
};

static void item_done(struct record_item *item)
{
    free(item->key);
    free(item->data);
    free(item->note);
    strv_done(&item->names);
}

void record_done(struct record *r)
{
    for (size_t i = 0; i < r->count; i++)
        item_done(&r->items[i]);
    free(r->items);
    device_users_done(&r->users);
    foreign_netdevs_done(&r->netdevs);
    strv_done(&r->log);
    stuck_tasks_done(&r->tasks);
    *r = (struct record){ 0 };
}

struct record_item *record_add(struct record *r, enum record_op op, const char *key, int error)
{
    _cleanup_free_ char *copy = strdup(key);
    struct record_item *item = copy ? LIST_ADD(r) : NULL;

    if (!item) {
        r->failed = true;
        return NULL;
    }
    item->op = op;
    item->key = TAKE_PTR(copy);
    item->order = r->order++;
    item->error = error;
    return item;
}

int record_set_data(struct record_item *item, const void *data, size_t len)
{
    item->data = malloc(len + 1);
    if (!item->data)
        return -ENOMEM;
    if (len > 0)
        memcpy(item->data, data, len);
    item->data[len] = '\0';
    item->len = len;
    return 0;
}

static int compare_argument(const struct record_item *a, const struct record_item *b)
{
    if (a->op != b->op)
        return a->op < b->op ? -1 : 1;
    return strcmp(a->key, b->key);
}

static int compare_item(const void *a, const void *b)
{
    const struct record_item *left = a, *right = b;
    int r = compare_argument(left, right);

    if (r != 0)
        return r;
    return left->order < right->order ? -1 : left->order > right->order;
}

void record_sort(struct record *r)
{
    size_t kept = 0;

    if (r->count == 0)
        return;
    qsort(r->items, r->count, sizeof(*r->items), compare_item);
    for (size_t i = 1; i < r->count; i++) {
        if (compare_argument(&r->items[kept], &r->items[i]) == 0)
            item_done(&r->items[kept]);
        else
            kept++;
        r->items[kept] = r->items[i];
    }
    r->count = kept + 1;
}

static int compare_key(const void *key, const void *item)
{
    return compare_argument(key, item);
}

const struct record_item *record_find(const struct record *r, enum record_op op, const char *key)
{
    struct record_item wanted = { .op = op, .key = (char *)key };

    if (r->count == 0)
        return NULL;
    return bsearch(&wanted, r->items, r->count, sizeof(*r->items), compare_key);
}

int record_netlink_key(struct buf *out, int protocol, const void *request, size_t len)
{
    struct nlmsghdr header;

    if (len < sizeof(header))
        return -EINVAL;
    memcpy(&header, request, sizeof(header));
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > len)
        return -EINVAL;
    header.nlmsg_seq = header.nlmsg_pid = 0;
    buf_printf(out, "%d:", protocol);
    buf_add_hex(out, &header, sizeof(header));
    buf_add_hex(out, (const char *)request + sizeof(header), header.nlmsg_len - sizeof(header));
    return buf_ok(out);
}

int record_add_user(struct record *r, const struct device_user *user)
{
    struct device_user *slot;

    for (size_t i = 0; i < r->users.count; i++) {
        const struct device_user *other = &r->users.items[i];

        if (other->pid == user->pid && str_eq(other->device, user->device))
            return 0;
    }
    slot = LIST_ADD(&r->users);
    if (!slot)
        return -ENOMEM;
    *slot = *user;
    return 0;
}

int record_bytes_key(struct buf *out, const char *path, size_t offset, size_t len)
{
    buf_printf(out, "%s@%zu+%zu", path, offset, len);
    return buf_ok(out);
}

int record_add_log_line(struct record *r, const char *line)
{
    return strv_has(&r->log, line) ? 0 : strv_add(&r->log, line);
}

int record_add_task(struct record *r, const struct stuck_task *task)
{
    struct stuck_task *slot;

    for (size_t i = 0; i < r->tasks.count; i++) {
        if (r->tasks.items[i].pid == task->pid &&
            str_eq(r->tasks.items[i].waits_in, task->waits_in))
            return 0;
    }
    slot = LIST_ADD(&r->tasks);
    if (!slot)
        return -ENOMEM;
    *slot = *task;
    return 0;
}
