/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's settings. A new one is a field of struct config and a row in `keys`.
 */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/yaml-read.h"
#include "core/document.h"
#include "core/lease.h"

#define CONFIG_BYTES (64u << 10)
#define NUMBER_MAX 1000000000u

/* ---- the keys ---- */

static int read_text(struct document_reader *rd, const struct node *n, char **ret)
{
    char *text;

    if (n->kind != NODE_SCALAR || !str_is_plain(n->text, 4000))
        return document_wrong(rd, n, "a text is expected");
    text = strdup(n->text);
    if (!text)
        return error_no_memory(rd->error);
    free(*ret);
    *ret = text;
    return 0;
}

static int read_number(struct document_reader *rd, const struct node *n, uint64_t *ret)
{
    uint64_t value;

    if (node_to_u64(n, NUMBER_MAX, &value) < 0 || value == 0)
        return document_wrong(rd, n, "a number from 1 to 1000000000 is expected");
    *ret = value;
    return 0;
}

#define TEXTS(X)                                                                                   \
    X(socket, "Unix socket of the API, if systemd does not hand one over")                         \
    X(group, "its members may change things through the Unix socket; root always may")             \
    X(listen, "ADDRESS:PORT for the API over TLS; left out: none")                                 \
    X(certificate, "PEM file of the TLS certificate and those it is signed with")                  \
    X(key, "PEM file of its private key")                                                          \
    X(tokens, "file of the tokens that `sriovd token` manages")                                    \
    X(policy, "folder of the policy")

#define NUMBERS(X)                                                                                 \
    X(repairs_per_minute, "repairs of one PF within a minute before it is left to whoever undoes " \
                          "them")                                                                  \
    X(max_body, "bytes of a request")                                                              \
    X(max_connections, "open at once")                                                             \
    X(max_connections_per_peer, "of one user or one address")                                      \
    X(max_requests_per_second, "of one user or one address")                                       \
    X(idle_seconds,                                                                                \
      "for a whole request, for taking an answer, and between two, before it is closed")

#define READ_TEXT(name, help)                                                                      \
    static int read_##name(struct document_reader *rd, const struct node *n, void *into)           \
    {                                                                                              \
        return read_text(rd, n, &((struct config *)into)->name);                                   \
    }
#define READ_NUMBER(name, help)                                                                    \
    static int read_##name(struct document_reader *rd, const struct node *n, void *into)           \
    {                                                                                              \
        return read_number(rd, n, &((struct config *)into)->name);                                 \
    }
TEXTS(READ_TEXT)
NUMBERS(READ_NUMBER)

#define ROW(name, help) { #name, read_##name, help },
const struct policy_key config_keys[] = { TEXTS(ROW) NUMBERS(ROW){ NULL } };

/* ---- the file ---- */

static int set_defaults(struct config *c, struct sriov_error *error)
{
    *c = (struct config){
        .socket = strdup("/run/sriovd/api.sock"),
        .group = strdup("sriov"),
        .listen = strdup(""),
        .certificate = strdup("/etc/sriovd/tls.crt"),
        .key = strdup("/etc/sriovd/tls.key"),
        .tokens = strdup("/etc/sriovd/tokens"),
        .policy = strdup("/etc/sriovd"),
        .state_dir = strdup(STATE_DIR_DEFAULT),
        .repairs_per_minute = 5,
        .max_body = 1u << 20,
        .max_connections = 2048,
        .max_connections_per_peer = 1536,
        .max_requests_per_second = 500,
        .idle_seconds = 60,
    };
    return c->socket && c->group && c->listen && c->certificate && c->key && c->tokens &&
                   c->policy && c->state_dir
               ? 0
               : error_no_memory(error);
}

static int wrong_text(const char *path, const struct node_error *wrong, struct sriov_error *error)
{
    char where[PLACE_SIZE];

    snprintf(where, sizeof(where), "%.110s:%u", path, wrong->line);
    return error_set(error, SRIOV_USAGE, 0, where, "%s", wrong->text);
}

static int read_keys(const char *path, const char *text, size_t len, struct config *ret,
                     struct sriov_error *error)
{
    static const struct node_limits limits = { CONFIG_BYTES, 256, 4 };
    _cleanup_node_ struct node *documents = NULL;
    struct document_reader rd = { .file = path, .error = error };
    struct node_error wrong = { 0 };
    int r = yaml_read(text, len, &limits, &documents, &wrong);

    if (r == -ENOMEM)
        return error_no_memory(error);
    if (r < 0)
        return wrong_text(path, &wrong, error);
    if (documents->count == 0)
        return 0;
    return document_map(&rd, &documents->items[0], config_keys, -1, NULL, ret);
}

int config_load(const char *path, struct config *ret, struct sriov_error *error)
{
    _cleanup_(config_done) struct config c = { 0 };
    _cleanup_free_ char *text = NULL;
    size_t len;
    int r = set_defaults(&c, error);

    if (r < 0)
        return r;
    r = file_read_at(AT_FDCWD, path, CONFIG_BYTES, &text, &len);
    if (r >= 0)
        r = read_keys(path, text, len, &c, error);
    else if (r == -ENOENT)
        r = 0;
    else
        r = error_set(error, SRIOV_USAGE, -r, path, "cannot read the settings");
    if (r < 0)
        return r;
    *ret = c;
    c = (struct config){ 0 };
    return 0;
}

void config_done(struct config *c)
{
    free(c->socket);
    free(c->group);
    free(c->listen);
    free(c->certificate);
    free(c->key);
    free(c->tokens);
    free(c->policy);
    free(c->state_dir);
    *c = (struct config){ 0 };
}

struct http_limits config_limits(const struct config *c)
{
    return (struct http_limits){
        .body = c->max_body,
        .connections = (unsigned)c->max_connections,
        .connections_per_peer = (unsigned)c->max_connections_per_peer,
        .requests_per_second = (unsigned)c->max_requests_per_second,
        .idle_seconds = (unsigned)c->idle_seconds,
    };
}
