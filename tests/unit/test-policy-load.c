/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading policy files: which files of a folder are read and in which order, and what is said when
 * something is wrong with one.
 */
#include "policy/load.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"

static char folder[] = "/tmp/test-policy-load-XXXXXX";
static char path_text[128];

static const char *path(const char *name)
{
    snprintf(path_text, sizeof(path_text), "%s/%s", folder, name);
    return path_text;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(file_replace(path(name), text, strlen(text), 0600), 0);
}

static int set_up(void **state)
{
    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct strv names = STRV_INIT;
    file_list_at(AT_FDCWD, folder, &names);
    for (size_t i = 0; i < names.count; i++)
        unlink(path(names.items[i]));
    strv_done(&names);
    return rmdir(folder);
}

struct loaded {
    int r;
    struct desired desired;
    struct sriov_error error;
};

static struct loaded load(const char *file)
{
    struct loaded l = { 0 };
    l.r = policy_load(file, &l.desired, &l.error);
    return l;
}

static void assert_refused(const char *file, const char *object, const char *message)
{
    struct loaded l = load(file);
    assert_true(l.r < 0);
    assert_int_equal(l.error.code, SRIOV_USAGE);
    assert_string_equal(l.error.object, object);
    assert_non_null(strstr(l.error.message, message));
    desired_done(&l.desired);
}

static void test_a_file(void **state)
{
    put("a.yaml", "pfs:\n  - match: {name: enp1s0}\n    num_vfs: 4\n");
    struct loaded l = load(path("a.yaml"));
    assert_int_equal(l.r, 0);
    assert_int_equal(l.desired.n_pfs, 1);
    assert_string_equal(l.desired.pfs[0].match.name, "enp1s0");
    assert_int_equal(l.desired.pfs[0].want.value[SRIOV_NUM_VFS], 4);
    desired_done(&l.desired);
}

/* Several documents, an empty one among them; the name of a file that is asked for does not matter.
 */
static void test_documents(void **state)
{
    put("policy", "---\npfs: [{match: {name: a}}]\n---\n---\npfs: [{match: {name: b}}]\n");
    struct loaded l = load(path("policy"));
    assert_int_equal(l.r, 0);
    assert_int_equal(l.desired.n_pfs, 2);
    assert_string_equal(l.desired.pfs[1].match.name, "b");
    desired_done(&l.desired);
}

static void test_a_folder(void **state)
{
    put("20-b.yml", "pfs: [{match: {name: second}}]\n");
    put("10-a.yaml", "pfs: [{match: {name: first}}]\n");
    put("30-c.json", "{\"pfs\": [{\"match\": {\"name\": \"third\"}}]}\n");
    put("README", "not a policy\n");
    put(".40.yaml", "{ half written");
    put("50.yaml~", "{ half written");
    struct loaded l = load(folder);
    assert_int_equal(l.r, 0);
    assert_int_equal(l.desired.n_pfs, 3);
    assert_string_equal(l.desired.pfs[0].match.name, "first");
    assert_string_equal(l.desired.pfs[1].match.name, "second");
    assert_string_equal(l.desired.pfs[2].match.name, "third");
    desired_done(&l.desired);
}

/* Loading adds to what is there. */
static void test_one_after_the_other(void **state)
{
    put("a.yaml", "pfs: [{match: {name: a}}]\n");
    struct loaded l = load(path("a.yaml"));
    put("b.yaml", "pfs: [{match: {name: b}}]\n");
    assert_int_equal(policy_load(path("b.yaml"), &l.desired, &l.error), 0);
    assert_int_equal(l.desired.n_pfs, 2);
    desired_done(&l.desired);
}

static void test_nothing_there(void **state)
{
    char object[256];
    assert_refused(path("missing.yaml"), path("missing.yaml"), "cannot read");
    assert_refused(folder, folder, "no policy files in it");
    put("empty.yaml", "");
    snprintf(object, sizeof(object), "%s", path("empty.yaml"));
    assert_refused(object, object, "no policy in it");
    put("empty.yaml", "# nothing yet\n---\n");
    assert_refused(object, object, "no policy in it");
    assert_refused(folder, object, "no policy in it");
}

static void test_errors_name_the_line(void **state)
{
    char file[128], object[160];
    put("a.yaml", "pfs:\n  - match: {name: enp1s0}\n    nun_vfs: 4\n");
    snprintf(file, sizeof(file), "%s", path("a.yaml"));
    snprintf(object, sizeof(object), "%s:3", file);
    assert_refused(file, object, "nun_vfs");
    put("a.yaml", "pfs:\n  - match: {name: enp1s0\n");
    struct loaded l = load(file);
    assert_int_equal(l.error.code, SRIOV_USAGE);
    assert_true(str_starts(l.error.object, file));
    assert_true(l.error.object[strlen(file)] == ':');
    desired_done(&l.desired);
}

static void test_limits(void **state)
{
    struct buf text = BUF_INIT;
    buf_add_str(&text, "pfs: ");
    for (unsigned i = 0; i < POLICY_DEPTH + 4; i++)
        buf_add_char(&text, '[');
    put("deep.yaml", text.data);
    assert_true(load(path("deep.yaml")).r < 0);
    memset(buf_add_space(&text, POLICY_BYTES), '#', POLICY_BYTES);
    put("large.yaml", text.data);
    assert_refused(path("large.yaml"), path("large.yaml"), "larger");
    buf_done(&text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_file),        TEST(test_documents),
        TEST(test_a_folder),      TEST(test_one_after_the_other),
        TEST(test_nothing_there), TEST(test_errors_name_the_line),
        TEST(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
