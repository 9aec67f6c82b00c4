/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The attribute table: every row reads and prints its values and comes round again, refuses the
 * values next to its limits with a message that names the allowed ones, and goes to JSON by its
 * type.
 */
#include "core/attr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/str.h"

/* What attr_parse takes, what attr_text makes of it, and the JSON value. */
struct sample {
    enum sriov_attr id;
    const char *text, *printed, *json;
};

static const struct sample samples[] = {
    { SRIOV_MAC, "52:54:00:aa:bb:01", "52:54:00:aa:bb:01", "\"52:54:00:aa:bb:01\"" },
    { SRIOV_MAC, "52-54-00-AA-BB-01", "52:54:00:aa:bb:01", "\"52:54:00:aa:bb:01\"" },
    { SRIOV_MAC, "00:00:00:00:00:00", "00:00:00:00:00:00", "\"00:00:00:00:00:00\"" },
    { SRIOV_VLAN, "0", "0", "0" },
    { SRIOV_VLAN, "4094", "4094", "4094" },
    { SRIOV_QOS, "7", "7", "7" },
    { SRIOV_VLAN_PROTO, "802.1Q", "802.1Q", "\"802.1Q\"" },
    { SRIOV_VLAN_PROTO, "802.1q", "802.1Q", "\"802.1Q\"" },
    { SRIOV_VLAN_PROTO, "802.1ad", "802.1ad", "\"802.1ad\"" },
    { SRIOV_SPOOFCHK, "on", "on", "true" },
    { SRIOV_SPOOFCHK, "true", "on", "true" },
    { SRIOV_SPOOFCHK, "yes", "on", "true" },
    { SRIOV_SPOOFCHK, "1", "on", "true" },
    { SRIOV_TRUST, "off", "off", "false" },
    { SRIOV_TRUST, "false", "off", "false" },
    { SRIOV_TRUST, "no", "off", "false" },
    { SRIOV_TRUST, "0", "off", "false" },
    { SRIOV_LINK_STATE, "auto", "auto", "\"auto\"" },
    { SRIOV_LINK_STATE, "enable", "enable", "\"enable\"" },
    { SRIOV_LINK_STATE, "disable", "disable", "\"disable\"" },
    { SRIOV_MIN_TX_RATE, "0", "0", "0" },
    { SRIOV_MAX_TX_RATE, "4294967295", "4294967295", "4294967295" },
    { SRIOV_RSS_QUERY, "on", "on", "true" },
    { SRIOV_NODE_GUID, "00:11:22:33:44:55:66:77", "00:11:22:33:44:55:66:77",
      "\"00:11:22:33:44:55:66:77\"" },
    { SRIOV_PORT_GUID, "FF:ff:ff:ff:ff:ff:ff:fe", "ff:ff:ff:ff:ff:ff:ff:fe",
      "\"ff:ff:ff:ff:ff:ff:ff:fe\"" },
    { SRIOV_MSIX_COUNT, "2048", "2048", "2048" },
    { SRIOV_DRIVER, "vfio-pci", "vfio-pci", "\"vfio-pci\"" },
    { SRIOV_DRIVER, "default", "default", "\"default\"" },
    { SRIOV_DRIVER, "none", "none", "null" },
    { SRIOV_DRIVER, "a234567890123456789012345678901", "a234567890123456789012345678901",
      "\"a234567890123456789012345678901\"" },
    { SRIOV_MTU, "68", "68", "68" },
    { SRIOV_MTU, "65535", "65535", "65535" },
    { SRIOV_NAME, "enp1s0v0", "enp1s0v0", "\"enp1s0v0\"" },
    { SRIOV_NAME, "a23456789012345", "a23456789012345", "\"a23456789012345\"" },
    { SRIOV_NUM_VFS, "65535", "65535", "65535" },
    { SRIOV_AUTOPROBE, "off", "off", "false" },
    { SRIOV_ESWITCH_MODE, "legacy", "legacy", "\"legacy\"" },
    { SRIOV_ESWITCH_MODE, "switchdev", "switchdev", "\"switchdev\"" },
    { SRIOV_PF_MTU, "9000", "9000", "9000" },
    { SRIOV_LINK, "up", "up", "\"up\"" },
    { SRIOV_LINK, "down", "down", "\"down\"" },
};

static void check_sample(const struct sample *s)
{
    const struct attr *row = attr_row(s->id);
    struct attrs first = { 0 }, again = { 0 };
    char text[ATTR_TEXT_SIZE];

    assert_int_equal(attr_parse(row, s->text, &first, "enp1s0/0", NULL), 0);
    assert_true(first.known == UINT32_C(1) << s->id);
    attr_text(row, &first, text);
    assert_string_equal(text, s->printed);

    assert_int_equal(attr_parse(row, text, &again, "enp1s0/0", NULL), 0);
    assert_memory_equal(&first, &again, sizeof(first));
    assert_true(attr_agrees(s->id, &first, &again) || str_eq(s->text, DRIVER_DEFAULT));

    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    attr_json(row, &first, &w, NULL);
    assert_int_equal(buf_ok(&out), 0);
    assert_string_equal(out.data, s->json);
}

static void test_every_row_comes_round(void **state)
{
    bool seen[SRIOV_ATTR_COUNT] = { false };
    for (size_t i = 0; i < ELEMENTS(samples); i++) {
        check_sample(&samples[i]);
        seen[samples[i].id] = true;
    }
    for (size_t i = 0; i < SRIOV_ATTR_COUNT; i++)
        assert_true(seen[i]);
}

/* Every value of every table of words, and both ends of every range. */
static void test_every_word_and_limit_comes_round(void **state)
{
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        struct attrs set = { 0 }, again = { 0 };
        char text[ATTR_TEXT_SIZE];
        for (const struct attr_word *w = row->words; w && w->word; w++) {
            assert_int_equal(attr_parse(row, w->word, &set, "", NULL), 0);
            assert_true(set.value[id] == w->value);
        }
        uint64_t ends[] = { row->min, row->max, row->fresh };
        for (size_t i = 0; row->type != ATTR_TEXT && i < ELEMENTS(ends); i++) {
            if (row->type != ATTR_NUMBER && i < 2)
                continue;
            if (row->type == ATTR_NUMBER && ends[i] < row->min)
                continue;
            attrs_set(&set, row->id, ends[i]);
            attr_text(row, &set, text);
            assert_int_equal(attr_parse(row, text, &again, "", NULL), 0);
            assert_true(again.value[id] == ends[i]);
        }
    }
}

static void test_rows_are_whole(void **state)
{
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        assert_int_equal(row->id, id);
        assert_non_null(row->name);
        assert_non_null(row->unit);
        assert_true(strlen(row->help) > 10);
        assert_ptr_equal(attr_find(row->scope, row->name), row);
        assert_true((row->type == ATTR_BOOL || row->type == ATTR_WORD) == (row->words != NULL));
        assert_true(row->type != ATTR_NUMBER || row->min < row->max);
    }
}

struct refusal {
    enum sriov_attr id;
    const char *text, *message;
};

static const struct refusal refusals[] = {
    { SRIOV_VLAN, "5000", "vlan: 5000 is not allowed: 0 to 4094" },
    { SRIOV_VLAN, "4095", "vlan: 4095 is not allowed: 0 to 4094" },
    { SRIOV_VLAN, "-1", "vlan: -1 is not allowed: 0 to 4094" },
    { SRIOV_VLAN, "", "vlan: \"\" is not allowed: 0 to 4094" },
    { SRIOV_VLAN, "10 ", "vlan: 10  is not allowed: 0 to 4094" },
    { SRIOV_VLAN, "1\x1b[2J", "vlan: 1?[2J is not allowed: 0 to 4094" },
    { SRIOV_QOS, "8", "qos: 8 is not allowed: 0 to 7" },
    { SRIOV_VLAN_PROTO, "802.1X", "vlan_proto: 802.1X is not allowed: 802.1Q or 802.1ad" },
    { SRIOV_SPOOFCHK, "maybe", "spoofchk: maybe is not allowed: on or off" },
    { SRIOV_TRUST, "2", "trust: 2 is not allowed: on or off" },
    { SRIOV_RSS_QUERY, "", "rss_query: \"\" is not allowed: on or off" },
    { SRIOV_LINK_STATE, "up", "link_state: up is not allowed: auto, enable or disable" },
    { SRIOV_MIN_TX_RATE, "4294967296",
      "min_tx_rate: 4294967296 is not allowed: 0 to 4294967295 Mbit/s" },
    { SRIOV_MAX_TX_RATE, "1G", "max_tx_rate: 1G is not allowed: 0 to 4294967295 Mbit/s" },
    { SRIOV_MSIX_COUNT, "2049", "msix_count: 2049 is not allowed: 0 to 2048" },
    { SRIOV_MTU, "67", "mtu: 67 is not allowed: 68 to 65535" },
    { SRIOV_PF_MTU, "65536", "mtu: 65536 is not allowed: 68 to 65535" },
    { SRIOV_NUM_VFS, "65536", "num_vfs: 65536 is not allowed: 0 to 65535" },
    { SRIOV_AUTOPROBE, "never", "autoprobe: never is not allowed: on or off" },
    { SRIOV_ESWITCH_MODE, "switch", "eswitch_mode: switch is not allowed: legacy or switchdev" },
    { SRIOV_LINK, "on", "link: on is not allowed: down or up" },
    { SRIOV_MAC, "52:54:00:aa:bb",
      "mac: 52:54:00:aa:bb is not allowed: an address like 52:54:00:aa:bb:01" },
    { SRIOV_MAC, "01:00:5e:00:00:01",
      "mac: 01:00:5e:00:00:01 is a multicast address, a VF needs one of its own (unicast)" },
    { SRIOV_MAC, "ff:ff:ff:ff:ff:ff",
      "mac: ff:ff:ff:ff:ff:ff is a multicast address, a VF needs one of its own (unicast)" },
    { SRIOV_NODE_GUID, "1", "node_guid: 1 is not allowed: a GUID like 00:11:22:33:44:55:66:77" },
    { SRIOV_PORT_GUID, "x", "port_guid: x is not allowed: a GUID like 00:11:22:33:44:55:66:77" },
    { SRIOV_NAME, "a234567890123456",
      "name: a234567890123456 is not allowed: 1 to 15 characters without / : and blanks" },
    { SRIOV_NAME, "", "name: \"\" is not allowed: 1 to 15 characters without / : and blanks" },
    { SRIOV_NAME, ".", "name: . is not allowed: 1 to 15 characters without / : and blanks" },
    { SRIOV_NAME, "..", "name: .. is not allowed: 1 to 15 characters without / : and blanks" },
    { SRIOV_NAME, "a/b", "name: a/b is not allowed: 1 to 15 characters without / : and blanks" },
    { SRIOV_NAME, "a:b", "name: a:b is not allowed: 1 to 15 characters without / : and blanks" },
    { SRIOV_NAME, "a b", "name: a b is not allowed: 1 to 15 characters without / : and blanks" },
    { SRIOV_DRIVER, "../igb",
      "driver: ../igb is not allowed: 1 to 31 letters, digits, _ and -, or default or none" },
    { SRIOV_DRIVER, "a2345678901234567890123456789012",
      "driver: a2345678901234567890123456789012 is not allowed: 1 to 31 letters, digits, _ and -, "
      "or default or none" },
    { SRIOV_DRIVER, "",
      "driver: \"\" is not allowed: 1 to 31 letters, digits, _ and -, or default or none" },
};

static void test_every_row_refuses(void **state)
{
    bool seen[SRIOV_ATTR_COUNT] = { false };
    for (size_t i = 0; i < ELEMENTS(refusals); i++) {
        const struct refusal *f = &refusals[i];
        struct attrs set = { 0 };
        const struct attrs empty = { 0 };
        struct sriov_error error = { 0 };
        assert_int_equal(attr_parse(attr_row(f->id), f->text, &set, "a.yaml:3", &error), -EINVAL);
        assert_memory_equal(&set, &empty, sizeof(set));
        assert_string_equal(error.message, f->message);
        assert_string_equal(error.object, "a.yaml:3");
        assert_string_equal(error.kernel, "");
        assert_int_equal(error.code, SRIOV_USAGE);
        seen[f->id] = true;
    }
    for (size_t i = 0; i < SRIOV_ATTR_COUNT; i++)
        assert_true(seen[i]);
}

static void test_a_slip_is_answered_with_the_word(void **state)
{
    struct attrs set = { 0 };
    struct sriov_error error = { 0 };
    attr_parse(attr_row(SRIOV_LINK_STATE), "enabel", &set, "", &error);
    assert_string_equal(error.remedy, "did you mean enable?");
    attr_parse(attr_row(SRIOV_LINK_STATE), "sideways", &set, "", &error);
    assert_string_equal(error.remedy, "");
}

static void test_a_long_value_is_cut(void **state)
{
    char long_text[5000];
    struct attrs set = { 0 };
    struct sriov_error error = { 0 };
    memset(long_text, 'x', sizeof(long_text));
    long_text[sizeof(long_text) - 1] = '\0';
    assert_int_equal(attr_parse(attr_row(SRIOV_QOS), long_text, &set, "", &error), -EINVAL);
    assert_non_null(strstr(error.message, "xxx... is not allowed: 0 to 7"));
    assert_int_equal(attr_parse(attr_row(SRIOV_NAME), long_text, &set, "", NULL), -EINVAL);
}

static void test_names_by_scope(void **state)
{
    const char *names[SRIOV_ATTR_COUNT + 1];
    size_t n = 0;
    attr_names(ATTR_OF_PF, names);
    assert_string_equal(names[0], "num_vfs");
    while (names[n])
        n++;
    assert_int_equal(n, 5);
    attr_names(ATTR_OF_VF, names);
    assert_string_equal(str_nearest("spofchk", names), "spoofchk");
    assert_int_equal(attr_find(ATTR_OF_VF, "mtu")->id, SRIOV_MTU);
    assert_int_equal(attr_find(ATTR_OF_PF, "mtu")->id, SRIOV_PF_MTU);
    assert_null(attr_find(ATTR_OF_PF, "vlan"));
}

static void test_unknown_is_dash_and_null(void **state)
{
    const struct attrs none = { 0 };
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++) {
        char text[ATTR_TEXT_SIZE];
        _cleanup_buf_ struct buf out = BUF_INIT;
        struct json_writer w = JSON_WRITER(&out);
        attr_text(attr_row((enum sriov_attr)id), &none, text);
        assert_string_equal(text, "-");
        attr_json(attr_row((enum sriov_attr)id), &none, &w, NULL);
        assert_string_equal(out.data, "null");
    }
}

/* A kernel may know a link state or an eswitch mode that the table does not. */
static void test_a_word_from_the_future_is_a_number(void **state)
{
    struct attrs set = { 0 };
    char text[ATTR_TEXT_SIZE];
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    attrs_set(&set, SRIOV_ESWITCH_MODE, 7);
    attr_text(attr_row(SRIOV_ESWITCH_MODE), &set, text);
    assert_string_equal(text, "7");
    attr_json(attr_row(SRIOV_ESWITCH_MODE), &set, &w, NULL);
    assert_string_equal(out.data, "7");
}

static void test_agreement(void **state)
{
    struct attrs want = { 0 }, have = { 0 };
    assert_true(attr_agrees(SRIOV_VLAN, &want, &have));
    attrs_set(&want, SRIOV_VLAN, 0);
    assert_false(attr_agrees(SRIOV_VLAN, &want, &have));
    attrs_set(&have, SRIOV_VLAN, 0);
    assert_true(attr_agrees(SRIOV_VLAN, &want, &have));
    attrs_set(&have, SRIOV_VLAN, 5);
    assert_false(attr_agrees(SRIOV_VLAN, &want, &have));

    attrs_set_text(&want, SRIOV_NAME, "vf0");
    assert_false(attr_agrees(SRIOV_NAME, &want, &have));
    attrs_set_text(&have, SRIOV_NAME, "vf0");
    assert_true(attr_agrees(SRIOV_NAME, &want, &have));
}

static void test_agreement_of_drivers(void **state)
{
    static const struct {
        const char *want, *have;
        bool agree;
    } cases[] = {
        { "igbvf", "igbvf", true }, { "igbvf", "", false },           { "none", "", true },
        { "none", "igbvf", false }, { "default", "igbvf", true },     { "default", "", false },
        { "igbvf", "iavf", false }, { "default", "vfio-pci", false }, { "", "", true },
        { "", "none", true },       { "vfio-pci", "vfio-pci", true },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct attrs want = { 0 }, have = { 0 };
        attrs_set_text(&want, SRIOV_DRIVER, cases[i].want);
        attrs_set_text(&have, SRIOV_DRIVER, cases[i].have);
        assert_int_equal(attr_agrees(SRIOV_DRIVER, &want, &have), cases[i].agree);
    }
}

static void test_unbound_is_none_and_null(void **state)
{
    struct attrs set = { 0 };
    char text[ATTR_TEXT_SIZE];
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER(&out);
    attrs_set_text(&set, SRIOV_DRIVER, "");
    attr_text(attr_row(SRIOV_DRIVER), &set, text);
    assert_string_equal(text, "none");
    attr_json(attr_row(SRIOV_DRIVER), &set, &w, NULL);
    assert_string_equal(out.data, "null");
}

static void test_copies(void **state)
{
    struct attrs from = { 0 }, to = { 0 };
    attrs_set(&from, SRIOV_MAC, 0x525400aabb01);
    attrs_set_text(&from, SRIOV_DRIVER, "iavf");
    attrs_copy(SRIOV_MAC, &from, &to);
    attrs_copy(SRIOV_DRIVER, &from, &to);
    assert_memory_equal(&from, &to, sizeof(from));
    attrs_forget(&from, SRIOV_MAC);
    attrs_copy(SRIOV_MAC, &from, &to);
    assert_false(attrs_has(&to, SRIOV_MAC));
    assert_true(attrs_has(&to, SRIOV_DRIVER));
}

static void test_errors_fit_codes(void **state)
{
    static const struct {
        int error;
        enum sriov_code code;
    } cases[] = {
        { EPERM, SRIOV_NOT_PERMITTED }, { EACCES, SRIOV_NOT_PERMITTED },
        { EROFS, SRIOV_NOT_PERMITTED }, { ENODEV, SRIOV_NO_DEVICE },
        { ENXIO, SRIOV_NO_DEVICE },     { EOPNOTSUPP, SRIOV_UNSUPPORTED },
        { ENOTSUP, SRIOV_UNSUPPORTED }, { EPROTONOSUPPORT, SRIOV_UNSUPPORTED },
        { ENOSYS, SRIOV_UNSUPPORTED },  { ENOENT, SRIOV_UNSUPPORTED },
        { 524, SRIOV_UNSUPPORTED },     { EBUSY, SRIOV_FAILED },
        { EINVAL, SRIOV_FAILED },
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++)
        assert_int_equal(error_code_of(cases[i].error), cases[i].code);
}

static void test_an_error_is_filled_once(void **state)
{
    struct sriov_error e = { 0 };
    assert_int_equal(error_set(NULL, SRIOV_FAILED, EIO, "x", "y"), -EIO);
    assert_int_equal(error_set(&e, SRIOV_FAILED, EBUSY, "enp1s0/3", "VF %d", 3), -EBUSY);
    assert_int_equal(e.error, EBUSY);
    assert_string_equal(e.object, "enp1s0/3");
    assert_string_equal(e.message, "VF 3");
    assert_string_equal(e.kernel, "Device or resource busy");
    error_kernel(&e, "");
    error_kernel(&e, NULL);
    assert_string_equal(e.kernel, "Device or resource busy");
    error_kernel(&e, "VFs exist");
    assert_string_equal(e.kernel, "VFs exist");
    error_remedy(&e, "remove %s", "them");
    assert_string_equal(e.remedy, "remove them");

    assert_int_equal(error_set(&e, SRIOV_USAGE, 0, NULL, "no"), -EINVAL);
    assert_string_equal(e.object, "");
    assert_string_equal(e.kernel, "");
    assert_string_equal(e.remedy, "");
    assert_int_equal(error_set(&e, SRIOV_FAILED, 99999, NULL, "no such errno"), -99999);
    assert_string_equal(e.kernel, "");
    error_set(&e, SRIOV_UNSUPPORTED, 524, NULL, "a kernel's own errno");
    assert_string_equal(e.kernel, "Operation not supported");
    assert_int_equal(error_no_memory(&e), -ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_comes_round),
        cmocka_unit_test(test_every_word_and_limit_comes_round),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_every_row_refuses),
        cmocka_unit_test(test_a_slip_is_answered_with_the_word),
        cmocka_unit_test(test_a_long_value_is_cut),
        cmocka_unit_test(test_names_by_scope),
        cmocka_unit_test(test_unknown_is_dash_and_null),
        cmocka_unit_test(test_a_word_from_the_future_is_a_number),
        cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_agreement_of_drivers),
        cmocka_unit_test(test_unbound_is_none_and_null),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_errors_fit_codes),
        cmocka_unit_test(test_an_error_is_filled_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
