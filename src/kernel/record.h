/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a capture remembers and a replay answers from: the answers of the reading operations of
 * backend.h by their argument, errors included. Entries are only appended; sorting keeps the last
 * one of each argument and makes look-ups quick (1,000 VFs with 10 files each).
 *
 * The file format, written by capture-text.c and read by replay-text.c, is JSON:
 *   format "sriovd-capture", version 1;
 *   files {path: text}, links {path: target}, dirs {path: [name, …]};
 *   bytes {"path@offset+length": hexadecimal}, status {path: "mode uid gid", mode in octal};
 *   errors {path: "ENOENT" or a number, or one per operation: {"file": …, "link": …, "dir": …}};
 *   netlink [{protocol, request and reply in hexadecimal (seq and pid of the request are 0), error,
 *   text: the extended ack}];
 *   device_users [{pid, comm, name, device}], foreign_netdevs [{parent, ifname, netns, pid, comm,
 *   name, lower, kind, address}], each absent if it was not asked for; the last three may be
 * missing; kernel_log [line, …], stuck_tasks [{pid, comm, waits_in}], absent as above.
 */
#ifndef KERNEL_RECORD_H
#define KERNEL_RECORD_H

#include "kernel/backend.h"

enum record_op {
    RECORD_FILE,
    RECORD_LINK,
    RECORD_DIR,
    RECORD_BYTES, /* the path with place and length behind it */
    RECORD_STATUS,
    RECORD_PATH_OPS, /* those above have a path as argument */
    RECORD_NETLINK = RECORD_PATH_OPS,
};

struct record_item {
    enum record_op op;
    char *key; /* the path; of netlink "PROTOCOL:REQUEST" as record_netlink_key makes it */
    size_t order;
    int error;         /* 0 or -errno */
    char *data;        /* text of a file, target of a link, netlink's answers */
    size_t len;        /* of data, without the NUL that follows it */
    char *note;        /* netlink: text of the extended ack */
    struct strv names; /* RECORD_DIR */
};

struct record {
    struct record_item *items;
    size_t count;
    size_t order;
    bool failed; /* something is missing for want of memory */
    bool has_users;
    bool has_netdevs;
    bool has_log;
    bool has_tasks;
    struct device_users users;
    struct foreign_netdevs netdevs;
    struct strv log;
    struct stuck_tasks tasks;
};

void record_done(struct record *r);

/* A new entry to be filled, NULL (and `failed`) without memory. */
struct record_item *record_add(struct record *r, enum record_op op, const char *key, int error);
int record_set_data(struct record_item *item, const void *data, size_t len);

void record_sort(struct record *r);

/* In a sorted record; NULL if there is none. */
const struct record_item *record_find(const struct record *r, enum record_op op, const char *key);

/* Appends what one request is known by. -EINVAL if `len` bytes are no netlink message. */
int record_netlink_key(struct buf *out, int protocol, const void *request, size_t len);

/* "PATH@64+4": what a part of a binary file is known by. */
int record_bytes_key(struct buf *out, const char *path, size_t offset, size_t len);

/* What is there already is not added again. 0 or -ENOMEM. */
int record_add_user(struct record *r, const struct device_user *user);
int record_add_log_line(struct record *r, const char *line);
int record_add_task(struct record *r, const struct stuck_task *task);

/* The operations' names under "errors", and the fields of the two lists: size 0 is a number, an
 * int. */
extern const char *const record_op_names[RECORD_PATH_OPS];

struct record_field {
    const char *key;
    size_t offset;
    size_t size;
    bool optional; /* early captures do not have it */
};

#define RECORD_USER_FIELDS 4
#define RECORD_NETDEV_FIELDS 9
#define RECORD_TASK_FIELDS 3
extern const struct record_field record_user_fields[RECORD_USER_FIELDS];
extern const struct record_field record_netdev_fields[RECORD_NETDEV_FIELDS];
extern const struct record_field record_task_fields[RECORD_TASK_FIELDS];

/* capture-text.c: appends the file's text; sorts the record. */
int record_write(struct record *r, struct buf *out);

/* replay-text.c: the result is sorted. See backend_replay. */
int record_read(const char *text, size_t len, struct record *ret, char *why, size_t why_size);

#endif
