/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a program that drives VFs by itself (DPDK) needs beside them, and gets for as long as it has
 * them: huge pages with a mount of their own, processors that no other such program has, the VFs'
 * VFIO groups as its own files. Memory and files are the whole machine's, so each reservation is
 * written down before anything is changed, in STATE_DIR/reservations/NAME: whatever dies, the next
 * command puts back what was added and nothing else.
 */
#ifndef CORE_RESERVATION_H
#define CORE_RESERVATION_H

#include "core/cores.h"
#include "core/lease.h"

#define RESERVATION_NODES 8
#define RESERVATION_VFS 64
#define RESERVATION_PATH_SIZE 64

/* Pages that the kernel was asked for on one node. While the reservation is unsettled, how many of
 * them there are is known only by comparing with `before`. */
struct reserved_pages {
    int node; /* HUGEPAGES_OF_MACHINE: a kernel without NUMA */
    uint64_t before, added;
};

/* /dev/vfio/GROUP, which was of user `before` and is of `given`. */
struct reserved_group {
    unsigned group, before, given;
};

struct reservation {
    char name[32];
    char boot[HOST_BOOT_ID_SIZE];
    /* With a pid it ends with that process; without, with the leases that the owner of this name
     * has of the VFs. */
    struct lease_owner owner;
    bool unsettled;
    uint64_t bytes, page_bytes; /* memory on each node, in pages of this size */
    struct reserved_pages pages[RESERVATION_NODES];
    size_t n_pages;
    struct cpus cores;
    struct vf_place vfs[RESERVATION_VFS];
    size_t n_vfs;
    struct reserved_group groups[RESERVATION_VFS];
    size_t n_groups;
};

void reservation_done(struct reservation *r);

/* Where its huge pages are mounted. */
void reservation_mount_point(const struct reservation *r, char ret[RESERVATION_PATH_SIZE]);

/* "dpdk-0"; false for what can be no name of one. */
bool reservation_is_name(const char *name);

/* Text of a reservation, added to `ret`, and back, all but the name. reservation_parse: -EINVAL
 * with one line in `why` (size >= 160). */
void reservation_format(const struct reservation *r, struct buf *ret);
int reservation_parse(const char *text, size_t len, struct reservation *ret, char *why,
                      size_t why_size);

struct reservation_wish {
    const char *state_dir;
    const struct lease_owner *owner; /* identified */
    const int *nodes;                /* of the VFs, each once; -1: not known */
    size_t n_nodes;
    uint64_t bytes; /* of memory on each node */
    size_t cores;
    uid_t uid; /* whose the mount is */
    gid_t gid;
    bool dry_run; /* choose, and change nothing */
};

/* Chooses cores and a size of pages: the largest of which enough are free, and not another
 * reservation's, on each node; else the smallest from 2 MiB on that the kernel makes more of. Adds
 * what is missing and mounts them. -EINVAL (code usage): no such number of cores; -ENOMEM: no such
 * memory; others as the kernel said. Failure leaves nothing behind. */
int reservation_make(struct backend *b, const struct reservation_wish *q, struct reservation *ret,
                     struct sriov_error *error);

/* Makes a VFIO group the user's. */
int reservation_give_group(struct backend *b, const char *state_dir, struct reservation *r,
                           unsigned group, uid_t uid, struct sriov_error *error);

/* From now on the owner's leases of r->vfs last until somebody releases them, whichever process
 * ends, and this with them. */
int reservation_keep(struct backend *b, const char *state_dir, struct reservation *r,
                     struct sriov_error *error);

/* Puts all of it back. If that fails it stays, for another try. */
int reservation_end(struct backend *b, const char *state_dir, struct reservation *r,
                    struct sriov_error *error);

/* Ends those that are over, after the leases were looked after (assign_recover); *ret_freed counts
 * them. One that cannot be ended does not keep the others: the first such error is returned. */
int reservations_recover(struct backend *b, const char *state_dir, size_t *ret_freed,
                         struct sriov_error *error);

#endif
