/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * State files of sriov-cni: what is put back of one, which is what its configuration had changed,
 * and what is said of a file that is cut or tampered with.
 */
#include "cni/legacy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

/* As sriov-cni 2.9 writes it, with the values of a VF that had some. */
#define BEFORE                                                                                     \
    "\"OrigVfState\":{\"HostIFName\":\"ens1v0\",\"SpoofChk\":true,\"Trust\":false,\"AdminMAC\":"   \
    "\"00:00:00:00:00:00\",\"EffectiveMAC\":\"02:00:00:00:00:09\",\"Vlan\":7,\"VlanQoS\":2,"       \
    "\"VlanProto\":33024,\"MinTxRate\":0,\"MaxTxRate\":40,\"LinkState\":1,\"MTU\":1500}"
#define TAIL                                                                                       \
    "\"deviceID\":\"0000:01:10.0\",\"name\":\"n\",\"type\":\"sriov\",\"VFID\":0," BEFORE "}"

static int parse(const char *text, struct legacy_state *ret, char why[LEGACY_WHY_SIZE])
{
    *ret = (struct legacy_state){ 0 };
    why[0] = '\0';
    return legacy_parse(text, strlen(text), ret, why);
}

static void test_all_was_changed(void **state)
{
    struct legacy_state s;
    char why[LEGACY_WHY_SIZE];
    assert_int_equal(parse("{\"vlan\":100,\"spoofchk\":\"off\",\"trust\":\"on\",\"max_tx_rate\":10,"
                           "\"min_tx_rate\":null,\"link_state\":\"auto\"," TAIL,
                           &s, why),
                     0);
    assert_string_equal(s.device_id, "0000:01:10.0");
    assert_int_equal(s.before.value[SRIOV_VLAN], 7);
    assert_int_equal(s.before.value[SRIOV_QOS], 2);
    assert_int_equal(s.before.value[SRIOV_VLAN_PROTO], 0x8100);
    assert_true(attrs_has(&s.before, SRIOV_SPOOFCHK) && s.before.value[SRIOV_SPOOFCHK] == 1);
    assert_true(attrs_has(&s.before, SRIOV_TRUST) && s.before.value[SRIOV_TRUST] == 0);
    assert_true(attrs_has(&s.before, SRIOV_MIN_TX_RATE));
    assert_int_equal(s.before.value[SRIOV_MAX_TX_RATE], 40);
    assert_int_equal(s.before.value[SRIOV_LINK_STATE], SRIOV_LINK_ENABLE);
    assert_true(attrs_has(&s.before, SRIOV_MAC) && s.before.value[SRIOV_MAC] == 0);
    assert_string_equal(s.before.name, "ens1v0");
    assert_int_equal(s.before.value[SRIOV_MTU], 1500);
    assert_true(s.has_netdev && s.has_mac && s.mac == 0x020000000009);
}

static void test_only_what_was_changed(void **state)
{
    struct legacy_state s;
    char why[LEGACY_WHY_SIZE];
    assert_int_equal(parse("{\"vlan\":null,\"spoofchk\":\"\"," TAIL, &s, why), 0);
    assert_false(attrs_has(&s.before, SRIOV_VLAN));
    assert_false(attrs_has(&s.before, SRIOV_QOS));
    assert_false(attrs_has(&s.before, SRIOV_VLAN_PROTO));
    assert_false(attrs_has(&s.before, SRIOV_SPOOFCHK));
    assert_false(attrs_has(&s.before, SRIOV_TRUST));
    assert_false(attrs_has(&s.before, SRIOV_MIN_TX_RATE));
    assert_false(attrs_has(&s.before, SRIOV_LINK_STATE));
    assert_true(attrs_has(&s.before, SRIOV_MAC));
}

static uint64_t protocol_of(unsigned value)
{
    struct legacy_state s;
    char why[LEGACY_WHY_SIZE], text[256];
    snprintf(text, sizeof(text),
             "{\"deviceID\":\"0000:01:10.0\",\"vlan\":1,\"OrigVfState\":{\"VlanProto\":%u}}",
             value);
    assert_int_equal(parse(text, &s, why), 0);
    return s.before.value[SRIOV_VLAN_PROTO];
}

static void test_protocol_in_each_order(void **state)
{
    assert_int_equal(protocol_of(0x8100), 0x8100);
    assert_int_equal(protocol_of(0x0081), 0x8100);
    assert_int_equal(protocol_of(0x88a8), 0x88a8);
    assert_int_equal(protocol_of(0xa888), 0x88a8);
    assert_int_equal(protocol_of(0), 0x8100);
}

static void test_dpdk(void **state)
{
    struct legacy_state s;
    char why[LEGACY_WHY_SIZE];
    assert_int_equal(parse("{\"deviceID\":\"0000:01:10.0\",\"OrigVfState\":{\"HostIFName\":\"\","
                           "\"AdminMAC\":\"02:00:00:00:00:01\",\"EffectiveMAC\":\"\",\"MTU\":0}}",
                           &s, why),
                     0);
    assert_false(s.has_netdev);
    assert_false(s.has_mac);
    assert_false(attrs_has(&s.before, SRIOV_NAME));
    assert_false(attrs_has(&s.before, SRIOV_MTU));
    assert_true(s.before.value[SRIOV_MAC] == 0x020000000001);
}

#define DEVICE "{\"deviceID\":\"0000:01:10.0\",\"vlan\":1,\"spoofchk\":\"on\",\"OrigVfState\":"

static const struct {
    const char *text, *why;
} broken[] = {
    { "", NULL },
    { "{\"deviceID\":\"0000:01:10.0\",\"OrigVf", NULL },
    { "{}", "deviceID is no PCI address" },
    { "{\"deviceID\":\"../../etc\"}", "deviceID is no PCI address" },
    { "{\"deviceID\":\"0000:01:10.0\"}", "OrigVfState is not there" },
    { DEVICE "[]}", "OrigVfState is not there" },
    { DEVICE "{\"Vlan\":\"x\"}}", "OrigVfState.Vlan is no number" },
    { DEVICE "{\"Vlan\":5000}}", "OrigVfState.Vlan cannot be put back" },
    { DEVICE "{\"VlanProto\":5}}", "OrigVfState.VlanProto cannot be put back" },
    { DEVICE "{\"SpoofChk\":7}}", "OrigVfState.SpoofChk is neither true nor false" },
    { DEVICE "{\"HostIFName\":\"a/b\"}}", "OrigVfState.HostIFName is no name of an interface" },
    { DEVICE "{\"AdminMAC\":\"x\"}}", "OrigVfState.AdminMAC is no address" },
    { DEVICE "{\"EffectiveMAC\":\"x\"}}", "OrigVfState.EffectiveMAC is no address" },
    { DEVICE "{\"MTU\":1}}", "OrigVfState.MTU is no MTU" },
    { DEVICE "{\"MTU\":-1}}", "OrigVfState.MTU is no MTU" },
};

static void test_broken_files(void **state)
{
    for (size_t i = 0; i < ELEMENTS(broken); i++) {
        struct legacy_state s;
        char why[LEGACY_WHY_SIZE];
        assert_int_equal(parse(broken[i].text, &s, why), -EINVAL);
        assert_true(why[0] != '\0');
        if (broken[i].why)
            assert_string_equal(why, broken[i].why);
        assert_int_equal(s.before.known, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_was_changed),        cmocka_unit_test(test_only_what_was_changed),
        cmocka_unit_test(test_protocol_in_each_order), cmocka_unit_test(test_dpdk),
        cmocka_unit_test(test_broken_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
