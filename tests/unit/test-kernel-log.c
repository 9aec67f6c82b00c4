/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records of /dev/kmsg, and what they are about. The messages are such as the drivers of Linux 6.12
 * write.
 */
#include "daemon/kernel-log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- records ---- */

static int parse(const char *record, struct kmsg *m)
{
    return kmsg_parse(record, strlen(record), m);
}

static void test_a_record(void **state)
{
    struct kmsg m;
    assert_int_equal(parse("4,1201,98765432,-;igb 0000:01:00.0: Spoof event(s) detected on VF 2\n"
                           " SUBSYSTEM=pci\n DEVICE=+pci:0000:01:00.0\n",
                           &m),
                     0);
    assert_int_equal(m.level, 4);
    assert_true(m.is_kernels);
    assert_int_equal(m.number, 1201);
    assert_string_equal(m.text, "igb 0000:01:00.0: Spoof event(s) detected on VF 2");
}

static void test_heads_with_more_fields(void **state)
{
    struct kmsg m;
    assert_int_equal(parse("6,5,0,c,caller=T1,more;text; with a semicolon", &m), 0);
    assert_string_equal(m.text, "text; with a semicolon");
}

/* Facility 1 (LOG_USER) and above: a program wrote it, whatever it says. */
static void test_messages_of_programs(void **state)
{
    struct kmsg m;
    assert_int_equal(parse("12,7,1,-;igb 0000:01:00.0: Spoof event(s) detected on VF 2\n", &m), 0);
    assert_int_equal(m.level, 4);
    assert_false(m.is_kernels);
}

static void test_escapes(void **state)
{
    struct kmsg m;
    assert_int_equal(parse("4,7,1,-;VF 0 tried\\x0aReload \\xc3\\xa9 \\x5cx41 \\x4\\x1b\n", &m), 0);
    assert_string_equal(m.text, "VF 0 tried Reload \xc3\xa9 \\x41 \\x4");
}

static void test_a_text_that_is_too_long(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    struct kmsg m;
    buf_add_str(&b, "4,7,1,-;");
    for (size_t i = 0; i < 3000; i++)
        buf_add_char(&b, 'x');
    assert_int_equal(kmsg_parse(b.data, b.len, &m), 0);
    assert_int_equal(strlen(m.text), sizeof(m.text) - 1);
}

static void test_what_is_no_record(void **state)
{
    static const char *const texts[] = {
        "",           "4",        "4,",
        "4,7,1",      "4,7,1,-",  "x,7,1,-;a",
        "4;7;1;a",    "4,,1,-;a", "99999999999999999999,7,1,-;a",
        "-4,7,1,-;a",
    };
    struct kmsg m;
    for (size_t i = 0; i < ELEMENTS(texts); i++)
        assert_int_equal(parse(texts[i], &m), -EBADMSG);
}

/* ---- what they are about ---- */

static struct vf vfs[] = {
    { .index = 0, .pci = "0000:01:10.0" },
    { .index = 3, .pci = "0000:01:10.6" },
    { .index = 12, .pci = "0000:01:11.2" },
};
static struct pf pfs[] = {
    { .key = "0000:01:00.0", .name = "enp1s0", .vfs = vfs, .n_vfs = ELEMENTS(vfs) },
    { .key = "netdevsim1", .name = "" },
};
static const struct snapshot machine = { .pfs = pfs, .n_pfs = ELEMENTS(pfs) };

static void about(const char *text, const char *want_pf, int want_vf, enum kernel_topic want_topic)
{
    struct kmsg m = { .level = 4, .is_kernels = true };
    enum kernel_topic topic;
    const struct pf *pf;
    int vf;
    STR_SET(m.text, text);
    assert_int_equal(kernel_message_read(&m, &machine, &pf, &vf, &topic), 1);
    assert_string_equal(pf ? pf->key : "", want_pf);
    assert_int_equal(vf, want_vf);
    assert_string_equal(kernel_topic_name(topic), kernel_topic_name(want_topic));
}

static void ignored(const char *text)
{
    struct kmsg m = { .level = 2, .is_kernels = true };
    enum kernel_topic topic;
    const struct pf *pf;
    int vf;
    STR_SET(m.text, text);
    assert_int_equal(kernel_message_read(&m, &machine, &pf, &vf, &topic), 0);
}

static void test_objects(void **state)
{
    attrs_set_text(&vfs[1].attrs, SRIOV_NAME, "enp1s0v3");
    about("igb 0000:01:00.0 enp1s0: igb: enp1s0 NIC Link is Up 1000 Mbps", "0000:01:00.0", -1,
          TOPIC_OTHER);
    about("enp1s0: entered promiscuous mode", "0000:01:00.0", -1, TOPIC_OTHER);
    about("igbvf 0000:01:10.6: Assigning random MAC address.", "0000:01:00.0", 3, TOPIC_OTHER);
    about("IPv6: ADDRCONF(NETDEV_CHANGE): enp1s0v3: link becomes ready", "0000:01:00.0", 3,
          TOPIC_OTHER);
    about("vfio-pci 0000:01:11.2: Relaying device request to user (#0)", "0000:01:00.0", 12,
          TOPIC_OTHER);
    about("pcieport 0000:00:1c.0: AER: Corrected error received: 0000:01:00.0", "0000:01:00.0", -1,
          TOPIC_ERROR);
    about("netdevsim netdevsim1 eni1np1: renamed from eth0", "netdevsim1", -1, TOPIC_OTHER);
}

static void test_numbers_of_vfs(void **state)
{
    about("igb 0000:01:00.0: Spoof event(s) detected on VF 3", "0000:01:00.0", 3, TOPIC_SPOOFED);
    about("ice 0000:01:00.0: Malicious Driver Detection event 5 on TX queue 1 PF# 0 VF# 12",
          "0000:01:00.0", 12, TOPIC_MALICIOUS);
    about("i40e 0000:01:00.0: Malicious Driver Detection event 0x02 on TX queue 9 PF number 0x00 "
          "VF number 0x0c",
          "0000:01:00.0", 12, TOPIC_MALICIOUS);
    about("ice 0000:01:00.0: Can't add more MAC addresses, because VF-3 is not trusted",
          "0000:01:00.0", 3, TOPIC_REFUSED);
    /* One that is not there, and a number that is none. */
    about("igb 0000:01:00.0: Spoof event(s) detected on VF 2", "0000:01:00.0", -1, TOPIC_SPOOFED);
    about("igb 0000:01:00.0: VF 99999999999999999999 reset", "0000:01:00.0", -1, TOPIC_RESET);
}

static void test_topics(void **state)
{
    about("ixgbe 0000:01:00.0 enp1s0: 4 Spoofed packets detected", "0000:01:00.0", -1,
          TOPIC_SPOOFED);
    about("igb 0000:01:00.0: VF 0 attempted to override administratively set MAC address "
          "Reload the VF driver to resume operations",
          "0000:01:00.0", 0, TOPIC_REFUSED);
    about("igb 0000:01:00.0 enp1s0: Reset adapter", "0000:01:00.0", -1, TOPIC_RESET);
    about("DMAR: [DMA Write NO_PASID] Request device [01:10.0] fault addr 0x0", "", -1,
          TOPIC_IOMMU);
    about("vfio_pin_pages_remote: RLIMIT_MEMLOCK (65536) exceeded", "", -1, TOPIC_IOMMU);
}

static void test_messages_about_others(void **state)
{
    ignored("e1000e 0000:02:00.0 eth1: Detected Hardware Unit Hang: Reset adapter");
    ignored("enp1s0v30: link becomes ready");
    ignored("netdevsim netdevsim12 eni12np1: renamed from eth0");
    ignored("igb 0000:01:00.01: nothing");
    ignored("DMAR: IOMMU enabled");
    ignored("");
}

static void test_what_a_program_wrote(void **state)
{
    struct kmsg m = { .text = "igb 0000:01:00.0: Spoof event(s) detected on VF 3" };
    enum kernel_topic topic;
    const struct pf *pf;
    int vf;
    assert_int_equal(kernel_message_read(&m, &machine, &pf, &vf, &topic), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record),
        cmocka_unit_test(test_heads_with_more_fields),
        cmocka_unit_test(test_messages_of_programs),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_a_text_that_is_too_long),
        cmocka_unit_test(test_what_is_no_record),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_numbers_of_vfs),
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_messages_about_others),
        cmocka_unit_test(test_what_a_program_wrote),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
