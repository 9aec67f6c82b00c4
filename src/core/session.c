/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lazy opening of what a session holds.
 */
#include "core/session.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file.h"
#include "base/hash.h"
#include "core/assign.h"
#include "core/ledger-lock.h"
#include "core/reservation.h"

#define REPLAY_LIMIT (256u << 20) /* a capture of a machine with thousands of VFs */

static const char *state_dir(const struct session *s)
{
    return s->state_dir ? s->state_dir : STATE_DIR_DEFAULT;
}

void session_done(struct session *s)
{
    holders_done(&s->holders);
    snapshot_free(s->snapshot);
    ledger_close(s->ledger);
    backend_free(s->backend);
    *s = (struct session){ 0 };
}

static int open_replay(struct session *s, struct sriov_error *error)
{
    _cleanup_free_ char *text = NULL;
    char why[200] = "";
    size_t len;
    int r;

    r = file_read_at(AT_FDCWD, s->replay, REPLAY_LIMIT, &text, &len);
    if (r < 0)
        return error_set(error, SRIOV_USAGE, -r, s->replay, "cannot read the capture");
    r = backend_replay(text, len, &s->backend, why, sizeof(why));
    if (r == -EINVAL) {
        error_set(error, SRIOV_USAGE, 0, s->replay, "is no capture");
        error_kernel(error, why);
        error_remedy(error, "sriovctl capture makes one");
        return r;
    }
    return r < 0 ? error_set(error, SRIOV_FAILED, -r, s->replay, "cannot open the capture") : 0;
}

int session_backend(struct session *s, struct sriov_error *error)
{
    int r;

    if (s->backend)
        return 0;
    if (s->replay)
        return open_replay(s, error);
    r = backend_linux(s->sysfs_root, &s->backend);
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, "", "cannot reach the kernel");
    return 0;
}

int session_snapshot(struct session *s, struct sriov_error *error)
{
    int r;

    if (s->snapshot)
        return 0;
    r = session_backend(s, error);
    return r < 0 ? r : snapshot_take(s->backend, &s->snapshot, error);
}

void session_forget(struct session *s)
{
    s->snapshot = snapshot_free(s->snapshot);
    holders_done(&s->holders);
    s->has_holders = false;
}

int session_snapshot_again(struct session *s, struct sriov_error *error)
{
    session_forget(s);
    return session_snapshot(s, error);
}

int session_leases(const struct session *s, struct lease **ret, size_t *ret_count,
                   struct sriov_error *error)
{
    struct sriov_error why = { 0 };
    int r;

    r = s->replay ? 0 : lease_list(state_dir(s), ret, ret_count, &why);
    if (r == -EACCES)
        return 1;
    if (r < 0 && error)
        *error = why;
    return r;
}

int session_holders(struct session *s, struct sriov_error *error)
{
    struct lease *leases = NULL;
    size_t n_leases = 0;
    int hidden, r;

    if (s->has_holders)
        return 0;
    r = session_snapshot(s, error);
    if (r < 0)
        return r;
    hidden = session_leases(s, &leases, &n_leases, error);
    if (hidden < 0)
        return hidden;
    r = holders_find(s->backend, s->snapshot, leases, n_leases, &s->holders, error);
    leases_free(leases, n_leases);
    s->holders.incomplete |= hidden > 0;
    s->has_holders = r >= 0;
    return r;
}

/* A capture has nobody at work. */
int session_holders_to_show(struct session *s, struct sriov_error *error)
{
    bool are_new = !s->has_holders;
    int r = session_holders(s, error);

    if (r < 0 || s->replay || !are_new)
        return r;
    for (size_t i = 0; r >= 0 && i < s->snapshot->n_pfs; i++) {
        const struct pf *pf = &s->snapshot->pfs[i];

        if (ledger_lock_is_held(state_dir(s), pf->key))
            r = holders_find_leaving(s->backend, pf, &s->holders);
    }
    return r < 0 ? error_no_memory(error) : 0;
}

int session_ledger(struct session *s, struct sriov_error *error)
{
    int r;

    /* What a capture shows happened elsewhere: this machine's ledger has nothing to say on it. */
    if (s->ledger_open || s->replay)
        return 0;
    r = ledger_open(state_dir(s), false, &s->ledger, error);
    s->ledger_open = r >= 0;
    return r;
}

int session_ledger_for_writing(struct session *s, struct sriov_error *error)
{
    int r;

    if (s->ledger_writable)
        return 0;
    /* One that is there was opened for both; one that was missing is to be made. */
    r = s->ledger ? 0 : ledger_open(state_dir(s), true, &s->ledger, error);
    s->ledger_open = s->ledger_writable = r >= 0;
    return r;
}

int session_recover_leases(struct session *s, size_t *ret_freed, struct sriov_error *error)
{
    int r;

    if (s->replay)
        return 0;
    r = session_backend(s, error);
    if (r < 0)
        return r;
    r = assign_recover(s->backend, state_dir(s), ret_freed, error);
    /* What cannot be given back waits for the next one, and keeps nobody from a VF. */
    (void)reservations_recover(s->backend, state_dir(s), NULL, NULL);
    return r;
}

int session_leases_mark(struct session *s, uint64_t *ret, struct sriov_error *error)
{
    uint64_t mark = HASH_START;
    struct lease *leases = NULL;
    size_t count = 0;
    int r;

    r = session_leases(s, &leases, &count, error);
    for (size_t i = 0; i < count; i++) {
        const struct lease *l = &leases[i];

        mark = hash_add_text(mark, l->pf);
        mark = hash_add(mark, &l->vf, sizeof(l->vf));
        mark = hash_add(mark, &l->state, sizeof(l->state));
        mark = hash_add(mark, &l->since, sizeof(l->since));
        mark = hash_add_text(mark, l->owner.name);
    }
    leases_free(leases, count);
    if (r < 0)
        return r;
    *ret = mark;
    return 0;
}
