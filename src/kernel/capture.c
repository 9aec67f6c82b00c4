/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A backend that passes everything on and remembers what came back from the reads, so that a bug
 * report is a file that can be replayed; passwords and keys in configuration files are not
 * remembered. Writes are passed on and not remembered: what is read
 * after them replaces what was read before.
 */
#include <errno.h>
#include <linux/netlink.h>

#include "kernel/list.h"
#include "kernel/record.h"

struct capture {
    struct backend base;
    struct backend *inner;
    struct record record;
};

static struct capture *capture_of(struct backend *b)
{
    return (struct capture *)b;
}

/* Remembers a result: NULL data for an error. */
static void remember(struct capture *c, enum record_op op, const char *path, int error,
                     const char *data)
{
    struct record_item *item = record_add(&c->record, op, path, error);

    if (item && data && record_set_data(item, data, strlen(data)) < 0)
        c->record.failed = true;
}

/* Words that stand before a secret in the configuration files of NetworkManager, netplan, libvirt
 * and others. */
static const char *const secret_words[] = { "psk",         "passw",   "secret", "private-key",
                                            "private_key", "wep-key", "token" };

/* Length of the name at `at` if it is one of a secret ("psk", "passwd", "leap-password"). */
static size_t secret_name(const char *at)
{
    for (size_t i = 0; i < ELEMENTS(secret_words); i++) {
        if (strncasecmp(at, secret_words[i], strlen(secret_words[i])) == 0)
            return strlen(secret_words[i]) +
                   strspn(at + strlen(secret_words[i]), "abcdefghijklmnopqrstuvwxyz-_");
    }
    return 0;
}

/* "psk=abc", "password: abc", "passwd='abc'": the value becomes asterisks, up to the quote that
 * ends it or the end of the line. In place. */
static void hide_secrets(char *text)
{
    for (char *at = text; *at; at++) {
        size_t len = secret_name(at);
        char *value = at + len, quote;

        if (len == 0)
            continue;
        value += strspn(value, " \t\"'");
        if (*value != '=' && *value != ':')
            continue;
        value += 1 + strspn(value + 1, " \t");
        quote = *value == '"' || *value == '\'' ? *value++ : '\n';
        for (at = value; *at && *at != quote && *at != '\n'; at++)
            *at = '*';
        if (!*at)
            return;
    }
}

static void remember_file(struct capture *c, const char *path, int error, const char *text)
{
    _cleanup_free_ char *copy = text ? strdup(text) : NULL;

    if (text && !copy)
        c->record.failed = true;
    if (copy)
        hide_secrets(copy);
    remember(c, RECORD_FILE, path, error, copy);
}

static int capture_read_file(struct backend *b, const char *path, char **ret)
{
    struct capture *c = capture_of(b);
    int r;

    r = c->inner->ops->read_file(c->inner, path, ret);
    remember_file(c, path, MIN_OF(r, 0), r < 0 ? NULL : *ret);
    return r;
}

static int capture_read_link(struct backend *b, const char *path, char **ret)
{
    struct capture *c = capture_of(b);
    int r;

    r = c->inner->ops->read_link(c->inner, path, ret);
    remember(c, RECORD_LINK, path, MIN_OF(r, 0), r < 0 ? NULL : *ret);
    return r;
}

static int capture_list_dir(struct backend *b, const char *path, struct strv *ret)
{
    struct capture *c = capture_of(b);
    size_t before = ret->count;
    struct record_item *item;
    int r;

    r = c->inner->ops->list_dir(c->inner, path, ret);
    item = record_add(&c->record, RECORD_DIR, path, MIN_OF(r, 0));
    for (size_t i = before; r >= 0 && item && i < ret->count; i++) {
        if (strv_add(&item->names, ret->items[i]) < 0)
            c->record.failed = true;
    }
    return r;
}

static int capture_read_bytes(struct backend *b, const char *path, size_t offset, size_t len,
                              struct buf *ret)
{
    struct capture *c = capture_of(b);
    _cleanup_buf_ struct buf key = BUF_INIT;
    struct record_item *item = NULL;
    size_t before = ret->len;
    int r;

    r = c->inner->ops->read_bytes(c->inner, path, offset, len, ret);
    if (record_bytes_key(&key, path, offset, len) == 0)
        item = record_add(&c->record, RECORD_BYTES, key.data, MIN_OF(r, 0));
    if (!item || (r >= 0 && record_set_data(item, ret->data ? ret->data + before : "",
                                            ret->len - before) < 0))
        c->record.failed = true;
    return r;
}

static int capture_file_status(struct backend *b, const char *path, struct file_status *ret)
{
    struct capture *c = capture_of(b);
    char text[48] = "";
    int r;

    r = c->inner->ops->file_status(c->inner, path, ret);
    if (r >= 0)
        snprintf(text, sizeof(text), "%o %u %u", ret->mode, ret->uid, ret->gid);
    remember(c, RECORD_STATUS, path, MIN_OF(r, 0), r < 0 ? NULL : text);
    return r;
}

static int capture_kernel_log(struct backend *b, const char *const *words, struct strv *ret)
{
    struct capture *c = capture_of(b);
    size_t before = ret->count;
    int r;

    r = c->inner->ops->kernel_log(c->inner, words, ret);
    if (r < 0)
        return r;
    c->record.has_log = true;
    for (size_t i = before; i < ret->count; i++) {
        if (record_add_log_line(&c->record, ret->items[i]) < 0)
            c->record.failed = true;
    }
    return r;
}

static int capture_stuck_tasks(struct backend *b, const char *const *functions,
                               struct stuck_tasks *ret)
{
    struct capture *c = capture_of(b);
    int r;

    r = c->inner->ops->stuck_tasks(c->inner, functions, ret);
    if (r < 0)
        return r;
    c->record.has_tasks = true;
    for (size_t i = 0; i < ret->count; i++) {
        if (record_add_task(&c->record, &ret->items[i]) < 0)
            c->record.failed = true;
    }
    return r;
}

static int capture_write_file(struct backend *b, const char *path, const char *data)
{
    struct capture *c = capture_of(b);

    return c->inner->ops->write_file(c->inner, path, data);
}

static void remember_query(struct capture *c, int protocol, const void *request, int error,
                           const char *note, const void *answers, size_t len)
{
    const struct nlmsghdr *header = request;
    _cleanup_buf_ struct buf key = BUF_INIT;
    struct record_item *item = NULL;

    if (record_netlink_key(&key, protocol, request, header->nlmsg_len) == 0)
        item = record_add(&c->record, RECORD_NETLINK, key.data, error);
    if (item)
        item->note = strdup(note);
    if (!item || !item->note || record_set_data(item, answers, len) < 0)
        c->record.failed = true;
}

static int capture_nl_query(struct backend *b, int protocol, const void *request, struct buf *ret,
                            struct nl_ack *ack)
{
    struct capture *c = capture_of(b);
    struct nl_ack own = { 0 };
    size_t before = ret->len;
    int r;

    r = c->inner->ops->nl_query(c->inner, protocol, request, ret, &own);
    remember_query(c, protocol, request, MIN_OF(r, 0), own.text,
                   ret->data ? ret->data + before : "", r < 0 ? 0 : ret->len - before);
    if (ack)
        *ack = own;
    return r;
}

static int capture_nl_change(struct backend *b, int protocol, const struct buf *batch,
                             struct nl_ack *acks, size_t count)
{
    struct capture *c = capture_of(b);

    return c->inner->ops->nl_change(c->inner, protocol, batch, acks, count);
}

static int capture_device_users(struct backend *b, const char *const *prefixes,
                                struct device_users *ret)
{
    struct capture *c = capture_of(b);
    int r;

    r = c->inner->ops->device_users(c->inner, prefixes, ret);
    if (r < 0)
        return r;
    c->record.has_users = true;
    for (size_t i = 0; i < ret->count; i++) {
        if (record_add_user(&c->record, &ret->items[i]) < 0)
            c->record.failed = true;
    }
    return r;
}

static int capture_foreign_netdevs(struct backend *b, struct foreign_netdevs *ret)
{
    struct capture *c = capture_of(b);
    int r;

    r = c->inner->ops->foreign_netdevs(c->inner, ret);
    if (r < 0)
        return r;
    foreign_netdevs_done(&c->record.netdevs);
    c->record.has_netdevs = true;
    for (size_t i = 0; i < ret->count; i++) {
        struct foreign_netdev *slot = LIST_ADD(&c->record.netdevs);

        if (slot)
            *slot = ret->items[i];
        else
            c->record.failed = true;
    }
    return r;
}

static int capture_run(struct backend *b, const char *const *argv, char *text, size_t text_size)
{
    struct capture *c = capture_of(b);

    return c->inner->ops->run(c->inner, argv, text, text_size);
}

static struct backend *capture_free(struct backend *b)
{
    struct capture *c = capture_of(b);

    record_done(&c->record);
    backend_free(c->inner);
    free(c);
    return NULL;
}

static const struct backend_ops capture_ops = {
    .name = "capture",
    .read_file = capture_read_file,
    .read_link = capture_read_link,
    .list_dir = capture_list_dir,
    .read_bytes = capture_read_bytes,
    .file_status = capture_file_status,
    .kernel_log = capture_kernel_log,
    .stuck_tasks = capture_stuck_tasks,
    .write_file = capture_write_file,
    .nl_query = capture_nl_query,
    .nl_change = capture_nl_change,
    .device_users = capture_device_users,
    .foreign_netdevs = capture_foreign_netdevs,
    .run = capture_run,
    .free = capture_free,
};

int backend_capture(struct backend *inner, struct backend **ret)
{
    struct capture *c = calloc(1, sizeof(*c));

    if (!c)
        return -ENOMEM;
    c->base.ops = &capture_ops;
    c->inner = inner;
    *ret = &c->base;
    return 0;
}

int backend_capture_text(struct backend *b, struct buf *ret)
{
    if (b->ops != &capture_ops)
        return -EINVAL;
    return record_write(&capture_of(b)->record, ret);
}
