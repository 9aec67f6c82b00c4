/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads libvirt's domain and network files, tag by tag.
 */
#include "doctor/libvirt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mac.h"
#include "base/tag.h"
#include "kernel/list.h"

#define BUSES 256
#define VLAN_MAX 4094

/* ---- VMs ---- */

struct reader {
    const char *text; /* the whole of it */
    struct vm *vm;
    struct vm_entry *device; /* the one we are in, NULL */
    bool in_source;
    bool root_port[BUSES]; /* by the number of the bus behind it */
    bool used[BUSES];
};

static void begin_controller(struct reader *r, const struct tag *t)
{
    uint64_t index;
    char text[16];

    tag_value(t, "index", text, sizeof(text));
    if (tag_has(t, "model", "pcie-root-port") && str_to_u64(text, BUSES - 1, &index) == 0)
        r->root_port[index] = true;
}

/* Where a device of any kind stands in the guest. */
static void guest_address(struct reader *r, const struct tag *t)
{
    uint64_t bus;
    char text[16];

    tag_value(t, "bus", text, sizeof(text));
    if (tag_has(t, "type", "pci") && str_to_u64(text, BUSES - 1, &bus) == 0)
        r->used[bus] = true;
}

static int begin_device(struct reader *r, const struct tag *t)
{
    bool interface = tag_is(t, "interface");

    if (!interface && !tag_has(t, "type", "pci"))
        return 0;
    r->device = list_grow(r->vm->devices, r->vm->n_devices, sizeof(*r->device));
    if (!r->device)
        return -ENOMEM;
    r->vm->devices = r->device;
    r->device += r->vm->n_devices++;
    r->device->interface = interface;
    r->device->at = (size_t)(t->name - 1 - r->text);
    return 0;
}

static void end_device(struct reader *r, const char *behind)
{
    if (r->device)
        r->device->len = (size_t)(behind - r->text) - r->device->at;
    r->device = NULL;
}

static void read_vlan(struct vm_entry *device, const struct tag *t)
{
    uint64_t id;
    char text[16];

    tag_value(t, "id", text, sizeof(text));
    if (device->has_vlan || str_to_u64(text, VLAN_MAX, &id) < 0)
        return;
    device->has_vlan = true;
    device->vlan = (unsigned)id;
}

static void inside_device(struct vm_entry *device, bool in_source, const struct tag *t)
{
    char text[64];

    if (in_source && tag_is(t, "address")) {
        tag_pci(t, device->pci);
    } else if (tag_is(t, "source") && device->interface) {
        tag_value(t, "dev", device->netdev, sizeof(device->netdev));
    } else if (tag_is(t, "tag")) {
        read_vlan(device, t);
    } else if (tag_is(t, "mac")) {
        tag_value(t, "address", text, sizeof(text));
        device->has_mac = mac_from_text(text, &device->mac) == 0;
    } else if (tag_is(t, "alias")) {
        tag_value(t, "name", device->alias, sizeof(device->alias));
    } else if (tag_is(t, "teaming")) {
        tag_value(t, "type", device->teaming, sizeof(device->teaming));
        tag_value(t, "persistent", device->partner, sizeof(device->partner));
    }
}

/* In our part of <metadata>; libvirt gives each element in there our prefix. */
static int add_note(struct vm *vm, const struct tag *t)
{
    struct vm_note *note = list_grow(vm->notes, vm->n_notes, sizeof(*note));

    if (!note)
        return -ENOMEM;
    vm->notes = note;
    note += vm->n_notes++;
    tag_value(t, "alias", note->alias, sizeof(note->alias));
    tag_value(t, "settings", note->settings, sizeof(note->settings));
    return 0;
}

static int take_tag(struct reader *r, const struct tag *t, const char *behind)
{
    bool device = tag_is(t, "hostdev") || tag_is(t, "interface");

    if (tag_is(t, "source"))
        r->in_source = !t->closing && !t->empty;
    if (t->closing) {
        if (device)
            end_device(r, behind);
        return 0;
    }
    if (tag_is(t, "name") && !r->vm->name[0])
        tag_content(behind, r->vm->name, sizeof(r->vm->name));
    else if (tag_is(t, "hugepages"))
        r->vm->hugepages = true;
    else if (tag_is(t, "controller"))
        begin_controller(r, t);
    else if (device)
        return begin_device(r, t);
    else if (tag_is(t, "sriovd:device"))
        return add_note(r->vm, t);
    if (tag_is(t, "address") && !r->in_source)
        guest_address(r, t);
    if (r->device)
        inside_device(r->device, r->in_source, t);
    return 0;
}

int vm_parse(const char *text, struct vm *ret)
{
    struct vm vm = { 0 };
    struct reader r = { .text = text, .vm = &vm };
    struct tag t;

    while (tag_next(&text, &t)) {
        if (take_tag(&r, &t, text) < 0) {
            vm_done(&vm);
            return -ENOMEM;
        }
    }
    for (size_t i = 0; i < BUSES; i++) {
        vm.root_ports += r.root_port[i];
        vm.free_root_ports += r.root_port[i] && !r.used[i];
    }
    *ret = vm;
    return 0;
}

void vm_done(struct vm *v)
{
    free(v->devices);
    free(v->notes);
    *v = (struct vm){ 0 };
}

static bool has_vm(const struct vms *v, const char *name)
{
    for (size_t i = 0; i < v->count; i++) {
        if (str_eq(v->items[i].name, name))
            return true;
    }
    return false;
}

static bool is_xml(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && str_eq(name + len - 4, ".xml");
}

static int read_vms_in(struct doctor *d, const char *folder, bool running, struct vms *ret)
{
    const struct strv *names = read_dir(d, "%s", folder);

    for (size_t i = 0; i < names->count; i++) {
        struct vm vm, *slot;

        if (!is_xml(names->items[i]))
            continue;
        if (vm_parse(read_text(d, "%s/%s", folder, names->items[i]), &vm) < 0)
            return -ENOMEM;
        slot = !vm.name[0] || has_vm(ret, vm.name) ? NULL : LIST_ADD(ret);
        if (!slot) {
            vm_done(&vm);
            continue;
        }
        *slot = vm;
        slot->running = running;
        snprintf(slot->path, sizeof(slot->path), "%s/%s", folder, names->items[i]);
    }
    return 0;
}

int vms_read(struct doctor *d, struct vms *ret)
{
    int r;

    r = read_vms_in(d, "/run/libvirt/qemu", true, ret);
    return r < 0 ? r : read_vms_in(d, "/etc/libvirt/qemu", false, ret);
}

void vms_done(struct vms *v)
{
    for (size_t i = 0; i < v->count; i++)
        vm_done(&v->items[i]);
    free(v->items);
    *v = (struct vms){ 0 };
}

/* ---- pools ---- */

int vm_pool_parse(const char *text, struct vm_pool *ret)
{
    struct vm_pool pool = { 0 };
    bool inside = false;
    char pci[16];
    struct tag t;

    while (tag_next(&text, &t)) {
        if (tag_is(&t, "name") && !t.closing && !pool.name[0])
            tag_content(text, pool.name, sizeof(pool.name));
        else if (tag_is(&t, "forward"))
            inside = !t.closing && !t.empty && tag_has(&t, "mode", "hostdev");
        else if (inside && tag_is(&t, "pf"))
            tag_value(&t, "dev", pool.pf, sizeof(pool.pf));
        else if (inside && tag_is(&t, "address") && tag_pci(&t, pci) &&
                 strv_add(&pool.addresses, pci) < 0) {
            vm_pool_done(&pool);
            return -ENOMEM;
        }
    }
    *ret = pool;
    return 0;
}

void vm_pool_done(struct vm_pool *p)
{
    strv_done(&p->addresses);
    *p = (struct vm_pool){ 0 };
}

static bool has_pool(const struct vm_pools *p, const char *name)
{
    for (size_t i = 0; i < p->count; i++) {
        if (str_eq(p->items[i].name, name))
            return true;
    }
    return false;
}

static int read_pools_in(struct doctor *d, const char *folder, bool running, struct vm_pools *ret)
{
    const struct strv *names = read_dir(d, "%s", folder);

    for (size_t i = 0; i < names->count; i++) {
        struct vm_pool pool, *slot = NULL;

        if (!is_xml(names->items[i]))
            continue;
        if (vm_pool_parse(read_text(d, "%s/%s", folder, names->items[i]), &pool) < 0)
            return -ENOMEM;
        if ((pool.pf[0] || pool.addresses.count > 0) && !has_pool(ret, pool.name))
            slot = LIST_ADD(ret);
        if (!slot) {
            vm_pool_done(&pool);
            continue;
        }
        *slot = pool;
        slot->running = running;
        snprintf(slot->path, sizeof(slot->path), "%s/%s", folder, names->items[i]);
    }
    return 0;
}

int vm_pools_read(struct doctor *d, struct vm_pools *ret)
{
    int r;

    r = read_pools_in(d, "/run/libvirt/network", true, ret);
    return r < 0 ? r : read_pools_in(d, "/etc/libvirt/qemu/networks", false, ret);
}

void vm_pools_done(struct vm_pools *p)
{
    for (size_t i = 0; i < p->count; i++)
        vm_pool_done(&p->items[i]);
    free(p->items);
    *p = (struct vm_pools){ 0 };
}
