/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm check: do a VM's VFs work, seen from the guest and from the host.
 */
#include "vm/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/mac.h"
#include "base/table.h"
#include "cli/lending.h"
#include "kernel/process.h"
#include "vm/domain.h"
#include "vm/qemu.h"
#include "vm/verb.h"

#define ASK_INTERFACES "{\"execute\":\"guest-network-get-interfaces\"}"

static const struct option_row options[] = {
    { "connect", 'c', OPTION_TEXT, OPTION(connect), "URI", .here = true,
      .help = "libvirt's URI, instead of qemu:///system" },
    { "qmp", 0, OPTION_TEXT, OPTION(qmp), "SOCKET", .here = true,
      .help = "a QEMU without libvirt, by the socket of its QMP monitor" },
    { NULL },
};

static const char *const headings[] = {
    "VF", "PCI", "MAC", "GUEST", "ADDRESSES", "RX", "TX", "VERDICT",
};

/* The VM and its VFs. */
struct patient {
    char name[QEMU_NAME_SIZE];
    pid_t pid;
    bool no_agent; /* asked for, and there is none */
    struct guest guest;
    bool has_rights;
    struct process_rights rights; /* of its process */
    struct lease *leases;
    size_t n_leases;
    struct check *items;
    size_t count;
};

static void patient_done(struct patient *p)
{
    guest_done(&p->guest);
    leases_free(p->leases, p->n_leases);
    free(p->items);
}

/* ---- the VM ---- */

static void ask_guest(struct app *a, struct domain *d, struct patient *p)
{
    _cleanup_free_ char *answer = NULL;
    struct sriov_error error = { 0 };

    app_progress(a, "%s: asking the guest agent", p->name);
    int r = domain_ask_agent(d, ASK_INTERFACES, &answer, &error);
    if (r >= 0)
        r = guest_parse(answer, strlen(answer), &p->guest);
    if (r < 0 && r != -ENOTCONN)
        app_note(a, "%s: the guest agent gives no answer%s%s", p->name, *error.kernel ? ": " : "",
                 error.kernel);
    p->no_agent = r < 0;
}

static int find_domain(struct app *a, struct patient *p)
{
    _cleanup_domain_ struct domain *d = NULL;
    int r = domain_open(a->options.connect, a->args[0], &d, &a->error);

    if (r < 0)
        return r;
    STR_SET(p->name, domain_name(d));
    if (!domain_is_running(d)) {
        r = error_set(&a->error, SRIOV_FAILED, 0, p->name, "the domain is not running");
        error_remedy(&a->error, "virsh start %s", p->name);
        return r;
    }
    p->pid = domain_pid(d);
    ask_guest(a, d, p);
    return 0;
}

static int find_qemu(struct app *a, struct patient *p)
{
    _cleanup_qmp_ struct qmp *q = NULL;
    struct qemu vm;
    int r = qmp_open(a->options.qmp, &q, &a->error);

    if (r >= 0)
        r = qemu_look(q, &vm, &a->error);
    if (r < 0)
        return r;
    STR_SET(p->name, vm.name);
    p->pid = qmp_pid(q);
    return 0;
}

static int find_patient(struct app *a, struct patient *p)
{
    if ((a->options.qmp != NULL) == (a->n_args > 0))
        return error_set(&a->error, SRIOV_USAGE, 0, a->verb->name,
                         "takes the name of a domain, or --qmp and the socket of a QEMU");
    int r = a->options.qmp ? find_qemu(a, p) : find_domain(a, p);
    if (r >= 0)
        p->has_rights = p->pid > 0 && process_rights_read(p->pid, &p->rights) >= 0;
    return r;
}

/* ---- its VFs ---- */

static const struct lease *lease_of(const struct patient *p, const struct pf *pf,
                                    const struct vf *vf)
{
    for (size_t i = 0; i < p->n_leases; i++) {
        const struct lease *l = &p->leases[i];

        if (l->vf == vf->index && str_eq(l->pf, pf->key) && str_eq(l->owner.name, p->name))
            return l;
    }
    return NULL;
}

static void find_mac(struct check *c, const struct lease *l)
{
    const struct attrs *given = l && attrs_has(&l->want, SRIOV_MAC) ? &l->want : &c->vf->attrs;

    c->mac = attrs_has(given, SRIOV_MAC) ? given->value[SRIOV_MAC] : 0;
    c->has_mac = c->mac != 0;
}

static int look_at(struct app *a, struct patient *p, const struct pf *pf, const struct vf *vf)
{
    const struct lease *l = lease_of(p, pf, vf);
    struct check c = { .pf = pf, .vf = vf };
    int r = evidence_read(a, p->pid, pf, vf, &c.evidence);

    if (r < 0 || (!l && c.evidence.open != SIGHT_YES))
        return r;
    struct check *grown = reallocarray(p->items, p->count + 1, sizeof(*grown));
    if (!grown)
        return error_no_memory(&a->error);
    find_mac(&c, l);
    check_judge(&c, &p->guest);
    p->items = grown;
    p->items[p->count++] = c;
    return 0;
}

static int examine(struct app *a, struct patient *p)
{
    int r = session_leases(&a->session, &p->leases, &p->n_leases, &a->error);

    if (r >= 0)
        r = session_holders(&a->session, &a->error);
    if (r < 0)
        return r;
    const struct snapshot *s = a->session.snapshot;
    for (size_t i = 0; i < s->n_pfs; i++) {
        for (size_t k = 0; k < s->pfs[i].n_vfs && r >= 0; k++)
            r = look_at(a, p, &s->pfs[i], &s->pfs[i].vfs[k]);
    }
    return r;
}

/* ---- telling ---- */

#define COUNT_SIZE 24
static const char *count_text(const struct evidence *e, uint64_t count, char ret[COUNT_SIZE])
{
    ret[0] = '\0';
    if (e->counts)
        snprintf(ret, COUNT_SIZE, "%" PRIu64, count);
    return ret;
}

static void add_row(struct table *t, const struct check *c)
{
    char label[OBJECT_SIZE], mac[MAC_TEXT_SIZE] = "", rx[COUNT_SIZE], tx[COUNT_SIZE];

    vf_label(c->pf, c->vf->index, label);
    if (c->has_mac)
        mac_to_text(c->mac, mac);
    table_add(t, (const char *[]){
                     label,
                     c->vf->pci,
                     mac,
                     c->guest ? c->guest->name : "",
                     c->guest ? c->guest->addresses : "",
                     count_text(&c->evidence, c->evidence.rx_packets, rx),
                     count_text(&c->evidence, c->evidence.tx_packets, tx),
                     check_verdict_text(c->verdict),
                 });
}

/* The process counts pinned memory in one place or the other. */
static uint64_t pinned(const struct patient *p)
{
    return p->rights.locked_bytes + p->rights.pinned_bytes;
}

static int print_text(struct app *a, const struct patient *p)
{
    _cleanup_(table_done) struct table t = { 0 };
    char label[OBJECT_SIZE];

    if (p->count == 0) {
        app_note(a, "%s has no VF", p->name);
        return 0;
    }
    table_init(&t, headings, ELEMENTS(headings));
    for (size_t i = 0; i < p->count; i++)
        add_row(&t, &p->items[i]);
    if (table_print(&t, &a->out, a->colour) < 0)
        return error_no_memory(&a->error);
    for (size_t i = 0; i < p->count; i++) {
        vf_label(p->items[i].pf, p->items[i].vf->index, label);
        buf_printf(&a->out, "%s: %s\n", label, p->items[i].reason);
    }
    if (p->has_rights)
        buf_printf(&a->out, "%s (pid %d) has %" PRIu64 " MiB of memory pinned%s\n", p->name, p->pid,
                   pinned(p) >> 20,
                   p->no_agent ? "; it has no guest agent that could be asked" : "");
    return 0;
}

static void json_guest(const struct guest_interface *g, struct json_writer *w)
{
    _cleanup_strv_ struct strv addresses = STRV_INIT;

    if (!g) {
        json_null(w, "guest");
        return;
    }
    json_object(w, "guest");
    json_str(w, "name", g->name);
    json_array(w, "addresses");
    if (g->addresses[0] && strv_split(&addresses, g->addresses, ' ') >= 0) {
        for (size_t i = 0; i < addresses.count; i++)
            json_str(w, NULL, addresses.items[i]);
    }
    json_end(w);
    json_end(w);
}

static void json_sight(const char *key, enum sight s, struct json_writer *w)
{
    if (s == SIGHT_UNKNOWN)
        json_null(w, key);
    else
        json_bool(w, key, s == SIGHT_YES);
}

static void json_evidence(const struct evidence *e, struct json_writer *w)
{
    json_object(w, "evidence");
    json_sight("open", e->open, w);
    json_sight("bus_master", e->masters, w);
    if (e->interrupts_known == SIGHT_YES) {
        json_u64(w, "interrupt_vectors", e->interrupts.vectors);
        json_u64(w, "interrupts", e->interrupts.count);
    }
    if (e->counts) {
        json_u64(w, "rx_packets", e->rx_packets);
        json_u64(w, "tx_packets", e->tx_packets);
    }
    json_str(w, "macvtap", e->macvtap[0] ? e->macvtap : NULL);
    json_end(w);
}

static void json_check(const struct check *c, struct json_writer *w)
{
    char label[OBJECT_SIZE], mac[MAC_TEXT_SIZE];

    vf_label(c->pf, c->vf->index, label);
    mac_to_text(c->mac, mac);
    json_object(w, NULL);
    json_str(w, "vf", label);
    json_str(w, "pci", c->vf->pci[0] ? c->vf->pci : NULL);
    json_str(w, "mac", c->has_mac ? mac : NULL);
    json_str(w, "verdict", check_verdict_name(c->verdict));
    json_str(w, "reason", c->reason);
    json_guest(c->guest, w);
    json_evidence(&c->evidence, w);
    json_end(w);
}

static int print_json(struct app *a, const struct patient *p)
{
    struct json_writer w = JSON_WRITER(&a->out);

    json_object(&w, NULL);
    json_str(&w, "vm", p->name);
    json_u64(&w, "pid", (uint64_t)p->pid);
    if (p->has_rights)
        json_u64(&w, "pinned_bytes", pinned(p));
    else
        json_null(&w, "pinned_bytes");
    json_bool(&w, "guest_agent", p->guest.asked);
    json_array(&w, "vfs");
    for (size_t i = 0; i < p->count; i++)
        json_check(&p->items[i], &w);
    json_end(&w);
    json_end(&w);
    buf_add_char(&a->out, '\n');
    return 0;
}

static int run_check(struct app *a)
{
    _cleanup_(patient_done) struct patient p = { 0 };
    int r = find_patient(a, &p);

    if (r >= 0)
        r = examine(a, &p);
    if (r < 0)
        return r;
    for (size_t i = 0; i < p.count; i++) {
        if (check_is_bad(p.items[i].verdict))
            a->status = SRIOV_FAILED;
    }
    return a->options.json ? print_json(a, &p) : print_text(a, &p);
}

const struct verb verb_vm_check = {
    .name = "check",
    .synopsis = "check DOMAIN",
    .help = "tell whether the VFs of a VM work in it",
    .details =
        (const char *const[]){
            "For each VF of the VM: what the guest agent, if there is one, says of the interface with the VF's "
            "address; what the host sees (whether the VM has the device open, whether the guest has turned on "
            "bus mastering and interrupts, counters where the PF's driver has them); and the verdict. It only "
            "reads.",
            "The exit status is 1 if a VF has no driver in the guest, works with another address than the one it "
            "was given, or is leased to the VM and not in it.",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .flags = VERB_HERE,
    .words = { WORD_NONE },
    .examples =
        (const struct example[]){
            { "check web1", "the VFs of the domain web1" },
            { "check --qmp /run/web1.qmp --json", "those of a QEMU without libvirt" },
            { NULL, NULL },
        },
    .run = run_check,
};
