/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stand-by NICs. QEMU keeps the VF of a pair hidden until the guest's virtio driver has said that
 * it understands (feature VIRTIO_NET_F_STANDBY), and a guest that never says so would never see
 * it. So in a VM that runs the stand-by comes first, and the VF when the guest has agreed.
 */
#include "vm/standby.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/json-read.h"
#include "base/mac.h"
#include "base/tag.h"
#include "doctor/libvirt.h"
#include "vm/device.h"
#include "vm/domain-listen.h"
#include "vm/network.h"

#define NEGOTIATED "FAILOVER_NEGOTIATED"
#define NEGOTIATE_SECONDS 30
#define UNDO_MS 10000

/* ---- text ---- */

/* Both are named by the address that they share. */
static void name(struct standby *s)
{
    char mac[MAC_TEXT_SIZE];
    mac_to_text(s->mac, mac);
    for (char *c = mac; *c; c++)
        *c = *c == ':' ? '-' : *c;
    snprintf(s->vf_alias, sizeof(s->vf_alias), "ua-sriovd-vf-%s", mac);
    if (!*s->alias)
        snprintf(s->alias, sizeof(s->alias), "ua-sriovd-standby-%s", mac);
}

bool standby_find(const char *xml, struct standby *ret)
{
    struct vm vm;
    bool found = false;
    if (vm_parse(xml, &vm) < 0)
        return false;
    for (size_t i = 0; i < vm.n_devices && !found; i++) {
        const struct vm_entry *e = &vm.devices[i];
        found = str_eq(e->teaming, "persistent") && e->has_mac && *e->alias;
        for (size_t k = 0; k < vm.n_devices && found; k++)
            found = !str_eq(vm.devices[k].partner, e->alias);
        if (found) {
            *ret = (struct standby){ .mac = e->mac };
            STR_SET(ret->alias, e->alias);
            name(ret);
        }
    }
    vm_done(&vm);
    return found;
}

void standby_machine(const char *xml, char *ret, size_t size)
{
    struct tag t;
    *ret = '\0';
    while (tag_next(&xml, &t)) {
        if (tag_is(&t, "type") && !t.closing) {
            tag_value(&t, "machine", ret, size);
            return;
        }
    }
}

static void add_attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s='", name);
    xml_text(out, value);
    buf_add_char(out, '\'');
}

void standby_xml(const struct standby *s, enum standby_source kind, const char *source,
                 struct buf *ret)
{
    const char *type = kind == STANDBY_NETWORK ? "network" : "bridge";
    char mac[MAC_TEXT_SIZE];
    mac_to_text(s->mac, mac);
    buf_printf(ret, "<interface type='%s'>\n  <mac address='%s'/>\n  <source", type, mac);
    add_attribute(ret, type, source);
    buf_add_str(ret, "/>\n  <model type='virtio'/>\n");
    if (kind == STANDBY_OVS)
        buf_add_str(ret, "  <virtualport type='openvswitch'/>\n");
    buf_add_str(ret, "  <teaming type='persistent'/>\n  <alias");
    add_attribute(ret, "name", s->alias);
    buf_add_str(ret, "/>\n</interface>\n");
}

/* ---- the guest's system ---- */

static const struct node_limits limits = { .bytes = 1 << 16, .nodes = 1000, .depth = 8 };

const char *standby_judge_guest(const char *answer, size_t len)
{
    _cleanup_node_ struct node *root = NULL;
    unsigned major, minor;
    if (json_read(answer, len, &limits, &root, NULL) < 0)
        return NULL;
    const struct node *info = node_get(root, "return");
    const char *id = node_get_text(info, "id"), *kernel = node_get_text(info, "kernel-release");
    if (!id || !kernel || str_eq(id, "mswindows") || sscanf(kernel, "%u.%u", &major, &minor) != 2)
        return NULL; /* NetKVM can since 0.1.189, and its version is not told */
    return major < 4 || (major == 4 && minor < 18) ? "its kernel is older than Linux 4.18" : NULL;
}

static int check_guest(struct app *a, struct domain *d)
{
    _cleanup_free_ char *answer = NULL;
    if (!domain_is_running(d) ||
        domain_ask_agent(d, "{\"execute\":\"guest-get-osinfo\"}", &answer, NULL) < 0)
        return 0;
    const char *why = standby_judge_guest(answer, strlen(answer));
    return why ? error_set(&a->error, SRIOV_UNSUPPORTED, 0, domain_name(d),
                           "the guest has no failover driver: %s", why)
               : 0;
}

/* ---- the machine ---- */

static int no_express(struct app *a, struct domain *d, const char *machine)
{
    int r = error_set(&a->error, SRIOV_UNSUPPORTED, 0, domain_name(d),
                      "QEMU unplugs the VF of a pair from a PCI Express port only, and machine "
                      "type %s has none",
                      *machine ? machine : "that it has");
    error_remedy(&a->error, "a VM of machine type q35 can be paired");
    return r;
}

static int no_ports(struct app *a, struct domain *d, unsigned have, unsigned need)
{
    int r = error_set(&a->error, SRIOV_FAILED, 0, domain_name(d),
                      "%u of its PCIe root ports %s free, and a pair takes %u", have,
                      have == 1 ? "is" : "are", need);
    error_remedy(&a->error, "add <controller type='pci' model='pcie-root-port'/> to its "
                            "configuration, and start it again");
    return r;
}

/* libvirt adds ports to a configuration by itself, but none to a VM that runs. */
static int check_machine(struct app *a, struct domain *d, unsigned parts, const char *xml,
                         unsigned need)
{
    char machine[64];
    struct vm vm;
    int r = 0;
    standby_machine(xml, machine, sizeof(machine));
    if (vm_parse(xml, &vm) < 0)
        return error_no_memory(&a->error);
    if (vm.root_ports == 0 && !strstr(machine, "q35"))
        r = no_express(a, d, machine);
    else if ((parts & DOMAIN_LIVE) && vm.free_root_ports < need)
        r = no_ports(a, d, vm.free_root_ports, need);
    vm_done(&vm);
    return r;
}

/* ---- what it stands on ---- */

static bool find_bridge(struct app *a, const char *name, enum standby_source *ret)
{
    const struct rtnl_links *links;
    if (session_snapshot(&a->session, NULL) < 0)
        return false;
    links = &a->session.snapshot->links;
    for (size_t i = 0; i < links->count; i++) {
        if (!str_eq(links->items[i].name, name))
            continue;
        *ret = str_eq(links->items[i].kind, "openvswitch") ? STANDBY_OVS : STANDBY_BRIDGE;
        return *ret == STANDBY_OVS || str_eq(links->items[i].kind, "bridge");
    }
    return false;
}

static int find_network(struct app *a, const char *name)
{
    _cleanup_(networks_close_p) struct networks *all = NULL;
    _cleanup_(network_done) struct network n = { 0 };
    int r = networks_open(a->options.connect, &all, &a->error);
    if (r >= 0)
        r = networks_read(all, name, &n, &a->error);
    if (r >= 0 && str_eq(n.mode, NETWORK_HOSTDEV))
        r = error_set(&a->error, SRIOV_USAGE, 0, name,
                      "gives VFs, and what stands in for a VF must stay when VFs go");
    return r;
}

static int find_source(struct app *a, const char *name, enum standby_source *ret)
{
    int r;
    if (find_bridge(a, name, ret))
        return 0;
    r = find_network(a, name);
    *ret = STANDBY_NETWORK;
    if (r == -ENOENT) {
        error_set(&a->error, SRIOV_NO_DEVICE, 0, name,
                  "is neither a bridge of this host nor a network of libvirt");
        error_remedy(&a->error, "virsh net-list --all shows the networks");
    }
    return r;
}

/* ---- making one ---- */

/* Not the VF's own: the pair's address goes with the VM to hosts where that VF is another one. */
static int choose_mac(struct app *a, uint64_t wanted, struct standby *s)
{
    uint8_t bytes[6] = { 0x52, 0x54, 0x00 }; /* QEMU's */
    if (wanted == 0 && getrandom(bytes + 3, 3, 0) != 3)
        return error_set(&a->error, SRIOV_FAILED, errno, "mac", "cannot be made up");
    s->mac = wanted ? wanted : mac_from_bytes(bytes);
    name(s);
    return 0;
}

static unsigned seconds_for_guest(const struct app *a)
{
    return a->options.timeout > 0 ? (unsigned)a->options.timeout : NEGOTIATE_SECONDS;
}

static int not_taken_up(struct app *a, struct domain *d)
{
    int r = error_set(&a->error, SRIOV_UNSUPPORTED, ETIMEDOUT, domain_name(d),
                      "the guest does not take the NIC up as a stand-by after %u s",
                      seconds_for_guest(a));
    error_kernel(&a->error, "");
    error_remedy(&a->error,
                 "its virtio-net driver must know failover (Linux 4.18 with "
                 "CONFIG_NET_FAILOVER, NetKVM 0.1.189), and its system must run; a VM that is down "
                 "can be paired with --config");
    return r;
}

static int attach(struct app *a, struct domain *d, unsigned parts, const char *xml,
                  struct standby *s)
{
    _cleanup_listener_ struct listener *l = NULL;
    int r = 0;
    if (parts & DOMAIN_LIVE)
        r = domain_listen(d, NEGOTIATED, &l, &a->error);
    if (r >= 0)
        r = domain_attach(d, xml, parts, &a->error);
    if (r < 0)
        return r;
    s->made = parts;
    if (!l)
        return 0;
    app_progress(a, "%s: waiting for the guest to take the stand-by up", domain_name(d));
    r = listener_wait(l, "device-id", s->alias, 1000 * seconds_for_guest(a), &a->error);
    return r == -ETIMEDOUT ? not_taken_up(a, d) : r;
}

static int make(struct app *a, struct domain *d, unsigned parts, const char *network, uint64_t mac,
                struct standby *ret)
{
    _cleanup_buf_ struct buf xml = BUF_INIT;
    struct standby s = { 0 };
    enum standby_source kind;
    int r = find_source(a, network, &kind);
    if (r >= 0)
        r = choose_mac(a, mac, &s);
    if (r < 0)
        return r;
    standby_xml(&s, kind, network, &xml);
    if (buf_ok(&xml) < 0)
        return error_no_memory(&a->error);
    r = attach(a, d, parts, xml.data, &s);
    if (r < 0)
        standby_undo(a, d, &s);
    else
        *ret = s;
    return r;
}

static int none_said(struct app *a, struct domain *d)
{
    int r = error_set(&a->error, SRIOV_USAGE, 0, domain_name(d),
                      "has no stand-by NIC without a VF, and where to put one is not said");
    error_remedy(&a->error, "--network names a bridge, or a network of libvirt, on which the NIC "
                            "stands that carries the traffic while the VF is away");
    return r;
}

static int other_mac(struct app *a, const struct standby *s)
{
    char text[MAC_TEXT_SIZE];
    mac_to_text(s->mac, text);
    return error_set(&a->error, SRIOV_USAGE, 0, s->alias,
                     "is the stand-by that waits for a VF, and its MAC is %s: both have the same",
                     text);
}

int standby_get(struct app *a, struct domain *d, unsigned parts, const char *network, uint64_t mac,
                struct standby *ret)
{
    _cleanup_free_ char *xml = NULL;
    struct standby s = { 0 };
    int r = domain_xml(d, parts & DOMAIN_LIVE ? DOMAIN_LIVE : DOMAIN_CONFIG, &xml, &a->error);
    if (r < 0)
        return r;
    bool found = standby_find(xml, &s);
    r = check_machine(a, d, parts, xml, found ? 1 : 2);
    if (r >= 0)
        r = check_guest(a, d);
    if (r < 0)
        return r;
    if (!found)
        return network ? make(a, d, parts, network, mac, ret) : none_said(a, d);
    if (mac && mac != s.mac)
        return other_mac(a, &s);
    *ret = s;
    return 0;
}

/* ---- undoing ---- */

static void strike(struct domain *d, const char *alias)
{
    _cleanup_free_ char *xml = NULL;
    struct vm vm;
    if (domain_xml(d, DOMAIN_CONFIG, &xml, NULL) < 0 || vm_parse(xml, &vm) < 0)
        return;
    for (size_t i = 0; i < vm.n_devices; i++) {
        const struct vm_entry *e = &vm.devices[i];
        _cleanup_free_ char *element = NULL;
        if (str_eq(e->alias, alias))
            element = strndup(xml + e->at, e->len);
        if (element)
            domain_strike(d, element, NULL);
    }
    vm_done(&vm);
}

void standby_undo(struct app *a, struct domain *d, const struct standby *s)
{
    if (s->made & DOMAIN_LIVE && domain_unplug(d, s->alias, UNDO_MS, NULL) < 0)
        app_note(a, "%s stays in %s: the guest does not let go of it", s->alias, domain_name(d));
    if (s->made & DOMAIN_CONFIG)
        strike(d, s->alias);
}
