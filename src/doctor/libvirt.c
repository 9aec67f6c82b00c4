/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads libvirt's domain and network files, tag by tag.
 */
#include "doctor/libvirt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mac.h"
#include "kernel/list.h"

#define BUSES 256

/* ---- tags ---- */

struct tag {
    const char *name; /* behind the < or </ */
    size_t name_len;
    bool closing;
    bool empty; /* ends with /> */
    const char *attrs, *end;
};

/* The next tag at or behind *at, which is left behind it. */
static bool next_tag(const char **at, struct tag *ret)
{
    const char *begin = strchr(*at, '<'), *end;

    while (begin && (begin[1] == '!' || begin[1] == '?')) {
        end = str_starts(begin, "<!--") ? strstr(begin, "-->") : strchr(begin, '>');
        begin = end ? strchr(end, '<') : NULL;
    }
    end = begin ? strchr(begin, '>') : NULL;
    if (!end)
        return false;
    ret->closing = begin[1] == '/';
    ret->name = begin + 1 + ret->closing;
    ret->name_len = strcspn(ret->name, " \t\r\n/>");
    ret->attrs = ret->name + ret->name_len;
    ret->end = end;
    ret->empty = end[-1] == '/';
    *at = end + 1;
    return true;
}

static bool is_tag(const struct tag *t, const char *name)
{
    return t->name_len == strlen(name) && strncmp(t->name, name, t->name_len) == 0;
}

/* The value of an attribute, "" if the tag does not have it or it is too long. */
static void attribute(const struct tag *t, const char *name, char *ret, size_t size)
{
    size_t len = strlen(name);

    ret[0] = '\0';
    for (const char *at = t->attrs; at + len + 2 < t->end; at++) {
        const char *close;

        if (!strchr(" \t\r\n", *at) || strncmp(at + 1, name, len) != 0 || at[len + 1] != '=')
            continue;
        at += len + 2;
        close = (*at == '\'' || *at == '"') ? strchr(at + 1, *at) : NULL;
        if (close && close < t->end && (size_t)(close - at - 1) < size)
            snprintf(ret, size, "%.*s", (int)(close - at - 1), at + 1);
        return;
    }
}

static bool has_value(const struct tag *t, const char *name, const char *value)
{
    char text[64];

    attribute(t, name, text, sizeof(text));
    return str_eq(text, value);
}

/* The text between <name> and </name>; `at` stands behind the opening tag. */
static void content(const char *at, char *ret, size_t size)
{
    snprintf(ret, size, "%.*s", (int)strcspn(at, "<\r\n"), at);
}

/* <address domain='0x0000' bus='0x01' slot='0x10' function='0x2'/> */
static bool pci_address(const struct tag *t, char ret[16])
{
    static const char *const names[] = { "domain", "bus", "slot", "function" };
    static const uint64_t limits[] = { 0xffff, 0xff, 0x1f, 7 };
    uint64_t value[4];

    for (size_t i = 0; i < 4; i++) {
        char text[16];

        attribute(t, names[i], text, sizeof(text));
        if (str_to_u64(text, limits[i], &value[i]) < 0)
            return false;
    }
    snprintf(ret, 16, "%04x:%02x:%02x.%x", (unsigned)value[0] & 0xffff, (unsigned)value[1] & 0xff,
             (unsigned)value[2] & 0x1f, (unsigned)value[3] & 7);
    return true;
}

/* ---- VMs ---- */

struct reader {
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

    attribute(t, "index", text, sizeof(text));
    if (has_value(t, "model", "pcie-root-port") && str_to_u64(text, BUSES - 1, &index) == 0)
        r->root_port[index] = true;
}

/* Where a device of any kind stands in the guest. */
static void guest_address(struct reader *r, const struct tag *t)
{
    uint64_t bus;
    char text[16];

    attribute(t, "bus", text, sizeof(text));
    if (has_value(t, "type", "pci") && str_to_u64(text, BUSES - 1, &bus) == 0)
        r->used[bus] = true;
}

static int begin_device(struct reader *r, const struct tag *t)
{
    bool interface = is_tag(t, "interface");

    if (!interface && !has_value(t, "type", "pci"))
        return 0;
    r->device = list_grow(r->vm->devices, r->vm->n_devices, sizeof(*r->device));
    if (!r->device)
        return -ENOMEM;
    r->vm->devices = r->device;
    r->device += r->vm->n_devices++;
    r->device->interface = interface;
    return 0;
}

static void inside_device(struct vm_entry *device, bool in_source, const struct tag *t)
{
    char text[64];

    if (in_source && is_tag(t, "address")) {
        pci_address(t, device->pci);
    } else if (is_tag(t, "mac")) {
        attribute(t, "address", text, sizeof(text));
        device->has_mac = mac_from_text(text, &device->mac) == 0;
    } else if (is_tag(t, "alias")) {
        attribute(t, "name", device->alias, sizeof(device->alias));
    } else if (is_tag(t, "teaming")) {
        attribute(t, "type", device->teaming, sizeof(device->teaming));
        attribute(t, "persistent", device->partner, sizeof(device->partner));
    }
}

static int take_tag(struct reader *r, const struct tag *t, const char *behind)
{
    bool device = is_tag(t, "hostdev") || is_tag(t, "interface");

    if (is_tag(t, "source"))
        r->in_source = !t->closing && !t->empty;
    if (t->closing) {
        if (device)
            r->device = NULL;
        return 0;
    }
    if (is_tag(t, "name") && !r->vm->name[0])
        content(behind, r->vm->name, sizeof(r->vm->name));
    else if (is_tag(t, "hugepages"))
        r->vm->hugepages = true;
    else if (is_tag(t, "controller"))
        begin_controller(r, t);
    else if (device)
        return begin_device(r, t);
    if (is_tag(t, "address") && !r->in_source)
        guest_address(r, t);
    if (r->device)
        inside_device(r->device, r->in_source, t);
    return 0;
}

int vm_parse(const char *text, struct vm *ret)
{
    struct vm vm = { 0 };
    struct reader r = { .vm = &vm };
    struct tag t;

    while (next_tag(&text, &t)) {
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

    while (next_tag(&text, &t)) {
        if (is_tag(&t, "name") && !t.closing && !pool.name[0])
            content(text, pool.name, sizeof(pool.name));
        else if (is_tag(&t, "forward"))
            inside = !t.closing && !t.empty && has_value(&t, "mode", "hostdev");
        else if (inside && is_tag(&t, "pf"))
            attribute(&t, "dev", pool.pf, sizeof(pool.pf));
        else if (inside && is_tag(&t, "address") && pci_address(&t, pci) &&
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
