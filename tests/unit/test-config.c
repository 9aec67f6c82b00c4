/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's settings: defaults without a file, every key read, and what is wrong told with file,
 * line and the nearest key.
 */
#include "daemon/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"

static char path[64];

static int make_path(void **state)
{
    STR_SET(path, "/tmp/sriovd-conf-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 || close(fd) < 0 ? -1 : 0;
}

static int remove_path(void **state)
{
    return unlink(path);
}

static int load(const char *text, struct config *ret, struct sriov_error *error)
{
    assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
    return config_load(path, ret, error);
}

static void without_a_file_there_are_defaults(void **state)
{
    _cleanup_(config_done) struct config c = { 0 };
    struct sriov_error e = { 0 };

    assert_int_equal(config_load("/nonexistent/sriovd.conf", &c, &e), 0);
    assert_string_equal(c.socket, "/run/sriovd/api.sock");
    assert_string_equal(c.listen, "");
    assert_string_equal(c.group, "sriov");
    assert_int_equal(c.repairs_per_minute, 5);
    assert_int_equal(config_limits(&c).body, 1u << 20);
}

/* A key without a reader, or read into another's field, shows here. */
static void every_key_is_read(void **state)
{
    for (const struct policy_key *k = config_keys; k->name; k++) {
        _cleanup_(config_done) struct config before = { 0 }, after = { 0 };
        struct sriov_error e = { 0 };
        char text[128];

        assert_int_equal(load("", &before, &e), 0);
        snprintf(text, sizeof(text), "%s: 77\n", k->name);
        assert_int_equal(load(text, &after, &e), 0);
        char *const texts[][2] = {
            { before.socket, after.socket }, { before.group, after.group },
            { before.listen, after.listen }, { before.certificate, after.certificate },
            { before.key, after.key },       { before.tokens, after.tokens },
            { before.policy, after.policy },
        };
        const uint64_t numbers[][2] = {
            { before.repairs_per_minute, after.repairs_per_minute },
            { before.max_body, after.max_body },
            { before.max_connections, after.max_connections },
            { before.max_connections_per_peer, after.max_connections_per_peer },
            { before.max_requests_per_second, after.max_requests_per_second },
            { before.idle_seconds, after.idle_seconds },
        };
        unsigned changed = 0;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
            if (str_eq(texts[i][0], texts[i][1]))
                continue;
            assert_string_equal(texts[i][1], "77");
            changed++;
        }
        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
            if (numbers[i][0] == numbers[i][1])
                continue;
            assert_int_equal(numbers[i][1], 77);
            changed++;
        }
        assert_int_equal(changed, 1);
    }
}

static void wrong_ones_are_told(void **state)
{
    static const struct {
        const char *text, *object, *message, *remedy;
    } rows[] = {
        { "socket: /a\nlissen: x\n", ":2", "unknown key \"lissen\"", "did you mean \"listen\"?" },
        { "max_body: many\n", ":1", "max_body: a number from 1 to 1000000000 is expected", "" },
        { "\nmax_body: 0\n", ":2", "max_body: a number from 1 to 1000000000 is expected", "" },
        { "socket: [a]\n", ":1", "socket: a text is expected", "" },
        { "- a\n", ":1", "a map of keys and values is expected", "" },
        { "socket: a\nsocket: b\n", ":2", "", "" },
        { "socket: *a\n", ":1", "", "" },
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_(config_done) struct config c = { 0 };
        struct sriov_error e = { 0 };

        assert_int_equal(load(rows[i].text, &c, &e), -EINVAL);
        assert_int_equal(e.code, SRIOV_USAGE);
        assert_true(str_starts(e.object, path));
        assert_true(str_ends(e.object, rows[i].object));
        if (*rows[i].message)
            assert_string_equal(e.message, rows[i].message);
        assert_string_equal(e.remedy, rows[i].remedy);
        assert_null(c.socket);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_file_there_are_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(wrong_ones_are_told),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
