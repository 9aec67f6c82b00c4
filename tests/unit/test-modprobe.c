/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names of modules as instances of a unit; the texts wanted are those of systemd-escape(1).
 */
#include "kernel/modprobe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void escapes_to(const char *name, const char *want)
{
    char have[64];

    modprobe_escape(name, have, sizeof(have));
    assert_string_equal(have, want);
}

static void test_as_systemd_escapes(void **state)
{
    escapes_to("igb", "igb");
    escapes_to("vfio-pci", "vfio\\x2dpci");
    escapes_to("vfio_pci", "vfio_pci");
    escapes_to("pci:v00008086d000010CAsv*", "pci:v00008086d000010CAsv\\x2a");
    escapes_to(".hidden.x", "\\x2ehidden.x");
    escapes_to("a b;c", "a\\x20b\\x3bc");
    escapes_to("\xff", "\\xff");
    escapes_to("", "");
}

static void test_is_cut_between_characters(void **state)
{
    char have[16] = "";

    modprobe_escape("------", have, 11);
    assert_string_equal(have, "\\x2d\\x2d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_systemd_escapes),
        cmocka_unit_test(test_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
