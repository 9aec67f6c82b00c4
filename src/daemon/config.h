/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's own settings, /etc/sriovd/sriovd.conf: a YAML map, read by a table of keys. No file
 * is no settings. (Files of the policy end with .yaml.)
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "core/policy-keys.h"
#include "wire/http.h"

#define CONFIG_DEFAULT "/etc/sriovd/sriovd.conf"

struct config {
    char *socket;      /* "/run/sriovd/api.sock" */
    char *group;       /* who may change through it: "sriov" */
    char *listen;      /* "127.0.0.1:8443", "[::]:8443"; "" none */
    char *certificate; /* PEM files, wanted with `listen` */
    char *key;
    char *tokens;                /* file of hashed tokens */
    char *policy;                /* "/etc/sriovd" */
    char *state_dir;             /* by option only */
    uint64_t repairs_per_minute; /* of one PF, before it is given up */
    uint64_t max_body, max_connections, max_connections_per_peer, max_requests_per_second;
    uint64_t idle_seconds;
};

/* The keys with their help, for the manual; ends with a row without a name. */
extern const struct policy_key config_keys[];

/* Fills in the defaults, then what the file says. -EINVAL (code usage) with file, line and the
 * nearest known key. */
int config_load(const char *path, struct config *ret, struct sriov_error *error);
void config_done(struct config *c);

struct http_limits config_limits(const struct config *c);

#endif
