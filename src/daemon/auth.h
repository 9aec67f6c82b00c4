/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who asks, and what he may. On the Unix socket the kernel says who it is: root and the members of
 * the group of the configuration are admin, everybody else may read. Over TCP a bearer token says
 * it (token.h). No cookies are used, so what a browser sends by itself gives no right; what a page
 * of another site could make it send is refused by auth_is_foreign.
 */
#ifndef DAEMON_AUTH_H
#define DAEMON_AUTH_H

#include "daemon/config.h"

/* Each may what those before it may. */
enum role {
    ROLE_NONE,    /* nothing but what is open to all */
    ROLE_READ,    /* looks */
    ROLE_OPERATE, /* leases, settings of VFs, doctor */
    ROLE_ADMIN,   /* everything */
};

/* "none", "read", "operate", "admin". */
const char *role_name(enum role role);
/* -EINVAL; "none" is no role that one can have. */
int role_from_name(const char *name, enum role *ret);

struct auth;

/* Reads groups, users and tokens. A group that is not there is none (then only root is admin), so
 * is a missing file of tokens. -errno if that file may not be trusted or has a wrong line, with
 * `error` filled. */
int auth_new(const struct config *config, struct auth **ret, struct sriov_error *error);
struct auth *auth_free(struct auth *a); /* NULL is fine; returns NULL */

/* Reads them again; on failure those of before stay. */
int auth_reload(struct auth *a, struct sriov_error *error);

/* The role, and the name for log and history: "root", "alice", "uid 1003", "token ci". -EACCES:
 * over TCP without a token, or with a wrong or expired one; to be answered with 401. */
#define AUTH_WHO_SIZE 64
int auth_who(const struct auth *a, const struct http_request *r, enum role *ret,
             char who[AUTH_WHO_SIZE]);

/* Has a page of another site made a browser send this? To be answered with 403, whatever the role.
 */
bool auth_is_foreign(const struct http_request *r);

#endif
