/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rtnetlink messages to values and back, on bytes alone: nothing here does I/O, so that captured
 * and fuzzed messages go through the same code as the kernel's.
 *
 * The list of VFs is read so that it survives more VFs than a 16-bit attribute length can say: the
 * kernel writes IFLA_VFINFO_LIST with a length that wraps at 64 KiB (334 VFs without statistics),
 * while the message's own 32-bit length stays right. Records are found by walking IFLA_VF_INFO one
 * after the other and are keyed by the VF number inside, never by position.
 */
#ifndef KERNEL_RTNL_H
#define KERNEL_RTNL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"
#include "sriov/attr.h"

/* Attributes of one VF as a link message carries them. Numbers of every kind fit 64 bits: a MAC as
 * in base/mac.h, a protocol in host order (0x8100), a rate in Mbit/s. `known` has bit (1 << attr);
 * what the driver answers with the kernel's "did not say" (-1) is not known. */
struct rtnl_vf {
    uint32_t index;
    uint32_t known;
    uint64_t value[SRIOV_ATTR_COUNT];
};

struct rtnl_vfs {
    struct rtnl_vf *items; /* in the order of the message */
    size_t count;
    uint32_t announced; /* IFLA_NUM_VF, 0 if absent: how many the PF has; more than `count` if the
                         * driver skipped some */
};

struct rtnl_link {
    int ifindex;
    int master;             /* ifindex of bridge or bond, 0 */
    int lower;              /* IFLA_LINK: what a vlan, macvlan or macvtap stands on, 0 */
    bool lower_elsewhere;   /* ... and that is in another namespace */
    int lower_netnsid;      /* ... with this number here, -1: it has none */
    bool up;                /* IFF_UP */
    bool running;           /* has carrier (IFF_LOWER_UP) */
    bool promisc, allmulti; /* as somebody set them (IFF_PROMISC, IFF_ALLMULTI) */
    bool has_mac;
    uint64_t mac;
    uint32_t mtu;
    char name[16];
    char kind[16];       /* "macvtap", "vlan", "bridge", ...; "" for hardware */
    char parent[32];     /* name of the parent device, "0000:01:00.0"; "" */
    char parent_bus[16]; /* "pci", "netdevsim"; "" */
    char port_name[16];  /* IFLA_PHYS_PORT_NAME: "p0", "pf0vf3"; "" */
    struct strv altnames;
};

struct rtnl_links {
    struct rtnl_link *items;
    size_t count;
};

/* An IP address that somebody set on a netdev. */
struct rtnl_address {
    int ifindex;
    char text[56]; /* "192.0.2.1/24" */
    bool link_local_v6;
    bool duplicate; /* IPv6: somebody else on the link has it too */
};

struct rtnl_addresses {
    struct rtnl_address *items;
    size_t count;
};

void rtnl_links_done(struct rtnl_links *l);
void rtnl_vfs_done(struct rtnl_vfs *v);
void rtnl_addresses_done(struct rtnl_addresses *a);

/* ---- requests: each appends one finished message to `out` (buf_ok tells about memory) ---- */

void rtnl_request_links(struct buf *out);            /* dump of all links, no VFs, no stats */
void rtnl_request_vfs(struct buf *out, int ifindex); /* one link with its VFs, no stats */
/* One link by its name or an altname; with its VFs if `vfs`. -ENODEV is the kernel's answer if
 * there is none. */
void rtnl_request_link(struct buf *out, const char *name, bool vfs);
void rtnl_request_addresses(struct buf *out); /* dump */
void rtnl_request_addresses_of(struct buf *out, int ifindex);
void rtnl_request_nsid(struct buf *out, pid_t pid);    /* the number of a process's namespace */
void rtnl_request_routes(struct buf *out, int family); /* dump of the main table */
int rtnl_request_route_to(struct buf *out, const char *ip); /* -EINVAL if `ip` is no address */

/* ---- answers ---- */

/* 0, -EBADMSG for a message cut short or with an impossible length, -ENOMEM. Messages of other
 * types are passed over. */
int rtnl_parse_links(const struct buf *messages, struct rtnl_links *ret);
int rtnl_parse_vfs(const struct buf *messages, struct rtnl_vfs *ret);
int rtnl_parse_addresses(const struct buf *messages, struct rtnl_addresses *ret);

/* The number by which the asked namespace knows the other one; -1 if it has none, or does not say.
 */
int rtnl_parse_nsid(const struct buf *messages, int *ret);

/* Interface indexes that the given routes leave through: of RTM_NEWROUTE messages those that are
 * default routes (`only_default`) or all. Multipath next hops count each. Appended to ret (room for
 * `size`); returns how many there are in all, or -EBADMSG. */
int rtnl_parse_route_links(const struct buf *messages, bool only_default, int *ret, size_t size);

/* ---- changes ---- */

/* One attribute group of one VF (RTM_SETLINK with IFLA_VFINFO_LIST holding one attribute). Which
 * values of `value` are used depends on the group: VLAN takes SRIOV_VLAN, QOS and VLAN_PROTO; RATE
 * takes both rates; the others one. A VLAN of protocol 802.1Q is written as IFLA_VF_VLAN, which
 * every kernel and driver has; 802.1ad as IFLA_VF_VLAN_LIST, the only form that can say it. */
enum rtnl_vf_group {
    RTNL_VF_MAC,
    RTNL_VF_VLAN,
    RTNL_VF_RATE,
    RTNL_VF_SPOOFCHK,
    RTNL_VF_LINK_STATE,
    RTNL_VF_RSS_QUERY,
    RTNL_VF_TRUST,
    RTNL_VF_NODE_GUID,
    RTNL_VF_PORT_GUID,
};

void rtnl_change_vf(struct buf *out, int ifindex, uint32_t vf, enum rtnl_vf_group group,
                    const uint64_t value[SRIOV_ATTR_COUNT]);
void rtnl_change_up(struct buf *out, int ifindex, bool up);
/* `flags` of IFF_UP, IFF_PROMISC, IFF_ALLMULTI; only those in `mask` change. */
void rtnl_change_flags(struct buf *out, int ifindex, unsigned mask, unsigned flags);
void rtnl_change_address(struct buf *out, int ifindex, uint64_t mac);
void rtnl_change_altname(struct buf *out, int ifindex, const char *name, bool add);
void rtnl_change_mtu(struct buf *out, int ifindex, uint32_t mtu);
void rtnl_change_name(struct buf *out, int ifindex, const char *name);

/* Into another namespace and its new name there, in one message: nobody sees it under a third name.
 * The kernel moves first (under the old name, or, if that is taken there, the new one) and renames
 * then: if the new name is taken it answers -EEXIST and the netdev has moved all the same, so ask
 * before. */
void rtnl_change_netns(struct buf *out, int ifindex, int netns_fd, const char *name);

/* "192.0.2.1/24" or "2001:db8::1/64" on a netdev. -EINVAL if it is no address. One of IPv6 may be
 * used while it is looked for duplicates (RFC 4429), if the netdev's sysctl optimistic_dad allows
 * it. */
int rtnl_add_address(struct buf *out, int ifindex, const char *cidr);

/* A route through a netdev, if there is no such route yet (else the kernel's answer is -EEXIST).
 * `destination` is a CIDR; gateway "" : directly. Zero numbers leave the kernel's default. -EINVAL
 * if a text is no address. */
struct rtnl_route {
    int ifindex;
    char destination[56];
    char gateway[48];
    uint32_t mtu, advmss, priority, table;
    int scope; /* -1: the kernel's */
};
int rtnl_add_route(struct buf *out, const struct rtnl_route *route);

#endif
