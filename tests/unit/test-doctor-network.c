/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the network checks read out of text: numbers and times in the kernel log, subnets, names of
 * ports. The checks themselves are tested in the lab and on captures.
 */
#include "doctor/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "doctor/switchdev.h"

static void test_lines_name_a_vf(void **state)
{
    const char *const igb = "[    9.1] igb 0000:01:00.0: VF 1 attempted to override "
                            "administratively set MAC address";
    assert_true(log_names_vf(igb, 1));
    assert_false(log_names_vf(igb, 0));
    assert_false(log_names_vf(igb, 11));
    assert_false(log_names_vf("igb 0000:01:00.0: VF 11 attempted", 1));
    assert_true(log_names_vf("ice 0000:3b:00.0: Can't add more, because VF-3 is not trusted", 3));
    assert_true(log_names_vf("Spoof event(s) detected on VF(2)", 2));
    assert_true(log_names_vf("VF is odd, VF 7 is not", 7));
    assert_false(log_names_vf("i40e 0000:08:00.0: VF attempting to override", 0));
    assert_false(log_names_vf("VFs 3", 3));
    assert_false(log_names_vf("", 0));
}

static void test_times(void **state)
{
    assert_int_equal(log_time("[    1.234567] igb 0000:01:00.0: up"), 1234);
    assert_int_equal(log_time("[123456.000999] x"), 123456000);
    assert_int_equal(log_time("1.234567] x"), -1);
    assert_int_equal(log_time("[    1.234567 x"), -1);
    assert_int_equal(log_time("[ x"), -1);
    assert_int_equal(log_time(""), -1);
}

static void test_densest(void **state)
{
    static const int64_t times[] = { 0, 1000, 5000, 11000, 12000, 13000, 14000, 90000 };
    assert_int_equal(log_densest(times, ELEMENTS(times), 10000), 5); /* 5000 to 14000 */
    assert_int_equal(log_densest(times, ELEMENTS(times), 0), 1);
    assert_int_equal(log_densest(times, ELEMENTS(times), 100000), 8);
    assert_int_equal(log_densest(times, 0, 10000), 0);
}

static void test_networks(void **state)
{
    assert_true(same_network("10.0.0.1/24", "10.0.0.2/24"));
    assert_false(same_network("10.0.0.1/24", "10.0.1.1/24"));
    assert_false(same_network("10.0.0.1/24", "10.0.0.1/25"));
    assert_true(same_network("10.0.0.1/22", "10.0.3.9/22"));
    assert_false(same_network("10.0.0.1/22", "10.0.4.9/22"));
    assert_true(same_network("10.0.0.1/32", "10.0.0.1/32"));
    assert_false(same_network("10.0.0.1/31", "10.0.0.2/31"));
    assert_true(same_network("2001:db8::1/64", "2001:db8::ffff/64"));
    assert_false(same_network("2001:db8::1/64", "2001:db8:0:1::1/64"));
    assert_false(same_network("10.0.0.1/0", "10.0.0.2/0"));
    assert_false(same_network("10.0.0.1", "10.0.0.1"));
    assert_false(same_network("10.0.0.1/33", "10.0.0.1/33"));
    assert_false(same_network("x/24", "x/24"));
}

static void test_port_names(void **state)
{
    unsigned vf = 99;
    assert_false(port_is_vf("p0", &vf));
    assert_false(port_is_vf("pf0", &vf));
    assert_false(port_is_vf("pf0vf", &vf));
    assert_false(port_is_vf("pf0sf3", &vf));
    assert_false(port_is_vf("pf0vf3x", &vf));
    assert_false(port_is_vf("", &vf));
    assert_int_equal(vf, 99);
    assert_true(port_is_vf("pf0vf3", &vf));
    assert_int_equal(vf, 3);
    assert_true(port_is_vf("c1pf0vf12", &vf));
    assert_int_equal(vf, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_name_a_vf), cmocka_unit_test(test_times),
        cmocka_unit_test(test_densest),         cmocka_unit_test(test_networks),
        cmocka_unit_test(test_port_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
