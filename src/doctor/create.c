/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks of the area create: VFs that were made and are not what was expected (no driver, no
 * netdev, a strange name), and others who make them. The checks on drivers of new VFs are in
 * create-driver.c.
 */
#include "doctor/create.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/quirk.h"
#include "doctor/managers.h"
#include "doctor/wanted.h"

#define CLASS_ETHERNET 0x020000

/* ---- vf-netdev-missing ---- */

static void check_vf_netdev_missing(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const char *driver = vf->attrs.driver, *line;
    struct finding *f;
    char path[128];

    snprintf(path, sizeof(path), "%s/net", vf->sysfs);
    if (!vf->sysfs[0] || vf->ifindex > 0 || vf->pci_class != CLASS_ETHERNET ||
        !create_is_net_driver(pf, driver) || there_is(d, "%s", path))
        return;
    f = report(d, FINDING_ERROR, "%s is bound to %s, but has no network interface", vf->pci,
               driver);
    confidence(f, LIKELY);
    evidence(d, f, path, "No such file or directory");
    line = log_last(d, vf->pci, NULL);
    if (line)
        evidence_log(d, f, line);
    remedy(f, FIX_BY_HAND, "sriovctl unbind %s/%u && sriovctl bind %s/%u default", pf_label(pf),
           vf->index, pf_label(pf), vf->index);
}

/* ---- vf-name-unstable ---- */

/* "eth7": the kernel's own name; "rename7": udev's, while it changes places with another. */
static bool is_numbered(const char *name, const char *stem)
{
    size_t len = strlen(stem);

    return str_starts(name, stem) && isdigit((unsigned char)name[len]);
}

/* The name that udev would give, from its database; false if it has not seen the netdev yet or
 * knows none. */
static bool udev_name(struct doctor *d, int ifindex, char ret[32])
{
    static const char *const keys[] = { "E:ID_NET_NAME_ONBOARD=", "E:ID_NET_NAME_SLOT=",
                                        "E:ID_NET_NAME_PATH=" };
    const char *text = read_text(d, "/run/udev/data/n%d", ifindex);

    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        const char *at = strstr(text, keys[i]);

        if (!at)
            continue;
        at += strlen(keys[i]);
        snprintf(ret, 32, "%.*s", (int)strcspn(at, "\n"), at);
        return true;
    }
    return false;
}

static void check_vf_name_unstable(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *link = netdev_of_vf(d, vf);
    const char *kernel_names = boot_parameter(d, "net.ifnames");
    char path[64], name[32];
    struct finding *f;

    if (!link || (kernel_names && str_eq(kernel_names, "0")) || is_numbered(pf->name, "eth") ||
        !(is_numbered(link->name, "eth") || is_numbered(link->name, "rename")) ||
        !udev_name(d, vf->ifindex, name) || str_eq(name, link->name))
        return;
    f = report(d, FINDING_WARNING,
               "the interface of %s is called %s, a name that may be another's "
               "after the next boot",
               vf->pci, link->name);
    confidence(f, LIKELY);
    snprintf(path, sizeof(path), "/run/udev/data/n%d", vf->ifindex);
    evidence(d, f, path, "%s", name);
    evidence(d, f, "ip link show", "%s", link->name);
    if (link->up)
        remedy(f, FIX_BY_HAND, "ip link set %s down && sriovctl set %s/%u name=%s", link->name,
               pf_label(pf), vf->index, name);
    else
        remedy(f, FIX_BY_HAND, "sriovctl set %s/%u name=%s", pf_label(pf), vf->index, name);
}

/* ---- who else makes VFs ---- */

/* Goes through the PFs with what others say of them. */
static void each_managed_pf(struct doctor *d, void (*look)(struct doctor *d, const struct pf *pf,
                                                           const struct manager_files *files,
                                                           const struct managers *found))
{
    const struct snapshot *s = doctor_snapshot(d);
    struct manager_files files = { 0 };

    if (manager_files_read(doctor_backend(d), &files) >= 0) {
        for (size_t i = 0; i < s->n_pfs; i++) {
            struct managers found = { 0 };

            if (managers_find(&files, &s->pfs[i], &found) >= 0)
                look(d, &s->pfs[i], &files, &found);
            managers_done(&found);
        }
        if (files.incomplete)
            cannot_see(d, "needs root: files of NetworkManager, netplan or the like");
    }
    manager_files_done(&files);
}

static void add_evidence(struct doctor *d, struct finding *f, const struct manager *m)
{
    char place[300];

    snprintf(place, sizeof(place), "%s:%u", m->path, m->line);
    evidence(d, f, place, "%s", m->text);
}

static void report_several(struct doctor *d, const struct pf *pf, const struct manager_files *files,
                           const struct managers *found)
{
    char owners[160] = "";
    struct finding *f;

    if (managers_count_makers(found) < 2)
        return;
    for (size_t i = 0; i < found->count; i++) {
        const struct manager *m = &found->items[i];
        size_t len = strlen(owners);

        if (m->makes_vfs && !strstr(owners, m->owner))
            snprintf(owners + len, sizeof(owners) - len, "%s%s", len > 0 ? ", " : "", m->owner);
    }
    f = report(d, FINDING_WARNING, "%zu kinds of configuration make the VFs of %s: %s",
               managers_count_makers(found), pf_label(pf), owners);
    about_pf(f, pf);
    for (size_t i = 0; i < found->count; i++) {
        if (found->items[i].makes_vfs)
            add_evidence(d, f, &found->items[i]);
    }
    remedy(f, FIX_BY_HAND, "choose one, and remove the line from the other's file");
}

static void check_several_managers(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    each_managed_pf(d, report_several);
}

/* ---- profile-removes-vfs ---- */

/* NetworkManager (since 1.54) keeps VFs when a profile goes down only if it is told to: "1" in its
 * own files, "yes" in those of Red Hat's form. */
static bool keeps_vfs(const struct manager_files *files, const char *path)
{
    static const char *const keys[] = { "preserve-on-down=", "SRIOV_PRESERVE_ON_DOWN=" };

    for (size_t i = 0; i < files->count; i++) {
        if (!str_eq(files->items[i].path, path))
            continue;
        for (size_t k = 0; k < ELEMENTS(keys); k++) {
            const char *at = strstr(files->items[i].text, keys[k]);

            if (at && strspn(at + strlen(keys[k]), "1yt") > 0)
                return true;
        }
    }
    return false;
}

/* "post-down echo 0 > /sys/class/net/enp1s0/device/sriov_numvfs" */
static bool is_removal(const struct manager *m)
{
    return (str_starts(m->text, "down ") || str_starts(m->text, "pre-down ") ||
            str_starts(m->text, "post-down ")) &&
           strstr(m->text, "echo 0");
}

static void report_removal(struct doctor *d, const struct pf *pf, const struct manager_files *files,
                           const struct managers *found)
{
    for (size_t i = 0; pf->n_vfs > 0 && i < found->count; i++) {
        const struct manager *m = &found->items[i];
        bool by_profile = str_eq(m->owner, "NetworkManager") && !keeps_vfs(files, m->path);
        struct finding *f;

        if (!by_profile && !is_removal(m))
            continue;
        f = report(d, FINDING_WARNING, "%s removes the %zu VFs of %s when it takes the PF down",
                   m->owner, pf->n_vfs, pf_label(pf));
        about_pf(f, pf);
        confidence(f, by_profile ? LIKELY : CERTAIN);
        add_evidence(d, f, m);
        if (by_profile)
            remedy(f, FIX_BY_HAND,
                   "preserve-on-down=1 under [sriov] in %s, then `nmcli connection reload`",
                   m->path);
        else
            remedy(f, FIX_BY_HAND, "remove line %u of %s", m->line, m->path);
    }
}

static void check_profile_removes_vfs(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    each_managed_pf(d, report_removal);
}

/* ---- settings-not-persistent ---- */

/* Somebody who tries something out does not want to be told at once. */
#define LONG_ENOUGH (24 * 60 * 60)

static unsigned long uptime(struct doctor *d)
{
    return strtoul(read_text(d, "/proc/uptime"), NULL, 10);
}

static void report_unkept(struct doctor *d, const struct pf *pf, const struct manager_files *files,
                          const struct managers *found)
{
    struct finding *f;

    if (pf->n_vfs == 0 || files->incomplete || managers_count_makers(found) > 0)
        return;
    f = report(d, FINDING_INFO, "nothing makes the %zu VFs of %s again after a reboot", pf->n_vfs,
               pf_label(pf));
    about_pf(f, pf);
    confidence(f, LIKELY);
    evidence(d, f, "/proc/uptime", "%s", read_text(d, "/proc/uptime"));
    evidence(d, f, "/etc/sriovd",
             there_is(d, "/etc/sriovd") ? "does not name the PF" : "No such file or directory");
    remedy(f, FIX_BY_HAND, "put the PF into a policy in /etc/sriovd, and see `sriovctl plan`");
}

static void check_settings_not_persistent(struct doctor *d, const struct pf *pf,
                                          const struct vf *vf)
{
    if (uptime(d) >= LONG_ENOUGH && !doctor_policy(d))
        each_managed_pf(d, report_unkept);
}

/* ---- vf-managed-by-host ---- */

/* Where DHCP clients keep what they were given. The format takes interface index or name. */
static bool find_dhcp_lease(struct doctor *d, const struct rtnl_link *link, char ret[128])
{
    const struct strv *names;

    snprintf(ret, 128, "/run/systemd/netif/leases/%d", link->ifindex);
    if (there_is(d, "%s", ret))
        return true;
    names = read_dir(d, "/var/lib/NetworkManager");
    for (size_t i = 0; i < names->count; i++) {
        const char *at = strstr(names->items[i], link->name);

        if (at && str_eq(at + strlen(link->name), ".lease")) {
            snprintf(ret, 128, "/var/lib/NetworkManager/%.80s", names->items[i]);
            return true;
        }
    }
    snprintf(ret, 128, "/var/lib/dhcp/dhclient.%s.leases", link->name);
    if (there_is(d, "%s", ret))
        return true;
    snprintf(ret, 128, "/var/lib/dhcpcd/%s.lease", link->name);
    return there_is(d, "%s", ret);
}

bool create_network_file_takes(const char *text, const char *netdev)
{
    bool dhcp = false, matches = false;

    for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
        char pattern[64];

        dhcp |= str_starts(text, "DHCP=") && !str_starts(text, "DHCP=no") &&
                !str_starts(text, "DHCP=false");
        if (!str_starts(text, "Name="))
            continue;
        snprintf(pattern, sizeof(pattern), "%.*s", (int)strcspn(text + 5, " \n"), text + 5);
        matches |= strpbrk(pattern, "*?[") && fnmatch(pattern, netdev, 0) == 0;
    }
    return dhcp && matches;
}

/* A .network file of systemd-networkd with DHCP whose pattern takes in this netdev: VFs match the
 * patterns that people write for their network cards. */
static bool find_dhcp_file(struct doctor *d, const struct rtnl_link *link, char ret[128])
{
    const struct strv *names = read_dir(d, "/etc/systemd/network");

    for (size_t i = 0; i < names->count; i++) {
        snprintf(ret, 128, "/etc/systemd/network/%.90s", names->items[i]);
        if (create_network_file_takes(read_text(d, "%s", ret), link->name))
            return true;
    }
    return false;
}

static bool is_in_pool(const struct doctor *d, const struct pf *pf)
{
    const struct desired *policy = doctor_policy(d);

    for (size_t i = 0; policy && i < policy->n_pools; i++) {
        for (size_t k = 0; k < policy->pools[i].n_sources; k++) {
            if (str_eq(policy->pools[i].sources[k].pf, pf->name) ||
                str_eq(policy->pools[i].sources[k].pf, pf->key))
                return true;
        }
    }
    return false;
}

static void check_vf_managed_by_host(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct rtnl_link *link = netdev_of_vf(d, vf);
    const struct holder *h = holder_of(d, pf, (int)vf->index);
    struct finding *f;
    bool by_pattern;
    char path[128];

    if (!link || !h || h->kind != HOLDER_ADDRESS)
        return;
    by_pattern = find_dhcp_file(d, link, path);
    if (!by_pattern && !find_dhcp_lease(d, link, path))
        return;
    f = report(d, by_pattern || is_in_pool(d, pf) ? FINDING_WARNING : FINDING_INFO,
               "%s got %s by DHCP, so this host uses the VF itself", link->name, h->name);
    confidence(f, by_pattern ? LIKELY : POSSIBLE);
    evidence(d, f, "ip address show", "%s: %s", link->name, h->name);
    evidence(d, f, path, by_pattern ? "matches the interface, with DHCP" : "is there");
    remedy(f, FIX_BY_HAND,
           "Unmanaged=yes for %s in a .network file, or unmanaged-devices of NetworkManager",
           link->name);
}

/* ---- pf-link-bounce ---- */

static void check_pf_link_bounce(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct holders *all = doctor_holders(d);
    char path[64];

    for (size_t i = 0; driver_has(pf->driver, DRIVER_COUNT_BOUNCES) && i < all->count; i++) {
        const struct holder *h = &all->items[i];
        struct finding *f;

        if (h->vf != HOLDER_OF_PF || !str_eq(h->pf, pf->key) ||
            (h->kind != HOLDER_ADMIN && h->kind != HOLDER_ROUTE))
            continue;
        f = report(d, FINDING_INFO,
                   "a change of the number of VFs takes the link of %s down for "
                   "seconds, and this host is reached through it",
                   pf_label(pf));
        evidence(d, f, h->kind == HOLDER_ADMIN ? "your connection" : "ip route show default", "%s",
                 h->name[0] ? h->name : pf_label(pf));
        snprintf(path, sizeof(path), "/sys/class/net/%s/carrier_changes", pf->name);
        evidence_file(d, f, path);
        remedy(f, FIX_BY_HAND,
               "change it in a maintenance window; `sriovctl plan` says when it would happen");
        return;
    }
}

static const char *const no_netdev_because[] = { "firmware-unhealthy", "vf-firmware-mismatch",
                                                 "vf-reset-loop", NULL };
static const char *const managers_because[] = { "several-managers", NULL };
static const char *const no_driver_because[] = { "autoprobe-off", "firmware-unhealthy",
                                                 "vf-firmware-mismatch", NULL };

static const struct check checks[] = {
    { "vf-driver-missing", "VFs without a driver", SCOPE_PF, NEEDS_NOTHING, no_driver_because,
      check_vf_driver_missing },
    { "vf-netdev-missing", "A VF with a driver, but without a network interface", SCOPE_VF,
      NEEDS_NOTHING, no_netdev_because, check_vf_netdev_missing },
    { "several-managers", "Several programs make the VFs of one PF", SCOPE_HOST, NEEDS_NOTHING,
      NULL, check_several_managers },
    { "profile-removes-vfs", "VFs are lost when a profile of the PF goes down", SCOPE_HOST,
      NEEDS_NOTHING, NULL, check_profile_removes_vfs },
    { "vf-managed-by-host", "The host took a VF for itself", SCOPE_VF, NEEDS_NOTHING, NULL,
      check_vf_managed_by_host },
    { "vf-name-unstable", "A VF's interface has no stable name", SCOPE_VF, NEEDS_NOTHING, NULL,
      check_vf_name_unstable },
    { "settings-not-persistent", "VFs that a reboot takes away for good", SCOPE_HOST, NEEDS_NOTHING,
      managers_because, check_settings_not_persistent },
    { "pf-link-bounce", "Changing the number of VFs interrupts the PF's link", SCOPE_PF,
      NEEDS_NOTHING, NULL, check_pf_link_bounce },
    { NULL },
};

const struct area area_create = {
    .name = "create",
    .title = "Making VFs",
    .checks = checks,
};
