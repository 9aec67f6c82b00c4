/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stream is cut into lines, of which those that begin with "data:" make up the event that the
 * next empty line ends. Fields of other names ("id", "event"), and comments, are passed over.
 */
#include "remote/event-stream.h"

#include <errno.h>

#include "base/str.h"

static int end_event(struct event_stream *s)
{
    bool whole = s->data.len > 0 && !s->overflow;
    int r = 0;

    if (whole)
        r = s->event(s->userdata, s->data.data, s->data.len);
    buf_done(&s->data);
    s->overflow = false;
    return r;
}

static void add_data(struct event_stream *s, const char *text)
{
    if (*text == ' ')
        text++;
    if (s->data.len + strlen(text) > EVENT_LIMIT) {
        s->overflow = true;
        return;
    }
    if (s->data.len > 0)
        buf_add_char(&s->data, '\n');
    buf_add_str(&s->data, text);
}

static int end_line(struct event_stream *s)
{
    size_t len = s->line.len;
    int r = 0;

    if (len > 0 && s->line.data[len - 1] == '\r')
        s->line.data[--len] = '\0';
    if (len == 0)
        r = end_event(s);
    else if (str_starts(s->line.data, "data:"))
        add_data(s, s->line.data + strlen("data:"));
    buf_done(&s->line);
    return r;
}

static void add_to_line(struct event_stream *s, const char *part, size_t len)
{
    if (s->line.len + len > EVENT_LIMIT)
        s->overflow = true;
    else
        buf_add(&s->line, part, len);
}

int event_stream_add(struct event_stream *s, const char *part, size_t len)
{
    const char *end = part + len;
    int r = 0;

    while (r == 0 && part < end) {
        const char *feed = memchr(part, '\n', (size_t)(end - part));

        add_to_line(s, part, (size_t)((feed ? feed : end) - part));
        if (buf_ok(&s->line) < 0 || buf_ok(&s->data) < 0)
            return -ENOMEM;
        if (!feed)
            break;
        r = end_line(s);
        part = feed + 1;
    }
    return r;
}

void event_stream_done(struct event_stream *s)
{
    buf_done(&s->line);
    buf_done(&s->data);
}
