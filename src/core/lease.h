/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Leases: who has which VF, and how the VF was before. A lease is one small file,
 * STATE_DIR/leases/PF.VF, JSON, replaced whole by rename: it is the journal of the assignment
 * engine (assign.h), the baseline that release puts back, and what `sriovctl leases` shows. Files,
 * not rows of the ledger: a CNI plugin lives for milliseconds, and opening a database would be more
 * work than all the rest it does; and leases of different VFs never wait for each other.
 *
 * Whoever changes a lease holds the VF's lock (ledger-lock.h). A lease that is being taken or
 * returned while nobody holds that lock was left so by a process that died.
 */
#ifndef CORE_LEASE_H
#define CORE_LEASE_H

#include <sys/types.h>

#include "core/model.h"
#include "kernel/host.h"

#define STATE_DIR_DEFAULT "/var/lib/sriovd"

enum lease_state {
    LEASE_TAKING,    /* the VF is being made what the owner wants */
    LEASE_HELD,      /* the owner has it */
    LEASE_RETURNING, /* the baseline is being put back */
};

/* Who has it: a name, and where given what its life depends on. The lease ends when any of those
 * given is gone; with `while_used` it lives on without the process, as long as anybody uses the VF
 * (has its device open, or an interface on its netdev). */
struct lease_owner {
    char name[64];
    pid_t pid;            /* 0: none */
    uint64_t pid_started; /* in clock ticks since boot: a pid alone may be somebody else's by now */
    uint64_t pid_namespace; /* in which the pid is his: its inode */
    char netns[256];        /* path of a network namespace, "" none */
    uint64_t netns_inode;
    char container[128]; /* id given by a container runtime, "" none */
    bool while_used;
};

/* What a netdev has beside the attributes of the table. */
struct netdev_state {
    bool present; /* there was a netdev */
    uint64_t mac; /* the effective one: what the VF itself sends from */
    bool up, promisc, allmulti;
    struct strv altnames;
};

struct lease {
    char pf[32]; /* struct pf's key */
    unsigned vf;
    char pci[16]; /* "" on a bus without addresses for VFs */
    enum lease_state state;
    char boot[HOST_BOOT_ID_SIZE];
    int64_t since; /* Unix time */
    struct lease_owner owner;
    char ifname[16];     /* the netdev's name in the owner's namespace, "" if it was not moved */
    char note[128];      /* the client's own: CNI keeps the network's name here */
    struct attrs want;   /* what the VF was made for the owner */
    struct attrs before; /* what it was: every attribute that could be read */
    struct netdev_state netdev;
};

void lease_done(struct lease *l);

/* False for what stands in a list for a lease that cannot be read. */
static inline bool lease_is_readable(const struct lease *l)
{
    return l->boot[0];
}

const char *lease_state_name(enum lease_state state);

/* Text of a lease, added to `ret`, and back. lease_format: -EINVAL for bytes that JSON cannot hold.
 * lease_parse: -EINVAL with one line in `why` (size >= 160) that names the key. A VF that has no
 * driver comes back as it was, "", and the wish for none as "none". */
int lease_format(const struct lease *l, struct buf *ret);
int lease_parse(const char *text, size_t len, struct lease *ret, char *why, size_t why_size);

/* -ENOENT: there is none; -EBADMSG (code failed): there is one and it cannot be read, so somebody
 * has the VF and nobody knows who. Of all functions with a `pf`: -EINVAL if that could be no PF's
 * key. */
int lease_read(const char *state_dir, const char *pf, unsigned vf, struct lease *ret,
               struct sriov_error *error);

/* Makes or replaces it: a reader sees the old one or the new one. It survives the death of the
 * process; a power cut takes the kernel's state with it anyway (no fsync). -EINVAL: it has a value
 * that could not be read back; nothing is written. */
int lease_write(const char *state_dir, const struct lease *l, struct sriov_error *error);
/* 0 also if there is none. */
int lease_remove(const char *state_dir, const char *pf, unsigned vf, struct sriov_error *error);

/* All of them, in the order of their names. One that cannot be read is in the list with nothing but
 * PF, VF and an owner of this name. No state folder is no leases. */
#define LEASE_UNREADABLE "unreadable"
int lease_list(const char *state_dir, struct lease **ret, size_t *ret_count,
               struct sriov_error *error);
void leases_free(struct lease *leases, size_t count);

/* Removes what writers left that died before their lease was whole. Files of VFs that somebody is
 * at work on stay. */
void lease_clean(const char *state_dir);

/* Is the VF still as the lease says? A reboot ends all leases; one that cannot be read may be of
 * any boot. */
bool lease_is_of_boot(const struct lease *l, const char *boot);

/* ---- owners ---- */

/* Completes an owner by what tells it from a later one: when the pid started, the namespace's
 * inode. -ESRCH, -ENOENT, -EINVAL (no network namespace), with `error` of code usage. */
int owner_identify(struct lease_owner *o, struct sriov_error *error);

enum owner_life {
    OWNER_LIVES,
    OWNER_GONE,
    OWNER_IN_USERS, /* as long as somebody uses the VF: that is not looked at here */
};

/* A name alone lives until it is released. */
enum owner_life owner_life(const struct lease_owner *o);

#endif
