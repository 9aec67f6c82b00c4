/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is at the other end of a connection, and what each party -- one uid, one IPv4 address, one
 * IPv6 network of 64 bits -- takes of the server: connections, requests a second, memory. A party
 * is known while it has connections, and until its requests of the last seconds are forgotten.
 */
#ifndef WIRE_HTTP_PEER_H
#define WIRE_HTTP_PEER_H

#include "wire/http.h"

struct party {
    struct party *next;
    uint64_t number; /* uid or address */
    uint8_t kind;    /* 'u', '4', '6' */
    unsigned connections;
    size_t held;        /* bytes of bodies and answers */
    uint64_t requests;  /* that it may still make now, in thousandths */
    uint64_t filled_at; /* milliseconds: when that was so */
    uint64_t told_at;
    bool was_told;
};

#define PARTY_CHAINS 256

struct parties {
    struct party *chains[PARTY_CHAINS];
    unsigned requests_per_second;
};

/* Monotonic milliseconds, as all functions here want them. */
uint64_t http_now(void);

/* Fills `ret` and `party` (kind and number only) from a connected socket. -errno. */
int http_peer_read(int fd, struct http_peer *ret, struct party *party);

/* One more connection of the party that `like` describes; NULL: no memory. */
struct party *party_join(struct parties *all, const struct party *like, uint64_t now);
void party_leave(struct party *p);
void parties_done(struct parties *all);

/* Counts a request; false if that is one too many. */
bool party_may_ask(const struct parties *all, struct party *p, uint64_t now);

/* Shall it be told that this party was refused? Once a second, or a flood of requests would be a
 * flood of messages. */
bool party_is_news(struct party *p, uint64_t now);

#endif
