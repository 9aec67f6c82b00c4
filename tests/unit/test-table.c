/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tables as they are printed, byte for byte: alignment, columns that are left out, characters of
 * more bytes than one, and cells that would drive a terminal.
 */
#include "base/table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define ROW(...) ((const char *[]){ __VA_ARGS__ })

static void expect(const struct table *t, bool colour, const char *want)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    assert_int_equal(table_print(t, &out, colour), 0);
    assert_string_equal(out.data ? out.data : "", want);
}

static void test_columns_are_aligned_and_the_last_is_not_padded(void **state)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, ROW("VF", "PCI", "MAC"), 3);
    table_add(&t, ROW("0", "0000:01:10.0", "52:54:00:aa:bb:01"));
    table_add(&t, ROW("10", "x", NULL));
    expect(&t, false,
           "VF  PCI           MAC\n"
           "0   0000:01:10.0  52:54:00:aa:bb:01\n"
           "10  x             -\n");
}

static void test_empty_columns_are_left_out(void **state)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, ROW("A", "B", "C", "D"), 4);
    table_add(&t, ROW(NULL, "1", "", "-"));
    table_add(&t, ROW("", "22", "x", NULL));
    expect(&t, false, "B   C\n1   -\n22  x\n");
}

static void test_no_cell_is_no_line(void **state)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, ROW("A", "B"), 2);
    expect(&t, false, "A  B\n"); /* no rows: the headings alone */
    table_add(&t, ROW(NULL, NULL));
    expect(&t, false, "");
}

static void test_headings_are_bold_in_colour(void **state)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, ROW("A"), 1);
    table_add(&t, ROW("x"));
    expect(&t, true, "\033[1mA\033[0m\nx\n");
}

static void test_widths_count_characters(void **state)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, ROW("N", "X"), 2);
    table_add(&t, ROW("\xc3\xa4\xe2\x82\xac", "1"));
    table_add(&t, ROW("abc", "2"));
    expect(&t, false,
           "N    X\n"
           "\xc3\xa4\xe2\x82\xac   1\n"
           "abc  2\n");
}

static void test_cells_cannot_drive_the_terminal(void **state)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, ROW("A", "B"), 2);
    table_add(&t, ROW("\033[2J\n", "a\x7f\xff\xc2\x9b\xc2\xa0"));
    expect(&t, false, "A      B\n?[2J?  a????\xc2\xa0\n");
}

static void test_too_many_columns_fail(void **state)
{
    const char *headings[TABLE_COLUMNS + 1];
    for (size_t i = 0; i < ELEMENTS(headings); i++)
        headings[i] = "x";
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_(table_done) struct table t = { 0 }, widest = { 0 };
    table_init(&t, headings, TABLE_COLUMNS + 1);
    assert_int_equal(table_print(&t, &out, false), -ENOMEM);
    table_init(&widest, headings, TABLE_COLUMNS);
    assert_int_equal(table_print(&widest, &out, false), 0);
    assert_int_equal(out.len, TABLE_COLUMNS * 3 - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_aligned_and_the_last_is_not_padded),
        cmocka_unit_test(test_empty_columns_are_left_out),
        cmocka_unit_test(test_no_cell_is_no_line),
        cmocka_unit_test(test_headings_are_bold_in_colour),
        cmocka_unit_test(test_widths_count_characters),
        cmocka_unit_test(test_cells_cannot_drive_the_terminal),
        cmocka_unit_test(test_too_many_columns_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
