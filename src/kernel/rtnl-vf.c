/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The VFs of a link message. What a record says about a VF is a table: one row per value gives the
 * attribute it stands in, where and how wide; nests, the "driver did not say" of some of them, and
 * the two attributes that older kernels lack are columns. See rtnl.h for the list that lies about
 * its length.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/mac.h"
#include "kernel/list.h"
#include "kernel/rtnl-list.h"
#include "kernel/rtnl.h"

enum width {
    W_NONE, /* no row */
    W_U32,
    W_FLAG,   /* 32 bits: 0, 1, or -1 when the driver did not say */
    W_SIGNED, /* 32 bits, -1 when the driver did not say */
    W_U64,
    W_BE16,
    W_ADDRESS, /* the first 6 bytes of a hardware address */
};

static const size_t width_size[] = {
    [W_U32] = 4, [W_FLAG] = 4, [W_SIGNED] = 4, [W_U64] = 8, [W_BE16] = 2, [W_ADDRESS] = 6,
};

struct vf_row {
    enum sriov_attr attr;
    enum width width;
    size_t offset;
    bool weak; /* does not replace what another attribute said */
};

/* What one attribute tells: the rows up to one without a width. */
#define ROWS_EACH 3

#define AT(type, field) offsetof(struct type, field)

static const struct vf_row record_rows[][ROWS_EACH] = {
    [IFLA_VF_MAC] = { { SRIOV_MAC, W_ADDRESS, AT(ifla_vf_mac, mac) } },
    [IFLA_VF_VLAN] = { { SRIOV_VLAN, W_U32, AT(ifla_vf_vlan, vlan), .weak = true },
                       { SRIOV_QOS, W_U32, AT(ifla_vf_vlan, qos), .weak = true } },
    [IFLA_VF_RATE] = { { SRIOV_MIN_TX_RATE, W_U32, AT(ifla_vf_rate, min_tx_rate) },
                       { SRIOV_MAX_TX_RATE, W_U32, AT(ifla_vf_rate, max_tx_rate) } },
    [IFLA_VF_TX_RATE] = { { SRIOV_MAX_TX_RATE, W_U32, AT(ifla_vf_tx_rate, rate), .weak = true } },
    [IFLA_VF_SPOOFCHK] = { { SRIOV_SPOOFCHK, W_FLAG, AT(ifla_vf_spoofchk, setting) } },
    [IFLA_VF_TRUST] = { { SRIOV_TRUST, W_FLAG, AT(ifla_vf_trust, setting) } },
    [IFLA_VF_RSS_QUERY_EN] = { { SRIOV_RSS_QUERY, W_FLAG, AT(ifla_vf_rss_query_en, setting) } },
    [IFLA_VF_LINK_STATE] = { { SRIOV_LINK_STATE, W_SIGNED, AT(ifla_vf_link_state, link_state) } },
    [IFLA_VF_IB_NODE_GUID] = { { SRIOV_NODE_GUID, W_U64, AT(ifla_vf_guid, guid) } },
    [IFLA_VF_IB_PORT_GUID] = { { SRIOV_PORT_GUID, W_U64, AT(ifla_vf_guid, guid) } },
};

/* An entry of IFLA_VF_VLAN_LIST (4.9): the only place that tells the protocol. */
static const struct vf_row vlan_rows[ROWS_EACH] = {
    { SRIOV_VLAN, W_U32, AT(ifla_vf_vlan_info, vlan) },
    { SRIOV_QOS, W_U32, AT(ifla_vf_vlan_info, qos) },
    { SRIOV_VLAN_PROTO, W_BE16, AT(ifla_vf_vlan_info, vlan_proto) },
};

static bool is_known(const struct rtnl_vf *vf, enum sriov_attr attr)
{
    return vf->known & (UINT32_C(1) << attr);
}

static void set_value(struct rtnl_vf *vf, enum sriov_attr attr, uint64_t value)
{
    vf->value[attr] = value;
    vf->known |= UINT32_C(1) << attr;
}

static void read_value(const struct vf_row *row, const char *data, struct rtnl_vf *vf)
{
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;

    switch (row->width) {
    case W_NONE:
        break;
    case W_U32:
    case W_FLAG:
    case W_SIGNED:
        memcpy(&u32, data, sizeof(u32));
        if (row->width == W_U32 || u32 != UINT32_MAX)
            set_value(vf, row->attr, row->width == W_FLAG ? u32 != 0 : u32);
        break;
    case W_U64:
        memcpy(&u64, data, sizeof(u64));
        set_value(vf, row->attr, u64);
        break;
    case W_BE16:
        memcpy(&u16, data, sizeof(u16));
        set_value(vf, row->attr, ntohs(u16));
        break;
    case W_ADDRESS:
        set_value(vf, row->attr, mac_from_bytes((const uint8_t *)data));
        break;
    }
}

static int read_rows(const struct vf_row rows[ROWS_EACH], const struct nl_attr *a,
                     struct rtnl_vf *vf)
{
    for (size_t i = 0; i < ROWS_EACH && rows[i].width != W_NONE; i++) {
        const struct vf_row *row = &rows[i];

        if (a->len < row->offset + width_size[row->width])
            return -EBADMSG;
        if (!row->weak || !is_known(vf, row->attr))
            read_value(row, a->data + row->offset, vf);
    }
    return 0;
}

/* The list can hold several tags; no driver has more than one (6.12), and the first is the one
 * shown. */
static int read_vlan_list(const struct nl_attr *list, struct rtnl_vf *vf)
{
    struct nl_attrs inner = nl_attr_nested(list);
    struct nl_attr a;
    int r;

    r = nl_attr_next(&inner, &a);
    if (r <= 0 || a.type != IFLA_VF_VLAN_INFO)
        return MIN_OF(r, 0);
    return read_rows(vlan_rows, &a, vf);
}

static int read_record(const struct nl_attr *record, struct rtnl_vf *vf)
{
    struct nl_attrs inner = nl_attr_nested(record);
    struct nl_attr a;
    int r;

    while ((r = nl_attr_next(&inner, &a)) > 0) {
        if (a.type == IFLA_VF_VLAN_LIST)
            r = read_vlan_list(&a, vf);
        else if (a.type < ELEMENTS(record_rows))
            r = read_rows(record_rows[a.type], &a, vf);
        if (r < 0)
            return r;
        if (a.type == IFLA_VF_MAC)
            memcpy(&vf->index, a.data + AT(ifla_vf_mac, vf), sizeof(vf->index));
    }
    if (is_known(vf, SRIOV_VLAN) &&
        (!is_known(vf, SRIOV_VLAN_PROTO) || !vf->value[SRIOV_VLAN_PROTO]))
        set_value(vf, SRIOV_VLAN_PROTO, ETH_P_8021Q);
    return r;
}

/* The entries are records, and whole: link_attr_next has seen to that. */
static int read_list(const struct nl_attr *list, bool ethernet, struct rtnl_vfs *vfs)
{
    struct nl_attrs records = nl_attr_nested(list);
    struct nl_attr record;
    int r;

    while ((r = nl_attr_next(&records, &record)) > 0) {
        struct rtnl_vf *vf = LIST_ADD(vfs);

        if (!vf)
            return -ENOMEM;
        r = read_record(&record, vf);
        if (r < 0)
            return r;
        /* IPoIB puts 20 bytes there, of which the first 6 are no MAC. */
        if (!ethernet)
            vf->known &= ~(UINT32_C(1) << SRIOV_MAC);
    }
    return r;
}

static int read_message(const struct nlmsghdr *message, struct rtnl_vfs *vfs)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    struct nl_attrs attrs;
    struct nl_attr a;
    int r;

    r = message_attrs(message, sizeof(*info), &attrs);
    if (r < 0)
        return r;
    while ((r = link_attr_next(&attrs, &a)) > 0) {
        if (a.type == IFLA_NUM_VF)
            r = nl_attr_u32(&a, &vfs->announced);
        else if (a.type == IFLA_VFINFO_LIST)
            r = read_list(&a, info->ifi_type == ARPHRD_ETHER, vfs);
        if (r < 0)
            return r;
    }
    return r;
}

int rtnl_parse_vfs(const struct buf *messages, struct rtnl_vfs *ret)
{
    _cleanup_(rtnl_vfs_done) struct rtnl_vfs vfs = { 0 };
    const struct nlmsghdr *message;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        if (message->nlmsg_type == RTM_NEWLINK)
            r = read_message(message, &vfs);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = vfs;
    vfs = (struct rtnl_vfs){ 0 };
    return 0;
}

void rtnl_vfs_done(struct rtnl_vfs *v)
{
    free(v->items);
    *v = (struct rtnl_vfs){ 0 };
}
