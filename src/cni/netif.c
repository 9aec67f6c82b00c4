/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Works in the container's namespace, since its sysctls show only to who is in it. All changes of
 * the netdev leave in one send.
 *
 * IPv6 addresses are not waited for: detecting a duplicate takes more than a second, with
 * optimistic detection (RFC 4429) an address can be used meanwhile, and CHECK tells of one that is
 * a duplicate.
 */
#include "cni/netif.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mac.h"
#include "cni/announce.h"
#include "kernel/enter.h"
#include "kernel/events.h"
#include "kernel/rtnl.h"

/* How long a VF may take until it has carrier and its addresses can be announced. */
#define CARRIER_WAIT_NS 200000000

/* One job in the namespace. */
struct work {
    struct backend *backend; /* of the thread that is in it */
    const struct cni_addressing *addressing;
    const char *ifname;
    struct rtnl_link link;
    struct cni_error *error;
    int (*run)(struct work *w);
    /* netif_check only */
    const char *sandbox;
    const struct node *expected;
};

static int run_inside(void *data)
{
    struct work *w = data;
    int r = backend_linux(NULL, &w->backend);

    if (r < 0)
        return cni_no_memory(w->error);
    r = w->run(w);
    w->backend = backend_free(w->backend);
    return r;
}

static int run_in(int netns, struct work *w)
{
    int r;

    w->error->code = 0;
    r = enter_netns(netns, run_inside, w);
    if (r < 0 && w->error->code == 0)
        cni_fail(w->error, CNI_FAILED, 0, "the network namespace cannot be entered: %s",
                 strerrordesc_np(-r));
    return r;
}

/* ---- the interface as it is ---- */

/* Moves the one link of an answer into `ret`. */
static void take_link(struct rtnl_links *links, struct rtnl_link *ret)
{
    *ret = links->items[0];
    links->items[0] = (struct rtnl_link){ 0 };
}

static void link_done(struct rtnl_link *link)
{
    strv_done(&link->altnames);
}

static int find_link(struct work *w, const char *ifname)
{
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    struct nl_ack ack = { 0 };
    int r;

    rtnl_request_link(&request, ifname, false);
    r = buf_ok(&request);
    if (r >= 0)
        r = w->backend->ops->nl_query(w->backend, NETLINK_ROUTE, request.data, &answer, &ack);
    if (r >= 0)
        r = rtnl_parse_links(&answer, &links);
    if (r >= 0 && links.count == 0)
        r = -ENODEV;
    if (r < 0) {
        cni_fail(w->error, CNI_FAILED, 0, "interface %s in the container: %s", ifname,
                 strerrordesc_np(-r));
        return r;
    }
    link_done(&w->link);
    take_link(&links, &w->link);
    return 0;
}

/* ---- sysctls ---- */

static int write_sysctl(struct work *w, const char *family, const char *ifname, const char *name,
                        const char *value)
{
    char path[128];

    snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, ifname, name);
    return w->backend->ops->write_file(w->backend, path, value);
}

static bool has_family(const struct cni_addressing *a, bool v6)
{
    for (size_t i = 0; i < a->n_ips; i++) {
        if (ip_is_v6(a->ips[i].address) == v6)
            return true;
    }
    return false;
}

/* Announcements on later changes, as sriov-cni sets them. Container runtimes turn IPv6 off in
 * namespaces they think need none. A kernel without IPv6 has no such files: the address will tell.
 */
static void prepare_sysctls(struct work *w)
{
    const char *ifname = w->ifname;

    if (has_family(w->addressing, false))
        write_sysctl(w, "ipv4", ifname, "arp_notify", "1");
    if (!has_family(w->addressing, true))
        return;
    write_sysctl(w, "ipv6", ifname, "ndisc_notify", "1");
    write_sysctl(w, "ipv6", ifname, "optimistic_dad", "1");
    write_sysctl(w, "ipv6", "lo", "disable_ipv6", "0");
    write_sysctl(w, "ipv6", ifname, "disable_ipv6", "0");
}

/* ---- addresses and routes ---- */

static const char *default_gateway(const struct cni_addressing *a, bool v6)
{
    for (size_t i = 0; i < a->n_ips; i++) {
        if (a->ips[i].gateway[0] && ip_is_v6(a->ips[i].gateway) == v6)
            return a->ips[i].gateway;
    }
    return "";
}

static int add_route(struct work *w, const struct cni_route *r, struct buf *out)
{
    const char *gateway = r->gateway[0] ? r->gateway
                                        : default_gateway(w->addressing, ip_is_v6(r->destination));
    struct rtnl_route route = {
        .ifindex = w->link.ifindex,
        .mtu = r->mtu,
        .advmss = r->advmss,
        .priority = r->priority,
        .table = r->table,
        .scope = r->scope,
    };

    STR_SET(route.destination, r->destination);
    STR_SET(route.gateway, gateway);
    return rtnl_add_route(out, &route);
}

/* The addresses, then the routes. */
static int make_batch(struct work *w, struct buf *out)
{
    const struct cni_addressing *a = w->addressing;
    int r = 0;

    for (size_t i = 0; i < a->n_ips && r >= 0; i++)
        r = rtnl_add_address(out, w->link.ifindex, a->ips[i].address);
    for (size_t i = 0; i < a->n_routes && r >= 0; i++)
        r = add_route(w, &a->routes[i], out);
    if (r >= 0)
        r = buf_ok(out);
    if (r < 0)
        cni_fail(w->error, CNI_FAILED, 0, "addresses and routes of the IPAM plugin: %s",
                 strerrordesc_np(-r));
    return r;
}

static int refused(struct work *w, size_t i, const struct nl_ack *ack)
{
    const struct cni_addressing *a = w->addressing;
    bool is_route = i >= a->n_ips;

    cni_fail(w->error, CNI_FAILED, 0, "interface %s in the container: %s %s: %s%s%s", w->ifname,
             is_route ? "route" : "address",
             is_route ? a->routes[i - a->n_ips].destination : a->ips[i].address,
             strerrordesc_np(-ack->error), ack->text[0] ? ": " : "", ack->text);
    return ack->error;
}

static int send_batch(struct work *w, const struct buf *batch)
{
    size_t count = w->addressing->n_ips + w->addressing->n_routes;
    _cleanup_free_ struct nl_ack *acks = calloc(count, sizeof(*acks));
    int r;

    if (!acks)
        return cni_no_memory(w->error);
    r = w->backend->ops->nl_change(w->backend, NETLINK_ROUTE, batch, acks, count);
    if (r < 0)
        cni_fail(w->error, CNI_FAILED, 0, "interface %s in the container: netlink: %s", w->ifname,
                 strerrordesc_np(-r));
    for (size_t i = 0; i < count && r >= 0; i++) {
        /* Of two networks that bring the same route, such as the default one, the first has it. */
        bool have_it = i >= w->addressing->n_ips && acks[i].error == -EEXIST;

        if (acks[i].error < 0 && !have_it)
            r = refused(w, i, &acks[i]);
    }
    return r;
}

/* ---- announcing ---- */

/* The sockets are open before the look, so that no change is missed. */
static void wait_for_carrier(struct work *w)
{
    _cleanup_(events_close_p) struct events *events = NULL;
    uint64_t deadline = events_now() + CARRIER_WAIT_NS;
    struct event event;

    if (events_open(&events) < 0)
        return;
    while (find_link(w, w->ifname) == 0 && !w->link.running) {
        do {
            if (events_wait(events, deadline, &event) <= 0)
                return;
        } while (event.source != EVENT_LINK || event.ifindex != w->link.ifindex);
    }
}

/* Best effort, as is the wait: a neighbour that missed it asks again some time. */
static void announce(struct work *w)
{
    if (!has_family(w->addressing, false))
        return;
    if (!w->link.running)
        wait_for_carrier(w);
    announce_send(w->link.ifindex, w->link.mac, w->addressing);
    w->error->code = 0;
}

static int configure(struct work *w)
{
    _cleanup_buf_ struct buf batch = BUF_INIT;
    int r = find_link(w, w->ifname);

    if (r < 0)
        return r;
    prepare_sysctls(w);
    r = make_batch(w, &batch);
    if (r >= 0)
        r = send_batch(w, &batch);
    if (r < 0)
        return r;
    announce(w);
    return 0;
}

int netif_configure(int netns, const char *ifname, const struct cni_addressing *addressing,
                    struct cni_error *e)
{
    struct work w = {
        .addressing = addressing,
        .ifname = ifname,
        .error = e,
        .run = configure,
    };
    int r = run_in(netns, &w);

    link_done(&w.link);
    return r;
}

/* ---- check ---- */

static int differs(struct work *w, const char *format, ...) _printf_(2, 3);
static int differs(struct work *w, const char *format, ...)
{
    char text[240];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    return cni_fail(w->error, CNI_FAILED, EBADMSG, "interface %s in the container: %s", w->ifname,
                    text);
}

/* The number of our interface in prevResult; -1 if it is not there. */
static int find_expected(struct work *w, const struct node **ret)
{
    const struct node *list = node_get(w->expected, "interfaces");

    for (size_t i = 0; list && i < list->count; i++) {
        const char *name = node_get_text(&list->items[i], "name");
        const char *sandbox = node_get_text(&list->items[i], "sandbox");

        if (!name || !sandbox || !str_eq(name, w->ifname) || !str_eq(sandbox, w->sandbox))
            continue;
        *ret = &list->items[i];
        return (int)i;
    }
    return -1;
}

static int check_mac(struct work *w, const struct node *interface)
{
    const char *text = node_get_text(interface, "mac");
    char is[MAC_TEXT_SIZE];
    uint64_t mac;

    if (!text || !*text)
        return 0;
    if (mac_from_text(text, &mac) == 0 && mac == w->link.mac)
        return 0;
    mac_to_text(w->link.mac, is);
    return differs(w, "its address is %s, not %.40s", is, text);
}

/* As the kernel's addresses are written by rtnl_parse_addresses; "" for what is none. */
static void plain_address(const char *text, char *ret, size_t size)
{
    char address[INET6_ADDRSTRLEN], plain[INET6_ADDRSTRLEN] = "";
    const char *slash = strchrnul(text, '/');
    int family = ip_is_v6(text) ? AF_INET6 : AF_INET;
    struct in6_addr bytes;

    *ret = '\0';
    if ((size_t)(slash - text) >= sizeof(address))
        return;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    if (inet_pton(family, address, &bytes) == 1 && inet_ntop(family, &bytes, plain, sizeof(plain)))
        snprintf(ret, size, "%s%s", plain, slash);
}

static int check_address(struct work *w, const struct rtnl_addresses *have, const char *text)
{
    char plain[64];

    plain_address(text, plain, sizeof(plain));
    for (size_t i = 0; i < have->count; i++) {
        if (have->items[i].ifindex != w->link.ifindex || !str_eq(have->items[i].text, plain))
            continue;
        if (have->items[i].duplicate)
            return differs(w, "somebody else on the network has the address %s too", plain);
        return 0;
    }
    return differs(w, "it has no address %.60s", text);
}

static int read_addresses(struct work *w, struct rtnl_addresses *ret)
{
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    int r;

    rtnl_request_addresses_of(&request, w->link.ifindex);
    r = buf_ok(&request);
    if (r >= 0)
        r = w->backend->ops->nl_query(w->backend, NETLINK_ROUTE, request.data, &answer, NULL);
    if (r >= 0)
        r = rtnl_parse_addresses(&answer, ret);
    if (r < 0)
        differs(w, "its addresses cannot be read: %s", strerrordesc_np(-r));
    return r;
}

static int check_addresses(struct work *w, int index)
{
    _cleanup_(rtnl_addresses_done) struct rtnl_addresses have = { 0 };
    const struct node *list = node_get(w->expected, "ips");
    int r = 0;

    if (!list || list->count == 0)
        return 0;
    r = read_addresses(w, &have);
    for (size_t i = 0; i < list->count && r >= 0; i++) {
        const struct node *of = node_get(&list->items[i], "interface");
        const char *text = node_get_text(&list->items[i], "address");
        uint64_t number;

        if (text && of && node_to_u64(of, INT32_MAX, &number) == 0 && (int)number == index)
            r = check_address(w, &have, text);
    }
    return r;
}

static int check(struct work *w)
{
    const struct node *interface = NULL;
    int index = find_expected(w, &interface);
    int r;

    if (index < 0)
        return differs(w, "prevResult does not have it");
    r = find_link(w, w->ifname);
    if (r < 0)
        return r;
    if (!w->link.up)
        return differs(w, "it is down");
    r = check_mac(w, interface);
    return r < 0 ? r : check_addresses(w, index);
}

int netif_check(int netns, const char *ifname, const char *sandbox, const struct node *expected,
                struct cni_error *e)
{
    struct work w = {
        .ifname = ifname,
        .error = e,
        .run = check,
        .sandbox = sandbox,
        .expected = expected,
    };
    int r;

    r = run_in(netns, &w);
    link_done(&w.link);
    return r;
}
