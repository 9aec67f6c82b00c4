/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The guest agent's list of network interfaces (qga/qapi-schema.json of QEMU):
 * {"return":[{"name":"eth0","hardware-address":"52:…","ip-addresses":[{"ip-address":"192.0.2.1",
 * "prefix":24,"ip-address-type":"ipv4"}]}]}. Whoever rules the guest writes it.
 */
#include <errno.h>
#include <stdio.h>

#include "base/json-read.h"
#include "base/mac.h"
#include "vm/check.h"

static const struct node_limits limits = { .bytes = 1 << 20, .nodes = 50000, .depth = 16 };

static bool is_of_link(const char *address)
{
    return str_starts(address, "fe80:") || str_starts(address, "169.254.") ||
           str_starts(address, "127.") || str_eq(address, "::1");
}

/* One that does not fit any more is left out. */
static void add_address(struct guest_interface *i, const struct node *address)
{
    const char *text = node_get_text(address, "ip-address");
    const char *prefix = node_get_text(address, "prefix");
    size_t len = strlen(i->addresses), left = sizeof(i->addresses) - len;

    if (!text || !str_is_plain(text, 45) || is_of_link(text))
        return;
    int n = snprintf(i->addresses + len, left, "%s%s/%.3s", len > 0 ? " " : "", text,
                     prefix ? prefix : "?");
    if ((size_t)n >= left)
        i->addresses[len] = '\0';
}

static void read_interface(const struct node *from, struct guest_interface *i)
{
    const struct node *addresses = node_get(from, "ip-addresses");
    const char *name = node_get_text(from, "name");
    const char *mac = node_get_text(from, "hardware-address");

    STR_SET(i->name, name ? name : "");
    text_make_plain(i->name);
    i->has_mac = mac && mac_from_text(mac, &i->mac) >= 0;
    for (size_t k = 0; addresses && k < addresses->count; k++)
        add_address(i, &addresses->items[k]);
}

int guest_parse(const char *text, size_t len, struct guest *ret)
{
    _cleanup_node_ struct node *root = NULL;
    int r = json_read(text, len, &limits, &root, NULL);
    const struct node *list = r < 0 ? NULL : node_get(root, "return");

    if (!list || list->kind != NODE_LIST)
        return r == -ENOMEM ? r : -EBADMSG;
    struct guest g = { .asked = true };
    g.items = calloc(list->count + 1, sizeof(*g.items));
    if (!g.items)
        return -ENOMEM;
    for (; g.count < list->count; g.count++)
        read_interface(&list->items[g.count], &g.items[g.count]);
    *ret = g;
    return 0;
}

void guest_done(struct guest *g)
{
    free(g->items);
    *g = (struct guest){ 0 };
}

const struct guest_interface *guest_find(const struct guest *g, uint64_t mac)
{
    const struct guest_interface *found = NULL;

    for (size_t i = 0; i < g->count; i++) {
        const struct guest_interface *at = &g->items[i];

        if (at->has_mac && at->mac == mac && (!found || (!found->addresses[0] && at->addresses[0])))
            found = at;
    }
    return found;
}
