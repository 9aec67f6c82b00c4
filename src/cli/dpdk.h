/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Inside `sriovctl dpdk`: the VFs of one DPDK program, what is reserved for it, and the arguments
 * that follow from both.
 */
#ifndef CLI_DPDK_H
#define CLI_DPDK_H

#include "cli/lending.h"
#include "core/reservation.h"
#include "kernel/account.h"

/* What is known of one VF; copied, as the snapshot is read again meanwhile. */
struct dpdk_port {
    char label[OBJECT_SIZE]; /* "enp1s0/3" */
    char pf_label[32];
    char pci[16], pf_pci[16];
    unsigned vf;
    int group, node; /* -1: none, not known */
    bool bifurcated; /* stays on its kernel driver */
    bool pf_on_vfio; /* VFIO asks for the PF's token */
    bool switchdev;  /* has a representor */
    struct lending lending;
    struct lease lease;
    bool leased;
};

struct dpdk {
    struct dpdk_port ports[RESERVATION_VFS];
    size_t n_ports;
    struct lease_owner owner;
    struct account account;
    const struct account *user; /* NULL: who we are */
    const char *vf_token;       /* NULL: none */
    bool representors;
    struct reservation reservation;
    bool reserved;
    const char *const *command; /* NULL: only print */
};

/* ---- dpdk-ports.c ---- */

/* Finds the VFs that the words before "--" name, or as many as options wish for, with the settings
 * among those words. Refuses what can be refused before anything is changed. */
int dpdk_find_ports(struct app *a, struct dpdk *d);

int dpdk_lease_ports(struct app *a, struct dpdk *d);

/* Ends the leases there are; the first error is returned, and all are tried. */
int dpdk_release_ports(struct app *a, struct dpdk *d);

/* The NUMA nodes of the VFs, each once; returns how many. */
size_t dpdk_nodes(const struct dpdk *d, int ret[RESERVATION_VFS]);

/* ---- dpdk-args.c: pure ---- */

/* The arguments of the environment abstraction layer (EAL), one word each. */
int dpdk_eal(const struct dpdk *d, struct strv *ret);

/* The program's words: `command` with the arguments of the EAL in place of the word {eal}, or
 * behind the first word if there is none. */
int dpdk_argv(const struct dpdk *d, const char *const *command, struct strv *ret);

/* A shell script of ovs-vsctl commands. */
void dpdk_ovs(const struct dpdk *d, struct buf *ret);

void dpdk_json(const struct dpdk *d, const struct strv *eal, struct json_writer *w);

#endif
