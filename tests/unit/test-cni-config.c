/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The plugin's configuration: every key, every wrong value of it with what is said, what keys say
 * together, whose MAC counts, and what DEL and GC make of a configuration that ADD would refuse.
 */
#include "cni/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define HEAD "{\"cniVersion\":\"1.0.0\",\"name\":\"n\""

struct result {
    struct cni_config config;
    struct cni_error error;
    int r;
};

static struct result read_as(const char *text, const char *args, enum config_use use)
{
    struct result result = { 0 };
    result.r = config_read(text, strlen(text), args, use, &result.config, &result.error);
    return result;
}

/* Reads HEAD with these keys after it. */
static struct result read_keys(const char *keys)
{
    char text[1024];
    snprintf(text, sizeof(text), HEAD "%s%s}", *keys ? "," : "", keys);
    return read_as(text, NULL, CONFIG_STRICT);
}

static void test_number_keys(void **state)
{
    struct result x = read_keys("\"vlan\":100,\"vlanQoS\":3,\"vlanProto\":\"802.1AD\","
                                "\"min_tx_rate\":10,\"max_tx_rate\":20,\"mtu\":9000");
    assert_int_equal(x.r, 0);
    assert_int_equal(x.config.want.value[SRIOV_VLAN], 100);
    assert_int_equal(x.config.want.value[SRIOV_QOS], 3);
    assert_int_equal(x.config.want.value[SRIOV_VLAN_PROTO], 0x88a8);
    assert_int_equal(x.config.want.value[SRIOV_MIN_TX_RATE], 10);
    assert_int_equal(x.config.want.value[SRIOV_MAX_TX_RATE], 20);
    assert_int_equal(x.config.want.value[SRIOV_MTU], 9000);
    config_done(&x.config);
}

static void test_word_keys(void **state)
{
    struct result x = read_keys("\"spoofchk\":\"off\",\"trust\":\"on\",\"link_state\":\"disable\","
                                "\"mac\":\"CA:FE:C0:FF:EE:00\",\"deviceID\":\"0000:0A:02.3\","
                                "\"logLevel\":\"Debug\",\"logFile\":\"/tmp/x.log\"");
    assert_int_equal(x.r, 0);
    assert_true(attrs_has(&x.config.want, SRIOV_SPOOFCHK));
    assert_int_equal(x.config.want.value[SRIOV_SPOOFCHK], 0);
    assert_int_equal(x.config.want.value[SRIOV_TRUST], 1);
    assert_int_equal(x.config.want.value[SRIOV_LINK_STATE], SRIOV_LINK_DISABLE);
    assert_true(x.config.want.value[SRIOV_MAC] == 0xcafec0ffee00);
    assert_string_equal(x.config.device_id, "0000:0a:02.3");
    assert_int_equal(x.config.log_level, LOG_LEVEL_DEBUG);
    assert_string_equal(x.config.log_file, "/tmp/x.log");
    assert_int_equal(x.config.version, CNI_1_0_0);
    assert_string_equal(x.config.name, "n");
    config_done(&x.config);
}

static void test_own_keys(void **state)
{
    struct result x = read_keys("\"promisc\":true,\"allmulticast\":true,\"leftover\":\"clean\","
                                "\"selector\":{\"pf\":\"enp1s0\",\"numa\":1,\"driver\":\"igbvf\","
                                "\"link\":true,\"spread\":true}");
    assert_int_equal(x.r, 0);
    assert_true(x.config.promisc && x.config.allmulti && x.config.clean && x.config.choose);
    assert_string_equal(x.config.wish.pf, "enp1s0");
    assert_int_equal(x.config.wish.numa, 1);
    assert_string_equal(x.config.wish.driver, "igbvf");
    assert_true(x.config.wish.link && x.config.wish.spread);
    config_done(&x.config);

    x = read_keys("\"pool\":\"fast\",\"leftover\":\"inherit\"");
    assert_int_equal(x.r, 0);
    assert_true(x.config.choose && !x.config.clean);
    assert_string_equal(x.config.wish.pool, "fast");
    assert_int_equal(x.config.wish.numa, -1);
    config_done(&x.config);
}

static void test_nothing_named_is_nothing_wanted(void **state)
{
    struct result x = read_keys("");
    assert_int_equal(x.r, 0);
    assert_int_equal(x.config.want.known, 0);
    assert_true(!x.config.promisc && !x.config.allmulti && !x.config.clean && !x.config.choose);
    assert_int_equal(x.config.log_level, LOG_LEVEL_INFO);
    assert_string_equal(x.config.ipam, "");
    assert_null(x.config.prev);
    config_done(&x.config);
}

static void test_empty_and_null_are_not_given(void **state)
{
    struct result x = read_keys(
        "\"spoofchk\":\"\",\"trust\":\"\",\"link_state\":\"\",\"mac\":\"\","
        "\"deviceID\":\"\",\"logLevel\":\"\",\"vlan\":null,\"vlanQoS\":null,"
        "\"vlanProto\":null,\"runtimeConfig\":{\"mac\":\"\"},\"ipam\":null");
    assert_int_equal(x.r, 0);
    assert_int_equal(x.config.want.known, 0);
    assert_string_equal(x.config.device_id, "");
    config_done(&x.config);
}

static void test_keys_in_any_case(void **state)
{
    struct result x = read_keys("\"VLAN\":7,\"SpoofChk\":\"on\",\"deviceid\":\"0000:01:10.0\"");
    assert_int_equal(x.r, 0);
    assert_int_equal(x.config.want.value[SRIOV_VLAN], 7);
    assert_string_equal(x.config.device_id, "0000:01:10.0");
    assert_int_equal(x.config.warnings.count, 0);
    config_done(&x.config);
}

static const struct {
    const char *keys;
    unsigned code;
    const char *msg;
} wrong[] = {
    { "\"vlan\":5000", 7, "vlan: 5000 is not allowed: 0 to 4094" },
    { "\"vlan\":-1", 7, "vlan: -1 is not allowed: 0 to 4094" },
    { "\"vlan\":1.5", 7, "vlan: 1.5 is not allowed: 0 to 4094" },
    { "\"vlan\":\"100\"", 7, "vlan: \"100\" is not allowed: a number is expected" },
    { "\"vlan\":[1]", 7, "vlan: a list is not allowed: a number is expected" },
    { "\"vlan\":100,\"vlanQoS\":8", 7, "vlanQoS: 8 is not allowed: 0 to 7" },
    { "\"vlan\":100,\"vlanProto\":\"802.1x\"", 7,
      "vlanProto: 802.1x is not allowed: 802.1Q or 802.1ad" },
    { "\"vlan\":100,\"vlanProto\":33024", 7, "vlanProto: 33024 is not allowed: 802.1q or 802.1ad" },
    { "\"vlanQoS\":1", 7, "vlanQoS: a vlan must be given with it" },
    { "\"vlanProto\":\"802.1q\"", 7, "vlanProto: a vlan must be given with it" },
    { "\"vlan\":0,\"vlanQoS\":1", 7, "vlan: 0 is not allowed with this vlanQoS: 1 to 4094" },
    { "\"vlan\":0,\"vlanProto\":\"802.1ad\"", 7,
      "vlan: 0 is not allowed with this vlanProto: 1 to 4094" },
    { "\"min_tx_rate\":-5", 7, "min_tx_rate: -5 is not allowed: 0 to 4294967295 Mbit/s" },
    { "\"max_tx_rate\":true", 7, "max_tx_rate: true is not allowed: 0 to 4294967295 Mbit/s" },
    { "\"min_tx_rate\":20,\"max_tx_rate\":10", 7,
      "min_tx_rate: 20 is not allowed: at most max_tx_rate, 10" },
    { "\"spoofchk\":\"maybe\"", 7, "spoofchk: maybe is not allowed: on or off" },
    { "\"spoofchk\":{}", 7, "spoofchk: an object is not allowed: a text is expected" },
    { "\"trust\":\"2\"", 7, "trust: 2 is not allowed: on or off" },
    { "\"link_state\":\"up\"", 7, "link_state: up is not allowed: auto, enable or disable" },
    { "\"mac\":\"aa:bb\"", 7, "mac: aa:bb is not allowed: an address like 52:54:00:aa:bb:01" },
    { "\"mac\":\"01:00:5e:00:00:01\"", 7,
      "mac: 01:00:5e:00:00:01 is a multicast address, a VF needs one of its own (unicast)" },
    { "\"mtu\":10", 7, "mtu: 10 is not allowed: 68 to 65535" },
    { "\"promisc\":\"on\"", 7, "promisc: \"on\" is not allowed: true or false" },
    { "\"allmulticast\":[]", 7, "allmulticast: a list is not allowed: true or false" },
    { "\"leftover\":\"keep\"", 7, "leftover: \"keep\" is not allowed: inherit or clean" },
    { "\"deviceID\":\"enp1s0\"", 7,
      "deviceID: \"enp1s0\" is not allowed: the PCI address of a VF, as in \"0000:03:02.3\"" },
    { "\"deviceID\":\"0000:01:10.0/..\"", 7,
      "deviceID: \"0000:01:10.0/..\" is not allowed: the PCI address of a VF, as in "
      "\"0000:03:02.3\"" },
    { "\"logLevel\":\"loud\"", 7,
      "logLevel: \"loud\" is not allowed: panic, error, warning, info or debug" },
    { "\"logFile\":7", 7, "logFile: 7 is not allowed: a text is expected" },
    { "\"ipam\":\"host-local\"", 7, "ipam: \"host-local\" is not allowed: an object is expected" },
    { "\"ipam\":{\"type\":\"../sh\"}", 7,
      "ipam.type: \"../sh\" is not allowed: the name of a plugin" },
    { "\"ipam\":{\"type\":3}", 7, "ipam.type: 3 is not allowed: the name of a plugin" },
    { "\"runtimeConfig\":[]", 7, "runtimeConfig: a list is not allowed: an object is expected" },
    { "\"runtimeConfig\":{\"mac\":\"x\"}", 7,
      "mac: x is not allowed: an address like 52:54:00:aa:bb:01" },
    { "\"prevResult\":1", 7, "prevResult: 1 is not allowed: an object is expected" },
    { "\"cni.dev/valid-attachments\":{}", 7,
      "cni.dev/valid-attachments: an object is not allowed: a list is expected" },
    { "\"cni.dev/valid-attachments\":[{\"ifname\":\"a\"}]", 7,
      "cni.dev/valid-attachments: an object is not allowed: objects with containerID and ifname are "
      "expected" },
    { "\"pool\":3", 7, "pool: 3 is not allowed: a text is expected" },
    { "\"pool\":\"a\",\"selector\":{}", 7, "pool: not allowed together with selector" },
    { "\"selector\":\"a\"", 7, "selector: \"a\" is not allowed: an object is expected" },
    { "\"selector\":{\"speed\":1}", 7,
      "selector: speed is no key: pf, numa, driver, link or spread" },
    { "\"selector\":{\"numa\":-1}", 7, "numa: -1 is not allowed: the number of a NUMA node" },
    { "\"selector\":{\"link\":1}", 7, "link: 1 is not allowed: true or false" },
};

static void test_wrong_values(void **state)
{
    for (size_t i = 0; i < ELEMENTS(wrong); i++) {
        struct result x = read_keys(wrong[i].keys);
        assert_string_equal(x.error.msg, wrong[i].msg);
        assert_int_equal(x.error.code, wrong[i].code);
        assert_true(x.r < 0);
        assert_null(x.config.document);
        config_done(&x.config);
    }
}

static const struct {
    const char *text;
    unsigned code;
    const char *msg;
} wrong_texts[] = {
    { "", 6, "network configuration on stdin, line 1: '[' or '{' expected near end of file" },
    { "{", 6, NULL },
    { "[]", 6, "network configuration on stdin, line 0: an object is expected" },
    { "{\"cniVersion\":\"1.0.0\",\"name\":\"\xff\"}", 6, NULL },
    { "{\"name\":\"n\"}", 1, "cniVersion: \"\" is not supported: 0.3.0 to 1.1.0" },
    { "{\"cniVersion\":\"0.2.0\",\"name\":\"n\"}", 1,
      "cniVersion: \"0.2.0\" is not supported: 0.3.0 to 1.1.0" },
    { "{\"cniVersion\":\"2.0.0\",\"name\":\"n\",\"vlan\":5000}", 1,
      "cniVersion: \"2.0.0\" is not supported: 0.3.0 to 1.1.0" },
    { "{\"cniVersion\":\"1.0.0\"}", 7,
      "name: \"\" is not allowed: a letter or digit, then letters, digits, _ . and -" },
    { "{\"cniVersion\":\"1.0.0\",\"name\":\"../n\"}", 7,
      "name: \"../n\" is not allowed: a letter or digit, then letters, digits, _ . and -" },
};

static void test_wrong_texts(void **state)
{
    for (size_t i = 0; i < ELEMENTS(wrong_texts); i++) {
        struct result x = read_as(wrong_texts[i].text, NULL, CONFIG_STRICT);
        if (wrong_texts[i].msg)
            assert_string_equal(x.error.msg, wrong_texts[i].msg);
        assert_int_equal(x.error.code, wrong_texts[i].code);
        assert_true(x.r < 0);
    }
}

static void test_vlan_brings_qos_and_protocol(void **state)
{
    struct result x = read_keys("\"vlan\":100");
    assert_int_equal(x.r, 0);
    assert_true(attrs_has(&x.config.want, SRIOV_QOS));
    assert_int_equal(x.config.want.value[SRIOV_QOS], 0);
    assert_int_equal(x.config.want.value[SRIOV_VLAN_PROTO], 0x8100);
    config_done(&x.config);

    x = read_keys("\"vlan\":0,\"vlanQoS\":0,\"vlanProto\":\"802.1q\"");
    assert_int_equal(x.r, 0);
    config_done(&x.config);
}

static void test_one_rate_brings_the_other(void **state)
{
    struct result x = read_keys("\"max_tx_rate\":50");
    assert_int_equal(x.r, 0);
    assert_true(attrs_has(&x.config.want, SRIOV_MIN_TX_RATE));
    assert_int_equal(x.config.want.value[SRIOV_MIN_TX_RATE], 0);
    config_done(&x.config);

    x = read_keys("\"min_tx_rate\":50");
    assert_int_equal(x.r, 0);
    assert_true(attrs_has(&x.config.want, SRIOV_MAX_TX_RATE));
    config_done(&x.config);
}

static uint64_t mac_of(const char *keys, const char *args)
{
    char text[512];
    snprintf(text, sizeof(text), HEAD ",%s}", keys);
    struct result x = read_as(text, args, CONFIG_STRICT);
    assert_int_equal(x.r, 0);
    uint64_t mac = x.config.want.value[SRIOV_MAC];
    config_done(&x.config);
    return mac;
}

static void test_order_of_macs(void **state)
{
    const char *config = "\"mac\":\"02:00:00:00:00:01\"";
    const char *all = "\"runtimeConfig\":{\"mac\":\"02:00:00:00:00:03\"},"
                      "\"mac\":\"02:00:00:00:00:01\"";
    assert_true(mac_of(config, NULL) == 0x020000000001);
    assert_true(mac_of(config, "IgnoreUnknown=1;MAC=02:00:00:00:00:02") == 0x020000000002);
    assert_true(mac_of(config, "IgnoreUnknown=1;MAC=") == 0x020000000001);
    assert_true(mac_of(all, "MAC=02:00:00:00:00:02") == 0x020000000003);
}

static void test_wrong_args(void **state)
{
    struct result x = read_as(HEAD "}", "MAC=zz", CONFIG_STRICT);
    assert_int_equal(x.error.code, 4);
    assert_string_equal(x.error.msg, "MAC: zz is not allowed: an address like 52:54:00:aa:bb:01");
    x = read_as(HEAD "}", "MAC", CONFIG_STRICT);
    assert_int_equal(x.error.code, 4);
}

static void test_runtime_device(void **state)
{
    struct result x = read_keys("\"runtimeConfig\":{\"deviceID\":\"0000:01:10.2\"},"
                                "\"deviceID\":\"0000:01:10.0\",\"pool\":\"p\"");
    assert_int_equal(x.r, 0);
    assert_string_equal(x.config.device_id, "0000:01:10.2");
    assert_false(x.config.choose);
    config_done(&x.config);
}

static void test_slips_are_warned_of(void **state)
{
    struct result x = read_keys("\"spofchk\":\"on\",\"kubernetes\":{},\"vlna\":3");
    assert_int_equal(x.r, 0);
    assert_int_equal(x.config.want.known, 0);
    assert_int_equal(x.config.warnings.count, 2);
    assert_string_equal(x.config.warnings.items[0],
                        "spofchk is no key and is passed over: did you mean spoofchk?");
    assert_string_equal(x.config.warnings.items[1],
                        "vlna is no key and is passed over: did you mean vlan?");
    config_done(&x.config);
}

/* DEL has to work with what ADD refused. */
static void test_lenient(void **state)
{
    struct result x = read_as(HEAD ",\"vlan\":5000,\"vlanQoS\":1,\"mac\":\"x\",\"trust\":\"on\","
                                   "\"deviceID\":\"zz\",\"runtimeConfig\":{\"mac\":\"y\"},"
                                   "\"ipam\":{\"type\":\"host-local\"}}",
                              "MAC=z", CONFIG_LENIENT);
    assert_int_equal(x.r, 0);
    assert_false(attrs_has(&x.config.want, SRIOV_VLAN));
    assert_false(attrs_has(&x.config.want, SRIOV_MAC));
    assert_true(attrs_has(&x.config.want, SRIOV_TRUST));
    assert_string_equal(x.config.device_id, "");
    assert_string_equal(x.config.ipam, "host-local");
    assert_int_equal(x.config.warnings.count, 6);
    assert_int_equal(x.error.code, 0);
    config_done(&x.config);

    x = read_as(HEAD ",\"ipam\":{\"type\":\"a/b\"}}", NULL, CONFIG_LENIENT);
    assert_int_equal(x.r, -EINVAL);
    assert_int_equal(x.error.code, 7);
}

static void test_results_and_attachments(void **state)
{
    struct result x = read_keys("\"prevResult\":{\"ips\":[]},\"cni.dev/valid-attachments\":"
                                "[{\"containerID\":\"c\",\"ifname\":\"e\"}]");
    assert_int_equal(x.r, 0);
    assert_non_null(node_get(x.config.prev, "ips"));
    assert_int_equal(x.config.valid->count, 1);
    config_done(&x.config);
}

/* The log's keys are good although the rest is not. */
static void test_log_of_a_wrong_config(void **state)
{
    struct result x = read_keys("\"logLevel\":\"debug\",\"logFile\":\"/tmp/l\",\"vlan\":5000");
    assert_true(x.r < 0);
    assert_int_equal(x.config.log_level, LOG_LEVEL_DEBUG);
    assert_string_equal(x.config.log_file, "/tmp/l");
    assert_int_equal(x.config.version, CNI_1_0_0);
}

static void test_lengths(void **state)
{
    char keys[400], name[NETWORK_NAME_SIZE + 1];
    memset(name, 'n', sizeof(name));
    name[NETWORK_NAME_SIZE - 1] = '\0';
    snprintf(keys, sizeof(keys), "{\"cniVersion\":\"1.0.0\",\"name\":\"%s\"}", name);
    struct result x = read_as(keys, NULL, CONFIG_STRICT);
    assert_int_equal(x.r, 0);
    assert_string_equal(x.config.name, name);
    config_done(&x.config);

    name[NETWORK_NAME_SIZE - 1] = 'n';
    name[NETWORK_NAME_SIZE] = '\0';
    snprintf(keys, sizeof(keys), "{\"cniVersion\":\"1.0.0\",\"name\":\"%s\"}", name);
    x = read_as(keys, NULL, CONFIG_STRICT);
    assert_int_equal(x.error.code, 7);
    assert_string_equal(x.error.msg,
                        "name: \"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...\" is not allowed: at "
                        "most 111 characters");
}

static void test_names(void **state)
{
    assert_true(config_name_is_valid("a"));
    assert_true(config_name_is_valid("0_a.b-C"));
    assert_false(config_name_is_valid(""));
    assert_false(config_name_is_valid("-a"));
    assert_false(config_name_is_valid("a/b"));
    assert_false(config_name_is_valid("a b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_keys),
        cmocka_unit_test(test_word_keys),
        cmocka_unit_test(test_own_keys),
        cmocka_unit_test(test_nothing_named_is_nothing_wanted),
        cmocka_unit_test(test_empty_and_null_are_not_given),
        cmocka_unit_test(test_keys_in_any_case),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_wrong_texts),
        cmocka_unit_test(test_vlan_brings_qos_and_protocol),
        cmocka_unit_test(test_one_rate_brings_the_other),
        cmocka_unit_test(test_order_of_macs),
        cmocka_unit_test(test_wrong_args),
        cmocka_unit_test(test_runtime_device),
        cmocka_unit_test(test_slips_are_warned_of),
        cmocka_unit_test(test_lenient),
        cmocka_unit_test(test_results_and_attachments),
        cmocka_unit_test(test_log_of_a_wrong_config),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
