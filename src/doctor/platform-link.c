/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checks on what makes a VF slow: a PCI Express link below what both ends can do, and a user of the
 * VF on another NUMA node.
 */
#include <stdio.h>

#include "doctor/pci.h"
#include "doctor/platform.h"

/* ---- pcie-link-degraded ---- */

/* "8.0 GT/s PCIe" is 80, "2.5 GT/s" 25, "Unknown" 0. */
static unsigned speed_of(const char *text)
{
    double speed = strtod(text, NULL);

    return speed > 0 && speed < 1000 ? (unsigned)(speed * 10 + 0.5) : 0;
}

struct link_state {
    unsigned speed, width, max_speed, max_width; /* 0: not known */
};

static void read_state(struct doctor *d, const char *pci, struct link_state *ret)
{
    static const char *const files[] = { "current_link_width", "max_link_width" };
    uint64_t width[2] = { 0 };

    for (size_t i = 0; i < ELEMENTS(files); i++)
        read_number(d, &width[i], "/sys/bus/pci/devices/%s/%s", pci, files[i]);
    *ret = (struct link_state){
        .speed = speed_of(read_text(d, "/sys/bus/pci/devices/%s/current_link_speed", pci)),
        .max_speed = speed_of(read_text(d, "/sys/bus/pci/devices/%s/max_link_speed", pci)),
        .width = (unsigned)width[0],
        .max_width = (unsigned)width[1],
    };
}

static void evidence_state(struct doctor *d, struct finding *f, const char *pci)
{
    static const char *const files[] = {
        "current_link_speed",
        "current_link_width",
        "max_link_speed",
        "max_link_width",
    };
    char path[PCI_PATH_SIZE];

    for (size_t i = 0; i < ELEMENTS(files); i++) {
        pci_path(pci, files[i], path);
        evidence_file(d, f, path);
    }
}

void platform_link_degraded(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct pci_device *device = pci_find(doctor_pci(d), pf->key), *port;
    struct link_state card, slot;
    struct finding *f;
    struct machine m;
    unsigned speed, width;

    port = device ? pci_parent(doctor_pci(d), device) : NULL;
    if (!port)
        return;
    read_state(d, pf->key, &card);
    read_state(d, port->address, &slot);
    speed = MIN_OF(card.max_speed, slot.max_speed);
    width = MIN_OF(card.max_width, slot.max_width);
    if (!card.speed || !card.width || (card.speed >= speed && card.width >= width))
        return;
    machine_read(d, &m);
    if (m.is_guest) /* its links are made up */
        return;
    f = report(d, FINDING_WARNING,
               "the link of %s to %s runs at %u.%u GT/s x%u, both ends can do %u.%u GT/s x%u",
               pf_label(pf), port->address, card.speed / 10, card.speed % 10, card.width,
               speed / 10, speed % 10, width);
    confidence(f, LIKELY);
    evidence_state(d, f, pf->key);
    evidence_state(d, f, port->address);
    remedy(f, FIX_BY_HAND,
           "take the card out and put it back, try another slot or riser, and see which link speed "
           "the BIOS allows the slot");
}

/* ---- numa-remote ---- */

/* The number that a list like "0-3,8" goes on with: its first and last processor. */
static bool next_range(const char **list, unsigned long *ret_first, unsigned long *ret_last)
{
    char *end;

    while (**list == ',' || **list == ' ' || **list == '\t')
        (*list)++;
    *ret_first = strtoul(*list, &end, 10);
    if (end == *list)
        return false;
    *ret_last = *ret_first;
    if (*end == '-')
        *ret_last = strtoul(end + 1, &end, 10);
    *list = end;
    return true;
}

static bool lists_meet(const char *a, const char *b)
{
    unsigned long first, last, other_first, other_last;

    while (next_range(&a, &first, &last)) {
        const char *rest = b;

        while (next_range(&rest, &other_first, &other_last)) {
            if (first <= other_last && other_first <= last)
                return true;
        }
    }
    return false;
}

/* The processors that a thread may run on, in its status; "" if it does not say. */
static const char *allowed_cpus(const char *status)
{
    static const char name[] = "Cpus_allowed_list:";
    const char *at = strstr(status, name);

    if (!at)
        return "";
    at += strlen(name);
    return at + strspn(at, " \t");
}

/* Does any thread run near the VF? The first one of QEMU is the emulator, which is often pinned
 * elsewhere than the processors of the VM; that of a DPDK program only watches the others. */
static bool any_thread_is_near(struct doctor *d, pid_t pid, const char *local)
{
    const struct strv *threads = read_dir(d, "/proc/%d/task", (int)pid);

    for (size_t i = 0; i < threads->count; i++) {
        if (lists_meet(local, allowed_cpus(read_text(d, "/proc/%d/task/%s/status", (int)pid,
                                                     threads->items[i]))))
            return true;
    }
    return false;
}

void platform_numa_remote(struct doctor *d, const struct pf *pf, const struct vf *vf)
{
    const struct holder *h = holder_of(d, pf, (int)vf->index);
    const char *local, *allowed;
    char path[PCI_PATH_SIZE];
    struct finding *f;

    if (pf->numa_node < 0 || !h || h->pid <= 0)
        return;
    local = read_text(d, "%s/local_cpulist", pf->sysfs);
    allowed = allowed_cpus(read_text(d, "/proc/%d/status", (int)h->pid));
    if (!*local || !*allowed || lists_meet(local, allowed) || any_thread_is_near(d, h->pid, local))
        return;
    f = report(d, FINDING_WARNING,
               "%s (pid %d) uses the VF from processors that are not on its NUMA node %d", h->comm,
               (int)h->pid, pf->numa_node);
    pci_path(pf->key, "local_cpulist", path);
    evidence_file(d, f, path);
    snprintf(path, sizeof(path), "/proc/%d/status", (int)h->pid);
    evidence(d, f, path, "Cpus_allowed_list: %.*s", (int)strcspn(allowed, "\n"), allowed);
    remedy(f, FIX_BY_HAND, "pin it to processors %s, or take a VF of a PF on its own node", local);
}
