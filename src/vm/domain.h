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

#define DOMAIN_NAME_SIZE 64

struct domain; /* with its connection */

/* `uri` NULL: the system's libvirt (virt.h). -ENOENT (code no device): no such domain, with the
 * nearest name as remedy; others as virt_open. `name` may be a name, a UUID or an id. */
int domain_open(const char *uri, const char *name, struct domain **ret, struct sriov_error *error);
struct domain *domain_close(struct domain *d); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct domain *, domain_close)
#define _cleanup_domain_ _cleanup_(domain_close_p)

const char *domain_name(const struct domain *d);
bool domain_is_running(struct domain *d);
bool domain_is_persistent(struct domain *d);

enum domain_part {
    DOMAIN_LIVE = 1 << 0,   /* the VM that runs */
    DOMAIN_CONFIG = 1 << 1, /* what it starts with next time */
};

/* Which parts --live and --config mean: with neither, the VM if it runs, else its configuration.
 * -EINVAL (code usage): it does not run, or has no configuration. */
int domain_parts(struct domain *d, bool live, bool config, unsigned *ret,
                 struct sriov_error *error);

/* The XML of one part. The caller frees it with free(). */
int domain_xml(struct domain *d, enum domain_part part, char **ret, struct sriov_error *error);

/* Calls `look` with the name and the configuration of every other domain of the same libvirt, in no
 * order, until it returns true. */
int domain_each_other(struct domain *d,
                      bool (*look)(const char *name, const char *xml, void *userdata),
                      void *userdata, struct sriov_error *error);

/* `parts` of enum domain_part. Attaching is all or nothing over the parts. */
int domain_attach(struct domain *d, const char *xml, unsigned parts, struct sriov_error *error);

/* Takes a device from the VM that runs, by its alias; returns once the guest has let go and libvirt
 * has put the device back (event device-removed), also when the VM has ended meanwhile. -ETIMEDOUT:
 * it had not after `timeout_ms`, and still may; -EBUSY: it refused; -ENOENT: there is no such
 * device; -ECONNRESET: libvirt went away, and nobody knows. */
int domain_unplug(struct domain *d, const char *alias, unsigned timeout_ms,
                  struct sriov_error *error);

/* Takes a device, given as its XML, out of the configuration. */
int domain_strike(struct domain *d, const char *xml, struct sriov_error *error);

/* What we remember of a device of the domain, by its alias: its settings as "qos=3 trust=on", in
 * the domain's <metadata> (namespace DOMAIN_NAMESPACE), where it moves and is copied with the
 * domain; vm_parse reads it. `settings` NULL forgets it. */
#define DOMAIN_NAMESPACE "urn:sriovd:domain:1"
int domain_remember(struct domain *d, const char *alias, const char *settings, unsigned parts,
                    struct sriov_error *error);

/* Runs a command of the guest agent, JSON to JSON; -ENOTCONN: there is none. The caller frees *ret.
 */
int domain_ask_agent(struct domain *d, const char *command, char **ret, struct sriov_error *error);

/* QEMU's process, 0 if it cannot be told. By the file that the system's libvirt keeps, without
 * asking it: with the name alone for hooks, too. */
pid_t domain_pid(struct domain *d);
pid_t domain_pid_of(const char *name);

/* For files that need more of libvirt's API (virt.h). */
struct _virDomain *domain_handle(struct domain *d);

#endif
