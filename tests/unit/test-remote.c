/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What --host makes of a command line, and of a daemon's answers. The requests themselves are
 * tested against a daemon, in tests/lab/daemon-remote.sh.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/json-read.h"
#include "cli/remote.h"
#include "kernel/spawn.h"
#include "remote/answer.h"
#include "remote/event-stream.h"
#include "remote/watch.h"
#include "remote/words.h"

/* ---- addresses ---- */

static void test_addresses(void **state)
{
    static const struct {
        const char *address, *socket, *url;
    } cases[] = {
        { "unix:/run/sriovd/api.sock", "/run/sriovd/api.sock", "http://localhost" },
        { "https://node3", "", "https://node3:8443" },
        { "https://node3/", "", "https://node3:8443" },
        { "https://192.0.2.1:9000", "", "https://192.0.2.1:9000" },
        { "https://[2001:db8::1]", "", "https://[2001:db8::1]:8443" },
        { "https://[2001:db8::1]:443", "", "https://[2001:db8::1]:443" },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct sriov_error error = { 0 };
        struct server s;
        assert_int_equal(server_parse(cases[i].address, &s, &error), 0);
        assert_string_equal(s.name, cases[i].address);
        assert_string_equal(s.socket, cases[i].socket);
        assert_string_equal(s.url, cases[i].url);
        assert_string_equal(s.token, "");
    }
}

static void test_wrong_addresses(void **state)
{
    char longest[400] = "https://";
    const char *const cases[] = {
        "",
        "node3",
        "http://node3",
        "unix:",
        "unix:api.sock",
        "https://",
        "https://user@node3",
        "https://node3/v1",
        "https://node3:port",
        "https://node3:70000",
        "https://[2001:db8::1",
        "https://a b",
        "https://a?b",
        longest,
    };
    memset(longest + strlen("https://"), 'a', 300);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct sriov_error error = { 0 };
        struct server s = { .name = "untouched" };
        assert_int_equal(server_parse(cases[i], &s, &error), -EINVAL);
        assert_int_equal(error.code, SRIOV_USAGE);
        assert_non_null(strstr(error.remedy, "unix:/run/sriovd/api.sock"));
        assert_string_equal(s.name, "untouched");
    }
}

/* ---- command lines ---- */

#define APP(a, ...)                                                                                \
    start_app(a, (const char *[]){ "sriovctl", "--host", "unix:/run/x", __VA_ARGS__, NULL })

static int start_app(struct app *a, const char **argv)
{
    int argc = 0;
    *a = (struct app){ 0 };
    while (argv[argc])
        argc++;
    return app_start(a, &program_sriovctl, argc, (char **)argv);
}

static void assert_words(struct app *a, const char *want)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT;
    assert_int_equal(words_make(a, &words), 0);
    for (size_t i = 0; i < words.count; i++)
        buf_printf(&text, "%s%s", i > 0 ? "|" : "", words.items[i]);
    assert_string_equal(text.data, want);
    app_done(a);
}

static void test_words(void **state)
{
    struct app a;
    assert_int_equal(APP(&a, "list"), 0);
    assert_words(&a, "list");
    assert_int_equal(APP(&a, "-jq", "set", "enp1s0/3", "vlan=5", "--force"), 0);
    assert_words(&a, "--json|--quiet|set|--force|enp1s0/3|vlan=5");
    assert_int_equal(APP(&a, "--colour=always", "history", "-l7", "enp1s0"), 0);
    assert_words(&a, "--colour|always|history|--limit|7|enp1s0");
    assert_int_equal(APP(&a, "--colour", "never", "list"), 0);
    assert_words(&a, "list");
    assert_int_equal(APP(&a, "apply", "-f", "/a", "-f", "/b"), 0);
    assert_words(&a, "apply|--file|-");
    assert_int_equal(APP(&a, "acquire", "--owner=web 1", "--pid", "12", "--", "-x"), 0);
    assert_words(&a, "acquire|--owner|web 1|--pid|12|--|-x");
    assert_int_equal(APP(&a, "--token-file", "/t", "--ca", "/c", "--insecure", "doctor"), 0);
    assert_words(&a, "doctor");
}

static void test_what_works_here_only(void **state)
{
    static const struct {
        const char *words[4];
        const char *object;
    } cases[] = {
        { { "capture", "/x" }, "capture" },
        { { "run", "true" }, "run" },
        { { "host", "prepare" }, "host prepare" },
        { { "list", "--replay", "/x" }, "--replay" },
        { { "list", "--state-dir", "/x" }, "--state-dir" },
        { { "list", "--sysfs-root", "/x" }, "--sysfs-root" },
        { { "report", "-o", "/x" }, "--output" },
        { { "audit", "-b", "/x" }, "--baseline" },
        { { "watch", "-p", "/x" }, "--policy" },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        const char *const *w = cases[i].words;
        struct app a;
        assert_int_equal(APP(&a, w[0], w[1], w[2]), -EINVAL);
        assert_int_equal(a.error.code, SRIOV_USAGE);
        assert_string_equal(a.error.object, cases[i].object);
        assert_non_null(strstr(a.error.message, "--host"));
        app_done(&a);
    }
}

/* Root is needed there, not here; and what explains the program needs no daemon. */
static void test_who_is_asked(void **state)
{
    struct app a;
    assert_int_equal(APP(&a, "host", "check"), 0);
    assert_true(remote_is_asked(&a));
    app_done(&a);
    assert_int_equal(APP(&a, "list", "--help"), 0);
    assert_false(remote_is_asked(&a));
    app_done(&a);
    assert_int_equal(APP(&a, "version"), 0);
    assert_false(remote_is_asked(&a));
    app_done(&a);
    assert_int_equal(start_app(&a, (const char *[]){ "sriovctl", "list", NULL }), 0);
    assert_false(remote_is_asked(&a));
    app_done(&a);
}

/* ---- the policy's text ---- */

static char folder[64];

static int make_folder(void **state)
{
    STR_SET(folder, "/tmp/sriovd-test-remote.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    return spawn_and_wait((const char *[]){ "rm", "-r", folder, NULL }, NULL, 0);
}

static const char *put_file(const char *name, const char *text)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
    return path;
}

static void test_policy_text(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT, one = BUF_INIT;
    struct app a;
    put_file("b.yaml", "pfs: []\n");
    put_file("a.yml", "pools: {}\n");
    put_file("note.txt", "none of it");
    put_file(".hidden.yaml", "none of it");
    assert_int_equal(APP(&a, "apply", "-f", folder), 0);
    assert_int_equal(words_policy(&a, &text), 0);
    assert_string_equal(text.data, "pools: {}\n\n---\npfs: []\n");
    app_done(&a);
    assert_int_equal(APP(&a, "apply", "-f", put_file("c.json", "{}")), 0);
    assert_int_equal(words_policy(&a, &one), 0);
    assert_string_equal(one.data, "{}");
    app_done(&a);
}

static void test_policy_that_cannot_be_read(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct app a;
    put_file("note.txt", "none of it");
    assert_int_equal(APP(&a, "plan", "-f", folder), 0);
    assert_true(words_policy(&a, &text) < 0);
    assert_string_equal(a.error.object, folder);
    assert_int_equal(a.error.code, SRIOV_USAGE);
    app_done(&a);
    assert_int_equal(APP(&a, "plan", "-f", "/nonexistent.yaml"), 0);
    assert_int_equal(words_policy(&a, &text), -ENOENT);
    assert_string_equal(a.error.object, "/nonexistent.yaml");
    app_done(&a);
}

/* ---- errors of a daemon ---- */

static struct sriov_error error_of(unsigned status, const char *body)
{
    struct sriov_error error = { 0 };
    struct buf text = { .data = (char *)body, .len = strlen(body) };
    assert_true(answer_error("https://n", status, &text, &error) < 0);
    return error;
}

static void test_errors(void **state)
{
    struct sriov_error e = error_of(
        409, "{\"error\":{\"code\":3,\"object\":\"enp1s0/3\",\"message\":"
             "\"is in use\",\"kernel\":null,\"remedy\":\"ask\",\"holders\":[]}}");
    assert_int_equal(e.code, SRIOV_IN_USE);
    assert_string_equal(e.object, "enp1s0/3");
    assert_string_equal(e.message, "is in use");
    assert_string_equal(e.kernel, "");
    assert_string_equal(e.remedy, "ask");
    e = error_of(401, "");
    assert_int_equal(e.code, SRIOV_NOT_PERMITTED);
    assert_string_equal(e.object, "https://n");
    assert_non_null(strstr(e.remedy, "--token-file"));
    e = error_of(
        401,
        "{\"error\":{\"code\":6,\"object\":\"/v1/commands\",\"message\":\"knows no such token\","
        "\"remedy\":\"send another\"}}");
    assert_string_equal(e.object, "https://n");
    assert_string_equal(e.message, "knows no such token");
    assert_non_null(strstr(e.remedy, "--token-file"));
    e = error_of(418, "<html>teapot</html>");
    assert_int_equal(e.code, SRIOV_FAILED);
    assert_non_null(strstr(e.message, "418"));
    e = error_of(500, "{\"error\":{\"code\":99,\"message\":[]}}");
    assert_int_equal(e.code, SRIOV_FAILED);
    assert_non_null(strstr(e.message, "500"));
    e = error_of(200, "{\"error\":{\"code\":0}}"); /* never "done" */
    assert_int_equal(e.code, SRIOV_FAILED);
}

static void test_an_answer_that_is_none(void **state)
{
    struct buf text = { .data = (char *)"<html>", .len = 6 };
    struct sriov_error error = { 0 };
    struct node *answer = NULL;
    assert_int_equal(answer_read("https://n", &text, &answer, &error), -EINVAL);
    assert_null(answer);
    assert_int_equal(error.code, SRIOV_FAILED);
    assert_string_equal(error.object, "https://n");
}

/* ---- streams of events ---- */

struct heard {
    struct buf text;
    int answer;
};

static int hear(void *userdata, const char *data, size_t len)
{
    struct heard *h = userdata;
    assert_int_equal(strlen(data), len);
    buf_printf(&h->text, "<%s>", data);
    return h->answer;
}

static const char stream_text[] = ": hello\n\nid: 7\nevent: change\ndata: {\"a\":1}\n\n"
                                  "data:b\r\ndata: c\r\n\r\nid: 8\n\ndata: d\n\ndata: not whole\n";

/* However it is cut, the same events come out. */
static void test_stream(void **state)
{
    for (size_t size = 1; size <= sizeof(stream_text); size++) {
        struct heard heard = { 0 };
        struct event_stream s = { .event = hear, .userdata = &heard };
        for (size_t at = 0; at < sizeof(stream_text) - 1; at += size)
            assert_int_equal(
                event_stream_add(&s, stream_text + at, MIN_OF(size, sizeof(stream_text) - 1 - at)),
                0);
        assert_string_equal(heard.text.data, "<{\"a\":1}><b\nc><d>");
        event_stream_done(&s);
        buf_done(&heard.text);
    }
}

static void test_stream_ended_by_the_listener(void **state)
{
    struct heard heard = { .answer = 1 };
    struct event_stream s = { .event = hear, .userdata = &heard };
    assert_int_equal(event_stream_add(&s, stream_text, sizeof(stream_text) - 1), 1);
    assert_string_equal(heard.text.data, "<{\"a\":1}>");
    event_stream_done(&s);
    buf_done(&heard.text);
}

/* An event without end takes no memory without end, and those after it are heard. */
static void test_stream_too_long(void **state)
{
    struct heard heard = { 0 };
    struct event_stream s = { .event = hear, .userdata = &heard };
    _cleanup_free_ char *part = malloc(65536);
    assert_non_null(part);
    memset(part, 'x', 65536);
    assert_int_equal(event_stream_add(&s, "data: ", 6), 0);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(event_stream_add(&s, part, 65536), 0);
        assert_true(s.line.len <= EVENT_LIMIT && s.data.len <= EVENT_LIMIT);
    }
    assert_int_equal(event_stream_add(&s, "\n\ndata: y\n\n", 11), 0);
    assert_string_equal(heard.text.data, "<y>");
    event_stream_done(&s);
    buf_done(&heard.text);
}

/* ---- records ---- */

#define CHANGE                                                                                     \
    "{\"id\":9,\"time\":\"2026-08-19T12:00:05.123Z\",\"kind\":\"change\",\"level\":\"info\","      \
    "\"object\":\"enp1s0/3\",\"what\":\"vlan\",\"from\":0,\"to\":42,\"drift\":true,"               \
    "\"message\":\"vlan: 0 -> 42\",\"who\":null}"

static int record(struct app *a, const char *only, const char *json)
{
    return watch_record(a, only, json, strlen(json));
}

static void test_a_record_as_text(void **state)
{
    struct app a = { 0 };
    setenv("TZ", "UTC-2", 1);
    tzset();
    assert_int_equal(record(&a, "", CHANGE), 1);
    assert_string_equal(a.out.data, "14:00:05.123  enp1s0/3         vlan: 0 -> 42"
                                    "  (drift: the policy wants it otherwise)\n");
    buf_done(&a.out);
}

static void test_a_record_as_json(void **state)
{
    struct app a = { .options.json = true };
    assert_int_equal(record(&a, "enp1s0", CHANGE), 1);
    assert_string_equal(a.out.data,
                        "{\"time\":\"2026-08-19T12:00:05.123Z\",\"object\":\"enp1s0/3\","
                        "\"what\":\"vlan\",\"from\":0,\"to\":42,\"drift\":true}\n");
    buf_done(&a.out);
    assert_int_equal(record(&a, "",
                            "{\"kind\":\"change\",\"object\":\"enp1s0\",\"what\":\"link\","
                            "\"from\":\"\\u00fcp\",\"to\":null,\"drift\":false}"),
                     1);
    assert_string_equal(a.out.data, "{\"time\":null,\"object\":\"enp1s0\",\"what\":\"link\","
                                    "\"from\":\"\xc3\xbcp\",\"to\":null,\"drift\":false}\n");
    buf_done(&a.out);
}

static void test_records_that_are_not_printed(void **state)
{
    struct app a = { 0 };
    assert_int_equal(record(&a, "enp1s", CHANGE), 0); /* another PF with a similar name */
    assert_int_equal(record(&a, "enp2s0", CHANGE), 0);
    assert_int_equal(record(&a, "", "{\"kind\":\"lease\",\"object\":\"enp1s0/3\"}"), 0);
    assert_int_equal(record(&a, "", "{\"kind\":\"change\",\"object\":null}"), 0);
    assert_int_equal(record(&a, "", "{\"kind\":\"change\""), 0);
    assert_int_equal(record(&a, "", "[]"), 0);
    assert_int_equal(a.out.len, 0);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_wrong_addresses),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_what_works_here_only),
        cmocka_unit_test(test_who_is_asked),
        in_folder(test_policy_text),
        in_folder(test_policy_that_cannot_be_read),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_an_answer_that_is_none),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_stream_ended_by_the_listener),
        cmocka_unit_test(test_stream_too_long),
        cmocka_unit_test(test_a_record_as_text),
        cmocka_unit_test(test_a_record_as_json),
        cmocka_unit_test(test_records_that_are_not_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
