/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Domains, by libvirt's C API. Unplugging a device is a conversation with the guest: libvirt asks,
 * and an event tells when the guest has let go. So the event is asked for first, and then waited
 * for together with what else ends the wait.
 */
#include "vm/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "doctor/libvirt.h"
#include "vm/device.h"
#include "vm/virt.h"

struct domain {
    virConnectPtr connection;
    virDomainPtr handle;
    char *name; /* kept, because to ask for it forgets libvirt's last error */
};

/* ---- finding it ---- */

static virDomainPtr look_up(virConnectPtr c, const char *name)
{
    uint64_t id;
    virDomainPtr found = virDomainLookupByName(c, name);
    if (!found)
        found = virDomainLookupByUUIDString(c, name);
    if (!found && str_to_u64(name, INT32_MAX, &id) >= 0)
        found = virDomainLookupByID(c, (int)id);
    return found;
}

static void suggest_nearest(virConnectPtr c, const char *name, struct sriov_error *error)
{
    virDomainPtr *all = NULL;
    int count = virConnectListAllDomains(c, &all, 0);
    const char **names = calloc(count < 0 ? 1 : (size_t)count + 1, sizeof(*names));
    const char *nearest = NULL;
    for (int i = 0; names && i < count; i++)
        names[i] = virDomainGetName(all[i]);
    if (names)
        nearest = str_nearest(name, names);
    if (nearest)
        error_remedy(error, "did you mean %s?", nearest);
    else
        error_remedy(error, "virsh list --all shows those that there are");
    free(names);
    for (int i = 0; i < count; i++)
        virDomainFree(all[i]);
    free(all);
}

int domain_open(const char *uri, const char *name, struct domain **ret, struct sriov_error *error)
{
    _cleanup_domain_ struct domain *d = calloc(1, sizeof(*d));
    if (!d)
        return error_no_memory(error);
    int r = virt_open(uri, &d->connection, error);
    if (r < 0)
        return r;
    d->handle = look_up(d->connection, name);
    if (!d->handle) {
        error_set(error, SRIOV_NO_DEVICE, 0, name, "there is no such domain");
        suggest_nearest(d->connection, name, error);
        return -ENOENT;
    }
    d->name = strdup(virDomainGetName(d->handle));
    if (!d->name)
        return error_no_memory(error);
    *ret = TAKE_PTR(d);
    return 0;
}

struct domain *domain_close(struct domain *d)
{
    if (!d)
        return NULL;
    if (d->handle)
        virDomainFree(d->handle);
    if (d->connection)
        virConnectClose(d->connection);
    free(d->name);
    free(d);
    return NULL;
}

/* ---- what it is ---- */

const char *domain_name(const struct domain *d)
{
    return d->name;
}

bool domain_is_running(struct domain *d)
{
    return virDomainIsActive(d->handle) == 1;
}

bool domain_is_persistent(struct domain *d)
{
    return virDomainIsPersistent(d->handle) == 1;
}

int domain_parts(struct domain *d, bool live, bool config, unsigned *ret, struct sriov_error *error)
{
    bool runs = domain_is_running(d);
    int r;
    if (live && !runs) {
        r = error_set(error, SRIOV_USAGE, 0, domain_name(d), "does not run");
        error_remedy(error, "start it (virsh start %s), or use --config for its next start",
                     domain_name(d));
        return r;
    }
    if (config && !domain_is_persistent(d)) {
        r = error_set(error, SRIOV_USAGE, 0, domain_name(d),
                      "has no configuration: it is gone when it stops");
        error_remedy(error, "leave out --config, or define it first (virsh define)");
        return r;
    }
    *ret = (live ? DOMAIN_LIVE : 0) | (config ? DOMAIN_CONFIG : 0);
    if (*ret == 0)
        *ret = runs ? DOMAIN_LIVE : DOMAIN_CONFIG;
    return 0;
}

int domain_xml(struct domain *d, enum domain_part part, char **ret, struct sriov_error *error)
{
    char *xml = virDomainGetXMLDesc(d->handle, part == DOMAIN_CONFIG ? VIR_DOMAIN_XML_INACTIVE : 0);
    if (!xml)
        return virt_error(domain_name(d), "its XML cannot be read", error);
    *ret = xml;
    return 0;
}

int domain_each_other(struct domain *d,
                      bool (*look)(const char *name, const char *xml, void *userdata),
                      void *userdata, struct sriov_error *error)
{
    virDomainPtr *all = NULL;
    int count = virConnectListAllDomains(d->connection, &all, VIR_CONNECT_LIST_DOMAINS_PERSISTENT);
    bool found = false;
    if (count < 0)
        return virt_error(domain_name(d), "the other domains cannot be read", error);
    for (int i = 0; i < count; i++) {
        const char *name = virDomainGetName(all[i]);
        _cleanup_free_ char *xml = NULL;
        if (!found && !str_eq(name, domain_name(d)))
            xml = virDomainGetXMLDesc(all[i], VIR_DOMAIN_XML_INACTIVE);
        found = xml ? look(name, xml, userdata) : found;
        virDomainFree(all[i]);
    }
    free(all);
    return 0;
}

pid_t domain_pid_of(const char *name)
{
    _cleanup_free_ char *text = NULL;
    char path[128];
    uint64_t pid;
    snprintf(path, sizeof(path), "/run/libvirt/qemu/%.64s.pid", name);
    if (file_read_at(AT_FDCWD, path, 64, &text, NULL) < 0 ||
        str_to_u64(str_trim(text), INT32_MAX, &pid) < 0)
        return 0;
    return (pid_t)pid;
}

pid_t domain_pid(struct domain *d)
{
    return domain_is_running(d) ? domain_pid_of(domain_name(d)) : 0;
}

struct _virDomain *domain_handle(struct domain *d)
{
    return d->handle;
}

/* ---- giving and taking devices ---- */

static unsigned flags_of(unsigned parts)
{
    return (parts & DOMAIN_LIVE ? VIR_DOMAIN_AFFECT_LIVE : 0u) |
           (parts & DOMAIN_CONFIG ? VIR_DOMAIN_AFFECT_CONFIG : 0u);
}

int domain_attach(struct domain *d, const char *xml, unsigned parts, struct sriov_error *error)
{
    if (virDomainAttachDeviceFlags(d->handle, xml, flags_of(parts)) < 0)
        return virt_error(domain_name(d), "libvirt does not attach the device", error);
    return 0;
}

int domain_strike(struct domain *d, const char *xml, struct sriov_error *error)
{
    if (virDomainDetachDeviceFlags(d->handle, xml, VIR_DOMAIN_AFFECT_CONFIG) < 0)
        return virt_error(domain_name(d),
                          "libvirt does not take the device out of its configuration", error);
    return 0;
}

/* What may end the wait for a guest that is to let go. */
struct removal {
    struct domain *d;
    const char *alias;
    bool removed, refused, late, lost;
    int events[3]; /* -1: not asked for */
    int timer;
};

static void on_removed(virConnectPtr c, virDomainPtr domain, const char *alias, void *userdata)
{
    struct removal *w = userdata;
    w->removed |= str_eq(alias, w->alias);
}

static void on_refused(virConnectPtr c, virDomainPtr domain, const char *alias, void *userdata)
{
    struct removal *w = userdata;
    w->refused |= str_eq(alias, w->alias);
}

static int on_lifecycle(virConnectPtr c, virDomainPtr domain, int event, int detail, void *userdata)
{
    struct removal *w = userdata;
    w->removed |= event == VIR_DOMAIN_EVENT_STOPPED;
    return 0;
}

static void on_close(virConnectPtr c, int reason, void *userdata)
{
    struct removal *w = userdata;
    w->lost = true;
}

static void on_timer(int timer, void *userdata)
{
    struct removal *w = userdata;
    w->late = true;
}

static int ask_for_events(struct removal *w, unsigned timeout_ms)
{
    virConnectPtr c = w->d->connection;
    virDomainPtr h = w->d->handle;
    w->events[0] = virConnectDomainEventRegisterAny(c, h, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                                                    VIR_DOMAIN_EVENT_CALLBACK(on_removed), w, NULL);
    w->events[1] = virConnectDomainEventRegisterAny(c, h, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED,
                                                    VIR_DOMAIN_EVENT_CALLBACK(on_refused), w, NULL);
    w->events[2] = virConnectDomainEventRegisterAny(
        c, h, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), w, NULL);
    if (w->events[0] < 0 || w->events[1] < 0 || w->events[2] < 0 ||
        virConnectRegisterCloseCallback(c, on_close, w, NULL) < 0)
        return -1;
    w->timer = virEventAddTimeout((int)timeout_ms, on_timer, w, NULL);
    return w->timer < 0 ? -1 : 0;
}

static void removal_done(struct removal *w)
{
    virConnectPtr c = w->d->connection;
    for (size_t i = 0; i < ELEMENTS(w->events); i++) {
        if (w->events[i] >= 0)
            virConnectDomainEventDeregisterAny(c, w->events[i]);
    }
    virConnectUnregisterCloseCallback(c, on_close);
    if (w->timer >= 0)
        virEventRemoveTimeout(w->timer);
}

static int not_removed(const struct removal *w, unsigned timeout_ms, struct sriov_error *error)
{
    const char *name = domain_name(w->d);
    if (w->lost) {
        error_set(error, SRIOV_FAILED, 0, name, "libvirt went away meanwhile");
        error_remedy(error, "start it again, and see what `virsh dumpxml %s` shows", name);
        return -ECONNRESET;
    }
    if (w->refused) {
        error_set(error, SRIOV_FAILED, 0, name, "the guest does not let go of the device");
        error_remedy(error, "stop what uses it in the guest, or shut the VM down");
        return -EBUSY;
    }
    error_set(error, SRIOV_FAILED, 0, name,
              "the guest has not let go of the device after %u s, and keeps it", timeout_ms / 1000);
    error_remedy(error, "a guest without a system, or without PCI hotplug, cannot: shut it down; "
                        "or wait longer with --timeout");
    return -ETIMEDOUT;
}

int domain_unplug(struct domain *d, const char *alias, unsigned timeout_ms,
                  struct sriov_error *error)
{
    _cleanup_(removal_done) struct removal w = {
        .d = d, .alias = alias, .events = { -1, -1, -1 }, .timer = -1
    };
    if (ask_for_events(&w, timeout_ms) < 0)
        return virt_error(domain_name(d), "libvirt gives no events", error);
    if (virDomainDetachDeviceAlias(d->handle, alias, VIR_DOMAIN_AFFECT_LIVE) < 0)
        return virt_error(domain_name(d), "libvirt does not detach the device", error);
    while (!w.removed && !w.refused && !w.late && !w.lost) {
        if (virEventRunDefaultImpl() < 0)
            return virt_error(domain_name(d), "libvirt's events cannot be waited for", error);
    }
    return w.removed ? 0 : not_removed(&w, timeout_ms, error);
}

/* ---- what we remember of its devices ---- */

static void add_note(struct buf *out, const char *alias, const char *settings)
{
    buf_add_str(out, "<device alias='");
    xml_text(out, alias);
    buf_add_str(out, "' settings='");
    xml_text(out, settings);
    buf_add_str(out, "'/>");
}

/* The notes that are there, with one replaced, added or left out; *ret is empty if none is left. 1:
 * that is a change. */
static int merge_notes(const char *xml, const char *alias, const char *settings, struct buf *ret)
{
    struct vm vm;
    int r = vm_parse(xml, &vm);
    if (r < 0)
        return r;
    bool found = false;
    for (size_t i = 0; i < vm.n_notes; i++) {
        bool same = str_eq(vm.notes[i].alias, alias);
        if (!same)
            add_note(ret, vm.notes[i].alias, vm.notes[i].settings);
        found |= same;
    }
    vm_done(&vm);
    if (settings)
        add_note(ret, alias, settings);
    return buf_ok(ret) < 0 ? -ENOMEM : found || settings;
}

static int remember_in(struct domain *d, const char *alias, const char *settings,
                       enum domain_part part, struct sriov_error *error)
{
    _cleanup_buf_ struct buf devices = BUF_INIT, all = BUF_INIT;
    _cleanup_free_ char *xml = NULL;
    int r = domain_xml(d, part, &xml, error);
    if (r < 0)
        return r;
    r = merge_notes(xml, alias, settings, &devices);
    if (r <= 0)
        return r < 0 ? error_no_memory(error) : 0;
    buf_printf(&all, "<devices>%s</devices>", devices.len > 0 ? devices.data : "");
    if (buf_ok(&all) < 0)
        return error_no_memory(error);
    if (virDomainSetMetadata(d->handle, VIR_DOMAIN_METADATA_ELEMENT,
                             devices.len > 0 ? all.data : NULL, "sriovd", DOMAIN_NAMESPACE,
                             flags_of(part)) < 0)
        return virt_error(domain_name(d), "the device's settings cannot be kept in its metadata",
                          error);
    return 0;
}

int domain_remember(struct domain *d, const char *alias, const char *settings, unsigned parts,
                    struct sriov_error *error)
{
    int r = 0;
    if (parts & DOMAIN_CONFIG)
        r = remember_in(d, alias, settings, DOMAIN_CONFIG, error);
    if (r >= 0 && parts & DOMAIN_LIVE)
        r = remember_in(d, alias, settings, DOMAIN_LIVE, error);
    return r;
}

/* ---- the guest agent ---- */

int domain_ask_agent(struct domain *d, const char *command, char **ret, struct sriov_error *error)
{
    char *answer = virDomainQemuAgentCommand(d->handle, command,
                                             VIR_DOMAIN_QEMU_AGENT_COMMAND_DEFAULT, 0);
    if (!answer) {
        /* A VM without a channel for the agent is "not configured", which is no different to us. */
        int r = virt_error(domain_name(d), "its guest agent does not answer", error);
        return r == -EIO || r == -EOPNOTSUPP ? -ENOTCONN : r;
    }
    *ret = answer;
    return 0;
}
