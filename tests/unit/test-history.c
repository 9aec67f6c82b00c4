/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The history: what a word in a question means, also of a device that is gone, and the JSON of
 * changes, leases and transactions.
 */
#include "core/history.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct vf vfs[2] = { { .index = 0 }, { .index = 3, .pci = "0000:01:10.6" } };
static struct pf pfs[1] = {
    { .key = "0000:01:00.0",
      .name = "enp1s0",
      .handle = "pci/0000:01:00.0",
      .vfs = vfs,
      .n_vfs = 2 },
};
static const struct snapshot machine = { .pfs = pfs, .n_pfs = 1 };

static void test_subjects(void **state)
{
    static const struct {
        const char *word, *pf;
        int vf;
    } words[] = {
        { "enp1s0", "0000:01:00.0", -1 },
        { "enp1s0/3", "0000:01:00.0", 3 },
        { "0000:01:10.6", "0000:01:00.0", 3 },
        /* A VF that is no longer there, of a PF that is. */
        { "enp1s0/5", "0000:01:00.0", 5 },
        { "0000:09:00.0", "0000:09:00.0", -1 },
        { "0000:09:00.0/2", "0000:09:00.0", 2 },
        { "0000:09:00.0/x", "0000:09:00.0/x", -1 },
    };

    for (size_t i = 0; i < ELEMENTS(words); i++) {
        struct history_subject s = { .vf = 99 };
        assert_int_equal(history_subject_find(&machine, words[i].word, &s, NULL), 0);
        assert_string_equal(s.pf, words[i].pf);
        assert_int_equal(s.vf, words[i].vf);
    }
}

static void test_several_vfs(void **state)
{
    struct history_subject s = { 0 };
    struct sriov_error e = { 0 };

    assert_int_equal(history_subject_find(&machine, "enp1s0/0,3", &s, &e), -EINVAL);
    assert_int_equal(e.code, SRIOV_USAGE);
}

static void test_json(void **state)
{
    struct history_row rows[] = {
        { .transaction = 7,
          .when = 100,
          .transaction_state = TRANSACTION_APPLIED,
          .command = "set enp1s0/3 vlan=5",
          .who = "root",
          .object = "enp1s0/3",
          .what = "vlan",
          .from = "-",
          .to = "5",
          .state = "done" },
    };
    struct lease_record leases[] = {
        { .when = 90,
          .event = LEASE_TAKEN,
          .pf = "0000:01:00.0",
          .vf = 3,
          .pid = 812,
          .owner = "web1" },
        { .when = 95,
          .event = LEASE_RELEASED,
          .pf = "0000:09:00.0",
          .vf = 1,
          .owner = "web1",
          .container = "c1" },
    };
    const struct history h = { rows, 1, { leases, 2, 0 }, 2 };
    const struct history one = { rows, 1, { leases, 2, 0 }, 1 };
    _cleanup_buf_ struct buf text = BUF_INIT, newest = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text), n = JSON_WRITER(&newest);

    history_json(&h, &machine, &w);
    assert_string_equal(
        text.data,
        "{\"history\":[{\"transaction\":7,\"when\":100,\"who\":\"root\",\"command\":\"set enp1s0/3 vlan=5\","
        "\"transaction_state\":\"applied\",\"object\":\"enp1s0/3\",\"what\":\"vlan\",\"from\":null,"
        "\"to\":\"5\",\"state\":\"done\"}],"
        "\"leases\":[{\"when\":95,\"event\":\"released\",\"object\":\"0000:09:00.0/1\",\"owner\":\"web1\","
        "\"pid\":null,\"container\":\"c1\"},"
        "{\"when\":90,\"event\":\"taken\",\"object\":\"enp1s0/3\",\"owner\":\"web1\",\"pid\":812,"
        "\"container\":null}]}");
    /* The limit leaves out the oldest; without a snapshot keys stand for names. */
    history_json(&one, NULL, &n);
    assert_non_null(strstr(newest.data, "0000:09:00.0/1"));
    assert_null(strstr(newest.data, "taken"));
}

static void test_transactions(void **state)
{
    char *keys[] = { (char *)"0000:01:00.0", (char *)"0000:09:00.0" };
    const struct transaction t = { .id = 7,
                                   .state = TRANSACTION_APPLIED,
                                   .this_boot = true,
                                   .started = 100,
                                   .ended = 101,
                                   .command = "create enp1s0 4",
                                   .who = "root",
                                   .pid = 812,
                                   .pfs = { keys, 2 } };
    const struct history_row step = {
        .object = "enp1s0", .what = "num_vfs", .from = "0", .to = "4", .state = "done"
    };
    _cleanup_buf_ struct buf text = BUF_INIT, list = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text), l = JSON_WRITER(&list);

    transaction_json(NULL, &t, &machine, &step, 1, &w);
    assert_string_equal(
        text.data,
        "{\"id\":7,\"state\":\"applied\",\"this_boot\":true,\"interrupted\":false,\"started\":100,\"ended\":101,"
        "\"who\":\"root\",\"command\":\"create enp1s0 4\",\"pid\":812,\"pfs\":[\"enp1s0\",\"0000:09:00.0\"],"
        "\"steps\":[{\"object\":\"enp1s0\",\"what\":\"num_vfs\",\"from\":\"0\",\"to\":\"4\",\"state\":\"done\"}]}");
    transaction_json(NULL, &t, NULL, NULL, 0, &l);
    assert_null(strstr(list.data, "steps"));
    assert_non_null(strstr(list.data, "\"pfs\":[\"0000:01:00.0\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_subjects),
        cmocka_unit_test(test_several_vfs),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_transactions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
