/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Answers: their status, their headers, and the record of those that turn somebody away.
 */
#include <errno.h>
#include <stdio.h>

#include "core/error-json.h"
#include "daemon/api-call.h"

#define HEADERS_MAX 24

unsigned status_of_error(int r, enum sriov_code code)
{
    static const unsigned statuses[] = {
        [SRIOV_DONE] = 500,          [SRIOV_FAILED] = 500,          [SRIOV_USAGE] = 400,
        [SRIOV_IN_USE] = 409,        [SRIOV_UNSUPPORTED] = 422,     [SRIOV_NO_DEVICE] = 404,
        [SRIOV_NOT_PERMITTED] = 403, [SRIOV_NOT_ROLLED_BACK] = 500,
    };

    if (r == -ENOENT)
        return 404;
    if (r == -EAGAIN)
        return 503;
    return statuses[code];
}

void refusal_json(enum sriov_code code, const char *object, const char *message, const char *remedy,
                  struct buf *ret)
{
    struct json_writer w = JSON_WRITER(ret);
    struct sriov_error e = { 0 };

    error_set(&e, code, 0, object, "%s", message);
    if (remedy)
        error_remedy(&e, "%s", remedy);
    error_json(&e, NULL, &w);
    buf_add_char(ret, '\n');
}

void refusal_tell(struct daemon *d, const char *who, const char *method, const char *path,
                  const char *object, const char *message, unsigned status)
{
    char text[600];

    snprintf(text, sizeof(text), "%s %.200s: %u, %s", method, path, status, message);
    feed_tell(d->feed, &(struct record){
                           .kind = RECORD_REFUSED,
                           .level = status == 401 || status == 403 ? LEVEL_WARNING : LEVEL_NOTICE,
                           .object = object && *object ? object : NULL,
                           .message = text,
                           .who = who,
                       });
}

/* ---- sending ---- */

/* Nothing of the API is for caches, for other pages' frames, or to be guessed a type for. */
static const char *const common_headers[] = {
    "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff", NULL,
};

static bool has_header(const char *const *headers, const char *name)
{
    for (; headers && *headers; headers += 2) {
        if (str_eq(*headers, name))
            return true;
    }
    return false;
}

static void add_headers(const char *const *from, const char *headers[HEADERS_MAX + 1])
{
    size_t n = 0;

    while (headers[n])
        n++;
    for (; from && *from && n + 2 <= HEADERS_MAX; from += 2) {
        if (has_header(headers, from[0]))
            continue;
        headers[n++] = from[0];
        headers[n++] = from[1];
    }
    headers[n] = NULL;
}

void call_answer(struct call *c, const struct http_answer *answer)
{
    const char *headers[HEADERS_MAX + 1] = { NULL };
    struct http_answer full = *answer;

    add_headers(answer->headers, headers);
    add_headers(common_headers, headers);
    full.headers = headers;
    http_set_userdata(c->request, NULL, NULL);
    http_respond(c->request, &full);
    call_free(c); /* not before: the answer may have something of the call in it */
}

void call_answer_json(struct call *c, const struct buf *json)
{
    if (buf_ok(json) < 0) {
        struct sriov_error error;

        call_answer_error(c, error_no_memory(&error), &error);
        return;
    }
    call_answer(c, &(struct http_answer){
                       .status = c->at.route->flags & ROUTE_CREATES ? 201 : 200,
                       .type = "application/json",
                       .body = json->data,
                       .len = json->len,
                   });
}

/* ---- errors ---- */

static bool is_refusal(unsigned status)
{
    return status < 500 || status == 503;
}

static void send_error(struct call *c, unsigned status, const struct sriov_error *error,
                       const char *const *headers)
{
    _cleanup_buf_ struct buf body = BUF_INIT;
    struct json_writer w = JSON_WRITER(&body);
    char message[512];

    error_json(error, NULL, &w);
    buf_add_char(&body, '\n');
    if (is_refusal(status)) {
        snprintf(message, sizeof(message), "%s%s%s", error->object, *error->object ? ": " : "",
                 error->message);
        refusal_tell(c->api->daemon, c->who, http_method(c->request), http_path(c->request), NULL,
                     message, status);
    }
    call_answer(c, &(struct http_answer){
                       .status = status,
                       .type = "application/json",
                       .body = body.data,
                       .len = body.len,
                       .headers = headers,
                   });
}

void call_answer_error(struct call *c, int r, const struct sriov_error *error)
{
    static const char *const retry[] = { "Retry-After", "2", NULL };
    unsigned status = status_of_error(r, error->code);

    send_error(c, status, error, status == 503 ? retry : NULL);
}

static enum sriov_code code_of_status(unsigned status)
{
    if (status == 401 || status == 403)
        return SRIOV_NOT_PERMITTED;
    return status < 500 ? SRIOV_USAGE : SRIOV_FAILED;
}

void call_refuse(struct call *c, unsigned status, const char *message, const char *remedy)
{
    struct sriov_error error = { 0 };
    const char *headers[3] = { NULL };

    error_set(&error, code_of_status(status), 0, http_path(c->request), "%s", message);
    if (remedy)
        error_remedy(&error, "%s", remedy);
    if (status == 401) {
        headers[0] = "WWW-Authenticate";
        headers[1] = "Bearer";
    } else if (status == 405) {
        headers[0] = "Allow";
        headers[1] = c->at.methods;
    }
    send_error(c, status, &error, headers);
}
