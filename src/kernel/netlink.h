/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Netlink sockets: one request and its answers, or many changes and their acks. Internal to the
 * linux backend (linux.c, netns.c); everybody else goes through backend.h, whose nl_query and
 * nl_change these are.
 */
#ifndef KERNEL_NETLINK_H
#define KERNEL_NETLINK_H

#include "kernel/backend.h"

/* Where answers are received; shared by all sockets of a backend. */
struct nl_space {
    char *data;
    size_t size;
};

struct nl_socket {
    int fd; /* -1: not open */
    uint32_t seq;
    size_t window; /* how many acks surely fit into the receive buffer; 0: not yet asked for */
};

#define NL_SOCKET_INIT ((struct nl_socket){ .fd = -1 })

/* Opens it if it is not open. The namespace is that of the calling thread. */
int nl_socket_open(struct nl_socket *s, int protocol);
void nl_socket_done(struct nl_socket *s);
void nl_space_done(struct nl_space *space);

int nl_socket_query(struct nl_socket *s, struct nl_space *space, const void *request,
                    struct buf *ret, struct nl_ack *ack);
int nl_socket_change(struct nl_socket *s, struct nl_space *space, const struct buf *batch,
                     struct nl_ack *acks, size_t count);

/* Shared by the two: the errno and the extended-ack text of an NLMSG_ERROR or NLMSG_DONE message.
 */
struct nlmsghdr;
void nl_ack_read(const struct nlmsghdr *message, struct nl_ack *ret);

/* Makes sure of the space, which is `size` bytes at least. */
int nl_space_reserve(struct nl_space *space, size_t size);

/* Waits until there is something to receive: 0, -ETIMEDOUT after 5 seconds, -errno. */
int nl_socket_wait(struct nl_socket *s);

#endif
