/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of the area network share: the checks, whose table is in network.c, and how they
 * look at a VF.
 */
#ifndef DOCTOR_NETWORK_H
#define DOCTOR_NETWORK_H

#include "doctor/check.h"

/* Does somebody use the VF as far as can be seen: a holder, or a netdev that is up? Unlike
 * is_used() this asks for evidence: who may be there unseen is no reason to call a fault worse. */
bool vf_in_use(const struct doctor *d, const struct pf *pf, const struct vf *vf);
size_t vfs_in_use(const struct doctor *d, const struct pf *pf);

/* Is it in the hands of a user program (VM, DPDK), which only the kernel log tells of? */
bool vf_is_passed_through(const struct doctor *d, const struct pf *pf, const struct vf *vf);

/* An attribute that is known and has this value. */
bool attr_is(const struct attrs *a, enum sriov_attr attr, uint64_t value);

/* Known and not 0; *ret is the value. */
bool attr_is_set(const struct attrs *a, enum sriov_attr attr, uint64_t *ret);

bool is_switchdev(const struct pf *pf);

/* How bad a fault of a VF is: an error where somebody uses it, else what it is for an idle one. */
static inline enum severity error_if(bool used, enum severity idle)
{
    return used ? FINDING_ERROR : idle;
}

/* Adds what `ip -d link show` says about one setting of the VF: "spoofchk on". */
void evidence_attr(struct doctor *d, struct finding *f, const struct pf *pf, const struct vf *vf,
                   enum sriov_attr attr);

/* The last line of the kernel log by the PF's driver that has `words` and this VF's number, "VF 3",
 * "VF-3" or "VF(3)"; NULL if there is none. */
const char *log_of_vf(struct doctor *d, const struct pf *pf, unsigned vf, const char *words);

/* Is there such a number in the line? */
bool log_names_vf(const char *line, unsigned vf);

/* Milliseconds since boot at the start of a line of the kernel log ("[   12.345678] "); -1. */
int64_t log_time(const char *line);

/* The largest number of times (ascending, milliseconds) within `span`. */
size_t log_densest(const int64_t *times, size_t count, int64_t span);

/* Are two addresses ("192.0.2.1/24") in one network? */
bool same_network(const char *a, const char *b);

/* ---- checks: network-mac.c ---- */

void check_mac_change_refused(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_vf_mac_not_taken(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_zero_mac(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_mac_duplicate(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_promiscuous(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_mac_filter(struct doctor *d, const struct pf *pf, const struct vf *vf);

/* ---- network-vlan.c ---- */

void check_vlan_mismatch(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_guest_vlan(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_bridge_fdb(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_vepa(struct doctor *d, const struct pf *pf, const struct vf *vf);

/* ---- network-rate.c ---- */

void check_rate_refused(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_rate_lost(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_few_msix(struct doctor *d, const struct pf *pf, const struct vf *vf);
void check_reset_loop(struct doctor *d, const struct pf *pf, const struct vf *vf);

#endif
