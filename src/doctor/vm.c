/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area vm: what libvirt's files say, compared with the VFs there are. A VM or pool
 * that names a VF by its PCI address goes stale when VFs are made anew or the card moves; what
 * libvirt remembers of a VF may be left over after a crash.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json-read.h"
#include "base/mac.h"
#include "doctor/libvirt.h"
#include "doctor/wanted.h"

static const struct vf *vf_of_pci(const struct doctor *d, const char *pci, const struct pf **ret)
{
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        for (size_t k = 0; k < s->pfs[i].n_vfs; k++) {
            if (s->pfs[i].vfs[k].pci[0] && str_eq(s->pfs[i].vfs[k].pci, pci)) {
                *ret = &s->pfs[i];
                return &s->pfs[i].vfs[k];
            }
        }
    }
    return NULL;
}

/* Runs `look` on the devices of all VMs. */
static void each_device(struct doctor *d, void (*look)(struct doctor *d, const struct vm *vm,
                                                       const struct vm_entry *device))
{
    struct vms vms = { 0 };

    if (vms_read(d, &vms) >= 0) {
        for (size_t i = 0; i < vms.count; i++) {
            for (size_t k = 0; k < vms.items[i].n_devices; k++)
                look(d, &vms.items[i], &vms.items[i].devices[k]);
        }
    }
    vms_done(&vms);
}

/* ---- vm-device-stale ---- */

static void look_for_stale(struct doctor *d, const struct vm *vm, const struct vm_entry *device)
{
    const struct pf *pf;
    struct finding *f;
    char path[64];

    if (!device->pci[0] || vf_of_pci(d, device->pci, &pf))
        return;
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", device->pci);
    if (!strv_has(read_dir(d, "/sys/bus/pci/devices"), device->pci)) {
        f = report(d, FINDING_WARNING, "VM %s cannot start: its device %s is not there", vm->name,
                   device->pci);
    } else if (device->interface && !there_is(d, "%s/physfn", path)) {
        f = report(d, FINDING_WARNING, "VM %s cannot start: its device %s is no VF", vm->name,
                   device->pci);
        snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/physfn", device->pci);
    } else {
        return;
    }
    evidence(d, f, vm->path, "%s %s", device->interface ? "interface" : "hostdev", device->pci);
    evidence(d, f, path, "No such file or directory");
    remedy(f, FIX_BY_HAND,
           "`virsh edit %s`: give it a VF of `sriovctl list`, or make the VFs again", vm->name);
}

static void check_vm_device_stale(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    each_device(d, look_for_stale);
}

/* ---- vm-pool-stale ---- */

static const struct pf *pf_of_name(const struct doctor *d, const char *name)
{
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        if (str_eq(s->pfs[i].name, name))
            return &s->pfs[i];
    }
    return NULL;
}

static void report_pool(struct doctor *d, const struct vm_pool *pool, const struct pf *pf,
                        const char *address)
{
    struct finding *f;

    if (address)
        f = report(d, FINDING_WARNING, "pool %s of libvirt has %s, which is no VF", pool->name,
                   address);
    else
        f = report(d, FINDING_WARNING, "pool %s of libvirt knows %zu VFs of %s, which has %zu",
                   pool->name, pool->addresses.count, pool->pf, pf->n_vfs);
    if (pf)
        about_pf(f, pf);
    evidence(d, f, pool->path, "%zu addresses%s%s", pool->addresses.count, address ? ", " : "",
             address ? address : "");
    if (pool->running)
        remedy(f, FIX_BY_HAND, "virsh net-destroy %s && virsh net-start %s", pool->name,
               pool->name);
    else
        remedy(f, FIX_BY_HAND, "`virsh net-edit %s`: name the PF with <pf dev=…/> and no addresses",
               pool->name);
}

static void look_at_pool(struct doctor *d, const struct vm_pool *pool)
{
    const struct pf *pf = pool->pf[0] ? pf_of_name(d, pool->pf) : NULL, *owner;

    if (pool->pf[0] && !pf) {
        struct finding *f = report(d, FINDING_WARNING,
                                   "pool %s of libvirt is of %s, which is no PF", pool->name,
                                   pool->pf);

        evidence(d, f, pool->path, "<pf dev='%s'/>", pool->pf);
        remedy(f, FIX_BY_HAND, "`virsh net-edit %s`: name a PF of `sriovctl list`", pool->name);
        return;
    }
    for (size_t i = 0; i < pool->addresses.count; i++) {
        if (!vf_of_pci(d, pool->addresses.items[i], &owner)) {
            report_pool(d, pool, pf, pool->addresses.items[i]);
            return;
        }
    }
    /* A network that was started reads the VFs once, then. */
    if (pool->running && pf && pool->addresses.count != pf->n_vfs)
        report_pool(d, pool, pf, NULL);
}

static void check_vm_pool_stale(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct vm_pools pools = { 0 };

    if (vm_pools_read(d, &pools) >= 0) {
        for (size_t i = 0; i < pools.count; i++)
            look_at_pool(d, &pools.items[i]);
    }
    vm_pools_done(&pools);
}

/* ---- vm-mac-left ---- */

/* What libvirt saved of a VF before a VM got it: {"adminMac", "vlan", "mac"}. It takes the file
 * away as it puts that back. */
static void remedy_from_saved(struct doctor *d, struct finding *f, const struct pf *pf,
                              const struct vf *vf, const char *text)
{
    static const struct node_limits limits = { .bytes = 4096, .nodes = 32, .depth = 4 };
    _cleanup_node_ struct node *root = NULL;
    const char *mac, *vlan;

    if (json_read(text, strlen(text), &limits, &root, NULL) < 0)
        return;
    mac = node_get_text(root, "adminMac");
    if (!mac)
        mac = node_get_text(root, "mac");
    vlan = node_get_text(root, "vlan");
    if (!mac || strspn(mac, "0123456789abcdefABCDEF:") != strlen(mac))
        return;
    remedy(f, fix_if_unused(d, pf, vf), "sriovctl set %s/%u mac=%s vlan=%lu", pf_label(pf),
           vf->index, mac, vlan ? strtoul(vlan, NULL, 10) & 0xfff : 0);
}

static void evidence_admin_mac(struct doctor *d, struct finding *f, const struct pf *pf,
                               const struct vf *vf)
{
    char mac[ATTR_TEXT_SIZE], vlan[ATTR_TEXT_SIZE];

    attr_text(attr_row(SRIOV_MAC), &vf->attrs, mac);
    attr_text(attr_row(SRIOV_VLAN), &vf->attrs, vlan);
    evidence(d, f, "ip link show dev PF", "vf %u MAC %s vlan %s", vf->index, mac, vlan);
}

static void check_saved(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    char path[96];
    struct finding *f;

    snprintf(path, sizeof(path), "/run/libvirt/hostdevmgr/%s_vf%u", pf->name, vf->index);
    if (!pf->name[0] || is_used(d, pf, vf) || driver_is_passthrough(vf->attrs.driver) ||
        !there_is(d, "%s", path))
        return;
    f = report(d, FINDING_WARNING,
               "libvirt did not put the settings of VF %u back after a VM had it", vf->index);
    confidence(f, LIKELY);
    evidence_file(d, f, path);
    evidence_admin_mac(d, f, pf, vf);
    remedy_from_saved(d, f, pf, vf, read_text(d, "%s", path));
}

/* It has the address of a VM that is off, and nobody uses it. */
static void check_left(struct doctor *d, const struct pf *pf, const struct vf *vf,
                       const struct vm *vm, const struct vm_entry *device)
{
    struct finding *f;

    if (vm->running || !device->interface || !device->has_mac || !device->pci[0] ||
        !str_eq(device->pci, vf->pci) || !attrs_has(&vf->attrs, SRIOV_MAC) ||
        vf->attrs.value[SRIOV_MAC] != device->mac || is_used(d, pf, vf) ||
        lease_of(d, pf, vf->index))
        return;
    f = report(d, FINDING_WARNING, "VF %u still has the MAC address of VM %s, which is off",
               vf->index, vm->name);
    confidence(f, LIKELY);
    evidence_admin_mac(d, f, pf, vf);
    evidence(d, f, vm->path, "interface %s", device->pci);
    remedy(f, fix_if_unused(d, pf, vf), "sriovctl set %s/%u mac=00:00:00:00:00:00", pf_label(pf),
           vf->index);
}

/* The policy may give the VF the address that the VM has in its file. */
static bool address_is_wanted(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    _cleanup_(goals_done) struct goals goals = { 0 };
    struct sriov_error error = { 0 };
    const struct attrs *want = NULL;

    if (wanted_read(d, &goals, &error) >= 0)
        want = wanted_of_vf(&goals, pf, vf->index);
    return want && attrs_has(want, SRIOV_MAC) &&
           want->value[SRIOV_MAC] == vf->attrs.value[SRIOV_MAC];
}

static void check_vm_mac_left(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    struct vms vms = { 0 };

    check_saved(d, pf, vf);
    if (!attrs_has(&vf->attrs, SRIOV_MAC) || vf->attrs.value[SRIOV_MAC] == 0 ||
        is_used(d, pf, vf) || address_is_wanted(d, pf, vf))
        return;
    if (vms_read(d, &vms) >= 0) {
        for (size_t i = 0; i < vms.count; i++) {
            for (size_t k = 0; k < vms.items[i].n_devices; k++)
                check_left(d, pf, vf, &vms.items[i], &vms.items[i].devices[k]);
        }
    }
    vms_done(&vms);
}

/* ---- migration-blocked ---- */

static void look_for_migration(struct doctor *d, const struct vm *vm, const struct vm_entry *device)
{
    const struct pf *pf;
    const struct vf *vf = device->pci[0] ? vf_of_pci(d, device->pci, &pf) : NULL;
    struct finding *f;

    if (!vm->running || !vf || device->teaming[0] || !str_eq(vf->attrs.driver, "vfio-pci"))
        return;
    f = report(d, FINDING_INFO, "VM %s cannot be migrated while it has %s", vm->name, device->pci);
    about_vf(f, pf, vf->index);
    evidence(d, f, vm->path, "hostdev %s without <teaming>", device->pci);
    remedy(f, FIX_BY_HAND, "pair it with a virtio interface of the same MAC by <teaming>");
}

static void check_migration_blocked(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    each_device(d, look_for_migration);
}

/* ---- failover-unpaired ---- */

static const struct vm_entry *partner_of(const struct vm *vm, const struct vm_entry *device)
{
    for (size_t i = 0; i < vm->n_devices; i++) {
        if (str_eq(vm->devices[i].teaming, "persistent") &&
            str_eq(vm->devices[i].alias, device->partner))
            return &vm->devices[i];
    }
    return NULL;
}

static void report_unpaired(struct doctor *d, const struct vm *vm, const struct vm_entry *device,
                            const struct vm_entry *partner)
{
    char mac[MAC_TEXT_SIZE], other[MAC_TEXT_SIZE];
    struct finding *f;

    if (!partner) {
        f = report(d, FINDING_WARNING,
                   "the failover pair of VM %s has no persistent interface \"%s\"", vm->name,
                   device->partner);
        evidence(d, f, vm->path, "<teaming type='transient' persistent='%s'/>", device->partner);
        remedy(f, FIX_BY_HAND,
               "`virsh edit %s`: <alias name='%s'/> and <teaming "
               "type='persistent'/> in its virtio interface",
               vm->name, device->partner);
    } else {
        mac_to_text(device->mac, mac);
        mac_to_text(partner->mac, other);
        f = report(d, FINDING_WARNING, "the failover pair of VM %s has two MAC addresses",
                   vm->name);
        evidence(d, f, vm->path, "transient %s, persistent %s", mac, other);
        remedy(f, FIX_BY_HAND, "`virsh edit %s`: give both interfaces %s", vm->name, other);
    }
    if (device->pci[0])
        about(f, device->pci);
}

static void look_for_pair(struct doctor *d, const struct vm *vm, const struct vm_entry *device)
{
    const struct vm_entry *partner;

    if (!str_eq(device->teaming, "transient"))
        return;
    partner = partner_of(vm, device);
    if (!partner || (device->has_mac && partner->has_mac && device->mac != partner->mac))
        report_unpaired(d, vm, device, partner);
}

static void check_failover_unpaired(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    each_device(d, look_for_pair);
}

/* ---- no-free-root-port ---- */

/* Only where it is known that a VF comes and goes: migration takes the transient one out and in. */
static void look_for_root_port(struct doctor *d, const struct vm *vm, const struct vm_entry *device)
{
    struct finding *f;

    if (!vm->running || !str_eq(device->teaming, "transient") || vm->root_ports == 0 ||
        vm->free_root_ports > 0)
        return;
    f = report(d, FINDING_INFO, "VM %s has no free PCIe root port, so no VF can be plugged in",
               vm->name);
    confidence(f, LIKELY);
    evidence(d, f, vm->path, "%u pcie-root-port, 0 free", vm->root_ports);
    remedy(f, FIX_BY_HAND, "`virsh edit %s`: add <controller type='pci' model='pcie-root-port'/>",
           vm->name);
}

static void check_no_free_root_port(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    each_device(d, look_for_root_port);
}

static const struct check checks[] = {
    { "vm-device-stale", "A VM names a device that is not there", SCOPE_HOST, NEEDS_NOTHING, NULL,
      check_vm_device_stale },
    { "vm-pool-stale", "A pool of libvirt does not have the VFs there are", SCOPE_HOST,
      NEEDS_NOTHING, NULL, check_vm_pool_stale },
    { "vm-mac-left", "A VF still has what it was given for a VM", SCOPE_VF, NEEDS_PROCESSES, NULL,
      check_vm_mac_left },
    { "failover-unpaired", "A failover pair that does not match", SCOPE_HOST, NEEDS_NOTHING, NULL,
      check_failover_unpaired },
    { "migration-blocked", "A VM cannot be migrated because of its VF", SCOPE_HOST, NEEDS_NOTHING,
      NULL, check_migration_blocked },
    { "no-free-root-port", "A VM without a free PCIe root port", SCOPE_HOST, NEEDS_NOTHING, NULL,
      check_no_free_root_port },
    { NULL },
};

const struct area area_vm = {
    .name = "vm",
    .title = "Virtual machines",
    .checks = checks,
};
