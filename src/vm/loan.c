/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Leases of VMs, by the assignment engine.
 */
#include "vm/loan.h"

#include <errno.h>
#include <stdio.h>

#include "base/hash.h"
#include "core/lease-json.h"
#include "core/target.h"
#include "vm/preflight.h"

void loan_done(struct loan *l)
{
    lease_done(&l->lease);
    *l = (struct loan){ 0 };
}

/* ---- what it is called ---- */

/* libvirt takes an alias of our own only if it begins with "ua-" and holds letters, digits, '-' and
 * '_'. */
static void make_alias(const char *pci, char ret[LOAN_ALIAS_SIZE])
{
    snprintf(ret, LOAN_ALIAS_SIZE, "ua-sriovd-%s", pci);
    for (char *c = ret; *c; c++)
        *c = *c == ':' || *c == '.' ? '-' : *c;
}

static const struct pf *find_vf(struct app *a, const struct lease *l, const struct vf **ret)
{
    const struct pf *pf = target_find_pf(a->session.snapshot, l->pf);
    *ret = pf && l->vf < pf->n_vfs ? &pf->vfs[l->vf] : NULL;
    return *ret ? pf : NULL;
}

static int is_gone(struct app *a, const struct lease *l)
{
    char object[OBJECT_SIZE];
    snprintf(object, sizeof(object), "%s/%u", l->pf, l->vf);
    return error_set(&a->error, SRIOV_NO_DEVICE, ENODEV, object, "there is no such VF");
}

/* The rest of a loan whose lease is known. */
static int complete(struct app *a, struct loan *l)
{
    const struct vf *vf;
    int r = session_snapshot_again(&a->session, &a->error);
    if (r < 0)
        return r;
    if (!find_vf(a, &l->lease, &vf))
        return is_gone(a, &l->lease);
    STR_SET(l->lease.pci, vf->pci);
    make_alias(l->lease.pci, l->alias);
    lease_label(&l->lease, a->session.snapshot, l->label);
    lease_netdev(&l->lease, a->session.snapshot, l->netdev);
    return 0;
}

int loan_of_place(struct app *a, const char *vm, const struct vf_place *place, struct loan *ret)
{
    struct loan l = { .lease.vf = place->index };
    STR_SET(l.lease.pf, place->pf);
    STR_SET(l.lease.owner.name, vm);
    int r = complete(a, &l);
    if (r >= 0)
        *ret = l;
    return r;
}

/* ---- taking ---- */

static int check_group(struct app *a, const struct lease *l)
{
    const struct vf *vf;
    const struct pf *pf = find_vf(a, l, &vf);
    if (a->options.mode == VM_MACVTAP + 1)
        return 0;
    return pf ? preflight_vf(a, 0, pf, vf) : is_gone(a, l);
}

/* Of one that somebody has, he is the better reason. */
static int check_named(struct app *a, const struct lending *l)
{
    _cleanup_(lease_done) struct lease held = { 0 };
    struct lease named = { .vf = l->place.index };
    STR_SET(named.pf, l->place.pf);
    if (l->by_wish || lease_read(lending_dir(a), named.pf, named.vf, &held, NULL) != -ENOENT)
        return 0;
    return check_group(a, &named);
}

int loan_take(struct app *a, const char *vm, const char *word, const char *const *settings,
              size_t n_settings, struct loan *ret)
{
    _cleanup_(loan_done) struct loan l = { 0 };
    struct lending lending;
    int r = lending_read(a, word, settings, n_settings, &lending);
    if (r >= 0)
        r = check_named(a, &lending);
    if (r < 0)
        return r;
    struct lease_owner *owner = &lending.request.owner;
    *owner = (struct lease_owner){ .pid = getpid(), .while_used = true };
    if (!STR_SET(owner->name, vm))
        return error_set(&a->error, SRIOV_USAGE, 0, vm, "its name is too long for a lease");
    r = owner_identify(owner, &a->error);
    if (r >= 0)
        r = lending_acquire(a, &lending, &l.lease);
    if (r < 0)
        return r;
    l.taken = true;
    r = complete(a, &l);
    if (r >= 0 && lending.by_wish)
        r = check_group(a, &l.lease);
    if (r < 0) {
        loan_give_back(a, &l);
        return r;
    }
    *ret = l;
    l = (struct loan){ 0 };
    return 0;
}

static int hand_over(struct app *a, struct loan *l, pid_t pid, bool settle)
{
    const struct vf_place place = lease_place(&l->lease);
    const struct hand_over_request q = {
        .state_dir = lending_dir(a), .owner = l->lease.owner.name, .pid = pid, .settle = settle
    };
    int r = session_backend(&a->session, &a->error);
    return r < 0 ? r : assign_hand_over(a->session.backend, &place, &q, NULL, &a->error);
}

int loan_take_over(struct app *a, const char *vm, const struct vf_place *place, struct loan *ret)
{
    struct loan l = { 0 };
    int r = loan_of_place(a, vm, place, &l);
    if (r >= 0)
        r = hand_over(a, &l, getpid(), false);
    if (r < 0)
        return r;
    l.taken = true;
    *ret = l;
    return 0;
}

int loan_settle(struct app *a, struct loan *l)
{
    int r = hand_over(a, l, l->keeper, true);
    if (r >= 0)
        l->taken = false;
    return r;
}

/* ---- giving back ---- */

void loan_leave(struct app *a, struct loan *l)
{
    const struct sriov_error why = a->error;
    if (l->taken && hand_over(a, l, l->keeper, false) >= 0)
        l->taken = false;
    a->error = why;
}

static int not_given_back(struct app *a, const struct loan *l, const struct sriov_error *why, int r)
{
    const struct sriov_error undo = a->error;
    if (why->code == SRIOV_DONE)
        return r;
    error_set(&a->error, SRIOV_NOT_ROLLED_BACK, why->error, why->object,
              "%.100s; and %s cannot be put back: %.100s", why->message, l->label, undo.message);
    error_kernel(&a->error, *why->kernel ? why->kernel : undo.kernel);
    error_remedy(&a->error, "it goes back as soon as nobody uses it, with the next command");
    return r;
}

int loan_give_back(struct app *a, struct loan *l)
{
    const struct release_request q = { .state_dir = lending_dir(a), .owner = l->lease.owner.name };
    const struct vf_place place = lease_place(&l->lease);
    const struct sriov_error why = a->error;
    if (!l->taken)
        return 0;
    int r = assign_release(a->session.backend, &place, &q, NULL, &a->error);
    if (r >= 0) {
        a->error = why;
        l->taken = false;
        return 0;
    }
    loan_leave(a, l);
    return not_given_back(a, l, &why, r);
}

/* ---- for the XML ---- */

/* libvirt would make up another one each time, and the guest would see a new NIC. The PF's own
 * address tells this machine's VFs from those of any other. */
static uint64_t made_up_mac(const struct pf *pf, const struct lease *l)
{
    uint64_t h = hash_add(HASH_START, &pf->mac, sizeof(pf->mac));
    h = hash_add(h, &l->vf, sizeof(l->vf));
    h = hash_add(h, l->owner.name, strlen(l->owner.name));
    h = (h ^ h >> 48) & UINT64_C(0xffffffffffff);
    return (h & ~(UINT64_C(0x03) << 40)) | UINT64_C(0x02) << 40; /* local, and of one station */
}

int loan_device(struct app *a, const struct loan *l, struct vm_device *ret)
{
    const struct vf *vf;
    uint64_t mac;
    int r = session_snapshot_again(&a->session, &a->error);
    if (r < 0)
        return r;
    const struct pf *pf = find_vf(a, &l->lease, &vf);
    if (!pf)
        return is_gone(a, &l->lease);
    ret->pf = pf;
    ret->vf = vf;
    ret->netdev = l->netdev;
    ret->alias = l->alias;
    ret->want = l->lease.want;
    if (*pf->name && pf->has_mac && !device_mac(ret, &mac))
        attrs_set(&ret->want, SRIOV_MAC, made_up_mac(pf, &l->lease));
    return 0;
}
