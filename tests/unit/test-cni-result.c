/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the plugin prints: results in each version of the specification as whole texts, prevResult
 * that is passed on, error objects; and what it makes of an IPAM plugin's answers.
 */
#include "cni/result.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json-read.h"
#include "cni/announce.h"
#include "cni/ipam.h"

static const char answer[] =
    "{\"cniVersion\":\"1.1.0\",\"ips\":[{\"address\":\"192.0.2.5/24\",\"gateway\":\"192.0.2.1\"},"
    "{\"address\":\"2001:db8::5/64\"}],\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":"
    "\"198.51.100.0/24\",\"gw\":\"192.0.2.7\",\"mtu\":1400,\"advmss\":1300,\"priority\":5,"
    "\"table\":9,\"scope\":0}],\"dns\":{\"nameservers\":[\"192.0.2.53\"]}}";

static const struct cni_interface interface = {
    .name = "eth0",
    .mac = "02:00:00:00:00:01",
    .sandbox = "/run/netns/a",
    .pci = "0000:01:10.0",
    .mtu = 1500,
};

static struct cni_addressing read_answer(const char *text)
{
    struct cni_addressing a = { 0 };
    assert_int_equal(addressing_read(text, strlen(text), &a, NULL), 0);
    return a;
}

static void is_written(enum cni_version version, const char *want)
{
    struct cni_addressing a = read_answer(answer);
    struct buf out = BUF_INIT;
    result_write(version, &interface, &a, NULL, &out);
    assert_string_equal(out.data, want);
    buf_done(&out);
    addressing_done(&a);
}

#define INTERFACE_OLD                                                                              \
    "\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"sandbox\":"                \
    "\"/run/netns/a\"}],"
#define ROUTES_OLD                                                                                 \
    "\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"198.51.100.0/24\",\"gw\":\"192.0.2.7\"}],"
#define IPS_OLD                                                                                    \
    "\"ips\":[{\"version\":\"4\",\"interface\":0,\"address\":\"192.0.2.5/24\",\"gateway\":"        \
    "\"192.0.2.1\"},{\"version\":\"6\",\"interface\":0,\"address\":\"2001:db8::5/64\"}],"
#define IPS                                                                                        \
    "\"ips\":[{\"interface\":0,\"address\":\"192.0.2.5/24\",\"gateway\":\"192.0.2.1\"},"           \
    "{\"interface\":0,\"address\":\"2001:db8::5/64\"}],"
#define DNS "\"dns\":{\"nameservers\":[\"192.0.2.53\"]}}\n"

static void test_result_0_3_1(void **state)
{
    is_written(CNI_0_3_1, "{\"cniVersion\":\"0.3.1\"," INTERFACE_OLD IPS_OLD ROUTES_OLD DNS);
}

static void test_result_0_4_0(void **state)
{
    is_written(CNI_0_4_0, "{\"cniVersion\":\"0.4.0\"," INTERFACE_OLD IPS_OLD ROUTES_OLD DNS);
}

static void test_result_1_0_0(void **state)
{
    is_written(CNI_1_0_0, "{\"cniVersion\":\"1.0.0\"," INTERFACE_OLD IPS ROUTES_OLD DNS);
}

static void test_result_1_1_0(void **state)
{
    is_written(
        CNI_1_1_0,
        "{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"eth0\",\"mac\":"
        "\"02:00:00:00:00:01\",\"mtu\":1500,\"sandbox\":\"/run/netns/a\",\"pciID\":"
        "\"0000:01:10.0\"}]," IPS "\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":"
        "\"198.51.100.0/24\",\"gw\":\"192.0.2.7\",\"mtu\":1400,\"advmss\":1300,\"priority\":5,"
        "\"table\":9,\"scope\":0}]," DNS);
}

static void test_result_without_addresses(void **state)
{
    struct cni_interface bare = { .name = "eth0" };
    struct cni_addressing none = { 0 };
    struct buf out = BUF_INIT;
    result_write(CNI_1_1_0, &bare, &none, NULL, &out);
    assert_string_equal(out.data, "{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"eth0\"}],"
                                  "\"ips\":[],\"routes\":[],\"dns\":{}}\n");
    buf_done(&out);
}

static void test_prev_result_is_passed_on(void **state)
{
    static const char prev[] =
        "{\"interfaces\":[{\"name\":\"a\",\"mtu\":9000}],\"ips\":[{\"interface\":0,\"address\":"
        "\"203.0.113.1/32\"}],\"routes\":[{\"dst\":\"203.0.113.0/24\",\"scope\":253}],\"dns\":"
        "{\"domain\":\"x\",\"search\":[null,true,-4]}}";
    static const char ipam[] = "{\"ips\":[{\"address\":\"192.0.2.5/24\"}]}";
    struct cni_addressing a = read_answer(ipam);
    struct cni_interface bare = { .name = "b" };
    struct node *document = NULL;
    struct buf out = BUF_INIT;
    assert_int_equal(json_read(prev, strlen(prev), &result_limits, &document, NULL), 0);
    result_write(CNI_1_1_0, &bare, &a, document, &out);
    assert_string_equal(
        out.data, "{\"cniVersion\":\"1.1.0\",\"interfaces\":[{\"name\":\"a\",\"mtu\":9000},"
                  "{\"name\":\"b\"}],\"ips\":[{\"interface\":0,\"address\":\"203.0.113.1/32\"},"
                  "{\"interface\":1,\"address\":\"192.0.2.5/24\"}],\"routes\":[{\"dst\":"
                  "\"203.0.113.0/24\",\"scope\":253}],\"dns\":{\"domain\":\"x\",\"search\":"
                  "[null,true,-4]}}\n");
    node_free(document);
    buf_done(&out);
    addressing_done(&a);
}

static const struct {
    const char *text, *msg;
} bad[] = {
    { "", NULL },
    { "{\"ips\":{}}", "ips: a list of at most 1024 entries is expected" },
    { "{\"ips\":[{}]}", "an entry of ips has no address" },
    { "{\"ips\":[{\"address\":\"192.0.2.5\"}]}",
      "address: \"192.0.2.5\" is no address with a prefix length" },
    { "{\"ips\":[{\"address\":\"192.0.2.5/33\"}]}",
      "address: \"192.0.2.5/33\" is no address with a prefix length" },
    { "{\"ips\":[{\"address\":\"2001:db8::1/129\"}]}",
      "address: \"2001:db8::1/129\" is no address with a prefix length" },
    { "{\"ips\":[{\"address\":\"192.0.2.5/24\",\"gateway\":\"192.0.2.1/24\"}]}",
      "gateway: \"192.0.2.1/24\" is no address" },
    { "{\"routes\":[{}]}", "an entry of routes has no dst" },
    { "{\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"x\"}]}", "gw: \"x\" is no address" },
    { "{\"routes\":[{\"dst\":\"0.0.0.0/0\",\"mtu\":\"1\"}]}", "mtu of a route is no number" },
    { "{\"routes\":[{\"dst\":\"0.0.0.0/0\",\"scope\":256}]}",
      "scope of a route: 256 is more than 255" },
};

static void test_bad_answers(void **state)
{
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        struct cni_addressing a = { 0 };
        struct cni_error e = { 0 };
        assert_int_equal(addressing_read(bad[i].text, strlen(bad[i].text), &a, &e), -EBADMSG);
        assert_int_equal(e.code, 6);
        assert_true(str_starts(e.msg, "result of the IPAM plugin: "));
        if (bad[i].msg)
            assert_string_equal(e.msg + strlen("result of the IPAM plugin: "), bad[i].msg);
        assert_null(a.document);
    }
}

static void test_error_object(void **state)
{
    struct cni_error e = { .code = 7, .msg = "vlan: \"5\"", .details = "read" };
    struct buf out = BUF_INIT;
    cni_error_write(&e, "1.0.0", &out);
    assert_string_equal(out.data,
                        "{\"cniVersion\":\"1.0.0\",\"code\":7,\"msg\":\"vlan: \\\"5\\\"\","
                        "\"details\":\"read\"}\n");
    buf_done(&out);
    e.details[0] = '\0';
    cni_error_write(&e, "1.1.0", &out);
    assert_string_equal(out.data,
                        "{\"cniVersion\":\"1.1.0\",\"code\":7,\"msg\":\"vlan: \\\"5\\\"\"}\n");
    buf_done(&out);
}

static void test_error_codes(void **state)
{
    static const struct {
        enum sriov_code code;
        int error;
        unsigned cni;
    } rows[] = {
        { SRIOV_IN_USE, 0, 100 },
        { SRIOV_IN_USE, EBUSY, 100 },
        { SRIOV_IN_USE, EAGAIN, 11 },
        { SRIOV_IN_USE, EEXIST, 101 },
        { SRIOV_USAGE, 0, 7 },
        { SRIOV_UNSUPPORTED, EOPNOTSUPP, 102 },
        { SRIOV_NO_DEVICE, 0, 103 },
        { SRIOV_NOT_PERMITTED, EPERM, 104 },
        { SRIOV_NOT_ROLLED_BACK, 0, 105 },
        { SRIOV_FAILED, EIO, 106 },
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct sriov_error cause = { .code = rows[i].code, .error = rows[i].error };
        struct cni_error e;
        cni_fail_as(&e, &cause, -1);
        assert_int_equal(e.code, rows[i].cni);
    }
}

static void test_error_text(void **state)
{
    struct sriov_error cause = { .code = SRIOV_FAILED,
                                 .object = "enp1s0/3",
                                 .message = "set vlan",
                                 .kernel = "Invalid argument",
                                 .remedy = "do it" };
    struct cni_error e;
    assert_int_equal(cni_fail_as(&e, &cause, -EINVAL), -EINVAL);
    assert_string_equal(e.msg, "enp1s0/3: set vlan: Invalid argument");
    assert_string_equal(e.details, "do it");
}

static void test_ipam_errors(void **state)
{
    static const char said[] = "{\"code\":11,\"msg\":\"full\",\"details\":\"wait\"}";
    struct cni_error e;
    ipam_error("host-local", said, strlen(said), 1 << 8, &e);
    assert_int_equal(e.code, 11);
    assert_string_equal(e.msg, "IPAM plugin host-local: full");
    assert_string_equal(e.details, "wait");
    ipam_error("x", "nonsense", 8, 3 << 8, &e);
    assert_int_equal(e.code, 106);
    assert_string_equal(e.msg, "IPAM plugin x: ended with status 3 and said nothing why");
    ipam_error("x", NULL, 0, 9, &e);
    assert_string_equal(e.msg, "IPAM plugin x: killed by signal 9");
    ipam_error("x", "{\"code\":0,\"msg\":\"m\"}", 20, 1 << 8, &e);
    assert_int_equal(e.code, 106);
}

static void test_announcement(void **state)
{
    static const uint8_t want[ARP_PACKET_SIZE] = {
        0,   1, 8, 0, 6,    4,    0,    1,    2,    0,    0,   0, 0, 1,
        192, 0, 2, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 192, 0, 2, 5,
    };
    uint8_t packet[ARP_PACKET_SIZE];
    assert_int_equal(announce_packet("192.0.2.5/24", 0x020000000001, packet), 0);
    assert_memory_equal(packet, want, sizeof(want));
    assert_int_equal(announce_packet("2001:db8::1/64", 1, packet), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result_0_3_1),
        cmocka_unit_test(test_result_0_4_0),
        cmocka_unit_test(test_result_1_0_0),
        cmocka_unit_test(test_result_1_1_0),
        cmocka_unit_test(test_result_without_addresses),
        cmocka_unit_test(test_prev_result_is_passed_on),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_error_object),
        cmocka_unit_test(test_error_codes),
        cmocka_unit_test(test_error_text),
        cmocka_unit_test(test_ipam_errors),
        cmocka_unit_test(test_announcement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
