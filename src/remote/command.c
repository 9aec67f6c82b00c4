/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * POST /v1/commands, and GET /v1/jobs/ID for a command that takes longer than the daemon lets a
 * request wait. What the command printed is passed on as it is: the daemon there is trusted with
 * our terminal as a host is that one logs in to.
 */
#include "remote/command.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "remote/answer.h"
#include "remote/words.h"

#define WAIT_SECONDS 30 /* of one look at a job */

struct command {
    struct app *app;
    struct server server;
    struct transfer *transfer;
    size_t out, err; /* bytes of a job's output that were printed */
};

int command_connect(struct app *a, struct server *server, struct transfer **ret)
{
    int r;

    r = server_find(&a->options, server, &a->error);
    if (r < 0)
        return r;
    if (server->insecure && !server->socket[0])
        app_note(a, "%s: its certificate is not checked; anybody on the way can read the token",
                 server->name);
    return transfer_open(server, ret, &a->error);
}

/* ---- the request ---- */

static int make_body(struct app *a, struct buf *ret)
{
    _cleanup_buf_ struct buf policy = BUF_INIT;
    _cleanup_strv_ struct strv words = STRV_INIT;
    struct json_writer w = JSON_WRITER(ret);
    int r;

    r = words_policy(a, &policy);
    if (r < 0)
        return r;
    if (words_make(a, &words) < 0)
        return error_no_memory(&a->error);
    json_object(&w, NULL);
    json_array(&w, "args");
    for (size_t i = 0; i < words.count; i++)
        json_str(&w, NULL, words.items[i]);
    json_end(&w);
    if (policy.data)
        json_str_len(&w, "policy", policy.data, policy.len);
    json_end(&w);
    return buf_ok(ret) < 0 ? error_no_memory(&a->error) : 0;
}

/* ---- the answer ---- */

static int print_new(int fd, const char *text, size_t *printed)
{
    size_t len = text ? strlen(text) : 0;
    int r = 0;

    if (len > *printed)
        r = file_write_all(fd, text + *printed, len - *printed);
    *printed = MAX_OF(len, *printed);
    return r;
}

static int print_output(struct command *c, const struct node *answer)
{
    int r;

    r = print_new(STDERR_FILENO, node_get_text(answer, "err"), &c->err);
    if (r >= 0)
        r = print_new(STDOUT_FILENO, node_get_text(answer, "out"), &c->out);
    return r < 0 ? error_set(&c->app->error, SRIOV_FAILED, -r, "", "cannot write the output") : 0;
}

static int take_number(struct command *c, const struct node *answer, const char *key, uint64_t *ret)
{
    const struct node *n = node_get(answer, key);

    if (n && node_to_u64(n, UINT32_MAX, ret) >= 0)
        return 0;
    error_set(&c->app->error, SRIOV_FAILED, 0, c->server.name, "its answer has no %s", key);
    error_remedy(&c->app->error, "see whether it is sriovd that listens there");
    return -EINVAL;
}

/* 1: the command has ended, and its status is ours; 0: it runs. */
static int take_end(struct command *c, const struct node *answer)
{
    const struct node *running = node_get(answer, "running");
    uint64_t status;
    bool runs;
    int r;

    r = print_output(c, answer);
    if (r < 0)
        return r;
    if (running && node_to_bool(running, &runs) >= 0 && runs)
        return 0;
    r = take_number(c, answer, "status", &status);
    if (r >= 0)
        c->app->status = (int)MIN_OF(status, 255u);
    return r < 0 ? r : 1;
}

static int ask(struct command *c, const struct transfer_request *q, unsigned *ret_status,
               struct node **ret)
{
    _cleanup_buf_ struct buf body = BUF_INIT;
    int r;

    r = transfer_run(c->transfer, q, ret_status, &body, &c->app->error);
    if (r < 0)
        return r;
    if (*ret_status != 200 && *ret_status != 202)
        return answer_error(c->server.name, *ret_status, &body, &c->app->error);
    return answer_read(c->server.name, &body, ret, &c->app->error);
}

static int follow(struct command *c, uint64_t job)
{
    char path[80];
    const struct transfer_request request = { .path = path };
    int r = 0;

    snprintf(path, sizeof(path), "/v1/jobs/%llu?wait=%d", (unsigned long long)job, WAIT_SECONDS);
    while (r == 0) {
        _cleanup_node_ struct node *answer = NULL;
        unsigned status;

        r = ask(c, &request, &status, &answer);
        if (r >= 0)
            r = take_end(c, answer);
    }
    return r;
}

static int run(struct command *c, const struct buf *body)
{
    const struct transfer_request request = {
        .path = "/v1/commands",
        .body = body->data,
        .body_len = body->len,
    };
    _cleanup_node_ struct node *answer = NULL;
    unsigned status;
    uint64_t job;
    int r;

    r = ask(c, &request, &status, &answer);
    if (r == -ECONNRESET && (c->app->verb->flags & (VERB_WRITES | VERB_LENDS)))
        error_remedy(&c->app->error, "it may have been done all the same: see sriovctl history");
    if (r < 0)
        return r;
    if (status == 200)
        return take_end(c, answer);
    r = take_number(c, answer, "job", &job);
    return r < 0 ? r : follow(c, job);
}

int command_run(struct app *a)
{
    _cleanup_buf_ struct buf body = BUF_INIT;
    struct command c = { .app = a };
    int r;

    r = make_body(a, &body);
    if (r >= 0)
        r = command_connect(a, &c.server, &c.transfer);
    if (r >= 0)
        r = run(&c, &body);
    transfer_close(c.transfer);
    return r;
}
