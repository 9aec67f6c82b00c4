/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Capture files with any text. One that is refused says why. One that is taken answers every
 * question that it has an answer to, and writes itself as a text that is read as the same record.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kernel/record.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* The key of a part of a file is "PATH@OFFSET+LENGTH"; a capture may hold one that says no such
 * thing, and nobody can ask for it. */
static void ask_bytes(struct backend *b, const struct record_item *item)
{
    _cleanup_buf_ struct buf bytes = BUF_INIT, key = BUF_INIT;
    const char *at = strrchr(item->key, '@');
    size_t offset, len;
    if (!at || sscanf(at, "@%zu+%zu", &offset, &len) != 2)
        return;
    _cleanup_free_ char *path = strndup(item->key, (size_t)(at - item->key));
    must(path && record_bytes_key(&key, path, offset, len) == 0);
    if (strcmp(key.data, item->key) != 0)
        return;
    must(b->ops->read_bytes(b, path, offset, len, &bytes) == item->error);
    must(item->error != 0 || bytes.len == item->len);
}

static void ask_status(struct backend *b, const struct record_item *item)
{
    struct file_status status;
    int r = b->ops->file_status(b, item->key, &status);
    must(r == item->error || (item->error == 0 && r == -EINVAL));
}

/* Asks all three operations about a path that the record knows one of them for. */
static void ask_path(struct backend *b, const struct record_item *item)
{
    _cleanup_free_ char *text = NULL, *target = NULL;
    _cleanup_strv_ struct strv names = STRV_INIT;
    int r[RECORD_DIR + 1];
    r[RECORD_FILE] = b->ops->read_file(b, item->key, &text);
    r[RECORD_LINK] = b->ops->read_link(b, item->key, &target);
    r[RECORD_DIR] = b->ops->list_dir(b, item->key, &names);
    must(r[item->op] == item->error);
    must(item->op != RECORD_DIR || names.count == item->names.count);
}

static void ask_netlink(struct backend *b, const struct record_item *item)
{
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    const char *colon = strchr(item->key, ':');
    struct nl_ack ack;
    must(buf_add_from_hex(&request, colon + 1, strlen(colon + 1)) == 0);
    int r = b->ops->nl_query(b, (int)strtol(item->key, NULL, 10), request.data, &answer, &ack);
    must(r == item->error && ack.error == r);
    must(r < 0 ? answer.len == 0 : answer.len == item->len);
}

static void ask_processes(struct backend *b, const struct record *record)
{
    static const char *const all[] = { "", NULL };
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs netdevs = { 0 };
    _cleanup_(device_users_done) struct device_users users = { 0 };
    must(b->ops->device_users(b, all, &users) == (record->has_users ? 0 : -ENODATA));
    must(b->ops->foreign_netdevs(b, &netdevs) == (record->has_netdevs ? 0 : -ENODATA));
    must(users.count == record->users.count && netdevs.count == record->netdevs.count);
}

static void ask_log(struct backend *b, const struct record *record)
{
    static const char *const all[] = { "", NULL };
    _cleanup_(stuck_tasks_done) struct stuck_tasks tasks = { 0 };
    _cleanup_strv_ struct strv lines = STRV_INIT;
    must(b->ops->kernel_log(b, all, &lines) == (record->has_log ? 0 : -ENODATA));
    must(b->ops->stuck_tasks(b, all, &tasks) == (record->has_tasks ? 0 : -ENODATA));
    must(lines.count == record->log.count && tasks.count == record->tasks.count);
}

static void (*const ask[])(struct backend *b, const struct record_item *item) = {
    [RECORD_FILE] = ask_path,   [RECORD_LINK] = ask_path,     [RECORD_DIR] = ask_path,
    [RECORD_BYTES] = ask_bytes, [RECORD_STATUS] = ask_status, [RECORD_NETLINK] = ask_netlink,
};

static void check_answers(const uint8_t *data, size_t size, const struct record *record)
{
    _cleanup_(backend_free_p) struct backend *b = NULL;
    char why[200] = "";
    must(backend_replay((const char *)data, size, &b, why, sizeof(why)) == 0);
    for (size_t i = 0; i < record->count; i++)
        ask[record->items[i].op](b, &record->items[i]);
    ask_processes(b, record);
    ask_log(b, record);
}

static void check_round_trip(struct record *record)
{
    _cleanup_(record_done) struct record again = { 0 };
    _cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT;
    char why[200] = "";
    must(record_write(record, &first) == 0);
    must(record_read(first.data, first.len, &again, why, sizeof(why)) == 0);
    must(record_write(&again, &second) == 0);
    must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(record_done) struct record record = { 0 };
    char why[200] = "";
    int r = record_read((const char *)data, size, &record, why, sizeof(why));
    if (r < 0) {
        must(r == -EINVAL && why[0] && record.count == 0);
        return 0;
    }
    check_answers(data, size, &record);
    check_round_trip(&record);
    return 0;
}
