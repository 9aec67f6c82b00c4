/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of devices that the kernel treats apart, one row per range of ids.
 */
#include "doctor/acs-quirks.h"

/* Which functions with the ids of a row are meant. */
enum kind {
    ANY_KIND,
    ROOT_PORT,
    PORT, /* root or downstream */
    INTEGRATED,
    SOUTHBRIDGE, /* one of several functions on the root bus */
};

struct acs_row {
    uint16_t vendor, first, last;
    enum kind kind;
    enum acs_fact fact;
};

#define ANY_ID 0, UINT16_MAX
#define ONE(id) id, id

/* clang-format off */

/* The first row that fits counts. */
static const struct acs_row rows[] = {
    /* AMD southbridges: their functions reach each other through the root complex only */
    { 0x1002, 0x4383, 0x4385, SOUTHBRIDGE, ACS_ISOLATED },
    { 0x1002, ONE(0x4399), SOUTHBRIDGE, ACS_ISOLATED },
    { 0x1002, 0x439c, 0x439d, SOUTHBRIDGE, ACS_ISOLATED },
    { 0x1022, ONE(0x7809), SOUTHBRIDGE, ACS_ISOLATED },
    { 0x1022, ONE(0x780f), SOUTHBRIDGE, ACS_ISOLATED },
    /* Cards whose maker vouches for their functions. Solarflare: */
    { 0x1924, ONE(0x0903), ANY_KIND, ACS_ISOLATED },
    { 0x1924, ONE(0x0923), ANY_KIND, ACS_ISOLATED },
    { 0x1924, ONE(0x0a03), ANY_KIND, ACS_ISOLATED },
    /* Intel 82571 to 82599, X540, I350, I219 */
    { 0x8086, 0x105e, 0x1060, ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10a7), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10a9), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10c6), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10c9), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10d6), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10d9), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10db), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10dd), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10e1), ANY_KIND, ACS_ISOLATED },
    { 0x8086, 0x10e6, 0x10e8, ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x10f1), ANY_KIND, ACS_ISOLATED },
    { 0x8086, 0x10f7, 0x10fc, ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x1507), ANY_KIND, ACS_ISOLATED },
    { 0x8086, 0x1509, 0x150a, ANY_KIND, ACS_ISOLATED },
    { 0x8086, 0x150d, 0x1511, ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x1514), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x1516), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x1518), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x151c), ANY_KIND, ACS_ISOLATED },
    { 0x8086, 0x1521, 0x1524, ANY_KIND, ACS_ISOLATED },
    { 0x8086, 0x1526, 0x1527, ANY_KIND, ACS_ISOLATED },
    { 0x8086, 0x1529, 0x152a, ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x154d), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x154f), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x1551), ANY_KIND, ACS_ISOLATED },
    { 0x8086, ONE(0x1558), ANY_KIND, ACS_ISOLATED },
    { 0x8086, 0x15b7, 0x15b8, ANY_KIND, ACS_ISOLATED },
    /* VT-d lets devices inside the root complex reach each other with translated addresses only */
    { 0x8086, ANY_ID, INTEGRATED, ACS_ISOLATED },
    /* Root ports of Qualcomm and HXT */
    { 0x17cb, 0x0400, 0x0401, ANY_KIND, ACS_ISOLATED },
    { 0x17cb, ONE(0x0111), ANY_KIND, ACS_ISOLATED },
    { 0x17cb, ONE(0x0115), ANY_KIND, ACS_ISOLATED },
    { 0x17cb, ONE(0x0120), ANY_KIND, ACS_ISOLATED },
    { 0x1dbf, ONE(0x0401), ANY_KIND, ACS_ISOLATED },
    /* Root ports of Intel chipsets that the kernel isolates by other registers while an IOMMU is on:
     * series 5 to 9, X79 and X99 */
    { 0x8086, 0x3b42, 0x3b51, ROOT_PORT, ACS_ISOLATED },
    { 0x8086, 0x1c10, 0x1c1f, ROOT_PORT, ACS_ISOLATED },
    { 0x8086, 0x1e10, 0x1e1f, ROOT_PORT, ACS_ISOLATED },
    { 0x8086, 0x8c10, 0x8c1f, ROOT_PORT, ACS_ISOLATED },
    { 0x8086, 0x9c10, 0x9c1b, ROOT_PORT, ACS_ISOLATED },
    { 0x8086, 0x9c90, 0x9c9b, ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x1d10), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x1d12), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x1d14), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x1d16), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x1d18), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x1d1a), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x1d1c), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x1d1e), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, 0x8d10, 0x8d1e, ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x8c90), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x8c92), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x8c94), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x8c96), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x8c98), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x8c9a), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x8c9c), ROOT_PORT, ACS_ISOLATED },
    { 0x8086, ONE(0x8c9e), ROOT_PORT, ACS_ISOLATED },
    /* Root ports of the series 100 and 200, and mobile ones of the 7th and 8th generation */
    { 0x8086, 0xa110, 0xa11f, ROOT_PORT, ACS_WIDE },
    { 0x8086, 0xa167, 0xa16a, ROOT_PORT, ACS_WIDE },
    { 0x8086, 0xa290, 0xa29f, ROOT_PORT, ACS_WIDE },
    { 0x8086, 0xa2e7, 0xa2ee, ROOT_PORT, ACS_WIDE },
    { 0x8086, 0x9d10, 0x9d1b, ROOT_PORT, ACS_WIDE },
    /* Emulex BE3-R, Skyhawk-R */
    { 0x19a2, ONE(0x0710), ANY_KIND, ACS_ISOLATED },
    { 0x10df, ONE(0x0720), ANY_KIND, ACS_ISOLATED },
    /* Cavium ThunderX 1 to 3, and devices in them */
    { 0x177d, 0xa000, 0xa7ff, ROOT_PORT, ACS_ISOLATED },
    { 0x177d, ONE(0xaf84), ROOT_PORT, ACS_ISOLATED },
    { 0x177d, ONE(0xb884), ROOT_PORT, ACS_ISOLATED },
    { 0x177d, ONE(0xa026), ANY_KIND, ACS_ISOLATED },
    { 0x177d, ONE(0xa059), ANY_KIND, ACS_ISOLATED },
    { 0x177d, ONE(0xa060), ANY_KIND, ACS_ISOLATED },
    /* APM X-Gene, Ampere */
    { 0x10e8, ONE(0xe004), ANY_KIND, ACS_ISOLATED },
    { 0x1def, 0xe005, 0xe00c, ANY_KIND, ACS_ISOLATED },
    /* Broadcom NetXtreme-C and -E, iProc root ports */
    { 0x14e4, ONE(0x16d7), ANY_KIND, ACS_ISOLATED },
    { 0x14e4, 0x1750, 0x1752, ANY_KIND, ACS_ISOLATED },
    { 0x14e4, 0x1760, 0x1763, ANY_KIND, ACS_ISOLATED },
    { 0x14e4, ONE(0xd714), ANY_KIND, ACS_ISOLATED },
    /* Loongson root ports */
    { 0x0014, ONE(0x3c09), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x3c19), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x3c29), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x7a09), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x7a19), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x7a29), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x7a39), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x7a49), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x7a59), ANY_KIND, ACS_ISOLATED },
    { 0x0014, ONE(0x7a69), ANY_KIND, ACS_ISOLATED },
    /* Amazon Annapurna */
    { 0x1c36, ONE(0x0031), ROOT_PORT, ACS_ISOLATED },
    /* NXP LX2160A family */
    { 0x1957, 0x8d80, 0x8d83, ANY_KIND, ACS_ISOLATED },
    { 0x1957, 0x8d88, 0x8d8b, ANY_KIND, ACS_ISOLATED },
    { 0x1957, 0x8d90, 0x8d93, ANY_KIND, ACS_ISOLATED },
    { 0x1957, 0x8d98, 0x8d9b, ANY_KIND, ACS_ISOLATED },
    { 0x1957, 0x8da0, 0x8da1, ANY_KIND, ACS_ISOLATED },
    { 0x1957, 0x8da8, 0x8da9, ANY_KIND, ACS_ISOLATED },
    { 0x1957, 0x8db0, 0x8db1, ANY_KIND, ACS_ISOLATED },
    { 0x1957, 0x8db8, 0x8db9, ANY_KIND, ACS_ISOLATED },
    /* Zhaoxin: some devices; of the ports these and no others */
    { 0x1d17, ONE(0x3038), ANY_KIND, ACS_ISOLATED },
    { 0x1d17, ONE(0x3104), ANY_KIND, ACS_ISOLATED },
    { 0x1d17, ONE(0x9083), ANY_KIND, ACS_ISOLATED },
    { 0x1d17, 0x0710, 0x071e, PORT, ACS_ISOLATED },
    { 0x1d17, ONE(0x0721), PORT, ACS_ISOLATED },
    { 0x1d17, 0x0723, 0x0752, PORT, ACS_ISOLATED },
    { 0x1d17, ANY_ID, PORT, ACS_NOT_ISOLATED },
    /* Wangxun: these NICs and no others */
    { 0x8088, 0x0100, 0x010f, ANY_KIND, ACS_ISOLATED },
    { 0x8088, ONE(0x1001), ANY_KIND, ACS_ISOLATED },
    { 0x8088, ONE(0x2001), ANY_KIND, ACS_ISOLATED },
    { 0x8088, ONE(0x5010), ANY_KIND, ACS_ISOLATED },
    { 0x8088, ONE(0x5025), ANY_KIND, ACS_ISOLATED },
    { 0x8088, ONE(0x5040), ANY_KIND, ACS_ISOLATED },
    { 0x8088, ONE(0x5110), ANY_KIND, ACS_ISOLATED },
    { 0x8088, ONE(0x5125), ANY_KIND, ACS_ISOLATED },
    { 0x8088, ONE(0x5140), ANY_KIND, ACS_ISOLATED },
    { 0x8088, ANY_ID, ANY_KIND, ACS_NOT_ISOLATED },
};

/* Under whose ids a device does DMA besides its own. */
enum alias_rule {
    FUNCTION_0, /* function 0 of its slot */
    FUNCTION_1,
    FUNCTIONS_0_TO_4, /* of every slot */
    EVERY_FUNCTION,
    FIXED, /* the three given */
};

struct alias_row {
    uint16_t vendor, first, last;
    enum alias_rule rule;
    uint32_t subsystem; /* 0: any */
    uint8_t fixed[3];
};

static const struct alias_row aliases[] = {
    { 0x1180, ONE(0xe832), FUNCTION_0 }, /* Ricoh */
    { 0x1180, ONE(0xe476), FUNCTION_0 },
    { 0x6766, 0x3d40, 0x3d41, FUNCTION_0 }, /* Glenfly */
    /* Marvell storage controllers, and cards with them */
    { 0x1b4b, ONE(0x9120), FUNCTION_1 },
    { 0x1b4b, ONE(0x9123), FUNCTION_1 },
    { 0x1b4b, ONE(0x9125), FUNCTION_1 },
    { 0x1b4b, ONE(0x9128), FUNCTION_1 },
    { 0x1b4b, ONE(0x9130), FUNCTION_1 },
    { 0x1b4b, ONE(0x9170), FUNCTION_1 },
    { 0x1b4b, ONE(0x9172), FUNCTION_1 },
    { 0x1b4b, ONE(0x917a), FUNCTION_1 },
    { 0x1b4b, 0x9182, 0x9183, FUNCTION_1 },
    { 0x1b4b, ONE(0x91a0), FUNCTION_1 },
    { 0x1b4b, ONE(0x9215), FUNCTION_1 },
    { 0x1b4b, ONE(0x9220), FUNCTION_1 },
    { 0x1b4b, ONE(0x9230), FUNCTION_1 },
    { 0x1b4b, ONE(0x9235), FUNCTION_1 },
    { 0x1103, ONE(0x0642), FUNCTION_1 },
    { 0x1103, ONE(0x0645), FUNCTION_1 },
    { 0x197b, ONE(0x2392), FUNCTION_1 },
    { 0x1c28, ONE(0x0122), FUNCTION_1 },
    /* Adaptec 3405, 3805: a hidden DMA engine at 01.0 */
    { 0x9005, ONE(0x0285), FIXED, 0x02bb9005, { 0x08, 0x08, 0x08 } },
    { 0x9005, ONE(0x0285), FIXED, 0x02bc9005, { 0x08, 0x08, 0x08 } },
    /* Bridges to other computers: Intel MIC x200 and VCA, PLX */
    { 0x8086, ONE(0x2260), FIXED, 0, { 0x80, 0x88, 0x93 } },
    { 0x8086, ONE(0x2264), FIXED, 0, { 0x80, 0x88, 0x93 } },
    { 0x8086, 0x2954, 0x2956, FUNCTIONS_0_TO_4 },
    { 0x8086, 0x2958, 0x295a, FUNCTIONS_0_TO_4 },
    { 0x10b5, 0x87b0, 0x87b1, EVERY_FUNCTION },
};

/* clang-format on */

static bool is_of_kind(const struct pci_device *d, enum kind kind)
{
    switch (kind) {
    case ROOT_PORT:
        return d->type == PCIE_ROOT_PORT;
    case PORT:
        return d->type == PCIE_ROOT_PORT || d->type == PCIE_DOWNSTREAM_PORT;
    case INTEGRATED:
        return d->type == PCIE_INTEGRATED_ENDPOINT;
    case SOUTHBRIDGE:
        return d->multifunction && !d->parent[0];
    case ANY_KIND:
        break;
    }
    return true;
}

enum acs_fact acs_fact(const struct pci_device *d)
{
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct acs_row *row = &rows[i];

        if (row->vendor == d->vendor && row->first <= d->device && d->device <= row->last &&
            is_of_kind(d, row->kind))
            return row->fact;
    }
    return ACS_AS_SAID;
}

static bool row_has_alias(const struct alias_row *row, unsigned own, unsigned devfn)
{
    switch (row->rule) {
    case FUNCTION_0:
        return (own & 7) != 0 && devfn == (own & 0xf8);
    case FUNCTION_1:
        return (own & 7) != 1 && devfn == ((own & 0xf8) | 1);
    case FUNCTIONS_0_TO_4:
        return (devfn & 7) <= 4;
    case EVERY_FUNCTION:
        return true;
    case FIXED:
        return devfn == row->fixed[0] || devfn == row->fixed[1] || devfn == row->fixed[2];
    }
    return false;
}

bool acs_has_alias(const struct pci_device *d, unsigned devfn)
{
    for (size_t i = 0; i < ELEMENTS(aliases); i++) {
        const struct alias_row *row = &aliases[i];

        if (row->vendor == d->vendor && row->first <= d->device && d->device <= row->last &&
            (!row->subsystem || row->subsystem == d->subsystem) &&
            row_has_alias(row, d->number & 0xff, devfn))
            return true;
    }
    return false;
}

/* Broadcom Vulcan, Cavium ThunderX2. */
bool acs_is_iommu_root(const struct pci_device *bridge)
{
    return bridge->vendor == 0x14e4 && (bridge->device == 0x9000 || bridge->device == 0x9084);
}
