/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * QEMU's own events, through libvirt-qemu.
 */
#include "vm/domain-listen.h"

#include <errno.h>

#include "base/json-read.h"
#include "base/str.h"
#include "vm/virt.h"

struct listener {
    struct domain *domain;
    int event, timer; /* -1: none */
    bool late;
    struct strv details; /* JSON, as it came */
};

static const struct node_limits limits = { .bytes = 1 << 16, .nodes = 1000, .depth = 16 };

static void on_event(virConnectPtr c, virDomainPtr domain, const char *event, long long seconds,
                     unsigned int micros, const char *details, void *userdata)
{
    struct listener *l = userdata;
    if (details)
        strv_add(&l->details, details); /* without memory it is not seen, and the wait is long */
}

static void on_timer(int timer, void *userdata)
{
    struct listener *l = userdata;
    l->late = true;
}

int domain_listen(struct domain *d, const char *event, struct listener **ret,
                  struct sriov_error *error)
{
    _cleanup_listener_ struct listener *l = calloc(1, sizeof(*l));
    if (!l)
        return error_no_memory(error);
    l->domain = d;
    l->timer = -1;
    l->event = virConnectDomainQemuMonitorEventRegister(
        virDomainGetConnect(domain_handle(d)), domain_handle(d), event, on_event, l, NULL, 0);
    if (l->event < 0)
        return virt_error(domain_name(d), "libvirt does not pass on QEMU's events", error);
    *ret = TAKE_PTR(l);
    return 0;
}

struct listener *listener_free(struct listener *l)
{
    if (!l)
        return NULL;
    if (l->event >= 0)
        virConnectDomainQemuMonitorEventDeregister(virDomainGetConnect(domain_handle(l->domain)),
                                                   l->event);
    if (l->timer >= 0)
        virEventRemoveTimeout(l->timer);
    strv_done(&l->details);
    free(l);
    return NULL;
}

static bool has_come(const struct listener *l, const char *key, const char *value)
{
    for (size_t i = 0; i < l->details.count; i++) {
        _cleanup_node_ struct node *data = NULL;
        const char *text = l->details.items[i];
        if (json_read(text, strlen(text), &limits, &data, NULL) < 0)
            continue;
        const char *found = node_get_text(data, key);
        if (found && str_eq(found, value))
            return true;
    }
    return false;
}

int listener_wait(struct listener *l, const char *key, const char *value, unsigned timeout_ms,
                  struct sriov_error *error)
{
    l->timer = virEventAddTimeout((int)timeout_ms, on_timer, l, NULL);
    if (l->timer < 0)
        return virt_error(domain_name(l->domain), "libvirt gives no timers", error);
    while (!has_come(l, key, value)) {
        if (l->late)
            return -ETIMEDOUT;
        if (virEventRunDefaultImpl() < 0)
            return virt_error(domain_name(l->domain), "libvirt's events cannot be waited for",
                              error);
    }
    return 0;
}
