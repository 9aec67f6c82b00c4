/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON as it is written: commas, brackets, escapes and bad UTF-8 byte for byte; and that our own
 * reader reads back what was meant.
 */
#include "base/json-write.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json-read.h"

static void test_commas_and_nesting(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    json_object(&w, NULL);
    json_array(&w, "pfs");
    json_end(&w);
    json_array(&w, "vfs");
    json_object(&w, NULL);
    json_end(&w);
    json_object(&w, NULL);
    json_u64(&w, "index", 0);
    json_bool(&w, "trust", true);
    json_end(&w);
    json_null(&w, NULL);
    json_end(&w);
    json_str(&w, "name", NULL);
    json_end(&w);
    assert_string_equal(
        out.data, "{\"pfs\":[],\"vfs\":[{},{\"index\":0,\"trust\":true},null],\"name\":null}");
    assert_int_equal(w.depth, 0);
}

static void test_scalar_at_the_top(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    json_bool(&w, NULL, false);
    assert_string_equal(out.data, "false");
}

static void test_numbers_at_their_limits(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    json_array(&w, NULL);
    json_u64(&w, NULL, UINT64_MAX);
    json_u64(&w, NULL, 10);
    json_i64(&w, NULL, INT64_MIN);
    json_i64(&w, NULL, INT64_MAX);
    json_i64(&w, NULL, -1);
    json_end(&w);
    assert_string_equal(out.data,
                        "[18446744073709551615,10,-9223372036854775808,9223372036854775807,-1]");
}

static void expect_text(const char *text, size_t len, const char *want)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    json_str_len(&w, NULL, text, len);
    assert_string_equal(out.data, want);
}

static void test_escapes(void **state)
{
    expect_text("", 0, "\"\"");
    expect_text("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    expect_text("\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    expect_text("\x01\x1f\x00\x7f", 4, "\"\\u0001\\u001f\\u0000\x7f\"");
}

static void test_utf8_passes_and_bad_bytes_are_replaced(void **state)
{
    expect_text("\xc3\xa4\xf0\x9f\x98\x80", 6, "\"\xc3\xa4\xf0\x9f\x98\x80\"");
    expect_text("a\xff"
                "b",
                3,
                "\"a\xef\xbf\xbd"
                "b\"");
    expect_text("\xe2\x82", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    expect_text("\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_keys_are_escaped(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    json_object(&w, NULL);
    json_str(&w, "a\"\n", "v");
    json_end(&w);
    assert_string_equal(out.data, "{\"a\\\"\\n\":\"v\"}");
}

/* Closing with the wrong bracket would be JSON that lies; failing is seen by buf_ok. */
static void test_nesting_beyond_the_limit_fails(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    for (unsigned i = 0; i < 64; i++) {
        if (i % 2)
            json_object(&w, i > 0 ? NULL : "k");
        else
            json_array(&w, i > 0 ? "k" : NULL);
    }
    assert_int_equal(buf_ok(&out), 0);
    size_t len = out.len;
    for (unsigned i = 0; i < 64; i++)
        json_end(&w);
    assert_int_equal(buf_ok(&out), 0);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(out.data[len + i], i % 2 ? ']' : '}');
    json_end(&w);
    assert_int_equal(buf_ok(&out), -ENOMEM);

    _cleanup_buf_ struct buf deep = BUF_INIT;
    w = JSON_WRITER(&deep);
    for (unsigned i = 0; i < 65; i++)
        json_array(&w, NULL);
    assert_int_equal(buf_ok(&deep), -ENOMEM);
}

static void test_every_byte_pair_is_valid_json(void **state)
{
    const struct node_limits limits = { .bytes = 100, .nodes = 10, .depth = 2 };
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        if (pair < 0x100 || pair % 0x100 == 0)
            continue; /* our reader refuses NUL */
        const char text[2] = { (char)(pair >> 8), (char)(pair & 0xff) };
        _cleanup_buf_ struct buf out = BUF_INIT;
        _cleanup_node_ struct node *n = NULL;
        struct json_writer w = JSON_WRITER(&out);
        json_array(&w, NULL);
        json_str_len(&w, NULL, text, 2);
        json_end(&w);
        assert_int_equal(json_read(out.data, out.len, &limits, &n, NULL), 0);
        if (pair < 0x8000 && pair % 0x100 < 0x80)
            assert_memory_equal(n->items[0].text, text, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas_and_nesting),
        cmocka_unit_test(test_scalar_at_the_top),
        cmocka_unit_test(test_numbers_at_their_limits),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_utf8_passes_and_bad_bytes_are_replaced),
        cmocka_unit_test(test_keys_are_escaped),
        cmocka_unit_test(test_nesting_beyond_the_limit_fails),
        cmocka_unit_test(test_every_byte_pair_is_valid_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
