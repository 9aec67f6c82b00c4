/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the writer of a check sees. A check is a row in the table of its area's file: an id that
 * people type, what it has to be able to see, and a function that looks and reports. It tells the
 * cause in one line, the evidence exactly as it was read, and the command that mends it.
 *
 *     static void check_pf_down(struct doctor *d, const struct pf *pf, const struct vf *vf)
 *     {
 *         if (pf->n_vfs == 0 || is_up(pf))
 *             return;
 *         struct finding *f = report(d, FINDING_ERROR, "%s is down, so its VFs have no link", ...);
 *         evidence_file(d, f, path);
 *         remedy(f, FIX_SAFE, "sriovctl set %s link=up", pf_label(pf));
 *     }
 *
 * A check only reads, through the doctor's backend, so that it works on a capture; it takes no lock
 * that a stuck write could hold (it reads neither sriov_numvfs nor driver_override). What it cannot
 * read it says with cannot_see(), and then reports nothing: no finding without evidence.
 */
#ifndef DOCTOR_CHECK_H
#define DOCTOR_CHECK_H

#include "core/desired.h"
#include "core/holder.h"
#include "core/lease.h"
#include "core/ledger.h"
#include "core/model.h"

enum check_area {
    AREA_PLATFORM,
    AREA_FIRMWARE,
    AREA_KERNEL,
    AREA_CREATE,
    AREA_BIND,
    AREA_NETWORK,
    AREA_SWITCHDEV,
    AREA_VM,
    AREA_OPERATIONS,
    AREA_COUNT,
};

/* What a check runs on, and so what its findings are about. */
enum check_scope {
    SCOPE_HOST, /* once; pf and vf are NULL, but the function may report on any object */
    SCOPE_PF,   /* for each PF */
    SCOPE_VF,   /* for each VF */
};

/* What it must be able to see. Without it the check is not run, and the output says so. */
enum check_needs {
    NEEDS_NOTHING = 0,
    NEEDS_CONFIG = 1 << 0,    /* PCI config space beyond 64 bytes: root */
    NEEDS_LOG = 1 << 1,       /* the kernel log: root, if kernel.dmesg_restrict is set */
    NEEDS_PROCESSES = 1 << 2, /* what all processes hold: root */
    NEEDS_LEDGER = 1 << 3,    /* history and leases: root; a capture has none */
    NEEDS_POLICY = 1 << 4,    /* there is a policy on this machine; said only with --list */
};

struct doctor;

struct check {
    const char *id;    /* "iommu-disabled": a promise to scripts */
    const char *title; /* "IOMMU turned off by a kernel parameter", no full stop */
    enum check_scope scope;
    unsigned needs;
    /* Ids of checks whose finding explains this one: a finding about the same object, its PF or the
     * host. The finding is then listed under that one. NULL-terminated; NULL: none. */
    const char *const *because;
    void (*run)(struct doctor *d, const struct pf *pf, const struct vf *vf);
};

struct area {
    const char *name;           /* "platform" */
    const char *title;          /* "Platform: firmware, PCI and IOMMU" */
    const struct check *checks; /* ends with an id of NULL */
};

/* One in each area's file. */
extern const struct area area_platform, area_firmware, area_kernel, area_create, area_bind,
    area_network, area_switchdev, area_vm, area_operations;

enum severity {
    FINDING_INFO,    /* worth knowing; nothing is wrong */
    FINDING_WARNING, /* works, and will hurt */
    FINDING_ERROR,   /* does not work */
};

enum confidence {
    CERTAIN,  /* the evidence leaves no other explanation */
    LIKELY,   /* the usual cause of what was read */
    POSSIBLE, /* one of several */
};

/* May `doctor --fix` run the remedy by itself? */
enum fix {
    FIX_BY_HAND, /* outside our reach, or somebody must decide */
    FIX_SAFE,    /* one `sriovctl` command that takes nothing from anybody; the gate decides in the
                  * end, as no --yes and no --force is ever added */
};

struct evidence {
    char *source; /* the file, or a command that shows the same: "dmesg", "ip link show enp1s0" */
    char *value;  /* exactly as read */
};

struct finding {
    const struct check *check;
    enum severity severity;
    enum confidence confidence;
    char object[OBJECT_SIZE]; /* "host", "enp1s0", "enp1s0/3", "0000:00:1c.0" */
    char pf[32];              /* struct pf's key, if it is about a PF or VF of ours; "" */
    int vf;                   /* VF number; -1 */
    char *cause;              /* one line, no full stop */
    struct evidence *evidence;
    size_t n_evidence;
    char *remedy; /* a command, or a named setting; NULL: nothing to be done */
    enum fix fix;
    struct finding *under; /* the finding that explains this one, NULL */
};

/* ---- reporting ---- */

/* A new finding of the running check about what it runs on (host, PF or VF), certain and without
 * remedy. Never NULL: without memory a finding that is thrown away. */
struct finding *report(struct doctor *d, enum severity severity, const char *cause, ...)
    _printf_(3, 4);

/* The same about another object: a bridge's PCI address, a VF from a SCOPE_HOST check. */
void about(struct finding *f, const char *object);
void about_pf(struct finding *f, const struct pf *pf);
void about_vf(struct finding *f, const struct pf *pf, unsigned vf);

void confidence(struct finding *f, enum confidence confidence);
void remedy(struct finding *f, enum fix fix, const char *command, ...) _printf_(3, 4);

/* Evidence: a value that was read; a file, read for it (what cannot be read is evidence too: "No
 * such file or directory"); a line of the kernel log. */
void evidence(struct doctor *d, struct finding *f, const char *source, const char *value, ...)
    _printf_(4, 5);
void evidence_file(struct doctor *d, struct finding *f, const char *path);
void evidence_link(struct doctor *d, struct finding *f, const char *path);
void evidence_log(struct doctor *d, struct finding *f, const char *line);

/* The running check could not look: "why" is said in the output instead of a finding. Once is
 * enough for all its objects. */
void cannot_see(struct doctor *d, const char *why, ...) _printf_(2, 3);

/* ---- looking ---- */

struct backend *doctor_backend(const struct doctor *d);
const struct snapshot *doctor_snapshot(const struct doctor *d);
const struct holders *doctor_holders(const struct doctor *d);

/* NULL and 0 if there are none, and on a capture. */
struct ledger *doctor_ledger(const struct doctor *d);
const struct lease *doctor_leases(const struct doctor *d, size_t *ret_count);

/* What the machine is to be like; NULL if nobody said. */
const struct desired *doctor_policy(const struct doctor *d);

/* The PCI devices of the machine with their config space (pci.h), read when first asked for. */
struct pci_tree;
const struct pci_tree *doctor_pci(struct doctor *d);

/* A file's text, "" if it cannot be read; kept by the doctor until the end, so two checks read it
 * once. The format gives the path. */
const char *read_text(struct doctor *d, const char *path, ...) _printf_(2, 3);
bool read_number(struct doctor *d, uint64_t *ret, const char *path, ...) _printf_(3, 4);
bool there_is(struct doctor *d, const char *path, ...) _printf_(2, 3);

/* Names in a folder, kept by the doctor; empty if there is none. */
const struct strv *read_dir(struct doctor *d, const char *path, ...) _printf_(2, 3);

/* The kernel's parameter `name` in /proc/cmdline: its value ("" for one without), NULL if absent.
 * If given more than once, the last. Good until the next call. */
const char *boot_parameter(struct doctor *d, const char *name);

/* Lines of the kernel log that hold `first` and, unless NULL, `second`: `*place` begins at 0. NULL
 * at the end. The words the log is searched for are in log.c: one row each, with why. */
const char *log_next(struct doctor *d, size_t *place, const char *first, const char *second);

/* The last of them, NULL if there is none. */
const char *log_last(struct doctor *d, const char *first, const char *second);

/* Is the holder list complete, and who holds this VF (or PF: HOLDER_OF_PF)? NULL: nobody. */
const struct holder *holder_of(const struct doctor *d, const struct pf *pf, int vf);

/* The netdev of a VF in our namespace, of a PF; NULL. */
const struct rtnl_link *netdev_of_vf(const struct doctor *d, const struct vf *vf);
const struct rtnl_link *netdev_of_pf(const struct doctor *d, const struct pf *pf);

/* Processes that hang in the kernel over SR-IOV or VFIO; empty if none, or if nobody may look. */
const struct stuck_tasks *doctor_stuck(const struct doctor *d);

/* The driver that a VF is reserved for, "" none. Reading it takes the VF's device lock, which a
 * stuck removal holds: false while something hangs, and if it cannot be read. */
#define OVERRIDE_SIZE 32
bool read_override(struct doctor *d, const struct vf *vf, char ret[OVERRIDE_SIZE]);

#endif
