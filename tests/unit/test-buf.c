/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The buffer: growth over its capacity's edges, text that is always terminated, hexadecimal both
 * ways. What happens without memory is in test-node.c.
 */
#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_nothing_added_is_empty(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    assert_null(b.data);
    assert_int_equal(buf_ok(&b), 0);
    _cleanup_free_ char *text = buf_steal(&b);
    assert_string_equal(text, "");
}

static void test_adding_nothing_makes_a_string(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add(&b, NULL, 0);
    assert_string_equal(b.data, "");
    assert_int_equal(b.len, 0);
}

static void test_growth_keeps_every_byte(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    for (size_t i = 0; i < 5000; i++) {
        buf_add_char(&b, (char)('a' + i % 26));
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(b.len, 5000);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
}

static void test_growth_doubles(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    unsigned moves = 0;
    size_t cap = 0;
    for (size_t i = 0; i < 1 << 20; i++) {
        buf_add_char(&b, 'x');
        moves += b.cap != cap;
        cap = b.cap;
    }
    assert_in_range(moves, 1, 15);
}

static void test_printf_of_every_length_around_the_capacity(void **state)
{
    for (size_t len = 100; len < 300; len++) {
        _cleanup_buf_ struct buf b = BUF_INIT;
        buf_add_str(&b, "<");
        buf_printf(&b, "%*d", (int)len, 7);
        buf_add_str(&b, ">");
        assert_int_equal(b.len, len + 2);
        assert_int_equal(strlen(b.data), len + 2);
        assert_string_equal(b.data + len, "7>");
    }
}

static void test_space_is_zeroed(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add_str(&b, "abc");
    char *space = buf_add_space(&b, 300);
    assert_ptr_equal(space, b.data + 3);
    for (size_t i = 0; i <= 300; i++)
        assert_int_equal(space[i], 0);
    assert_int_equal(b.len, 303);
}

static void test_nul_bytes_are_contents(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add(&b, "a\0b", 3);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.data, "a\0b", 4);
}

static void test_hex_there_and_back(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT, bytes = BUF_INIT;
    buf_add_hex(&text, "\x00\x7f\xff\xa5", 4);
    assert_string_equal(text.data, "007fffa5");
    assert_int_equal(buf_add_from_hex(&bytes, text.data, text.len), 0);
    assert_int_equal(bytes.len, 4);
    assert_memory_equal(bytes.data, "\x00\x7f\xff\xa5", 4);
    assert_int_equal(buf_add_from_hex(&bytes, "AbCd", 4), 0);
    assert_memory_equal(bytes.data + 4, "\xab\xcd", 2);
    assert_int_equal(buf_add_from_hex(&bytes, "", 0), 0);
}

static void test_bad_hex_leaves_the_contents(void **state)
{
    static const char *const bad[] = { "0", "0g", "g0", "00 0", "0x10", "00zz", "::" };
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add_str(&b, "kept");
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        assert_int_equal(buf_add_from_hex(&b, bad[i], strlen(bad[i])), -EINVAL);
        assert_string_equal(b.data, "kept");
        assert_int_equal(b.len, 4);
    }
    assert_int_equal(buf_ok(&b), 0);
}

static void test_steal_empties(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add_str(&b, "mine");
    _cleanup_free_ char *text = buf_steal(&b);
    assert_string_equal(text, "mine");
    assert_null(b.data);
    assert_int_equal(b.len + b.cap, 0);
}

static void test_impossible_sizes_fail_once_and_for_all(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    buf_add_str(&b, "kept");
    assert_null(buf_add_space(&b, SIZE_MAX));
    assert_int_equal(buf_ok(&b), -ENOMEM);
    buf_add_str(&b, "more");
    buf_printf(&b, "more");
    buf_add_hex(&b, "more", SIZE_MAX / 2);
    assert_string_equal(b.data, "kept");
    assert_null(buf_steal(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_added_is_empty),
        cmocka_unit_test(test_adding_nothing_makes_a_string),
        cmocka_unit_test(test_growth_keeps_every_byte),
        cmocka_unit_test(test_growth_doubles),
        cmocka_unit_test(test_printf_of_every_length_around_the_capacity),
        cmocka_unit_test(test_space_is_zeroed),
        cmocka_unit_test(test_nul_bytes_are_contents),
        cmocka_unit_test(test_hex_there_and_back),
        cmocka_unit_test(test_bad_hex_leaves_the_contents),
        cmocka_unit_test(test_steal_empties),
        cmocka_unit_test(test_impossible_sizes_fail_once_and_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
