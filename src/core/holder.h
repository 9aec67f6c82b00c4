/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who uses a VF or a PF. The kernel's own guard is dead under VFIO (pci_vfs_assigned() tests a flag
 * that nothing but xen-pciback sets), so before anything destructive every kind of evidence is
 * looked at: open device files, network namespaces, addresses, upper devices, RDMA, leases, and for
 * a PF the default route and the administrator's own connection. No device is opened or touched for
 * it.
 */
#ifndef CORE_HOLDER_H
#define CORE_HOLDER_H

#include "base/json-write.h"
#include "core/model.h"

enum holder_kind {
    HOLDER_VFIO,
    HOLDER_IOMMUFD,
    HOLDER_UIO,
    HOLDER_RDMA,
    HOLDER_NETNS,
    HOLDER_ADDRESS,
    HOLDER_UPPER,
    HOLDER_LEASE,
    HOLDER_ROUTE, /* the default route leaves through it */
    HOLDER_ADMIN, /* the administrator's own connection comes in through it */
};

#define HOLDER_OF_PF (-1)

struct holder {
    enum holder_kind kind;
    char pf[32]; /* struct pf's key */
    int vf;      /* VF number, or HOLDER_OF_PF */
    pid_t pid;   /* 0: no process is known */
    char comm[17];
    char name[64]; /* VM, container, namespace, address, upper device, lease owner */
};

struct holders {
    struct holder *items;
    size_t count;
    bool incomplete; /* processes or namespaces could not be looked into: there may be more */
};

struct lease;

/* Finds the holders of all PFs and VFs in the snapshot. Leases of an earlier boot hold nothing. */
int holders_find(struct backend *b, const struct snapshot *s, const struct lease *leases,
                 size_t n_leases, struct holders *ret, struct sriov_error *error);
void holders_done(struct holders *h);
int holders_add(struct holders *h, const struct holder *holder); /* 0 or -ENOMEM; copied */

/* Adds who has a VF of this PF open that is on its way out. When the kernel asks its driver to let
 * go, the VF is in no list any more (virtfn and physfn links are gone, pci_iov_remove_virtfn() in
 * drivers/pci/iov.c), and waits there as long as somebody has it open: such a holder is one of the
 * PF. To be asked for a PF that somebody is changing (holder-leaving.c). 0 or -errno. */
int holders_find_leaving(struct backend *b, const struct pf *pf, struct holders *ret);

/* One holder as people read it: `qemu-system-x86 (pid 812, "web1") through vfio`. */
#define HOLDER_TEXT_SIZE 160
void holder_text(const struct holder *h, char ret[HOLDER_TEXT_SIZE]);
const char *holder_kind_name(enum holder_kind kind);

/* What it holds, as people call it: "enp1s0/3", "enp1s0". */
void holder_label(const struct holder *h, const struct snapshot *s, char ret[OBJECT_SIZE]);

/* `enp1s0/0 by lease "web1", enp1s0/1 by …`: as many as a line of an error has room for, and how
 * many are left out. */
void holders_text(const struct holders *h, const struct snapshot *s, struct buf *ret);

/* {"kind","pid","comm","name"} with nulls for what is not known. */
void holder_json(const struct holder *h, struct json_writer *w);

#endif
