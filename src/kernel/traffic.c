/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statistics of a link message. Where each counter stands is a table, one for the structure of a
 * link and one for the nested attributes of a VF.
 */
#include "kernel/traffic.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/list.h"
#include "kernel/rtnl-list.h"

#define AT(field) offsetof(struct rtnl_link_stats64, field)

/* Older kernels have a shorter structure; all of these have been in it from the beginning. */
static const struct {
    enum traffic_counter counter;
    size_t offset;
} link_rows[] = {
    { TRAFFIC_RX_BYTES, AT(rx_bytes) },      { TRAFFIC_RX_PACKETS, AT(rx_packets) },
    { TRAFFIC_RX_DROPPED, AT(rx_dropped) },  { TRAFFIC_RX_ERRORS, AT(rx_errors) },
    { TRAFFIC_RX_MULTICAST, AT(multicast) }, { TRAFFIC_TX_BYTES, AT(tx_bytes) },
    { TRAFFIC_TX_PACKETS, AT(tx_packets) },  { TRAFFIC_TX_DROPPED, AT(tx_dropped) },
    { TRAFFIC_TX_ERRORS, AT(tx_errors) },
};

static const struct {
    enum traffic_counter counter;
    unsigned type;
} vf_rows[] = {
    { TRAFFIC_RX_BYTES, IFLA_VF_STATS_RX_BYTES },
    { TRAFFIC_RX_PACKETS, IFLA_VF_STATS_RX_PACKETS },
    { TRAFFIC_RX_DROPPED, IFLA_VF_STATS_RX_DROPPED },
    { TRAFFIC_RX_MULTICAST, IFLA_VF_STATS_MULTICAST },
    { TRAFFIC_RX_BROADCAST, IFLA_VF_STATS_BROADCAST },
    { TRAFFIC_TX_BYTES, IFLA_VF_STATS_TX_BYTES },
    { TRAFFIC_TX_PACKETS, IFLA_VF_STATS_TX_PACKETS },
    { TRAFFIC_TX_DROPPED, IFLA_VF_STATS_TX_DROPPED },
};

void traffic_request(struct buf *out, int ifindex, bool vfs)
{
    struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = ifindex };
    struct message m;

    message_start(&m, RTM_GETLINK, 0, &info, sizeof(info));
    message_put_u32(&m, IFLA_EXT_MASK, vfs ? RTEXT_FILTER_VF : RTEXT_FILTER_SKIP_STATS);
    message_finish(&m, out);
}

static void set_counter(struct traffic *t, enum traffic_counter counter, const char *data)
{
    memcpy(&t->value[counter], data, sizeof(t->value[counter]));
    t->known |= UINT32_C(1) << counter;
}

static void read_link_stats(const struct nl_attr *stats, struct traffic *t)
{
    for (size_t i = 0; i < ELEMENTS(link_rows); i++) {
        if (link_rows[i].offset + sizeof(uint64_t) <= stats->len)
            set_counter(t, link_rows[i].counter, stats->data + link_rows[i].offset);
    }
}

static int read_vf_stats(const struct nl_attr *stats, struct traffic *t)
{
    struct nl_attrs inner = nl_attr_nested(stats);
    struct nl_attr a;
    int r;

    while ((r = nl_attr_next(&inner, &a)) > 0) {
        for (size_t i = 0; i < ELEMENTS(vf_rows); i++) {
            if (a.type == vf_rows[i].type && a.len >= sizeof(uint64_t))
                set_counter(t, vf_rows[i].counter, a.data);
        }
    }
    return r;
}

static int read_record(const struct nl_attr *record, struct vf_traffic *vf)
{
    struct nl_attrs inner = nl_attr_nested(record);
    struct nl_attr a;
    int r;

    while ((r = nl_attr_next(&inner, &a)) > 0) {
        if (a.type == IFLA_VF_MAC && a.len >= sizeof(struct ifla_vf_mac))
            memcpy(&vf->index, a.data + offsetof(struct ifla_vf_mac, vf), sizeof(vf->index));
        else if (a.type == IFLA_VF_STATS)
            r = read_vf_stats(&a, &vf->traffic);
        if (r < 0)
            return r;
    }
    return r;
}

static int read_list(const struct nl_attr *list, struct link_traffic *t)
{
    struct nl_attrs records = nl_attr_nested(list);
    struct nl_attr record;
    int r;

    while ((r = nl_attr_next(&records, &record)) > 0) {
        struct vf_traffic *vf = LIST_ADD(t);

        if (!vf)
            return -ENOMEM;
        r = read_record(&record, vf);
        if (r < 0)
            return r;
    }
    return r;
}

static int read_message(const struct nlmsghdr *message, struct link_traffic *t)
{
    struct nl_attrs attrs;
    struct nl_attr a;
    int r;

    r = message_attrs(message, sizeof(struct ifinfomsg), &attrs);
    if (r < 0)
        return r;
    while ((r = link_attr_next(&attrs, &a)) > 0) {
        if (a.type == IFLA_STATS64)
            read_link_stats(&a, &t->pf);
        else if (a.type == IFLA_VFINFO_LIST)
            r = read_list(&a, t);
        if (r < 0)
            return r;
    }
    return r;
}

int traffic_parse(const struct buf *messages, struct link_traffic *ret)
{
    _cleanup_(link_traffic_done) struct link_traffic t = { 0 };
    const struct nlmsghdr *message;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        if (message->nlmsg_type == RTM_NEWLINK)
            r = read_message(message, &t);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = t;
    t = (struct link_traffic){ 0 };
    return 0;
}

bool traffic_has_vf_counts(const struct link_traffic *t)
{
    for (size_t i = 0; i < t->count; i++) {
        for (size_t k = 0; k < TRAFFIC_COUNT; k++) {
            if (t->items[i].traffic.value[k] != 0)
                return true;
        }
    }
    return false;
}

void link_traffic_done(struct link_traffic *t)
{
    free(t->items);
    *t = (struct link_traffic){ 0 };
}
