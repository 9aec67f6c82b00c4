/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which variables a shell file sets: found behind everything that /etc/default/grub may hold, and
 * an error with its line wherever it is not certain.
 */
#include "boot/shell.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = { "A", "AB", NULL };

static void test_found(void **state)
{
    static const struct {
        const char *text, *value;
        enum shell_quotes quotes;
        unsigned line;
    } rows[] = {
        { "A=\"x y\"\n", "\"x y\"", SHELL_DOUBLE, 1 },
        { "A=x", "x", SHELL_BARE, 1 },
        { "A=", "", SHELL_BARE, 1 },
        { "# A=no \" '\nA='a b'", "'a b'", SHELL_SINGLE, 2 },
        { "B=`lsb -s 2> /dev/null || echo D`\nA=1", "1", SHELL_BARE, 2 },
        { "B=`( . /etc/os; echo ${N:-U} ) 2>/dev/null || echo U`\nA=1", "1", SHELL_BARE, 2 },
        { "B=\"$(sed 's, release .*$,,g' /etc/r)\"\nA=1", "1", SHELL_BARE, 2 },
        { "B=$(echo \"(\" ')') A=1", "1", SHELL_BARE, 1 },
        { "export A=1", "1", SHELL_BARE, 1 },
        { "if true; then\n B=2\nfi\nA=1", "1", SHELL_BARE, 4 },
        { "case $B in\n x) B=1 ;;\nesac\nA=1", "1", SHELL_BARE, 4 },
        { "f() { B=2; }\nA=1", "1", SHELL_BARE, 2 },
        { "A=\"\\\"q r\\\" \\\n s\"", "\"\\\"q r\\\" \\\n s\"", SHELL_DOUBLE, 1 },
        { "echo A=2 AB=3 # it's\nA=1", "1", SHELL_BARE, 2 },
        { "A_B=2;A=1", "1", SHELL_BARE, 1 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        _cleanup_(shell_file_done) struct shell_file f = { 0 };
        const char *why = "";
        unsigned line = 0;
        char value[64];
        assert_int_equal(shell_read(rows[i].text, names, &f, &line, &why), 0);
        assert_int_equal(f.count, 1);
        const struct shell_assignment *a = &f.items[0];
        snprintf(value, sizeof(value), "%.*s", (int)(a->end - a->start), rows[i].text + a->start);
        assert_string_equal(value, rows[i].value);
        assert_int_equal(a->quotes, rows[i].quotes);
        assert_int_equal(a->line, rows[i].line);
        assert_int_equal(a->variable, 0);
        assert_false(a->appends);
    }
}

static void test_appended(void **state)
{
    _cleanup_(shell_file_done) struct shell_file f = { 0 };
    const char *why;
    unsigned line;
    assert_int_equal(shell_read("AB=1\nAB+=\" 2\"", names, &f, &line, &why), 0);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.items[1].variable, 1);
    assert_true(f.items[1].appends);
    assert_int_equal(f.items[1].start, 9);
}

static void test_not_certain(void **state)
{
    static const struct {
        const char *text, *why;
        unsigned line;
    } rows[] = {
        { "B=1\nC=\"x\nD=2\n", "has a quote that does not end", 2 },
        { "C='x\n", "has a quote that does not end", 1 },
        { "C=`x\n", "has a substitution that does not end", 1 },
        { "C=$(x\n", "has a substitution that does not end", 1 },
        { "C=${x\n", "has a substitution that does not end", 1 },
        { "\nA=\"x $(y)\"", "is built by a command, so what it will be is not known", 2 },
        { "A=`y`", "is built by a command, so what it will be is not known", 1 },
        { "A=x\"y\"", "has a value that is not in one pair of quotes", 1 },
        { "A=\"y\"x", "has a value that is not in one pair of quotes", 1 },
        { "A='y'\"x\"'z'", "has a value that is not in one pair of quotes", 1 },
        { "A=$x", "has a value that is not in one pair of quotes", 1 },
        { "if x; then\n A=1\nfi", "sets it inside another command, so it may be set or not", 2 },
        { "(A=1)", "sets it inside another command, so it may be set or not", 1 },
        { "case x in\n y) A=1;;\nesac", "sets it inside another command, so it may be set or not",
          2 },
        { "cat <<E\nA=1\nE", "has a here-document", 1 },
        { "A=1\\", "ends with a backslash", 1 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct shell_file f = { 0 };
        const char *why = "";
        unsigned line = 0;
        assert_int_equal(shell_read(rows[i].text, names, &f, &line, &why), -EINVAL);
        assert_string_equal(why, rows[i].why);
        assert_int_equal(line, rows[i].line);
        assert_int_equal(f.count, 0);
    }
}

static void test_deep(void **state)
{
    char text[1024] = "B=";
    struct shell_file f = { 0 };
    const char *why = "";
    unsigned line;
    for (size_t i = 0; i < 200; i++)
        memcpy(text + 2 + 2 * i, "$(", 3);
    assert_int_equal(shell_read(text, names, &f, &line, &why), -EINVAL);
    assert_string_equal(why, "nests too deeply");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_appended),
        cmocka_unit_test(test_not_certain),
        cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
