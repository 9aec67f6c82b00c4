/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl show: everything about one PF or about some VFs, as blocks of "key  value".
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/mac.h"
#include "cli/app.h"
#include "cli/text.h"
#include "core/target.h"

#define KEY_WIDTH 14

static void line(struct app *a, const char *key, const char *format, ...) _printf_(3, 4);

static void line(struct app *a, const char *key, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    text_make_plain(text);
    if (*text)
        buf_printf(&a->out, "  %-*s  %s\n", KEY_WIDTH, key, text);
}

static void title(struct app *a, const char *text)
{
    if (a->out.len > 0)
        buf_add_char(&a->out, '\n');
    buf_printf(&a->out, a->colour ? "\033[1m%s\033[0m\n" : "%s\n", text);
}

static void attributes(struct app *a, enum attr_scope scope, const struct attrs *attrs)
{
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        if (row->scope != scope || !attrs_has(attrs, row->id))
            continue;
        char value[ATTR_TEXT_SIZE];
        attr_text(row, attrs, value);
        bool has_unit = row->unit && *row->unit && attrs->value[id] != 0;
        line(a, row->name, "%s%s%s", value, has_unit ? " " : "", has_unit ? row->unit : "");
    }
}

static void holders(struct app *a, const struct pf *pf, int vf)
{
    const char *key = "used by";
    for (size_t i = 0; i < a->session.holders.count; i++) {
        const struct holder *h = &a->session.holders.items[i];
        if (h->vf != vf || !str_eq(h->pf, pf->key))
            continue;
        char text[HOLDER_TEXT_SIZE];
        holder_text(h, text);
        line(a, key, "%s", text);
        key = "";
    }
    if (*key)
        line(a, key, "nobody");
}

/* What is known of the driver that can surprise. */
static void driver_facts(struct app *a, const struct pf *pf)
{
    const struct driver *d = driver_find(pf->driver);
    if (!d)
        return;
    if (d->note)
        line(a, "driver note", "%s", d->note);
    if (d->max_vfs > 0)
        line(a, "driver note", "at most %u VFs", d->max_vfs);
    for (unsigned bit = 0; text_driver_flag(bit); bit++) {
        if (d->flags & (1u << bit))
            line(a, "driver note", "%s", text_driver_flag(bit));
    }
    size_t count;
    const struct quirk *quirks = quirk_table(&count);
    for (size_t i = 0; i < count; i++) {
        /* What no driver of NICs does but one or two is no news. */
        if (str_eq(quirks[i].driver, QUIRK_ALL_DRIVERS) || !quirk_is_of(&quirks[i], pf->driver) ||
            !text_quirk_is_of_device(&quirks[i], pf->device))
            continue;
        _cleanup_buf_ struct buf text = BUF_INIT;
        text_quirk(&quirks[i], &text);
        line(a, "driver note", "%s", text.data ? text.data : "");
    }
}

static void busy(struct app *a, const struct pf *pf)
{
    struct transaction t = { 0 };
    if (!a->session.ledger || ledger_busy(a->session.ledger, pf->key, &t) <= 0)
        return;
    char since[TIME_TEXT_SIZE];
    time_text(t.started, since);
    line(a, "busy", "%s, pid %d, since %s", t.command, (int)t.pid, since);
    transaction_done(&t);
}

static void device(struct app *a, int iommu_group, int numa_node)
{
    char number[NUMBER_SIZE];
    line(a, "IOMMU group", "%s", text_number(iommu_group, number));
    line(a, "NUMA node", "%s", text_number(numa_node, number));
}

static void altnames(struct app *a, const struct pf *pf)
{
    for (size_t i = 0; i < pf->altnames.count; i++)
        line(a, "altname", "%s", pf->altnames.items[i]);
}

static void show_pf(struct app *a, const struct pf *pf)
{
    _cleanup_buf_ struct buf state = BUF_INIT;
    char mac[MAC_TEXT_SIZE] = "";
    if (pf->has_mac)
        mac_to_text(pf->mac, mac);
    text_pf_state(pf, &state);
    title(a, pf_label(pf));
    line(a, pf->bus == PF_ON_PCI ? "PCI address" : "device", "%s", pf->key);
    if (pf->vendor)
        line(a, "model", "%04x:%04x", pf->vendor, pf->device);
    line(a, "driver", "%s", pf->driver);
    altnames(a, pf);
    line(a, "mac", "%s", mac);
    device(a, pf->iommu_group, pf->numa_node);
    line(a, "state", "%s", state.data ? state.data : "");
    attributes(a, ATTR_OF_PF, &pf->attrs);
    busy(a, pf);
    holders(a, pf, HOLDER_OF_PF);
    driver_facts(a, pf);
}

static void show_vf(struct app *a, const struct pf *pf, const struct vf *vf)
{
    char label[OBJECT_SIZE];
    vf_label(pf, vf->index, label);
    title(a, label);
    line(a, "PCI address", "%s", vf->pci);
    device(a, vf->iommu_group, pf->numa_node);
    if (vf->pci_class)
        line(a, "PCI class", "%06x", vf->pci_class);
    line(a, "PF driver", "%s", pf->driver);
    attributes(a, ATTR_OF_VF, &vf->attrs);
    if (!vf->listed && pf->ifindex > 0)
        line(a, "note", "the PF's driver does not report this VF's settings");
    holders(a, pf, (int)vf->index);
}

static const struct vf *find_vf(const struct pf *pf, unsigned index)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].index == index)
            return &pf->vfs[i];
    }
    return NULL;
}

static void show_json(struct app *a, const struct target *t)
{
    struct json_writer w = JSON_WRITER(&a->out);
    if (!t->has_vfs) {
        inventory_json(a->session.snapshot, t->pf, &a->session.holders, a->session.ledger, &w);
    } else if (t->count == 1) {
        inventory_vf_json(t->pf, find_vf(t->pf, t->indexes[0]), &a->session.holders, &w);
    } else {
        json_object(&w, NULL);
        json_array(&w, "vfs");
        for (size_t i = 0; i < t->count; i++)
            inventory_vf_json(t->pf, find_vf(t->pf, t->indexes[i]), &a->session.holders, &w);
        json_end(&w);
        json_end(&w);
    }
    buf_add_char(&a->out, '\n');
}

static int run_show(struct app *a)
{
    _cleanup_(target_done) struct target t = { 0 };
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = target_find(a->session.snapshot, a->args[0], &t, &a->error);
    if (r < 0)
        return r;
    app_ledger_if_readable(a);
    r = session_holders_to_show(&a->session, &a->error);
    if (r < 0)
        return r;
    app_note_interrupted(a);
    if (a->options.json)
        show_json(a, &t);
    else if (!t.has_vfs)
        show_pf(a, t.pf);
    else
        for (size_t i = 0; i < t.count; i++)
            show_vf(a, t.pf, find_vf(t.pf, t.indexes[i]));
    return 0;
}

const struct verb verb_show = {
    .name = "show",
    .synopsis = "show PF|PF/N|PCI",
    .help = "show everything about one PF or VF",
    .details =
        (const char *const[]){
            "Prints all that is known about a PF (without its VFs, which list shows) or about VFs: identity, "
            "every attribute that the driver reports, who uses it, and for a PF what its driver is known to "
            "refuse, ignore or disturb.",
            "With --json: {\"pfs\":[PF]} for a PF, as list prints it; the object of the VF for one VF; "
            "{\"vfs\":[...]} for several.",
            NULL,
        },
    .min_args = 1,
    .max_args = 1,
    .flags = VERB_READS,
    .words = { WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "show enp1s0", "one PF, and what to know of its driver" },
            { "show enp1s0/3", "VF 3 of enp1s0" },
            { "show 0000:01:10.0", "the VF (or PF) with this PCI address" },
            { NULL, NULL },
        },
    .run = run_show,
};
