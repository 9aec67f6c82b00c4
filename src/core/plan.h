/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From what is and what is wanted to an ordered list of steps. Making a plan writes nothing; the
 * dry run prints this list, apply runs it, the ledger keeps it.
 *
 * Order within a PF, so that each VF's driver probes once and finds everything set: autoprobe off,
 * remove, create, MSI-X and attributes, eswitch where the driver wants it then, autoprobe back,
 * bind (in parallel), netdev attributes of the VF.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "core/desired.h"
#include "core/holder.h"

/* What a step does to whoever uses the device; worse is higher. */
enum disruption {
    DISRUPTION_NONE,
    DISRUPTION_VF_RESET,
    DISRUPTION_VF_LOSS,
    DISRUPTION_PF_LINK_BOUNCE,
    DISRUPTION_DRIVER_RELOAD,
    DISRUPTION_REBOOT,
};

enum step_kind {
    STEP_SET_PF_LINK,
    STEP_SET_PF_MTU,
    STEP_SET_AUTOPROBE,
    STEP_REMOVE_VFS,
    STEP_CREATE_VFS,
    STEP_SET_ESWITCH,
    STEP_WRITE_PARAMETER, /* options line in modprobe.d */
    STEP_RELOAD_DRIVER,
    STEP_SET_VF, /* over netlink; neighbours of one group and VF travel in one message */
    STEP_SET_MSIX,
    STEP_BIND,
    STEP_SET_VF_MTU,
    STEP_SET_VF_NAME,
};

enum step_state {
    STEP_PLANNED,
    STEP_DONE,
    STEP_NOT_NEEDED, /* at its turn the value was right already (a VF made by an earlier step) */
    STEP_FAILED,
    STEP_SKIPPED, /* an earlier one failed */
};

struct step {
    enum step_kind kind;
    size_t goal; /* which of the plan's goals it belongs to */
    int vf;      /* VF number, -1: the PF */
    enum sriov_attr attr;
    struct attrs *want;        /* in the goal; the value to set */
    char from[ATTR_TEXT_SIZE]; /* "-": not known before it runs */
    char to[ATTR_TEXT_SIZE];
    enum disruption disruption;
    bool implied; /* binding that only gives back what the kernel would have done: not an error
                   * if no driver takes the VF */
    enum step_state state;
};

struct plan {
    struct snapshot *snapshot; /* what it was made from; borrowed */
    struct goals goals;
    struct step *steps;
    size_t n_steps;
    struct strv remarks; /* things worth telling, one sentence each */
};

/* Makes the plan. Takes over the contents of `goals` (also when it fails). What a driver would
 * refuse is -errno with code unsupported here, before any write. */
int plan_make(struct snapshot *s, struct goals *goals, struct plan *ret, struct sriov_error *error);
void plan_done(struct plan *p);

/* The keys of all PFs that the plan changes, each once: those of its goals, and every PF of a
 * driver that is loaded again. 0 or -ENOMEM. */
int plan_pfs(const struct plan *p, struct strv *ret);

/* The worst of its steps. */
enum disruption plan_disruption(const struct plan *p);
const char *disruption_name(enum disruption d);
const char *step_kind_name(enum step_kind kind);
const char *step_state_name(enum step_state state);
enum step_state step_state_from_name(const char *name);
void step_object(const struct plan *p, const struct step *step, char ret[OBJECT_SIZE]);

/* Is the step itself wanted? Those that only lead there are not: VFs are made anew over 0 with
 * autoprobe off, and get back what they had. */
bool step_is_wanted(const struct plan *p, const struct step *step);

/* Is any step such that a holder could be hurt? If not, there is no need to find them. */
bool plan_can_hurt(const struct plan *p);

/* The holders that the plan would hurt, out of all. Needs no release beyond holders_done. */
int plan_victims(const struct plan *p, const struct holders *all, struct holders *ret);

/* The gate: 0, or -EBUSY with code in use and the holders named in the message. Also refuses
 * (-EPERM, code not permitted) to take VFs away if the search for holders was incomplete. */
int plan_gate(const struct plan *p, const struct holders *victims, struct sriov_error *error);

/* The state before, of exactly what the plan touches, as a document that desired_add reads. */
int plan_baseline(const struct plan *p, struct buf *ret);

void plan_json(const struct plan *p, const struct holders *victims, struct json_writer *w);

#endif
