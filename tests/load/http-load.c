/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Load for the API: http-load SOCKET CONNECTIONS RATE SECONDS PATH...
 *
 * Opens so many connections to a Unix socket, keeps them, and sends RATE requests a second in all,
 * over one connection after the other, for the paths in turn. An error is whatever is no 200 with
 * its whole body: another status, a connection that ends, an answer that has not come within
 * PATIENCE. Prints one line of figures; the exit status is 1 if there was an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/str.h"

#define PATIENCE UINT64_C(10000000) /* microseconds */
#define HEAD 4096

struct reader {
    int fd;
    uint64_t asked; /* when, in microseconds; 0: nothing is awaited */
    char head[HEAD];
    size_t head_len;
    size_t body_left;
    bool in_body;
};

struct load {
    struct reader *readers;
    size_t n_readers;
    char *const *paths; /* ends with NULL */
    size_t n_paths;
    size_t next; /* request */
    size_t busy; /* its connection still waited for the answer before */
    size_t errors;
    uint64_t *latencies;
    size_t n_latencies;
    uint64_t bytes;
    int epoll_fd;
};

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void complain(struct load *l, const char *what, const char *more)
{
    if (l->errors++ < 5)
        fprintf(stderr, "http-load: %s %s\n", what, more);
}

/* ---- connections ---- */

static int open_reader(struct load *l, struct reader *r, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = r };
    if (!STR_SET(address.sun_path, path))
        return -ENAMETOOLONG;
    r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->fd < 0 || connect(r->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
        fcntl(r->fd, F_SETFL, O_NONBLOCK) < 0 ||
        epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, r->fd, &event) < 0)
        return -errno;
    return 0;
}

static void give_up(struct load *l, struct reader *r, const char *why, const char *more)
{
    complain(l, why, more);
    close(r->fd);
    r->fd = -1;
    r->asked = 0;
}

/* A request that cannot be sent because its connection is not free is not sent, and counted. */
static void ask(struct load *l)
{
    struct reader *r = &l->readers[l->next % l->n_readers];
    const char *path = l->paths[l->next++ % l->n_paths];
    char text[512];
    if (r->fd < 0 || r->asked) {
        l->busy++;
        return;
    }
    int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    r->asked = now();
    r->head_len = 0;
    r->in_body = false;
    if (send(r->fd, text, (size_t)n, MSG_NOSIGNAL) != n)
        give_up(l, r, "cannot send:", strerror(errno));
}

/* ---- answers ---- */

static void finish(struct load *l, struct reader *r)
{
    l->latencies[l->n_latencies++] = now() - r->asked;
    r->asked = 0;
}

/* The head is whole: what of the body came with it? */
static bool take_head(struct load *l, struct reader *r, const char *end)
{
    const char *length = strcasestr(r->head, "\r\nContent-Length: ");
    size_t have = r->head_len - (size_t)(end - r->head);
    if (!str_starts(r->head, "HTTP/1.1 200 ") || !length || length > end)
        return false;
    size_t body = strtoul(length + 18, NULL, 10);
    if (have > body)
        return false;
    r->body_left = body - have;
    r->in_body = true;
    return true;
}

static void read_head(struct load *l, struct reader *r)
{
    ssize_t n = recv(r->fd, r->head + r->head_len, sizeof(r->head) - 1 - r->head_len, 0);
    if (n <= 0) {
        give_up(l, r, "connection ended:", n < 0 ? strerror(errno) : r->asked ? "asked" : "idle");
        return;
    }
    r->head_len += (size_t)n;
    r->head[r->head_len] = '\0';
    l->bytes += (size_t)n;
    const char *end = strstr(r->head, "\r\n\r\n");
    if (!r->asked || (!end && r->head_len == sizeof(r->head) - 1) ||
        (end && !take_head(l, r, end + 4))) {
        r->head[strcspn(r->head, "\r\n")] = '\0';
        give_up(l, r, "answer:", r->head);
    }
}

static void read_body(struct load *l, struct reader *r)
{
    static char sink[1u << 16];
    ssize_t n = recv(r->fd, sink, MIN_OF(sizeof(sink), r->body_left), 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            give_up(l, r, "body is cut off:", n < 0 ? strerror(errno) : "");
        return;
    }
    l->bytes += (size_t)n;
    r->body_left -= (size_t)n;
}

static void on_readable(struct load *l, struct reader *r)
{
    if (r->in_body)
        read_body(l, r);
    else
        read_head(l, r);
    if (r->asked && r->in_body && r->body_left == 0) {
        r->in_body = false;
        finish(l, r);
    }
}

static void wait_until(struct load *l, uint64_t when)
{
    struct epoll_event events[64];
    for (uint64_t t = now(); t < when; t = now()) {
        int n = epoll_wait(l->epoll_fd, events, ELEMENTS(events), (int)((when - t + 999) / 1000));
        for (int i = 0; i < n; i++)
            on_readable(l, events[i].data.ptr);
    }
}

/* ---- the whole ---- */

static size_t waiting(const struct load *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_readers; i++)
        n += l->readers[i].fd >= 0 && l->readers[i].asked > 0;
    return n;
}

static void run(struct load *l, unsigned rate, unsigned seconds)
{
    uint64_t begin = now();
    for (uint64_t i = 0; i < (uint64_t)rate * seconds; i++) {
        ask(l);
        wait_until(l, begin + (i + 1) * 1000000 / rate);
    }
    uint64_t end = now() + PATIENCE;
    while (waiting(l) > 0 && now() < end)
        wait_until(l, now() + 10000);
    for (size_t n = waiting(l); n > 0; n--)
        complain(l, "no answer within", "the time");
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static double percentile(const struct load *l, unsigned percent)
{
    return l->n_latencies > 0 ? (double)l->latencies[(l->n_latencies - 1) * percent / 100] / 1000
                              : 0;
}

static int report(struct load *l)
{
    size_t open = 0;
    for (size_t i = 0; i < l->n_readers; i++)
        open += l->readers[i].fd >= 0;
    qsort(l->latencies, l->n_latencies, sizeof(*l->latencies), by_size);
    printf("asked %zu answered %zu errors %zu busy %zu open %zu MB %.0f "
           "ms: median %.1f 99%% %.1f longest %.1f\n",
           l->next, l->n_latencies, l->errors, l->busy, open, (double)l->bytes / 1e6,
           percentile(l, 50), percentile(l, 99), percentile(l, 100));
    return l->errors == 0 && l->busy == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int prepare(struct load *l, const char *socket_path, size_t requests)
{
    struct rlimit files = { .rlim_cur = l->n_readers + 64, .rlim_max = l->n_readers + 64 };
    l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    l->readers = calloc(l->n_readers, sizeof(*l->readers));
    l->latencies = calloc(requests + 1, sizeof(*l->latencies));
    if (l->epoll_fd < 0 || !l->readers || !l->latencies)
        return -ENOMEM;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    for (size_t i = 0; i < l->n_readers; i++) {
        int r = open_reader(l, &l->readers[i], socket_path);
        if (r < 0)
            return r;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct load l = { 0 };
    uint64_t connections, rate, seconds;
    if (argc < 6 || str_to_u64(argv[2], 100000, &connections) < 0 || connections == 0 ||
        str_to_u64(argv[3], 100000, &rate) < 0 || rate == 0 ||
        str_to_u64(argv[4], 86400, &seconds) < 0) {
        fprintf(stderr, "usage: http-load SOCKET CONNECTIONS RATE SECONDS PATH...\n");
        return 2;
    }
    l.n_readers = connections;
    l.paths = argv + 5;
    l.n_paths = (size_t)argc - 5;
    int r = prepare(&l, argv[1], rate * seconds);
    if (r < 0) {
        fprintf(stderr, "http-load: %s: %s\n", argv[1], strerror(-r));
        return 1;
    }
    run(&l, (unsigned)rate, (unsigned)seconds);
    return report(&l);
}
