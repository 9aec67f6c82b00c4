/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changes as a daemon tells them, printed as `sriovctl watch` prints its own. Drift is what leaves
 * the policy of the daemon.
 */
#include "remote/watch.h"

#include <errno.h>
#include <stdio.h>

#include "base/json-read.h"
#include "cli/watch-line.h"
#include "remote/answer.h"
#include "remote/command.h"
#include "remote/event-stream.h"

struct watch {
    struct app *app;
    char only[OBJECT_SIZE];
    uint64_t told;
    int r; /* why the stream was ended */
};

/* ---- one record ---- */

/* "enp1s0/3" is of "enp1s0". */
static bool is_of(const char *object, const char *pf)
{
    size_t len = strlen(pf);

    return len == 0 ||
           (strncmp(object, pf, len) == 0 && (object[len] == '\0' || object[len] == '/'));
}

/* The value as it came: a word, a number or a text. */
static void copy_value(struct json_writer *w, const struct node *record, const char *key)
{
    const struct node *n = node_get(record, key);
    uint64_t number;
    bool yes;

    if (!n || n->kind != NODE_SCALAR)
        json_null(w, key);
    else if (n->quoted)
        json_str_len(w, key, n->text, n->text_len);
    else if (node_to_u64(n, UINT64_MAX, &number) >= 0)
        json_u64(w, key, number);
    else if (node_to_bool(n, &yes) >= 0)
        json_bool(w, key, yes);
    else
        json_null(w, key);
}

static void add_json(struct buf *out, const struct node *record)
{
    static const char *const keys[] = { "time", "object", "what", "from", "to", "drift" };
    struct json_writer w = JSON_WRITER(out);

    json_object(&w, NULL);
    for (size_t i = 0; i < ELEMENTS(keys); i++)
        copy_value(&w, record, keys[i]);
    json_end(&w);
    buf_add_char(out, '\n');
}

/* "2026-08-19T12:00:05.123Z"; the time of now if it is something else. */
static struct timespec time_of(const char *text)
{
    struct timespec when;
    struct tm tm = { 0 };
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    unsigned ms = 0;

    clock_gettime(CLOCK_REALTIME, &when);
    if (!rest || sscanf(rest, ".%3uZ", &ms) != 1)
        return when;
    return (struct timespec){ .tv_sec = timegm(&tm), .tv_nsec = ms * 1000000L };
}

static void add_text(struct buf *out, const struct node *record, const char *object)
{
    const struct timespec when = time_of(node_get_text(record, "time"));
    const char *message = node_get_text(record, "message");
    const struct node *drift = node_get(record, "drift");
    bool drifts = false;

    if (drift)
        node_to_bool(drift, &drifts);
    watch_line(out, &when, object, message ? message : "", drifts);
}

int watch_record(struct app *a, const char *only, const char *json, size_t len)
{
    static const struct node_limits limits = { .bytes = EVENT_LIMIT, .nodes = 1000, .depth = 8 };
    _cleanup_node_ struct node *record = NULL;
    const char *kind, *object;
    int r;

    r = json_read(json, len, &limits, &record, NULL);
    if (r == -ENOMEM)
        return r;
    kind = r < 0 ? NULL : node_get_text(record, "kind");
    object = r < 0 ? NULL : node_get_text(record, "object");
    if (!kind || !object || !str_eq(kind, "change") || !is_of(object, only))
        return 0;
    if (a->options.json)
        add_json(&a->out, record);
    else
        add_text(&a->out, record, object);
    return 1;
}

/* ---- the stream ---- */

static int on_event(void *userdata, const char *data, size_t len)
{
    struct watch *w = userdata;
    int r = watch_record(w->app, w->only, data, len);

    if (r == -ENOMEM)
        error_no_memory(&w->app->error);
    if (r <= 0)
        return w->r = r;
    w->told++;
    w->r = app_flush(w->app);
    if (w->r >= 0 && w->app->options.count > 0 && w->told >= w->app->options.count)
        return 1;
    return w->r;
}

static int on_part(void *userdata, const char *data, size_t len)
{
    return event_stream_add(userdata, data, len);
}

static int hear(struct watch *w, const struct server *server, struct transfer *t)
{
    struct event_stream stream = { .event = on_event, .userdata = w };
    const struct transfer_request request = {
        .path = "/v1/events",
        .part = on_part,
        .userdata = &stream,
    };
    struct app *a = w->app;
    _cleanup_buf_ struct buf body = BUF_INIT;
    unsigned status = 0;
    int r;

    if (a->terminal)
        app_note(a, "watching %s, Ctrl-C ends it", server->name);
    r = transfer_run(t, &request, &status, &body, &a->error);
    event_stream_done(&stream);
    if (r == -ECONNRESET)
        error_remedy(&a->error, "the log there says why: journalctl -u sriovd");
    if (r < 0 || w->r < 0)
        return r < 0 ? r : w->r;
    if (status != 200)
        return answer_error(server->name, status, &body, &a->error);
    if (a->options.count > 0 && w->told >= a->options.count)
        return 0;
    error_set(&a->error, SRIOV_FAILED, 0, server->name, "the daemon ended the connection");
    error_remedy(&a->error, "the log there says why: journalctl -u sriovd");
    return -EPIPE;
}

/* ---- which PF ---- */

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("-._~:", c));
}

static void add_escaped(struct buf *path, const char *word)
{
    for (; *word; word++) {
        if (is_unreserved(*word))
            buf_add_char(path, *word);
        else
            buf_printf(path, "%%%02X", (unsigned char)*word);
    }
}

/* Records have the PF's name, people may have given its address. */
static int take_label(struct watch *w, const struct server *server, const struct node *answer)
{
    const struct node *pfs = node_get(answer, "pfs");
    const char *label = NULL;

    if (pfs && pfs->count == 1) {
        label = node_get_text(&pfs->items[0], "name");
        label = label ? label : node_get_text(&pfs->items[0], "pci");
    }
    if (label && STR_SET(w->only, label))
        return 0;
    return error_set(&w->app->error, SRIOV_FAILED, 0, server->name, "does not say which PF %s is",
                     w->app->args[0]);
}

static int find_only(struct watch *w, const struct server *server, struct transfer *t)
{
    _cleanup_buf_ struct buf path = BUF_INIT, body = BUF_INIT;
    _cleanup_node_ struct node *answer = NULL;
    struct app *a = w->app;
    unsigned status = 0;
    int r;

    if (a->n_args == 0)
        return 0;
    buf_add_str(&path, "/v1/pfs/");
    add_escaped(&path, a->args[0]);
    if (buf_ok(&path) < 0)
        return error_no_memory(&a->error);
    r = transfer_run(t, &(struct transfer_request){ .path = path.data }, &status, &body, &a->error);
    if (r >= 0 && status != 200)
        r = answer_error(server->name, status, &body, &a->error);
    if (r >= 0)
        r = answer_read(server->name, &body, &answer, &a->error);
    return r < 0 ? r : take_label(w, server, answer);
}

int watch_run(struct app *a)
{
    _cleanup_(transfer_close_p) struct transfer *t = NULL;
    struct watch w = { .app = a };
    struct server server;
    int r;

    r = command_connect(a, &server, &t);
    if (r >= 0)
        r = find_only(&w, &server, t);
    return r < 0 ? r : hear(&w, &server, t);
}
