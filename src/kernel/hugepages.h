/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Huge pages: how many of which size each NUMA node has, and mounts of hugetlbfs. Counts go through
 * the backend, so that a capture has them; a mount is made on the running machine.
 */
#ifndef KERNEL_HUGEPAGES_H
#define KERNEL_HUGEPAGES_H

#include "kernel/backend.h"

#define HUGEPAGES_OF_MACHINE (-1) /* in place of a node: all nodes together */
#define HUGEPAGES_PATH_SIZE 128

/* The pages of one size. */
struct hugepages {
    int node;
    uint64_t bytes; /* of one page */
    uint64_t total, free;
    char path[HUGEPAGES_PATH_SIZE]; /* the file that says `total`, and takes another */
};

struct hugepages_list {
    struct hugepages *items; /* smallest first */
    size_t count;
};

/* What a node, or the machine, has. A size whose count cannot be read is left out; -ENOENT if the
 * kernel has no huge pages, or there is no such node. */
int hugepages_read(struct backend *b, int node, struct hugepages_list *ret);
void hugepages_list_done(struct hugepages_list *l);

/* NULL: the node has none of that size. */
const struct hugepages *hugepages_find(const struct hugepages_list *l, uint64_t bytes);

/* Asks the kernel for `total` pages in place of p->total. It makes as many as it finds memory for,
 * and says nothing: *ret_total is what there are then. */
int hugepages_resize(struct backend *b, const struct hugepages *p, uint64_t total,
                     uint64_t *ret_total);

/* "2M", "1G" */
#define HUGEPAGES_SIZE_TEXT 16
void hugepages_size_text(uint64_t bytes, char ret[HUGEPAGES_SIZE_TEXT]);

/* Mounts a hugetlbfs of one size of pages on a new folder, for one user only, that gives at most
 * `limit` bytes. -EEXIST: something is mounted there. */
int hugepages_mount(const char *path, uint64_t page_bytes, uint64_t limit, unsigned uid,
                    unsigned gid);

/* Takes mount and folder away; 0 also if there is neither. Files in it go, and with the last
 * process that has them open their pages. */
int hugepages_unmount(const char *path);

/* How many pages of its limit nobody has taken yet; 0 if nothing is mounted there. */
uint64_t hugepages_untaken(const char *path);

#endif
