/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Domains of libvirt. Errors carry libvirt's own words as the kernel's text. Nothing here knows of
 * leases.
 */
#ifndef VM_DOMAIN_H
#define VM_DOMAIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "core/error.h"

#define DOMAIN_URI_DEFAULT "qemu:///system"
#define DOMAIN_NAME_SIZE 64

struct domain; /* with its connection */

/* `uri` NULL: the default. -ENOENT (code no device): no such domain, with the nearest name as
 * remedy; -ECONNREFUSED and others: libvirt cannot be reached, with how to start it. `name` may be
 * a name, a UUID or an id. */
int domain_open(const char *uri, const char *name, struct domain **ret, struct sriov_error *error);
struct domain *domain_close(struct domain *d);

const char *domain_name(const struct domain *d);
bool domain_is_running(struct domain *d);
bool domain_is_persistent(struct domain *d);

enum domain_part {
    DOMAIN_LIVE = 1 << 0,   /* the VM that runs */
    DOMAIN_CONFIG = 1 << 1, /* what it starts with next time */
};

/* The XML of one part. The caller frees it with free(). */
int domain_xml(struct domain *d, enum domain_part part, char **ret, struct sriov_error *error);

/* `parts` of enum domain_part. Attaching is all or nothing over the parts. domain_detach of a
 * running VM returns once the guest has let go (event device-removed), or -ETIMEDOUT after
 * `timeout_ms`, when it still may; -ENOENT: it does not have such a device. */
int domain_attach(struct domain *d, const char *xml, unsigned parts, struct sriov_error *error);
int domain_detach(struct domain *d, const char *alias, unsigned parts, unsigned timeout_ms,
                  struct sriov_error *error);

/* What we remember of a device of the domain, by its alias: its settings as "vlan=42 qos=3", in the
 * domain's <metadata> (namespace DOMAIN_NAMESPACE), where it moves and is copied with the domain.
 * `settings` NULL forgets it. */
#define DOMAIN_NAMESPACE "urn:sriovd:domain:1"
int domain_remember(struct domain *d, const char *alias, const char *settings, unsigned parts,
                    struct sriov_error *error);

/* Runs a command of the guest agent, JSON to JSON; -ENOTCONN: there is none. The caller frees it.
 */
int domain_ask_agent(struct domain *d, const char *command, char **ret, struct sriov_error *error);

/* QEMU's process, 0 if it cannot be told. */
pid_t domain_pid(struct domain *d);

#endif
