/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The YAML reader: what the tree holds, each limit at its edge, and everything of YAML that is
 * refused
 * -- with its line, and with the result untouched.
 */
#include "base/yaml-read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static const struct node_limits roomy = { .bytes = 1 << 20, .nodes = 1000, .depth = 16 };

static int read_len(const char *text, size_t len, const struct node_limits *limits,
                    struct node **ret, struct node_error *error)
{
    /* No byte behind the text may be looked at: a block of its size lets ASan see it. */
    _cleanup_free_ char *exact = malloc(len ? len : 1);
    memcpy(exact, text, len);
    return yaml_read(exact, len, limits, ret, error);
}

static struct node *must_read(const char *text)
{
    struct node *n = NULL;
    struct node_error error = { 0 };
    int r = read_len(text, strlen(text), &roomy, &n, &error);
    if (r < 0)
        fail_msg("%s: line %u: %s", text, error.line, error.text);
    assert_int_equal(n->kind, NODE_LIST);
    return n;
}

static void must_refuse_len(const char *text, size_t len, const struct node_limits *limits,
                            unsigned line, const char *word)
{
    struct node *untouched = (struct node *)&roomy, *n = untouched;
    struct node_error error = { .line = 999 };
    int r = read_len(text, len, limits, &n, &error);
    if (r != -EINVAL || n != untouched || error.line != line || !strstr(error.text, word))
        fail_msg("%s: %d, line %u: %s", text, r, error.line, error.text);
    assert_int_equal(read_len(text, len, limits, &n, NULL), -EINVAL);
}

static void must_refuse(const char *text, unsigned line, const char *word)
{
    must_refuse_len(text, strlen(text), &roomy, line, word);
}

static void test_policy(void **state)
{
    _cleanup_node_ struct node *n = must_read("# comment\n"
                                              "pfs:\n"
                                              "  - match: {name: enp1s0}\n"
                                              "    num_vfs: 4\n"
                                              "    autoprobe: off\n"
                                              "    vfs:\n"
                                              "      \"0\": {mac: \"52:54:00:aa:bb:01\"}\n"
                                              "pools:\n");
    assert_int_equal(n->count, 1);
    const struct node *root = &n->items[0], *pf = &node_get(root, "pfs")->items[0];
    assert_string_equal(node_get_text(node_get(pf, "match"), "name"), "enp1s0");
    assert_string_equal(node_get_text(pf, "num_vfs"), "4");
    assert_string_equal(node_get_text(node_get(node_get(pf, "vfs"), "0"), "mac"),
                        "52:54:00:aa:bb:01");
    assert_int_equal(node_get(root, "pools")->kind, NODE_NULL);
    assert_int_equal(node_get(root, "pfs")->line, 2);
    assert_int_equal(pf->line, 3);
    assert_int_equal(node_get(pf, "vfs")->line, 6);
    assert_int_equal(node_get(node_get(pf, "vfs"), "0")->line, 7);
}

static void test_plain_and_quoted(void **state)
{
    static const bool quoted[] = { false, true, true };
    _cleanup_node_ struct node *n = must_read(
        "- on\n- \"on\"\n- 'on'\n- |\n  on\n- >-\n  on\n  off\n");
    const struct node *list = &n->items[0];
    assert_int_equal(list->count, 5);
    for (size_t i = 0; i < ELEMENTS(quoted); i++) {
        assert_string_equal(list->items[i].text, "on");
        assert_int_equal(list->items[i].quoted, quoted[i]);
    }
    assert_string_equal(list->items[3].text, "on\n");
    assert_true(list->items[3].quoted);
    assert_string_equal(list->items[4].text, "on off");
}

static void test_what_is_null(void **state)
{
    _cleanup_node_ struct node *n = must_read("[null, ~, \"null\", '~', '', Null, nul]");
    const struct node *list = &n->items[0];
    for (size_t i = 0; i < list->count; i++)
        assert_int_equal(list->items[i].kind, i < 2 ? NODE_NULL : NODE_SCALAR);
    _cleanup_node_ struct node *empty = must_read("a:\nb: \nc: {}\nd: []");
    assert_int_equal(node_get(&empty->items[0], "a")->kind, NODE_NULL);
    assert_int_equal(node_get(&empty->items[0], "b")->kind, NODE_NULL);
    assert_int_equal(node_get(&empty->items[0], "c")->kind, NODE_MAP);
    assert_int_equal(node_get(&empty->items[0], "d")->kind, NODE_LIST);
}

static void test_documents(void **state)
{
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {
        { "", 0 },
        { "\n\n# only this\n", 0 },
        { "---\n", 1 },
        { "a: 1", 1 },
        { "---\na: 1\n---\nb\n", 2 },
        { "--- 1\n--- 2\n...\n--- 3\n", 3 },
        { "--- ~\n---\n", 2 },
        { "%YAML 1.1\n---\na\n", 1 },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_node_ struct node *n = must_read(cases[i].text);
        assert_int_equal(n->count, cases[i].count);
    }
    _cleanup_node_ struct node *n = must_read("---\na: 1\n---\nb\n");
    assert_int_equal(n->items[1].line, 4);
    assert_string_equal(n->items[1].text, "b");
}

static void test_byte_order_mark_is_no_text(void **state)
{
    _cleanup_node_ struct node *n = must_read("\xef\xbb\xbf"
                                              "a: 1");
    assert_string_equal(node_get_text(&n->items[0], "a"), "1");
}

static void test_aliases_anchors_and_tags_are_refused(void **state)
{
    must_refuse("a: 1\nb: *x\n", 2, "alias '*x'");
    must_refuse("a: &x 1\nb: *x\n", 1, "anchor '&x'");
    must_refuse("a:\n  - &x [1]\n", 2, "anchor");
    must_refuse("&x {a: 1}\n", 1, "anchor");
    must_refuse("a: 1\n&x b: 1\n", 2, "anchor");
    must_refuse("a: !!str 1\n", 1, "tag");
    must_refuse("! a\n", 1, "tag");
    must_refuse("a:\n  !foo\n  b: 1\n", 2, "tag '!foo'");
    must_refuse("- !!seq [1]\n", 1, "tag");
    must_refuse("%TAG ! tag:x,2000:\n---\na\n", 1, "%TAG");
    must_refuse("a: {<<: *b}\n", 1, "alias");
}

static void test_repeated_keys_are_refused(void **state)
{
    must_refuse("a: 1\nb: 2\na: 3\n", 3, "key 'a' is repeated, it is on line 1 already");
    must_refuse("x:\n  b: 1\n  \"b\": 1\n", 3, "key 'b'");
    must_refuse("{z: 1, y: 2,\nz: 3,\ny: 4, z: 5}", 2, "key 'z'");
    must_refuse("- {a: {b: 1, b: 2}}\n", 1, "key 'b'");
    must_refuse("{\"\": 1,\n'': 2}", 2, "key ''");
    node_free(must_read("a: {a: 1}\nA: {a: 1}\n---\na: 1\n"));
}

static void test_collections_are_no_keys(void **state)
{
    must_refuse("a: 1\n? [1]\n: 2\n", 2, "cannot be a key");
    must_refuse("{{a: 1}: 2}\n", 1, "cannot be a key");
    _cleanup_node_ struct node *n = must_read("? a\n: 1\n? b\n");
    assert_string_equal(node_get_text(&n->items[0], "a"), "1");
    assert_int_equal(node_get(&n->items[0], "b")->kind, NODE_NULL);
}

static void test_what_is_no_yaml(void **state)
{
    must_refuse("a: [1, 2\nb: 3\n", 2, "");
    must_refuse("a: 1\n  b: 2\n", 2, "");
    must_refuse("a:\n\t- 1\n", 2, "");
    must_refuse("a: \"x\n", 2, "");
    must_refuse("a: 1\n}\n", 2, "");
    must_refuse("a: @x\n", 1, "");
    must_refuse("a: \"\\q\"\n", 1, "");
    must_refuse("%YAML 3.0\n---\na\n", 1, "");
}

static void test_bad_bytes(void **state)
{
    must_refuse("a: 1\nb: \xff\n", 2, "UTF-8");
    must_refuse("a: \xc1\xbf\n", 1, "UTF-8");
    must_refuse("a: \xed\xa0\x80\n", 1, "");
    must_refuse("a: \xe2\x82", 1, "UTF-8");
    must_refuse("a: \x1b[2J\n", 1, "control");
    must_refuse("\xff\xfe"
                "a",
                1, "UTF-8");
    must_refuse_len("\xfe\xff\0a", 4, &roomy, 1, "UTF-8");
}

static void test_nul_is_refused(void **state)
{
    must_refuse_len("a: 1\nb: x\0y\n", 12, &roomy, 2, "control");
    must_refuse_len("\0", 1, &roomy, 1, "control");
    must_refuse("a: 1\nb: \"x\\0y\"\n", 2, "NUL");
    must_refuse("\"a\\x00\": 1\n", 1, "NUL");
}

static void test_limit_of_bytes(void **state)
{
    struct node_limits limits = roomy;
    struct node *n = NULL;
    limits.bytes = 4;
    assert_int_equal(read_len("a: 1", 4, &limits, &n, NULL), 0);
    node_free(n);
    limits.bytes = 3;
    must_refuse_len("a: 1", 4, &limits, 0, "longer than 3 bytes");
}

static void test_limit_of_nodes_holds_for_the_stream(void **state)
{
    static const struct {
        const char *text;
        size_t nodes;
        unsigned line;
    } cases[] = {
        { "x", 1, 1 },
        { "[]", 1, 1 },
        { "a: 1\nb: 2\n", 3, 2 },
        { "--- 1\n--- 2\n--- [3]\n", 4, 3 },
        { "a:\n- b: {c: ~}\n", 5, 2 },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct node_limits limits = roomy;
        struct node *n = NULL;
        size_t len = strlen(cases[i].text);
        limits.nodes = cases[i].nodes;
        assert_int_equal(read_len(cases[i].text, len, &limits, &n, NULL), 0);
        node_free(n);
        limits.nodes--;
        must_refuse_len(cases[i].text, len, &limits, cases[i].line, "values");
    }
}

static void test_limit_of_depth(void **state)
{
    struct node_limits limits = { .bytes = 100, .nodes = 100, .depth = 3 };
    struct node *n = NULL;
    assert_int_equal(read_len("[[{a: 1}],[[]]]", 15, &limits, &n, NULL), 0);
    node_free(n);
    must_refuse_len("[\n[\n[\n[]]]]", 11, &limits, 4, "deeper than 3");
    must_refuse_len("- - - - 1", 9, &limits, 1, "deeper than 3");
    limits.depth = 0;
    must_refuse_len("[]", 2, &limits, 1, "deeper than 0");
    assert_int_equal(read_len("x", 1, &limits, &n, NULL), 0);
    node_free(n);
}

/* With as many keys as this, comparing each with each would take seconds. */
static void test_many_keys_are_checked_quickly(void **state)
{
    const struct node_limits large = { .bytes = SIZE_MAX, .nodes = SIZE_MAX, .depth = 2 };
    _cleanup_buf_ struct buf text = BUF_INIT;
    for (unsigned i = 0; i < 50000; i++)
        buf_printf(&text, "key%u:\n", i);
    _cleanup_node_ struct node *n = NULL;
    assert_int_equal(yaml_read(text.data, text.len, &large, &n, NULL), 0);
    assert_int_equal(n->items[0].count, 50000);
    buf_add_str(&text, "key77:\n");
    must_refuse_len(text.data, text.len, &large, 50001, "it is on line 78");
}

static void test_quoted_text_in_errors_cannot_drive_the_terminal(void **state)
{
    must_refuse("\"\\e[2J\": 1\n\"\\e[2J\": 1\n", 2, "key '?[2J'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_plain_and_quoted),
        cmocka_unit_test(test_what_is_null),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_byte_order_mark_is_no_text),
        cmocka_unit_test(test_aliases_anchors_and_tags_are_refused),
        cmocka_unit_test(test_repeated_keys_are_refused),
        cmocka_unit_test(test_collections_are_no_keys),
        cmocka_unit_test(test_what_is_no_yaml),
        cmocka_unit_test(test_bad_bytes),
        cmocka_unit_test(test_nul_is_refused),
        cmocka_unit_test(test_limit_of_bytes),
        cmocka_unit_test(test_limit_of_nodes_holds_for_the_stream),
        cmocka_unit_test(test_limit_of_depth),
        cmocka_unit_test(test_many_keys_are_checked_quickly),
        cmocka_unit_test(test_quoted_text_in_errors_cannot_drive_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
