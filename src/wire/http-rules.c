/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which requests are let in: one row for each reason to refuse, tried in this order. Those whose
 * length is not certain end the connection, or a part of their body could pass for a request.
 */
#include "base/str.h"
#include "wire/http-check.h"
#include "wire/http-internal.h"

const struct refusal refusal_too_large = { 413, false, "the body is too large", NULL };
const struct refusal refusal_no_room = { 503, false, "too much of this peer is in memory",
                                         "take the answers, then try again" };

static bool has_two_lengths(const struct http_request *r)
{
    return http_header(r, "Transfer-Encoding") && http_header(r, "Content-Length");
}

static bool has_odd_encoding(const struct http_request *r)
{
    const char *encoding = http_header(r, "Transfer-Encoding");
    return encoding && strcasecmp(encoding, "chunked") != 0;
}

static bool repeats_headers(const struct http_request *r)
{
    static const char *const once[] = { "Host",           "Origin",        "Transfer-Encoding",
                                        "Content-Length", "Authorization", "Content-Type" };
    for (size_t i = 0; i < ELEMENTS(once); i++) {
        if (request_count_headers(r, once[i]) > 1)
            return true;
    }
    return false;
}

static bool has_large_headers(const struct http_request *r)
{
    return request_headers_size(r) > HEADERS;
}

/* HTTP/1.0 knows no Host. */
static bool has_bad_host(const struct http_request *r)
{
    const char *host = http_header(r, "Host");
    return host ? !http_host_is_good(host) : !r->is_old;
}

static bool has_bad_path(const struct http_request *r)
{
    return r->connection->has_bad_escapes || !http_path_is_good(r->path);
}

static bool asks_too_often(const struct http_request *r)
{
    const struct connection *c = r->connection;
    return !party_may_ask(&c->server->parties, c->party, http_now());
}

uint64_t request_said_length(const struct http_request *r)
{
    const char *text = http_header(r, "Content-Length");
    uint64_t length;
    return text && http_length_read(text, &length) ? length : 0;
}

static bool says_too_large(const struct http_request *r)
{
    return request_said_length(r) > r->connection->server->o.limits.body;
}

static bool has_no_room(const struct http_request *r)
{
    return !request_has_room(r);
}

#define REFUSAL(...) (&(const struct refusal){ __VA_ARGS__ })

static const struct {
    bool (*fails)(const struct http_request *r);
    const struct refusal *refusal;
} rules[] = {
    { has_two_lengths, REFUSAL(400, true, "both Content-Length and Transfer-Encoding", NULL) },
    { has_odd_encoding, REFUSAL(400, true, "a Transfer-Encoding other than chunked", NULL) },
    { repeats_headers, REFUSAL(400, true, "a header that may stand once stands twice", NULL) },
    { has_large_headers, REFUSAL(431, true, "the headers are too large", NULL) },
    { asks_too_often, REFUSAL(429, false, "too many requests", "wait a second, then try again") },
    { has_bad_host, REFUSAL(400, false, "the Host header is missing or malformed", NULL) },
    { has_bad_path, REFUSAL(400, false, "the path or the query is malformed", NULL) },
    { says_too_large, &refusal_too_large },
    { has_no_room, &refusal_no_room },
};

const struct refusal *request_examine(const struct http_request *r)
{
    for (size_t i = 0; i < ELEMENTS(rules); i++) {
        if (rules[i].fails(r))
            return rules[i].refusal;
    }
    return NULL;
}
