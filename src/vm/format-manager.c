/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What goes to those who manage VMs on many hosts: Proxmox VE (8.1 and later: PVE/Mapping/PCI.pm),
 * oVirt (REST API 4.5), OpenStack nova (25.0 Yoga and later, where device_spec got its name).
 * Names in capitals are the reader's to fill in.
 */
#include "base/mac.h"
#include "vm/format.h"

static bool is_nic(const struct vm_item *item)
{
    return *item->device.pf->name != '\0';
}

/* "0000:01:10.3" as 0000_01_10_3, libvirt's and so oVirt's name of a host device. */
static void add_underscored(struct buf *out, const char *pci)
{
    for (; *pci; pci++)
        buf_add_char(out, *pci == ':' || *pci == '.' ? '_' : *pci);
}

static bool mac_of(const struct vm_item *item, char ret[MAC_TEXT_SIZE])
{
    uint64_t mac;
    if (!device_mac(&item->device, &mac))
        return false;
    mac_to_text(mac, ret);
    return true;
}

/* "8086:10ca", words in capitals where it could not be read. */
static void add_id(struct buf *out, unsigned vendor, unsigned product, const char *separator)
{
    if (vendor > 0)
        buf_printf(out, "%04x%s%04x", vendor, separator, product);
    else
        buf_printf(out, "VENDOR%sPRODUCT", separator);
}

static void add_after(struct buf *out, const struct vm_items *items, const char *who)
{
    for (size_t i = 0; i < items->count; i++) {
        _cleanup_buf_ struct buf command = BUF_INIT;
        if (format_command_after(&items->items[i], &command))
            buf_printf(out, "# %s sets the VLAN without this; once the VM has the VF\n%s\n", who,
                       command.data);
    }
}

/* What the program does not set, and when it has to be. */
static void add_before(struct buf *out, const struct strv *before, const char *who)
{
    if (before->count == 0)
        return;
    buf_printf(out,
               "# %s does not set these; keep them in the policy, to have them after a reboot\n",
               who);
    format_lines(before, out);
}

/* ---- Proxmox VE ---- */

/* The node compares all of these with the device when the VM starts, and refuses what differs or is
 * missing. */
static void add_mapping(struct buf *out, const struct vm_item *item)
{
    const struct vm_device *d = &item->device;
    int group = d->vf ? d->vf->iommu_group : d->pf->iommu_group;
    buf_add_str(out, "pvesh create /cluster/mapping/pci --id ");
    format_name(item, out);
    buf_printf(out, " --map node=$(hostname),path=%s,id=", device_pci(d));
    add_id(out, item->vendor, item->product, ":");
    if (group >= 0)
        buf_printf(out, ",iommugroup=%d", group);
    if (item->subsystem_vendor)
        buf_printf(out, ",subsystem-id=%04x:%04x", item->subsystem_vendor, item->subsystem);
    buf_add_char(out, '\n');
}

void format_proxmox(const struct vm_items *items, const struct strv *before, struct buf *out)
{
    add_before(out, before, "Proxmox");
    buf_add_str(out, "# pcie=1 needs machine type q35; leave it out for i440fx\n");
    for (size_t i = 0; i < items->count; i++)
        buf_printf(out, "qm set VMID -hostpci%zu %s,pcie=1\n", i,
                   device_pci(&items->items[i].device));
    buf_add_str(
        out,
        "# or by a resource mapping, for users who may not name devices, and for VMs that move\n");
    for (size_t i = 0; i < items->count; i++)
        add_mapping(out, &items->items[i]);
    for (size_t i = 0; i < items->count; i++) {
        buf_printf(out, "qm set VMID -hostpci%zu mapping=", i);
        format_name(&items->items[i], out);
        buf_add_str(out, ",pcie=1\n");
    }
}

/* ---- oVirt ---- */

static void add_request(struct buf *out, const char *path, const char *body)
{
    buf_printf(out,
               "curl --user USER --header 'Content-Type: application/xml' \\\n"
               "    --data '%s' \\\n"
               "    https://ENGINE/ovirt-engine/api/%s\n",
               body, path);
}

/* The engine picks a free VF of a host whose PF may have the network. */
static void add_ovirt_nic(struct buf *out, const struct vm_item *item)
{
    _cleanup_buf_ struct buf network = BUF_INIT, nic = BUF_INIT;
    unsigned vlan = device_vlan(&item->device);
    char mac[MAC_TEXT_SIZE];
    buf_add_str(&network,
                "<network><name>NETWORK</name><data_center><name>DATACENTER</name></data_center>");
    if (vlan > 0)
        buf_printf(&network, "<vlan id=\"%u\"/>", vlan);
    buf_add_str(&network, "<usages><usage>vm</usage></usages></network>");
    buf_add_str(&nic, "<nic><name>nic1</name><interface>pci_passthrough</interface>");
    if (mac_of(item, mac))
        buf_printf(&nic, "<mac><address>%s</address></mac>", mac);
    buf_add_str(&nic, "<vnic_profile id=\"PROFILE\"/></nic>");
    buf_printf(out, "# NIC: the id of %s of this host; VFs made here must be known to the engine\n",
               pf_label(item->device.pf));
    add_request(
        out, "hosts/HOST/nics/NIC/updatevirtualfunctionsconfiguration",
        "<action><virtual_functions_configuration><all_networks_allowed>true</all_networks_allowed>"
        "</virtual_functions_configuration></action>");
    buf_add_str(out, "# a network, its profile for passthrough, and the VM's NIC on it\n");
    add_request(out, "networks", network.data ? network.data : "");
    add_request(
        out, "networks/NETWORK/vnicprofiles",
        "<vnic_profile><name>PROFILE</name><pass_through><mode>enabled</mode></pass_through>"
        "</vnic_profile>");
    add_request(out, "vms/VM/nics", nic.data ? nic.data : "");
}

void format_ovirt(const struct vm_items *items, const struct strv *before, struct buf *out)
{
    add_before(out, before, "oVirt");
    for (size_t i = 0; i < items->count; i++) {
        const struct vm_item *item = &items->items[i];
        _cleanup_buf_ struct buf device = BUF_INIT;
        if (is_nic(item) && item->device.vf)
            add_ovirt_nic(out, item);
        buf_printf(out, "# %s%s itself, for a VM that is pinned to this host\n",
                   is_nic(item) && item->device.vf ? "or " : "", item->label);
        buf_add_str(&device, "<host_device><name>pci_");
        add_underscored(&device, device_pci(&item->device));
        buf_add_str(&device, "</name></host_device>");
        add_request(out, "vms/VM/hostdevices", device.data ? device.data : "");
    }
    add_after(out, items, "oVirt");
}

/* ---- OpenStack ---- */

static bool wants(const struct vm_item *item, enum sriov_attr id, uint64_t value)
{
    return attrs_has(&item->device.want, id) && item->device.want.value[id] == value;
}

static void add_device_spec(struct buf *out, const struct vm_item *item, bool with_network)
{
    buf_printf(out, "device_spec = { \"address\": \"%s\"", device_pci(&item->device));
    if (with_network)
        buf_add_str(out, ", \"physical_network\": \"PHYSNET\"");
    if (wants(item, SRIOV_TRUST, 1))
        buf_add_str(out, ", \"trusted\": \"true\"");
    buf_add_str(out, " }\n");
}

/* nova takes a function that neutron does not know by what it is, not by where. */
static void add_alias(struct buf *out, const struct vm_item *item)
{
    buf_add_str(out, "alias = { \"name\": \"ALIAS\", \"vendor_id\": \"");
    add_id(out, item->vendor, item->product, "\", \"product_id\": \"");
    buf_printf(out, "\", \"device_type\": \"%s\" }\n", item->device.vf ? "type-VF" : "type-PF");
}

/* Rates are a policy of neutron's, spoof check its port security. */
static void add_port(struct buf *out, const struct vm_item *item, size_t number)
{
    const struct vm_device *d = &item->device;
    const char *kind = d->mode == VM_MACVTAP ? "macvtap" : d->vf ? "direct" : "direct-physical";
    bool limited = attrs_has(&d->want, SRIOV_MAX_TX_RATE) && d->want.value[SRIOV_MAX_TX_RATE] > 0;
    char mac[MAC_TEXT_SIZE];
    if (limited)
        buf_printf(out,
                   "openstack network qos policy create QOS%zu\n"
                   "openstack network qos rule create --type bandwidth-limit --egress --max-kbps "
                   "%llu QOS%zu\n",
                   number, (unsigned long long)d->want.value[SRIOV_MAX_TX_RATE] * 1000, number);
    buf_printf(out, "openstack port create --network NETWORK --vnic-type %s", kind);
    if (mac_of(item, mac))
        buf_printf(out, " --mac-address %s", mac);
    if (wants(item, SRIOV_TRUST, 1))
        buf_add_str(out, " --binding-profile trusted=true");
    if (wants(item, SRIOV_SPOOFCHK, 0))
        buf_add_str(out, " --no-security-group --disable-port-security");
    if (limited)
        buf_printf(out, " --qos-policy QOS%zu", number);
    buf_printf(out, " PORT%zu\n", number);
}

static void add_network(struct buf *out, const struct vm_item *item)
{
    unsigned vlan = device_vlan(&item->device);
    buf_printf(out,
               "# neutron's SR-IOV agent, sriov_agent.ini\n[sriov_nic]\n"
               "physical_device_mappings = PHYSNET:%s\n# with an administrator's rights\n"
               "openstack network create --provider-physical-network PHYSNET "
               "--provider-network-type ",
               item->device.pf->name);
    if (vlan > 0)
        buf_printf(out, "vlan --provider-segment %u NETWORK\n", vlan);
    else
        buf_add_str(out, "flat NETWORK\n");
}

static void add_ports(struct buf *out, const struct vm_items *items)
{
    const struct vm_item *first = &items->items[0];
    buf_add_str(out, "# nova.conf on this host, for nova-compute\n[pci]\n");
    for (size_t i = 0; i < items->count; i++)
        add_device_spec(out, &items->items[i], true);
    add_network(out, first);
    for (size_t i = 0; i < items->count; i++)
        add_port(out, &items->items[i], i);
    buf_add_str(out, "openstack server create --flavor FLAVOR --image IMAGE");
    for (size_t i = 0; i < items->count; i++)
        buf_printf(out, " --port PORT%zu", i);
    buf_add_str(out, " VM\n");
}

/* Without neutron: a PCI device like any other. One alias serves all functions of a kind. */
static void add_flavor(struct buf *out, const struct vm_items *items)
{
    buf_add_str(out, "# nova.conf: device_spec for nova-compute, alias for nova-api, too\n[pci]\n");
    for (size_t i = 0; i < items->count; i++)
        add_device_spec(out, &items->items[i], false);
    add_alias(out, &items->items[0]);
    buf_printf(out,
               "openstack flavor set --property \"pci_passthrough:alias\"=\"ALIAS:%zu\" FLAVOR\n",
               items->count);
}

/* Then nova sets nothing, neither MAC nor VLAN. */
static void add_plain(struct buf *out, const struct vm_items *items)
{
    _cleanup_(strv_done) struct strv before = STRV_INIT;
    for (size_t i = 0; i < items->count; i++) {
        if (format_commands(FORMAT_BINDS, &items->items[i], &before) < 0)
            out->failed = true;
    }
    add_before(out, &before, "nova");
    add_flavor(out, items);
}

void format_nova(const struct vm_items *items, const struct strv *before, struct buf *out)
{
    const struct vm_item *first = &items->items[0];
    if (is_nic(first)) {
        add_ports(out, items);
        add_after(out, items, "neutron");
    }
    if (is_nic(first) && first->device.mode == VM_HOSTDEV)
        buf_add_str(out, "\n# or without neutron: as a device of a flavor\n");
    if (first->device.mode == VM_HOSTDEV)
        add_plain(out, items);
}
