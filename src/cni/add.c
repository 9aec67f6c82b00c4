/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ADD: leases the VF of the configuration for the container, has the engine make it what the keys
 * say and move it under the asked name, gets addresses from the IPAM plugin and puts them on. What
 * fails takes back everything before it, last step first.
 */
#include <errno.h>
#include <stdio.h>

#include "base/mac.h"
#include "cni/attachment.h"
#include "cni/command.h"
#include "cni/ipam.h"
#include "cni/legacy.h"
#include "cni/netif.h"
#include "kernel/enter.h"

struct addition {
    struct cni_call *call;
    int netns;
    uint64_t netns_inode;
    struct lease lease;
    bool leased, addressed; /* what there is to take back */
    bool passthrough;       /* for a user program (DPDK): no netdev to configure */
    struct cni_addressing addressing;
    struct cni_interface interface;
    struct cni_error *error;
};

/* ---- before the lease ---- */

/* The namespace that we are in, as the kernel names it: "net:[4026531840]". */
static bool is_own_netns(struct addition *a)
{
    char own[40], given[40];

    snprintf(given, sizeof(given), "net:[%llu]", (unsigned long long)a->netns_inode);
    return backend_link_name(a->call->backend, "/proc/self/ns/net", own, sizeof(own)) == 0 &&
           str_eq(own, given);
}

static int open_netns(struct addition *a)
{
    const char *path = a->call->netns;
    int r = netns_open(path, &a->netns, &a->netns_inode);

    if (r == -ENOENT || r == -ENOTDIR) {
        cni_fail(a->error, CNI_UNKNOWN_CONTAINER, 0, "CNI_NETNS: %.200s does not exist", path);
        return r;
    }
    if (r < 0) {
        cni_fail(a->error, CNI_INVALID_ENVIRONMENT, 0,
                 "CNI_NETNS: %.200s is no network namespace: %s", path, strerrordesc_np(-r));
        return r;
    }
    if (is_own_netns(a))
        return cni_fail(a->error, CNI_INVALID_ENVIRONMENT, EINVAL,
                        "CNI_NETNS: %.200s is the namespace of the host", path);
    return 0;
}

static int no_driver(struct addition *a, const char *pci)
{
    cni_fail(a->error, CNI_CANNOT_DO, 0, "%s: the VF has no driver, so it has no interface", pci);
    cni_details(a->error, "bind it to its driver (sriovctl bind), or to vfio-pci for DPDK");
    return -ENODEV;
}

static int place_of(struct addition *a, struct vf_place *ret)
{
    const char *pci = a->call->config.device_id;
    struct sriov_error cause = { 0 };
    char path[96], driver[32];
    int r = legacy_check(a->call, pci, a->error);

    if (r < 0)
        return r;
    r = vf_place_of_pci(a->call->backend, pci, ret, &cause);
    if (r < 0)
        return cni_fail_as(a->error, &cause, r);
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", pci);
    if (backend_link_name(a->call->backend, path, driver, sizeof(driver)) < 0)
        return no_driver(a, pci);
    return 0;
}

/* ---- the lease ---- */

static unsigned flags_of(const struct cni_config *c)
{
    return ASSIGN_UP | (c->promisc ? ASSIGN_PROMISC : 0) | (c->allmulti ? ASSIGN_ALLMULTI : 0) |
           (c->clean ? ASSIGN_CLEAN : 0);
}

static int acquire_by(struct addition *a, const struct assign_request *q)
{
    const struct cni_config *config = &a->call->config;
    struct sriov_error cause = { 0 };
    struct vf_place place;
    int r;

    if (!config->device_id[0]) {
        r = choose_acquire(a->call->backend, &config->wish, q, &a->lease, NULL, &cause);
        return r < 0 ? cni_fail_as(a->error, &cause, r) : 0;
    }
    r = place_of(a, &place);
    if (r < 0)
        return r;
    r = assign_acquire(a->call->backend, &place, q, &a->lease, &cause);
    return r < 0 ? cni_fail_as(a->error, &cause, r) : 0;
}

static void identify(const struct addition *a, struct lease_owner *ret)
{
    STR_SET(ret->name, ATTACHMENT_OWNER);
    STR_SET(ret->netns, a->call->netns);
    STR_SET(ret->container, a->call->container);
    ret->netns_inode = a->netns_inode;
}

static int acquire(struct addition *a)
{
    struct cni_call *c = a->call;
    char note[sizeof(a->lease.note)];
    struct assign_request q = {
        .state_dir = c->state_dir,
        .note = note,
        .want = c->config.want,
        .netns = a->netns,
        .ifname = c->ifname,
        .flags = flags_of(&c->config),
    };
    int r;

    identify(a, &q.owner);
    attachment_note(c, note);
    r = acquire_by(a, &q);
    if (r < 0)
        return r;
    a->leased = true;
    STR_SET(c->config.device_id, a->lease.pci); /* for the log, where it was chosen */
    a->passthrough = !a->lease.netdev.present && driver_is_passthrough(a->lease.before.driver);
    if (!a->lease.netdev.present && !a->passthrough)
        return no_driver(a, a->lease.pci);
    return 0;
}

static int release(struct addition *a, struct sriov_error *cause)
{
    struct vf_place place = lease_place(&a->lease);
    struct release_request q = {
        .state_dir = a->call->state_dir,
        .owner = ATTACHMENT_OWNER,
        .container = a->call->container,
        .netns = a->call->netns,
    };

    return assign_release(a->call->backend, &place, &q, NULL, cause);
}

/* ---- addresses ---- */

static int address(struct addition *a)
{
    struct cni_call *c = a->call;
    int r;

    if (!c->config.ipam[0])
        return 0;
    a->addressed = true; /* after a failure, too, the plugin is told to release */
    r = ipam_run(c, "ADD", &a->addressing, a->error);
    if (r < 0)
        return r;
    if (a->addressing.n_ips == 0)
        return cni_fail(a->error, CNI_FAILED, ENODATA, "IPAM plugin %s: gave no address",
                        c->config.ipam);
    if (a->passthrough)
        return 0;
    return netif_configure(a->netns, c->ifname, &a->addressing, a->error);
}

/* ---- the whole ---- */

/* Of a VF for a user program only the address that the PF gave it is known, if it gave one. */
static uint64_t mac_of(const struct addition *a)
{
    const struct lease *l = &a->lease;

    if (attrs_has(&l->want, SRIOV_MAC))
        return l->want.value[SRIOV_MAC];
    if (!a->passthrough)
        return l->netdev.mac;
    return attrs_has(&l->before, SRIOV_MAC) ? l->before.value[SRIOV_MAC] : 0;
}

static void describe(struct addition *a)
{
    const struct attrs *mtu = attrs_has(&a->lease.want, SRIOV_MTU) ? &a->lease.want
                                                                   : &a->lease.before;

    STR_SET(a->interface.name, a->call->ifname);
    STR_SET(a->interface.sandbox, a->call->netns);
    STR_SET(a->interface.pci, a->lease.pci);
    if (mac_of(a) != 0)
        mac_to_text(mac_of(a), a->interface.mac);
    if (!a->passthrough && attrs_has(mtu, SRIOV_MTU))
        a->interface.mtu = (unsigned)mtu->value[SRIOV_MTU];
}

static void take_back(struct addition *a)
{
    struct sriov_error cause = { 0 };
    struct cni_error other = { 0 }, first;

    if (a->addressed && ipam_run(a->call, "DEL", NULL, &other) < 0)
        log_line(&a->call->log, LOG_LEVEL_WARNING, "the IPAM plugin did not release", "error",
                 other.msg, NULL);
    if (!a->leased || release(a, &cause) >= 0)
        return;
    first = *a->error;
    cni_fail(a->error, CNI_NOT_PUT_BACK, 0, "%.200s; and the VF could not be put back: %s: %s",
             first.msg, cause.message, cause.kernel);
    cni_details(a->error, "%s", cause.remedy);
}

static int add(struct addition *a)
{
    int r = open_netns(a);

    if (r >= 0)
        r = acquire(a);
    if (r < 0)
        return r;
    describe(a);
    return address(a);
}

static int check_config(const struct cni_config *config, struct cni_error *e)
{
    if (config->device_id[0] || config->choose)
        return 0;
    cni_fail(e, CNI_INVALID_CONFIG, 0, "deviceID: the PCI address of a VF is needed");
    cni_details(e, "the device plugin or the runtime fills it in; without one, name a pool or a "
                   "selector");
    return -EINVAL;
}

int command_add(struct cni_call *c, struct buf *out, struct cni_error *e)
{
    struct addition a = { .call = c, .netns = -1, .error = e };
    int r = check_config(&c->config, e);

    if (r >= 0)
        r = add(&a);
    if (r >= 0) {
        result_write(c->config.version, &a.interface, &a.addressing, c->config.prev, out);
        r = buf_ok(out) < 0 ? cni_no_memory(e) : 0;
    }
    if (r < 0)
        take_back(&a);
    addressing_done(&a.addressing);
    lease_done(&a.lease);
    close_p(&a.netns);
    return r;
}
