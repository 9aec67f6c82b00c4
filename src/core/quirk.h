/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What drivers refuse, ignore, round or disturb, one row per fact. Consulted at plan time: what the
 * driver would refuse is refused before the first write, with the reason. A driver without rows is
 * taken at its word and found out by reading back.
 */
#ifndef CORE_QUIRK_H
#define CORE_QUIRK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/model.h"

/* Facts about a driver as a whole. */
enum driver_flag {
    DRIVER_NO_SYSFS_COUNT = 1 << 0, /* no sriov_configure: VFs by module parameter only */
    DRIVER_COUNT_BOUNCES = 1 << 1,  /* changing the number of VFs resets the PF's link */
    DRIVER_COUNT_NEEDS_UP = 1 << 2, /* with the PF down the write "succeeds" with 0 VFs */
    DRIVER_NO_VF_API = 1 << 3,      /* no netlink settings of VFs at all */
    DRIVER_ASYNC_NETDEV = 1 << 4,   /* the VF driver registers its netdev after probe returned */
    DRIVER_ESWITCH_FIRST = 1 << 5,  /* eswitch mode changes only while there are no VFs */
    DRIVER_VF_STATS = 1 << 6,       /* IFLA_VF_STATS is real and not zeros */
    DRIVER_UNLISTS_BUSY =
        1 << 7, /* VFs are missing from the list while the driver is at work on one */
    DRIVER_PF_MAC_FINAL = 1 << 8, /* a VF that the PF gave an address may take none by itself, not
                                   * even that one, until its driver starts again */
    DRIVER_BIFURCATED = 1 << 9,   /* DPDK drives a VF through its kernel driver, which keeps it */
};

struct driver {
    const char *name;
    unsigned flags;
    unsigned max_vfs;        /* what the driver caps the count at, 0: total_vfs stands */
    const char *count_param; /* module parameter that makes VFs, NULL: none */
    const char *note;        /* one sentence for people */
};

/* What happens to one attribute. Up to QUIRK_AT_LEAST it keeps the change from being made. */
enum quirk_effect {
    QUIRK_REFUSED,       /* the driver answers `error` */
    QUIRK_IGNORED,       /* the driver answers 0 and does nothing */
    QUIRK_NEEDS_LINK,    /* refused while the PF has no link */
    QUIRK_NEEDS_PF_UP,   /* refused (or without effect) while the PF is down */
    QUIRK_NEEDS_SPEED,   /* refused unless the link speed is exactly `value` */
    QUIRK_AT_MOST_SPEED, /* refused above the PF's link speed */
    QUIRK_AT_LEAST,      /* refused below `value`, but for 0 */
    QUIRK_ROUNDED,       /* set in steps of `value` */
    QUIRK_RESETS_VF,     /* the VF is reset by the change */
    QUIRK_AFTER_REBIND,  /* the VF sees the change when its driver is bound the next time */
};

/* What else a row asks for, of the settings wanted or else of those the VF has. */
enum quirk_given {
    QUIRK_ALWAYS,
    QUIRK_WITHOUT_VLAN, /* vlan 0 */
    QUIRK_WITH_QOS,     /* qos other than 0 */
};

#define QUIRK_ANY UINT64_MAX /* the row holds for every value */
#define QUIRK_ALL_DRIVERS "*"

struct quirk {
    const char *driver; /* names parted by blanks; QUIRK_ALL_DRIVERS: each of the driver table */
    const char *but;    /* of QUIRK_ALL_DRIVERS: those it does not hold for; NULL: none */
    enum sriov_attr attr;
    enum quirk_effect effect;
    uint64_t when;       /* the value it holds for, or QUIRK_ANY */
    bool not_zero;       /* with QUIRK_ANY: every value but 0 */
    bool switchdev_only; /* holds in eswitch mode switchdev */
    enum quirk_given given;
    uint64_t value;
    int error;                   /* errno of the driver, 0 if it gives none */
    const uint16_t *but_devices; /* PCI device ids it does not hold for, up to 0; NULL: none */
    /* What keeps a change from being made: what the driver does, as it goes on behind its name
     * ("has no VF link control"). The other effects: a whole sentence. */
    const char *why;
};

/* NULL for a driver that is not in the table. */
const struct driver *driver_find(const char *name);
bool driver_has(const char *name, enum driver_flag flag);

/* The whole tables, for the reference manual. */
const struct driver *driver_table(size_t *ret_count);
const struct quirk *quirk_table(size_t *ret_count);

/* Is the row one of this driver? */
bool quirk_is_of(const struct quirk *q, const char *driver);

/* May this attribute be set to the value in `want` on a VF of `pf`? 0, or -errno with the reason
 * and the remedy in `error` (code unsupported). To be asked for changes only: some rows refuse even
 * the value that a VF has anyway. */
int quirk_check(const struct pf *pf, unsigned vf, enum sriov_attr attr, const struct attrs *want,
                struct sriov_error *error);

/* Does the change reset the VF? */
bool quirk_resets_vf(const struct pf *pf, enum sriov_attr attr);

/* Does any row of this driver ask for the eswitch mode? */
bool quirk_needs_eswitch(const char *driver);

/* A sentence on the change worth telling, NULL if there is none. */
const char *quirk_remark(const struct pf *pf, enum sriov_attr attr, uint64_t value);

#endif
