/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pieces of text that several verbs print.
 */
#include "cli/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void text_add(struct buf *list, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (list->len > 0)
        buf_add_str(list, ", ");
    buf_add_str(list, text);
}

const char *text_number(int64_t number, char ret[NUMBER_SIZE])
{
    ret[0] = '\0';
    if (number >= 0)
        snprintf(ret, NUMBER_SIZE, "%" PRIi64, number);
    return ret;
}

/* Has a column of its own in `list`, or no value that every new VF has. */
static bool told_elsewhere(enum sriov_attr id)
{
    return id == SRIOV_MAC || id == SRIOV_VLAN || id == SRIOV_DRIVER || id == SRIOV_NAME ||
           id == SRIOV_MSIX_COUNT;
}

void text_settings(const struct vf *vf, struct buf *ret)
{
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        if (row->scope != ATTR_OF_VF || told_elsewhere(row->id) ||
            !attrs_has(&vf->attrs, row->id) || vf->attrs.value[id] == row->fresh)
            continue;
        char value[ATTR_TEXT_SIZE];
        attr_text(row, &vf->attrs, value);
        text_add(ret, "%s %s", row->name, value);
    }
}

static void add_speed(int64_t speed, struct buf *ret)
{
    if (speed >= 1000 && speed % 100 == 0)
        text_add(ret, "%g Gbit/s", (double)speed / 1000);
    else if (speed > 0)
        text_add(ret, "%" PRIi64 " Mbit/s", speed);
}

void text_pf_state(const struct pf *pf, struct buf *ret)
{
    if (pf->total_vfs > 0)
        text_add(ret, "%zu/%u VFs", pf->n_vfs, pf->total_vfs);
    else
        text_add(ret, "%zu VFs", pf->n_vfs);
    if (attrs_has(&pf->attrs, SRIOV_LINK)) {
        bool up = pf->attrs.value[SRIOV_LINK];
        text_add(ret, !up ? "down" : pf->carrier ? "up" : "up without carrier");
        if (up && pf->carrier)
            add_speed(pf->speed, ret);
    }
    if (attrs_has(&pf->attrs, SRIOV_PF_MTU) && pf->attrs.value[SRIOV_PF_MTU] != 1500)
        text_add(ret, "mtu %" PRIu64, pf->attrs.value[SRIOV_PF_MTU]);
    if (attrs_has(&pf->attrs, SRIOV_ESWITCH_MODE) && pf->attrs.value[SRIOV_ESWITCH_MODE] != 0)
        text_add(ret, "switchdev");
    if (attrs_has(&pf->attrs, SRIOV_AUTOPROBE) && !pf->attrs.value[SRIOV_AUTOPROBE])
        text_add(ret, "autoprobe off");
}

void text_holders(const struct holders *all, const struct pf *pf, int vf, struct buf *ret)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct holder *h = &all->items[i];
        if (h->vf != vf || !str_eq(h->pf, pf->key))
            continue;
        char text[HOLDER_TEXT_SIZE];
        holder_text(h, text);
        text_add(ret, "%s", text);
    }
}

/* ---- quirks ---- */

/* What an effect that keeps a change from being made comes to; "" for the others. */
static void effect_text(const struct quirk *q, char *ret, size_t size)
{
    static const char *const texts[] = {
        [QUIRK_REFUSED] = "refused",
        [QUIRK_IGNORED] = "ignored",
        [QUIRK_NEEDS_LINK] = "refused while the PF has no link",
        [QUIRK_NEEDS_PF_UP] = "refused while the PF is down",
        [QUIRK_NEEDS_SPEED] = "refused at another link speed",
        [QUIRK_AT_MOST_SPEED] = "refused above the link speed",
    };
    if (q->effect == QUIRK_AT_LEAST)
        snprintf(ret, size, "refused below %" PRIu64, q->value);
    else
        str_copy(ret, size, q->effect < ELEMENTS(texts) ? texts[q->effect] : "");
}

/* "link_state", "vlan_proto 802.1ad" or "qos other than 0": what the row holds for. */
static void add_subject(const struct quirk *q, struct buf *ret)
{
    static const char *const given[] = {
        [QUIRK_ALWAYS] = "",
        [QUIRK_WITHOUT_VLAN] = " without a VLAN",
        [QUIRK_WITH_QOS] = " with a priority",
    };
    const struct attr *row = attr_row(q->attr);
    buf_add_str(ret, row->name);
    if (q->when != QUIRK_ANY) {
        struct attrs attrs = { 0 };
        char value[ATTR_TEXT_SIZE];
        attrs_set(&attrs, q->attr, q->when);
        attr_text(row, &attrs, value);
        buf_printf(ret, " %s", value);
    } else if (q->not_zero) {
        buf_add_str(ret, " other than 0");
    }
    buf_add_str(ret, q->switchdev_only ? " in switchdev mode" : "");
    buf_add_str(ret, given[q->given]);
}

void text_quirk(const struct quirk *q, struct buf *ret)
{
    char effect[64];
    effect_text(q, effect, sizeof(effect));
    add_subject(q, ret);
    if (*effect)
        buf_printf(ret, ": %s; the driver %s", effect, q->why);
    else
        buf_printf(ret, ": %s", q->why);
}

bool text_quirk_is_of_device(const struct quirk *q, unsigned device)
{
    for (const uint16_t *id = q->but_devices; id && *id; id++) {
        if (*id == device)
            return false;
    }
    return true;
}

const char *text_driver_flag(unsigned bit)
{
    static const char *const texts[] = {
        "makes VFs by module parameter only",
        "changing the number of VFs resets the PF's link",
        "makes no VFs while the PF is down",
        "has no settings of VFs",
        "the VF's netdev appears some time after its driver is bound",
        "the eswitch mode changes only while there are no VFs",
        "counts the traffic of each VF",
        "does not tell the settings of VFs while it is at work on one",
        "a VF that got its address from the PF takes no other until its driver starts again",
    };
    return bit < ELEMENTS(texts) ? texts[bit] : NULL;
}
