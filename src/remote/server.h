/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which daemon is meant by --host, and how it is to be believed.
 */
#ifndef REMOTE_SERVER_H
#define REMOTE_SERVER_H

#include "cli/option.h"

#define SERVER_PORT "8443"
#define SERVER_SIZE 256
#define TOKEN_SIZE 256

struct server {
    const char *name;       /* as --host has it, for messages; borrowed */
    char socket[108];       /* path of a Unix socket, "" for TCP */
    char url[SERVER_SIZE];  /* "https://node3:8443", without a slash at the end */
    char token[TOKEN_SIZE]; /* "" none */
    const char *ca;         /* file, NULL: the system's; borrowed */
    bool insecure;
};

/* From the options; reads the token. -errno with `error` filled (code usage, or not permitted for a
 * token that cannot be read). */
int server_find(const struct options *o, struct server *ret, struct sriov_error *error);

/* Only the address, "unix:PATH" or "https://HOST[:PORT]". -EINVAL with `error` filled. */
int server_parse(const char *address, struct server *ret, struct sriov_error *error);

#endif
