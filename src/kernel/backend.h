/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one table through which everything above reaches the kernel. Its operations are small enough
 * to be recorded: `linux` does them, `capture` does them and writes down what came back, `replay`
 * answers from such a record and refuses to write. A test may put its own in front (fault
 * injection).
 *
 * Paths are absolute as seen on the machine ("/sys/bus/pci/devices"); the linux backend can be
 * given another root for them. All return 0 or -errno and leave results untouched on failure.
 */
#ifndef KERNEL_BACKEND_H
#define KERNEL_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

struct backend;

/* The kernel's answer to one netlink request: 0 or -errno, and its extended-ack text ("" if none).
 */
struct nl_ack {
    int error;
    char text[120];
};

/* A process that has a device file open. */
struct device_user {
    pid_t pid;
    char comm[17];
    char name[64];   /* the VM or container it is: from -name, or the cgroup; "" if unknown */
    char device[64]; /* "/dev/vfio/12" */
};

/* A netdev found in a network namespace other than ours. It belongs to a device, or stands on a
 * netdev that is in our namespace (as a macvlan or vlan made here and moved into a container does).
 */
struct foreign_netdev {
    char parent[32]; /* the device it belongs to: "0000:01:10.0"; "" */
    char ifname[16];
    char netns[64]; /* name under /run/netns, or "net:[4026532301]" */
    pid_t pid;      /* one process living there, 0 if there is none */
    char comm[17];
    char name[64];    /* as in device_user */
    int lower;        /* ifindex, here, of the netdev that it stands on; 0 */
    char kind[16];    /* "macvlan", "vlan", ...; "" for hardware */
    char address[56]; /* its first address that is not link-local, "192.0.2.1/24"; "" */
};

/* A process that waits in the kernel and cannot be ended until what it waits for happens. */
struct stuck_task {
    pid_t pid;
    char comm[17];
    char waits_in[64]; /* the function of `functions` found innermost on its kernel stack */
};

/* Owner and mode of a file. */
struct file_status {
    unsigned mode; /* permission bits only */
    unsigned uid, gid;
};

/* `incomplete`: somewhere we may not look, so what is not in the list may be there all the same. */
struct device_users {
    struct device_user *items;
    size_t count;
    bool incomplete;
};

struct foreign_netdevs {
    struct foreign_netdev *items;
    size_t count;
    bool incomplete;
};

struct stuck_tasks {
    struct stuck_task *items;
    size_t count;
    bool incomplete;
};

struct backend_ops {
    const char *name;

    /* sysfs, proc and plain files, at most BACKEND_FILE_LIMIT bytes; white space at the end is cut.
     */
    int (*read_file)(struct backend *b, const char *path, char **ret);
    int (*read_link)(struct backend *b, const char *path, char **ret);
    int (*list_dir)(struct backend *b, const char *path, struct strv *ret);

    /* Up to `len` bytes of a binary file from `offset` on (a device's config space); fewer at its
     * end, which for a config space is after 64 bytes for whoever is not root. Appended to `ret`.
     */
    int (*read_bytes)(struct backend *b, const char *path, size_t offset, size_t len,
                      struct buf *ret);

    int (*file_status)(struct backend *b, const char *path, struct file_status *ret);

    /* The lines of this boot's kernel log, as dmesg prints them ("[    1.234567] igb 0000:…"), that
     * hold one of `words` (NULL-terminated list; upper and lower case differ). -EPERM for whom the
     * kernel does not let read it. */
    int (*kernel_log)(struct backend *b, const char *const *words, struct strv *ret);

    /* Processes in uninterruptible sleep whose kernel stack holds one of `functions`. */
    int (*stuck_tasks)(struct backend *b, const char *const *functions, struct stuck_tasks *ret);

    /* One write(2) to a sysfs attribute. */
    int (*write_file)(struct backend *b, const char *path, const char *data);

    /* A netlink request whose answers are wanted: `protocol` is NETLINK_ROUTE or NETLINK_GENERIC,
     * `request` one message (its seq and pid are filled in here). The answers are appended to `ret`
     * one after the other, without NLMSG_DONE and acks. ack may be NULL. */
    int (*nl_query)(struct backend *b, int protocol, const void *request, struct buf *ret,
                    struct nl_ack *ack);

    /* Many requests that change something, sent together; acks[i] is the answer to message i. The
     * messages stand in `batch` one after the other, each with its nlmsg_len aligned. Returns 0 if
     * all were answered (whatever the answers are). */
    int (*nl_change)(struct backend *b, int protocol, const struct buf *batch, struct nl_ack *acks,
                     size_t count);

    /* Who has files open whose name starts with one of the prefixes (NULL-terminated list), found
     * without opening any of them. Processes that we may not look into are passed over, and the
     * list is marked as incomplete. */
    int (*device_users)(struct backend *b, const char *const *prefixes, struct device_users *ret);

    /* Netdevs with a parent device, or with a lower netdev here, in all other network namespaces
     * that can be found (named ones, and those of processes). */
    int (*foreign_netdevs)(struct backend *b, struct foreign_netdevs *ret);

    /* Runs a program of the system to the end ("modprobe vfio-pci"): argv NULL-terminated. Returns
     * 0, -errno, or -ENOEXEC if it ended with a status other than 0; its last line of stderr is in
     * `text`. */
    int (*run)(struct backend *b, const char *const *argv, char *text, size_t text_size);

    struct backend *(*free)(struct backend *b); /* returns NULL */
};

#define BACKEND_FILE_LIMIT (64 * 1024)

struct backend {
    const struct backend_ops *ops;
};

/* The running machine. `sysfs_root` is put before every path ("" or NULL: none); with a root other
 * than none, netlink and processes are those of the running machine all the same. */
int backend_linux(const char *sysfs_root, struct backend **ret);

/* Passes everything on to `inner` (which it owns from now on) and remembers the answers of all
 * reads. */
int backend_capture(struct backend *inner, struct backend **ret);

/* The record made so far, as the text of a capture file (JSON). */
int backend_capture_text(struct backend *b, struct buf *ret);

/* Answers from the text of a capture file. Writes give -EROFS; what was not recorded gives -ENOENT
 * (files) or -ENODATA. On -EINVAL `why` (size >= 200) says what is wrong with the text. */
int backend_replay(const char *text, size_t len, struct backend **ret, char *why, size_t why_size);

struct backend *backend_free(struct backend *b); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct backend *, backend_free)

void device_users_done(struct device_users *u);
void foreign_netdevs_done(struct foreign_netdevs *f);
void stuck_tasks_done(struct stuck_tasks *t);

/* Shorthands over the table. read_u64 takes decimal and 0x numbers; -EINVAL otherwise. link_name
 * gives the last part of a link's target ("igbvf" of …/driver), into a fixed array. */
int backend_read_u64(struct backend *b, const char *path, uint64_t *ret);
int backend_link_name(struct backend *b, const char *path, char *ret, size_t size);
bool backend_exists(struct backend *b, const char *path);

#endif
