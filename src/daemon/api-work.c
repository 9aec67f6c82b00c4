/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Jobs of the API, and the calls that wait for them. A job belongs to nobody: it goes on when its
 * peer leaves, and what it printed is kept for a while for who asks by its id. Equal jobs of routes
 * that change nothing are run once for all who ask meanwhile, and half of the places are kept for
 * those who change something.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "daemon/api-handler.h"
#include "daemon/api-work.h"

#define KEPT 64                    /* that ended */
#define KEPT_BYTES (4u << 20)      /* that they printed; the last one is kept whatever it takes */
#define READERS (JOBS_AT_ONCE / 2) /* jobs that change nothing, at once */
#define WAIT_DEFAULT 30            /* seconds */
#define US_PER_S UINT64_C(1000000)

/* ---- commands ---- */

void command_done(struct command *c)
{
    strv_done(&c->options);
    strv_done(&c->words);
}

static void add_text(struct command *c, struct strv *list, const char *text)
{
    int r = strv_add(list, text);

    if (r < 0)
        c->r = r;
}

void command_option(struct command *c, const char *option)
{
    add_text(c, &c->options, option);
}

void command_value(struct command *c, const char *option, const char *value)
{
    add_text(c, &c->options, option);
    add_text(c, &c->options, value);
}

void command_word(struct command *c, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list args;
    int n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0) {
        text = NULL;
        c->r = -ENOMEM;
        return;
    }
    add_text(c, &c->words, text);
}

/* VERB OPTIONS -- WORDS. */
static const char **make_args(const struct command *c)
{
    const char **args = calloc(c->options.count + c->words.count + 4, sizeof(*args));
    size_t n = 0;

    if (!args)
        return NULL;
    args[n++] = c->verb;
    if (!c->is_text)
        args[n++] = "--json";
    for (size_t i = 0; i < c->options.count; i++)
        args[n++] = c->options.items[i];
    args[n++] = "--";
    for (size_t i = 0; i < c->words.count; i++)
        args[n++] = c->words.items[i];
    return args;
}

/* As a person would type it. */
static void name_command(const struct command *c, char *ret, size_t size)
{
    size_t n = (size_t)snprintf(ret, size, "sriovctl %s", c->verb);

    for (size_t i = 0; i < c->words.count && n < size; i++)
        n += (size_t)snprintf(ret + n, size - n, " %s", c->words.items[i]);
    for (size_t i = 0; i < c->options.count && n < size; i++)
        n += (size_t)snprintf(ret + n, size - n, " %s", c->options.items[i]);
}

/* ---- life ---- */

static struct work *work_free(struct work *w)
{
    buf_done(&w->out);
    buf_done(&w->err);
    free(w);
    return NULL;
}

int works_new(struct api *a, struct works **ret)
{
    struct works *w = calloc(1, sizeof(*w));

    if (!w)
        return -ENOMEM;
    *ret = w;
    return 0;
}

struct works *works_free(struct works *all)
{
    struct work *w;

    while (all && (w = all->first)) {
        all->first = w->next;
        if (w->running)
            job_forget(w->api->daemon->jobs, w->id);
        work_free(w);
    }
    free(all);
    return NULL;
}

/* Of those that ended the newest stay. */
static void trim(struct works *all)
{
    struct work **place = &all->first;
    size_t count = 0, bytes = 0;

    while (*place) {
        struct work *w = *place;

        if (!w->running) {
            count++;
            bytes += w->out.len + w->err.len;
        }
        if (!w->running && count > 1 && (count > KEPT || bytes > KEPT_BYTES)) {
            *place = w->next;
            work_free(w);
        } else {
            place = &w->next;
        }
    }
}

struct work *work_find(struct works *all, uint64_t id)
{
    for (struct work *w = all->first; w; w = w->next) {
        if (w->id == id)
            return w;
    }
    return NULL;
}

/* ---- waiting ---- */

void work_leave(struct call *c)
{
    for (struct call **place = c->work ? &c->work->calls : NULL; place && *place;
         place = &(*place)->next) {
        if (*place == c) {
            *place = c->next;
            break;
        }
    }
    c->work = NULL;
    c->patience = source_free(c->patience);
}

static void answer_later(struct call *c)
{
    struct work *w = c->work;
    _cleanup_buf_ struct buf body = BUF_INIT;
    struct json_writer j = JSON_WRITER(&body);
    char location[40];

    json_object(&j, NULL);
    json_u64(&j, "job", w->id);
    json_end(&j);
    buf_add_char(&body, '\n');
    if (w->key)
        key_answer(c->api->keys, TAKE_PTR(w->key), 202, &body);
    snprintf(location, sizeof(location), "/v1/jobs/%" PRIu64, w->id);
    work_leave(c);
    call_answer(c, &(struct http_answer){
                       .status = 202,
                       .type = "application/json",
                       .body = body.data,
                       .len = body.len,
                       .headers = (const char *const[]){ "Location", location, NULL },
                   });
}

static void out_of_patience(void *userdata)
{
    struct call *c = userdata;
    _cleanup_buf_ struct buf body = BUF_INIT;

    if (c->at.route->run != handle_job) {
        answer_later(c);
        return;
    }
    work_put(c->work, &body);
    work_leave(c);
    call_answer_json(c, &body);
}

int work_wait(struct call *c, struct work *w, uint64_t seconds, struct sriov_error *error)
{
    int r = loop_add_timer(c->api->daemon->loop, seconds * US_PER_S, out_of_patience, c,
                           &c->patience);

    if (r < 0)
        return error_set(error, SRIOV_FAILED, -r, "", "cannot wait");
    c->work = w;
    c->next = w->calls;
    w->calls = c;
    return 0;
}

static void answer_all(struct work *w)
{
    _cleanup_buf_ struct buf body = BUF_INIT, job = BUF_INIT;
    unsigned status = work_answer(w, &body);
    struct call *c;

    if (w->key)
        key_answer(w->api->keys, TAKE_PTR(w->key), status, &body);
    work_put(w, &job);
    while ((c = w->calls)) {
        bool of_job = c->at.route->run == handle_job;
        const struct buf *b = of_job ? &job : &body;

        work_leave(c);
        call_answer(c, &(struct http_answer){ .status = of_job ? 200 : status,
                                              .type = "application/json",
                                              .body = b->data,
                                              .len = b->len });
    }
}

/* Who asks from now on wants to see it. */
static void age(struct works *all)
{
    for (struct work *w = all->first; w; w = w->next)
        w->is_old = true;
}

static void ended(void *userdata, const struct job *job)
{
    struct work *w = userdata;
    struct works *all = w->api->works;

    w->running = false;
    w->status = job->status;
    w->ended = time(NULL);
    buf_add(&w->out, job->out.data, job->out.len);
    buf_add(&w->err, job->err.data, job->err.len);
    if (buf_ok(&w->out) < 0) {
        buf_done(&w->out); /* half an answer is none */
        w->status = SRIOV_FAILED;
    }
    /* Before the answer: who asks again at once sees what was done. */
    if (w->changes) {
        state_changed(w->api->daemon->state);
        age(all);
    }
    work_tell(w);
    answer_all(w);
    trim(all);
}

/* ---- starting ---- */

static struct work *find_equal(const struct call *c, const struct command *command)
{
    char name[sizeof(((struct work *)0)->command)];

    name_command(command, name, sizeof(name));
    for (struct work *w = c->api->works->first; w; w = w->next) {
        if (w->running && !w->changes && !w->is_old && w->route == c->at.route &&
            strlen(name) + 1 < sizeof(name) && str_eq(w->command, name))
            return w;
    }
    return NULL;
}

static struct work *work_new(const struct call *c, const struct command *command)
{
    struct work *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->api = c->api;
    w->route = c->at.route;
    w->role = command->role != ROLE_NONE ? command->role : c->at.route->role;
    w->is_text = command->is_text;
    w->changes = command->changes;
    w->running = true;
    w->started = time(NULL);
    STR_SET(w->who, c->who);
    name_command(command, w->command, sizeof(w->command));
    return w;
}

static bool readers_are_full(const struct works *all)
{
    size_t count = 0;

    for (const struct work *w = all->first; w; w = w->next)
        count += w->running && !w->changes;
    return count >= READERS;
}

static int start(const struct call *c, const struct command *command, struct work *w,
                 struct sriov_error *error)
{
    _cleanup_free_ const char **args = make_args(command);
    const struct job_request q = {
        .args = args,
        .input = command->input,
        .input_len = command->input_len,
        .who = w->who,
        .done = ended,
        .userdata = w,
    };
    int r;

    if (!args)
        r = -ENOMEM;
    else if (!w->changes && readers_are_full(c->api->works))
        r = -EAGAIN;
    else
        r = job_start(c->api->daemon->jobs, &q, &w->id);
    if (r == -EAGAIN) {
        error_set(error, SRIOV_FAILED, 0, "", "too many jobs run");
        error_remedy(error, "try again in some seconds; /v1/jobs shows them");
    } else if (r < 0) {
        error_set(error, SRIOV_FAILED, -r, "sriovctl", "cannot be run");
    }
    return r;
}

/* Policies and texts of commands are one reader's own. */
static bool may_share(const struct call *c, const struct command *command)
{
    return !command->changes && !command->input && !(c->at.route->flags & ROUTE_WRITES);
}

static int find_or_start(struct call *c, const struct command *command, struct work **ret,
                         struct sriov_error *error)
{
    struct work *w = may_share(c, command) ? find_equal(c, command) : NULL;
    int r;

    if (!w) {
        w = work_new(c, command);
        if (!w)
            return error_no_memory(error);
        r = start(c, command, w, error);
        if (r < 0) {
            work_free(w);
            return r;
        }
        w->key = TAKE_PTR(c->key);
        w->next = c->api->works->first;
        c->api->works->first = w;
    }
    *ret = w;
    return 0;
}

int call_run(struct call *c, const struct command *command, struct sriov_error *error)
{
    uint64_t seconds = MIN_OF(call_number(c, "wait", WAIT_DEFAULT), (uint64_t)WORK_WAIT_MAX);
    struct work *w;
    int r;

    if (command->r < 0)
        return error_no_memory(error);
    r = find_or_start(c, command, &w, error);
    return r < 0 ? r : work_wait(c, w, seconds, error);
}
