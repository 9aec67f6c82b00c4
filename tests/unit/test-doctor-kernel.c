/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the checks of the kernel read out of text: lines of modprobe.d, and of the kernel log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "doctor/kernel.h"
#include "doctor/modprobe.h"

static void test_lines_that_forbid(void **state)
{
    static const struct {
        const char *line;
        enum module_ban ban;
    } lines[] = {
        { "blacklist vfio-pci", BAN_BY_DEVICE },
        { "  blacklist\tvfio_pci  # not here", BAN_BY_DEVICE },
        { "install vfio-pci /bin/false", BAN_ALWAYS },
        { "install vfio_pci /usr/bin/true", BAN_ALWAYS },
        { "install vfio-pci false", BAN_ALWAYS },
        { "install vfio-pci /sbin/modprobe --ignore-install vfio-pci", BAN_NONE },
        { "install vfio-pci /bin/falsework", BAN_NONE },
        { "install vfio-pci", BAN_NONE },
        { "install vfio-pci-core /bin/false", BAN_NONE },
        { "blacklist vfio", BAN_NONE },
        { "# blacklist vfio-pci", BAN_NONE },
        { "#blacklist vfio-pci", BAN_NONE },
        { "options vfio-pci ids=8086:10c9", BAN_NONE },
        { "blacklist", BAN_NONE },
        { "", BAN_NONE },
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (modprobe_line_ban(lines[i].line, "vfio-pci") != lines[i].ban)
            fail_msg("%s", lines[i].line);
    }
}

static void test_lines_that_set_an_option(void **state)
{
    assert_true(modprobe_line_option("options igb max_vfs=3", "igb", "max_vfs"));
    assert_true(modprobe_line_option("options igb  debug=0 max-vfs=7,7", "igb", "max_vfs"));
    assert_false(modprobe_line_option("options igb max_vfs=0", "igb", "max_vfs"));
    assert_false(modprobe_line_option("options igb max_vfs", "igb", "max_vfs"));
    assert_false(modprobe_line_option("options igb xmax_vfs=3", "igb", "max_vfs"));
    assert_false(modprobe_line_option("options igbvf max_vfs=3", "igb", "max_vfs"));
    assert_false(modprobe_line_option("install igb max_vfs=3", "igb", "max_vfs"));
    assert_false(modprobe_line_option("#options igb max_vfs=3", "igb", "max_vfs"));
}

static void test_fewer_vfs(void **state)
{
    unsigned wanted = 1, made = 1;

    assert_true(kernel_parse_fewer(
        "[   12.000000] bnxt_en 0000:01:00.0: 8 VFs requested; only 0 enabled", &wanted, &made));
    assert_int_equal(wanted, 8);
    assert_int_equal(made, 0);
    assert_true(kernel_parse_fewer("x: 128 VFs requested; only 64 enabled", &wanted, &made));
    assert_int_equal(wanted, 128);
    assert_int_equal(made, 64);
    assert_false(kernel_parse_fewer("x: 3 VFs requested; only", &wanted, &made));
    assert_false(kernel_parse_fewer("x: many VFs requested; only 3 enabled", &wanted, &made));
    assert_false(
        kernel_parse_fewer("x: 99999999999 VFs requested; only 3 enabled", &wanted, &made));
    assert_false(kernel_parse_fewer("", &wanted, &made));
    assert_int_equal(wanted, 128);
    assert_int_equal(made, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_that_forbid),
        cmocka_unit_test(test_lines_that_set_an_option),
        cmocka_unit_test(test_fewer_vfs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
