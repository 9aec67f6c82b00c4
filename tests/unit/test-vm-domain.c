/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Domains, by libvirt's own test driver: a machine that exists in this process only, with a running
 * domain "test". What devices are concerned is tested in the lab.
 */
#include "vm/domain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include "base/str.h"
#include "doctor/libvirt.h"

#include <cmocka.h>

#define URI "test:///default"

static struct domain *open_test(void)
{
    struct sriov_error e = { 0 };
    struct domain *d = NULL;
    assert_int_equal(domain_open(URI, "test", &d, &e), 0);
    return d;
}

static void test_find(void **state)
{
    struct sriov_error e = { 0 };
    struct domain *d = NULL;
    assert_int_equal(domain_open(URI, "1", &d, &e), 0);
    assert_string_equal(domain_name(d), "test");
    assert_true(domain_is_running(d));
    assert_true(domain_is_persistent(d));
    domain_close(d);
    d = NULL;
    assert_int_equal(domain_open(URI, "tset", &d, &e), -ENOENT);
    assert_null(d);
    assert_int_equal(e.code, SRIOV_NO_DEVICE);
    assert_string_equal(e.object, "tset");
    assert_string_equal(e.remedy, "did you mean test?");
}

static void test_other_machines(void **state)
{
    static const char *const uris[] = { "qemu+ssh://other/system", "qemu:///session",
                                        "qemu+tcp://h" };
    for (size_t i = 0; i < ELEMENTS(uris); i++) {
        struct sriov_error e = { 0 };
        struct domain *d = NULL;
        assert_int_equal(domain_open(uris[i], "test", &d, &e), -EOPNOTSUPP);
        assert_int_equal(e.code, SRIOV_UNSUPPORTED);
        assert_string_equal(e.object, uris[i]);
    }
}

static void test_parts(void **state)
{
    struct sriov_error e = { 0 };
    _cleanup_domain_ struct domain *d = open_test();
    unsigned parts = 0;
    assert_int_equal(domain_parts(d, false, false, &parts, &e), 0);
    assert_int_equal(parts, DOMAIN_LIVE);
    assert_int_equal(domain_parts(d, true, true, &parts, &e), 0);
    assert_int_equal(parts, DOMAIN_LIVE | DOMAIN_CONFIG);
    assert_int_equal(domain_parts(d, false, true, &parts, &e), 0);
    assert_int_equal(parts, DOMAIN_CONFIG);
}

/* The notes of one part, as the hook reads them: "alias settings" of each. */
static void notes_are(struct domain *d, enum domain_part part, const char *want)
{
    struct sriov_error e = { 0 };
    _cleanup_buf_ struct buf have = BUF_INIT;
    _cleanup_free_ char *xml = NULL;
    struct vm vm;
    assert_int_equal(domain_xml(d, part, &xml, &e), 0);
    assert_int_equal(vm_parse(xml, &vm), 0);
    for (size_t i = 0; i < vm.n_notes; i++)
        buf_printf(&have, "%s %s;", vm.notes[i].alias, vm.notes[i].settings);
    vm_done(&vm);
    assert_string_equal(have.len > 0 ? have.data : "", want);
}

static void test_notes(void **state)
{
    const unsigned both = DOMAIN_LIVE | DOMAIN_CONFIG;
    struct sriov_error e = { 0 };
    _cleanup_domain_ struct domain *d = open_test();
    assert_int_equal(domain_remember(d, "ua-a", NULL, both, &e), 0);
    notes_are(d, DOMAIN_LIVE, "");
    assert_int_equal(domain_remember(d, "ua-a", "qos=3 trust=on", both, &e), 0);
    assert_int_equal(domain_remember(d, "ua-b", "trust=off", DOMAIN_CONFIG, &e), 0);
    notes_are(d, DOMAIN_LIVE, "ua-a qos=3 trust=on;");
    notes_are(d, DOMAIN_CONFIG, "ua-a qos=3 trust=on;ua-b trust=off;");
    assert_int_equal(domain_remember(d, "ua-a", "qos=4", DOMAIN_CONFIG, &e), 0);
    notes_are(d, DOMAIN_CONFIG, "ua-b trust=off;ua-a qos=4;");
    assert_int_equal(domain_remember(d, "ua-b", NULL, both, &e), 0);
    assert_int_equal(domain_remember(d, "ua-a", NULL, both, &e), 0);
    notes_are(d, DOMAIN_LIVE, "");
    notes_are(d, DOMAIN_CONFIG, "");
}

static bool is_test(const char *name, const char *xml, void *userdata)
{
    *(unsigned *)userdata += 1;
    return false;
}

static void test_others(void **state)
{
    struct sriov_error e = { 0 };
    _cleanup_domain_ struct domain *d = open_test();
    unsigned others = 0;
    assert_int_equal(domain_each_other(d, is_test, &others, &e), 0);
    assert_int_equal(others, 0);
}

static void test_libvirts_words(void **state)
{
    struct sriov_error e = { 0 };
    _cleanup_domain_ struct domain *d = open_test();
    assert_int_not_equal(domain_attach(d, "<nonsense/>", DOMAIN_LIVE, &e), 0);
    assert_string_equal(e.object, "test");
    assert_string_equal(e.message, "libvirt does not attach the device");
    assert_non_null(strstr(e.kernel, "virDomainAttachDeviceFlags"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),   cmocka_unit_test(test_other_machines),
        cmocka_unit_test(test_parts),  cmocka_unit_test(test_notes),
        cmocka_unit_test(test_others), cmocka_unit_test(test_libvirts_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
