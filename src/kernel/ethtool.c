/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Features of a netdev over ethtool netlink (ETHTOOL_MSG_FEATURES_GET, net/ethtool/features.c). The
 * bitsets are asked for with names: the numbers of features are the kernel's own and change.
 */
#include "kernel/ethtool.h"

#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>

#include "base/str.h"
#include "kernel/devlink.h"
#include "kernel/mnl.h"

void ethtool_request_family(struct buf *out)
{
    struct genlmsghdr header = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
    struct message m;

    message_start(&m, GENL_ID_CTRL, 0, &header, sizeof(header));
    message_put_text(&m, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME);
    message_finish(&m, out);
}

/* The controller answers for every family in the same form. */
int ethtool_parse_family(const struct buf *messages, uint16_t *ret)
{
    return devlink_parse_family(messages, ret);
}

void ethtool_request_features(struct buf *out, uint16_t family, int ifindex)
{
    struct genlmsghdr header = { .cmd = ETHTOOL_MSG_FEATURES_GET, .version = ETHTOOL_GENL_VERSION };
    struct nlattr *nest;
    struct message m;

    message_start(&m, family, 0, &header, sizeof(header));
    nest = message_nest(&m, ETHTOOL_A_FEATURES_HEADER);
    message_put_u32(&m, ETHTOOL_A_HEADER_DEV_INDEX, (uint32_t)ifindex);
    message_nest_end(&m, nest);
    message_finish(&m, out);
}

/* Is the bit of this name in a list of ETHTOOL_A_BITSET_BITS, and set? A list without mask names
 * the bits that are set only, one with mask has ETHTOOL_A_BITSET_BIT_VALUE at those. */
struct bit {
    char name[64];
    bool value;
};

static int read_bit(const struct nl_attr *a, struct bit *ret)
{
    struct nl_attrs inner = nl_attr_nested(a);
    struct nl_attr field;
    int r;

    *ret = (struct bit){ 0 };
    while ((r = nl_attr_next(&inner, &field)) > 0) {
        if (field.type == ETHTOOL_A_BITSET_BIT_NAME)
            nl_attr_text(&field, ret->name, sizeof(ret->name));
        ret->value |= field.type == ETHTOOL_A_BITSET_BIT_VALUE;
    }
    return r;
}

static int read_bits(const struct nl_attr *a, const char *name, bool no_mask, bool *ret)
{
    struct nl_attrs inner = nl_attr_nested(a);
    struct nl_attr entry;
    struct bit bit;
    int r;

    while ((r = nl_attr_next(&inner, &entry)) > 0) {
        if (entry.type != ETHTOOL_A_BITSET_BITS_BIT)
            continue;
        r = read_bit(&entry, &bit);
        if (r < 0)
            return r;
        if (str_eq(bit.name, name))
            *ret = no_mask || bit.value;
    }
    return r;
}

static int read_bitset(const struct nl_attr *a, const char *name, bool *ret)
{
    struct nl_attrs inner = nl_attr_nested(a);
    struct nl_attr field;
    bool no_mask = false;
    int r;

    /* The flag stands before the bits (ethnl_put_bitset32()). */
    while ((r = nl_attr_next(&inner, &field)) > 0) {
        no_mask |= field.type == ETHTOOL_A_BITSET_NOMASK;
        if (field.type == ETHTOOL_A_BITSET_BITS)
            r = read_bits(&field, name, no_mask, ret);
        if (r < 0)
            return r;
    }
    return r;
}

static int read_features(const struct nlmsghdr *message, const char *name,
                         struct ethtool_feature *feature)
{
    struct nl_attrs attrs;
    struct nl_attr a;
    int r;

    r = message_attrs(message, sizeof(struct genlmsghdr), &attrs);
    while (r >= 0 && (r = nl_attr_next(&attrs, &a)) > 0) {
        if (a.type == ETHTOOL_A_FEATURES_HW)
            r = read_bitset(&a, name, &feature->changeable);
        else if (a.type == ETHTOOL_A_FEATURES_ACTIVE)
            r = read_bitset(&a, name, &feature->on);
    }
    return r;
}

int ethtool_parse_feature(const struct buf *messages, const char *name, struct ethtool_feature *ret)
{
    struct ethtool_feature feature = { 0 };
    const struct nlmsghdr *message;
    size_t offset = 0;
    int r;

    while ((r = message_next(messages, &offset, &message)) > 0) {
        if (message->nlmsg_type >= NLMSG_MIN_TYPE)
            r = read_features(message, name, &feature);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    *ret = feature;
    return 0;
}
