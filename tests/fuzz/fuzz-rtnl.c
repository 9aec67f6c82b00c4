/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every reader of netlink messages, acks and uevents over any bytes. The first byte chooses the
 * reader; with its highest bit the length in the first message is made right, so that what is
 * behind it is reached. One choice puts the input behind so many VFs that the length of their list
 * is about to wrap.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "kernel/bridge.h"
#include "kernel/devlink.h"
#include "kernel/ethtool.h"
#include "kernel/event-read.h"
#include "kernel/netlink.h"
#include "kernel/rtnl.h"

#define RECORD_SIZE 44 /* the smallest there is: a header and IFLA_VF_MAC */
#define RECORDS (65536 / RECORD_SIZE)

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void read_links(const struct buf *b)
{
    struct rtnl_links links = { 0 };
    int r = rtnl_parse_links(b, &links);
    must(r == 0 || (r == -EBADMSG && !links.items));
    for (size_t i = 0; i < links.count; i++)
        must(memchr(links.items[i].name, '\0', sizeof(links.items[i].name)));
    rtnl_links_done(&links);
}

static void read_vfs(const struct buf *b)
{
    struct rtnl_vfs vfs = { 0 };
    int r = rtnl_parse_vfs(b, &vfs);
    must(r == 0 || (r == -EBADMSG && !vfs.items));
    must(vfs.count <= b->len / RECORD_SIZE);
    for (size_t i = 0; i < vfs.count; i++)
        must(vfs.items[i].known >> SRIOV_ATTR_COUNT == 0);
    rtnl_vfs_done(&vfs);
}

static void read_addresses(const struct buf *b)
{
    struct rtnl_addresses addresses = { 0 };
    int r = rtnl_parse_addresses(b, &addresses);
    must(r == 0 || (r == -EBADMSG && !addresses.items));
    rtnl_addresses_done(&addresses);
}

static void read_bridge(const struct buf *b)
{
    struct fdb fdb = { 0 };
    enum bridge_mode mode;
    int r = bridge_parse_fdb(b, &fdb);
    must(r == 0 || (r == -EBADMSG && !fdb.items));
    fdb_done(&fdb);
    r = bridge_parse_mode(b, 1, &mode);
    must(r == 0 || r == -EBADMSG || r == -ENOENT);
}

static void read_ethtool(const struct buf *b)
{
    struct ethtool_feature feature;
    int r = ethtool_parse_feature(b, "hw-tc-offload", &feature);
    must(r == 0 || r == -EBADMSG);
}

static void read_routes(const struct buf *b)
{
    int links[2];
    int r = rtnl_parse_route_links(b, false, links, 2);
    int defaults = rtnl_parse_route_links(b, true, links, 2);
    must(r >= 0 ? defaults <= r : r == -EBADMSG);
    read_bridge(b);
}

static void read_devlink(const struct buf *b)
{
    uint16_t family;
    uint64_t mode;
    int r = devlink_parse_family(b, &family);
    must(r == 0 || r == -EBADMSG);
    r = devlink_parse_eswitch(b, &mode);
    must(r == 0 || r == -EBADMSG);
    read_ethtool(b);
}

static void read_ack(const struct buf *b)
{
    const struct nlmsghdr *header = (const void *)b->data;
    struct nl_ack ack;
    if (b->len < sizeof(*header) || header->nlmsg_len < sizeof(*header) ||
        header->nlmsg_len > b->len)
        return;
    nl_ack_read(header, &ack);
    must(memchr(ack.text, '\0', sizeof(ack.text)));
}

static void read_event(const struct buf *b)
{
    struct event_datagram d = { .data = b->data, .len = b->len };
    for (d.group = 0; d.group <= EVENT_GROUP_UDEV; d.group++) {
        struct event event = { 0 };
        if (event_read_uevent(&d, &event))
            must(event.action[0] && event.devpath[0] && event.ifindex >= 0);
    }
    struct event event = { 0 };
    event_read_link(&d, &event);
}

static void add(struct buf *b, uint16_t type, const void *data, size_t len, size_t stated)
{
    struct nlattr header = { (uint16_t)stated, type };
    buf_add(b, &header, sizeof(header));
    buf_add(b, data, len);
}

/* A link whose list of VFs is 64 KiB long, then the input. */
static void read_behind_many(const struct buf *input)
{
    struct nlmsghdr message = { .nlmsg_type = RTM_NEWLINK };
    struct ifinfomsg info = { .ifi_type = 1 };
    struct ifla_vf_mac mac = { 0 };
    _cleanup_buf_ struct buf b = BUF_INIT;
    size_t start = sizeof(message) + sizeof(info);
    message.nlmsg_len = (uint32_t)(start + 4 + RECORDS * RECORD_SIZE + input->len);
    buf_add(&b, &message, sizeof(message));
    buf_add(&b, &info, sizeof(info));
    /* The input says by how much the list goes on. */
    add(&b, IFLA_VFINFO_LIST, NULL, 0,
        (uint16_t)(4 + RECORDS * RECORD_SIZE + (input->len ? input->data[0] * 4 : 0)));
    for (mac.vf = 0; mac.vf < RECORDS; mac.vf++) {
        add(&b, IFLA_VF_INFO, NULL, 0, RECORD_SIZE);
        add(&b, IFLA_VF_MAC, &mac, sizeof(mac), RECORD_SIZE - 4);
    }
    buf_add(&b, input->data, input->len);
    must(buf_ok(&b) == 0);
    read_vfs(&b);
    read_links(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const struct buf *b) = {
        read_links,   read_vfs, read_addresses, read_routes,
        read_devlink, read_ack, read_event,     read_behind_many,
    };
    if (size == 0)
        return 0;
    /* A block of its own: aligned like a receive buffer, and its end is the end of the input;
     * uevents have a NUL behind it. */
    struct buf b = { .len = size - 1 };
    size_t choice = data[0] % ELEMENTS(readers);
    b.data = malloc(b.len + (readers[choice] == read_event));
    must(b.data || b.len == 0);
    if (b.len > 0)
        memcpy(b.data, data + 1, b.len);
    if (readers[choice] == read_event)
        b.data[b.len] = '\0';
    struct nlmsghdr *header = (void *)b.data;
    if ((data[0] & 0x80) && b.len >= sizeof(*header))
        header->nlmsg_len = (uint32_t)b.len;
    readers[choice](&b);
    free(b.data);
    return 0;
}
