/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the PCI devices of the machine. Of a config space only the header and the registers that
 * checks want are read, by walking the two lists of capabilities: each 32 bits are an access to the
 * device, and some devices do not stand being read where there is nothing. The uevent file would
 * give some of it at once, but taking it took the device's lock in some kernels (6.10, 6.11).
 */
#include "doctor/pci.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/list.h"

#define DEVICES "/sys/bus/pci/devices"

/* Layout of the config space (PCI Express Base Specification, chapter 7). */
enum {
    HEADER_LEN = 64,
    HEADER_STATUS = 0x06,
    HEADER_CLASS = 0x08,
    HEADER_TYPE = 0x0e,
    HEADER_SECONDARY = 0x19,
    HEADER_SUBORDINATE = 0x1a,
    HEADER_SUBSYSTEM = 0x2c,
    HEADER_FIRST_CAP = 0x34,
    STATUS_HAS_CAPS = 0x10,
    TYPE_MULTIFUNCTION = 0x80,
    TYPE_BRIDGE = 1,
    CAP_EXPRESS = 0x10,
    CAPS_AT_MOST = 48, /* 192 bytes hold no more */
    EXPRESS_CAPS2 = 0x24,
    EXTENDED_START = 0x100,
    EXTENDED_AT_MOST = 480,
    EXTENDED_ACS = 0x0d,
    EXTENDED_ARI = 0x0e,
    EXTENDED_SRIOV = 0x10,
};

void pci_path(const char *address, const char *file, char ret[PCI_PATH_SIZE])
{
    snprintf(ret, PCI_PATH_SIZE, DEVICES "/%s%s%s", address, *file ? "/" : "", file);
}

static uint16_t word(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static uint32_t dword(const uint8_t *at)
{
    return word(at) | (uint32_t)word(at + 2) << 16;
}

/* "0000:01:00.0" */
static bool parse_address(const char *address, uint64_t *ret)
{
    unsigned domain, bus, slot, function;
    int len = 0;

    if (sscanf(address, "%8x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &len) != 4 ||
        address[len] != '\0')
        return false;
    *ret = (uint64_t)domain << 16 | bus << 8 | slot << 3 | function;
    return true;
}

/* Exactly `len` bytes; anything else is "not seen". */
static bool read_config(struct backend *b, const char *address, size_t offset, uint8_t *ret,
                        size_t len)
{
    _cleanup_buf_ struct buf bytes = BUF_INIT;
    char path[PCI_PATH_SIZE];

    pci_path(address, "config", path);
    if (b->ops->read_bytes(b, path, offset, len, &bytes) < 0 || bytes.len != len)
        return false;
    memcpy(ret, bytes.data, len);
    return true;
}

/* ---- capabilities ---- */

static bool read_express(struct backend *b, struct pci_device *d, uint16_t place, uint16_t flags)
{
    uint8_t second[6];

    d->express = place;
    d->type = (enum pcie_type)(flags >> 4 & 0xf);
    /* Version 1 ends before these registers, and of endpoints they are of no interest. */
    if (!d->is_bridge || (flags & 0xf) < 2)
        return true;
    if (!read_config(b, d->address, place + EXPRESS_CAPS2, second, sizeof(second)))
        return false;
    d->device_caps2 = dword(second);
    d->device_control2 = word(second + 4);
    return true;
}

static bool read_capabilities(struct backend *b, struct pci_device *d, uint8_t place)
{
    uint8_t head[4];

    for (unsigned i = 0; place >= HEADER_LEN && i < CAPS_AT_MOST; i++) {
        if (!read_config(b, d->address, place, head, sizeof(head)))
            return false;
        if (head[0] == CAP_EXPRESS)
            return read_express(b, d, place, word(head + 2));
        place = head[1] & 0xfc;
    }
    return true;
}

static bool read_acs(struct backend *b, struct pci_device *d, uint16_t place)
{
    uint8_t registers[8];

    if (!read_config(b, d->address, place + 4U, registers, sizeof(registers)))
        return false;
    d->acs = place;
    d->acs_caps = word(registers);
    d->acs_control = word(registers + 2);
    d->acs_control_wide = word(registers + 4);
    return true;
}

static bool read_sriov(struct backend *b, struct pci_device *d, uint16_t place)
{
    uint8_t registers[24];

    if (!read_config(b, d->address, place + 4U, registers, sizeof(registers)))
        return false;
    d->sriov = (struct pci_sriov){
        .place = place,
        .caps = dword(registers),
        .control = word(registers + 4),
        .initial_vfs = word(registers + 8),
        .total_vfs = word(registers + 10),
        .num_vfs = word(registers + 12),
        .offset = word(registers + 16),
        .stride = word(registers + 18),
        .vf_device = word(registers + 22),
    };
    return true;
}

static bool read_extended(struct backend *b, struct pci_device *d)
{
    uint16_t place = EXTENDED_START;
    uint8_t head[4];
    bool seen = true;

    for (unsigned i = 0; seen && place >= EXTENDED_START && i < EXTENDED_AT_MOST; i++) {
        /* A config space of 256 bytes has no extended capabilities, and that is all of it. */
        if (!read_config(b, d->address, place, head, sizeof(head)))
            return place == EXTENDED_START;
        if (dword(head) == 0 || dword(head) == UINT32_MAX)
            return true;
        if (word(head) == EXTENDED_ACS)
            seen = read_acs(b, d, place);
        else if (word(head) == EXTENDED_SRIOV)
            seen = read_sriov(b, d, place);
        else if (word(head) == EXTENDED_ARI)
            d->ari = place;
        place = word(head + 2) >> 4 & 0xffc;
    }
    return seen;
}

/* ---- one device ---- */

static void read_ids(struct backend *b, struct pci_device *d)
{
    uint64_t vendor = 0, device = 0, class_code = 0;
    char path[PCI_PATH_SIZE];

    pci_path(d->address, "vendor", path);
    backend_read_u64(b, path, &vendor);
    pci_path(d->address, "device", path);
    backend_read_u64(b, path, &device);
    pci_path(d->address, "class", path);
    backend_read_u64(b, path, &class_code);
    d->vendor = (uint16_t)vendor;
    d->device = (uint16_t)device;
    d->class_code = (uint32_t)class_code;
}

static void read_function(struct backend *b, struct pci_device *d)
{
    uint8_t header[HEADER_LEN];

    if (!read_config(b, d->address, 0, header, sizeof(header))) {
        read_ids(b, d);
        return;
    }
    d->vendor = word(header);
    d->device = word(header + 2);
    d->class_code = dword(header + HEADER_CLASS) >> 8;
    d->subsystem = dword(header + HEADER_SUBSYSTEM);
    d->multifunction = header[HEADER_TYPE] & TYPE_MULTIFUNCTION || d->number & 7;
    d->is_bridge = (header[HEADER_TYPE] & 0x7f) == TYPE_BRIDGE;
    if (d->is_bridge) {
        d->secondary = header[HEADER_SECONDARY];
        d->subordinate = header[HEADER_SUBORDINATE];
    }
    d->config_seen = !(header[HEADER_STATUS] & STATUS_HAS_CAPS) ||
                     read_capabilities(b, d, header[HEADER_FIRST_CAP] & 0xfc);
    if (d->config_seen && d->express)
        d->config_seen = read_extended(b, d);
}

/* Where the device stands: the two folders above it in ".../0000:00:01.0/0000:01:00.0". Below a
 * root bus that is itself a device's (".../0000:00:0e.0/pci10000:e0/10000:e0:06.0", Intel VMD) DMA
 * goes out under that device's id. */
static void read_place(struct backend *b, struct pci_device *d)
{
    _cleanup_free_ char *target = NULL;
    char path[PCI_PATH_SIZE], above[2][PCI_ADDRESS_SIZE];
    uint64_t number;

    pci_path(d->address, "", path);
    if (b->ops->read_link(b, path, &target) < 0)
        return;
    for (size_t i = 0; i < 2; i++) {
        char *slash = strrchr(target, '/');

        if (!slash)
            return;
        *slash = '\0';
        STR_SET(above[i], str_base_name(target));
    }
    if (parse_address(above[0], &number))
        STR_SET(d->parent, above[0]);
    else if (parse_address(above[1], &number))
        STR_SET(d->dma_device, above[1]);
}

static void read_group(struct backend *b, struct pci_device *d)
{
    char path[PCI_PATH_SIZE], name[16];
    uint64_t group;

    pci_path(d->address, "iommu_group", path);
    d->iommu_group = -1;
    if (backend_link_name(b, path, name, sizeof(name)) >= 0 &&
        str_to_u64(name, INT32_MAX, &group) == 0)
        d->iommu_group = (int)group;
}

static int add_device(struct backend *b, struct pci_tree *t, const char *address)
{
    struct pci_device *d;
    char path[PCI_PATH_SIZE];
    uint64_t number;

    if (strlen(address) >= PCI_ADDRESS_SIZE || !parse_address(address, &number))
        return 0;
    d = LIST_ADD(t);
    if (!d)
        return -ENOMEM;
    STR_SET(d->address, address);
    d->number = number;
    d->type = PCIE_NONE;
    read_group(b, d);
    pci_path(address, "physfn", path);
    d->is_vf = backend_link_name(b, path, d->pf, sizeof(d->pf)) >= 0;
    if (d->is_vf)
        return 0;
    read_place(b, d);
    read_function(b, d);
    return 0;
}

/* ---- the tree ---- */

static int compare_numbers(const void *left, const void *right)
{
    const struct pci_device *a = left, *b = right;

    return a->number < b->number ? -1 : a->number > b->number;
}

const struct pci_device *pci_find(const struct pci_tree *t, const char *address)
{
    struct pci_device key;

    if (!t->count || !parse_address(address, &key.number))
        return NULL;
    return bsearch(&key, t->items, t->count, sizeof(key), compare_numbers);
}

const struct pci_device *pci_parent(const struct pci_tree *t, const struct pci_device *d)
{
    return pci_find(t, d->parent);
}

/* What a VF has from its PF. It is behind the same bridge, on whichever bus its number puts it. */
static void complete_vf(struct backend *b, const struct pci_tree *t, struct pci_device *d)
{
    const struct pci_device *pf = pci_find(t, d->pf);

    if (!pf || !pf->sriov.place) {
        read_place(b, d);
        read_ids(b, d);
        return;
    }
    STR_SET(d->parent, pf->parent);
    STR_SET(d->dma_device, pf->dma_device);
    d->vendor = pf->vendor;
    d->device = pf->sriov.vf_device;
    d->class_code = pf->class_code;
    d->type = pf->type;
    d->express = pf->express;
    d->config_seen = true;
}

/* Behind a port that forwards ARI there are no slots: all but number 0 are further functions. */
static void complete_function(const struct pci_tree *t, struct pci_device *d)
{
    const struct pci_device *port = pci_parent(t, d);

    if (port && port->device_control2 & PCI_ARI_FORWARDING)
        d->multifunction |= (d->number & 0xff) != 0;
}

int pci_tree_read(struct backend *b, struct pci_tree *ret)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    struct pci_tree t = { .complete = true };
    int r;

    r = b->ops->list_dir(b, DEVICES, &names);
    for (size_t i = 0; r >= 0 && i < names.count; i++)
        r = add_device(b, &t, names.items[i]);
    if (r < 0) {
        pci_tree_done(&t);
        return r;
    }
    if (t.count)
        qsort(t.items, t.count, sizeof(*t.items), compare_numbers);
    for (size_t i = 0; i < t.count; i++) {
        if (t.items[i].is_vf)
            complete_vf(b, &t, &t.items[i]);
        else
            complete_function(&t, &t.items[i]);
        t.complete &= t.items[i].config_seen;
        t.has_groups |= t.items[i].iommu_group >= 0;
    }
    *ret = t;
    return 0;
}

void pci_tree_done(struct pci_tree *t)
{
    free(t->items);
    *t = (struct pci_tree){ 0 };
}
