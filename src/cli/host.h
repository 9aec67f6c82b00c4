/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words behind `sriovctl host`, and their options.
 */
#ifndef CLI_HOST_H
#define CLI_HOST_H

#include "cli/app.h"

/* Is the machine ready? One line per subject (host-check.c). */
int host_check(struct app *a);

/* Shows, makes or takes back the preparation of the host (host-prepare.c). */
int host_prepare(struct app *a);

/* In the order of enum boot_iommu. */
#define HOST_IOMMU_WORDS ((const char *const[]){ "on", "pt", "leave", NULL })

#define OPTIONS_PREPARE                                                                              \
    { "apply", 0, OPTION_FLAG, OPTION(apply), .help = "prepare: do what is shown" },                 \
        { "undo", 0, OPTION_FLAG, OPTION(undo),                                                      \
          .help = "prepare: take back all that was applied" },                                       \
        { "iommu",                                                                                   \
          0,                                                                                         \
          OPTION_CHOICE,                                                                             \
          OPTION(iommu),                                                                             \
          "on|pt|leave",                                                                             \
          HOST_IOMMU_WORDS,                                                                          \
          .help = "prepare: on (without it), on with the host's own devices passed through, or "     \
                  "leave it" },                                                                      \
        { "hugepages",                                                                               \
          0,                                                                                         \
          OPTION_WORDS,                                                                              \
          OPTION(hugepages),                                                                         \
          "SIZE:NODE=COUNT,...",                                                                     \
          .help = "prepare: huge pages at boot, in all (2M:1024) or by NUMA node (1G:0=4,1=4)" },    \
        { "vfio-ids",          0,                                                                    \
          OPTION_TEXT,         OPTION(vfio_ids),                                                     \
          "VENDOR:DEVICE,...", .help = "prepare: devices that vfio-pci takes by itself" },           \
        { "no-vfio", 0, OPTION_FLAG, OPTION(no_vfio),                                                \
          .help = "prepare: do not load vfio-pci at boot" },                                         \
        { "firmware-vfs",                                                                            \
          0,                                                                                         \
          OPTION_NUMBER,                                                                             \
          OPTION(firmware_vfs),                                                                      \
          "COUNT",                                                                                   \
          .help = "prepare: VFs that the firmware of Mellanox cards is to allow (mstconfig)" },      \
        { "pf", 0, OPTION_TEXT, OPTION(pf), "PF", .help = "prepare: the firmware of this PF only" }, \
    {                                                                                                \
        "root", 0, OPTION_TEXT, OPTION(root), "DIR",                                                 \
            .help = "prepare: a system that is mounted at DIR; programs are named, not run"          \
    }

#endif
