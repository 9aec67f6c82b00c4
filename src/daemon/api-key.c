/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Idempotency keys. A client that lost the answer to a change asks again under the same key, and is
 * told what came of it instead of changing the machine twice. Keys are kept for a day, in memory,
 * and the oldest give way; one whose request is not answered yet stays.
 */
#include <errno.h>

#include "daemon/api-call.h"

#define KEYS 1024
#define KEYS_BYTES (4u << 20) /* of answers */
#define KEY_LIFE 86400        /* seconds */

struct key {
    struct key *next;
    char *text, *who;
    uint64_t request;
    int64_t made;
    unsigned status; /* of the answer; 0: none yet */
    struct buf body;
};

struct keys {
    struct key *first; /* the newest */
    size_t count, bytes;
};

int keys_new(struct keys **ret)
{
    struct keys *k = calloc(1, sizeof(*k));

    if (!k)
        return -ENOMEM;
    *ret = k;
    return 0;
}

static struct key *key_free(struct key *k)
{
    if (!k)
        return NULL;
    buf_done(&k->body);
    free(k->text);
    free(k->who);
    free(k);
    return NULL;
}

/* Takes it off the list. */
static void forget(struct keys *all, struct key **place)
{
    struct key *k = *place;

    *place = k->next;
    all->count--;
    all->bytes -= k->body.len;
    key_free(k);
}

struct keys *keys_free(struct keys *k)
{
    while (k && k->first)
        forget(k, &k->first);
    free(k);
    return NULL;
}

/* The oldest that is answered; false: there is none. */
static bool forget_oldest(struct keys *all)
{
    struct key **oldest = NULL;

    for (struct key **place = &all->first; *place; place = &(*place)->next) {
        if ((*place)->status != 0)
            oldest = place;
    }
    if (oldest)
        forget(all, oldest);
    return oldest;
}

static void forget_expired(struct keys *all, int64_t now)
{
    struct key **place = &all->first;

    while (*place) {
        if ((*place)->status != 0 && now - (*place)->made >= KEY_LIFE)
            forget(all, place);
        else
            place = &(*place)->next;
    }
}

static int add(struct keys *all, const char *who, const char *text, uint64_t request, int64_t now,
               struct key **ret)
{
    struct key *k = calloc(1, sizeof(*k));

    if (!k)
        return -ENOMEM;
    k->text = strdup(text);
    k->who = strdup(who);
    if (!k->text || !k->who) {
        key_free(k);
        return -ENOMEM;
    }
    k->request = request;
    k->made = now;
    k->next = all->first;
    all->first = k;
    all->count++;
    *ret = k;
    return 0;
}

int key_find(struct keys *all, const char *who, const char *text, uint64_t request, int64_t now,
             struct key **ret, enum key_state *ret_state)
{
    forget_expired(all, now);
    for (struct key *k = all->first; k; k = k->next) {
        if (!str_eq(k->text, text) || !str_eq(k->who, who))
            continue;
        *ret = k;
        if (k->request != request)
            *ret_state = KEY_OTHER;
        else
            *ret_state = k->status != 0 ? KEY_ANSWERED : KEY_RUNS;
        return 0;
    }
    while (all->count >= KEYS && forget_oldest(all))
        ;
    *ret_state = KEY_NEW;
    return add(all, who, text, request, now, ret);
}

unsigned key_status(const struct key *k)
{
    return k->status;
}

const struct buf *key_body(const struct key *k)
{
    return &k->body;
}

void key_drop(struct keys *all, struct key *k)
{
    for (struct key **place = &all->first; *place; place = &(*place)->next) {
        if (*place == k) {
            forget(all, place);
            return;
        }
    }
}

void key_answer(struct keys *all, struct key *k, unsigned status, const struct buf *body)
{
    buf_add(&k->body, body->data, body->len);
    if (buf_ok(&k->body) < 0) {
        buf_done(&k->body);
        key_drop(all, k);
        return;
    }
    k->status = status;
    all->bytes += k->body.len;
    while (all->bytes > KEYS_BYTES && forget_oldest(all))
        ;
}
