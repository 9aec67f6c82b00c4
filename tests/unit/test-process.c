/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rights of a process, from a status file of Linux 6.12, and those of this one.
 */
#include "kernel/process.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define STATUS                                                                                      \
    "Name:\tqemu-system-x86\nUmask:\t0022\nState:\tS (sleeping)\nUid:\t1000\t64055\t64055\t64055\n" \
    "Gid:\t1000\t108\t108\t108\nGroups:\t108 109 \nVmPeak:\t  900 kB\nVmLck:\t  131072 kB\n"        \
    "VmPin:\t       4 kB\nCapInh:\t0000000000000000\nCapEff:\t%s\n"

static void test_parse(void **state)
{
    struct process_rights p = { 0 };
    char text[600];
    snprintf(text, sizeof(text), STATUS, "0000000000000000");
    assert_int_equal(process_rights_parse(text, &p), 0);
    assert_int_equal(p.uid, 64055);
    assert_int_equal(p.gid, 108);
    assert_int_equal(p.n_groups, 2);
    assert_int_equal(p.groups[1], 109);
    assert_int_equal(p.locked_bytes, 134217728);
    assert_int_equal(p.pinned_bytes, 4096);
    assert_false(p.may_lock_all || p.may_open_all);
    snprintf(text, sizeof(text), STATUS, "0000000000004000");
    assert_int_equal(process_rights_parse(text, &p), 0);
    assert_true(p.may_lock_all && !p.may_open_all);
    snprintf(text, sizeof(text), STATUS, "0000000000000002");
    assert_int_equal(process_rights_parse(text, &p), 0);
    assert_true(!p.may_lock_all && p.may_open_all);
}

static void test_bad_status(void **state)
{
    static const char *const bad[] = { "", "Uid:\t1\n",
                                       "Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\nCapEff:\t0\n",
                                       "Uidx:\t1\t1\nGid:\t1\t1\nCapEff:\t0\nVmLck:\t0 kB\n" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct process_rights p = { .uid = 7 };
        assert_int_equal(process_rights_parse(bad[i], &p), -EBADMSG);
        assert_int_equal(p.uid, 7);
    }
}

static void test_self(void **state)
{
    struct rlimit limit;
    struct process_rights p = { 0 };
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    assert_int_equal(process_rights_read(getpid(), &p), 0);
    assert_int_equal(p.uid, geteuid());
    assert_true(p.lock_limit == (limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur));
    assert_int_equal(process_rights_read(0x7ffffff0, &p), -ESRCH);
}

/* Owner, group, others: the first class that one is in decides, as the kernel has it. */
static void test_may_open(void **state)
{
    static const struct {
        uid_t uid;
        gid_t gid, more;
        mode_t mode;
        bool all;
        int r;
    } rows[] = {
        { 0, 0, 0, 0600, false, 0 },       { 0, 0, 0, 0400, false, -EACCES },
        { 0, 0, 0, 0066, false, -EACCES }, { 1, 0, 0, 0060, false, 0 },
        { 1, 0, 0, 0606, false, -EACCES }, { 1, 1, 0, 0660, false, 0 },
        { 1, 1, 1, 0660, false, -EACCES }, { 1, 1, 1, 0666, false, 0 },
        { 1, 1, 1, 0000, true, 0 },        { 1, 0, 1, 0060, false, 0 },
    };
    char path[] = "/tmp/process-XXXXXX";
    struct stat st;
    int fd = mkstemp(path);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct process_rights p = { .uid = st.st_uid + rows[i].uid,
                                    .gid = st.st_gid + rows[i].gid,
                                    .groups = { st.st_gid + rows[i].more },
                                    .n_groups = 1,
                                    .may_open_all = rows[i].all };
        assert_int_equal(fchmod(fd, rows[i].mode), 0);
        if (process_may_open(&p, path) != rows[i].r)
            fail_msg("row %zu", i);
    }
    unlink(path);
    close(fd);
    assert_int_equal(process_may_open(&(struct process_rights){ 0 }, path), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_bad_status),
        cmocka_unit_test(test_self),
        cmocka_unit_test(test_may_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
