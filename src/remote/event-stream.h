/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Server-sent events (WHATWG HTML, "text/event-stream"): the data of each, out of a stream that
 * arrives in parts of any size.
 */
#ifndef REMOTE_EVENT_STREAM_H
#define REMOTE_EVENT_STREAM_H

#include "base/buf.h"

#define EVENT_LIMIT (1u << 20) /* bytes of one line, and of one event's data */

struct event_stream {
    struct buf line; /* what has come of one that is not whole */
    struct buf data; /* of the event that is not whole */
    bool overflow;   /* this event is too long, and is passed over */
    /* Called for each event that has data. Other than 0 ends the reading. */
    int (*event)(void *userdata, const char *data, size_t len);
    void *userdata;
};

/* Returns what `event` returned, or -ENOMEM. */
int event_stream_add(struct event_stream *s, const char *part, size_t len);
void event_stream_done(struct event_stream *s);

#endif
