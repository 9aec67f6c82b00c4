/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's XML of a network and of a port (formatnetwork and formatnetworkport of 11.3): what of
 * it is about VFs.
 */
#include <errno.h>
#include <stdio.h>

#include "base/tag.h"
#include "vm/device.h"
#include "vm/network.h"

void network_done(struct network *n)
{
    strv_done(&n->members);
    free(n->ports);
    *n = (struct network){ 0 };
}

/* ---- reading ---- */

/* Our mark: <sriovd:pool xmlns:sriovd='urn:sriovd:network:1' from='…'/>. libvirt keeps the prefix
 * as it was given. */
static bool is_mark(const struct tag *t)
{
    return tag_is(t, "sriovd:pool") && tag_has(t, "xmlns:sriovd", NETWORK_NAMESPACE);
}

static int take_member(struct network *n, const struct tag *t)
{
    char member[NETWORK_MEMBER_SIZE] = "";

    if (str_eq(n->mode, NETWORK_HOSTDEV)) {
        if (tag_is(t, "address"))
            tag_pci(t, member);
    } else if (tag_is(t, "interface")) {
        tag_value(t, "dev", member, sizeof(member));
    }
    return *member && !strv_has(&n->members, member) ? strv_add(&n->members, member) : 0;
}

int network_parse(const char *text, struct network *ret)
{
    struct network n = { 0 };
    bool inside = false;
    struct tag t;
    int r = 0;

    while (r >= 0 && tag_next(&text, &t)) {
        if (tag_is(&t, "forward")) {
            inside = !t.closing && !t.empty;
            if (!t.closing)
                tag_value(&t, "mode", n.mode, sizeof(n.mode));
        } else if (tag_is(&t, "name") && !t.closing && !n.name[0]) {
            tag_content(text, n.name, sizeof(n.name));
        } else if (tag_is(&t, "uuid") && !t.closing && !n.uuid[0]) {
            tag_content(text, n.uuid, sizeof(n.uuid));
        } else if (is_mark(&t)) {
            tag_value(&t, "from", n.from, sizeof(n.from));
        } else if (inside) {
            r = take_member(&n, &t);
        }
    }
    if (r < 0) {
        network_done(&n);
        return r;
    }
    *ret = n;
    return 0;
}

void network_port_parse(const char *text, struct network_port *ret)
{
    bool in_owner = false, in_hostdev = false;
    struct network_port p = { 0 };
    struct tag t;

    while (tag_next(&text, &t)) {
        if (tag_is(&t, "owner"))
            in_owner = !t.closing;
        else if (in_owner && tag_is(&t, "name") && !t.closing)
            tag_content(text, p.owner, sizeof(p.owner));
        else if (tag_is(&t, "plug") && !t.closing) {
            in_hostdev = tag_has(&t, "type", "hostdev-pci");
            if (!in_hostdev)
                tag_value(&t, "dev", p.member, sizeof(p.member));
        } else if (in_hostdev && tag_is(&t, "address")) {
            tag_pci(&t, p.member);
        }
    }
    *ret = p;
}

/* ---- writing ---- */

static void add_member(const struct network *n, const char *member, struct buf *ret)
{
    unsigned domain, bus, slot, function;

    if (!str_eq(n->mode, NETWORK_HOSTDEV)) {
        buf_add_str(ret, "    <interface dev='");
        xml_text(ret, member);
        buf_add_str(ret, "'/>\n");
    } else if (sscanf(member, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4) {
        buf_printf(ret,
                   "    <address type='pci' domain='0x%04x' bus='0x%02x' slot='0x%02x' "
                   "function='0x%x'/>\n",
                   domain, bus, slot, function);
    }
}

void network_xml(const struct network *n, struct buf *ret)
{
    buf_add_str(ret, "<network>\n  <name>");
    xml_text(ret, n->name);
    buf_add_str(ret, "</name>\n");
    if (n->uuid[0])
        buf_printf(ret, "  <uuid>%s</uuid>\n", n->uuid);
    buf_add_str(ret, "  <metadata>\n    <sriovd:pool xmlns:sriovd='" NETWORK_NAMESPACE "' from='");
    xml_text(ret, n->from);
    buf_printf(ret, "'/>\n  </metadata>\n  <forward mode='%s'%s>\n", n->mode,
               str_eq(n->mode, NETWORK_HOSTDEV) ? " managed='yes'" : "");
    for (size_t i = 0; i < n->members.count; i++)
        add_member(n, n->members.items[i], ret);
    buf_add_str(ret, "  </forward>\n</network>\n");
}
