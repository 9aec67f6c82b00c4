/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Many changes in few system calls: one sendto() carries as many messages as acks surely fit into
 * the receive buffer, one recvmmsg() fetches them all, and the sequence number tells whose
 * ack it is. The kernel goes through all messages of one send whether they fail or not
 * (netlink_rcv_skb()). An ack that does not come is an error of that message, as nobody knows what
 * became of it.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "kernel/mnl.h"
#include "kernel/netlink.h"

#define ACKS_PER_CALL LARGE_WINDOW
#define ACK_ROOM                                                                                   \
    256 /* header, errno, repeated header, text; a longer one is cut, its errno is not */
#define CHUNK_BYTES (128 * 1024) /* below the usual SO_SNDBUF, 212,992 */
#define PENDING 1                /* nl_ack.error until the ack is there */

/* An ack costs 0.8 to 1 KB of the receive buffer; the default, 212,992, is too small for 300. */
#define LARGE_BUFFER (4 * 1024 * 1024)
#define LARGE_WINDOW 512
#define SMALL_WINDOW 128

/* A part of the batch that is sent at once: messages from number `first` on. */
struct chunk {
    size_t first;
    size_t count;
    size_t bytes;
    uint32_t seq; /* of the first message */
};

static size_t window(struct nl_socket *s, size_t count)
{
    const int size = LARGE_BUFFER;

    if (count <= SMALL_WINDOW)
        return SMALL_WINDOW;
    if (s->window == 0) {
        s->window = SMALL_WINDOW;
        if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0)
            s->window = LARGE_WINDOW;
        else
            setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    }
    return s->window;
}

/* Copies the next messages into the space, numbered. */
static int fill_chunk(struct nl_socket *s, struct nl_space *space, const struct buf *batch,
                      size_t *offset, size_t most, struct chunk *chunk)
{
    chunk->seq = s->seq + 1;
    while (chunk->count < most && *offset < batch->len) {
        const struct nlmsghdr *message;
        struct nlmsghdr *copy = (void *)(space->data + chunk->bytes);
        size_t next = *offset;

        if (message_next(batch, &next, &message) < 0 || next - *offset > CHUNK_BYTES)
            return -EINVAL;
        if (chunk->bytes + (next - *offset) > CHUNK_BYTES)
            break;
        memcpy(copy, message, next - *offset);
        copy->nlmsg_flags |= NLM_F_ACK;
        copy->nlmsg_seq = ++s->seq;
        copy->nlmsg_pid = 0;
        chunk->bytes += next - *offset;
        chunk->count++;
        *offset = next;
    }
    return 0;
}

static int send_chunk(struct nl_socket *s, const struct nl_space *space, const struct chunk *chunk)
{
    ssize_t n;

    do
        n = send(s->fd, space->data, chunk->bytes, 0);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static size_t take_acks(const struct chunk *chunk, char *data, size_t len, struct nl_ack *acks)
{
    struct buf datagram = { .data = data, .len = len };
    const struct nlmsghdr *message;
    size_t offset = 0, taken = 0;

    while (message_next(&datagram, &offset, &message) > 0) {
        uint32_t index = message->nlmsg_seq - chunk->seq;

        if (message->nlmsg_type != NLMSG_ERROR || index >= chunk->count ||
            acks[chunk->first + index].error != PENDING)
            continue;
        nl_ack_read(message, &acks[chunk->first + index]);
        taken++;
    }
    return taken;
}

/* One system call's worth of acks. How many, 0 if there are none at the moment, -errno. */
static int receive_acks(struct nl_socket *s, struct nl_space *space, const struct chunk *chunk,
                        struct nl_ack *acks, size_t *missing)
{
    struct sockaddr_nl from[ACKS_PER_CALL];
    struct mmsghdr messages[ACKS_PER_CALL] = { 0 };
    struct iovec parts[ACKS_PER_CALL];
    unsigned most = (unsigned)MIN_OF(*missing, (size_t)ACKS_PER_CALL);
    int n;

    for (unsigned i = 0; i < most; i++) {
        parts[i] = (struct iovec){ space->data + i * ACK_ROOM, ACK_ROOM };
        messages[i].msg_hdr.msg_name = &from[i];
        messages[i].msg_hdr.msg_namelen = sizeof(from[i]);
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    n = recvmmsg(s->fd, messages, most, MSG_DONTWAIT, NULL);
    if (n < 0)
        return errno == EAGAIN ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        if (from[i].nl_pid == 0)
            *missing -= take_acks(chunk, parts[i].iov_base, messages[i].msg_len, acks);
    }
    return n;
}

static int collect_acks(struct nl_socket *s, struct nl_space *space, const struct chunk *chunk,
                        struct nl_ack *acks)
{
    size_t missing = chunk->count;
    bool lost = false;
    int r;

    while (missing > 0) {
        r = receive_acks(s, space, chunk, acks, &missing);
        if (r == -ENOBUFS)
            lost = true;
        else if (r < 0 && r != -EINTR)
            return r;
        if (r != 0)
            continue;
        /* After a loss there is nothing to wait for: all that was left has been read. */
        r = lost ? -EIO : nl_socket_wait(s);
        if (r < 0)
            return r;
    }
    return 0;
}

int nl_socket_change(struct nl_socket *s, struct nl_space *space, const struct buf *batch,
                     struct nl_ack *acks, size_t count)
{
    size_t offset = 0, sent = 0, most;
    int r, result = 0;

    for (size_t i = 0; i < count; i++)
        acks[i] = (struct nl_ack){ .error = PENDING };
    r = nl_space_reserve(space, MAX_OF(CHUNK_BYTES, ACKS_PER_CALL * ACK_ROOM));
    most = window(s, count);
    while (r == 0 && sent < count) {
        struct chunk chunk = { .first = sent };

        r = fill_chunk(s, space, batch, &offset, MIN_OF(most, count - sent), &chunk);
        if (r == 0 && chunk.count == 0)
            r = -EINVAL;
        if (r == 0)
            r = send_chunk(s, space, &chunk);
        if (r == 0 && collect_acks(s, space, &chunk, acks) < 0)
            result = -EIO;
        if (r == 0)
            sent += chunk.count;
    }
    for (size_t i = 0; i < count; i++) {
        if (acks[i].error != PENDING)
            continue;
        acks[i].error = i < sent ? -EIO : r;
        STR_SET(acks[i].text, i < sent ? "no answer" : "not sent");
    }
    return r < 0 ? r : result;
}
