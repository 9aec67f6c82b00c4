/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The feed: a record becomes one JSON text, is written to the log, kept in a ring and handed to the
 * listeners.
 */
#include "daemon/feed.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "daemon/log.h"

#define FEED_LENGTH 512

struct kept {
    uint64_t id; /* 0: empty */
    char *json;
    size_t len;
};

struct listener {
    struct feed *feed;
    struct listener *next;
    feed_heard heard;
    void *userdata;
};

struct feed {
    struct kept ring[FEED_LENGTH];
    uint64_t last; /* id */
    uint64_t counts[RECORD_KIND_COUNT];
    struct listener *listeners;
};

static const char *const kind_names[RECORD_KIND_COUNT] = {
    [RECORD_CHANGE] = "change",           [RECORD_DRIFT] = "drift",
    [RECORD_REPAIR] = "repair",           [RECORD_FIGHT] = "fight",
    [RECORD_POLICY] = "policy",           [RECORD_APPLY] = "apply",
    [RECORD_TRANSACTION] = "transaction", [RECORD_LEASE] = "lease",
    [RECORD_KERNEL] = "kernel",           [RECORD_REFUSED] = "refused",
    [RECORD_DAEMON] = "daemon",
};

const char *record_kind_name(enum record_kind kind)
{
    return kind_names[kind];
}

int feed_new(struct feed **ret)
{
    struct feed *f = calloc(1, sizeof(*f));

    if (!f)
        return -ENOMEM;
    /* They go on over a restart, for listeners that come back. */
    f->last = (uint64_t)time(NULL) << 20;
    *ret = f;
    return 0;
}

struct feed *feed_free(struct feed *f)
{
    if (!f)
        return NULL;
    for (size_t i = 0; i < FEED_LENGTH; i++)
        free(f->ring[i].json);
    free(f);
    return NULL;
}

uint64_t feed_count(const struct feed *f, enum record_kind kind)
{
    return f->counts[kind];
}

/* ---- a record as text ---- */

#define TIME_SIZE 40

static void time_now(char ret[TIME_SIZE])
{
    struct timespec now;
    struct tm tm;
    char text[24];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(ret, TIME_SIZE, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

/* "id" tells a record from others, "kind" what it is, the rest what happened. */
static void write_json(const struct record *r, uint64_t id, const char *message, struct buf *ret)
{
    static const char *const levels[] = {
        [LEVEL_ERROR] = "error",
        [LEVEL_WARNING] = "warning",
        [LEVEL_NOTICE] = "notice",
        [LEVEL_INFO] = "info",
    };
    struct json_writer w = JSON_WRITER(ret);
    char now[TIME_SIZE];

    time_now(now);
    json_object(&w, NULL);
    json_u64(&w, "id", id);
    json_str(&w, "time", now);
    json_str(&w, "kind", record_kind_name(r->kind));
    json_str(&w, "level", levels[r->level]);
    if (r->difference) {
        difference_json(r->difference, &w);
        json_bool(&w, "drift", r->is_drift);
    } else {
        json_str(&w, "object", r->object);
    }
    json_str(&w, "message", message);
    json_str(&w, "who", r->who);
    json_end(&w);
}

static void keep(struct feed *f, uint64_t id, struct buf *text)
{
    struct kept *place = &f->ring[id % FEED_LENGTH];

    free(place->json);
    place->len = text->len;
    place->json = buf_steal(text);
    place->id = place->json ? id : 0;
}

void feed_tell(struct feed *f, const struct record *r)
{
    char made[DIFFERENCE_TEXT_SIZE] = "";
    _cleanup_buf_ struct buf text = BUF_INIT;
    const char *message = r->message;
    const struct kept *kept;
    struct listener *next;
    uint64_t id = ++f->last;

    f->counts[r->kind]++;
    if (!message && r->difference) {
        difference_text(r->difference, made);
        message = made;
    }
    write_json(r, id, message, &text);
    if (buf_ok(&text) < 0)
        return;
    keep(f, id, &text);
    kept = &f->ring[id % FEED_LENGTH];
    if (kept->id != id)
        return;
    log_record(r, message, kept->json);
    /* A listener may leave while it hears. */
    for (struct listener *l = f->listeners; l; l = next) {
        next = l->next;
        l->heard(l->userdata, id, kept->json, kept->len);
    }
}

/* ---- listeners ---- */

static void tell_again(struct feed *f, uint64_t last, struct listener *l)
{
    uint64_t first = f->last > FEED_LENGTH ? f->last - FEED_LENGTH + 1 : 1;

    if (last >= f->last)
        return;
    for (uint64_t id = MAX_OF(first, last + 1); id <= f->last; id++) {
        const struct kept *kept = &f->ring[id % FEED_LENGTH];
        if (kept->id == id)
            l->heard(l->userdata, id, kept->json, kept->len);
    }
}

int feed_listen(struct feed *f, uint64_t last, feed_heard heard, void *userdata,
                struct listener **ret)
{
    struct listener *l = calloc(1, sizeof(*l));

    if (!l)
        return -ENOMEM;
    *l = (struct listener){ f, f->listeners, heard, userdata };
    *ret = f->listeners = l;
    tell_again(f, last, l);
    return 0;
}

struct listener *feed_unlisten(struct listener *l)
{
    if (!l)
        return NULL;
    for (struct listener **place = &l->feed->listeners; *place; place = &(*place)->next) {
        if (*place == l) {
            *place = l->next;
            break;
        }
    }
    free(l);
    return NULL;
}
