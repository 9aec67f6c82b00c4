/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a DPDK program is told what it has: EAL arguments (doc/guides/linux_gsg/linux_eal_parameters
 * of DPDK), commands for Open vSwitch, JSON.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/dpdk.h"
#include "kernel/hugepages.h"

#define EAL_WORD "{eal}"
#define BRIDGE "br-dpdk"

/* ---- parts ---- */

/* MiB for each socket from 0 on: "0,512" if all is on node 1. */
static void socket_memory(const struct dpdk *d, struct buf *ret)
{
    const struct reservation *r = &d->reservation;
    int last = 0;
    for (size_t i = 0; i < r->n_pages; i++)
        last = MAX_OF(last, r->pages[i].node);
    for (int node = 0; node <= last; node++) {
        uint64_t bytes = 0;
        for (size_t i = 0; i < r->n_pages; i++)
            bytes += MAX_OF(r->pages[i].node, 0) == node ? r->bytes : 0;
        buf_printf(ret, "%s%" PRIu64, node > 0 ? "," : "", bytes >> 20);
    }
}

/* Its runtime files lie beside those of other users, whom they would be in the way. */
static void file_prefix(const struct dpdk *d, struct buf *ret)
{
    buf_add_str(ret, d->reservation.name);
    if (d->user)
        buf_printf(ret, "-%s", d->user->name);
}

static bool is_first_of_pf(const struct dpdk *d, size_t port)
{
    for (size_t i = 0; i < port; i++) {
        if (str_eq(d->ports[i].pf_pci, d->ports[port].pf_pci))
            return false;
    }
    return true;
}

/* "0000:01:00.0,representor=[0,2]" */
static void representors_of_pf(const struct dpdk *d, const char *pf, struct buf *ret)
{
    const char *comma = "";
    buf_printf(ret, "%s,representor=[", pf);
    for (size_t i = 0; i < d->n_ports; i++) {
        if (!str_eq(d->ports[i].pf_pci, pf))
            continue;
        buf_printf(ret, "%s%u", comma, d->ports[i].vf);
        comma = ",";
    }
    buf_add_char(ret, ']');
}

/* The kernel and OVS write masks of processors as one hexadecimal number. */
static void mask_text(const unsigned *cpus, size_t count, struct buf *ret)
{
    unsigned digits = count > 0 ? cpus[count - 1] / 4 + 1 : 1; /* in order: the last is highest */
    buf_add_str(ret, "0x");
    for (unsigned digit = digits; digit-- > 0;) {
        unsigned value = 0;
        for (size_t i = 0; i < count; i++)
            value |= cpus[i] / 4 == digit ? 1u << cpus[i] % 4 : 0;
        buf_printf(ret, "%x", value);
    }
}

/* ---- the EAL ---- */

struct words_out {
    struct strv *words;
    int result;
};

static void put(struct words_out *out, const char *word)
{
    if (out->result >= 0)
        out->result = strv_add(out->words, word);
}

/* An option and its value, made by `fill`. */
static void put_made(struct words_out *out, const struct dpdk *d, const char *option,
                     void (*fill)(const struct dpdk *d, struct buf *ret))
{
    _cleanup_buf_ struct buf value = BUF_INIT;
    fill(d, &value);
    put(out, option);
    put(out, value.data ? value.data : "");
    if (buf_ok(&value) < 0)
        out->result = -ENOMEM;
}

static void fill_cores(const struct dpdk *d, struct buf *ret)
{
    cpus_text(&d->reservation.cores, ret);
}

static void put_representors(struct words_out *out, const struct dpdk *d)
{
    for (size_t i = 0; i < d->n_ports; i++) {
        _cleanup_buf_ struct buf value = BUF_INIT;
        if (!is_first_of_pf(d, i))
            continue;
        representors_of_pf(d, d->ports[i].pf_pci, &value);
        put(out, "-a");
        put(out, value.data ? value.data : "");
    }
}

/* What is not root does not see physical addresses, and EAL's own choice may ask for them. */
int dpdk_eal(const struct dpdk *d, struct strv *ret)
{
    struct words_out out = { .words = ret };
    char mount[RESERVATION_PATH_SIZE];
    reservation_mount_point(&d->reservation, mount);
    put_made(&out, d, "-l", fill_cores);
    put_made(&out, d, "--socket-mem", socket_memory);
    put(&out, "--huge-dir");
    put(&out, mount);
    put_made(&out, d, "--file-prefix", file_prefix);
    if (d->user && d->user->uid != 0)
        put(&out, "--iova-mode=va");
    if (d->vf_token) {
        put(&out, "--vfio-vf-token");
        put(&out, d->vf_token);
    }
    for (size_t i = 0; i < d->n_ports; i++) {
        put(&out, "-a");
        put(&out, d->ports[i].pci);
    }
    if (d->representors)
        put_representors(&out, d);
    return out.result;
}

int dpdk_argv(const struct dpdk *d, const char *const *command, struct strv *ret)
{
    bool marked = false;
    int r = 0;
    for (size_t i = 0; command[i]; i++)
        marked |= str_eq(command[i], EAL_WORD);
    for (size_t i = 0; command[i] && r >= 0; i++) {
        bool here = marked ? str_eq(command[i], EAL_WORD) : i == 0;
        if (!marked || !here)
            r = strv_add(ret, command[i]);
        if (here && r >= 0)
            r = dpdk_eal(d, ret);
    }
    return r;
}

/* ---- Open vSwitch ---- */

static void ovs_setting(struct buf *ret, const char *key, const struct buf *value)
{
    buf_printf(ret, "ovs-vsctl --no-wait set Open_vSwitch . other_config:%s=\"%s\"\n", key,
               value->data ? value->data : "");
}

static void ovs_memory(const struct dpdk *d, struct buf *ret)
{
    _cleanup_buf_ struct buf memory = BUF_INIT, folder = BUF_INIT, extra = BUF_INIT;
    char mount[RESERVATION_PATH_SIZE];
    reservation_mount_point(&d->reservation, mount);
    socket_memory(d, &memory);
    ovs_setting(ret, "dpdk-socket-mem", &memory);
    buf_add_str(&folder, mount);
    ovs_setting(ret, "dpdk-hugepage-dir", &folder);
    buf_add_str(&extra, "--file-prefix ");
    file_prefix(d, &extra);
    if (d->vf_token)
        buf_printf(&extra, " --vfio-vf-token %s", d->vf_token);
    ovs_setting(ret, "dpdk-extra", &extra);
}

/* The first core is for ovs-vswitchd itself, the others poll. */
static void ovs_cores(const struct dpdk *d, struct buf *ret)
{
    _cleanup_buf_ struct buf main = BUF_INIT, polling = BUF_INIT;
    const struct cpus *cores = &d->reservation.cores;
    size_t first = cores->count > 1 ? 1 : 0;
    mask_text(cores->items, 1, &main);
    ovs_setting(ret, "dpdk-lcore-mask", &main);
    mask_text(cores->items + first, cores->count - first, &polling);
    ovs_setting(ret, "pmd-cpu-mask", &polling);
}

static void ovs_port(const struct dpdk *d, const struct dpdk_port *p, struct buf *ret)
{
    const char *name = p->pf_label;
    buf_printf(ret,
               "ovs-vsctl --may-exist add-port " BRIDGE " %s_%u -- set Interface %s_%u "
               "type=dpdk options:dpdk-devargs=",
               name, p->vf, name, p->vf);
    if (d->representors)
        buf_printf(ret, "\"%s,representor=[%u]\"\n", p->pf_pci, p->vf);
    else
        buf_printf(ret, "%s\n", p->pci);
}

void dpdk_ovs(const struct dpdk *d, struct buf *ret)
{
    ovs_memory(d, ret);
    ovs_cores(d, ret);
    buf_add_str(ret, "ovs-vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true\n");
    buf_add_str(ret, "ovs-vsctl --may-exist add-br " BRIDGE " -- set Bridge " BRIDGE
                     " datapath_type=netdev\n");
    for (size_t i = 0; i < d->n_ports; i++)
        ovs_port(d, &d->ports[i], ret);
}

/* ---- JSON ---- */

static void json_ports(const struct dpdk *d, struct json_writer *w)
{
    json_array(w, "vfs");
    for (size_t i = 0; i < d->n_ports; i++) {
        const struct dpdk_port *p = &d->ports[i];
        json_object(w, NULL);
        json_str(w, "object", p->label);
        json_str(w, "pci", p->pci);
        if (p->group >= 0)
            json_u64(w, "iommu_group", (uint64_t)p->group);
        else
            json_null(w, "iommu_group");
        json_bool(w, "bifurcated", p->bifurcated);
        json_end(w);
    }
    json_end(w);
}

static void json_pages(const struct dpdk *d, struct json_writer *w)
{
    const struct reservation *r = &d->reservation;
    json_array(w, "hugepages");
    for (size_t i = 0; i < r->n_pages; i++) {
        json_object(w, NULL);
        if (r->pages[i].node >= 0)
            json_u64(w, "node", (uint64_t)r->pages[i].node);
        else
            json_null(w, "node");
        json_u64(w, "page_bytes", r->page_bytes);
        json_u64(w, "pages", r->bytes / r->page_bytes);
        json_u64(w, "added", r->pages[i].added);
        json_end(w);
    }
    json_end(w);
}

void dpdk_json(const struct dpdk *d, const struct strv *eal, struct json_writer *w)
{
    char mount[RESERVATION_PATH_SIZE];
    reservation_mount_point(&d->reservation, mount);
    json_object(w, NULL);
    json_str(w, "owner", d->owner.name);
    json_str(w, "name", d->reservation.name);
    json_ports(d, w);
    json_array(w, "cores");
    for (size_t i = 0; i < d->reservation.cores.count; i++)
        json_u64(w, NULL, d->reservation.cores.items[i]);
    json_end(w);
    json_pages(d, w);
    json_str(w, "huge_dir", mount);
    json_array(w, "eal");
    for (size_t i = 0; i < eal->count; i++)
        json_str(w, NULL, eal->items[i]);
    json_end(w);
    json_end(w);
}
