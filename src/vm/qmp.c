/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line is one message: the greeting, the answer to a command (with the id that we gave it), or
 * an event, which may come at any time.
 */
#include "vm/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "base/buf.h"
#include "base/json-read.h"
#include "base/str.h"

#define GREETING_MS (5 * 1000)
#define ANSWER_MS (300 * 1000) /* device_add pins all memory of the VM first */
#define EVENTS_MAX 64          /* older ones are forgotten */
#define PART 16384

/* query-pci of a VM with hundreds of devices is about 200 KB, three levels for each bridge. */
static const struct node_limits limits = { .bytes = 4 << 20, .nodes = 200000, .depth = 200 };

struct qmp {
    int fd;
    struct ucred peer;
    char path[100];
    uint64_t last_id;
    struct buf in; /* read, and not looked at yet */
    struct node *events[EVENTS_MAX];
    size_t n_events;
};

/* ---- lines ---- */

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int wait_readable(const struct qmp *q, uint64_t deadline)
{
    struct pollfd p = { .fd = q->fd, .events = POLLIN };

    for (;;) {
        uint64_t now = now_ms();
        int r = poll(&p, 1, now < deadline ? (int)(deadline - now) : 0);

        if (r > 0)
            return 0;
        if (r == 0)
            return -ETIMEDOUT;
        if (errno != EINTR)
            return -errno;
    }
}

static int read_part(struct qmp *q, uint64_t deadline)
{
    char part[PART];
    ssize_t n;
    int r = wait_readable(q, deadline);

    if (r < 0)
        return r;
    n = recv(q->fd, part, sizeof(part), MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ECONNRESET;
    buf_add(&q->in, part, (size_t)n);
    return buf_ok(&q->in);
}

/* The length of the first whole line in q->in, its end counted. */
static int read_line(struct qmp *q, uint64_t deadline, size_t *ret_len)
{
    size_t seen = 0;
    int r = 0;

    while (r >= 0) {
        const char *end = q->in.len > seen ? memchr(q->in.data + seen, '\n', q->in.len - seen)
                                           : NULL;

        if (end) {
            *ret_len = (size_t)(end - q->in.data) + 1;
            return 0;
        }
        seen = q->in.len;
        r = seen > limits.bytes ? -EMSGSIZE : read_part(q, deadline);
    }
    return r;
}

/* -EBADMSG: not JSON, or beyond the limits. */
static int read_message(struct qmp *q, uint64_t deadline, struct node **ret)
{
    size_t len = 0;
    int r = read_line(q, deadline, &len);

    if (r < 0)
        return r;
    r = json_read(q->in.data, len, &limits, ret, NULL);
    memmove(q->in.data, q->in.data + len, q->in.len - len);
    q->in.len -= len;
    return r == -EINVAL ? -EBADMSG : r;
}

static int send_line(struct qmp *q, const struct buf *line)
{
    size_t sent = 0;

    if (buf_ok(line) < 0)
        return -ENOMEM;
    while (sent < line->len) {
        ssize_t n = send(q->fd, line->data + sent, line->len - sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR)
            return errno == EAGAIN ? -ETIMEDOUT : -errno;
        sent += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* ---- failures ---- */

/* What broke the conversation, in words; the first row that fits is taken. */
static const struct {
    int error; /* 0: any */
    const char *message;
    const char *remedy; /* NULL: none */
} failures[] = {
    { ETIMEDOUT, "QEMU does not answer",
      "see whether it runs (not stopped by a signal), and whether another program uses this "
      "monitor: QEMU serves one at a time, and takes more than one -qmp" },
    { ECONNRESET, "QEMU has closed its monitor", "see whether it still runs" },
    { EPIPE, "QEMU has closed its monitor", "see whether it still runs" },
    { EBADMSG, "what comes from there is no QMP",
      "name the socket of -qmp unix:PATH,server=on,wait=off" },
    { EMSGSIZE, "what comes from there is no QMP",
      "name the socket of -qmp unix:PATH,server=on,wait=off" },
    { 0, "the monitor fails", NULL },
};

static int line_failed(const struct qmp *q, int r, struct sriov_error *error)
{
    size_t i = 0;

    if (r == -ENOMEM)
        return error_no_memory(error);
    while (failures[i].error != 0 && failures[i].error != -r)
        i++;
    error_set(error, SRIOV_FAILED, -r, q->path, "%s", failures[i].message);
    if (failures[i].remedy)
        error_remedy(error, "%s", failures[i].remedy);
    return r;
}

/* QEMU's own classes of errors (qapi/error.json); all others are GenericError. */
static const struct {
    const char *name;
    int error;
} classes[] = {
    { "DeviceNotFound", ENODEV },
    { "DeviceNotActive", ENXIO },
    { "CommandNotFound", EOPNOTSUPP },
    { NULL, EIO },
};

static int refused(const struct qmp *q, const char *command, const struct node *answer,
                   struct sriov_error *error)
{
    const char *class = node_get_text(answer, "class");
    size_t i = 0;

    while (classes[i].name && (!class || !str_eq(class, classes[i].name)))
        i++;
    int r = error_set(error, SRIOV_FAILED, classes[i].error, q->path, "QEMU refuses %s", command);
    error_kernel(error, node_get_text(answer, "desc"));
    return r;
}

/* ---- opening ---- */

static const struct {
    int error;
    enum sriov_code code;
    const char *message;
    const char *remedy;
} no_ways_in[] = {
    { ENOENT, SRIOV_NO_DEVICE, "there is no such socket",
      "start QEMU with -qmp unix:PATH,server=on,wait=off" },
    { ECONNREFUSED, SRIOV_FAILED, "nobody listens there",
      "see whether QEMU still runs; it is to be started with -qmp unix:PATH,server=on,wait=off" },
    { EACCES, SRIOV_NOT_PERMITTED, "you may not use that socket", "run it as root" },
    { EAGAIN, SRIOV_FAILED, "is busy with another program",
      "QEMU serves one at a time; it takes more than one -qmp" },
    { 0, SRIOV_FAILED, "cannot be connected to", "name the socket of -qmp unix:PATH,server=on" },
};

static int no_way_in(const char *path, int error_number, struct sriov_error *error)
{
    size_t i = 0;

    while (no_ways_in[i].error != 0 && no_ways_in[i].error != error_number)
        i++;
    int r = error_set(error, no_ways_in[i].code, error_number, path, "%s", no_ways_in[i].message);
    error_remedy(error, "%s", no_ways_in[i].remedy);
    return r;
}

/* The greeting has "QMP"; without it somebody else listens there, who may wait for us to begin. */
static int greet(struct qmp *q, struct sriov_error *error)
{
    _cleanup_node_ struct node *greeting = NULL;
    int r = read_message(q, now_ms() + GREETING_MS, &greeting);

    if (r >= 0 && !node_get(greeting, "QMP"))
        r = -EBADMSG;
    if (r < 0)
        return line_failed(q, r, error);
    return qmp_run(q, "qmp_capabilities", NULL, NULL, error);
}

int qmp_start(int fd, const char *path, struct qmp **ret, struct sriov_error *error)
{
    const struct timeval patience = { .tv_sec = GREETING_MS / 1000 };
    socklen_t len = sizeof(struct ucred);
    _cleanup_qmp_ struct qmp *q = calloc(1, sizeof(*q));

    if (!q) {
        close(fd);
        return error_no_memory(error);
    }
    q->fd = fd;
    STR_SET(q->path, path);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &q->peer, &len) < 0)
        q->peer = (struct ucred){ .pid = 0, .uid = (uid_t)-1 };
    int r = greet(q, error);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(q);
    return 0;
}

int qmp_open(const char *path, struct qmp **ret, struct sriov_error *error)
{
    const struct timeval patience = { .tv_sec = GREETING_MS / 1000 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    _cleanup_close_ int fd = -1;

    if (*path == '\0' || !STR_SET(address.sun_path, path))
        return error_set(error, SRIOV_USAGE, 0, path, "%s",
                         *path ? "is too long for a socket" : "the path of the socket is empty");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return no_way_in(path, errno, error);
    /* connect() waits, too, while the queue of those who wait for QEMU is full. */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return no_way_in(path, errno, error);
    return qmp_start(TAKE_FD(fd), path, ret, error);
}

struct qmp *qmp_close(struct qmp *q)
{
    if (!q)
        return NULL;
    for (size_t i = 0; i < q->n_events; i++)
        node_free(q->events[i]);
    buf_done(&q->in);
    close_p(&q->fd);
    free(q);
    return NULL;
}

pid_t qmp_pid(const struct qmp *q)
{
    return q->peer.pid;
}

uid_t qmp_uid(const struct qmp *q)
{
    return q->peer.uid;
}

/* ---- commands and events ---- */

static void keep_event(struct qmp *q, struct node *event)
{
    if (q->n_events == EVENTS_MAX) {
        node_free(q->events[0]);
        q->n_events--;
        memmove(q->events, q->events + 1, q->n_events * sizeof(*q->events));
    }
    q->events[q->n_events++] = event;
}

/* An answer to something that QEMU could not read has no id. */
static bool is_answer(const struct node *message, uint64_t id)
{
    const struct node *theirs = node_get(message, "id");
    uint64_t value;

    if (!theirs)
        return node_get(message, "error");
    return node_to_u64(theirs, UINT64_MAX, &value) >= 0 && value == id &&
           (node_get(message, "return") || node_get(message, "error"));
}

static int read_answer(struct qmp *q, uint64_t id, struct node **ret)
{
    uint64_t deadline = now_ms() + ANSWER_MS;

    for (;;) {
        _cleanup_node_ struct node *message = NULL;
        int r = read_message(q, deadline, &message);

        if (r < 0)
            return r;
        if (node_get(message, "event")) {
            keep_event(q, TAKE_PTR(message));
        } else if (is_answer(message, id)) {
            *ret = TAKE_PTR(message);
            return 0;
        }
        /* A peer that never stops talking is no more patient than one that is silent. */
        if (now_ms() >= deadline)
            return -ETIMEDOUT;
    }
}

/* Takes what a map has under a key out of it, as a document of its own. */
static int take_entry(struct node *map, const char *key, struct node **ret)
{
    struct node *entry = calloc(1, sizeof(*entry));

    if (!entry)
        return -ENOMEM;
    for (size_t i = 0; i < map->count; i++) {
        if (!str_eq(map->items[i].key, key))
            continue;
        *entry = map->items[i];
        map->items[i] = (struct node){ .key = TAKE_PTR(entry->key) };
    }
    *ret = entry;
    return 0;
}

int qmp_run(struct qmp *q, const char *command, const char *arguments, struct node **ret,
            struct sriov_error *error)
{
    _cleanup_buf_ struct buf line = BUF_INIT;
    _cleanup_node_ struct node *answer = NULL;
    uint64_t id = ++q->last_id;

    buf_printf(&line, "{\"execute\":\"%s\",\"id\":%ju", command, (uintmax_t)id);
    if (arguments)
        buf_printf(&line, ",\"arguments\":%s", arguments);
    buf_add_str(&line, "}\n");
    int r = send_line(q, &line);
    if (r >= 0)
        r = read_answer(q, id, &answer);
    if (r < 0)
        return line_failed(q, r, error);
    if (node_get(answer, "error"))
        return refused(q, command, node_get(answer, "error"), error);
    if (ret && take_entry(answer, "return", ret) < 0)
        return error_no_memory(error);
    return 0;
}

static int place_in(const struct node *event, const char *const *events, const char *key,
                    const char *value)
{
    const char *name = node_get_text(event, "event");
    const char *has = key ? node_get_text(node_get(event, "data"), key) : NULL;

    if (!name || (key && (!has || !str_eq(has, value))))
        return -1;
    for (int i = 0; events[i]; i++) {
        if (str_eq(events[i], name))
            return i;
    }
    return -1;
}

static int find_kept(struct qmp *q, const char *const *events, const char *key, const char *value)
{
    for (size_t i = 0; i < q->n_events; i++) {
        int place = place_in(q->events[i], events, key, value);

        if (place < 0)
            continue;
        node_free(q->events[i]);
        q->n_events--;
        memmove(q->events + i, q->events + i + 1, (q->n_events - i) * sizeof(*q->events));
        return place;
    }
    return -1;
}

int qmp_wait(struct qmp *q, const char *const *events, const char *key, const char *value,
             unsigned timeout_ms, struct sriov_error *error)
{
    uint64_t deadline = now_ms() + timeout_ms;
    int place = find_kept(q, events, key, value), r = 0;

    while (place < 0 && r >= 0) {
        _cleanup_node_ struct node *message = NULL;

        r = read_message(q, deadline, &message);
        if (r >= 0)
            place = place_in(message, events, key, value);
        if (r >= 0 && place < 0 && node_get(message, "event"))
            keep_event(q, TAKE_PTR(message));
        if (r >= 0 && place < 0 && now_ms() >= deadline)
            r = -ETIMEDOUT;
    }
    if (r == -ETIMEDOUT)
        return error_set(error, SRIOV_FAILED, ETIMEDOUT, q->path, "no %s from QEMU in %u s",
                         events[0], timeout_ms / 1000);
    return r < 0 ? line_failed(q, r, error) : place;
}
