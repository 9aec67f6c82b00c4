/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm hook: what libvirt runs as /etc/libvirt/hooks/qemu.d/sriovd, with the domain's XML on
 * its standard input. Order of a start and an end in libvirt 11.3 (qemuProcessInit(),
 * qemuProcessStop()): prepare; devices are taken from the host; start; QEMU; started; … QEMU ends;
 * stopped; devices are given back to the host; release. A start that fails ends with stopped and
 * release, too. VFs of a libvirt network are picked only after prepare: for those there is the
 * network's own hook.
 */
#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "core/setting.h"
#include "doctor/libvirt.h"
#include "vm/domain.h"
#include "vm/hook-lease.h"
#include "vm/verb.h"

#define XML_LIMIT (4u << 20) /* as libvirt has it for a hook's output */

static const struct option_row options[] = {
    { "pid", 'p', OPTION_NUMBER, OPTION(pid), "PID",
      .help = "libvirt's daemon; our parent if left out" },
    { NULL },
};

/* ---- what the domain wants ---- */

/* What libvirt sets by itself is in there as well: it must be right also after that. libvirt takes
 * a VF without a VLAN in its XML out of the one it was in. */
static void read_entry(const struct vm_entry *e, struct attrs *ret)
{
    if (!e->interface || !*e->pci)
        return;
    if (e->has_mac)
        attrs_set(ret, SRIOV_MAC, e->mac);
    attrs_set(ret, SRIOV_VLAN, e->has_vlan ? e->vlan : 0);
}

static void read_settings(struct app *a, const char *text, struct attrs *ret)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    if (strv_split(&words, text, ' ') < 0)
        return;
    for (size_t i = 0; i < words.count; i++) {
        struct sriov_error error = { 0 };
        if (*words.items[i] && setting_read_lent(words.items[i], ret, "hook", &error) < 0)
            app_note(a, "%s of the domain's metadata: %s", words.items[i], error.message);
    }
}

static void read_notes(struct app *a, const struct vm *vm, const char *alias, struct attrs *ret)
{
    for (size_t i = 0; i < vm->n_notes; i++) {
        if (*alias && str_eq(vm->notes[i].alias, alias))
            read_settings(a, vm->notes[i].settings, ret);
    }
}

/* ---- operations ---- */

static int prepare(struct app *a, const struct hook_device *d)
{
    return hook_take(a, d);
}

static int started(struct app *a, const struct hook_device *d)
{
    hook_settle(a, d);
    return 0;
}

static int stopped(struct app *a, const struct hook_device *d)
{
    hook_hold(a, d);
    return 0;
}

static int release(struct app *a, const struct hook_device *d)
{
    hook_end(a, d);
    return 0;
}

static const struct operation {
    const char *name, *sub;
    int (*of_device)(struct app *a, const struct hook_device *d);
    bool settings; /* it wants to know them */
} operations[] = {
    { "prepare", "begin", prepare, true },    { "started", "begin", started, false },
    { "reconnect", "begin", started, false }, { "stopped", "end", stopped, false },
    { "release", "end", release, false },
};

static const struct operation *find_operation(const struct app *a)
{
    for (size_t i = 0; i < ELEMENTS(operations); i++) {
        if (str_eq(a->args[1], operations[i].name) && str_eq(a->args[2], operations[i].sub))
            return &operations[i];
    }
    return NULL;
}

static int run_on_devices(struct app *a, const struct operation *o, const struct vm *vm,
                          size_t count)
{
    int r = 0;
    for (size_t i = 0; i < count && r >= 0; i++) {
        const struct vm_entry *e = &vm->devices[i];
        struct hook_device d = { .domain = a->args[0], .pci = e->pci, .netdev = e->netdev };
        if (o->settings) {
            read_entry(e, &d.want);
            read_notes(a, vm, e->alias, &d.want);
        }
        /* QEMU opens it only once the guest can do with the stand-by. */
        if (str_eq(e->teaming, "transient"))
            d.keeper = domain_pid_of(a->args[0]);
        r = o->of_device(a, &d);
    }
    return r;
}

/* libvirt will tell of the end of this start, but only once this has ended; and it may not. */
static int undo(struct app *a, const struct vm *vm, int failure)
{
    const struct operation end = { .of_device = release };
    const struct sriov_error why = a->error;
    run_on_devices(a, &end, vm, vm->n_devices);
    a->error = why;
    return failure;
}

static int run_hook(struct app *a)
{
    const struct operation *o = find_operation(a);
    _cleanup_free_ char *xml = NULL;
    struct vm vm = { 0 };
    if (!o)
        return 0;
    int r = file_read_fd(STDIN_FILENO, XML_LIMIT, &xml, NULL);
    if (r >= 0)
        r = vm_parse(xml, &vm);
    if (r < 0) {
        app_note(a, "the domain's XML cannot be read: %s", strerrordesc_np(-r));
        return 0;
    }
    r = run_on_devices(a, o, &vm, vm.n_devices);
    if (r < 0)
        r = undo(a, &vm, r);
    vm_done(&vm);
    return r;
}

const struct verb verb_vm_hook = {
    .name = "hook",
    .synopsis = "hook DOMAIN OPERATION SUBOPERATION [EXTRA]",
    .help = "what libvirt's hook for domains runs",
    .details =
        (const char *const[]){
            "Is not for people: libvirt runs it for each domain that starts and ends, with its XML on standard "
            "input, through the script in /etc/libvirt/hooks/qemu.d. Each VF of a domain is leased to it before "
            "libvirt touches it, so that everything about it is known; it gets the settings that \"vm attach\" "
            "left in the domain's metadata; and it is restored when the domain has ended, however it did.",
            "A VF that somebody else has refuses the start (exit status 3), with his name. Nothing else does: "
            "what goes wrong is said on standard error, and the domain starts.",
            NULL,
        },
    .options = options,
    .min_args = 3,
    .max_args = 4,
    .flags = VERB_HERE,
    .examples =
        (const struct example[]){
            { "hook web1 prepare begin - < web1.xml", "leases the VFs of web1 to it" },
            { NULL, NULL },
        },
    .run = run_hook,
};
