/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The document tree, and what all that makes or reads one does without memory: every allocation in
 * turn fails, in our code (linked with --wrap), in libyaml (its allocator is replaced here) and in
 * jansson (by its hook). Each time -ENOMEM must come back and nothing may leak, which LeakSanitizer
 * sees in the sanitized build.
 */
#include "base/node.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json-read.h"
#include "base/json-write.h"
#include "base/table.h"
#include "base/yaml-read.h"

/* Allocations until one fails, and from then on all; negative: none ever. */
static long allowed = -1;

static bool refused(void)
{
    if (allowed < 0)
        return false;
    if (allowed == 0)
        return true;
    allowed--;
    return false;
}

#define VISIBLE __attribute__((visibility("default")))
#define WRAP(type, name, parameters, arguments)                                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return refused() ? NULL : __real_##name arguments;                                         \
    }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *p, size_t size), (p, size))
WRAP(void *, reallocarray, (void *p, size_t count, size_t size), (p, count, size))
WRAP(char *, strdup, (const char *s), (s))

/* Libyaml calls these through its symbol table, so the program's come first. */
VISIBLE void *yaml_malloc(size_t size);
VISIBLE void *yaml_realloc(void *p, size_t size);
VISIBLE char *yaml_strdup(const char *s);

void *yaml_malloc(size_t size)
{
    return malloc(size ? size : 1);
}

void *yaml_realloc(void *p, size_t size)
{
    return realloc(p, size ? size : 1);
}

char *yaml_strdup(const char *s)
{
    return s ? strdup(s) : NULL;
}

/* Jansson's own header would bring names that json-write.h has, too. */
typedef void *(*alloc_func)(size_t size);
typedef void (*free_func)(void *p);
void json_set_alloc_funcs(alloc_func alloc, free_func release);
void json_get_alloc_funcs(alloc_func *ret_alloc, free_func *ret_release);

static void *jansson_malloc(size_t size)
{
    return malloc(size);
}

/* Runs `work` with room for 0, 1, 2 … allocations until it succeeds; returns how many it takes.
 * What else than -ENOMEM it may say is in `other`. */
static long fail_each_allocation(int (*work)(void), int other)
{
    for (long k = 0; k < 10000; k++) {
        allowed = k;
        int r = work();
        allowed = -1;
        if (r == 0)
            return k;
        if (r != -ENOMEM && r != other)
            fail_msg("allocation %ld: %d", k, r);
    }
    fail_msg("never succeeds");
    return 0;
}

static int fill_buffer(void)
{
    _cleanup_buf_ struct buf b = BUF_INIT, bytes = BUF_INIT;
    buf_add_str(&b, "text");
    buf_printf(&b, "%200d", 1);
    buf_add_space(&b, 1000);
    buf_add_hex(&b, "0123456789", 10);
    if (buf_add_from_hex(&bytes, "00ff", 4) < 0)
        return -ENOMEM;
    _cleanup_free_ char *text = buf_steal(&b);
    return text ? 0 : -ENOMEM;
}

static int write_json(void)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    json_array(&w, NULL);
    for (unsigned i = 0; i < 100; i++)
        json_str(&w, NULL, "some \"text\"\xff");
    json_i64(&w, NULL, -5);
    json_end(&w);
    return buf_ok(&out);
}

static int print_table(void)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, (const char *[]){ "A", "B" }, 2);
    for (unsigned i = 0; i < 20; i++)
        table_add(&t, (const char *[]){ "some text", NULL });
    return table_print(&t, &out, true);
}

static int read_json(void)
{
    static const char text[] = "{\"a\":[1,2.5,true,{}],\"b\":{\"c\":\"text\",\"d\":null}}";
    const struct node_limits limits = { .bytes = 1000, .nodes = 100, .depth = 5 };
    _cleanup_node_ struct node *n = NULL;
    return json_read(text, strlen(text), &limits, &n, NULL);
}

static int read_yaml(void)
{
    static const char text[] = "a: [1, 'x', {}]\nb:\n  c: |\n    text\n  d: ~\n---\n- {e: f}\n";
    const struct node_limits limits = { .bytes = 1000, .nodes = 100, .depth = 5 };
    _cleanup_node_ struct node *n = NULL;
    return yaml_read(text, strlen(text), &limits, &n, NULL);
}

static void test_buffer_without_memory(void **state)
{
    assert_in_range(fail_each_allocation(fill_buffer, -ENOMEM), 3, 10);
}

static void test_json_writer_without_memory(void **state)
{
    assert_in_range(fail_each_allocation(write_json, -ENOMEM), 4, 10);
}

static void test_table_without_memory(void **state)
{
    assert_in_range(fail_each_allocation(print_table, -ENOMEM), 42, 100);
}

static void test_json_reader_without_memory(void **state)
{
    assert_in_range(fail_each_allocation(read_json, -ENOMEM), 10, 100);
}

/* Jansson's lexer takes a string it has no memory for as an invalid token; nothing tells the two
 * apart. */
static void test_jansson_without_memory(void **state)
{
    alloc_func old_malloc;
    free_func old_free;
    json_get_alloc_funcs(&old_malloc, &old_free);
    json_set_alloc_funcs(jansson_malloc, free);
    long needed = fail_each_allocation(read_json, -EINVAL);
    json_set_alloc_funcs(old_malloc, old_free);
    assert_in_range(needed, 30, 300);
}

static void test_yaml_reader_without_memory(void **state)
{
    assert_in_range(fail_each_allocation(read_yaml, -ENOMEM), 40, 400);
}

static struct node *make_map(void)
{
    struct node *map = calloc(1, sizeof(*map));
    assert_non_null(map);
    map->kind = NODE_MAP;
    return map;
}

static void set_scalar(struct node *n, const char *text)
{
    n->kind = NODE_SCALAR;
    free(n->text);
    n->text = strdup(text);
    n->text_len = strlen(text);
}

static void test_entries_keep_order_and_text(void **state)
{
    _cleanup_node_ struct node *map = make_map();
    for (unsigned i = 0; i < 100; i++) {
        char key[8];
        snprintf(key, sizeof(key), "k%u", i);
        struct node *entry = node_add(map, key, i);
        assert_int_equal(entry->kind, NODE_NULL);
        set_scalar(entry, key);
    }
    assert_int_equal(map->count, 100);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(map->items[i].line, i);
        assert_ptr_equal(node_get(map, map->items[i].key), &map->items[i]);
        assert_string_equal(map->items[i].text, map->items[i].key);
    }
}

static void test_get_from_what_is_no_map(void **state)
{
    _cleanup_node_ struct node *map = make_map();
    assert_null(node_get(NULL, "a"));
    assert_null(node_get(map, "a"));
    struct node *list = node_add(map, "a", 1);
    list->kind = NODE_LIST;
    node_add(list, NULL, 1);
    assert_null(node_get(list, "a"));
    assert_null(node_get_text(map, "a"));
    assert_null(node_get_text(map, "b"));
}

static void test_numbers_and_words(void **state)
{
    _cleanup_node_ struct node *map = make_map();
    struct node *n = node_add(map, "a", 1);
    uint64_t value = 7;
    bool flag = true;
    assert_int_equal(node_to_u64(NULL, 9, &value), -EINVAL);
    assert_int_equal(node_to_u64(n, 9, &value), -EINVAL);
    assert_int_equal(node_to_bool(n, &flag), -EINVAL);
    set_scalar(n, "0x9");
    assert_int_equal(node_to_u64(n, 8, &value), -ERANGE);
    assert_true(value == 7);
    assert_int_equal(node_to_u64(n, 9, &value), 0);
    assert_true(value == 9);
    assert_int_equal(node_to_bool(n, &flag), -EINVAL);
    static const char *const words[] = { "false", "off", "no", "0", "true", "on", "yes", "1" };
    for (size_t i = 0; i < ELEMENTS(words); i++) {
        set_scalar(n, words[i]);
        assert_int_equal(node_to_bool(n, &flag), 0);
        assert_int_equal(flag, i >= 4);
    }
}

/* A tree a million deep is freed without a stack as deep. */
static void test_free_does_not_recurse(void **state)
{
    struct node *root = calloc(1, sizeof(*root)), *n = root;
    for (unsigned i = 0; i < 1000000 && n; i++) {
        n->kind = NODE_MAP;
        n = node_add(n, "k", 0);
    }
    assert_non_null(n);
    assert_null(node_free(root));
    assert_null(node_free(NULL));
}

static void test_failure_text_is_cut_and_clean(void **state)
{
    struct node_error error = { 0 };
    assert_int_equal(node_fail(&error, 3, "a\tb%0*d\033", 300, 0), -EINVAL);
    assert_int_equal(error.line, 3);
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
    assert_true(strncmp(error.text, "a?b000", 6) == 0);
    assert_int_equal(node_fail(NULL, 3, "x"), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries_keep_order_and_text),
        cmocka_unit_test(test_get_from_what_is_no_map),
        cmocka_unit_test(test_numbers_and_words),
        cmocka_unit_test(test_free_does_not_recurse),
        cmocka_unit_test(test_failure_text_is_cut_and_clean),
        cmocka_unit_test(test_buffer_without_memory),
        cmocka_unit_test(test_json_writer_without_memory),
        cmocka_unit_test(test_table_without_memory),
        cmocka_unit_test(test_json_reader_without_memory),
        cmocka_unit_test(test_jansson_without_memory),
        cmocka_unit_test(test_yaml_reader_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
