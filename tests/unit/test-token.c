/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file of tokens: what is added is found by its text only, until it expires or is removed; a
 * file that others can get at, or that has a wrong line, is refused; comments stay.
 */
#include "daemon/token.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static char dir[64], path[80];

static int make_dir(void **state)
{
    STR_SET(dir, "/tmp/token-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/tokens", dir);
    return 0;
}

static int remove_dir(void **state)
{
    unlink(path);
    return rmdir(dir);
}

static void write_file(const char *text)
{
    assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
}

static char *read_file(void)
{
    char *text;
    assert_int_equal(file_read_at(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
    return text;
}

static void add(const char *name, enum role role, int64_t expires, char text[TOKEN_TEXT_SIZE])
{
    struct sriov_error error = { 0 };
    if (token_add(path, name, role, expires, text, &error) < 0)
        fail_msg("%s: %s: %s", error.object, error.message, error.kernel);
}

static const char *found(const char *text, int64_t now)
{
    static char name[TOKEN_NAME_SIZE];
    _cleanup_tokens_ struct tokens all = { 0 };
    assert_int_equal(tokens_read(path, &all, NULL), 0);
    const struct token *t = tokens_find(&all, text, now);
    STR_SET(name, t ? t->name : "");
    return name;
}

static void test_added_and_found(void **state)
{
    char ci[TOKEN_TEXT_SIZE], web[TOKEN_TEXT_SIZE];
    add("ci", ROLE_OPERATE, 0, ci);
    add("web", ROLE_READ, 1000, web);
    assert_string_equal(found(ci, 5), "ci");
    assert_string_equal(found(web, 999), "web");
    assert_string_equal(found(web, 1000), "");
    ci[20] ^= 1;
    assert_string_equal(found(ci, 5), "");
    assert_string_equal(found("", 5), "");
    assert_string_equal(found("sriov_" ZEROS ZEROS, 5), "");
}

static void test_text_and_file(void **state)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    char one[TOKEN_TEXT_SIZE], two[TOKEN_TEXT_SIZE];
    struct stat st;
    add("one", ROLE_ADMIN, 0, one);
    add("two", ROLE_ADMIN, 0, two);
    assert_true(str_starts(one, "sriov_"));
    assert_int_equal(strlen(one), 6 + 43);
    assert_int_equal(strspn(one + 6, good), 43);
    assert_string_not_equal(one, two);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    _cleanup_free_ char *text = read_file();
    assert_null(strstr(text, one + 6)); /* only its hash is kept */
    assert_true(str_starts(text, "one admin "));
}

static void test_removed(void **state)
{
    char a[TOKEN_TEXT_SIZE], ab[TOKEN_TEXT_SIZE];
    write_file("# of the night shift\n\n");
    add("a", ROLE_READ, 0, a);
    add("ab", ROLE_READ, 0, ab);
    assert_int_equal(token_remove(path, "a", NULL), 0);
    assert_string_equal(found(a, 5), "");
    assert_string_equal(found(ab, 5), "ab");
    _cleanup_free_ char *text = read_file();
    assert_true(str_starts(text, "# of the night shift\n\nab read "));
    struct sriov_error error = { 0 };
    assert_int_equal(token_remove(path, "a", &error), -ENOENT);
    assert_int_equal(error.code, SRIOV_USAGE);
}

static void test_names_are_single(void **state)
{
    char text[TOKEN_TEXT_SIZE];
    struct sriov_error error = { 0 };
    add("ci", ROLE_READ, 0, text);
    assert_int_equal(token_add(path, "ci", ROLE_ADMIN, 0, text, &error), -EEXIST);
    assert_int_equal(error.code, SRIOV_USAGE);
    _cleanup_tokens_ struct tokens all = { 0 };
    assert_int_equal(tokens_read(path, &all, NULL), 0);
    assert_int_equal(all.count, 1);
}

static void test_names(void **state)
{
    assert_true(token_name_is_good("ci-2.main_x"));
    assert_false(token_name_is_good(""));
    assert_false(token_name_is_good("a b"));
    assert_false(token_name_is_good("a\nb"));
    assert_false(token_name_is_good("#a"));
    assert_false(token_name_is_good("0123456789012345678901234567890123456789012345678"));
}

static void test_no_file_is_no_token(void **state)
{
    struct tokens all = { 0 };
    assert_int_equal(tokens_read(path, &all, NULL), 0);
    assert_int_equal(all.count, 0);
    assert_null(tokens_find(&all, "sriov_x", 5));
}

static void test_file_of_others_is_refused(void **state)
{
    static const mode_t open_to_others[] = { 0640, 0604, 0620, 0602, 0644, 0666 };
    struct sriov_error error = { 0 };
    struct tokens all = { 0 };
    write_file("");
    for (size_t i = 0; i < ELEMENTS(open_to_others); i++) {
        assert_int_equal(chmod(path, open_to_others[i]), 0);
        assert_int_equal(tokens_read(path, &all, &error), -EPERM);
        assert_int_equal(error.code, SRIOV_NOT_PERMITTED);
        assert_true(strstr(error.remedy, "chmod 600 "));
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(tokens_read(path, &all, NULL), 0);
    if (getuid() == 0) {
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(tokens_read(path, &all, NULL), -EPERM);
    }
    unlink(path);
    assert_int_equal(symlink("/dev/null", path), 0);
    assert_true(tokens_read(path, &all, NULL) < 0);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(tokens_read(path, &all, NULL), -EPERM);
}

static void test_wrong_lines_are_named(void **state)
{
#define SALT "00112233445566778899aabbccddeeff"
    static const char *const wrong[] = {
        "ci",
        "ci read",
        "ci read " SALT,
        "ci chief " SALT " " ZEROS,
        "ci none " SALT " " ZEROS,
        "ci read 0011 " ZEROS,
        "ci read " SALT " " ZEROS "00",
        "ci read " SALT " " ZEROS " soon",
        "ci read " SALT " " ZEROS " 5 6",
        "c/i read " SALT " " ZEROS,
        "ok read " SALT " " ZEROS,
    };
    for (size_t i = 0; i < ELEMENTS(wrong); i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        struct sriov_error error = { 0 };
        struct tokens all = { 0 };
        char place[100];
        buf_printf(&text, "# one\nok  admin\t" SALT " " ZEROS " 77\n%s\n", wrong[i]);
        write_file(text.data);
        assert_int_equal(tokens_read(path, &all, &error), -EINVAL);
        snprintf(place, sizeof(place), "%s:3", path);
        assert_string_equal(error.object, place);
        assert_int_equal(all.count, 0);
    }
}

#define WITH_DIR(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_DIR(test_added_and_found),
        WITH_DIR(test_text_and_file),
        WITH_DIR(test_removed),
        WITH_DIR(test_names_are_single),
        cmocka_unit_test(test_names),
        WITH_DIR(test_no_file_is_no_token),
        WITH_DIR(test_file_of_others_is_refused),
        WITH_DIR(test_wrong_lines_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
