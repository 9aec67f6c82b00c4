/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The model: PFs, their VFs, and the netdevs of the machine, read once and consistently from a
 * backend.
 *
 * Reading never takes a lock that a stuck write can hold: VFs are counted by their virtfn links
 * because reading sriov_numvfs takes the PF's device lock (drivers/pci/iov.c), and driver_override
 * is not read because that takes the VF's. What a driver did not say is not known, never guessed.
 */
#ifndef CORE_MODEL_H
#define CORE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/attr.h"
#include "kernel/backend.h"

struct vf {
    unsigned index;
    char pci[16];   /* "" while it is removed, and on a bus without addresses for VFs (netdevsim) */
    char sysfs[64]; /* its device folder, "" as above */
    int iommu_group;    /* -1: none */
    unsigned pci_class; /* 0x020000 is an Ethernet controller; 0 unknown */
    int ifindex;        /* its netdev in our namespace, 0: none here */
    bool listed; /* the PF's driver reported it; false: it exists, its settings are not known */
    struct attrs attrs;
};

enum pf_bus {
    PF_ON_PCI,
    PF_ON_NETDEVSIM,
};

struct pf {
    enum pf_bus bus;
    char key[32];    /* PCI address, or "netdevsim1": names locks and ledger rows */
    char handle[48]; /* bus and key as devlink writes them: "pci/0000:01:00.0" */
    char sysfs[64];
    char name[16];   /* netdev, "" if it is no NIC or has no driver */
    char driver[32]; /* "" if unbound */
    unsigned vendor, device;
    int numa_node; /* -1: not known */
    int iommu_group;
    unsigned total_vfs; /* 0: not known */
    bool autoprobe_supported;
    bool has_mac;
    uint64_t mac;
    int ifindex;
    bool carrier;
    int64_t speed; /* Mbit/s, -1: not known */
    struct strv altnames;
    struct attrs attrs; /* num_vfs is always known */
    struct vf *vfs;     /* in order of index */
    size_t n_vfs;
};

struct snapshot {
    struct pf *pfs;
    size_t n_pfs;
    struct rtnl_links links;
};

/* Reads the machine. A PF that vanishes meanwhile is left out. */
int snapshot_take(struct backend *b, struct snapshot **ret, struct sriov_error *error);
struct snapshot *snapshot_free(struct snapshot *s); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct snapshot *, snapshot_free)
#define _cleanup_snapshot_ _cleanup_(snapshot_free_p)

/* Which VF, without having read anything of it. */
struct vf_place {
    enum pf_bus bus;
    char pf[32]; /* struct pf's key */
    unsigned index;
};

/* From the PCI address of a VF. -ENODEV (code no device): no such device, or no VF but a PF or
 * something else. Reads a handful of files, however many VFs there are. */
int vf_place_of_pci(struct backend *b, const char *pci, struct vf_place *ret,
                    struct sriov_error *error);

/* The number that the VF at a PCI address has on a PF, by the PF's offset and stride alone: the VF
 * may be on its way in or out. -ENOENT: it can be no VF of it. *ret is undefined then. */
int vf_number_at(struct backend *b, const char *pf, const char *pci, unsigned *ret);

/* Reads one VF and its PF, with one request for each of the two links, however many VFs the PF has.
 * The snapshot has the one PF; its list of VFs ends with this one, and of those before it nothing
 * is known but that they are there. Of the PF what quirks and settings need is read: no autoprobe,
 * NUMA node or total, and device id and speed only for who sets `rates`. -ENODEV (code no device)
 * if there is no such VF. */
int snapshot_take_vf(struct backend *b, const struct vf_place *place, bool rates,
                     struct snapshot **ret, struct sriov_error *error);

/* Reads one PF's VFs again, into a PF read before (after creating VFs, to verify). */
int snapshot_refresh(struct backend *b, struct snapshot *s, struct pf *pf,
                     struct sriov_error *error);

/* Reads the settings of one PF's VFs again, with one request; their number and devices are as
 * before. */
int snapshot_refresh_settings(struct backend *b, struct pf *pf, struct sriov_error *error);

/* The link that belongs to a device, NULL if there is none in our namespace. */
const struct rtnl_link *snapshot_link(const struct snapshot *s, int ifindex);

/* What a person calls the PF in messages: netdev name, else key. */
const char *pf_label(const struct pf *pf);

/* "enp1s0/3" */
#define OBJECT_SIZE 64
void vf_label(const struct pf *pf, unsigned index, char ret[OBJECT_SIZE]);

/* Drivers that hand a VF to a user program (vfio-pci and its variants, uio, stubs): no netdev
 * belongs to them, and they are bound by name only. */
bool driver_is_passthrough(const char *driver);

#endif
