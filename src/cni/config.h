/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The network configuration from stdin: what sriov-cni reads, unchanged, and the few keys beyond
 * it. Every key is one row of a table (config.c). A wrong value is an error and never a silent
 * default; keys that are in no row belong to others and are passed over, with a warning if one
 * looks like a slip.
 */
#ifndef CNI_CONFIG_H
#define CNI_CONFIG_H

#include "base/node.h"
#include "base/str.h"
#include "cni/error.h"
#include "cni/log.h"
#include "cni/version.h"
#include "core/attr.h"
#include "core/choose.h"

#define CONFIG_LIMIT (1024 * 1024)
extern const struct node_limits config_limits;

/* The longest network name: it is kept in the lease's note, with the interface's name. */
#define NETWORK_NAME_SIZE 112

struct cni_config {
    struct node *document;
    enum cni_version version;
    char name[NETWORK_NAME_SIZE];
    char device_id[16]; /* PCI address of the VF; "" if it is to be chosen */
    struct attrs want;
    bool clean; /* "leftover": "clean" */
    bool promisc, allmulti;
    bool choose; /* by `wish`, as there is no deviceID */
    struct choose_wish wish;
    enum log_level log_level;
    char log_file[256];       /* "": stderr */
    char ipam[64];            /* type of the IPAM plugin, "" none */
    const struct node *prev;  /* prevResult, NULL if there is none */
    const struct node *valid; /* cni.dev/valid-attachments, NULL */
    struct strv warnings;     /* for the log */
};

enum config_use {
    CONFIG_STRICT, /* every wrong value is an error */
    /* What ADD would refuse must not keep DEL and GC from giving back: wrong settings are left out,
     * with a warning. What says whose and which, and the IPAM plugin, must be right all the same.
     */
    CONFIG_LENIENT,
};

/* `cni_args` is CNI_ARGS, NULL or "" for none: its MAC overrides the key "mac". On failure of code
 * 1, 2, 4, 6 or 7 nothing is in `ret`, but the version and the log's keys as far as they were read.
 */
int config_read(const char *text, size_t len, const char *cni_args, enum config_use use,
                struct cni_config *ret, struct cni_error *e);
void config_done(struct cni_config *c);

/* Rules of the specification, section 3. */
bool config_name_is_valid(const char *name); /* of a network, or a container's id */

/* "0000:03:02.3" and nothing else, so that it can stand in a path. */
bool config_pci_is_valid(const char *text);

#endif
