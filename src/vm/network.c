/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Networks over libvirt's API (11.3, src/network/bridge_driver.c).
 */
#include "vm/network.h"

#include <errno.h>
#include <stdio.h>

#include "kernel/list.h"
#include "vm/virt.h"

struct networks {
    virConnectPtr connection;
};

static void network_free_p(virNetworkPtr *net)
{
    if (*net)
        virNetworkFree(*net);
}
#define _cleanup_net_ _cleanup_(network_free_p)

/* The lists that libvirt returns: `free_one` drops an entry. */
struct ports {
    virNetworkPortPtr *items;
    int count;
};

static void ports_done(struct ports *p)
{
    for (int i = 0; i < p->count; i++)
        virNetworkPortFree(p->items[i]);
    free(p->items);
}

int networks_open(const char *uri, struct networks **ret, struct sriov_error *error)
{
    struct networks *all = calloc(1, sizeof(*all));
    int r;

    if (!all)
        return error_no_memory(error);
    r = virt_open(uri, &all->connection, error);
    if (r < 0) {
        free(all);
        return r;
    }
    *ret = all;
    return 0;
}

struct networks *networks_close(struct networks *all)
{
    if (!all)
        return NULL;
    virConnectClose(all->connection);
    free(all);
    return NULL;
}

/* ---- reading ---- */

static int find(struct networks *all, const char *name, virNetworkPtr *ret,
                struct sriov_error *error)
{
    virNetworkPtr net = virNetworkLookupByName(all->connection, name);

    if (net) {
        *ret = net;
        return 0;
    }
    if (virGetLastErrorCode() != VIR_ERR_NO_NETWORK)
        return virt_error(name, "cannot be looked up", error);
    error_set(error, SRIOV_NO_DEVICE, 0, name, "libvirt has no network of this name");
    error_remedy(error, "`sriovctl vm pool list` shows the pools");
    return -ENOENT;
}

/* `text` becomes the caller's even on failure; NULL is libvirt's failure. */
static int parse(char *text, const char *name, struct network *ret, struct sriov_error *error)
{
    _cleanup_free_ char *xml = text;

    if (!xml)
        return virt_error(name, "its description cannot be read", error);
    return network_parse(xml, ret) < 0 ? error_no_memory(error) : 0;
}

static int list_ports(virNetworkPtr net, const char *name, struct ports *ret,
                      struct sriov_error *error)
{
    ret->count = virNetworkListAllPorts(net, &ret->items, 0);
    if (ret->count >= 0)
        return 0;
    ret->count = 0;
    return virt_error(name, "what domains have of it cannot be read", error);
}

static int port_xml(virNetworkPortPtr port, const char *name, char **ret, struct sriov_error *error)
{
    *ret = virNetworkPortGetXMLDesc(port, 0);
    return *ret ? 0 : virt_error(name, "what a domain has of it cannot be read", error);
}

static int read_ports(virNetworkPtr net, struct network *n, struct sriov_error *error)
{
    _cleanup_(ports_done) struct ports ports = { 0 };
    int r;

    r = list_ports(net, n->name, &ports, error);
    n->ports = calloc((size_t)ports.count + 1, sizeof(*n->ports));
    if (r >= 0 && !n->ports)
        return error_no_memory(error);
    for (int i = 0; r >= 0 && i < ports.count; i++) {
        _cleanup_free_ char *xml = NULL;

        r = port_xml(ports.items[i], n->name, &xml, error);
        if (r >= 0)
            network_port_parse(xml, &n->ports[n->n_ports++]);
    }
    return r;
}

int networks_read(struct networks *all, const char *name, struct network *ret,
                  struct sriov_error *error)
{
    _cleanup_(network_done) struct network n = { 0 };
    _cleanup_net_ virNetworkPtr net = NULL;
    int r;

    r = find(all, name, &net, error);
    if (r >= 0)
        r = parse(virNetworkGetXMLDesc(net, 0), name, &n, error);
    if (r < 0)
        return r;
    n.active = virNetworkIsActive(net) == 1;
    r = n.active ? read_ports(net, &n, error) : 0;
    if (r < 0)
        return r;
    *ret = n;
    n = (struct network){ 0 };
    return 0;
}

static int add_if_ours(virNetworkPtr net, struct strv *ret, struct sriov_error *error)
{
    _cleanup_(network_done) struct network n = { 0 };
    int r;

    r = parse(virNetworkGetXMLDesc(net, 0), "libvirt", &n, error);
    if (r >= 0 && n.from[0] && strv_add(ret, n.name) < 0)
        r = error_no_memory(error);
    return r;
}

int networks_ours(struct networks *all, struct strv *ret, struct sriov_error *error)
{
    virNetworkPtr *nets = NULL;
    int count = virConnectListAllNetworks(all->connection, &nets, 0), r = 0;

    if (count < 0)
        return virt_error("libvirt", "its networks cannot be listed", error);
    for (int i = 0; i < count; i++) {
        if (r >= 0)
            r = add_if_ours(nets[i], ret, error);
        virNetworkFree(nets[i]);
    }
    free(nets);
    strv_sort(ret);
    return r;
}

int networks_domains(struct networks *all, struct strv *ret, struct sriov_error *error)
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(all->connection, &domains,
                                         VIR_CONNECT_LIST_DOMAINS_PERSISTENT),
        r = 0;

    if (count < 0)
        return virt_error("libvirt", "its domains cannot be listed", error);
    for (int i = 0; i < count; i++) {
        /* One that is undefined at this moment has none. */
        char *xml = virDomainGetXMLDesc(domains[i], VIR_DOMAIN_XML_INACTIVE);

        if (r >= 0 && xml && strv_add(ret, xml) < 0)
            r = error_no_memory(error);
        free(xml);
        virDomainFree(domains[i]);
    }
    free(domains);
    return r;
}

/* ---- changing ---- */

static int define(struct networks *all, const struct network *n, virNetworkPtr *ret,
                  struct sriov_error *error)
{
    _cleanup_buf_ struct buf xml = BUF_INIT;

    network_xml(n, &xml);
    if (buf_ok(&xml) < 0)
        return error_no_memory(error);
    *ret = virNetworkDefineXML(all->connection, xml.data);
    return *ret ? 0 : virt_error(n->name, "libvirt does not take it", error);
}

static int start(virNetworkPtr net, const char *name, struct sriov_error *error)
{
    int r;

    if (virNetworkCreate(net) >= 0)
        return 0;
    r = virt_error(name, "cannot be started", error);
    error_remedy(error, "no domain gets a VF of it until `virsh net-start %s`", name);
    return r;
}

int networks_define(struct networks *all, const struct network *n, struct sriov_error *error)
{
    _cleanup_net_ virNetworkPtr net = NULL;
    int r;

    r = define(all, n, &net, error);
    if (r >= 0 && virNetworkIsActive(net) != 1)
        r = start(net, n->name, error);
    if (r >= 0 && virNetworkSetAutostart(net, 1) < 0)
        r = virt_error(n->name, "cannot be made to start with libvirt", error);
    return r;
}

static int keep_ports(virNetworkPtr net, const char *name, struct strv *ret,
                      struct sriov_error *error)
{
    _cleanup_(ports_done) struct ports ports = { 0 };
    int r;

    r = list_ports(net, name, &ports, error);
    for (int i = 0; r >= 0 && i < ports.count; i++) {
        _cleanup_free_ char *xml = NULL;

        r = port_xml(ports.items[i], name, &xml, error);
        if (r >= 0 && strv_add(ret, xml) < 0)
            r = error_no_memory(error);
    }
    return r;
}

/* The port keeps its uuid, by which its domain will give it back. One that cannot be claimed does
 * not keep the others: its VF is still in use, so it is in no list that we make. */
static int claim_ports(virNetworkPtr net, const char *name, const struct strv *ports,
                       struct sriov_error *error)
{
    int result = 0;

    for (size_t i = 0; i < ports->count; i++) {
        virNetworkPortPtr port = virNetworkPortCreateXML(net, ports->items[i],
                                                         VIR_NETWORK_PORT_CREATE_RECLAIM);

        if (port)
            virNetworkPortFree(port);
        else
            result = virt_error(name, "what a domain has of it cannot be claimed back", error);
    }
    return result;
}

/* What domains have is read at the last moment: who comes later finds the network inactive for the
 * blink of an eye, and one that came in between would be forgotten. */
static int make_anew(virNetworkPtr net, const char *name, struct sriov_error *error)
{
    _cleanup_strv_ struct strv ports = STRV_INIT;
    int r;

    r = keep_ports(net, name, &ports, error);
    if (r >= 0 && virNetworkDestroy(net) < 0)
        r = virt_error(name, "cannot be stopped", error);
    if (r >= 0)
        r = start(net, name, error);
    return r < 0 ? r : claim_ports(net, name, &ports, error);
}

static int update_one(virNetworkPtr net, const struct network *n, unsigned command,
                      const char *netdev, struct sriov_error *error)
{
    const unsigned parts = VIR_NETWORK_UPDATE_AFFECT_CONFIG |
                           (n->active ? VIR_NETWORK_UPDATE_AFFECT_LIVE : 0);
    char xml[64];

    snprintf(xml, sizeof(xml), "<interface dev='%.15s'/>", netdev);
    if (virNetworkUpdate(net, command, VIR_NETWORK_SECTION_FORWARD_INTERFACE, -1, xml, parts) >= 0)
        return 0;
    return virt_error(n->name, "its list of netdevs cannot be changed", error);
}

/* Macvtap: libvirt changes the list of a network that is in use. */
static int update(virNetworkPtr net, const struct network *now, const struct strv *members,
                  struct sriov_error *error)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < members->count; i++)
        if (!strv_has(&now->members, members->items[i]))
            r = update_one(net, now, VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, members->items[i], error);
    for (size_t i = 0; r >= 0 && i < now->members.count; i++)
        if (!strv_has(members, now->members.items[i]))
            r = update_one(net, now, VIR_NETWORK_UPDATE_COMMAND_DELETE, now->members.items[i],
                           error);
    return r;
}

int networks_change(struct networks *all, const struct network *now, const struct strv *members,
                    struct sriov_error *error)
{
    _cleanup_net_ virNetworkPtr net = NULL;
    struct network wanted = *now;
    int r;

    wanted.members = *members;
    if (!str_eq(now->mode, NETWORK_HOSTDEV)) {
        r = find(all, now->name, &net, error);
        return r < 0 ? r : update(net, now, members, error);
    }
    r = define(all, &wanted, &net, error);
    return r < 0 || !now->active ? r : make_anew(net, now->name, error);
}

int networks_remove(struct networks *all, const char *name, struct sriov_error *error)
{
    _cleanup_net_ virNetworkPtr net = NULL;
    int r;

    r = find(all, name, &net, error);
    if (r >= 0 && virNetworkIsActive(net) == 1 && virNetworkDestroy(net) < 0)
        r = virt_error(name, "cannot be stopped", error);
    if (r >= 0 && virNetworkIsPersistent(net) == 1 && virNetworkUndefine(net) < 0)
        r = virt_error(name, "cannot be removed", error);
    return r;
}
