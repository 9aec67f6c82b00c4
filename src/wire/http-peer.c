/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Peers and parties. The requests that a party may make are a bucket that holds two seconds' worth
 * and fills all the time; nothing runs for it, it is reckoned when somebody asks. Parties without
 * connections whose bucket is full again go when a newcomer falls into their chain.
 */
#include "wire/http-peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#define BURST_SECONDS 2

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

uint64_t http_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* ---- who it is ---- */

static int read_local(int fd, struct http_peer *peer, struct party *party)
{
    struct ucred who;
    socklen_t len = sizeof(who);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
        return -errno;
    peer->is_local = true;
    peer->uid = who.uid;
    peer->gid = who.gid;
    peer->pid = who.pid;
    snprintf(peer->address, sizeof(peer->address), "uid %u", who.uid);
    *party = (struct party){ .kind = 'u', .number = who.uid };
    return 0;
}

static void take_v4(const void *bytes, in_port_t port, struct http_peer *peer, struct party *party)
{
    char text[INET_ADDRSTRLEN] = "";
    uint32_t number;
    memcpy(&number, bytes, sizeof(number));
    inet_ntop(AF_INET, bytes, text, sizeof(text));
    snprintf(peer->address, sizeof(peer->address), "%s:%u", text, ntohs(port));
    *party = (struct party){ .kind = '4', .number = number };
}

/* A host can have any of the 2^64 addresses of its network at once. */
static void take_v6(const struct sockaddr_in6 *a, struct http_peer *peer, struct party *party)
{
    char text[INET6_ADDRSTRLEN] = "";
    *party = (struct party){ .kind = '6' };
    memcpy(&party->number, &a->sin6_addr, sizeof(party->number));
    inet_ntop(AF_INET6, &a->sin6_addr, text, sizeof(text));
    snprintf(peer->address, sizeof(peer->address), "[%s]:%u", text, ntohs(a->sin6_port));
}

int http_peer_read(int fd, struct http_peer *ret, struct party *party)
{
    struct http_peer peer = { .fd = fd };
    union address a = { .any.sa_family = AF_UNSPEC };
    socklen_t len = sizeof(a);
    int r = 0;
    if (getpeername(fd, &a.any, &len) < 0)
        return -errno;
    if (a.any.sa_family == AF_UNIX)
        r = read_local(fd, &peer, party);
    else if (a.any.sa_family == AF_INET)
        take_v4(&a.v4.sin_addr, a.v4.sin_port, &peer, party);
    else if (a.any.sa_family != AF_INET6)
        r = -EAFNOSUPPORT;
    else if (IN6_IS_ADDR_V4MAPPED(&a.v6.sin6_addr))
        take_v4(a.v6.sin6_addr.s6_addr + 12, a.v6.sin6_port, &peer, party);
    else
        take_v6(&a.v6, &peer, party);
    if (r >= 0)
        *ret = peer;
    return r;
}

/* ---- what it takes ---- */

static uint64_t full(const struct parties *all)
{
    return (uint64_t)all->requests_per_second * 1000 * BURST_SECONDS;
}

static void fill(const struct parties *all, struct party *p, uint64_t now)
{
    uint64_t missing = full(all) - p->requests;
    uint64_t come = (now - p->filled_at) * all->requests_per_second;
    p->requests += MIN_OF(missing, come);
    p->filled_at = now;
}

static bool is_same(const struct party *a, const struct party *b)
{
    return a->kind == b->kind && a->number == b->number;
}

/* Finds it in its chain, and drops those that nobody needs on the way. */
static struct party *find(struct parties *all, struct party **chain, const struct party *like,
                          uint64_t now)
{
    struct party *found = NULL;
    while (*chain) {
        struct party *p = *chain;
        fill(all, p, now);
        if (is_same(p, like))
            found = p;
        if (p != found && p->connections == 0 && p->requests == full(all)) {
            *chain = p->next;
            free(p);
        } else {
            chain = &p->next;
        }
    }
    return found;
}

struct party *party_join(struct parties *all, const struct party *like, uint64_t now)
{
    struct party **chain = &all->chains[(like->number * 0x9e3779b97f4a7c15u) >> 56];
    struct party *p = find(all, chain, like, now);
    if (!p) {
        p = malloc(sizeof(*p));
        if (!p)
            return NULL;
        *p = (struct party){ .kind = like->kind, .number = like->number, .next = *chain };
        p->requests = full(all);
        p->filled_at = now;
        *chain = p;
    }
    p->connections++;
    return p;
}

void party_leave(struct party *p)
{
    p->connections--;
}

void parties_done(struct parties *all)
{
    for (size_t i = 0; i < ELEMENTS(all->chains); i++) {
        while (all->chains[i]) {
            struct party *p = all->chains[i];
            all->chains[i] = p->next;
            free(p);
        }
    }
}

bool party_may_ask(const struct parties *all, struct party *p, uint64_t now)
{
    fill(all, p, now);
    if (p->requests < 1000)
        return false;
    p->requests -= 1000;
    return true;
}

bool party_is_news(struct party *p, uint64_t now)
{
    if (p->was_told && now - p->told_at < 1000)
        return false;
    p->was_told = true;
    p->told_at = now;
    return true;
}
