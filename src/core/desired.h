/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Desired state: which PFs are meant, and what they and their VFs are to be. It is read from a
 * document (base/node.h), so the YAML of a policy, the JSON of an adapter and the baseline in the
 * ledger are one form with one reader. What a document does not name is left alone.
 */
#ifndef CORE_DESIRED_H
#define CORE_DESIRED_H

#include "base/node.h"
#include "core/model.h"

/* All that are set must hold. */
struct match {
    char name[16], altname[128], pci[32], driver[32], handle[48];
    char any_name[128]; /* the netdev's name or one of its altnames */
    bool has_mac, has_vendor, has_device;
    uint64_t mac;
    unsigned vendor, device;
};

struct vf_wish {
    unsigned *indexes;
    size_t count;
    struct attrs want;
};

/* How the number of VFs is made. */
enum count_way {
    COUNT_AUTO, /* sysfs where the driver has it, else its module parameter */
    COUNT_SYSFS,
    COUNT_MODULE_PARAMETER,
};

/* "auto", "sysfs", "module-parameter"; -EINVAL for anything else. */
int count_way_from_name(const char *name, enum count_way *ret);
const char *count_way_name(enum count_way way);

/* What the daemon does about the policy of a PF; `sriovctl apply` applies it in each of them. */
enum pf_mode {
    MODE_ADOPT,   /* applied when policy or PF is new; later changes stand, and are told */
    MODE_OBSERVE, /* nothing is written; drift is told */
    MODE_ENFORCE, /* drift is mended */
};

/* "adopt", "observe", "enforce"; -EINVAL for anything else. */
int pf_mode_from_name(const char *name, enum pf_mode *ret);
const char *pf_mode_name(enum pf_mode mode);

struct pf_wish {
    char where[128]; /* "/etc/sriovd/a.yaml:12", for messages */
    struct match match;
    struct attrs want; /* of the PF */
    enum count_way count_way;
    enum pf_mode mode;
    bool fdb_sync;       /* MACs behind its bridge go into its filter table */
    bool optional;       /* no such PF here is no error (a policy made for many machines) */
    bool count_external; /* somebody else makes the VFs: only check that there are enough */
    int priority;        /* SriovNetworkNodePolicy: lower wins; policies of one PF are merged */
    bool mergeable;
    struct vf_wish *vfs;
    size_t n_vfs;
};

struct pool {
    char name[64];
    char where[128];
    bool numa_same;
    struct pool_source {
        char pf[64];
        unsigned *indexes;
        size_t count; /* 0: all VFs */
    } * sources;
    size_t n_sources;
};

struct desired {
    struct pf_wish *pfs;
    size_t n_pfs;
    struct pool *pools;
    size_t n_pools;
};

void desired_done(struct desired *d);

/* Appends one document of the project's own form ({pfs: …, pools: …}) or of the Kubernetes
 * operator's (kind: SriovNetworkNodePolicy). `file` names it in messages. A wrong document is
 * -EINVAL (code usage) with file, line and the nearest known key, and nothing is appended. */
int desired_add(struct desired *d, const struct node *document, const char *file,
                struct sriov_error *error);

/* The Kubernetes form (kubernetes.c), called by desired_add. */
int desired_add_kubernetes(struct desired *d, const struct node *document, const char *file,
                           struct sriov_error *error);

/* An empty wish for one PF, by key; NULL without memory. The pointer is good until the next call.
 */
struct pf_wish *desired_add_pf(struct desired *d, const struct pf *pf);
struct vf_wish *wish_add_vfs(struct pf_wish *w, const unsigned *indexes, size_t count);

/* A wish for what a person named ("enp1s0", "enp1s0/0-3"): where its attributes go. Both pointers
 * are good until the next wish is added. */
struct wish_place {
    enum attr_scope scope;
    struct pf_wish *wish;
    struct attrs *want;
};

int desired_add_object(struct desired *d, const struct snapshot *s, const char *object,
                       struct wish_place *ret, struct sriov_error *error);

/* What is wanted of one PF and each of its VFs, after matching and merging. */
struct goal {
    struct pf *pf; /* in the snapshot */
    char where[128];
    struct attrs want;
    enum count_way count_way;
    enum pf_mode mode;
    bool fdb_sync;
    bool count_external;
    bool mergeable; /* made of SriovNetworkNodePolicy documents only; `priority` of the first */
    int priority;
    struct attrs *vfs; /* by VF number */
    size_t n_vfs;      /* the highest VF named, plus one */
};

struct goals {
    struct goal *items;
    size_t count;
    bool restoring; /* they come from a baseline: complete for what was touched, and the driver had
                     * these values before, so nothing is refused at plan time and nothing else is
                     * kept */
};

/* Finds the PF of each wish. A wish that matches no PF is an error (code no device) unless it is
 * optional; a PF matched twice is an error (code usage) that names both places. */
int goals_resolve(const struct desired *d, struct snapshot *s, struct goals *ret,
                  struct sriov_error *error);
void goals_done(struct goals *g);

/* A copy that plan_make may take over; released with goals_done. 0 or -ENOMEM. */
int goals_of_one(const struct goal *g, struct goals *ret);

/* The goal as an entry of "pfs", which desired_add reads back: the PF by its handle, and of
 * SriovNetworkNodePolicy documents what they come to. */
void goal_json(const struct goal *g, struct json_writer *w);

#endif
