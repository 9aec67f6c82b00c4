/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Uevents and link changes. The kernel's uevents and udev's arrive on one socket (groups 1 and 2),
 * which keeps their order. A message counts only if it comes from where it says: the kernel's have
 * no sender (nl_pid 0), udev's come from uid 0, as anybody in our user namespace may send to
 * group 2.
 */
#include "kernel/events.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/file.h"
#include "kernel/event-read.h"

#define UDEV_FILE_LIMIT (64 * 1024)
#define DATAGRAM_SIZE (32 * 1024)
#define QUEUE_SIZE (16 * 1024 * 1024) /* a burst of 1,000 VFs is some 8,000 uevents */
#define NS_PER_S UINT64_C(1000000000)

struct events {
    int uevents;
    int links;
    char space[DATAGRAM_SIZE];
};

static int open_socket(int protocol, unsigned groups, int *ret)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = groups };
    const int on = 1, size = QUEUE_SIZE;
    _cleanup_close_ int fd = -1;

    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    *ret = TAKE_FD(fd);
    return 0;
}

int events_open(struct events **ret)
{
    _cleanup_(events_close_p) struct events *e = malloc(sizeof(*e));
    int r;

    if (!e)
        return -ENOMEM;
    e->uevents = e->links = -1;
    r = open_socket(NETLINK_KOBJECT_UEVENT, EVENT_GROUP_KERNEL | EVENT_GROUP_UDEV, &e->uevents);
    if (r == 0)
        r = open_socket(NETLINK_ROUTE, 1u << (RTNLGRP_LINK - 1), &e->links);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(e);
    return 0;
}

struct events *events_close(struct events *e)
{
    if (!e)
        return NULL;
    if (e->uevents >= 0)
        close(e->uevents);
    if (e->links >= 0)
        close(e->links);
    free(e);
    return NULL;
}

/* ---- one datagram ---- */

static uid_t sender_uid(struct msghdr *message)
{
    struct cmsghdr *c;
    struct ucred cred;

    for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
            c->cmsg_len < CMSG_LEN(sizeof(cred)))
            continue;
        memcpy(&cred, CMSG_DATA(c), sizeof(cred));
        return cred.uid;
    }
    return (uid_t)-1;
}

/* 1; 0 if there is none, or one that was cut; -errno. */
static int receive(struct events *e, int fd, struct event_datagram *ret)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = { e->space, sizeof(e->space) - 1 };
    struct sockaddr_nl from = { 0 };
    struct msghdr message = {
        .msg_name = &from,
        .msg_namelen = sizeof(from),
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control,
        .msg_controllen = sizeof(control),
    };
    ssize_t n;

    n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if ((message.msg_flags & MSG_TRUNC) || message.msg_namelen != sizeof(from))
        return 0;
    e->space[n] = '\0'; /* what follows are strings */
    *ret = (struct event_datagram){
        .data = e->space,
        .len = (size_t)n,
        .group = from.nl_groups,
        .port = from.nl_pid,
        .uid = sender_uid(&message),
    };
    return 1;
}

/* ---- waiting ---- */

/* 1 with an event, 0 if there was none in what the socket had, -errno. */
static int take_event(struct events *e, int fd, struct event *ret)
{
    struct event event = { .source = EVENT_LOST };
    struct event_datagram d = { 0 };
    bool taken;
    int r;

    r = receive(e, fd, &d);
    if (r == -ENOBUFS) {
        *ret = event;
        return 1;
    }
    if (r <= 0)
        return r;
    taken = fd == e->uevents ? event_read_uevent(&d, &event) : event_read_link(&d, &event);
    if (taken)
        *ret = event;
    return taken;
}

/* How long until the deadline; NULL for ever. */
static const struct timespec *time_left(uint64_t deadline_ns, struct timespec *space)
{
    uint64_t now = events_now(), left = deadline_ns > now ? deadline_ns - now : 0;

    if (deadline_ns == UINT64_MAX)
        return NULL;
    space->tv_sec = (time_t)(left / NS_PER_S);
    space->tv_nsec = (long)(left % NS_PER_S);
    return space;
}

int events_wait(struct events *e, uint64_t deadline_ns, struct event *ret)
{
    struct pollfd fds[] = {
        { .fd = e->uevents, .events = POLLIN },
        { .fd = e->links, .events = POLLIN },
    };
    struct timespec space;
    int r;

    for (;;) {
        r = ppoll(fds, ELEMENTS(fds), time_left(deadline_ns, &space), NULL);
        if (r <= 0)
            return r < 0 ? -errno : 0;
        for (size_t i = 0; i < ELEMENTS(fds); i++) {
            r = fds[i].revents ? take_event(e, fds[i].fd, ret) : 0;
            if (r != 0)
                return r;
        }
    }
}

void events_fds(const struct events *e, int ret[EVENTS_FDS])
{
    ret[0] = e->uevents;
    ret[1] = e->links;
}

bool event_is_of_interest(const struct event *e)
{
    static const char *const subsystems[] = { "pci", "net", "netdevsim" };

    if (e->source == EVENT_LINK || e->source == EVENT_LOST)
        return true;
    for (size_t i = 0; i < ELEMENTS(subsystems) && e->source == EVENT_KERNEL; i++) {
        if (str_eq(e->subsystem, subsystems[i]))
            return true;
    }
    return false;
}

uint64_t events_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

bool events_udev_running(void)
{
    return access("/run/udev/control", F_OK) == 0;
}

/* The file is there as soon as the rules have run; until the new name is set as well it says so
 * (udev-event.c: rename_netif, since systemd 249). */
bool events_udev_done(int ifindex)
{
    _cleanup_free_ char *text = NULL;
    char path[48];

    snprintf(path, sizeof(path), "/run/udev/data/n%d", ifindex);
    return file_read_at(AT_FDCWD, path, UDEV_FILE_LIMIT, &text, NULL) >= 0 &&
           !strstr(text, "E:ID_RENAMING=1");
}
