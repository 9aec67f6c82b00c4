/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Masking: addresses and names become others, the same one always the same, and what only looks
 * like an address stays.
 */
#include "doctor/mask.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void assert_masked(struct mask *m, const char *text, const char *want)
{
    _cleanup_buf_ struct buf got = BUF_INIT;
    assert_int_equal(mask_text(m, text, &got), 0);
    assert_string_equal(got.data ? got.data : "", want);
}

static void test_macs(void **state)
{
    struct mask m = { 0 };
    assert_masked(&m, "52:54:00:AA:bb:01, 52:54:00:11:00:02 and 52:54:00:aa:bb:01.",
                  "02:00:00:00:00:01, 02:00:00:00:00:02 and 02:00:00:00:00:01.");
    assert_masked(&m, "(enx52540011 0002) enx525400aabb01", "(enx52540011 0002) enx020000000001");
    assert_masked(&m, "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff");
    assert_masked(&m, "00:11:22:33:44:55:66:77", "02:00:00:00:00:00:00:01");
    mask_done(&m);
}

static void test_ip_addresses(void **state)
{
    struct mask m = { 0 };
    assert_masked(&m, "from 10.1.2.3/24 to 10.1.2.4. And 10.1.2.3!",
                  "from 192.0.2.1/24 to 192.0.2.2. And 192.0.2.1!");
    assert_masked(&m, "fe80::5054:ff:feaa:bb01/64, fe80::1:", "2001:db8::1/64, 2001:db8::2:");
    assert_masked(&m, "127.0.0.1 0.0.0.0 ::1 ::", "127.0.0.1 0.0.0.0 ::1 ::");
    mask_done(&m);
}

static void test_what_is_no_address_stays(void **state)
{
    static const char text[] =
        "0000:01:10.0 at 12:30:05, 2026-11-21 12:30, Linux 6.12.117+deb13, igb 8086:10c9, "
        "enp1s0/3: bad, 7:3 x1.2.3.4 a.b.c";
    struct mask m = { 0 };
    assert_masked(&m, text, text);
    mask_done(&m);
}

static void test_names(void **state)
{
    struct mask m = { 0 };
    assert_int_equal(mask_word(&m, "web1", "vm"), 0);
    assert_int_equal(mask_word(&m, "web10", "vm"), 0);
    assert_int_equal(mask_word(&m, "web1", "vm"), 0);
    assert_int_equal(mask_word(&m, "", "vm"), 0);
    assert_int_equal(mask_word(&m, "web1-db", "vm"), 0);
    assert_int_equal(mask_word(&m, "web", "vm"), 0);
    assert_int_equal(mask_word(&m, "node7.example", "host"), 0);
    assert_masked(&m, "\"web1\" web10 web100 myweb1 on node7.example",
                  "\"vm-1\" vm-2 web100 myweb1 on host-1");
    assert_masked(&m, "web1-db web1-x web-1", "vm-3 vm-1-x vm-4-1");
    mask_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_macs),
        cmocka_unit_test(test_ip_addresses),
        cmocka_unit_test(test_what_is_no_address_stays),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
