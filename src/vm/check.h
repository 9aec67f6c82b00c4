/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Does a VM work with its VFs? What the guest says of itself where a guest agent runs in it, what
 * can be seen from the host in any case, and the verdict from both. The guest is not trusted:
 * what it says is shown, and weighed against what the host sees.
 */
#ifndef VM_CHECK_H
#define VM_CHECK_H

#include "cli/app.h"
#include "kernel/interrupts.h"

/* ---- check-guest.c: what the guest says ---- */

struct guest_interface {
    char name[32];
    bool has_mac;
    uint64_t mac;
    char addresses[160]; /* "192.0.2.1/24 2001:db8::1/64", without those of the link; "" */
};

struct guest {
    bool asked; /* it has answered */
    struct guest_interface *items;
    size_t count;
};

/* Reads the answer of guest-network-get-interfaces. -EBADMSG: that it is not. */
int guest_parse(const char *text, size_t len, struct guest *ret);
void guest_done(struct guest *g);

/* The interface with a MAC, NULL if there is none. Of a failover pair three have the same: then the
 * one with an address. */
const struct guest_interface *guest_find(const struct guest *g, uint64_t mac);

/* ---- check-host.c: what the host sees ---- */

enum sight {
    SIGHT_UNKNOWN,
    SIGHT_NO,
    SIGHT_YES,
};

struct evidence {
    enum sight open;                   /* the VM's process has its device file open */
    enum sight masters;                /* bus mastering is on: the guest's driver has started it */
    enum sight interrupts_known;       /* /proc/interrupts could be read */
    struct vfio_interrupts interrupts; /* that VFIO passes on to the VM */
    bool counts;                       /* the PF's driver has counters of VFs */
    uint64_t rx_packets, tx_packets;
    char macvtap[16]; /* the VF is not in the VM, but below this netdev; "" */
};

/* `pid`: the VM's process. Needs the session's snapshot and holders. */
int evidence_read(struct app *a, pid_t pid, const struct pf *pf, const struct vf *vf,
                  struct evidence *ret);

/* ---- check-verdict.c ---- */

enum check_verdict {
    CHECK_UP,        /* the guest's driver is up */
    CHECK_NO_DRIVER, /* no driver in the guest */
    CHECK_OTHER_MAC, /* it works, with an address that is not the one it was given */
    CHECK_ABSENT,    /* leased to the VM, which does not have it */
    CHECK_UNKNOWN,
};

struct check {
    const struct pf *pf;
    const struct vf *vf;
    bool has_mac; /* the address that it was given: by its lease, else through the PF */
    uint64_t mac;
    const struct guest_interface *guest; /* NULL: none has this address */
    struct evidence evidence;
    enum check_verdict verdict;
    char reason[200];
};

/* Fills guest, verdict and reason from the rest. */
void check_judge(struct check *c, const struct guest *g);

const char *check_verdict_name(enum check_verdict v); /* "up", "no-driver", ... */
const char *check_verdict_text(enum check_verdict v); /* "the guest's driver is up", ... */
bool check_is_bad(enum check_verdict v);

#endif
