/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A line of /proc/interrupts has a number for each processor, then what it is of:
 * "vfio-msix[0](0000:01:10.0)" (drivers/vfio/pci/vfio_pci_intrs.c). On a machine with hundreds of
 * processors the file is megabytes, so it is gone through line by line.
 */
#include "kernel/interrupts.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>

#include "base/str.h"

/* Of no use is vfio-intx: QEMU turns that on by itself. */
static bool is_of(const char *line, const char *pci)
{
    const char *name = strstr(line, "vfio-msi");
    const char *address = name ? strchr(name, '(') : NULL;
    size_t len = strlen(pci);

    return address && strncmp(address + 1, pci, len) == 0 && address[1 + len] == ')';
}

/* The numbers behind "53:". */
static uint64_t sum_of(const char *line)
{
    const char *at = strchr(line, ':');
    uint64_t sum = 0;

    for (at = at ? at + 1 : line; isspace((unsigned char)*at);) {
        char *end;
        unsigned long long n = strtoull(at, &end, 10);

        if (end == at || !isspace((unsigned char)*end))
            break;
        sum += n;
        at = end;
    }
    return sum;
}

int vfio_interrupts_parse(FILE *file, const char *pci, struct vfio_interrupts *ret)
{
    struct vfio_interrupts found = { 0 };
    _cleanup_free_ char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, file) >= 0) {
        if (!is_of(line, pci))
            continue;
        found.vectors++;
        found.count += sum_of(line);
    }
    if (ferror(file))
        return -EIO;
    *ret = found;
    return 0;
}

int vfio_interrupts_read(const char *pci, struct vfio_interrupts *ret)
{
    _cleanup_(fclose_p) FILE *file = fopen("/proc/interrupts", "re");

    return file ? vfio_interrupts_parse(file, pci, ret) : -errno;
}
