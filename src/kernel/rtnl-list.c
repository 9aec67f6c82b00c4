/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where a list of VFs ends. Its 16-bit length is right only modulo 65,536 (nla_nest_end() in
 * include/net/netlink.h does not check, seen up to 6.12; 334 VFs of 196 bytes are the last that
 * fit). The records are walked one by one for as long as what follows is one, and the place where
 * that stops must agree with the length modulo 65,536, or the message is refused. What follows the
 * list in rtnl_fill_ifinfo() cannot be taken for a record: the type of a record, 1, is IFLA_ADDRESS
 * on that level, which comes long before and is at most 36 bytes long, where a record has 44 or
 * more.
 */
#include "kernel/rtnl-list.h"

#include <errno.h>
#include <string.h>

/* Is this the record of a VF? It is if all of it is attributes, and one carries the VF's number. */
static bool is_record(const struct nl_attr *entry)
{
    struct nl_attrs inner = nl_attr_nested(entry);
    bool found = false;
    struct nl_attr a;
    int r;

    if (entry->type != IFLA_VF_INFO)
        return false;
    while ((r = nl_attr_next(&inner, &a)) > 0)
        found = found || (a.type == IFLA_VF_MAC && a.len >= sizeof(struct ifla_vf_mac));
    return r == 0 && found;
}

static int vf_list_next(struct nl_attrs *range, uint16_t stated, struct nl_attr *ret)
{
    struct nl_attrs rest = { range->at + sizeof(struct nlattr), range->end };
    const char *end = rest.at;
    struct nl_attr entry;

    while (nl_attr_next(&rest, &entry) > 0 && is_record(&entry))
        end = rest.at;
    if ((uint16_t)(end - range->at) != stated)
        return -EBADMSG;
    ret->type = IFLA_VFINFO_LIST;
    ret->data = range->at + sizeof(struct nlattr);
    ret->len = (size_t)(end - ret->data);
    range->at = end;
    return 1;
}

int link_attr_next(struct nl_attrs *range, struct nl_attr *ret)
{
    struct nlattr header = { 0 };

    /* Looked at before nl_attr_next would: a wrapped length can be as small as 0. */
    if ((size_t)(range->end - range->at) >= sizeof(header))
        memcpy(&header, range->at, sizeof(header));
    if ((header.nla_type & NLA_TYPE_MASK) == IFLA_VFINFO_LIST)
        return vf_list_next(range, header.nla_len, ret);
    return nl_attr_next(range, ret);
}
