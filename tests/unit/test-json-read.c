/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The JSON reader: what the tree holds, each limit at its edge, and what is refused with the result
 * untouched and a line in the error.
 */
#include "base/json-read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct node_limits roomy = { .bytes = 1 << 20, .nodes = 1000, .depth = 16 };

static int read_text(const char *text, const struct node_limits *limits, struct node **ret,
                     struct node_error *error)
{
    /* No byte behind the text may be looked at: a block of its size lets ASan see it. */
    size_t len = strlen(text);
    _cleanup_free_ char *exact = malloc(len ? len : 1);
    memcpy(exact, text, len);
    return json_read(exact, len, limits, ret, error);
}

static struct node *must_read(const char *text)
{
    struct node *n = NULL;
    struct node_error error = { 0 };
    int r = read_text(text, &roomy, &n, &error);
    if (r < 0)
        fail_msg("%s: line %u: %s", text, error.line, error.text);
    return n;
}

static void must_refuse(const char *text, const struct node_limits *limits, unsigned line)
{
    struct node *untouched = (struct node *)&roomy, *n = untouched;
    struct node_error error = { .line = 999 };
    int r = read_text(text, limits, &n, &error);
    if (r != -EINVAL || n != untouched || error.line != line || error.text[0] == '\0')
        fail_msg("%s: %d, line %u: %s", text, r, error.line, error.text);
    assert_int_equal(read_text(text, limits, &n, NULL), -EINVAL);
}

static void test_every_kind(void **state)
{
    _cleanup_node_ struct node *n = must_read(
        "{\"s\":\"x\", \"i\":-5, \"t\":true, \"f\":false, \"n\":null, \"l\":[1,{}]}");
    static const char *const keys[] = { "s", "i", "t", "f", "n", "l" };
    assert_int_equal(n->kind, NODE_MAP);
    assert_int_equal(n->count, ELEMENTS(keys));
    for (size_t i = 0; i < ELEMENTS(keys); i++)
        assert_string_equal(n->items[i].key, keys[i]);
    assert_string_equal(node_get_text(n, "s"), "x");
    assert_true(node_get(n, "s")->quoted);
    assert_string_equal(node_get_text(n, "i"), "-5");
    assert_false(node_get(n, "i")->quoted);
    assert_string_equal(node_get_text(n, "t"), "true");
    assert_string_equal(node_get_text(n, "f"), "false");
    assert_int_equal(node_get(n, "n")->kind, NODE_NULL);
    const struct node *list = node_get(n, "l");
    assert_int_equal(list->kind, NODE_LIST);
    assert_int_equal(list->count, 2);
    assert_int_equal(list->items[1].kind, NODE_MAP);
    assert_null(list->items[0].key);
    assert_int_equal(list->line, 0);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *json;
        const char *text;
    } cases[] = {
        { "[0]", "0" },
        { "[9223372036854775807]", "9223372036854775807" },
        { "[-9223372036854775808]", "-9223372036854775808" },
        { "[0.1]", "0.1" },
        { "[1.0]", "1.0" },
        { "[-2.5e-3]", "-0.0025" },
        { "[0.30000000000000004]", "0.30000000000000004" },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_node_ struct node *n = must_read(cases[i].json);
        assert_string_equal(n->items[0].text, cases[i].text);
        assert_int_equal(n->items[0].text_len, strlen(n->items[0].text));
    }
    must_refuse("[9223372036854775808]", &roomy, 1);
    must_refuse("[1e999]", &roomy, 1);
}

static void test_escapes_and_utf8(void **state)
{
    _cleanup_node_ struct node *n = must_read(
        "[\"\\u00e4\\ud83d\\ude00\\n\\\"\\\\{[,:\", \"\xc3\xa4\"]");
    assert_string_equal(n->items[0].text, "\xc3\xa4\xf0\x9f\x98\x80\n\"\\{[,:");
    assert_string_equal(n->items[1].text, "\xc3\xa4");
    assert_int_equal(n->items[1].text_len, 2);
}

static void test_what_is_no_json(void **state)
{
    static const char *const bad[] = {
        "",           " ",          "1",          "\"a\"",         "null",
        "{",          "[",          "}",          "[1,]",          "{\"a\"}",
        "{\"a\":}",   "{a:1}",      "{'a':1}",    "[1] x",         "[1][2]",
        "[01]",       "[+1]",       "[.5]",       "[NaN]",         "[tru]",
        "[\"a]",      "[\"\\x\"]",  "[\"a\tb\"]", "[\"\\ud800\"]", "\xef\xbb\xbf[]",
        "[1 // c\n]", "{\"a\":1,}", "[\"\\",      "[\"\\\"",       "[,]",
        "[:]",        "{:}",        "]]",
    };
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        must_refuse(bad[i], &roomy, 1);
}

static void test_errors_name_the_line(void **state)
{
    must_refuse("{\n\"a\": 1,\n\"b\": oops\n}", &roomy, 3);
    must_refuse("{\n\"a\": 1,\n\"a\": 2\n}", &roomy, 3);
}

static void test_bad_bytes(void **state)
{
    must_refuse("[\"\xff\"]", &roomy, 1);
    must_refuse("[\"\xc1\xbf\"]", &roomy, 1);
    must_refuse("[\"\xed\xa0\x80\"]", &roomy, 1);
    must_refuse("[\"\xe2\x82", &roomy, 1);
}

static void test_nul_is_refused(void **state)
{
    struct node *n = NULL;
    must_refuse("[\"a\\u0000b\"]", &roomy, 1);
    must_refuse("{\"a\\u0000b\":1}", &roomy, 1);
    assert_int_equal(json_read("[\"a\0b\"]", 7, &roomy, &n, NULL), -EINVAL);
    assert_int_equal(json_read("[]\0", 3, &roomy, &n, NULL), -EINVAL);
    assert_int_equal(json_read("\0", 1, &roomy, &n, NULL), -EINVAL);
    assert_null(n);
}

static void test_repeated_keys_are_refused(void **state)
{
    must_refuse("{\"a\":1,\"a\":1}", &roomy, 1);
    must_refuse("[{\"x\":{\"b\":1,\"\\u0062\":2}}]", &roomy, 1);
    _cleanup_node_ struct node *n = must_read("{\"a\":{\"a\":1},\"A\":{\"a\":1}}");
    assert_int_equal(n->count, 2);
}

static void test_limit_of_bytes(void **state)
{
    struct node_limits limits = roomy;
    struct node *n = NULL;
    limits.bytes = 4;
    assert_int_equal(read_text("[12]", &limits, &n, NULL), 0);
    node_free(n);
    limits.bytes = 3;
    must_refuse("[12]", &limits, 0);
}

static void test_limit_of_nodes(void **state)
{
    static const struct {
        const char *text;
        size_t nodes;
    } cases[] = {
        { "[]", 1 },
        { "[ ]", 1 },
        { "{}", 1 },
        { "[1]", 2 },
        { "[\"a\"]", 2 },
        { "{\"a\":1}", 2 },
        { "{\"a:,[\\\"\":\"b:,{\"}", 2 },
        { "[1,[2,3],{\"a\":[],\"b\":null}]", 8 },
        { "[-1.5e+3,true , false]", 4 },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct node_limits limits = roomy;
        struct node *n = NULL;
        limits.nodes = cases[i].nodes;
        assert_int_equal(read_text(cases[i].text, &limits, &n, NULL), 0);
        node_free(n);
        limits.nodes--;
        must_refuse(cases[i].text, &limits, 1);
    }
}

static void test_limit_of_depth(void **state)
{
    struct node_limits limits = { .bytes = 100, .nodes = 100, .depth = 3 };
    struct node *n = NULL;
    assert_int_equal(read_text("[[{\"a\":1}],[[]]]", &limits, &n, NULL), 0);
    node_free(n);
    must_refuse("[\n[\n[\n[]]]]", &limits, 4);
    limits.depth = 0;
    must_refuse("[]", &limits, 1);
}

/* Jansson's own limit stands behind ours. */
static void test_depth_without_our_limit(void **state)
{
    const struct node_limits none = { .bytes = SIZE_MAX, .nodes = SIZE_MAX, .depth = ~0u };
    char deep[100001];
    memset(deep, '[', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    must_refuse(deep, &none, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_escapes_and_utf8),
        cmocka_unit_test(test_what_is_no_json),
        cmocka_unit_test(test_errors_name_the_line),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_nul_is_refused),
        cmocka_unit_test(test_repeated_keys_are_refused),
        cmocka_unit_test(test_limit_of_bytes),
        cmocka_unit_test(test_limit_of_nodes),
        cmocka_unit_test(test_limit_of_depth),
        cmocka_unit_test(test_depth_without_our_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
