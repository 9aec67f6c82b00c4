/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of metrics. A row of the host, of each PF or of each VF has a function for one value;
 * one whose samples have labels of their own has a function that adds them. Names and units follow
 * Prometheus' conventions (https://prometheus.io/docs/practices/naming): base units at the end of
 * the name, no rates, no averages.
 */
#include "daemon/metrics-table.h"

#include <errno.h>

#include "core/quirk.h"
#include "daemon/kernel-log.h"
#include "doctor/doctor.h"

#define TEXT_SIZE 24 /* of a 64-bit number */
#define BYTES_PER_MEGABIT 125000u

/* ---- values of the host ---- */

static bool host_pfs(const struct figures *f, struct number *ret)
{
    *ret = whole(f->look ? f->look->snapshot->n_pfs : 0);
    return f->look;
}

static bool host_looks(const struct figures *f, struct number *ret)
{
    *ret = whole(f->look ? f->look->number : 0);
    return f->daemon;
}

static bool host_look_seconds(const struct figures *f, struct number *ret)
{
    *ret = nanoseconds(f->look ? f->look->spent : 0);
    return f->daemon;
}

static bool host_look_duration(const struct figures *f, struct number *ret)
{
    *ret = nanoseconds(f->look ? f->look->took : 0);
    return f->daemon && f->look;
}

static bool host_reader_busy(const struct figures *f, struct number *ret)
{
    *ret = milliseconds(f->daemon ? reader_busy(f->daemon->reader) : 0);
    return f->daemon;
}

static bool host_traffic_read(const struct figures *f, struct number *ret)
{
    *ret = whole(f->has_traffic);
    return f->look;
}

static bool host_jobs(const struct figures *f, struct number *ret)
{
    size_t n = 0;

    while (f->daemon && jobs_item(f->daemon->jobs, n))
        n++;
    *ret = whole(n);
    return f->daemon;
}

static bool host_refused(const struct figures *f, struct number *ret)
{
    *ret = whole(f->daemon ? feed_count(f->daemon->feed, RECORD_REFUSED) : 0);
    return f->daemon;
}

static bool host_connections(const struct figures *f, struct number *ret)
{
    *ret = whole(f->daemon ? servers_connections(f->daemon->servers) : 0);
    return f->daemon;
}

static bool host_left_out(const struct figures *f, struct number *ret)
{
    *ret = whole(f->daemon ? kernel_log_left_out(f->daemon->kernel_log) : 0);
    return f->daemon;
}

static bool host_doctor_time(const struct figures *f, struct number *ret)
{
    *ret = whole((uint64_t)f->doctor.when);
    return f->doctor.is_known;
}

static bool process_cpu(const struct figures *f, struct number *ret)
{
    *ret = nanoseconds(f->usage.cpu_ns);
    return f->has_usage;
}

static bool process_resident(const struct figures *f, struct number *ret)
{
    *ret = whole(f->usage.resident_bytes);
    return f->has_usage;
}

static bool process_virtual(const struct figures *f, struct number *ret)
{
    *ret = whole(f->usage.virtual_bytes);
    return f->has_usage;
}

static bool process_fds(const struct figures *f, struct number *ret)
{
    *ret = whole(f->usage.open_fds);
    return f->has_usage;
}

static bool process_max_fds(const struct figures *f, struct number *ret)
{
    *ret = whole(f->usage.max_fds);
    return f->has_usage;
}

static bool process_started(const struct figures *f, struct number *ret)
{
    *ret = whole(f->daemon ? (uint64_t)f->daemon->started : 0);
    return f->daemon;
}

/* ---- values of a PF ---- */

static bool pf_vfs(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->pf->n_vfs);
    return true;
}

/* What the driver caps counts, where the kernel's own figure is more. */
static bool pf_supported(const struct pf_figures *p, unsigned which, struct number *ret)
{
    const struct driver *driver = driver_find(p->pf->driver);
    unsigned most = p->pf->total_vfs;

    if (driver && driver->max_vfs > 0 && driver->max_vfs < most)
        most = driver->max_vfs;
    *ret = whole(most);
    return most > 0;
}

static bool pf_in_use(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->in_use);
    return true;
}

static bool pf_free_vfs(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->pf->n_vfs - p->in_use);
    return true;
}

static bool pf_up(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->pf->attrs.value[SRIOV_LINK]);
    return attrs_has(&p->pf->attrs, SRIOV_LINK);
}

static bool pf_carrier(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->pf->carrier);
    return attrs_has(&p->pf->attrs, SRIOV_LINK);
}

static bool pf_speed(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole((uint64_t)MAX_OF(p->pf->speed, 0) * BYTES_PER_MEGABIT);
    return p->pf->speed >= 0;
}

static bool pf_busy(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->is_busy);
    return true;
}

static bool pf_drifted(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->standing.drifted);
    return p->has_standing && p->standing.in_policy;
}

static bool pf_repairs(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->standing.repairs);
    return p->has_standing && p->standing.in_policy;
}

static bool pf_gave_up(const struct pf_figures *p, unsigned which, struct number *ret)
{
    *ret = whole(p->standing.gave_up);
    return p->has_standing && p->standing.in_policy;
}

static bool take_counter(const struct traffic *t, unsigned which, struct number *ret)
{
    *ret = whole(t->value[which]);
    return t->known & (UINT32_C(1) << which);
}

static bool pf_traffic(const struct pf_figures *p, unsigned which, struct number *ret)
{
    return p->traffic && take_counter(&p->traffic->pf, which, ret);
}

/* ---- values of a VF ---- */

static bool vf_in_use(const struct pf_figures *p, size_t i, unsigned which, struct number *ret)
{
    *ret = whole(p->held[i]);
    return true;
}

/* The message has the VFs in order, mostly without gaps. */
static const struct traffic *find_traffic(const struct link_traffic *t, unsigned index)
{
    if (index < t->count && t->items[index].index == index)
        return &t->items[index].traffic;
    for (size_t i = 0; i < t->count; i++) {
        if (t->items[i].index == index)
            return &t->items[i].traffic;
    }
    return NULL;
}

static bool vf_traffic(const struct pf_figures *p, size_t i, unsigned which, struct number *ret)
{
    const struct traffic *t;

    if (!p->traffic || !p->counts_vfs)
        return false;
    t = find_traffic(p->traffic, p->pf->vfs[i].index);
    return t && take_counter(t, which, ret);
}

/* ---- samples with labels of their own ---- */

#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define PF_LABELS "pci", "name", "driver"
#define VF_LABELS "pf", "vf"

static size_t pf_count(const struct figures *f)
{
    return f->look ? f->look->snapshot->n_pfs : 0;
}

static const char *known_text(enum sriov_attr id, const struct attrs *a, char space[ATTR_TEXT_SIZE])
{
    if (!attrs_has(a, id))
        return "";
    attr_text(attr_row(id), a, space);
    return space;
}

static void add_build(const struct figures *f, struct page *p, const struct family *family)
{
    page_add(p, family, (const char *const[]){ SRIOV_VERSION }, whole(1));
}

static void add_pf_info(const struct figures *f, struct page *p, const struct family *family)
{
    char vendor[TEXT_SIZE], device[TEXT_SIZE], numa[TEXT_SIZE], eswitch[ATTR_TEXT_SIZE];

    for (size_t i = 0; i < pf_count(f); i++) {
        const struct pf *pf = f->pfs[i].pf;
        const char *const values[] = {
            pf->key,
            pf->name,
            pf->driver,
            vendor,
            device,
            numa,
            known_text(SRIOV_ESWITCH_MODE, &pf->attrs, eswitch),
        };

        snprintf(vendor, sizeof(vendor), "%04x", pf->vendor);
        snprintf(device, sizeof(device), "%04x", pf->device);
        snprintf(numa, sizeof(numa), "%d", pf->numa_node);
        if (pf->numa_node < 0)
            numa[0] = '\0';
        page_add(p, family, values, whole(1));
    }
}

static void add_pf_policy(const struct figures *f, struct page *p, const struct family *family)
{
    for (size_t i = 0; i < pf_count(f); i++) {
        const struct pf_figures *of = &f->pfs[i];
        const char *const values[] = { of->pf->key, of->pf->name, of->pf->driver,
                                       pf_mode_name(of->standing.mode) };

        if (of->has_standing && of->standing.in_policy)
            page_add(p, family, values, whole(1));
    }
}

/* Each driver once, where the first of its VFs stands. */
static void add_pf_drivers(const struct figures *f, struct page *p, const struct family *family)
{
    for (size_t i = 0; i < pf_count(f); i++) {
        const struct pf *pf = f->pfs[i].pf;

        for (size_t first = 0; first < pf->n_vfs; first++) {
            const char *driver = pf->vfs[first].attrs.driver;
            const char *const values[] = { pf->key, pf->name, pf->driver,
                                           driver[0] ? driver : DRIVER_NONE };
            size_t same = 0, before = 0;

            for (size_t k = 0; k < pf->n_vfs; k++) {
                if (str_eq(pf->vfs[k].attrs.driver, driver))
                    *(k < first ? &before : &same) += 1;
            }
            if (before == 0)
                page_add(p, family, values, whole(same));
        }
    }
}

static void add_vf_info(const struct figures *f, struct page *p, const struct family *family)
{
    char index[TEXT_SIZE], mac[ATTR_TEXT_SIZE], vlan[ATTR_TEXT_SIZE], trust[ATTR_TEXT_SIZE],
        spoofchk[ATTR_TEXT_SIZE];

    for (size_t i = 0; i < pf_count(f); i++) {
        const struct pf *pf = f->pfs[i].pf;

        for (size_t k = 0; k < pf->n_vfs; k++) {
            const struct vf *vf = &pf->vfs[k];
            const struct attrs *a = &vf->attrs;
            const char *const values[] = {
                pf_label(pf),
                index,
                vf->pci,
                attrs_has(a, SRIOV_NAME) ? a->name : "",
                a->driver,
                known_text(SRIOV_MAC, a, mac),
                known_text(SRIOV_VLAN, a, vlan),
                known_text(SRIOV_SPOOFCHK, a, spoofchk),
                known_text(SRIOV_TRUST, a, trust),
            };

            snprintf(index, sizeof(index), "%u", vf->index);
            page_add(p, family, values, whole(1));
        }
    }
}

static void add_leases(const struct figures *f, struct page *p, const struct family *family)
{
    uint64_t count[LEASE_RETURNING + 1] = { 0 }, unreadable = 0;

    for (size_t i = 0; f->look && i < f->look->n_leases; i++) {
        const struct lease *l = &f->look->leases[i];

        *(lease_is_readable(l) ? &count[l->state] : &unreadable) += 1;
    }
    for (size_t i = 0; f->look && i < ELEMENTS(count); i++)
        page_add(p, family, (const char *const[]){ lease_state_name(i) }, whole(count[i]));
    if (f->look)
        page_add(p, family, (const char *const[]){ LEASE_UNREADABLE }, whole(unreadable));
}

/* A lease names its PF by key; samples name it as those of its VFs do. */
static const char *label_of_key(const struct figures *f, const char *key)
{
    for (size_t i = 0; i < pf_count(f); i++) {
        if (str_eq(f->pfs[i].pf->key, key))
            return pf_label(f->pfs[i].pf);
    }
    return key;
}

static void add_lease_starts(const struct figures *f, struct page *p, const struct family *family)
{
    char index[TEXT_SIZE];

    for (size_t i = 0; f->look && i < f->look->n_leases; i++) {
        const struct lease *l = &f->look->leases[i];
        const char *const values[] = { label_of_key(f, l->pf), index, l->owner.name };

        snprintf(index, sizeof(index), "%u", l->vf);
        if (lease_is_readable(l) && l->since > 0)
            page_add(p, family, values, whole((uint64_t)l->since));
    }
}

static void add_events(const struct figures *f, struct page *p, const struct family *family)
{
    for (enum record_kind kind = 0; f->daemon && kind < RECORD_KIND_COUNT; kind++) {
        const char *const values[] = { record_kind_name(kind) };

        page_add(p, family, values, whole(feed_count(f->daemon->feed, kind)));
    }
}

static void add_transactions(const struct figures *f, struct page *p, const struct family *family)
{
    for (enum transaction_state s = 0; f->has_transactions && s < TRANSACTION_STATES; s++) {
        const char *const values[] = { transaction_state_name(s) };

        page_add(p, family, values, whole(f->transactions[s]));
    }
}

static void add_findings(const struct figures *f, struct page *p, const struct family *family)
{
    for (enum severity s = 0; f->doctor.is_known && s < SEVERITIES; s++)
        page_add(p, family, (const char *const[]){ severity_name(s) },
                 whole(f->doctor.findings[s]));
}

/* Also the zeros: a counter that begins with its first message has not increased by it. */
static void add_kernel_messages(const struct figures *f, struct page *p,
                                const struct family *family)
{
    for (size_t i = 0; f->daemon && i <= pf_count(f); i++) {
        const struct pf *pf = i < pf_count(f) ? f->pfs[i].pf : NULL;

        for (enum kernel_topic topic = 0; topic < TOPIC_COUNT; topic++) {
            const char *const values[] = { pf ? pf_label(pf) : "", kernel_topic_name(topic) };
            uint64_t told = kernel_log_count(f->daemon->kernel_log, pf ? pf->key : "", topic);

            page_add(p, family, values, whole(told));
        }
    }
}

/* ---- the table ---- */

struct metric {
    struct family family;
    unsigned which; /* handed to the function below */
    bool (*of_host)(const struct figures *f, struct number *ret);
    bool (*of_pf)(const struct pf_figures *p, unsigned which, struct number *ret);
    bool (*of_vf)(const struct pf_figures *p, size_t i, unsigned which, struct number *ret);
    void (*add)(const struct figures *f, struct page *p, const struct family *family);
};

#define FAMILY(name_, type_, unit_, help_, labels_)                                                \
    .family = { name_, FAMILY_##type_, unit_, help_, labels_ }
/* clang-format off */
#define HOST(name, type, unit, help, get) \
    { FAMILY(name, type, unit, help, NULL), .of_host = get }
#define PF(name, type, unit, help, get) \
    { FAMILY(name, type, unit, help, LABELS(PF_LABELS)), .of_pf = get }
#define PF_TRAFFIC(name, unit, help, counter) \
    { FAMILY("sriov_pf_" name, COUNTER, unit, help, LABELS(PF_LABELS)), .of_pf = pf_traffic, \
      .which = TRAFFIC_##counter }
#define VF(name, type, unit, help, get) \
    { FAMILY(name, type, unit, help, LABELS(VF_LABELS)), .of_vf = get }
#define VF_TRAFFIC(name, unit, help, counter) \
    { FAMILY("sriov_vf_" name, COUNTER, unit, help, LABELS(VF_LABELS)), .of_vf = vf_traffic, \
      .which = TRAFFIC_##counter }
#define LIST(name, type, unit, help, get, ...) \
    { FAMILY(name, type, unit, help, LABELS(__VA_ARGS__)), .add = get }

static const struct metric metrics[] = {
    LIST("sriov_build", INFO, NULL, "Version of sriovd", add_build, "version"),

    HOST("sriov_pfs", GAUGE, NULL, "Physical functions that can have VFs", host_pfs),
    LIST("sriov_pf", INFO, NULL, "What a PF is; pci is its bus address, or its device's name on "
         "another bus", add_pf_info, PF_LABELS, "vendor", "device", "numa_node", "eswitch_mode"),
    PF("sriov_pf_vfs", GAUGE, NULL, "VFs that the PF has", pf_vfs),
    PF("sriov_pf_vfs_supported", GAUGE, NULL, "VFs that the PF can have", pf_supported),
    PF("sriov_pf_vfs_in_use", GAUGE, NULL, "VFs that a process, a network namespace, an address, "
       "an upper device or a lease holds", pf_in_use),
    PF("sriov_pf_vfs_free", GAUGE, NULL, "VFs that the PF has and nobody holds", pf_free_vfs),
    LIST("sriov_pf_vfs_by_driver", GAUGE, NULL, "VFs that the PF has by the driver they are bound "
         "to, none if unbound", add_pf_drivers, PF_LABELS, "vf_driver"),
    PF("sriov_pf_up", GAUGE, NULL, "1 if the netdev of the PF is set up", pf_up),
    PF("sriov_pf_link_up", GAUGE, NULL, "1 if the PF has a carrier", pf_carrier),
    PF("sriov_pf_link_speed_bytes_per_second", GAUGE, "bytes_per_second",
       "Speed of the link of the PF, absent without a carrier", pf_speed),
    PF("sriov_pf_busy", GAUGE, NULL, "1 while a change of the PF is at work", pf_busy),

    LIST("sriov_pf_policy", INFO, NULL, "What the policy does with the PF; absent if it does not "
         "name the PF", add_pf_policy, PF_LABELS, "mode"),
    PF("sriov_pf_drifted_attributes", GAUGE, NULL, "Attributes of the PF and its VFs that differ "
       "from the policy", pf_drifted),
    PF("sriov_pf_repairs", COUNTER, NULL, "Attributes put back as the policy has them",
       pf_repairs),
    PF("sriov_pf_repairs_given_up", GAUGE, NULL, "1 if somebody undoes the repairs of the PF and "
       "they were given up", pf_gave_up),

    PF_TRAFFIC("receive_bytes", "bytes", "Bytes that the netdev of the PF received", RX_BYTES),
    PF_TRAFFIC("receive_packets", NULL, "Packets that the netdev of the PF received", RX_PACKETS),
    PF_TRAFFIC("receive_dropped", NULL, "Packets received and dropped", RX_DROPPED),
    PF_TRAFFIC("receive_errors", NULL, "Packets received with an error", RX_ERRORS),
    PF_TRAFFIC("receive_multicast", NULL, "Multicast packets received", RX_MULTICAST),
    PF_TRAFFIC("transmit_bytes", "bytes", "Bytes that the netdev of the PF sent", TX_BYTES),
    PF_TRAFFIC("transmit_packets", NULL, "Packets that the netdev of the PF sent", TX_PACKETS),
    PF_TRAFFIC("transmit_dropped", NULL, "Packets dropped before they were sent", TX_DROPPED),
    PF_TRAFFIC("transmit_errors", NULL, "Packets that could not be sent", TX_ERRORS),

    LIST("sriov_vf", INFO, NULL, "What a VF is and how its PF has it set", add_vf_info, VF_LABELS,
         "pci", "name", "driver", "mac", "vlan", "spoofchk", "trust"),
    VF("sriov_vf_in_use", GAUGE, NULL, "1 if somebody holds the VF", vf_in_use),

    VF_TRAFFIC("receive_bytes", "bytes", "Bytes that the VF received", RX_BYTES),
    VF_TRAFFIC("receive_packets", NULL, "Packets that the VF received", RX_PACKETS),
    VF_TRAFFIC("receive_dropped", NULL, "Packets for the VF that were dropped", RX_DROPPED),
    VF_TRAFFIC("receive_multicast", NULL, "Multicast packets that the VF received", RX_MULTICAST),
    VF_TRAFFIC("receive_broadcast", NULL, "Broadcast packets that the VF received", RX_BROADCAST),
    VF_TRAFFIC("transmit_bytes", "bytes", "Bytes that the VF sent", TX_BYTES),
    VF_TRAFFIC("transmit_packets", NULL, "Packets that the VF sent", TX_PACKETS),
    VF_TRAFFIC("transmit_dropped", NULL, "Packets of the VF that were dropped", TX_DROPPED),

    LIST("sriov_leases", GAUGE, NULL, "Leases of VFs by state", add_leases, "state"),
    LIST("sriov_lease_start_time_seconds", GAUGE, "seconds", "When the lease began, in seconds "
         "since 1970", add_lease_starts, VF_LABELS, "owner"),

    LIST("sriov_transactions", GAUGE, NULL, "Changes in the ledger by their outcome",
         add_transactions, "state"),
    HOST("sriov_jobs_running", GAUGE, NULL, "Changes and examinations at work", host_jobs),
    LIST("sriov_events", COUNTER, NULL, "Things that happened, by kind", add_events, "kind"),
    HOST("sriov_requests_refused", COUNTER, NULL, "Requests to the API that were turned away",
         host_refused),
    LIST("sriov_kernel_messages", COUNTER, NULL, "Messages of the kernel about a PF and its VFs, "
         "by what they are about", add_kernel_messages, "pf", "topic"),
    HOST("sriov_kernel_messages_left_out", COUNTER, NULL, "Messages of the kernel that were "
         "counted but not logged, as there were too many", host_left_out),
    LIST("sriov_doctor_findings", GAUGE, NULL, "What the doctor found the last time, by severity",
         add_findings, "severity"),
    HOST("sriov_doctor_last_run_timestamp_seconds", GAUGE, "seconds", "When the doctor had last "
         "examined the host, in seconds since 1970", host_doctor_time),

    HOST("sriov_looks", COUNTER, NULL, "Times the machine was read", host_looks),
    HOST("sriov_look_seconds", COUNTER, "seconds", "Time spent reading the machine",
         host_look_seconds),
    HOST("sriov_look_duration_seconds", GAUGE, "seconds", "How long reading the machine took the "
         "last time", host_look_duration),
    HOST("sriov_reader_busy_seconds", GAUGE, "seconds", "How long what is being read now has "
         "taken; it grows while the kernel does not answer", host_reader_busy),
    HOST("sriov_traffic_read_success", GAUGE, NULL, "1 if the kernel's counters could be read for "
         "this scrape", host_traffic_read),
    HOST("sriov_http_connections", GAUGE, NULL, "Connections to the API", host_connections),

    HOST("process_cpu_seconds", COUNTER, "seconds", "Processor time spent, user and system",
         process_cpu),
    HOST("process_resident_memory_bytes", GAUGE, "bytes", "Resident memory", process_resident),
    HOST("process_virtual_memory_bytes", GAUGE, "bytes", "Virtual memory", process_virtual),
    HOST("process_open_fds", GAUGE, NULL, "Open file descriptors", process_fds),
    HOST("process_max_fds", GAUGE, NULL, "Most file descriptors that may be open",
         process_max_fds),
    HOST("process_start_time_seconds", GAUGE, "seconds", "When the process started, in seconds "
         "since 1970", process_started),
};
/* clang-format on */

static void print_pfs(const struct metric *m, const struct figures *f, struct page *p)
{
    struct number number;

    for (size_t i = 0; i < pf_count(f); i++) {
        const struct pf *pf = f->pfs[i].pf;
        const char *const values[] = { pf->key, pf->name, pf->driver };

        if (m->of_pf(&f->pfs[i], m->which, &number))
            page_add(p, &m->family, values, number);
    }
}

static void print_vfs(const struct metric *m, const struct figures *f, struct page *p)
{
    char index[TEXT_SIZE];
    struct number number;

    for (size_t i = 0; i < pf_count(f); i++) {
        const struct pf *pf = f->pfs[i].pf;
        const char *const values[] = { pf_label(pf), index };

        for (size_t k = 0; k < pf->n_vfs; k++) {
            if (!m->of_vf(&f->pfs[i], k, m->which, &number))
                continue;
            snprintf(index, sizeof(index), "%u", pf->vfs[k].index);
            page_add(p, &m->family, values, number);
        }
    }
}

void figures_print(const struct figures *f, struct page *p)
{
    struct number number;

    for (size_t i = 0; i < ELEMENTS(metrics); i++) {
        const struct metric *m = &metrics[i];

        if (m->add)
            m->add(f, p, &m->family);
        else if (m->of_pf)
            print_pfs(m, f, p);
        else if (m->of_vf)
            print_vfs(m, f, p);
        else if (m->of_host(f, &number))
            page_add(p, &m->family, NULL, number);
    }
    page_end(p);
}

/* ---- from a look ---- */

static void mark_held(struct pf_figures *p, unsigned vf)
{
    for (size_t i = 0; i < p->pf->n_vfs; i++) {
        if (p->pf->vfs[i].index == vf && !p->held[i]) {
            p->held[i] = true;
            p->in_use++;
        }
    }
}

int figures_look(struct figures *f, const struct look *look)
{
    size_t n = look->snapshot->n_pfs;

    f->pfs = calloc(MAX_OF(n, (size_t)1), sizeof(*f->pfs));
    if (!f->pfs)
        return -ENOMEM;
    f->look = look;
    for (size_t i = 0; i < n; i++) {
        struct pf_figures *p = &f->pfs[i];

        p->pf = &look->snapshot->pfs[i];
        p->is_busy = strv_has(&look->busy, p->pf->key);
        p->held = calloc(MAX_OF(p->pf->n_vfs, (size_t)1), sizeof(*p->held));
        if (!p->held)
            return -ENOMEM;
        for (size_t k = 0; k < look->holders.count; k++) {
            const struct holder *h = &look->holders.items[k];

            if (h->vf >= 0 && str_eq(h->pf, p->pf->key))
                mark_held(p, (unsigned)h->vf);
        }
    }
    return 0;
}

void figures_done(struct figures *f)
{
    for (size_t i = 0; f->pfs && i < pf_count(f); i++)
        free(f->pfs[i].held);
    free(f->pfs);
    *f = (struct figures){ 0 };
}
