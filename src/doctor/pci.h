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

struct pci_device {
    char address[16]; /* "0000:01:00.0" */
    char parent[16];  /* of the bridge it is behind, "" on a root bus */
    uint32_t number;  /* domain << 16 | bus << 8 | device << 3 | function */
    uint32_t class_code;
    uint16_t vendor, device;
    bool is_vf;   /* has a physfn */
    char pf[16];  /* of a VF: the address of its PF */
    bool is_bridge;
    uint8_t secondary, subordinate; /* bridges */
    bool multifunction;
    int iommu_group; /* -1: none */
    bool config_seen; /* all that follows was read; false: not root */
    enum pcie_type type;
    uint16_t express;   /* offset of the PCI Express capability, 0: none */
    uint32_t device_caps2; /* Device Capabilities 2 */
    uint16_t device_control2;
    uint16_t acs;       /* offset of the ACS capability, 0: none */
    uint16_t acs_caps, acs_control;
    uint16_t ari;       /* offset of the ARI capability, 0: none */
    struct pci_sriov sriov;
};

struct pci_tree {
    struct pci_device *items; /* in order of their numbers */
    size_t count;
    bool complete; /* all config spaces were seen */
};

int pci_tree_read(struct backend *b, struct pci_tree *ret);
void pci_tree_done(struct pci_tree *t);

/* NULL if there is none. */
const struct pci_device *pci_find(const struct pci_tree *t, const char *address);
const struct pci_device *pci_parent(const struct pci_tree *t, const struct pci_device *d);

/* The path of a device's file: "/sys/bus/pci/devices/0000:01:00.0/config". */
#define PCI_PATH_SIZE 96
void pci_path(const char *address, const char *file, char ret[PCI_PATH_SIZE]);

#endif
