/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plugging a VF into a running QEMU, and out. Everything that can be refused is asked first; then
 * lease, driver and settings, then QEMU; and back in the other order, also when something fails.
 */
#include "vm/attach-qmp.h"

#include <errno.h>
#include <stdio.h>

#include "vm/loan.h"
#include "vm/preflight.h"
#include "vm/qemu.h"
#include "vm/vfio.h"

#define CLOSE_MS 10000
#define TAKE_BACK_MS 5000 /* for a guest that had the VF for a moment only */

/* One run of it. */
struct work {
    struct app *app;
    struct qmp *monitor;
    struct qemu vm;
    struct preflight_vm preflight;
    struct loan loan;
    char bus[QEMU_ID_SIZE];
};

static void work_done(struct work *w)
{
    w->monitor = qmp_close(w->monitor);
    loan_done(&w->loan);
}

/* ---- what both begin with ---- */

/* What libvirt alone can do. */
static int check_options(struct app *a)
{
    const struct options *o = &a->options;
    const struct {
        const char *name;
        bool given;
    } alien[] = {
        { "--connect", o->connect }, { "--config", o->config },     { "--mode", o->mode },
        { "--macvtap", o->macvtap }, { "--bus-slot", o->bus_slot }, { "--profile", o->profile },
    };

    for (size_t i = 0; i < ELEMENTS(alien); i++) {
        if (alien[i].given)
            return error_set(&a->error, SRIOV_USAGE, 0, alien[i].name,
                             "is for domains of libvirt, not for --qmp");
    }
    return 0;
}

static int begin(struct work *w)
{
    struct app *a = w->app;
    int r = check_options(a);

    if (r >= 0)
        r = lending_recover(a);
    if (r >= 0)
        r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = qmp_open(a->options.qmp, &w->monitor, &a->error);
    if (r >= 0)
        r = qemu_look(w->monitor, &w->vm, &a->error);
    if (r < 0)
        return r;
    w->preflight = (struct preflight_vm){
        .name = w->vm.name,
        .pid = qmp_pid(w->monitor),
        .memory = w->vm.memory,
        .has_vfio = w->vm.has_vfio,
        .balloon = w->vm.balloon,
    };
    return 0;
}

/* After a failure that is to be told. A VF that QEMU does not close stays lent: the next command
 * goes on with it. */
static void give_back(struct work *w)
{
    struct app *a = w->app;

    if (vfio_wait_closed(a->session.backend, w->loan.lease.pci, CLOSE_MS) >= 0) {
        loan_give_back(a, &w->loan);
        return;
    }
    loan_leave(a, &w->loan);
    a->error.code = SRIOV_NOT_ROLLED_BACK;
    error_remedy(&a->error,
                 "the VM still has %s open; when it lets go, the next command restores it",
                 w->loan.label);
}

/* ---- attach ---- */

#define SETTINGS_MAX 64

/* libvirt binds the VF by itself; here nobody else does. */
static int take(struct work *w, const char *word, const char *const *settings, size_t n_settings)
{
    const char *all[SETTINGS_MAX + 1];
    struct app *a = w->app;
    bool named = false;
    size_t n = 0;

    if (n_settings > SETTINGS_MAX)
        return error_set(&a->error, SRIOV_USAGE, 0, a->verb->name, "too many settings");
    for (; n < n_settings; n++) {
        all[n] = settings[n];
        named |= str_starts(settings[n], "driver=");
    }
    if (!named)
        all[n++] = "driver=vfio-pci";
    return loan_take(a, w->vm.name, word, all, n, &w->loan);
}

static int plug(struct work *w)
{
    struct app *a = w->app;
    char path[QEMU_PATH_SIZE];
    int r;

    app_progress(a, "%s: waiting for QEMU to take the VF", w->vm.name);
    r = qemu_plug(w->monitor, w->loan.lease.pci, w->loan.alias, w->bus, &a->error);
    return r < 0 ? r : qemu_find_device(w->monitor, &w->vm, w->loan.lease.pci, path, &a->error);
}

/* The VM has it, and we failed after that. */
static void unplug_again(struct work *w)
{
    struct app *a = w->app;
    struct sriov_error first = a->error;
    char path[QEMU_PATH_SIZE];

    if (qemu_find_device(w->monitor, &w->vm, w->loan.lease.pci, path, NULL) >= 0)
        qemu_unplug(w->monitor, &w->vm, path, TAKE_BACK_MS, &a->error);
    a->error = first;
}

static int hand_over(struct work *w)
{
    struct app *a = w->app;
    int r = preflight_open(a, &w->preflight, w->loan.lease.pci);

    if (r >= 0)
        r = plug(w);
    if (r < 0) {
        give_back(w);
        return r;
    }
    r = loan_settle(a, &w->loan);
    if (r < 0) {
        unplug_again(w);
        give_back(w);
    }
    return r;
}

static void print_attached(const struct work *w)
{
    const struct loan *l = &w->loan;
    struct app *a = w->app;

    if (!a->options.json) {
        buf_printf(&a->out, "%s %s %s on %s\n", l->label, l->lease.pci, w->vm.name, w->bus);
        return;
    }
    struct json_writer j = JSON_WRITER(&a->out);
    json_object(&j, NULL);
    json_str(&j, "domain", w->vm.name);
    json_str(&j, "object", l->label);
    json_str(&j, "pci", l->lease.pci);
    json_str(&j, "alias", l->alias);
    json_str(&j, "bus", w->bus);
    json_end(&j);
    buf_add_char(&a->out, '\n');
}

int attach_qmp(struct app *a, const char *word, const char *const *settings, size_t n_settings)
{
    _cleanup_(work_done) struct work w = { .app = a };
    int r = begin(&w);

    if (r >= 0)
        r = qemu_find_slot(w.monitor, &w.vm, w.bus, &a->error);
    if (r >= 0)
        r = preflight_vm(a, &w.preflight);
    if (r >= 0)
        r = take(&w, word, settings, n_settings);
    if (r >= 0)
        r = hand_over(&w);
    if (r < 0)
        return r;
    print_attached(&w);
    return 0;
}

/* ---- detach ---- */

static int take_out(struct work *w, const char *path)
{
    struct app *a = w->app;
    unsigned seconds = a->options.timeout ? (unsigned)MIN_OF(a->options.timeout, UINT64_C(86400))
                                          : DETACH_SECONDS;
    int r;

    app_progress(a, "%s: waiting up to %u s for the guest to let go", w->vm.name, seconds);
    r = qemu_unplug(w->monitor, &w->vm, path, seconds * 1000, &a->error);
    /* A VM that ends meanwhile has let go as well. */
    if (r < 0 && r != -ECONNRESET)
        return r;
    r = vfio_wait_closed(a->session.backend, w->loan.lease.pci, CLOSE_MS);
    if (r < 0)
        error_set(&a->error, SRIOV_FAILED, -r, w->vm.name,
                  "QEMU let go of %s, and still has it open", w->loan.lease.pci);
    return r;
}

static void print_detached(const struct work *w)
{
    struct app *a = w->app;

    if (!a->options.json) {
        buf_printf(&a->out, "%s is free\n", w->loan.label);
        return;
    }
    struct json_writer j = JSON_WRITER(&a->out);
    json_object(&j, NULL);
    json_str(&j, "domain", w->vm.name);
    json_str(&j, "object", w->loan.label);
    json_end(&j);
    buf_add_char(&a->out, '\n');
}

int detach_qmp(struct app *a, const char *word)
{
    _cleanup_(work_done) struct work w = { .app = a };
    char path[QEMU_PATH_SIZE];
    struct vf_place place;
    int r = begin(&w);

    if (r >= 0)
        r = lending_find(a, word, &place);
    if (r >= 0)
        r = loan_of_place(a, w.vm.name, &place, &w.loan);
    if (r >= 0)
        r = qemu_find_device(w.monitor, &w.vm, w.loan.lease.pci, path, &a->error);
    if (r >= 0)
        r = loan_take_over(a, w.vm.name, &place, &w.loan);
    if (r < 0)
        return r;
    r = take_out(&w, path);
    if (r < 0) {
        loan_leave(a, &w.loan);
        return r;
    }
    a->error = (struct sriov_error){ 0 };
    r = loan_give_back(a, &w.loan);
    if (r >= 0)
        print_detached(&w);
    return r;
}
