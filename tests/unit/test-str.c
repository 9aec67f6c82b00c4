/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Text helpers: numbers at their limits and what is no number, natural order as a total order,
 * UTF-8 at the edges of RFC 3629, and which slips str_nearest takes for one.
 */
#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_base_name(void **state)
{
    assert_string_equal(str_base_name("/a/b/c"), "c");
    assert_string_equal(str_base_name("c"), "c");
    assert_string_equal(str_base_name("../x/"), "");
    assert_string_equal(str_base_name(""), "");
}

static void test_copy_says_when_it_cuts(void **state)
{
    char four[4];
    assert_true(STR_SET(four, ""));
    assert_string_equal(four, "");
    assert_true(STR_SET(four, "abc"));
    assert_string_equal(four, "abc");
    assert_false(STR_SET(four, "abcd"));
    assert_string_equal(four, "abc");
    assert_false(str_copy(four, 0, "x"));
    assert_string_equal(four, "abc");
}

static void test_numbers_that_are_taken(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {
        { "0", 0 },
        { "007", 7 },
        { "0x10", 16 },
        { "0xFf", 255 },
        { "18446744073709551615", UINT64_MAX },
        { "0xffffffffffffffff", UINT64_MAX },
        { "0x0000000000000000001", 1 },
    };
    for (size_t i = 0; i < ELEMENTS(good); i++) {
        uint64_t value = 99;
        assert_int_equal(str_to_u64(good[i].text, UINT64_MAX, &value), 0);
        assert_true(value == good[i].value);
    }
}

static void test_what_is_no_number(void **state)
{
    static const char *const bad[] = { "",    " 1",  "1 ",       "+1",
                                       "-1",  "0x",  "1a",       "0xg",
                                       "1.0", "1e3", "\xd9\xa1", "99999999999999999999999999x",
                                       "0X1", "x1" };
    uint64_t value = 99;
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_int_equal(str_to_u64(bad[i], UINT64_MAX, &value), -EINVAL);
    assert_int_equal(str_hex_to_u64("", 9, &value), -EINVAL);
    assert_int_equal(str_hex_to_u64("8086\n", 9, &value), -EINVAL);
    assert_true(value == 99);
}

static void test_range_ends_at_max(void **state)
{
    uint64_t value = 99;
    assert_int_equal(str_to_u64("4095", 4095, &value), 0);
    assert_true(value == 4095);
    assert_int_equal(str_to_u64("4096", 4095, &value), -ERANGE);
    assert_int_equal(str_to_u64("18446744073709551616", UINT64_MAX, &value), -ERANGE);
    assert_int_equal(str_to_u64("36893488147419103232", UINT64_MAX, &value), -ERANGE);
    assert_int_equal(str_to_u64("0x10000000000000000", UINT64_MAX, &value), -ERANGE);
    assert_int_equal(str_to_u64("1", 0, &value), -ERANGE);
    assert_true(value == 4095);
}

static void test_bare_hexadecimal(void **state)
{
    uint64_t value;
    assert_int_equal(str_hex_to_u64("8086", 0xffff, &value), 0);
    assert_true(value == 0x8086);
    assert_int_equal(str_hex_to_u64("0x10c9", 0xffff, &value), 0);
    assert_true(value == 0x10c9);
    assert_int_equal(str_hex_to_u64("10000", 0xffff, &value), -ERANGE);
}

static void test_trim(void **state)
{
    char text[] = " \t a b \r\n\v\f", blank[] = " \n ", none[] = "";
    assert_string_equal(str_trim(text), "a b");
    assert_string_equal(str_trim(blank), "");
    assert_string_equal(str_trim(none), "");
}

static void test_plain(void **state)
{
    assert_true(str_is_plain("a ~", 3));
    assert_false(str_is_plain("a ~", 2));
    assert_false(str_is_plain("", 3));
    assert_false(str_is_plain("a\tb", 9));
    assert_false(str_is_plain("\x7f", 9));
    assert_false(str_is_plain("\xc3\xa4", 9));
}

static void test_utf8_edges(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        { "a", 1 },
        { "\xc2\x80", 2 },
        { "\xdf\xbf", 2 },
        { "\xe0\xa0\x80", 3 },
        { "\xed\x9f\xbf", 3 },
        { "\xef\xbf\xbf", 3 },
        { "\xf0\x90\x80\x80", 4 },
        { "\xf4\x8f\xbf\xbf", 4 },
        { "\x80", 0 },             /* continues nothing */
        { "\xc1\xbf", 0 },         /* overlong */
        { "\xe0\x9f\xbf", 0 },     /* overlong */
        { "\xf0\x8f\xbf\xbf", 0 }, /* overlong */
        { "\xed\xa0\x80", 0 },     /* surrogate */
        { "\xf4\x90\x80\x80", 0 }, /* above U+10FFFF */
        { "\xf5\x80\x80\x80", 0 },
        { "\xe2\x82", 0 }, /* cut off */
        { "\xe2\x82x", 0 },
        { "\xe2x\x82", 0 },
        { "", 0 },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        assert_int_equal(str_utf8_len(cases[i].text, strlen(cases[i].text)), cases[i].len);
}

static void test_split_keeps_empty_parts(void **state)
{
    _cleanup_strv_ struct strv v = STRV_INIT;
    assert_int_equal(strv_split(&v, ",a,,b", ','), 0);
    assert_int_equal(v.count, 4);
    assert_string_equal(v.items[0], "");
    assert_string_equal(v.items[1], "a");
    assert_string_equal(v.items[2], "");
    assert_string_equal(v.items[3], "b");
    assert_int_equal(strv_split(&v, "", ','), 0);
    assert_int_equal(v.count, 5);
    assert_true(strv_has(&v, "b"));
    assert_false(strv_has(&v, "c"));
}

static void test_natural_order(void **state)
{
    assert_true(str_natural_cmp("vf2", "vf10") < 0);
    assert_true(str_natural_cmp("vf2a", "vf2") > 0);
    assert_true(str_natural_cmp("", "0") < 0);
    assert_true(str_natural_cmp("0000:01:10.2", "0000:01:10.10") < 0);
    assert_true(str_natural_cmp("a", "\xc3\xa4") < 0);
    assert_true(str_natural_cmp("v18446744073709551616", "v18446744073709551617") < 0);
}

static void test_order_is_total(void **state)
{
    static const char *const names[] = { "",     "v",  "v1",  "v01",  "v001",  "v1a",
                                         "v01b", "v2", "v10", "v010", "v10.1", "\xff" };
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        for (size_t j = 0; j < ELEMENTS(names); j++) {
            int there = str_natural_cmp(names[i], names[j]);
            int back = str_natural_cmp(names[j], names[i]);
            assert_int_equal((there > 0) - (there < 0), (back < 0) - (back > 0));
            assert_int_equal(there == 0, i == j);
            for (size_t k = 0; k < ELEMENTS(names); k++) {
                if (there < 0 && str_natural_cmp(names[j], names[k]) < 0)
                    assert_true(str_natural_cmp(names[i], names[k]) < 0);
            }
        }
    }
}

static void test_sort_is_natural_and_total(void **state)
{
    _cleanup_strv_ struct strv v = STRV_INIT;
    assert_int_equal(strv_split(&v, "v10 v2 v01 v1 v x9 v001", ' '), 0);
    strv_sort(&v);
    static const char *const want[] = { "v", "v001", "v01", "v1", "v2", "v10", "x9" };
    assert_int_equal(v.count, ELEMENTS(want));
    for (size_t i = 0; i < v.count; i++)
        assert_string_equal(v.items[i], want[i]);
    _cleanup_strv_ struct strv none = STRV_INIT;
    strv_sort(&none);
}

static const char *const words[] = { "vlan",       "qos",     "trust", "spoofchk", "max_tx_rate",
                                     "link_state", "num_vfs", "vfs",   "mtu",      NULL };

static void test_nearest_takes_slips(void **state)
{
    assert_string_equal(str_nearest("vlna", words), "vlan");
    assert_string_equal(str_nearest("spoofcheck", words), "spoofchk");
    assert_string_equal(str_nearest("max_txrate", words), "max_tx_rate");
    assert_string_equal(str_nearest("num_VFs", words), "num_vfs");
    assert_string_equal(str_nearest("MTU", words), "mtu");
    assert_string_equal(str_nearest("vsf", words), "vfs");
    assert_string_equal(str_nearest("qos", words), "qos");
}

static void test_nearest_refuses_what_is_no_slip(void **state)
{
    static const char *const one_letter[] = { "a", NULL }, *const nothing[] = { NULL };
    assert_null(str_nearest("", words));
    assert_null(str_nearest("xy", words));
    assert_null(str_nearest("spoof", words)); /* three letters missing */
    assert_null(str_nearest("color", words));
    assert_null(str_nearest("b", one_letter));
    assert_null(str_nearest("vlan", nothing));
    char longest[66];
    memset(longest, 'x', sizeof(longest));
    longest[65] = '\0';
    const char *const same[] = { longest, NULL };
    assert_null(str_nearest(longest, same));
    longest[64] = '\0';
    assert_non_null(str_nearest(longest, same));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_name),
        cmocka_unit_test(test_copy_says_when_it_cuts),
        cmocka_unit_test(test_numbers_that_are_taken),
        cmocka_unit_test(test_what_is_no_number),
        cmocka_unit_test(test_range_ends_at_max),
        cmocka_unit_test(test_bare_hexadecimal),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_utf8_edges),
        cmocka_unit_test(test_split_keeps_empty_parts),
        cmocka_unit_test(test_natural_order),
        cmocka_unit_test(test_order_is_total),
        cmocka_unit_test(test_sort_is_natural_and_total),
        cmocka_unit_test(test_nearest_takes_slips),
        cmocka_unit_test(test_nearest_refuses_what_is_no_slip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
