/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libsriov in one page: lists the VFs of a machine, or of a capture of one.
 *
 *     cc list-vfs.c $(pkg-config --cflags --libs libsriov) -o list-vfs
 *     ./list-vfs            this machine
 *     ./list-vfs FILE       one that `sriovctl capture FILE` wrote down
 */
#include <sriov/host.h>
#include <stdio.h>

static void print_vf(const struct sriov_pf *pf, size_t index)
{
    const struct sriov_vf *vf = sriov_pf_vf(pf, index);
    char mac[SRIOV_TEXT_SIZE], vlan[SRIOV_TEXT_SIZE], driver[SRIOV_TEXT_SIZE];

    sriov_vf_get(vf, SRIOV_MAC, mac, sizeof(mac));
    sriov_vf_get(vf, SRIOV_VLAN, vlan, sizeof(vlan));
    sriov_vf_get(vf, SRIOV_DRIVER, driver, sizeof(driver));
    printf("%s/%zu %s mac %s vlan %s driver %s\n", sriov_pf_name(pf), index, sriov_vf_pci(vf), mac,
           vlan, driver);
}

static int list(struct sriov *host, struct sriov_error *error)
{
    size_t pfs;
    int r = sriov_count_pfs(host, &pfs, error);

    for (size_t i = 0; r >= 0 && i < pfs; i++)
        for (size_t v = 0; v < sriov_pf_count_vfs(sriov_pf_at(host, i)); v++)
            print_vf(sriov_pf_at(host, i), v);
    return r;
}

int main(int argc, char **argv)
{
    struct sriov_error error = { 0 };
    struct sriov *host = NULL;
    int r = argc > 1 ? sriov_open_capture(argv[1], &host, &error) : sriov_open(NULL, &host, &error);

    if (r >= 0)
        r = list(host, &error);
    if (r < 0)
        fprintf(stderr, "%s: %s %s\n", error.object, error.message, error.kernel);
    sriov_close(host);
    return r < 0;
}
