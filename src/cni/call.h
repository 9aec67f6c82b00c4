/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One call of the plugin: what the runtime said by the environment and on stdin (specification,
 * section 2), the configuration made of it, and the log.
 */
#ifndef CNI_CALL_H
#define CNI_CALL_H

#include "cni/config.h"
#include "cni/error.h"
#include "cni/log.h"
#include "kernel/backend.h"

/* Where sriov-cni keeps its state. */
#define LEGACY_DIR_DEFAULT "/var/lib/cni/sriov"

struct cni_call {
    const char *command;
    const char *container, *netns, *ifname; /* "" if the runtime gave none */
    const char *args, *path;
    const char *state_dir, *legacy_dir;
    struct buf input; /* stdin, as it goes on to the IPAM plugin */
    struct cni_config config;
    struct cni_log log;
    struct backend *backend;
};

/* Variables that a command needs. */
enum call_needs {
    NEEDS_CONTAINER = 1 << 0,
    NEEDS_NETNS = 1 << 1,
    NEEDS_IFNAME = 1 << 2,
    NEEDS_PATH = 1 << 3,
};

/* From the environment. call_check: code invalid environment, with the names of all variables that
 * are missing, or the first that is wrong. */
void call_init(struct cni_call *c, char *(*get)(const char *name));
int call_check(const struct cni_call *c, unsigned needs, struct cni_error *e);

/* Reads stdin whole. Code I/O; code decoding for more than CONFIG_LIMIT bytes. */
int call_read_input(struct cni_call *c, int fd, struct cni_error *e);

void call_done(struct cni_call *c);

#endif
