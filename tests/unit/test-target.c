/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which PF or VFs a word means, on a snapshot made by hand: two NICs with names in each other's
 * way, a netdevsim without PCI addresses, and an NVMe controller without a netdev.
 */
#include "core/target.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/str.h"

static struct vf nic_vfs[] = {
    { .index = 0, .pci = "0000:01:10.0", .ifindex = 11 },
    { .index = 1, .pci = "0000:01:10.2" },
    { .index = 2, .pci = "0000:01:10.4" },
    { .index = 3, .pci = "0000:01:10.6", .ifindex = 12 },
};
static struct vf sim_vfs[] = { { .index = 0 } };
static char fast[] = "fast", long_name[] = "a23456789012345678901234567890";
static char enp1s0[] = "enp1s0", guest[] = "guest";
static char *nic_altnames[] = { fast, long_name };
static char *second_altnames[] = { enp1s0 }; /* also the first one's name */
static char *vf_altnames[] = { guest };

static struct pf pfs[] = {
    { .key = "0000:02:00.0",
      .handle = "pci/0000:02:00.0",
      .name = "enp2s0",
      .has_mac = true,
      .mac = 0x525400110002,
      .altnames = { second_altnames, 1 } },
    { .key = "0000:01:00.0",
      .handle = "pci/0000:01:00.0",
      .name = "enp1s0",
      .has_mac = true,
      .mac = 0x525400110001,
      .altnames = { nic_altnames, 2 },
      .vfs = nic_vfs,
      .n_vfs = 4 },
    { .key = "netdevsim1",
      .handle = "netdevsim/netdevsim1",
      .bus = PF_ON_NETDEVSIM,
      .name = "eni1np1",
      .vfs = sim_vfs,
      .n_vfs = 1 },
    { .key = "0001:03:00.0", .handle = "pci/0001:03:00.0" },
};
static struct rtnl_link links[] = {
    { .ifindex = 2, .name = "enp1s0" },
    { .ifindex = 11, .name = "enp1s0v0" },
    { .ifindex = 12, .name = "enp1s0v3", .altnames = { vf_altnames, 1 } },
};
static const struct snapshot machine = {
    .pfs = pfs,
    .n_pfs = ELEMENTS(pfs),
    .links = { links, ELEMENTS(links) },
};

static void test_names_of_a_pf(void **state)
{
    static const struct {
        const char *word;
        const char *key;
    } cases[] = {
        { "enp1s0", "0000:01:00.0" },
        { "enp2s0", "0000:02:00.0" },
        { "fast", "0000:01:00.0" },
        { "0000:01:00.0", "0000:01:00.0" },
        { "01:00.0", "0000:01:00.0" },
        { "52:54:00:11:00:01", "0000:01:00.0" },
        { "52:54:00:11:00:02", "0000:02:00.0" },
        { "netdevsim1", "netdevsim1" },
        { "eni1np1", "netdevsim1" },
        { "0001:03:00.0", "0001:03:00.0" },
        { "pci/0000:01:00.0", "0000:01:00.0" },
        { "52-54-00-11-00-01", "0000:01:00.0" },
        { "a23456789012345678901234567890", "0000:01:00.0" },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct target t = { 0 };
        assert_int_equal(target_find(&machine, cases[i].word, &t, NULL), 0);
        assert_string_equal(t.pf->key, cases[i].key);
        assert_false(t.has_vfs);
        assert_int_equal(t.count, 0);
        assert_ptr_equal(target_find_pf(&machine, cases[i].word), t.pf);
        target_done(&t);
    }
}

static void test_case_does_not_matter_in_addresses(void **state)
{
    pfs[3].has_mac = true;
    pfs[3].mac = 0x525400abcdef;
    assert_ptr_equal(target_find_pf(&machine, "52:54:00:AB:cd:EF"), &pfs[3]);
    pfs[3].has_mac = false;
    assert_null(target_find_pf(&machine, "52:54:00:ab:cd:ef"));
    assert_null(target_find_pf(&machine, "ENP1S0"));
    /* Only domain 0 may be left out. */
    assert_null(target_find_pf(&machine, "03:00.0"));
    assert_null(target_find_pf(&machine, ""));
}

static void test_vfs(void **state)
{
    static const struct {
        const char *word;
        size_t count;
        unsigned first, last;
    } cases[] = {
        { "enp1s0/3", 1, 3, 3 },           { "enp1s0/0-3", 4, 0, 3 },
        { "enp1s0/0,2-3", 3, 0, 3 },       { "fast/3,1,1,3", 2, 1, 3 },
        { "0000:01:00.0/2", 1, 2, 2 },     { "52:54:00:11:00:01/1", 1, 1, 1 },
        { "pci/0000:01:00.0/3", 1, 3, 3 }, { "01:00.0/0", 1, 0, 0 },
        { "0000:01:10.2", 1, 1, 1 },       { "01:10.4", 1, 2, 2 },
        { "enp1s0v0", 1, 0, 0 },           { "guest", 1, 3, 3 },
        { "enp1s0v3", 1, 3, 3 },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct target t = { 0 };
        assert_int_equal(target_find(&machine, cases[i].word, &t, NULL), 0);
        assert_ptr_equal(t.pf, &pfs[1]);
        assert_true(t.has_vfs);
        assert_int_equal(t.count, cases[i].count);
        assert_int_equal(t.indexes[0], cases[i].first);
        assert_int_equal(t.indexes[t.count - 1], cases[i].last);
        target_done(&t);
    }
}

static void test_the_pf_of_a_vf_word(void **state)
{
    assert_ptr_equal(target_find_pf(&machine, "enp1s0/3"), &pfs[1]);
    assert_ptr_equal(target_find_pf(&machine, "netdevsim1/0"), &pfs[2]);
    assert_null(target_find_pf(&machine, "enp9s0/3"));
}

struct failure {
    const char *word;
    int r;
    enum sriov_code code;
    const char *message, *remedy;
};

static const struct failure failures[] = {
    { "enp9s0", -ENODEV, SRIOV_NO_DEVICE, "no such PF: \"enp9s0\"",
      "did you mean enp2s0? `sriovctl list` shows all" },
    { "enp1so", -ENODEV, SRIOV_NO_DEVICE, "no such PF: \"enp1so\"",
      "did you mean enp1s0? `sriovctl list` shows all" },
    { "fats/3", -ENODEV, SRIOV_NO_DEVICE, "no such PF: \"fats\"",
      "did you mean fast? `sriovctl list` shows all" },
    { "netdevsim7", -ENODEV, SRIOV_NO_DEVICE, "no such PF: \"netdevsim7\"",
      "did you mean netdevsim1? `sriovctl list` shows all" },
    { "wlan0", -ENODEV, SRIOV_NO_DEVICE, "no such PF: \"wlan0\"", "`sriovctl list` shows all" },
    { "0000:01:10.0/1", -ENODEV, SRIOV_NO_DEVICE,
      "0000:01:10.0 is VF enp1s0/0 and has no VFs of its own", "" },
    { "enp1s0/7", -ENODEV, SRIOV_NO_DEVICE, "enp1s0 has 4 VFs (0-3), there is no VF 7", "" },
    { "enp1s0/2-5", -ENODEV, SRIOV_NO_DEVICE, "enp1s0 has 4 VFs (0-3), there is no VF 4", "" },
    { "netdevsim1/1", -ENODEV, SRIOV_NO_DEVICE, "eni1np1 has 1 VF (0), there is no VF 1", "" },
    { "enp2s0/0", -ENODEV, SRIOV_NO_DEVICE, "enp2s0 has no VFs, there is no VF 0",
      "`sriovctl create enp2s0 COUNT` makes VFs" },
    { "enp1s0/", -EINVAL, SRIOV_USAGE, "\"\" is no list of VF numbers",
      "write one VF as 3, a range as 0-3, several as 0,2-4" },
    { "enp1s0/x", -EINVAL, SRIOV_USAGE, "\"x\" is no list of VF numbers",
      "write one VF as 3, a range as 0-3, several as 0,2-4" },
    { "enp1s0/3-1", -EINVAL, SRIOV_USAGE, "\"3-1\" is no list of VF numbers",
      "write one VF as 3, a range as 0-3, several as 0,2-4" },
    { "enp1s0/99999999999999999999", -EINVAL, SRIOV_USAGE,
      "\"99999999999999999999\": VF numbers go from 0 to 65534",
      "write one VF as 3, a range as 0-3, several as 0,2-4" },
    { "", -EINVAL, SRIOV_USAGE, "\"\" names no PF", "" },
    { "/3", -EINVAL, SRIOV_USAGE, "\"/3\" names no PF", "" },
};

static void test_what_is_not_there(void **state)
{
    for (size_t i = 0; i < ELEMENTS(failures); i++) {
        const struct failure *f = &failures[i];
        struct target t = { .count = 77 };
        struct sriov_error e = { 0 };
        assert_int_equal(target_find(&machine, f->word, &t, &e), f->r);
        assert_int_equal(e.code, f->code);
        assert_string_equal(e.message, f->message);
        assert_string_equal(e.remedy, f->remedy);
        assert_string_equal(e.kernel, "");
        assert_int_equal(t.count, 77);
        assert_int_equal(target_find(&machine, f->word, &t, NULL), f->r);
    }
}

static void test_a_machine_without_pfs(void **state)
{
    const struct snapshot none = { 0 };
    struct target t = { 0 };
    struct sriov_error e = { 0 };
    assert_int_equal(target_find(&none, "enp1s0/3", &t, &e), -ENODEV);
    assert_string_equal(e.remedy, "`sriovctl list` shows all");
}

static void test_a_word_of_any_length(void **state)
{
    char word[1000];
    struct target t = { 0 };
    memset(word, 'a', sizeof(word));
    word[sizeof(word) - 1] = '\0';
    assert_int_equal(target_find(&machine, word, &t, NULL), -ENODEV);
    word[900] = '/';
    assert_int_equal(target_find(&machine, word, &t, NULL), -ENODEV);
    assert_null(target_find_pf(&machine, word));
}

static void test_ranges(void **state)
{
    static const struct {
        const char *text;
        unsigned max;
        int r;
        size_t count;
    } cases[] = {
        { "0", 1, 0, 1 },           { "0-3", 4, 0, 4 },
        { "0,2-4", 8, 0, 4 },       { "4,4,4-5", 8, 0, 2 },
        { "7-7", 8, 0, 1 },         { "0-65534", 65535, 0, 65535 },
        { "007", 8, 0, 1 },         { "8", 8, -ERANGE, 0 },
        { "0-8", 8, -ERANGE, 0 },   { "0", 0, -ERANGE, 0 },
        { "", 8, -EINVAL, 0 },      { "-", 8, -EINVAL, 0 },
        { "1-", 8, -EINVAL, 0 },    { "-1", 8, -EINVAL, 0 },
        { ",", 8, -EINVAL, 0 },     { "1,", 8, -EINVAL, 0 },
        { ",1", 8, -EINVAL, 0 },    { "1 ", 8, -EINVAL, 0 },
        { "1-2-3", 8, -EINVAL, 0 }, { "3-1", 8, -EINVAL, 0 },
        { "0x1", 8, -EINVAL, 0 },   { "+1", 8, -EINVAL, 0 },
        { "1;2", 8, -EINVAL, 0 },   { "18446744073709551616", 65535, -ERANGE, 0 },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_free_ unsigned *indexes = NULL;
        size_t count = 0;
        assert_int_equal(ranges_parse(cases[i].text, cases[i].max, &indexes, &count), cases[i].r);
        assert_int_equal(count, cases[i].count);
        assert_int_equal(indexes != NULL, cases[i].r == 0);
        for (size_t j = 1; j < count; j++)
            assert_true(indexes[j - 1] < indexes[j]);
    }
}

static void test_ranges_add_up(void **state)
{
    _cleanup_free_ unsigned *indexes = NULL;
    size_t count = 0;
    assert_int_equal(ranges_parse("4-5", 8, &indexes, &count), 0);
    assert_int_equal(ranges_parse("1,5", 8, &indexes, &count), 0);
    assert_int_equal(ranges_parse("9", 8, &indexes, &count), -ERANGE);
    assert_int_equal(count, 3);
    assert_int_equal(indexes[0], 1);
    assert_int_equal(indexes[1], 4);
    assert_int_equal(indexes[2], 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_a_pf),
        cmocka_unit_test(test_case_does_not_matter_in_addresses),
        cmocka_unit_test(test_vfs),
        cmocka_unit_test(test_the_pf_of_a_vf_word),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_a_machine_without_pfs),
        cmocka_unit_test(test_a_word_of_any_length),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_ranges_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
