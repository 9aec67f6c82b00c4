/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading the settings of the host that matter. What cannot be read stays empty.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "bench/scenery.h"
#include "core/target.h"
#include "kernel/ethtool.h"

#define CPUINFO_LEN 4096 /* the first processor says it all */

const char *const offload_names[OFFLOADS] = {
    "tx-tcp-segmentation", "tx-generic-segmentation", "rx-gro", "rx-checksum", "tx-checksum-ipv4",
};

/* A file's text; "" if it cannot be read. */
static void read_file(struct backend *b, const char *path, char *ret, size_t size)
{
    _cleanup_free_ char *text = NULL;
    ret[0] = '\0';
    if (b->ops->read_file(b, path, &text) >= 0)
        snprintf(ret, size, "%s", text);
}

/* ---- the machine ---- */

/* "name<tab>: value" of /proc/cpuinfo. */
static void cpu_field(const char *text, const char *name, char *ret, size_t size)
{
    const char *at = strstr(text, name);
    const char *value = at ? strchr(at, ':') : NULL;
    if (!value)
        return;
    value += 1 + strspn(value + 1, " \t");
    snprintf(ret, size, "%.*s", (int)strcspn(value, "\n"), value);
}

static void read_processor(struct backend *b, struct scenery *s)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char flags[CPUINFO_LEN] = "";
    if (b->ops->read_bytes(b, "/proc/cpuinfo", 0, CPUINFO_LEN, &text) < 0 || !text.data)
        return;
    cpu_field(text.data, "\nmodel name", s->processor, sizeof(s->processor));
    cpu_field(text.data, "\nflags", flags, sizeof(flags));
    s->is_guest = strstr(flags, " hypervisor") != NULL;
    /* What QEMU calls its own processor when nothing but software runs it (target/i386/cpu.c). */
    s->is_emulated = strstr(s->processor, "QEMU TCG") != NULL;
}

static void read_machine(struct backend *b, struct scenery *s)
{
    char vendor[60], product[60];
    read_file(b, "/proc/sys/kernel/osrelease", s->kernel, sizeof(s->kernel));
    read_file(b, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
    read_file(b, "/sys/class/dmi/id/product_name", product, sizeof(product));
    snprintf(s->machine, sizeof(s->machine), "%s%s%s", vendor, *vendor && *product ? " " : "",
             product);
    read_file(b, "/sys/devices/system/cpu/online", s->online, sizeof(s->online));
    read_file(b, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", s->governor,
              sizeof(s->governor));
    read_processor(b, s);
}

/* ---- the NIC ---- */

static void read_near(struct backend *b, const struct pf *pf, struct scenery *s)
{
    char path[128];
    s->numa_node = pf->numa_node;
    snprintf(path, sizeof(path), "%s/local_cpulist", pf->sysfs);
    read_file(b, path, s->near, sizeof(s->near));
    if (pf->numa_node >= 0 && pf->numa_node < 64)
        s->is_distant = !(choose_nodes_of(b, 0) & (UINT64_C(1) << pf->numa_node));
}

static void read_bus(struct backend *b, const struct pf *pf, struct scenery *s)
{
    static const char *const files[] = { "current_link_speed", "current_link_width",
                                         "max_link_speed", "max_link_width" };
    char texts[ELEMENTS(files)][24], path[128];
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", pf->sysfs, files[i]);
        read_file(b, path, texts[i], sizeof(texts[i]));
    }
    if (*texts[0] && *texts[1])
        snprintf(s->bus, sizeof(s->bus), "%s x%s, of at most %s x%s", texts[0], texts[1], texts[2],
                 texts[3]);
}

static void read_iommu(struct backend *b, int group, struct scenery *s)
{
    char path[64];
    if (group < 0)
        return;
    snprintf(path, sizeof(path), "/sys/kernel/iommu_groups/%d/type", group);
    read_file(b, path, s->iommu, sizeof(s->iommu));
}

static int ask(struct backend *b, const struct buf *request, struct buf *ret)
{
    return buf_ok(request) < 0 ? -1
                               : b->ops->nl_query(b, NETLINK_GENERIC, request->data, ret, NULL);
}

static void read_offloads(struct backend *b, int ifindex, struct scenery *s)
{
    _cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT;
    _cleanup_buf_ struct buf families = BUF_INIT, features = BUF_INIT;
    uint16_t family;
    ethtool_request_family(&first);
    if (ask(b, &first, &families) < 0 || ethtool_parse_family(&families, &family) < 0)
        return;
    ethtool_request_features(&second, family, ifindex);
    if (ask(b, &second, &features) < 0)
        return;
    for (size_t i = 0; i < OFFLOADS; i++) {
        struct ethtool_feature f;
        if (ethtool_parse_feature(&features, offload_names[i], &f) < 0)
            continue;
        s->offloads[i] = f.on ? OFFLOAD_ON : f.changeable ? OFFLOAD_OFF : OFFLOAD_OFF_FIXED;
    }
}

/* The first VF that has a netdev here: all are alike, unless somebody made them otherwise. */
static const struct vf *any_netdev(const struct pf *pf)
{
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].ifindex > 0)
            return &pf->vfs[i];
    }
    return NULL;
}

void scenery_read(struct app *a, const struct pf *pf, struct scenery *ret)
{
    struct backend *b = a->session.backend;
    const struct vf *vf = any_netdev(pf);
    const struct rtnl_link *link = snapshot_link(a->session.snapshot, pf->ifindex);
    *ret = (struct scenery){ .speed = pf->speed, .pf_mtu = link ? link->mtu : 0 };
    read_machine(b, ret);
    read_near(b, pf, ret);
    read_bus(b, pf, ret);
    STR_SET(ret->pf_driver, pf->driver);
    read_iommu(b, vf ? vf->iommu_group : pf->iommu_group, ret);
    read_offloads(b, vf ? vf->ifindex : pf->ifindex, ret);
    if (!vf)
        return;
    STR_SET(ret->vf_driver, vf->attrs.driver);
    ret->vf_mtu = (uint32_t)vf->attrs.value[SRIOV_MTU];
}

/* ---- interrupts ---- */

/* Do two lists of processors have one in common? A list that is not known has all. */
static bool meet(const char *a, const char *b)
{
    _cleanup_free_ unsigned *left = NULL, *right = NULL;
    size_t n_left = 0, n_right = 0;
    if (ranges_parse(a, MAX_VFS, &left, &n_left) < 0 ||
        ranges_parse(b, MAX_VFS, &right, &n_right) < 0)
        return true;
    for (size_t i = 0, k = 0; i < n_left && k < n_right;) {
        if (left[i] == right[k])
            return true;
        if (left[i] < right[k])
            i++;
        else
            k++;
    }
    return false;
}

static void take_vector(struct backend *b, const char *irq, const char *near, struct strv *places,
                        struct vectors *v)
{
    static const char *const files[] = { "effective_affinity_list", "smp_affinity_list" };
    char path[64], list[64] = "";
    for (size_t i = 0; i < ELEMENTS(files) && !*list; i++) {
        snprintf(path, sizeof(path), "/proc/irq/%.12s/%s", irq, files[i]);
        read_file(b, path, list, sizeof(list));
    }
    if (!*list)
        return;
    v->count++;
    if (*near && !meet(list, near))
        v->distant++;
    if (!strv_has(places, list))
        strv_add(places, list);
}

void scenery_read_vf(struct app *a, const char *pci, struct scenery *ret)
{
    struct backend *b = a->session.backend;
    _cleanup_strv_ struct strv irqs = STRV_INIT, places = STRV_INIT;
    struct vectors v = { 0 };
    char path[96];
    size_t len = 0;
    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/msi_irqs", pci);
    if (b->ops->list_dir(b, path, &irqs) < 0)
        return;
    for (size_t i = 0; i < irqs.count; i++)
        take_vector(b, irqs.items[i], ret->near, &places, &v);
    strv_sort(&places);
    for (size_t i = 0; i < places.count && len < sizeof(v.cpus); i++)
        len += (size_t)snprintf(v.cpus + len, sizeof(v.cpus) - len, "%s%s", i > 0 ? "," : "",
                                places.items[i]);
    v.n_cpus = (unsigned)places.count;
    if (v.count > 0)
        ret->vectors = v;
}
