/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GET /v1/events: the feed as server-sent events. A stream lasts until its peer leaves, or does not
 * take what it is sent (http.h). While there is one, a comment goes out now and then, so that
 * nobody in between takes the connection for dead, and a peer that is gone is found out.
 */
#include <errno.h>
#include <inttypes.h>

#include "daemon/api-handler.h"

#define HEARTBEAT_US UINT64_C(20000000)

struct stream {
    struct streams *all;
    struct stream *next;
    struct http_request *request;
    struct listener *listener;
};

struct streams {
    struct feed *feed;
    struct stream *first;
    struct source *heartbeat;
};

static void beat(void *userdata)
{
    static const char comment[] = ":\n\n";
    struct streams *all = userdata;
    struct stream *next;

    for (struct stream *s = all->first; s; s = next) {
        next = s->next;
        http_stream_send(s->request, comment, sizeof(comment) - 1);
    }
    if (all->first)
        loop_timer_set(all->heartbeat, HEARTBEAT_US);
}

int streams_new(struct api *a, struct streams **ret)
{
    struct streams *all = calloc(1, sizeof(*all));
    int r;

    if (!all)
        return -ENOMEM;
    all->feed = a->daemon->feed;
    r = loop_add_timer(a->daemon->loop, HEARTBEAT_US, beat, all, &all->heartbeat);
    if (r < 0) {
        free(all);
        return r;
    }
    loop_timer_stop(all->heartbeat);
    *ret = all;
    return 0;
}

/* Streams end with their server, which goes first. */
struct streams *streams_free(struct streams *all)
{
    if (all)
        source_free(all->heartbeat);
    free(all);
    return NULL;
}

static void stream_gone(void *userdata)
{
    struct stream *s = userdata;
    struct streams *all = s->all;

    for (struct stream **place = &all->first; *place; place = &(*place)->next) {
        if (*place == s) {
            *place = s->next;
            break;
        }
    }
    if (!all->first)
        loop_timer_stop(all->heartbeat);
    feed_unlisten(s->listener);
    free(s);
}

static void heard(void *userdata, uint64_t id, const char *json, size_t len)
{
    struct stream *s = userdata;
    _cleanup_buf_ struct buf text = BUF_INIT;

    buf_printf(&text, "id: %" PRIu64 "\ndata: ", id);
    buf_add(&text, json, len);
    buf_add_str(&text, "\n\n");
    if (buf_ok(&text) >= 0)
        http_stream_send(s->request, text.data, text.len);
}

/* The id of the last record that the peer has; without one he wants none of those before. */
static uint64_t last_of(const struct call *c)
{
    const char *text = http_header(c->request, "Last-Event-ID");
    uint64_t last;

    if (!text || str_to_u64(text, UINT64_MAX, &last) < 0)
        return UINT64_MAX;
    return last;
}

int handle_events(struct call *c, struct sriov_error *error)
{
    struct streams *all = c->api->streams;
    struct stream *s = calloc(1, sizeof(*s));
    uint64_t last = last_of(c);

    if (!s)
        return error_no_memory(error);
    *s = (struct stream){ .all = all, .next = all->first, .request = c->request };
    if (!all->first)
        loop_timer_set(all->heartbeat, HEARTBEAT_US);
    all->first = s;
    http_set_userdata(s->request, s, stream_gone);
    call_free(c);
    http_stream_begin(s->request, "text/event-stream");
    /* Proxies and browsers show an answer once its first bytes are there. */
    http_stream_send(s->request, ":\n\n", 3);
    if (feed_listen(all->feed, last, heard, s, &s->listener) < 0) {
        http_stream_end(s->request);
        stream_gone(s);
    }
    return 0;
}
