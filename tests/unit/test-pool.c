/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pools, there and back: what a policy says of them is what is read again; equal ones are not
 * written twice; what is not right is said.
 */
#include "core/pool.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "policy-text.h"

static char dir[64], file[80];

static int make_dir(void **state)
{
    STR_SET(dir, "/tmp/test-pool-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(file, sizeof(file), "%s/pools.json", dir);
    return 0;
}

static int drop_dir(void **state)
{
    unlink(file);
    return rmdir(dir);
}

static void save(const char *yaml)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    struct sriov_error error = { 0 };

    policy_add(&d, yaml);
    if (pools_check(&d, &error) < 0 || pools_save(dir, &d, &error) < 0)
        fail_msg("%s: %s", error.object, error.message);
}

static void load(struct desired *ret)
{
    struct sriov_error error = { 0 };

    if (pools_load(dir, ret, &error) < 0)
        fail_msg("%s: %s", error.object, error.message);
}

/* Which file it is: a new one has another inode. */
static ino_t inode(void)
{
    struct stat st;

    return stat(file, &st) < 0 ? 0 : st.st_ino;
}

static void test_there_and_back(void **state)
{
    _cleanup_(desired_done) struct desired d = { 0 };

    save("pfs: [{match: {name: enp1s0}, num_vfs: 4}]\n"
         "pools:\n"
         "  fast: {from: [{pf: enp1s0, vfs: '1-3,7'}, {pf: 'a \"b\"'}], numa: same}\n"
         "  slow: {from: [{pf: '52:54:00:11:00:02', vfs: 0}]}\n"
         "  empty: {}\n");
    load(&d);
    assert_int_equal(d.n_pfs, 0);
    assert_int_equal(d.n_pools, 3);
    assert_string_equal(d.pools[0].name, "fast");
    assert_true(d.pools[0].numa_same);
    assert_int_equal(d.pools[0].n_sources, 2);
    assert_string_equal(d.pools[0].sources[0].pf, "enp1s0");
    assert_int_equal(d.pools[0].sources[0].count, 4);
    assert_int_equal(d.pools[0].sources[0].indexes[3], 7);
    assert_string_equal(d.pools[0].sources[1].pf, "a \"b\"");
    assert_int_equal(d.pools[0].sources[1].count, 0);
    assert_false(d.pools[1].numa_same);
    assert_int_equal(d.pools[1].sources[0].indexes[0], 0);
    assert_int_equal(d.pools[2].n_sources, 0);
}

static void test_equal_pools_are_not_written_again(void **state)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    ino_t first;

    save("pfs: []\n");
    assert_int_equal(inode(), 0); /* none, and none were kept */
    save("pools: {a: {from: [{pf: x}]}}\n");
    first = inode();
    assert_int_not_equal(first, 0);
    save("pools: {a: {from: [{pf: x}], numa: any}}\n");
    assert_int_equal(inode(), first);
    save("pools: {a: {from: [{pf: y}]}}\n");
    assert_int_not_equal(inode(), first);
    first = inode();
    assert_int_equal(truncate(file, 20), 0);
    save("pools: {a: {from: [{pf: y}]}}\n");
    assert_int_not_equal(inode(), first);
    load(&d);
    assert_string_equal(d.pools[0].sources[0].pf, "y");
    desired_done(&d);
    save("pfs: []\n");
    load(&d);
    assert_int_equal(d.n_pools, 0);
}

static void test_two_of_one_name(void **state)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    struct sriov_error error = { 0 };

    policy_add(&d, "pools: {a: {}, b: {}}\n---\npools:\n  a: {}\n");
    assert_int_equal(pools_check(&d, &error), -EEXIST);
    assert_int_equal(error.code, SRIOV_USAGE);
    assert_string_equal(error.object, "p.yaml:4");
    assert_string_equal(error.message, "pool a is there twice, first at p.yaml:1");
}

static void test_no_file_is_no_pools(void **state)
{
    _cleanup_(desired_done) struct desired d = { 0 };

    load(&d);
    assert_int_equal(d.n_pools, 0);
}

static void test_a_file_that_is_wrong(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "{\"pool\": {}}", "{\"pools\": {\"a\": {\"from\": 1}}}", "{\"pools\": {}} x",
    };

    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct desired d = { 0 };
        struct sriov_error error = { 0 };

        assert_int_equal(file_replace(file, texts[i], strlen(texts[i]), 0600), 0);
        if (pools_load(dir, &d, &error) != -EINVAL)
            fail_msg("not refused: %s", texts[i]);
        assert_non_null(strstr(error.object, "pools.json"));
        assert_int_equal(d.n_pools, 0);
        desired_done(&d);
    }
}

static void test_find(void **state)
{
    _cleanup_(desired_done) struct desired d = { 0 };
    const struct pool *found = NULL;
    struct sriov_error error = { 0 };

    policy_add(&d, "pools: {fast: {}, slow: {}}\n");
    assert_int_equal(pool_find(&d, "slow", &found, &error), 0);
    assert_ptr_equal(found, &d.pools[1]);
    assert_int_equal(pool_find(&d, "fats", &found, &error), -ENOENT);
    assert_int_equal(error.code, SRIOV_NO_DEVICE);
    assert_string_equal(error.remedy, "did you mean fast?");
    assert_ptr_equal(found, &d.pools[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_equal_pools_are_not_written_again, make_dir, drop_dir),
        cmocka_unit_test(test_two_of_one_name),
        cmocka_unit_test_setup_teardown(test_no_file_is_no_pools, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_wrong, make_dir, drop_dir),
        cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
