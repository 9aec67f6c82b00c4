/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From words to functions of this host, and to text.
 */
#include "vm/format-run.h"

#include <errno.h>
#include <stdio.h>

#include "core/setting.h"
#include "core/target.h"
#include "kernel/backend.h"

#define ITEMS_MAX 64

void items_done(struct vm_items *items)
{
    free(items->items);
    *items = (struct vm_items){ 0 };
}

const struct vm_format *format_wanted(const struct app *a, const char *fallback)
{
    return a->options.format > 0 ? format_row(a->options.format) : format_find(fallback);
}

/* ---- one function ---- */

/* 0 if it cannot be read: not every capture has it. */
static unsigned read_id(struct backend *b, const char *folder, const char *name)
{
    char path[128];
    uint64_t value;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return backend_read_u64(b, path, &value) < 0 ? 0 : (unsigned)value & 0xffff;
}

static void identify(struct app *a, struct vm_item *item)
{
    const struct vm_device *d = &item->device;
    const char *folder = d->vf ? d->vf->sysfs : d->pf->sysfs;
    item->vendor = read_id(a->session.backend, folder, "vendor");
    item->product = read_id(a->session.backend, folder, "device");
    item->subsystem_vendor = read_id(a->session.backend, folder, "subsystem_vendor");
    item->subsystem = read_id(a->session.backend, folder, "subsystem_device");
}

static int add(struct app *a, struct vm_items *items, const struct pf *pf, const struct vf *vf)
{
    struct vm_item item = { .device = { .pf = pf, .vf = vf, .netdev = "", .bus = -1 } };
    struct vm_item *grown = reallocarray(items->items, items->count + 1, sizeof(*grown));
    if (!grown)
        return error_no_memory(&a->error);
    items->items = grown;
    if (vf)
        vf_label(pf, vf->index, item.label);
    else
        STR_SET(item.label, pf_label(pf));
    if (vf && attrs_has(&vf->attrs, SRIOV_NAME))
        item.device.netdev = vf->attrs.name;
    if (!*device_pci(&item.device)) {
        int r = error_set(&a->error, SRIOV_UNSUPPORTED, 0, item.label, "has no PCI address");
        error_remedy(&a->error, "only PCI functions can be given to a VM");
        return r;
    }
    identify(a, &item);
    items->items[items->count++] = item;
    return 0;
}

static const struct vf *find_vf(const struct pf *pf, unsigned index)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].index == index)
            return &pf->vfs[i];
    }
    return NULL;
}

int items_add(struct app *a, const char *word, struct vm_items *items)
{
    _cleanup_(target_done) struct target t = { 0 };
    int r = target_find(a->session.snapshot, word, &t, &a->error);
    if (r < 0)
        return r;
    if (items->count + (t.has_vfs ? t.count : 1) > ITEMS_MAX)
        return error_set(&a->error, SRIOV_USAGE, 0, word, "are more than %d functions", ITEMS_MAX);
    if (!t.has_vfs)
        return add(a, items, t.pf, NULL);
    for (size_t i = 0; i < t.count && r >= 0; i++)
        r = add(a, items, t.pf, find_vf(t.pf, t.indexes[i]));
    return r;
}

int items_read(struct app *a, const char *const *words, size_t count, struct vm_items *ret)
{
    int r = session_snapshot(&a->session, &a->error);
    for (size_t i = 0; i < count && r >= 0; i++) {
        if (!strchr(words[i], '='))
            r = items_add(a, words[i], ret);
    }
    return r;
}

/* ---- how they are to be ---- */

static int read_settings(struct app *a, const char *const *words, size_t count, struct attrs *ret)
{
    int r = 0;
    for (size_t i = 0; i < count && r >= 0; i++) {
        if (strchr(words[i], '='))
            r = setting_read_lent(words[i], ret, a->verb->name, &a->error);
    }
    return r;
}

/* driver= names a driver of VFIO: a plain one for all, or the variant for this kind of NIC. */
static int check_driver(struct app *a, const struct attrs *want, const struct vm_item *item)
{
    if (!attrs_has(want, SRIOV_DRIVER))
        return 0;
    if (item->device.mode == VM_HOSTDEV && driver_is_passthrough(want->driver))
        return 0;
    int r = error_set(&a->error, SRIOV_USAGE, 0, item->label, "driver %s gives nothing to a VM",
                      want->driver);
    error_remedy(&a->error, item->device.mode == VM_MACVTAP
                                ? "a macvtap stands on the VF's network driver, which stays"
                                : "vfio-pci does, and so does a variant driver such as "
                                  "mlx5_vfio_pci; without driver= the best is taken");
    return r;
}

static int check_macvtap(struct app *a, const struct vm_format *f, const struct vm_item *item)
{
    int r;
    if (item->device.mode != VM_MACVTAP)
        return 0;
    if (!(f->flags & FORMAT_MACVTAP))
        return error_set(&a->error, SRIOV_UNSUPPORTED, 0, f->name,
                         "is not known to have a way to use a macvtap");
    if (*item->device.netdev)
        return 0;
    r = error_set(&a->error, SRIOV_FAILED, ENODEV, item->label, "has no netdev for a macvtap");
    if (item->device.vf)
        error_remedy(&a->error, "sriovctl bind %s default gives it one", item->label);
    else
        error_remedy(&a->error, "name a VF, as in PF/0");
    return r;
}

static int check_item(struct app *a, const struct vm_format *f, const struct attrs *want,
                      const struct vm_item *item)
{
    if (!item->device.vf && want->known)
        return error_set(&a->error, SRIOV_USAGE, 0, item->label,
                         "is a PF: it has none of these settings, its VFs do");
    if (item->device.mode == VM_HOSTDEV && attrs_has(want, SRIOV_MTU))
        return error_set(&a->error, SRIOV_USAGE, 0, item->label,
                         "mtu is for the VM to set: the VF's netdev goes there");
    int r = check_driver(a, want, item);
    return r < 0 ? r : check_macvtap(a, f, item);
}

static int check_format(struct app *a, const struct vm_format *f)
{
    if (a->options.bus_slot && !(f->flags & FORMAT_PLACE))
        return error_set(&a->error, SRIOV_UNSUPPORTED, 0, "--bus-slot",
                         "cannot be said to %s, which names its buses otherwise", f->name);
    if (a->options.profile && !(f->flags & FORMAT_PROFILE))
        return error_set(&a->error, SRIOV_UNSUPPORTED, 0, "--profile", "is not known to %s",
                         f->name);
    return 0;
}

static int check_several(struct app *a, const struct attrs *want, const struct vm_items *items)
{
    if (items->count == 0) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, a->verb->name, "which VF is not said");
        error_remedy(&a->error, "usage: %s %s", a->program->name, a->verb->synopsis);
        return r;
    }
    if (items->count == 1)
        return 0;
    if (attrs_has(want, SRIOV_MAC))
        return error_set(&a->error, SRIOV_USAGE, 0, "mac", "is for one VF, and these are several");
    if (items->items[0].device.mode == VM_MACVTAP || a->options.bus_slot)
        return error_set(&a->error, SRIOV_USAGE, 0, a->verb->name,
                         "--mode macvtap and --bus-slot are for one VF, and these are several");
    return 0;
}

/* What the VM sees of a driver is none: for libvirt a name is asked for only if it is a variant. */
static void take_driver(const struct attrs *want, struct vm_item *item)
{
    STR_SET(item->driver, attrs_has(want, SRIOV_DRIVER) ? want->driver : "vfio-pci");
    if (!str_eq(item->driver, "vfio-pci"))
        item->device.driver = item->driver;
}

int items_finish(struct app *a, const char *const *settings, size_t count,
                 const struct vm_format *f, struct vm_items *items)
{
    struct attrs want = { 0 };
    int r = check_format(a, f);
    if (r >= 0)
        r = read_settings(a, settings, count, &want);
    for (size_t i = 0; i < items->count && r >= 0; i++) {
        struct vm_item *item = &items->items[i];
        item->device.want = want;
        take_driver(&want, item);
        r = device_options(a, &item->device);
        if (r >= 0)
            r = check_item(a, f, &want, item);
    }
    return r < 0 ? r : check_several(a, &want, items);
}

/* ---- text ---- */

/* One line each, about what is not in the text. */
static void note(struct app *a, const struct vm_item *item)
{
    const struct vm_device *d = &item->device;
    uint64_t mac;
    if (!d->vf)
        app_note(a, "%s is a PF: the host loses this NIC to the VM, and %s", item->label,
                 d->pf->n_vfs > 0 ? "all of its VFs are taken away first"
                                  : "can make no VFs of it");
    else if (*d->pf->name && !device_mac(d, &mac))
        app_note(a,
                 "%s has no MAC of its own: the VM gets another one each time; mac=… gives it one",
                 item->label);
}

static void write_json(struct app *a, const struct vm_format *f, const struct vm_items *items,
                       const struct strv *before, const char *text)
{
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_str(&w, "format", f->name);
    json_array(&w, "devices");
    for (size_t i = 0; i < items->count; i++) {
        json_object(&w, NULL);
        json_str(&w, "name", items->items[i].label);
        json_str(&w, "pci", device_pci(&items->items[i].device));
        json_end(&w);
    }
    json_end(&w);
    json_array(&w, "before");
    for (size_t i = 0; i < before->count; i++)
        json_str(&w, NULL, before->items[i]);
    json_end(&w);
    json_str(&w, "text", text);
    json_end(&w);
    buf_add_char(&a->out, '\n');
}

static int commands_of(struct app *a, const struct vm_format *f, const struct vm_items *items,
                       struct strv *ret)
{
    for (size_t i = 0; i < items->count; i++) {
        if (format_commands(f->flags, &items->items[i], ret) < 0)
            return error_no_memory(&a->error);
    }
    return 0;
}

static int print(struct app *a, const struct vm_format *f, const struct vm_items *items,
                 const struct strv *before, const struct buf *text)
{
    if (buf_ok(text) < 0)
        return error_no_memory(&a->error);
    for (size_t i = 0; i < items->count; i++)
        note(a, &items->items[i]);
    if (a->options.json) {
        write_json(a, f, items, before, text->data);
        return 0;
    }
    for (size_t i = 0; i < before->count && (f->flags & FORMAT_ARGUMENTS); i++)
        app_note(a, "to be run first: %s", before->items[i]);
    buf_add(&a->out, text->data, text->len);
    return 0;
}

int items_write(struct app *a, const struct vm_format *f, const struct vm_items *items)
{
    _cleanup_(strv_done) struct strv before = STRV_INIT;
    _cleanup_buf_ struct buf text = BUF_INIT;
    int r = commands_of(a, f, items, &before);
    if (r < 0)
        return r;
    f->write(items, &before, &text);
    return print(a, f, items, &before, &text);
}

int items_write_text(struct app *a, const struct vm_format *f, const struct vm_items *items,
                     const struct buf *text)
{
    _cleanup_(strv_done) struct strv before = STRV_INIT;
    int r = commands_of(a, f, items, &before);
    return r < 0 ? r : print(a, f, items, &before, text);
}
