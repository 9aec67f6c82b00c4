/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a daemon answers. It is at the other end of a wire: nothing that it says is longer than our
 * fields, or deeper than our limits.
 */
#include "remote/answer.h"

#include <errno.h>

#include "base/json-read.h"
#include "base/str.h"

static const struct node_limits limits = {
    .bytes = ANSWER_LIMIT,
    .nodes = 100000, /* a PF with its VFs; the output of a command is one text */
    .depth = 16,
};

int answer_read(const char *name, const struct buf *body, struct node **ret,
                struct sriov_error *error)
{
    struct node_error wrong = { 0 };
    int r;

    r = json_read(body->data ? body->data : "", body->len, &limits, ret, &wrong);
    if (r == -ENOMEM)
        return error_no_memory(error);
    if (r < 0) {
        error_set(error, SRIOV_FAILED, 0, name, "its answer makes no sense");
        error_kernel(error, wrong.text);
        error_remedy(error, "see whether it is sriovd that listens there");
    }
    return r;
}

/* What to do where the daemon did not say it. */
static const struct {
    unsigned status;
    enum sriov_code code;
    const char *message;
    const char *remedy;
} statuses[] = {
    { 401, SRIOV_NOT_PERMITTED, "wants a token",
      "give one with --token-file FILE or in SRIOV_TOKEN; sriovd token add makes it" },
    { 403, SRIOV_NOT_PERMITTED, "does not let you do this", NULL },
    { 404, SRIOV_FAILED, "does not know this request",
      "see whether it is sriovd that listens there, and of which version" },
    { 413, SRIOV_USAGE, "takes no request of this size", NULL },
    { 429, SRIOV_FAILED, "is asked too often", "try again in some seconds" },
    { 503, SRIOV_FAILED, "has too much to do", "try again in some seconds" },
};

static void fill_from_status(const char *name, unsigned status, struct sriov_error *error)
{
    for (size_t i = 0; i < ELEMENTS(statuses); i++) {
        if (statuses[i].status != status)
            continue;
        error_set(error, statuses[i].code, 0, name, "%s", statuses[i].message);
        if (statuses[i].remedy)
            error_remedy(error, "%s", statuses[i].remedy);
        return;
    }
    error_set(error, SRIOV_FAILED, 0, name, "answered with HTTP status %u", status);
}

static void take_text(const struct node *map, const char *key, char *ret, size_t size)
{
    const char *text = node_get_text(map, key);

    if (text)
        str_copy(ret, size, text);
}

/* It knows better than we what to do; but not where we take a token from. */
static void take_error(const struct node *said, bool is_about_token, struct sriov_error *e)
{
    const struct node *code = node_get(said, "code");
    uint64_t number;

    if (code && node_to_u64(code, SRIOV_NOT_ROLLED_BACK, &number) >= 0 && number != SRIOV_DONE)
        e->code = (enum sriov_code)number;
    if (!node_get_text(said, "message"))
        return;
    take_text(said, "message", e->message, sizeof(e->message));
    if (is_about_token)
        return;
    e->remedy[0] = '\0';
    take_text(said, "object", e->object, sizeof(e->object));
    take_text(said, "kernel", e->kernel, sizeof(e->kernel));
    take_text(said, "remedy", e->remedy, sizeof(e->remedy));
}

int answer_error(const char *name, unsigned status, const struct buf *body,
                 struct sriov_error *error)
{
    _cleanup_node_ struct node *answer = NULL;
    struct sriov_error e = { 0 };
    const struct node *said;

    fill_from_status(name, status, &e);
    if (answer_read(name, body, &answer, NULL) >= 0 && (said = node_get(answer, "error")))
        take_error(said, status == 401, &e);
    if (error)
        *error = e;
    return -EIO;
}
