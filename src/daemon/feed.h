/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What happens, told once: to the log, to the listeners of /v1/events, and to the counters of the
 * metrics. The last FEED_LENGTH are kept for listeners that come back.
 */
#ifndef DAEMON_FEED_H
#define DAEMON_FEED_H

#include "core/difference.h"

enum record_kind {
    RECORD_CHANGE,      /* an attribute, a PF or a VF, by whomever; `difference` */
    RECORD_DRIFT,       /* a change that leaves the policy; `difference` */
    RECORD_REPAIR,      /* put back as the policy has it, or not: `message` */
    RECORD_FIGHT,       /* repairs were given up: `message` says who undoes them */
    RECORD_POLICY,      /* loaded, or wrong */
    RECORD_APPLY,       /* the policy was applied, or could not be */
    RECORD_TRANSACTION, /* a change through the API has ended */
    RECORD_LEASE,       /* taken, released, reclaimed */
    RECORD_KERNEL,      /* a message of the kernel about a PF or its VFs */
    RECORD_REFUSED,     /* a request that was turned away */
    RECORD_DAEMON,      /* start, reload, end */
    RECORD_KIND_COUNT,
};

/* As of syslog(3). */
enum record_level {
    LEVEL_ERROR = 3,
    LEVEL_WARNING = 4,
    LEVEL_NOTICE = 5,
    LEVEL_INFO = 6,
};

struct record {
    enum record_kind kind;
    enum record_level level;
    const char *object;  /* "enp1s0/3"; NULL: the host */
    const char *message; /* one line without a full stop; NULL: made of the difference */
    const char *who;     /* NULL: not known */
    const struct difference *difference; /* NULL: none */
    bool is_drift;                       /* it leaves the policy */
};

struct feed;
struct listener;

int feed_new(struct feed **ret);
struct feed *feed_free(struct feed *f); /* NULL is fine; returns NULL */

void feed_tell(struct feed *f, const struct record *r);

/* So many of this kind were told since the start. */
uint64_t feed_count(const struct feed *f, enum record_kind kind);
const char *record_kind_name(enum record_kind kind);

/* Each record from now on, as one JSON object on one line (without the line feed): "id", "time",
 * "kind", "level", "object", "message", "who", and of a difference "what", "from", "to", "drift".
 * First those after `last` that are still kept; UINT64_MAX: none of them. */
typedef void (*feed_heard)(void *userdata, uint64_t id, const char *json, size_t len);
int feed_listen(struct feed *f, uint64_t last, feed_heard heard, void *userdata,
                struct listener **ret);
struct listener *feed_unlisten(struct listener *l); /* NULL is fine; returns NULL */

#endif
