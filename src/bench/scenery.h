/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The settings of the host that decide how fast a NIC is, and what to change about them. What is
 * read is a handful of files; rows of two tables make text and advice of it.
 */
#ifndef BENCH_SCENERY_H
#define BENCH_SCENERY_H

#include "bench/path.h"

#define OFFLOADS 5

enum offload_state {
    OFFLOAD_UNKNOWN,
    OFFLOAD_OFF,
    OFFLOAD_OFF_FIXED, /* the driver has none */
    OFFLOAD_ON,
};

/* The interrupts of a VF. */
struct vectors {
    unsigned count;
    unsigned distant; /* those that go to processors of other NUMA nodes only */
    char cpus[96];    /* where they go, each once: "0-3,8" as the kernel writes them */
    unsigned n_cpus;  /* how many different places those are */
};

struct scenery {
    char kernel[80], machine[128], processor[96], online[64], governor[32];
    bool is_guest;    /* a hypervisor runs this machine */
    bool is_emulated; /* and its processor is made of software */
    int numa_node;    /* of the PF; -1 */
    bool is_distant;  /* none of our processors is on it */
    char near[96];    /* the processors there are on it */
    char iommu[24];   /* type of the group: "DMA", "DMA-FQ", "identity"; "" none */
    char pf_driver[32], vf_driver[32], bus[128];
    int64_t speed; /* Mbit/s; -1 */
    uint32_t pf_mtu, vf_mtu;
    enum offload_state offloads[OFFLOADS];
    struct vectors vectors; /* of the VF while it was measured */
    char iperf[64];         /* its version */
};

/* What can be known before anything is measured. */
void scenery_read(struct app *a, const struct pf *pf, struct scenery *ret);

/* Of a VF that is up: its interrupts. */
void scenery_read_vf(struct app *a, const char *pci, struct scenery *ret);

/* All rows that have something to say. -ENOMEM. */
int settings_add(const struct scenery *s, struct remarks *ret);

/* What should be changed, of the settings and by the figures. -ENOMEM. */
int advice_add(const struct scenery *s, const struct bench_report *r, struct remarks *ret);

/* The features of a netdev that matter, as ethtool names them. */
extern const char *const offload_names[OFFLOADS];

#endif
