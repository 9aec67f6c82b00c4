/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Unified diffs, as diff -u writes them: hunks, ranges, context, files that are new or go, and ends
 * without a newline.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "boot/boot.h"

static void check(const char *before, const char *after, const char *want)
{
    struct boot_file f = {
        .path = (char *)"/f",
        .before = (char *)before,
        .after = (char *)after,
    };
    _cleanup_buf_ struct buf text = BUF_INIT;
    assert_int_equal(boot_diff(&f, &text), 0);
    assert_string_equal(text.data, want);
}

#define HEAD "--- a/f\n+++ b/f\n"

static void test_one_line(void **state)
{
    check("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
          HEAD "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
    check("1\n", "1\n2\n", HEAD "@@ -1 +1,2 @@\n 1\n+2\n");
    check("1\n2\n", "2\n", HEAD "@@ -1,2 +1 @@\n-1\n 2\n");
    check("a\n", "b\n", HEAD "@@ -1 +1 @@\n-a\n+b\n");
}

static void test_hunks(void **state)
{
    /* Six lines between two changes are one hunk, seven are two. */
    check("a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
          HEAD "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n");
    check("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
          HEAD "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n");
}

static void test_common_lines_stay(void **state)
{
    check("a\nx\nb\ny\nc\n", "x\n1\ny\n2\n", HEAD "@@ -1,5 +1,4 @@\n-a\n x\n-b\n+1\n y\n-c\n+2\n");
}

static void test_new_and_gone(void **state)
{
    check(NULL, "1\n2\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1,2 @@\n+1\n+2\n");
    check("1\n", NULL, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-1\n");
}

static void test_no_newline(void **state)
{
    check(
        "1\n2", "1\n3",
        HEAD
        "@@ -1,2 +1,2 @@\n 1\n-2\n\\ No newline at end of file\n+3\n\\ No newline at end of file\n");
    check("1", "1\n", HEAD "@@ -1 +1 @@\n-1\n\\ No newline at end of file\n+1\n");
}

static void test_too_long_to_compare(void **state)
{
    _cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT, text = BUF_INIT;
    for (int i = 0; i < 3000; i++) {
        buf_printf(&a, "a%d\n", i);
        buf_printf(&b, "b%d\n", i);
    }
    struct boot_file f = { .path = (char *)"/f", .before = a.data, .after = b.data };
    assert_int_equal(boot_diff(&f, &text), 0);
    assert_non_null(strstr(text.data, "@@ -1,3000 +1,3000 @@\n-a0\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),          cmocka_unit_test(test_hunks),
        cmocka_unit_test(test_common_lines_stay), cmocka_unit_test(test_new_and_gone),
        cmocka_unit_test(test_no_newline),        cmocka_unit_test(test_too_long_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
