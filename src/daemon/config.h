/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's own settings, /etc/sriovd/sriovd.conf: a YAML map, read by a table of keys. No file
 * is no settings. (Files of the policy end with .yaml.)
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "core/error.h"
#include "wire/http.h"

struct config {
    char *socket;      /* "/run/sriovd/api.sock" */
    char *group;       /* who may change through it: "sriov" */
    char *listen;      /* "127.0.0.1:8443", "[::]:8443"; "" none */
    char *certificate; /* PEM files, wanted with `listen` */
    char *key;
    char *tokens;      /* file of hashed tokens */
    char *policy;      /* "/etc/sriovd" */
    char *state_dir;
    uint64_t repairs_per_minute; /* of one PF, before it is given up; 5 */
    struct http_limits limits;
};

/* Fills in the defaults, then what the file says. -EINVAL (code usage) with file, line and the
 * nearest known key. */
int config_load(const char *path, struct config *ret, struct sriov_error *error);
void config_done(struct config *c);

#endif
