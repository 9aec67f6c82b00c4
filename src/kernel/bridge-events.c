/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * RTNLGRP_NEIGH, with a filter on the socket that passes messages of family AF_BRIDGE only. What
 * was learned is not kept: who hears of a change reads the tables.
 */
#include "kernel/bridge-events.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "kernel/mnl.h"

#define DATAGRAM_SIZE 8192
#define QUEUE_SIZE (1024 * 1024)
#define FAMILY_OFFSET (MNL_NLMSG_HDRLEN + offsetof(struct ndmsg, ndm_family))

/* Notifications come one to a datagram. */
static int attach_filter(int fd)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FAMILY_OFFSET),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = { .len = ELEMENTS(code), .filter = code };

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

int bridge_events_open(int *ret_fd)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK,
                                   .nl_groups = 1u << (RTNLGRP_NEIGH - 1) };
    const int size = QUEUE_SIZE;
    _cleanup_close_ int fd = -1;
    int r;

    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    r = attach_filter(fd);
    if (r == 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        r = -errno;
    if (r == 0)
        *ret_fd = TAKE_FD(fd);
    return r;
}

bool bridge_events_matter(const struct buf *datagram)
{
    const struct nlmsghdr *message;
    struct ndmsg entry;
    size_t offset = 0;

    while (message_next(datagram, &offset, &message) > 0) {
        bool came = message->nlmsg_type == RTM_NEWNEIGH;

        if ((!came && message->nlmsg_type != RTM_DELNEIGH) ||
            message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(entry))
            continue;
        memcpy(&entry, mnl_nlmsg_get_payload(message), sizeof(entry));
        if (entry.ndm_family == AF_BRIDGE && !(came && (entry.ndm_flags & NTF_SELF)))
            return true;
    }
    return false;
}

int bridge_events_take(int fd)
{
    _Alignas(struct nlmsghdr) char space[DATAGRAM_SIZE];
    bool matters = false;

    for (;;) {
        struct sockaddr_nl from = { 0 };
        socklen_t from_size = sizeof(from);
        ssize_t n = recvfrom(fd, space, sizeof(space), MSG_DONTWAIT, (struct sockaddr *)&from,
                             &from_size);

        if (n < 0 && errno == ENOBUFS)
            matters = true;
        else if (n < 0)
            return errno == EAGAIN || errno == EINTR ? matters : -errno;
        else if (from.nl_pid == 0) /* the kernel, and no process */
            matters |= bridge_events_matter(&(struct buf){ .data = space, .len = (size_t)n });
    }
}
