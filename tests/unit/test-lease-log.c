/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The log of leases: what is added is read back, whatever the owner is called; damaged lines are
 * counted and hide nothing else; a log that grew is put aside; and who had a VF at a moment.
 */
#include "core/lease-log.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

#define PF "0000:01:00.0"

static char dir[64];

static int make_dir(void **state)
{
    STR_SET(dir, "/tmp/lease-log-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static const char *path_of(const char *name)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static int remove_dir(void **state)
{
    unlink(path_of("leases.log"));
    unlink(path_of("leases.log.1"));
    return rmdir(dir);
}

static struct lease make_lease(unsigned vf, const char *owner)
{
    struct lease l = { .vf = vf, .owner.pid = 812 };
    STR_SET(l.pf, PF);
    STR_SET(l.owner.name, owner);
    return l;
}

static void add(enum lease_event event, unsigned vf, const char *owner)
{
    struct lease l = make_lease(vf, owner);
    assert_int_equal(lease_log_add(dir, event, &l, NULL), 0);
}

static void write_log(const char *name, const char *text)
{
    assert_int_equal(file_replace(path_of(name), text, strlen(text), 0600), 0);
}

static void read_log(const char *pf, int vf, struct lease_records *ret)
{
    assert_int_equal(lease_log_read(dir, pf, vf, ret, NULL), 0);
}

static void test_no_log_is_no_events(void **state)
{
    struct lease_records r;
    read_log(NULL, -1, &r);
    assert_int_equal(r.count, 0);
    lease_records_done(&r);
}

static void test_events_come_back(void **state)
{
    char boot[HOST_BOOT_ID_SIZE];
    struct lease_records r;
    assert_int_equal(host_boot_id(boot), 0);
    add(LEASE_TAKEN, 3, "web1");
    add(LEASE_TAKEN, 4, "db");
    add(LEASE_RELEASED, 3, "web1");
    read_log(PF, 3, &r);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.items[0].event, LEASE_TAKEN);
    assert_int_equal(r.items[1].event, LEASE_RELEASED);
    assert_string_equal(r.items[0].owner, "web1");
    assert_string_equal(r.items[0].boot, boot);
    assert_int_equal(r.items[0].pid, 812);
    assert_true(r.items[0].when > 0);
    lease_records_done(&r);
    read_log("0000:02:00.0", -1, &r);
    assert_int_equal(r.count, 0);
    lease_records_done(&r);
}

/* An owner must not be able to write a line of somebody else. */
static void test_owners_stay_in_their_field(void **state)
{
    struct lease_records r;
    add(LEASE_TAKEN, 0, "a\tb\n1\tx\ttaken\t" PF "\t9\t0\tevil\t");
    read_log(NULL, -1, &r);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.damaged, 0);
    assert_int_equal(r.items[0].vf, 0);
    assert_true(str_starts(r.items[0].owner, "a?b?1?x?taken"));
    lease_records_done(&r);
}

/* A lease that a reboot ended is noted in the boot after it. */
static void test_void_keeps_the_boot_of_the_lease(void **state)
{
    struct lease_records r;
    struct lease l = make_lease(0, "web1");
    STR_SET(l.boot, "earlier");
    assert_int_equal(lease_log_add(dir, LEASE_VOID, &l, NULL), 0);
    read_log(NULL, -1, &r);
    assert_string_equal(r.items[0].boot, "earlier");
    lease_records_done(&r);
}

static void test_damaged_lines_are_counted(void **state)
{
    struct lease_records r;
    write_log("leases.log", "100\tb\ttaken\t" PF "\t0\t0\tweb1\t\n"
                            "101\tb\ttak"
                            "102\tb\treleased\t" PF "\t0\t0\tweb1\t\n"
                            "x\tb\ttaken\t" PF "\t0\t0\tweb1\t\n"
                            "103\tb\tstolen\t" PF "\t0\t0\tweb1\t\n"
                            "104\tb\ttaken\t" PF "\t0\t0\tweb2\t\tmore\n"
                            "105\tb\ttaken\t" PF "\t0\t0\tweb3\t");
    read_log(NULL, -1, &r);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.damaged, 4);
    assert_string_equal(r.items[1].owner, "web3");
    lease_records_done(&r);
}

static void test_a_long_log_is_put_aside(void **state)
{
    struct lease_records r;
    struct stat st;
    write_log("leases.log", "100\tb\ttaken\t" PF "\t0\t0\told\t\n");
    assert_int_equal(truncate(path_of("leases.log"), LEASE_LOG_LIMIT), 0);
    add(LEASE_TAKEN, 1, "last");
    assert_int_equal(stat(path_of("leases.log.1"), &st), 0);
    assert_true(st.st_size > (off_t)LEASE_LOG_LIMIT);
    add(LEASE_TAKEN, 2, "first");
    assert_int_equal(stat(path_of("leases.log"), &st), 0);
    assert_true(st.st_size < 200);
    read_log(PF, 2, &r);
    assert_int_equal(r.count, 1);
    lease_records_done(&r);
}

static void test_tenures(void **state)
{
    struct lease_records r;
    write_log("leases.log", "100\tb1\ttaken\t" PF "\t0\t0\tweb1\t\n"
                            "110\tb1\ttaken\t" PF "\t1\t0\tother\t\n"
                            "150\tb1\treleased\t" PF "\t0\t0\tweb1\t\n"
                            "160\tb1\treleased\t" PF "\t0\t0\tweb1\t\n"
                            "300\tb2\ttaken\t" PF "\t0\t0\tweb2\t\n");
    read_log(NULL, -1, &r);
    struct tenure t = lease_tenure(&r, 0, "b2");
    assert_non_null(t.ended);
    assert_int_equal(t.ended->when, 150);
    assert_false(tenure_holds_at(&r, &t, 99));
    assert_true(tenure_holds_at(&r, &t, 100));
    assert_false(tenure_holds_at(&r, &t, 150));

    t = lease_tenure(&r, 1, "b2"); /* nobody ended it: the reboot did, before 300 */
    assert_null(t.ended);
    assert_true(t.by_reboot);
    assert_true(tenure_holds_at(&r, &t, 299));
    assert_false(tenure_holds_at(&r, &t, 300));

    t = lease_tenure(&r, 4, "b2"); /* holds still */
    assert_null(t.ended);
    assert_false(t.by_reboot);
    assert_true(tenure_holds_at(&r, &t, 100000));

    t = lease_tenure(&r, 2, "b2"); /* no beginning, so no tenure */
    assert_false(tenure_holds_at(&r, &t, 155));
    lease_records_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_log_is_no_events, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_events_come_back, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_owners_stay_in_their_field, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_void_keeps_the_boot_of_the_lease, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(test_damaged_lines_are_counted, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_a_long_log_is_put_aside, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_tenures, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
