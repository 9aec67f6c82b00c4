/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Addresses: every form that is taken comes back in the one that is printed, and near misses are
 * refused with the result untouched.
 */
#include "base/mac.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void test_mac_there_and_back(void **state)
{
    static const char *const forms[] = { "52:54:00:aa:bb:01", "52-54-00-AA-BB-01",
                                         "52:54:00:Aa:bB:01" };
    for (size_t i = 0; i < ELEMENTS(forms); i++) {
        uint64_t mac = 0;
        char text[MAC_TEXT_SIZE];
        assert_int_equal(mac_from_text(forms[i], &mac), 0);
        assert_true(mac == UINT64_C(0x525400aabb01));
        mac_to_text(mac, text);
        assert_string_equal(text, "52:54:00:aa:bb:01");
    }
}

static void test_mac_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "52",
        "52:54:00:aa:bb",
        "52:54:00:aa:bb:1",
        "52:54:00:aa:bb:01:",
        "52:54:00:aa:bb:01:02",
        "52:54:00:aa:bb-01",
        "52.54.00.aa.bb.01",
        "5254:00:aa:bb:001",
        "52:54:00:aa:bb:0g",
        " 2:54:00:aa:bb:01",
        "52:54:00:aa:bb:01\n",
        "52540000aabb01xxx",
        "52\xc3:54:00:aa:b:01",
    };
    uint64_t mac = 42;
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_int_equal(mac_from_text(bad[i], &mac), -EINVAL);
    assert_true(mac == 42);
}

static void test_mac_bytes(void **state)
{
    const uint8_t bytes[6] = { 0xff, 0, 0x80, 1, 2, 3 };
    uint8_t back[6];
    assert_true(mac_from_bytes(bytes) == UINT64_C(0xff0080010203));
    mac_to_bytes(UINT64_C(0xff0080010203), back);
    assert_memory_equal(bytes, back, 6);
}

static void test_mac_multicast(void **state)
{
    assert_true(mac_is_multicast(UINT64_C(0xffffffffffff)));
    assert_true(mac_is_multicast(UINT64_C(0x01005e000001)));
    assert_false(mac_is_multicast(UINT64_C(0x525400aabb01)));
    assert_false(mac_is_multicast(0));
}

static void test_guid_there_and_back(void **state)
{
    uint64_t guid = 0;
    char text[GUID_TEXT_SIZE];
    assert_int_equal(guid_from_text("fe:11:22:33:44:55:66:F7", &guid), 0);
    assert_true(guid == UINT64_C(0xfe112233445566f7));
    guid_to_text(guid, text);
    assert_string_equal(text, "fe:11:22:33:44:55:66:f7");
}

static void test_guid_refused(void **state)
{
    static const char *const bad[] = { "", "00:11:22:33:44:55", "00-11-22-33-44-55-66-77",
                                       "00:11:22:33:44:55:66:77:", "0011:2233:4455:6677" };
    uint64_t guid = 42;
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_int_equal(guid_from_text(bad[i], &guid), -EINVAL);
    assert_true(guid == 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mac_there_and_back),  cmocka_unit_test(test_mac_refused),
        cmocka_unit_test(test_mac_bytes),           cmocka_unit_test(test_mac_multicast),
        cmocka_unit_test(test_guid_there_and_back), cmocka_unit_test(test_guid_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
