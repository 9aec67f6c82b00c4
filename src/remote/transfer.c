/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Requests by libcurl, and its failures in our words: a table of what it says, what that means here
 * and what to do.
 */
#include "remote/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define CONNECT_SECONDS 10L
#define ANSWER_SECONDS 90L /* the daemon answers a request within 30, and asks to come again */
#define SILENT_SECONDS 60L /* a stream of events has a comment every 20 */

struct transfer {
    const struct server *server;
    CURL *curl;
    struct curl_slist *headers;
    char words[CURL_ERROR_SIZE]; /* of libcurl, about the last failure */
};

/* What one answer is made into. */
struct answer {
    struct transfer *transfer;
    const struct transfer_request *request;
    struct buf *body;
    bool ended; /* `part` had enough */
    bool too_large;
};

/* ---- opening ---- */

static size_t take_part(char *data, size_t size, size_t count, void *userdata);

static int set_up(struct transfer *t)
{
    const struct server *s = t->server;
    CURLcode c = CURLE_OK;

    c |= curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->words);
    c |= curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    c |= curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    c |= curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
    c |= curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
    c |= curl_easy_setopt(t->curl, CURLOPT_USERAGENT, "sriovctl");
    c |= curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, take_part);
    if (s->socket[0]) {
        c |= curl_easy_setopt(t->curl, CURLOPT_UNIX_SOCKET_PATH, s->socket);
        c |= curl_easy_setopt(t->curl, CURLOPT_PROXY, "");
    }
    if (s->token[0]) {
        c |= curl_easy_setopt(t->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        c |= curl_easy_setopt(t->curl, CURLOPT_XOAUTH2_BEARER, s->token);
    }
    if (s->ca)
        c |= curl_easy_setopt(t->curl, CURLOPT_CAINFO, s->ca);
    if (s->insecure) {
        c |= curl_easy_setopt(t->curl, CURLOPT_SSL_VERIFYPEER, 0L);
        c |= curl_easy_setopt(t->curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return c == CURLE_OK ? 0 : -ENOTSUP;
}

int transfer_open(const struct server *server, struct transfer **ret, struct sriov_error *error)
{
    _cleanup_(transfer_close_p) struct transfer *t = calloc(1, sizeof(*t));

    if (!t)
        return error_no_memory(error);
    t->server = server;
    t->curl = curl_easy_init();
    t->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!t->curl || !t->headers)
        return error_no_memory(error);
    if (set_up(t) < 0)
        return error_set(error, SRIOV_FAILED, ENOTSUP, "libcurl", "is too old, or lacks TLS");
    *ret = TAKE_PTR(t);
    return 0;
}

struct transfer *transfer_close(struct transfer *t)
{
    if (!t)
        return NULL;
    curl_easy_cleanup(t->curl);
    curl_slist_free_all(t->headers);
    free(t);
    return NULL;
}

/* ---- failures ---- */

/* The first row that fits is taken. */
static const struct failure {
    CURLcode curl;
    int system; /* errno of connect(); 0: any */
    enum sriov_code code;
    const char *message;
    const char *remedy; /* NULL: none */
    bool begun;         /* the daemon may have heard the request */
} failures[] = {
    { CURLE_COULDNT_CONNECT, ENOENT, SRIOV_FAILED, "there is no such socket",
      "see whether sriovd runs: systemctl status sriovd" },
    { CURLE_COULDNT_CONNECT, ECONNREFUSED, SRIOV_FAILED, "no daemon listens there",
      "see whether sriovd runs there (systemctl status sriovd), and what `listen` in its sriovd.conf says" },
    { CURLE_COULDNT_CONNECT, EACCES, SRIOV_NOT_PERMITTED, "you may not use that socket", NULL },
    { CURLE_COULDNT_CONNECT, 0, SRIOV_FAILED, "cannot be reached",
      "see whether the host is up and its port is not filtered" },
    { CURLE_COULDNT_RESOLVE_HOST, 0, SRIOV_FAILED, "there is no host of that name", NULL },
    { CURLE_OPERATION_TIMEDOUT, 0, SRIOV_FAILED, "does not answer",
      "see whether the host is up and its port is not filtered" },
    { CURLE_PEER_FAILED_VERIFICATION, 0, SRIOV_FAILED, "its certificate is not to be trusted",
      "name the authority that signed it with --ca FILE" },
    { CURLE_SSL_CACERT_BADFILE, 0, SRIOV_USAGE, "the file of --ca cannot be used",
      "it has certificates as PEM text" },
    { CURLE_SSL_CONNECT_ERROR, 0, SRIOV_FAILED, "does not speak TLS with us",
      "see whether sriovd listens on that port" },
    { CURLE_GOT_NOTHING, 0, SRIOV_FAILED, "the connection broke", .begun = true },
    { CURLE_RECV_ERROR, 0, SRIOV_FAILED, "the connection broke", .begun = true },
    { CURLE_SEND_ERROR, 0, SRIOV_FAILED, "the connection broke", .begun = true },
    { CURLE_PARTIAL_FILE, 0, SRIOV_FAILED, "the connection broke", .begun = true },
    { CURLE_UNSUPPORTED_PROTOCOL, 0, SRIOV_FAILED, "does not speak HTTP", NULL },
    { CURLE_WEIRD_SERVER_REPLY, 0, SRIOV_FAILED, "does not speak HTTP", NULL },
};

static int fail(struct transfer *t, CURLcode c, struct sriov_error *error)
{
    const char *words = t->words[0] ? t->words : curl_easy_strerror(c);
    long system = 0;

    if (c == CURLE_OUT_OF_MEMORY)
        return error_no_memory(error);
    /* The system has no list at all: to us that is a certificate that nobody vouches for. */
    if (c == CURLE_SSL_CACERT_BADFILE && !t->server->ca)
        c = CURLE_PEER_FAILED_VERIFICATION;
    curl_easy_getinfo(t->curl, CURLINFO_OS_ERRNO, &system);
    if (c == CURLE_COULDNT_CONNECT && system != 0)
        words = strerrordesc_np((int)system);
    for (size_t i = 0; i < ELEMENTS(failures); i++) {
        const struct failure *f = &failures[i];

        if (f->curl != c || (f->system != 0 && f->system != system))
            continue;
        error_set(error, f->code, EIO, t->server->name, "%s", f->message);
        error_kernel(error, words);
        if (f->remedy)
            error_remedy(error, "%s", f->remedy);
        return f->begun ? -ECONNRESET : -EIO;
    }
    error_set(error, SRIOV_FAILED, EIO, t->server->name, "cannot be asked");
    error_kernel(error, words);
    return -EIO;
}

/* ---- one request ---- */

/* Returning less than came ends the transfer. An answer other than 200 is no stream, whatever was
 * asked for. */
static size_t take_part(char *data, size_t size, size_t count, void *userdata)
{
    struct answer *a = userdata;
    long status = 0;

    curl_easy_getinfo(a->transfer->curl, CURLINFO_RESPONSE_CODE, &status);
    if (a->request->part && status == 200) {
        a->ended = a->request->part(a->request->userdata, data, count) != 0;
        return a->ended ? 0 : count;
    }
    a->too_large = count > ANSWER_LIMIT - a->body->len;
    if (a->too_large)
        return 0;
    buf_add(a->body, data, count);
    return buf_ok(a->body) < 0 ? 0 : count;
}

static int prepare(struct transfer *t, const struct transfer_request *q, const char *url,
                   struct answer *answer)
{
    CURLcode c = CURLE_OK;

    c |= curl_easy_setopt(t->curl, CURLOPT_URL, url);
    c |= curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, answer);
    c |= curl_easy_setopt(t->curl, CURLOPT_TIMEOUT, q->part ? 0L : ANSWER_SECONDS);
    c |= curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_LIMIT, q->part ? 1L : 0L);
    c |= curl_easy_setopt(t->curl, CURLOPT_LOW_SPEED_TIME, q->part ? SILENT_SECONDS : 0L);
    c |= curl_easy_setopt(t->curl, CURLOPT_HTTPGET, 1L);
    if (q->body) {
        c |= curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
        c |= curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, q->body);
        c |= curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
    }
    return c == CURLE_OK ? 0 : -ENOTSUP;
}

int transfer_run(struct transfer *t, const struct transfer_request *q, unsigned *ret_status,
                 struct buf *ret, struct sriov_error *error)
{
    struct answer answer = { .transfer = t, .request = q, .body = ret };
    _cleanup_free_ char *url = NULL;
    long status = 0;
    CURLcode c;

    if (asprintf(&url, "%s%s", t->server->url, q->path) < 0) {
        url = NULL;
        return error_no_memory(error);
    }
    if (prepare(t, q, url, &answer) < 0)
        return error_set(error, SRIOV_FAILED, ENOTSUP, "libcurl", "is too old");
    t->words[0] = '\0';
    c = curl_easy_perform(t->curl);
    if (answer.too_large)
        return error_set(error, SRIOV_FAILED, EFBIG, t->server->name, "the answer is too large");
    if (buf_ok(ret) < 0)
        return error_no_memory(error);
    if (c != CURLE_OK && !answer.ended)
        return fail(t, c, error);
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_status = (unsigned)status;
    return 0;
}
