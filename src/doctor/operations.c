/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area operations: what a process that has a VF needs from the host (locked memory,
 * huge pages, its RDMA device), and names of VFs that came home from a container. Those about
 * policy, ledger and leases are in operations-change.c.
 */
#include "doctor/operations.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/libvirt.h"
#include "kernel/hugepages.h"

/* ---- rdma-namespace ---- */

/* In exclusive mode an RDMA device is in one namespace, and does not move with its netdev. */
static void check_rdma_namespace(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    static const char mode[] = "/sys/module/ib_core/parameters/netns_mode";
    const struct holder *h = holder_of(d, pf, (int)vf->index);
    const struct strv *devices;
    struct finding *f;
    char path[96];

    if (!h || h->kind != HOLDER_NETNS || !vf->sysfs[0] || !str_eq(read_text(d, "%s", mode), "N"))
        return;
    snprintf(path, sizeof(path), "%s/infiniband", vf->sysfs);
    devices = read_dir(d, "%s", path);
    if (devices->count == 0)
        return;
    /* A container need not want it. */
    f = report(d, FINDING_INFO, "the interface of %s is in %s, its RDMA device %s is still here",
               vf->pci, h->name, devices->items[0]);
    confidence(f, POSSIBLE);
    evidence_file(d, f, mode);
    evidence(d, f, path, "%s", devices->items[0]);
    remedy(f, FIX_BY_HAND, "rdma dev set %s netns %s", devices->items[0], h->name);
}

/* ---- memlock-low ---- */

#define CAP_IPC_LOCK_BIT 14

/* So little is left that the next thing to be pinned will not fit. libvirt gives a VM its memory
 * and 1 GiB more, so a part of a large limit is no measure. */
#define TOO_LITTLE (UINT64_C(16) << 20)

static bool is_used_up(uint64_t locked, uint64_t limit)
{
    return locked >= limit - MIN_OF(limit / 10, TOO_LITTLE);
}

bool operations_memlock(const char *limits, uint64_t *ret)
{
    const char *at = strstr(limits, "Max locked memory");

    if (!at)
        return false;
    at += strlen("Max locked memory");
    at += strspn(at, " ");
    if (str_starts(at, "unlimited")) {
        *ret = UINT64_MAX;
        return true;
    }
    if (!isdigit((unsigned char)*at))
        return false;
    *ret = strtoull(at, NULL, 10);
    return true;
}

bool operations_may_lock_all(const char *status)
{
    const char *at = strstr(status, "CapEff:");

    return at && (strtoull(at + strlen("CapEff:"), NULL, 16) >> CAP_IPC_LOCK_BIT & 1);
}

/* "VmLck:      1234 kB": VFIO counts there what it pinned. */
static uint64_t locked_bytes(const char *status)
{
    const char *at = strstr(status, "VmLck:");

    return at ? strtoull(at + strlen("VmLck:"), NULL, 10) * 1024 : 0;
}

static void report_memlock(struct doctor *d, const struct holder *h, uint64_t limit,
                           uint64_t locked)
{
    struct finding *f;
    char path[48];

    f = report(d, FINDING_WARNING,
               "%s (pid %d) may lock %" PRIu64 " bytes of memory, and the VF needs more", h->comm,
               h->pid, limit);
    confidence(f, LIKELY);
    snprintf(path, sizeof(path), "/proc/%d/limits", h->pid);
    evidence(d, f, path, "Max locked memory %" PRIu64, limit);
    snprintf(path, sizeof(path), "/proc/%d/status", h->pid);
    evidence(d, f, path, "VmLck %" PRIu64 " kB", locked / 1024);
    remedy(f, FIX_BY_HAND,
           "start it with more: LimitMEMLOCK= in its unit, <memtune><hard_limit> of "
           "the VM, or ulimit -l");
}

/* vfio_pin_pages_remote in drivers/vfio/vfio_iommu_type1.c: "vfio_pin_pages_remote: RLIMIT_MEMLOCK
 * (65536) exceeded". */
static const char *log_of_memlock(struct doctor *d)
{
    return log_last(d, "RLIMIT_MEMLOCK", "exceeded");
}

/* Whom it stopped has ended. The log does not say of which VF: one that a user other than root may
 * open. */
static void check_memlock_of_user(struct doctor *d, const struct vf *vf)
{
    struct backend *b = doctor_backend(d);
    const char *line = log_of_memlock(d);
    struct file_status status;
    struct finding *f;
    char path[32];

    snprintf(path, sizeof(path), "/dev/vfio/%d", vf->iommu_group);
    if (!line || !strstr(vf->attrs.driver, "vfio") || vf->iommu_group < 0 ||
        b->ops->file_status(b, path, &status) < 0 || status.uid == 0)
        return;
    f = report(d, FINDING_WARNING, "uid %u may open the VF, but not lock the memory it needs",
               status.uid);
    confidence(f, LIKELY);
    evidence_log(d, f, line);
    evidence(d, f, path, "mode %04o, uid %u, gid %u", status.mode, status.uid, status.gid);
    remedy(f, FIX_BY_HAND,
           "a higher memlock for uid %u in /etc/security/limits.d, or LimitMEMLOCK= "
           "in its unit",
           status.uid);
}

static void check_memlock_low(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct holder *h = holder_of(d, pf, (int)vf->index);
    const char *status;
    uint64_t limit;

    if (!h) {
        check_memlock_of_user(d, vf);
        return;
    }
    if (h->pid == 0 || (h->kind != HOLDER_VFIO && h->kind != HOLDER_IOMMUFD))
        return;
    status = read_text(d, "/proc/%d/status", h->pid);
    if (operations_may_lock_all(status) ||
        !operations_memlock(read_text(d, "/proc/%d/limits", h->pid), &limit) || limit == UINT64_MAX)
        return;
    if (is_used_up(locked_bytes(status), limit))
        report_memlock(d, h, limit, locked_bytes(status));
}

/* ---- hugepages-missing ---- */

struct pages {
    uint64_t total;
    bool known;
    char path[HUGEPAGES_PATH_SIZE]; /* of one file that says so */
};

/* Of all sizes and nodes. */
static struct pages count_pages(struct doctor *d)
{
    _cleanup_(hugepages_list_done) struct hugepages_list list = { 0 };
    struct pages pages = { 0 };

    if (hugepages_read(doctor_backend(d), HUGEPAGES_OF_MACHINE, &list) < 0)
        return pages;
    for (size_t i = 0; i < list.count; i++) {
        pages.known = true;
        pages.total += list.items[i].total;
        STR_SET(pages.path, list.items[i].path);
    }
    return pages;
}

/* The value of "key = value" on a line of its own, NULL if there is none. */
static const char *value_of(const char *text, const char *key)
{
    size_t len = strlen(key);

    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        const char *at = text + strspn(text, " \t-");

        if (strncmp(at, key, len) != 0)
            continue;
        at += len;
        at += strspn(at, " \t");
        if (*at == '=')
            return at + 1;
    }
    return NULL;
}

/* How many there were to be, and who says so: the kernel's command line, or sysctl's files. */
static const char *pages_asked_for(struct doctor *d, char ret_source[128])
{
    const struct strv *names = read_dir(d, "/etc/sysctl.d");
    const char *text = boot_parameter(d, "hugepages"), *key = "vm.nr_hugepages";

    if (text && strtoul(text, NULL, 10) > 0) {
        snprintf(ret_source, 128, "/proc/cmdline");
        return text;
    }
    for (size_t i = 0; i <= names->count; i++) {
        if (i < names->count)
            snprintf(ret_source, 128, "/etc/sysctl.d/%.100s", names->items[i]);
        else
            snprintf(ret_source, 128, "/etc/sysctl.conf");
        text = value_of(read_text(d, "%s", ret_source), key);
        if (text && strtoul(text, NULL, 10) > 0)
            return text;
    }
    return NULL;
}

static void report_pages(struct doctor *d, const struct pages *pages, const char *who,
                         const char *source, const char *value)
{
    struct finding *f = report(d, FINDING_WARNING, "%s, and the host has none", who);

    confidence(f, LIKELY);
    evidence(d, f, source, "%s", value);
    evidence_file(d, f, pages->path);
    remedy(f, FIX_BY_HAND,
           "sysctl vm.nr_hugepages=NUMBER now, and in /etc/sysctl.d for the next boot");
}

static void check_vms_for_pages(struct doctor *d, const struct pages *pages)
{
    struct vms vms = { 0 };

    if (vms_read(d, &vms) >= 0) {
        for (size_t i = 0; i < vms.count; i++) {
            char who[96];

            if (!vms.items[i].hugepages)
                continue;
            snprintf(who, sizeof(who), "VM %s is to have huge pages", vms.items[i].name);
            report_pages(d, pages, who, vms.items[i].path, "<hugepages/>");
        }
    }
    vms_done(&vms);
}

/* uio is for programs of DPDK only, QEMU has no use of it. */
static const struct vf *find_dpdk_vf(const struct doctor *d, const struct pf **ret)
{
    const struct snapshot *s = doctor_snapshot(d);

    for (size_t i = 0; i < s->n_pfs; i++) {
        for (size_t k = 0; k < s->pfs[i].n_vfs; k++) {
            const struct vf *vf = &s->pfs[i].vfs[k];
            const struct holder *h = holder_of(d, &s->pfs[i], (int)k);

            *ret = &s->pfs[i];
            if (strstr(vf->attrs.driver, "uio") ||
                (h && h->kind == HOLDER_VFIO && strstr(h->comm, "dpdk")))
                return vf;
        }
    }
    return NULL;
}

static void check_hugepages_missing(struct doctor *d, const struct pf *none, const struct vf *no_vf)
{
    struct pages pages = count_pages(d);
    char source[128], text[96];
    const struct pf *pf = NULL;
    const struct vf *vf;
    const char *asked;

    if (!pages.known || pages.total > 0)
        return;
    asked = pages_asked_for(d, source);
    vf = find_dpdk_vf(d, &pf);
    if (asked) {
        snprintf(text, sizeof(text), "%lu", strtoul(asked, NULL, 10));
        report_pages(d, &pages, "huge pages were to be reserved", source, text);
    } else if (vf) {
        snprintf(text, sizeof(text), "%s/driver", vf->sysfs);
        report_pages(d, &pages, "a VF is bound for DPDK, which needs huge pages", text,
                     vf->attrs.driver);
    }
    check_vms_for_pages(d, &pages);
}

/* ---- vf-renamed-by-netns ---- */

/* default_device_exit_net in net/core/dev.c: a netdev whose namespace ends comes home, and is
 * called "dev" and its number there if its name is taken here. */
static void check_vf_renamed(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *link = netdev_of_vf(d, vf);
    struct finding *f;
    uint64_t n;

    if (!link || !str_starts(link->name, "dev") || str_to_u64(link->name + 3, UINT32_MAX, &n) < 0)
        return;
    f = report(d, FINDING_WARNING, "the interface of the VF came back from a container as %s",
               link->name);
    confidence(f, LIKELY);
    evidence(d, f, "ip link show", "%d: %s", link->ifindex, link->name);
    remedy(f, FIX_BY_HAND, "sriovctl set %s/%u name=%sv%u", pf_label(pf), vf->index, pf_label(pf),
           vf->index);
}

/* ---- the table ---- */

static const char *const drift_because[] = {
    "change-interrupted", "vfio-module-missing", "vfio-device-busy",  "vf-driver-wrong",
    "several-managers",   "driver-vf-limit",     "firmware-vf-limit", "change-failed",
    "eswitch-mode-busy",  "rate-refused",        "pf-down",           NULL
};

static const char *const failed_because[] = {
    "vf-removal-stuck",  "pf-lock-held",    "change-interrupted",
    "pf-driver-missing", "driver-vf-limit", "firmware-vf-limit",
    "ddp-missing",       "fewer-vfs",       NULL
};
static const char *const left_because[] = { "lease-stale", "change-interrupted", "vm-mac-left",
                                            NULL };

static const struct check checks[] = {
    { "change-interrupted", "A change was cut off half-way", SCOPE_HOST, NEEDS_LEDGER, NULL,
      check_change_interrupted },
    { "change-failed", "The last change of a PF failed", SCOPE_PF, NEEDS_LEDGER, failed_because,
      check_change_failed },
    { "lease-stale", "A VF is leased to somebody who is gone", SCOPE_VF, NEEDS_LEDGER, NULL,
      check_lease_stale },
    { "policy-drift", "The machine is not what the policy says", SCOPE_HOST, NEEDS_POLICY,
      drift_because, check_policy_drift },
    { "settings-left", "A free VF has settings of a former user", SCOPE_VF,
      NEEDS_PROCESSES | NEEDS_LEDGER, left_because, check_settings_left },
    { "vf-renamed-by-netns", "A VF came back from a container under a strange name", SCOPE_VF,
      NEEDS_NOTHING, NULL, check_vf_renamed },
    { "memlock-low", "A process may not lock the memory its VF needs", SCOPE_VF, NEEDS_PROCESSES,
      NULL, check_memlock_low },
    { "hugepages-missing", "Huge pages are wanted, and there are none", SCOPE_HOST, NEEDS_NOTHING,
      NULL, check_hugepages_missing },
    { "rdma-namespace", "An RDMA device is not where its interface is", SCOPE_VF, NEEDS_PROCESSES,
      NULL, check_rdma_namespace },
    { NULL },
};

const struct area area_operations = {
    .name = "operations",
    .title = "Operation: policy, changes, leases, processes",
    .checks = checks,
};
