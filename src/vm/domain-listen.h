/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Events of QEMU that libvirt only passes on, such as FAILOVER_NEGOTIATED.
 */
#ifndef VM_DOMAIN_LISTEN_H
#define VM_DOMAIN_LISTEN_H

#include "vm/domain.h"

struct listener;

/* From now on events of this name are kept. To be called before what brings the event about. */
int domain_listen(struct domain *d, const char *event, struct listener **ret,
                  struct sriov_error *error);
struct listener *listener_free(struct listener *l); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct listener *, listener_free)
#define _cleanup_listener_ _cleanup_(listener_free_p)

/* Waits for an event whose data has `key` = `value`. -ETIMEDOUT, without an error: what that means
 * is the caller's to say. */
int listener_wait(struct listener *l, const char *key, const char *value, unsigned timeout_ms,
                  struct sriov_error *error);

#endif
