/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The settings as a report tells them: one row each.
 */
#include "bench/scenery.h"

#include <stdio.h>

static void kernel_text(const struct scenery *s, struct buf *ret)
{
    buf_add_str(ret, s->kernel);
}

static void machine_text(const struct scenery *s, struct buf *ret)
{
    buf_printf(ret, "%s%s%s", s->machine, *s->machine && *s->processor ? ", " : "", s->processor);
    if (*s->online)
        buf_printf(ret, ", processors %s", s->online);
    if (s->is_guest)
        buf_add_str(ret, s->is_emulated ? " (emulated)" : " (a virtual machine)");
}

static void driver_text(const struct scenery *s, struct buf *ret)
{
    buf_printf(ret, "%s, VFs %s", s->pf_driver, *s->vf_driver ? s->vf_driver : "without one");
}

static void speed_text(const struct scenery *s, struct buf *ret)
{
    if (s->speed > 0)
        buf_printf(ret, "%lld Mbit/s", (long long)s->speed);
}

static void bus_text(const struct scenery *s, struct buf *ret)
{
    buf_add_str(ret, s->bus);
}

static void numa_text(const struct scenery *s, struct buf *ret)
{
    if (s->numa_node >= 0)
        buf_printf(ret, "node %d, with processors %s; this ran on %s", s->numa_node, s->near,
                   s->is_distant ? "others" : "it");
    else
        buf_add_str(ret, "the machine names no node for this NIC");
}

static void vectors_text(const struct scenery *s, struct buf *ret)
{
    if (s->vectors.count > 0)
        buf_printf(ret, "%u, to processor%s %s", s->vectors.count, s->vectors.n_cpus > 1 ? "s" : "",
                   s->vectors.cpus);
}

static void mtu_text(const struct scenery *s, struct buf *ret)
{
    buf_printf(ret, "PF %u", s->pf_mtu);
    if (s->vf_mtu > 0)
        buf_printf(ret, ", VF %u", s->vf_mtu);
}

static void offload_text(const struct scenery *s, struct buf *ret)
{
    static const char *const words[] = {
        [OFFLOAD_OFF] = "off",
        [OFFLOAD_OFF_FIXED] = "not to be had",
        [OFFLOAD_ON] = "on",
    };
    for (size_t i = 0; i < OFFLOADS; i++) {
        if (s->offloads[i] != OFFLOAD_UNKNOWN)
            buf_printf(ret, "%s%s %s", ret->len > 0 ? ", " : "", offload_names[i],
                       words[s->offloads[i]]);
    }
}

static void iommu_text(const struct scenery *s, struct buf *ret)
{
    if (!*s->iommu)
        buf_add_str(ret, "off, or there is none");
    else
        buf_printf(ret, "%s (%s)", str_eq(s->iommu, "identity") ? "passthrough" : "translated",
                   s->iommu);
}

static void governor_text(const struct scenery *s, struct buf *ret)
{
    buf_add_str(ret, *s->governor ? s->governor : "not the kernel's business here");
}

static void iperf_text(const struct scenery *s, struct buf *ret)
{
    buf_add_str(ret, s->iperf);
}

static const struct setting_row {
    const char *id, *title;
    void (*text)(const struct scenery *s, struct buf *ret); /* nothing: not known */
} rows[] = {
    { "kernel", "Kernel", kernel_text },
    { "machine", "Machine", machine_text },
    { "drivers", "Drivers", driver_text },
    { "speed", "Speed of the link", speed_text },
    { "pcie", "PCI Express link", bus_text },
    { "numa", "NUMA node of the NIC", numa_text },
    { "interrupts", "Interrupts of the VF", vectors_text },
    { "mtu", "MTU", mtu_text },
    { "offloads", "Offloads of the VF", offload_text },
    { "iommu", "IOMMU for the VFs", iommu_text },
    { "governor", "Processor governor", governor_text },
    { "iperf3", "iperf3", iperf_text },
};

int settings_add(const struct scenery *s, struct remarks *ret)
{
    int r = 0;
    for (size_t i = 0; i < ELEMENTS(rows) && r >= 0; i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        rows[i].text(s, &text);
        r = buf_ok(&text);
        if (r >= 0 && text.len > 0) {
            text_make_plain(text.data);
            r = remarks_add(ret, rows[i].id, rows[i].title, text.data);
        }
    }
    return r;
}
