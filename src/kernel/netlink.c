/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Netlink sockets, and requests with answers. The kernel has answered by the time sendmsg() returns
 * (a dump goes on as it is read), so receiving never waits in practice: the 5 seconds are a safety
 * net. An answer that does not fit, a dump that the kernel marked inconsistent and an overflow all
 * end the same way: the rest is read away and the request sent again.
 */
#include "kernel/netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "kernel/mnl.h"

#define SPACE_SIZE (512 * 1024) /* 1,000 VFs without statistics are 200 to 280 KB */
#define QUERY_TRIES 4
#define WAIT_MS 5000

void nl_socket_done(struct nl_socket *s)
{
    if (s->fd >= 0)
        close(s->fd);
    *s = NL_SOCKET_INIT;
}

void nl_space_done(struct nl_space *space)
{
    free(space->data);
    *space = (struct nl_space){ 0 };
}

int nl_space_reserve(struct nl_space *space, size_t size)
{
    char *data;

    size = MAX_OF(size, (size_t)SPACE_SIZE);
    if (space->size >= size)
        return 0;
    /* Not realloc: there is nothing to keep, and pages never touched cost nothing. */
    data = malloc(size);
    if (!data)
        return -ENOMEM;
    free(space->data);
    *space = (struct nl_space){ .data = data, .size = size };
    return 0;
}

int nl_socket_open(struct nl_socket *s, int protocol)
{
    /* Each may be unknown to an old kernel (EXT_ACK, CAP_ACK: 4.12; STRICT_CHK: 4.20): done
     * without. */
    static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
    const int on = 1;

    if (s->fd >= 0)
        return 0;
    s->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (s->fd < 0)
        return -errno;
    for (size_t i = 0; i < ELEMENTS(options); i++)
        setsockopt(s->fd, SOL_NETLINK, options[i], &on, sizeof(on));
    return 0;
}

int nl_socket_wait(struct nl_socket *s)
{
    struct pollfd pollfd = { .fd = s->fd, .events = POLLIN };
    int r;

    do
        r = poll(&pollfd, 1, WAIT_MS);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return -errno;
    return r == 0 ? -ETIMEDOUT : 0;
}

/* Where the text attributes of an ack start: behind the errno of NLMSG_DONE, or behind the request
 * that NLMSG_ERROR repeats, whole or (NLM_F_CAPPED) only its header. */
static size_t ack_header_size(const struct nlmsghdr *message)
{
    const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

    if (message->nlmsg_type == NLMSG_DONE)
        return sizeof(int);
    if ((message->nlmsg_flags & NLM_F_CAPPED) || error->msg.nlmsg_len < sizeof(error->msg))
        return sizeof(*error);
    return sizeof(*error) + error->msg.nlmsg_len - sizeof(error->msg);
}

void nl_ack_read(const struct nlmsghdr *message, struct nl_ack *ret)
{
    size_t least = message->nlmsg_type == NLMSG_DONE ? sizeof(int) : sizeof(struct nlmsgerr);
    size_t len = message->nlmsg_len - MNL_NLMSG_HDRLEN;
    struct nl_ack ack = { 0 };
    struct nl_attrs attrs;
    struct nl_attr a;

    if (len >= least)
        memcpy(&ack.error, mnl_nlmsg_get_payload(message), sizeof(int));
    else if (message->nlmsg_type == NLMSG_ERROR)
        ack.error = -EBADMSG;
    if (len >= least && (message->nlmsg_flags & NLM_F_ACK_TLVS) &&
        message_attrs(message, ack_header_size(message), &attrs) == 0) {
        while (nl_attr_next(&attrs, &a) > 0) {
            if (a.type == NLMSGERR_ATTR_MSG)
                snprintf(ack.text, sizeof(ack.text), "%.*s", (int)a.len, a.data);
        }
    }
    *ret = ack;
}

/* The header is sent from a copy, as the request is the caller's and may be recorded. */
static int send_request(struct nl_socket *s, const void *request)
{
    struct nlmsghdr header;
    struct iovec parts[2];
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = ELEMENTS(parts) };
    ssize_t n;

    memcpy(&header, request, sizeof(header));
    if (header.nlmsg_len < sizeof(header))
        return -EINVAL;
    header.nlmsg_seq = ++s->seq;
    header.nlmsg_pid = 0;
    parts[0] = (struct iovec){ &header, sizeof(header) };
    parts[1].iov_base = (char *)request + sizeof(header);
    parts[1].iov_len = header.nlmsg_len - sizeof(header);
    do
        n = sendmsg(s->fd, &message, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

/* One datagram from the kernel; its full length even if that is more than there is room for. */
static ssize_t receive(struct nl_socket *s, struct nl_space *space)
{
    struct sockaddr_nl from;
    struct iovec part = { space->data, space->size };
    ssize_t n;
    int r;

    for (;;) {
        struct msghdr message = {
            .msg_name = &from,
            .msg_namelen = sizeof(from),
            .msg_iov = &part,
            .msg_iovlen = 1,
        };

        n = recvmsg(s->fd, &message, MSG_DONTWAIT | MSG_TRUNC);
        if (n >= 0 && message.msg_namelen == sizeof(from) && from.nl_pid == 0)
            return n;
        if (n >= 0 || errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return -errno;
        r = nl_socket_wait(s);
        if (r < 0)
            return r;
    }
}

/* State of one try of a query. */
struct query {
    uint32_t seq;
    struct buf *out;
    struct nl_ack ack;
    bool again; /* something is missing */
    bool done;
};

static void take_message(struct query *q, const struct nlmsghdr *message)
{
    if (message->nlmsg_seq != q->seq)
        return;
    if (message->nlmsg_flags & NLM_F_DUMP_INTR)
        q->again = true;
    if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
        nl_ack_read(message, &q->ack);
        q->done = true;
        return;
    }
    if (message->nlmsg_type < NLMSG_MIN_TYPE)
        return;
    buf_add(q->out, message, message->nlmsg_len);
    while (q->out->len % MNL_ALIGNTO != 0 && !q->out->failed)
        buf_add_char(q->out, '\0');
    if (!(message->nlmsg_flags & NLM_F_MULTI))
        q->done = true;
}

/* Receives until the answer is complete. Also after a loss: a dump must be read to its end before
 * the socket takes the next one. */
static int receive_answer(struct nl_socket *s, struct nl_space *space, struct query *q)
{
    const struct nlmsghdr *message, *first = (const void *)space->data;
    size_t needed = 0;

    while (!q->done) {
        struct buf datagram = { .data = space->data };
        size_t offset = 0;
        ssize_t n;

        n = receive(s, space);
        if (n == -ENOBUFS || (n >= 0 && (size_t)n > space->size)) {
            q->again = true;
            needed = MAX_OF(needed, n > 0 ? (size_t)n : 0);
            /* A lone answer is gone; of a dump, the end may still come. */
            if (n > 0 && !(first->nlmsg_flags & NLM_F_MULTI))
                break;
            continue;
        }
        if (n < 0)
            return q->again && n == -ETIMEDOUT ? 0 : (int)n;
        datagram.len = (size_t)n;
        while (message_next(&datagram, &offset, &message) > 0)
            take_message(q, message);
    }
    return nl_space_reserve(space, needed);
}

static int query_once(struct nl_socket *s, struct nl_space *space, const void *request,
                      struct query *q)
{
    int r;

    r = send_request(s, request);
    if (r < 0)
        return r;
    q->seq = s->seq;
    r = receive_answer(s, space, q);
    if (r < 0)
        return r;
    if (q->ack.error < 0)
        return q->ack.error;
    return q->again ? -EAGAIN : buf_ok(q->out);
}

int nl_socket_query(struct nl_socket *s, struct nl_space *space, const void *request,
                    struct buf *ret, struct nl_ack *ack)
{
    struct query q = { 0 };
    size_t start = ret->len;
    int r;

    r = nl_space_reserve(space, SPACE_SIZE);
    for (int try = 0; r == 0 && try < QUERY_TRIES; try++) {
        q = (struct query){ .out = ret };
        r = query_once(s, space, request, &q);
        if (r == 0)
            break;
        if (ret->len > start) {
            ret->len = start;
            ret->data[start] = '\0';
        }
        if (r == -EAGAIN && q.again && try < QUERY_TRIES - 1)
            r = 0;
    }
    if (ack)
        *ack = (struct nl_ack){ .error = r };
    if (ack)
        STR_SET(ack->text, q.ack.text);
    return r;
}
