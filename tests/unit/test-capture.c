/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Capture and replay: what a backend answered is what its capture answers, errors included; what
 * was not asked is not made up; nothing can be written; and no text that is not a capture gets
 * through.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "kernel/backend.h"
#include "kernel/list.h"
#include "kernel/rtnl.h"

/* ---- the machine that is captured ---- */

struct fake {
    struct backend base;
    unsigned reads;  /* how often /sys/changing was read */
    unsigned writes; /* how much reached the machine */
    unsigned freed;
};

static const struct file {
    const char *path;
    const char *text;   /* a file's */
    const char *target; /* a link's */
    int error;          /* of reading it as a file */
} files[] = {
    { "/sys/mtu", "1500", NULL, 0 },
    { "/sys/empty", "", NULL, 0 },
    { "/sys/hex", "0x8086", NULL, 0 },
    { "/sys/odd", "tab\tquote\"back\\caf\xc3\xa9", NULL, 0 },
    { "/sys/latin", "caf\xe9", NULL, 0 },
    { "/sys/link", NULL, "../../drivers/igbvf", -EISDIR },
    { "/sys/dangling", NULL, "nowhere", -ENOENT },
    { "/sys/secret", NULL, NULL, -EACCES },
    { "/etc/uplink.nmconnection",
      "[wifi-security]\npsk=very secret\nleap-password-flags=1\n[sriov]\ntotal-vfs=4", NULL, 0 },
    { "/etc/web1.xml", "<graphics type='vnc' passwd='hush' port='5900'/>\n<source pool='p'/>", NULL,
      0 },
    { "/etc/01.yaml", "password: \"hush\" # x\nvirtual-function-count: 4", NULL, 0 },
    { "/etc/cut", "token =", NULL, 0 },
    { "/sys/strange", NULL, NULL, -517 }, /* EPROBE_DEFER has no name in user space */
};

static const struct file *find(const char *path)
{
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        if (str_eq(files[i].path, path))
            return &files[i];
    }
    return NULL;
}

static int fake_read_file(struct backend *b, const char *path, char **ret)
{
    const struct file *f = find(path);
    if (str_eq(path, "/sys/changing"))
        return asprintf(ret, "%u", ((struct fake *)b)->reads++) < 0 ? -ENOMEM : 0;
    if (!f || f->error != 0)
        return f ? f->error : -ENOENT;
    *ret = strdup(f->text);
    return *ret ? 0 : -ENOMEM;
}

static int fake_read_link(struct backend *b, const char *path, char **ret)
{
    const struct file *f = find(path);
    if (!f || !f->target)
        return f || str_eq(path, "/sys/dir") ? -EINVAL : -ENOENT;
    *ret = strdup(f->target);
    return *ret ? 0 : -ENOMEM;
}

static int fake_list_dir(struct backend *b, const char *path, struct strv *ret)
{
    if (str_eq(path, "/sys/dir"))
        return strv_add(ret, "a") < 0 || strv_add(ret, "b") < 0 ? -ENOMEM : 0;
    if (str_eq(path, "/sys/none"))
        return 0;
    return find(path) ? -ENOTDIR : -ENOENT;
}

/* A config space of 64 bytes. */
static int fake_read_bytes(struct backend *b, const char *path, size_t offset, size_t len,
                           struct buf *ret)
{
    if (!str_eq(path, "/sys/config"))
        return -ENOENT;
    for (size_t i = offset; i < offset + len && i < 64; i++)
        buf_add_char(ret, (char)i);
    return 0;
}

static int fake_file_status(struct backend *b, const char *path, struct file_status *ret)
{
    *ret = (struct file_status){ .mode = 0640, .uid = 107, .gid = 36 };
    return str_eq(path, "/dev/vfio/1") ? 0 : -ENOENT;
}

static int fake_kernel_log(struct backend *b, const char *const *words, struct strv *ret)
{
    return strv_add(ret, "[    1.0] DMAR: on") < 0 || strv_add(ret, "[    2.0] igb: up") < 0
               ? -ENOMEM
               : 0;
}

static int fake_stuck_tasks(struct backend *b, const char *const *functions,
                            struct stuck_tasks *ret)
{
    struct stuck_task *slot = LIST_ADD(ret);
    *slot = (struct stuck_task){ 9, "sh", "sriov_numvfs_store" };
    return 0;
}

static int fake_write_file(struct backend *b, const char *path, const char *data)
{
    ((struct fake *)b)->writes++;
    return 0;
}

/* Answers with the request itself; refuses those about link 9. */
static int fake_nl_query(struct backend *b, int protocol, const void *request, struct buf *ret,
                         struct nl_ack *ack)
{
    const struct nlmsghdr *header = request;
    int ifindex;
    memcpy(&ifindex, (const char *)request + 20, sizeof(ifindex));
    *ack = (struct nl_ack){ .error = ifindex == 9 ? -ENODEV : 0 };
    if (ifindex == 9)
        STR_SET(ack->text, "no such link");
    else
        buf_add(ret, request, header->nlmsg_len);
    return ack->error;
}

static int fake_nl_change(struct backend *b, int protocol, const struct buf *batch,
                          struct nl_ack *acks, size_t count)
{
    ((struct fake *)b)->writes++;
    return 0;
}

static int fake_device_users(struct backend *b, const char *const *prefixes,
                             struct device_users *ret)
{
    struct device_user user = { .pid = 812, .comm = "qemu", .name = "web1" };
    struct device_user *slot = LIST_ADD(ret);
    snprintf(user.device, sizeof(user.device), "%s12", prefixes[0]);
    *slot = user;
    return 0;
}

static int fake_foreign_netdevs(struct backend *b, struct foreign_netdevs *ret)
{
    struct foreign_netdev *slot = LIST_ADD(ret);
    *slot = (struct foreign_netdev){
        "0000:01:10.0", "eth0", "web", 4, "nginx", "0123456789ab", 12, "macvlan",
    };
    return 0;
}

static int fake_run(struct backend *b, const char *const *argv, char *text, size_t size)
{
    ((struct fake *)b)->writes++;
    return 0;
}

static struct backend *fake_free(struct backend *b)
{
    ((struct fake *)b)->freed++;
    return NULL;
}

static const struct backend_ops fake_ops = {
    .name = "fake",
    .read_file = fake_read_file,
    .read_link = fake_read_link,
    .list_dir = fake_list_dir,
    .read_bytes = fake_read_bytes,
    .file_status = fake_file_status,
    .kernel_log = fake_kernel_log,
    .stuck_tasks = fake_stuck_tasks,
    .write_file = fake_write_file,
    .nl_query = fake_nl_query,
    .nl_change = fake_nl_change,
    .device_users = fake_device_users,
    .foreign_netdevs = fake_foreign_netdevs,
    .run = fake_run,
    .free = fake_free,
};

/* ---- what is asked of the machine and again of its capture ---- */

static void describe_text(struct buf *out, const char *what, const char *path, int r, char *text)
{
    buf_printf(out, "%s %s %d %s\n", what, path, r, r < 0 ? "" : text);
    if (r >= 0)
        free(text);
}

static void ask_files(struct backend *b, struct buf *out)
{
    static const char *const paths[] = { "/sys/mtu",      "/sys/empty",  "/sys/hex",     "/sys/odd",
                                         "/sys/link",     "/sys/secret", "/sys/strange", "/sys/dir",
                                         "/sys/dangling", "/sys/none",   "/sys/missing" };
    for (size_t i = 0; i < ELEMENTS(paths); i++) {
        _cleanup_strv_ struct strv names = STRV_INIT;
        char *text = NULL, *target = NULL;
        int r = b->ops->read_file(b, paths[i], &text);
        describe_text(out, "file", paths[i], r, text);
        r = b->ops->read_link(b, paths[i], &target);
        describe_text(out, "link", paths[i], r, target);
        r = b->ops->list_dir(b, paths[i], &names);
        buf_printf(out, "dir %s %d %zu %s\n", paths[i], r, names.count,
                   names.count ? names.items[names.count - 1] : "");
        buf_printf(out, "exists %s %d\n", paths[i], backend_exists(b, paths[i]));
    }
}

static void ask_netlink(struct backend *b, struct buf *out)
{
    for (int ifindex = 8; ifindex < 10; ifindex++) {
        _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
        struct nl_ack ack;
        rtnl_request_vfs(&request, ifindex);
        int r = b->ops->nl_query(b, NETLINK_ROUTE, request.data, &answer, &ack);
        buf_printf(out, "netlink %d %d %s ", r, ack.error, ack.text);
        buf_add_hex(out, answer.data, answer.len);
        buf_add_char(out, '\n');
    }
}

static void ask_processes(struct backend *b, struct buf *out)
{
    _cleanup_(device_users_done) struct device_users users = { 0 };
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs netdevs = { 0 };
    assert_int_equal(b->ops->device_users(b, (const char *[]){ "/dev/vfio/", NULL }, &users), 0);
    assert_int_equal(b->ops->foreign_netdevs(b, &netdevs), 0);
    const struct device_user *u = &users.items[0];
    const struct foreign_netdev *n = &netdevs.items[0];
    buf_printf(out, "%zu %d %s %s %s\n", users.count, u->pid, u->comm, u->name, u->device);
    buf_printf(out, "%zu %s %s %s %d %s %s %d %s\n", netdevs.count, n->parent, n->ifname, n->netns,
               n->pid, n->comm, n->name, n->lower, n->kind);
}

static void ask_bytes(struct backend *b, struct buf *out)
{
    static const struct {
        const char *path;
        size_t offset, len;
    } parts[] = { { "/sys/config", 0, 4 },
                  { "/sys/config", 60, 8 },
                  { "/sys/config", 256, 4 },
                  { "/sys/none", 0, 4 } };
    for (size_t i = 0; i < ELEMENTS(parts); i++) {
        buf_printf(out, "bytes %d ",
                   b->ops->read_bytes(b, parts[i].path, parts[i].offset, parts[i].len, out));
        buf_add_char(out, '\n');
    }
    struct file_status status = { 0 };
    buf_printf(out, "status %d", b->ops->file_status(b, "/dev/vfio/1", &status));
    buf_printf(out, " %o %u %u\n", status.mode, status.uid, status.gid);
    buf_printf(out, "status %d\n", b->ops->file_status(b, "/dev/none", &status));
}

static void ask_kernel(struct backend *b, struct buf *out)
{
    static const char *const functions[] = { "sriov_numvfs_store", NULL };
    _cleanup_(stuck_tasks_done) struct stuck_tasks tasks = { 0 };
    _cleanup_strv_ struct strv lines = STRV_INIT;
    assert_int_equal(b->ops->kernel_log(b, (const char *[]){ "DMAR", "igb", NULL }, &lines), 0);
    assert_int_equal(b->ops->stuck_tasks(b, functions, &tasks), 0);
    buf_printf(out, "%zu %s\n", lines.count, lines.items[lines.count - 1]);
    buf_printf(out, "%zu %d %s %s\n", tasks.count, tasks.items[0].pid, tasks.items[0].comm,
               tasks.items[0].waits_in);
}

static void ask(struct backend *b, struct buf *out)
{
    ask_bytes(b, out);
    ask_kernel(b, out);
    ask_files(b, out);
    ask_netlink(b, out);
    ask_processes(b, out);
    assert_int_equal(buf_ok(out), 0);
}

static struct backend *replay(const char *text)
{
    struct backend *b = NULL;
    char why[200] = "";
    assert_int_equal(backend_replay(text, strlen(text), &b, why, sizeof(why)), 0);
    return b;
}

static struct backend *capture(struct fake *fake)
{
    struct backend *b = NULL;
    fake->base.ops = &fake_ops;
    assert_int_equal(backend_capture(&fake->base, &b), 0);
    return b;
}

/* ---- tests ---- */

static void test_a_capture_answers_like_the_machine(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT, seen = BUF_INIT, again = BUF_INIT, direct = BUF_INIT;
    struct fake fake = { 0 };
    struct backend *c = capture(&fake);
    ask(&fake.base, &direct);
    ask(c, &seen);
    assert_string_equal(seen.data, direct.data);
    assert_int_equal(backend_capture_text(c, &text), 0);
    _cleanup_(backend_free_p) struct backend *r = replay(text.data);
    ask(r, &again);
    assert_string_equal(again.data, seen.data);
    backend_free(c);
    assert_int_equal(fake.freed, 1);
}

static void test_a_capture_of_a_replay_is_the_same_text(void **state)
{
    _cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT, answers = BUF_INIT;
    _cleanup_(backend_free_p) struct backend *outer = NULL;
    struct fake fake = { 0 };
    struct backend *c = capture(&fake);
    ask(c, &answers);
    assert_int_equal(backend_capture_text(c, &first), 0);
    backend_free(c);
    assert_int_equal(backend_capture(replay(first.data), &outer), 0);
    ask(outer, &answers);
    assert_int_equal(backend_capture_text(outer, &second), 0);
    assert_string_equal(first.data, second.data);
}

static void test_the_last_answer_counts(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct fake fake = { 0 };
    struct backend *c = capture(&fake);
    uint64_t value;
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(backend_read_u64(c, "/sys/changing", &value), 0);
        assert_int_equal(value, i);
    }
    assert_int_equal(backend_capture_text(c, &text), 0);
    _cleanup_(backend_free_p) struct backend *r = replay(text.data);
    assert_int_equal(backend_read_u64(r, "/sys/changing", &value), 0);
    assert_int_equal(value, 2);
    /* The record goes on. */
    text.len = 0;
    assert_int_equal(backend_read_u64(c, "/sys/changing", &value), 0);
    assert_int_equal(backend_capture_text(c, &text), 0);
    assert_non_null(strstr(text.data, "\"/sys/changing\":\"3\""));
    backend_free(c);
}

static void test_secrets_stay_on_the_machine(void **state)
{
    static const char *const paths[] = { "/etc/uplink.nmconnection", "/etc/web1.xml",
                                         "/etc/01.yaml", "/etc/cut" };
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct fake fake = { 0 };
    struct backend *c = capture(&fake);
    for (size_t i = 0; i < ELEMENTS(paths); i++) {
        _cleanup_free_ char *seen = NULL;
        assert_int_equal(c->ops->read_file(c, paths[i], &seen), 0);
        assert_string_equal(seen, find(paths[i])->text);
    }
    assert_int_equal(backend_capture_text(c, &text), 0);
    assert_null(strstr(text.data, "secret\\n"));
    assert_null(strstr(text.data, "hush"));
    assert_non_null(
        strstr(text.data, "psk=***********\\nleap-password-flags=*\\n[sriov]\\ntotal-vfs=4"));
    assert_non_null(strstr(text.data, "passwd='****' port='5900'/>"));
    assert_non_null(strstr(text.data, "password: \\\"****\\\" # x\\nvirtual-function-count: 4"));
    backend_free(c);
}

static void test_text_that_is_not_utf8_is_replaced(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    _cleanup_free_ char *seen = NULL, *again = NULL;
    struct fake fake = { 0 };
    struct backend *c = capture(&fake);
    assert_int_equal(c->ops->read_file(c, "/sys/latin", &seen), 0);
    assert_string_equal(seen, "caf\xe9");
    assert_int_equal(backend_capture_text(c, &text), 0);
    _cleanup_(backend_free_p) struct backend *r = replay(text.data);
    assert_int_equal(r->ops->read_file(r, "/sys/latin", &again), 0);
    assert_string_equal(again, "caf\xef\xbf\xbd");
    backend_free(c);
}

static void test_users_of_all_calls_and_prefixes(void **state)
{
    static const char *const prefixes[][2] = { { "/dev/vfio/", NULL }, { "/dev/uio", NULL } };
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct fake fake = { 0 };
    struct backend *c = capture(&fake);
    for (size_t i = 0; i < 4; i++) {
        _cleanup_(device_users_done) struct device_users users = { 0 };
        assert_int_equal(c->ops->device_users(c, prefixes[i % 2], &users), 0);
    }
    assert_int_equal(backend_capture_text(c, &text), 0);
    _cleanup_(backend_free_p) struct backend *r = replay(text.data);
    for (size_t i = 0; i < 2; i++) {
        _cleanup_(device_users_done) struct device_users users = { 0 };
        assert_int_equal(r->ops->device_users(r, prefixes[i], &users), 0);
        assert_int_equal(users.count, 1);
        assert_true(str_starts(users.items[0].device, prefixes[i][0]));
    }
    backend_free(c);
}

static void test_seq_and_pid_of_a_request_do_not_matter(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT, request = BUF_INIT, answer = BUF_INIT;
    struct fake fake = { 0 };
    struct backend *c = capture(&fake);
    rtnl_request_vfs(&request, 8);
    struct nlmsghdr *header = (void *)request.data;
    header->nlmsg_seq = 77;
    assert_int_equal(c->ops->nl_query(c, NETLINK_ROUTE, request.data, &answer, NULL), 0);
    assert_int_equal(backend_capture_text(c, &text), 0);
    _cleanup_(backend_free_p) struct backend *r = replay(text.data);
    header->nlmsg_seq = 1234;
    header->nlmsg_pid = 5678;
    assert_int_equal(r->ops->nl_query(r, NETLINK_ROUTE, request.data, &answer, NULL), 0);
    assert_int_equal(r->ops->nl_query(r, NETLINK_GENERIC, request.data, &answer, NULL), -ENODATA);
    backend_free(c);
}

static void test_writes_reach_the_machine_but_not_a_replay(void **state)
{
    static const char empty[] = "{\"format\":\"sriovd-capture\",\"version\":1}";
    _cleanup_(backend_free_p) struct backend *r = replay(empty);
    _cleanup_buf_ struct buf batch = BUF_INIT;
    const char *const argv[] = { "modprobe", NULL };
    struct nl_ack ack;
    struct fake fake = { 0 };
    char text[64];
    struct backend *c = capture(&fake);
    assert_int_equal(c->ops->write_file(c, "/sys/x", "1"), 0);
    assert_int_equal(c->ops->nl_change(c, NETLINK_ROUTE, &batch, NULL, 0), 0);
    assert_int_equal(c->ops->run(c, argv, text, sizeof(text)), 0);
    assert_int_equal(fake.writes, 3);
    backend_free(c);
    rtnl_change_mtu(&batch, 1, 1500);
    assert_int_equal(r->ops->write_file(r, "/sys/x", "1"), -EROFS);
    assert_int_equal(r->ops->nl_change(r, NETLINK_ROUTE, &batch, &ack, 1), -EROFS);
    assert_int_equal(ack.error, -EROFS);
    assert_int_equal(r->ops->run(r, argv, text, sizeof(text)), -EROFS);
}

static void test_what_was_not_asked_is_not_made_up(void **state)
{
    static const char empty[] = "{\"format\":\"sriovd-capture\",\"version\":1}";
    _cleanup_(backend_free_p) struct backend *r = replay(empty);
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    struct foreign_netdevs netdevs = { 0 };
    struct device_users users = { 0 };
    struct strv names = STRV_INIT;
    char *text = NULL;
    rtnl_request_links(&request);
    assert_int_equal(r->ops->read_file(r, "/x", &text), -ENOENT);
    assert_int_equal(r->ops->read_link(r, "/x", &text), -ENOENT);
    assert_int_equal(r->ops->list_dir(r, "/x", &names), -ENOENT);
    assert_int_equal(r->ops->nl_query(r, NETLINK_ROUTE, request.data, &answer, NULL), -ENODATA);
    assert_int_equal(r->ops->device_users(r, (const char *[]){ "/", NULL }, &users), -ENODATA);
    assert_int_equal(r->ops->foreign_netdevs(r, &netdevs), -ENODATA);
}

static void test_errors_written_by_hand(void **state)
{
    static const char text[] = "{\"format\":\"sriovd-capture\",\"version\":1,"
                               "\"errors\":{\"/a\":\"EACCES\",\"/b\":5,\"/c\":{\"file\":\"EIO\"}},"
                               "\"dirs\":{\"/c\":[\"x\"]},\"later\":{\"unknown\":[1]}}";
    _cleanup_(backend_free_p) struct backend *r = replay(text);
    _cleanup_strv_ struct strv names = STRV_INIT;
    char *target = NULL;
    assert_int_equal(r->ops->read_file(r, "/a", &target), -EACCES);
    assert_int_equal(r->ops->read_link(r, "/a", &target), -EACCES);
    assert_int_equal(r->ops->read_file(r, "/b", &target), -EIO);
    assert_int_equal(r->ops->read_file(r, "/c", &target), -EIO);
    assert_int_equal(r->ops->read_link(r, "/c", &target), -EINVAL); /* there, and no link */
    assert_int_equal(r->ops->list_dir(r, "/c", &names), 0);
    assert_string_equal(names.items[0], "x");
}

/* Those of a sriovd that did not yet look for what stands on our netdevs. */
static void test_an_early_capture_has_no_lower_netdevs(void **state)
{
    static const char text[] =
        "{\"format\":\"sriovd-capture\",\"version\":1,\"foreign_netdevs\":[{\"parent\":\"0000:01:10.0\","
        "\"ifname\":\"eth0\",\"netns\":\"web\",\"pid\":4,\"comm\":\"nginx\",\"name\":\"\"}]}";
    _cleanup_(backend_free_p) struct backend *r = replay(text);
    _cleanup_(foreign_netdevs_done) struct foreign_netdevs netdevs = { 0 };
    assert_int_equal(r->ops->foreign_netdevs(r, &netdevs), 0);
    assert_int_equal(netdevs.count, 1);
    assert_int_equal(netdevs.items[0].lower, 0);
    assert_string_equal(netdevs.items[0].kind, "");
}

#define HEAD "{\"format\":\"sriovd-capture\",\"version\":1,"

static void test_texts_that_are_no_capture(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"format\":\"other\",\"version\":1}",
        "{\"format\":\"sriovd-capture\",\"version\":2}",
        HEAD "\"files\":[]}",
        HEAD "\"files\":{\"/a\":1}}",
        HEAD "\"files\":{\"/a\":\"1\",\"/a\":\"2\"}}",
        HEAD "\"links\":{\"/a\":null}}",
        HEAD "\"dirs\":{\"/a\":{}}}",
        HEAD "\"dirs\":{\"/a\":[[]]}}",
        HEAD "\"errors\":{\"/a\":\"ENOSUCH\"}}",
        HEAD "\"errors\":{\"/a\":0}}",
        HEAD "\"errors\":{\"/a\":4096}}",
        HEAD "\"errors\":{\"/a\":{\"file\":-5}}}",
        HEAD "\"netlink\":[1]}",
        HEAD "\"netlink\":[{\"protocol\":0,\"request\":\"00\",\"reply\":\"\",\"error\":0}]}",
        HEAD "\"netlink\":[{\"protocol\":0,\"request\":\"xyz\",\"reply\":\"\",\"error\":0}]}",
        HEAD "\"device_users\":[{\"pid\":1}]}",
        HEAD "\"device_users\":[{\"pid\":-1,\"comm\":\"\",\"name\":\"\",\"device\":\"\"}]}",
        HEAD "\"foreign_netdevs\":[[]]}",
        HEAD "\"files\":{\"/a\":\"1\"}",
    };
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct backend *b = NULL;
        char why[200] = "";
        assert_int_equal(backend_replay(texts[i], strlen(texts[i]), &b, why, sizeof(why)), -EINVAL);
        assert_null(b);
        assert_true(strlen(why) > 0);
    }
}

static void test_one_thousand_vfs_are_quick(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    uint64_t value;
    char path[64];
    buf_add_str(&text, HEAD "\"files\":{\"/first\":\"0\"");
    for (unsigned i = 0; i < 20000; i++)
        buf_printf(&text, ",\"/sys/devices/vf%u/file%u\":\"%u\"", i / 20, i % 20, i);
    buf_add_str(&text, "}}");
    _cleanup_(backend_free_p) struct backend *r = replay(text.data);
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(path, sizeof(path), "/sys/devices/vf%u/file%u", i / 20, i % 20);
        assert_int_equal(backend_read_u64(r, path, &value), 0);
        assert_int_equal(value, i);
    }
}

static void test_shorthands(void **state)
{
    struct fake fake = { .base.ops = &fake_ops };
    char name[6] = "keep";
    uint64_t value = 7;
    assert_int_equal(backend_read_u64(&fake.base, "/sys/hex", &value), 0);
    assert_int_equal(value, 0x8086);
    assert_int_equal(backend_read_u64(&fake.base, "/sys/empty", &value), -EINVAL);
    assert_int_equal(backend_read_u64(&fake.base, "/sys/missing", &value), -ENOENT);
    assert_int_equal(value, 0x8086);
    assert_int_equal(backend_link_name(&fake.base, "/sys/link", name, 5), -ENAMETOOLONG);
    assert_string_equal(name, "keep");
    assert_int_equal(backend_link_name(&fake.base, "/sys/link", name, 6), 0);
    assert_string_equal(name, "igbvf");
    assert_true(backend_exists(&fake.base, "/sys/dir"));
    assert_false(backend_exists(&fake.base, "/sys/missing"));
    assert_null(backend_free(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_capture_answers_like_the_machine),
        cmocka_unit_test(test_a_capture_of_a_replay_is_the_same_text),
        cmocka_unit_test(test_the_last_answer_counts),
        cmocka_unit_test(test_secrets_stay_on_the_machine),
        cmocka_unit_test(test_text_that_is_not_utf8_is_replaced),
        cmocka_unit_test(test_users_of_all_calls_and_prefixes),
        cmocka_unit_test(test_seq_and_pid_of_a_request_do_not_matter),
        cmocka_unit_test(test_writes_reach_the_machine_but_not_a_replay),
        cmocka_unit_test(test_what_was_not_asked_is_not_made_up),
        cmocka_unit_test(test_errors_written_by_hand),
        cmocka_unit_test(test_an_early_capture_has_no_lower_netdevs),
        cmocka_unit_test(test_texts_that_are_no_capture),
        cmocka_unit_test(test_one_thousand_vfs_are_quick),
        cmocka_unit_test(test_shorthands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
