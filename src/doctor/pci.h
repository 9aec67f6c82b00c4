/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The PCI devices of the machine with what their config space says about SR-IOV, ARI, ACS and the
 * link, and the tree they form. Beyond the first 64 bytes a config space is root's to read.
 */
#ifndef DOCTOR_PCI_H
#define DOCTOR_PCI_H

#include "kernel/backend.h"

/* PCI Express device types (PCI Express Base Specification, device/port type). */
enum pcie_type {
    PCIE_ENDPOINT = 0,
    PCIE_LEGACY_ENDPOINT = 1,
    PCIE_ROOT_PORT = 4,
    PCIE_UPSTREAM_PORT = 5,
    PCIE_DOWNSTREAM_PORT = 6,
    PCIE_TO_PCI_BRIDGE = 7,
    PCI_TO_PCIE_BRIDGE = 8,
    PCIE_INTEGRATED_ENDPOINT = 9,
    PCIE_EVENT_COLLECTOR = 10,
    PCIE_NONE = -1, /* conventional PCI, or the capability could not be read */
};

struct pci_sriov {
    uint16_t place; /* offset of the capability, 0: none */
    uint32_t caps;
    uint16_t control, initial_vfs, total_vfs, num_vfs, offset, stride, vf_device;
};

#define PCI_ADDRESS_SIZE 16

/* Of a VF, whose config space is not read (vendor and device are 0xffff there by the
 * specification): it is like its PF but for the device id, a single function without capabilities
 * of its own. */
struct pci_device {
    char address[PCI_ADDRESS_SIZE];    /* "0000:01:00.0" */
    uint64_t number;                   /* domain << 16 | bus << 8 | device << 3 | function */
    char parent[PCI_ADDRESS_SIZE];     /* of the bridge it is behind, "" on a root bus */
    char dma_device[PCI_ADDRESS_SIZE]; /* under whose id it does DMA (Intel VMD); "": its own */
    bool is_vf;                        /* has a physfn */
    char pf[PCI_ADDRESS_SIZE];         /* of a VF: the address of its PF */
    int iommu_group;                   /* -1: none */
    uint16_t vendor, device;
    uint32_t subsystem; /* device << 16 | vendor */
    uint32_t class_code;
    bool is_bridge;
    bool multifunction;             /* as the kernel sees it: also what is no function 0 */
    uint8_t secondary, subordinate; /* bridges: their bus, and the last one behind it */
    bool config_seen;               /* all that follows was read; false: not root */
    enum pcie_type type;
    uint16_t express;      /* offset of the PCI Express capability, 0: none */
    uint32_t device_caps2; /* bridges: Device Capabilities 2 */
    uint16_t device_control2;
    uint16_t acs; /* offset of the ACS capability, 0: none */
    uint16_t acs_caps, acs_control;
    uint16_t acs_control_wide; /* where ports with 32-bit registers have the control */
    uint16_t ari;              /* offset of the ARI capability, 0: none */
    struct pci_sriov sriov;
};

/* Bits of the registers above. */
#define PCI_ARI_FORWARDING 0x20 /* device_caps2 and device_control2: "ARI Forwarding" */
#define SRIOV_VFS_ENABLED 0x01  /* sriov.control */
#define SRIOV_ARI_HIERARCHY 0x10

struct pci_tree {
    struct pci_device *items; /* in order of their numbers */
    size_t count;
    bool complete;   /* all config spaces were seen */
    bool has_groups; /* some device is in an IOMMU group: an IOMMU is in use */
};

/* -ENOENT: no PCI bus, or not in the capture. The tree is the caller's to clear. */
int pci_tree_read(struct backend *b, struct pci_tree *ret);
void pci_tree_done(struct pci_tree *t);

/* NULL if there is none. */
const struct pci_device *pci_find(const struct pci_tree *t, const char *address);
const struct pci_device *pci_parent(const struct pci_tree *t, const struct pci_device *d);

/* The path of a device's file: "/sys/bus/pci/devices/0000:01:00.0/config". */
#define PCI_PATH_SIZE 96
void pci_path(const char *address, const char *file, char ret[PCI_PATH_SIZE]);

#endif
