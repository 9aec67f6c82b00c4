/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Address and token. A token is never sent without TLS: there is no http:// to a host.
 */
#include "remote/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "base/str.h"
#include "core/error.h"

#define TOKEN_FILE_LIMIT 4096
#define ADDRESS_CHARS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_:[]"

/* ---- the address ---- */

static int wrong_address(const char *address, const char *why, struct sriov_error *error)
{
    error_set(error, SRIOV_USAGE, 0, address, "%s", why);
    error_remedy(error, "--host takes unix:/run/sriovd/api.sock or https://HOST:" SERVER_PORT);
    return -EINVAL;
}

static int parse_socket(const char *address, struct server *ret, struct sriov_error *error)
{
    const char *path = address + strlen("unix:");

    if (path[0] != '/')
        return wrong_address(address, "has no path that begins with a slash", error);
    if (!STR_SET(ret->socket, path))
        return wrong_address(address, "is too long for a socket", error);
    STR_SET(ret->url, "http://localhost"); /* nobody looks it up */
    return 0;
}

/* The part behind the host, ":8443" or "". An IPv6 address stands in brackets. */
static const char *port_of(const char *host)
{
    const char *end = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":");

    if (!end)
        return NULL;
    return *end == ']' ? end + 1 : end;
}

static int parse_https(const char *address, struct server *ret, struct sriov_error *error)
{
    const char *host = address + strlen("https://"), *port;
    size_t len = strspn(host, ADDRESS_CHARS);
    uint64_t number;

    if (len == 0 || (host[len] && !str_eq(host + len, "/")))
        return wrong_address(address, "is not a host, with or without a port", error);
    snprintf(ret->url, sizeof(ret->url), "%.*s", (int)(strlen("https://") + len), address);
    port = port_of(ret->url + strlen("https://"));
    if (!port || (*port && (*port != ':' || str_to_u64(port + 1, UINT16_MAX, &number) < 0)))
        return wrong_address(address, "has a port that is none", error);
    if (strlen(address) + sizeof(":" SERVER_PORT) > sizeof(ret->url))
        return wrong_address(address, "is too long", error);
    if (!*port)
        snprintf(ret->url, sizeof(ret->url), "%.*s:" SERVER_PORT, (int)(strlen("https://") + len),
                 address);
    return 0;
}

int server_parse(const char *address, struct server *ret, struct sriov_error *error)
{
    struct server s = { .name = address };
    int r;

    if (str_starts(address, "unix:"))
        r = parse_socket(address, &s, error);
    else if (str_starts(address, "https://"))
        r = parse_https(address, &s, error);
    else if (str_starts(address, "http://"))
        r = wrong_address(address, "is without TLS, and a token would be read by anybody", error);
    else
        r = wrong_address(address, "is no address of a daemon", error);
    if (r >= 0)
        *ret = s;
    return r;
}

/* ---- the token ---- */

static int take_token(const char *where, const char *text, struct server *ret,
                      struct sriov_error *error)
{
    if (str_is_plain(text, TOKEN_SIZE - 1) && !strchr(text, ' ') && STR_SET(ret->token, text))
        return 0;
    error_set(error, SRIOV_USAGE, 0, where, "has no token");
    error_remedy(error, "it is one line, as sriovd token add printed it");
    return -EINVAL;
}

static int read_token(const char *path, struct server *ret, struct sriov_error *error)
{
    _cleanup_free_ char *text = NULL;
    int r;

    r = file_read_at(AT_FDCWD, path, TOKEN_FILE_LIMIT, &text, NULL);
    if (r == -ENOENT || r == -EACCES || r == -EFBIG || r == -EISDIR)
        return error_set(error, r == -EACCES ? SRIOV_NOT_PERMITTED : SRIOV_USAGE, -r, path,
                         "cannot read the token");
    if (r < 0)
        return error_set(error, SRIOV_FAILED, -r, path, "cannot read the token");
    return take_token(path, str_trim(text), ret, error);
}

/* $XDG_CONFIG_HOME/sriovd/token. False if it is not there: the daemon may say what it wants. */
static bool own_token_file(char ret[PATH_MAX])
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int n;

    if (config && *config)
        n = snprintf(ret, PATH_MAX, "%s/sriovd/token", config);
    else if (home && *home)
        n = snprintf(ret, PATH_MAX, "%s/.config/sriovd/token", home);
    else
        return false;
    return n > 0 && n < PATH_MAX && access(ret, F_OK) == 0;
}

static int find_token(const struct options *o, struct server *ret, struct sriov_error *error)
{
    const char *token = getenv("SRIOV_TOKEN");
    char path[PATH_MAX];

    if (o->token_file)
        return read_token(o->token_file, ret, error);
    if (token && *token)
        return take_token("SRIOV_TOKEN", token, ret, error);
    return own_token_file(path) ? read_token(path, ret, error) : 0;
}

int server_find(const struct options *o, struct server *ret, struct sriov_error *error)
{
    struct server s = { 0 };
    int r;

    r = server_parse(o->host, &s, error);
    /* On a Unix socket the kernel says who asks. */
    if (r >= 0 && !s.socket[0])
        r = find_token(o, &s, error);
    if (r < 0)
        return r;
    s.ca = o->ca;
    s.insecure = o->insecure;
    *ret = s;
    return 0;
}
