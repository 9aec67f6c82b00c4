/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Messages of the kernel about PFs and VFs, as they come: told to the feed, and counted by what
 * they are about.
 */
#ifndef DAEMON_KERNEL_LOG_H
#define DAEMON_KERNEL_LOG_H

#include "core/model.h"
#include "kernel/kmsg.h"

enum kernel_topic {
    TOPIC_SPOOFED,   /* a VF sent from an address or VLAN that is not its own */
    TOPIC_MALICIOUS, /* the card stopped a queue that misbehaved */
    TOPIC_REFUSED,   /* the PF turned a wish of a VF's driver away */
    TOPIC_RESET,     /* a function was, or had to be, reset */
    TOPIC_ERROR,     /* hardware or bus error */
    TOPIC_IOMMU,     /* a DMA that the IOMMU stopped, memory that could not be pinned */
    TOPIC_OTHER,
    TOPIC_COUNT,
};

const char *kernel_topic_name(enum kernel_topic topic);

/* What a message is about: 1, or 0 if it is none of ours. `*ret_pf` may become NULL (the host),
 * `*ret_vf` -1 (the PF itself). */
int kernel_message_read(const struct kmsg *m, const struct snapshot *s, const struct pf **ret_pf,
                        int *ret_vf, enum kernel_topic *ret_topic);

struct kernel_log;

/* So many were about this since the start. `pf` is a PF's key, "" the host; `k` may be NULL. */
uint64_t kernel_log_count(const struct kernel_log *k, const char *pf, enum kernel_topic topic);

/* So many were counted, but not told, as there were too many at a time. */
uint64_t kernel_log_left_out(const struct kernel_log *k);

#endif
