/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend that answers from a capture file and refuses to write. What the file does not know
 * gives -ENOENT (files) or -ENODATA (netlink, processes), so that a missing answer is never taken
 * for "none".
 */
#include <errno.h>
#include <linux/netlink.h>

#include "kernel/list.h"
#include "kernel/record.h"

struct replay {
    struct backend base;
    struct record record;
};

static const struct record *record_of(struct backend *b)
{
    return &((struct replay *)b)->record;
}

static int get_text(struct backend *b, enum record_op op, const char *path, char **ret)
{
    const struct record_item *item = record_find(record_of(b), op, path);
    char *copy;

    if (!item)
        return -ENOENT;
    if (item->error != 0)
        return item->error;
    copy = strdup(item->data);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

static int replay_read_file(struct backend *b, const char *path, char **ret)
{
    return get_text(b, RECORD_FILE, path, ret);
}

static bool is_there(struct backend *b, enum record_op op, const char *path)
{
    const struct record_item *item = record_find(record_of(b), op, path);

    return item && item->error == 0;
}

static int replay_read_link(struct backend *b, const char *path, char **ret)
{
    /* As readlink(2) says of what is there and no link. */
    if (!record_find(record_of(b), RECORD_LINK, path) &&
        (is_there(b, RECORD_FILE, path) || is_there(b, RECORD_DIR, path)))
        return -EINVAL;
    return get_text(b, RECORD_LINK, path, ret);
}

static int replay_list_dir(struct backend *b, const char *path, struct strv *ret)
{
    const struct record_item *item = record_find(record_of(b), RECORD_DIR, path);
    _cleanup_strv_ struct strv names = STRV_INIT;

    if (!item)
        return -ENOENT;
    if (item->error != 0)
        return item->error;
    for (size_t i = 0; i < item->names.count; i++) {
        if (strv_add(&names, item->names.items[i]) < 0)
            return -ENOMEM;
    }
    *ret = names;
    names = STRV_INIT;
    return 0;
}

static int replay_read_bytes(struct backend *b, const char *path, size_t offset, size_t len,
                             struct buf *ret)
{
    _cleanup_buf_ struct buf key = BUF_INIT;
    const struct record_item *item;
    int r;

    r = record_bytes_key(&key, path, offset, len);
    if (r < 0)
        return r;
    item = record_find(record_of(b), RECORD_BYTES, key.data);
    if (!item)
        return -ENOENT;
    if (item->error != 0)
        return item->error;
    buf_add(ret, item->data, item->len);
    return buf_ok(ret);
}

static int replay_file_status(struct backend *b, const char *path, struct file_status *ret)
{
    _cleanup_free_ char *text = NULL;
    struct file_status status;
    int r;

    r = get_text(b, RECORD_STATUS, path, &text);
    if (r < 0)
        return r;
    if (sscanf(text, "%o %u %u", &status.mode, &status.uid, &status.gid) != 3)
        return -EINVAL;
    *ret = status;
    return 0;
}

static int replay_kernel_log(struct backend *b, const char *const *words, struct strv *ret)
{
    const struct record *record = record_of(b);

    if (!record->has_log)
        return -ENODATA;
    for (size_t i = 0; i < record->log.count; i++) {
        if (str_has_any(record->log.items[i], words) && strv_add(ret, record->log.items[i]) < 0)
            return -ENOMEM;
    }
    return 0;
}

static int replay_stuck_tasks(struct backend *b, const char *const *functions,
                              struct stuck_tasks *ret)
{
    _cleanup_(stuck_tasks_done) struct stuck_tasks tasks = { 0 };
    const struct record *record = record_of(b);

    if (!record->has_tasks)
        return -ENODATA;
    for (size_t i = 0; i < record->tasks.count; i++) {
        struct stuck_task *slot;

        if (!str_has_any(record->tasks.items[i].waits_in, functions))
            continue;
        slot = LIST_ADD(&tasks);
        if (!slot)
            return -ENOMEM;
        *slot = record->tasks.items[i];
    }
    *ret = tasks;
    tasks = (struct stuck_tasks){ 0 };
    return 0;
}

static int replay_write_file(struct backend *b, const char *path, const char *data)
{
    return -EROFS;
}

static int replay_nl_query(struct backend *b, int protocol, const void *request, struct buf *ret,
                           struct nl_ack *ack)
{
    const struct nlmsghdr *header = request;
    _cleanup_buf_ struct buf key = BUF_INIT;
    const struct record_item *item;
    int r;

    r = record_netlink_key(&key, protocol, request, header->nlmsg_len);
    if (r < 0)
        return r;
    item = record_find(record_of(b), RECORD_NETLINK, key.data);
    r = item ? item->error : -ENODATA;
    if (r == 0) {
        buf_add(ret, item->data, item->len);
        r = buf_ok(ret);
    }
    if (ack) {
        *ack = (struct nl_ack){ .error = r };
        STR_SET(ack->text, item ? item->note : "not in the capture");
    }
    return r;
}

static int replay_nl_change(struct backend *b, int protocol, const struct buf *batch,
                            struct nl_ack *acks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        acks[i] = (struct nl_ack){ .error = -EROFS };
        STR_SET(acks[i].text, "a capture cannot be changed");
    }
    return -EROFS;
}

static bool has_prefix(const char *device, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (str_starts(device, *prefixes))
            return true;
    }
    return false;
}

static int replay_device_users(struct backend *b, const char *const *prefixes,
                               struct device_users *ret)
{
    _cleanup_(device_users_done) struct device_users users = { 0 };
    const struct record *record = record_of(b);

    if (!record->has_users)
        return -ENODATA;
    for (size_t i = 0; i < record->users.count; i++) {
        struct device_user *slot;

        if (!has_prefix(record->users.items[i].device, prefixes))
            continue;
        slot = LIST_ADD(&users);
        if (!slot)
            return -ENOMEM;
        *slot = record->users.items[i];
    }
    *ret = users;
    users = (struct device_users){ 0 };
    return 0;
}

static int replay_foreign_netdevs(struct backend *b, struct foreign_netdevs *ret)
{
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs netdevs = { 0 };
    const struct record *record = record_of(b);

    if (!record->has_netdevs)
        return -ENODATA;
    for (size_t i = 0; i < record->netdevs.count; i++) {
        struct foreign_netdev *slot = LIST_ADD(&netdevs);

        if (!slot)
            return -ENOMEM;
        *slot = record->netdevs.items[i];
    }
    *ret = netdevs;
    netdevs = (struct foreign_netdevs){ 0 };
    return 0;
}

static int replay_run(struct backend *b, const char *const *argv, char *text, size_t text_size)
{
    str_copy(text, text_size, "a capture cannot run programs");
    return -EROFS;
}

static struct backend *replay_free(struct backend *b)
{
    struct replay *p = (struct replay *)b;

    record_done(&p->record);
    free(p);
    return NULL;
}

static const struct backend_ops replay_ops = {
    .name = "replay",
    .read_file = replay_read_file,
    .read_link = replay_read_link,
    .list_dir = replay_list_dir,
    .read_bytes = replay_read_bytes,
    .file_status = replay_file_status,
    .kernel_log = replay_kernel_log,
    .stuck_tasks = replay_stuck_tasks,
    .write_file = replay_write_file,
    .nl_query = replay_nl_query,
    .nl_change = replay_nl_change,
    .device_users = replay_device_users,
    .foreign_netdevs = replay_foreign_netdevs,
    .run = replay_run,
    .free = replay_free,
};

int backend_replay(const char *text, size_t len, struct backend **ret, char *why, size_t why_size)
{
    _cleanup_free_ struct replay *p = calloc(1, sizeof(*p));
    int r;

    if (!p)
        return -ENOMEM;
    p->base.ops = &replay_ops;
    r = record_read(text, len, &p->record, why, why_size);
    if (r < 0)
        return r;
    *ret = &TAKE_PTR(p)->base;
    return 0;
}
