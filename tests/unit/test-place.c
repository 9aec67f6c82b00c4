/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From a VF's PCI address to its PF and number (core/place.c), on made-up folders of sysfs.
 */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "core/model.h"

struct machine {
    char root[64];
    struct backend *b;
};

static void put_file(const struct machine *m, const char *device, const char *name,
                     const char *text)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s", m->root, device);
    assert_int_equal(file_make_dirs(path, 0700), 0);
    if (!name)
        return;
    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/%s", m->root, device, name);
    assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
}

static void put_link(const struct machine *m, const char *device, const char *name,
                     const char *target)
{
    char path[200], to[64];

    put_file(m, device, NULL, NULL);
    snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s/%s", m->root, device, name);
    snprintf(to, sizeof(to), "../%s", target);
    assert_int_equal(symlink(to, path), 0);
}

static void put_pf(const struct machine *m, const char *pf, const char *offset, const char *stride)
{
    put_file(m, pf, "sriov_totalvfs", "64\n");
    put_file(m, pf, "sriov_offset", offset);
    put_file(m, pf, "sriov_stride", stride);
}

static void put_vf(const struct machine *m, const char *pf, unsigned index, const char *vf)
{
    char name[24];

    snprintf(name, sizeof(name), "virtfn%u", index);
    put_link(m, pf, name, vf);
    put_link(m, vf, "physfn", pf);
}

static int set_up(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    STR_SET(m->root, "/tmp/test-place-XXXXXX");
    assert_non_null(mkdtemp(m->root));
    assert_int_equal(backend_linux(m->root, &m->b), 0);
    *state = m;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static int tear_down(void **state)
{
    struct machine *m = *state;
    int r = nftw(m->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);

    backend_free(m->b);
    free(m);
    return r;
}

static void is_at(const struct machine *m, const char *vf, const char *pf, unsigned index)
{
    struct sriov_error error = { 0 };
    struct vf_place place;

    assert_int_equal(vf_place_of_pci(m->b, vf, &place, &error), 0);
    assert_string_equal(place.pf, pf);
    assert_int_equal(place.index, index);
    assert_int_equal(place.bus, PF_ON_PCI);
}

static void is_refused(const struct machine *m, const char *pci, int r, const char *message)
{
    struct sriov_error error = { 0 };
    struct vf_place place;

    assert_int_equal(vf_place_of_pci(m->b, pci, &place, &error), r);
    assert_non_null(strstr(error.message, message));
    assert_string_equal(error.object, pci);
}

/* An 82576: offset 128, stride 2. */
static void test_stride(void **state)
{
    struct machine *m = *state;

    put_pf(m, "0000:01:00.0", "128\n", "2\n");
    put_vf(m, "0000:01:00.0", 0, "0000:01:10.0");
    put_vf(m, "0000:01:00.0", 6, "0000:01:11.4");
    is_at(m, "0000:01:10.0", "0000:01:00.0", 0);
    is_at(m, "0000:01:11.4", "0000:01:00.0", 6);
}

/* The second port of a NIC whose VFs go on to the next bus, in another domain. */
static void test_next_bus(void **state)
{
    struct machine *m = *state;

    put_pf(m, "10000:3b:00.1", "255\n", "1\n");
    put_vf(m, "10000:3b:00.1", 0, "10000:3c:00.0");
    put_vf(m, "10000:3b:00.1", 200, "10000:3c:19.0");
    is_at(m, "10000:3c:00.0", "10000:3b:00.1", 0);
    is_at(m, "10000:3c:19.0", "10000:3b:00.1", 200);
}

/* With one VF a device may say a stride of 0. */
static void test_single_vf(void **state)
{
    struct machine *m = *state;

    put_pf(m, "0000:01:00.0", "1\n", "0\n");
    put_vf(m, "0000:01:00.0", 0, "0000:01:00.1");
    is_at(m, "0000:01:00.1", "0000:01:00.0", 0);
}

static void test_no_vf(void **state)
{
    struct machine *m = *state;

    put_pf(m, "0000:01:00.0", "128\n", "2\n");
    put_file(m, "0000:00:1f.0", "class", "0x060100\n");
    is_refused(m, "0000:01:00.0", -ENODEV, "is a PF, not a VF");
    is_refused(m, "0000:00:1f.0", -ENODEV, "but no VF");
    is_refused(m, "0000:05:00.0", -ENODEV, "no such PCI device");
    is_refused(m, "", -EINVAL, "is no PCI address");
    is_refused(m, "enp1s0v0", -EINVAL, "is no PCI address");
    is_refused(m, "0000:01:10.0x", -EINVAL, "is no PCI address");
    is_refused(m, "../../../etc", -EINVAL, "is no PCI address");
}

/* The numbers and the links do not fit: nobody guesses. */
static void test_odd_pf(void **state)
{
    struct machine *m = *state;

    put_pf(m, "0000:01:00.0", "128\n", "2\n");
    put_vf(m, "0000:01:00.0", 1, "0000:01:10.0");
    is_refused(m, "0000:01:10.0", -ENODEV, "does not know it");
    put_link(m, "0000:02:00.0", "physfn", "0000:03:00.0");
    is_refused(m, "0000:02:00.0", -ENODEV, "does not know it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stride, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_next_bus, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_single_vf, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_vf, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_odd_pf, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
