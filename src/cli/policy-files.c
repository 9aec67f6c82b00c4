/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the policy, and waits for PFs by events: at boot a card's driver may be slow, and the boot
 * should go on the moment it is there.
 */
#include "cli/policy-files.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "cli/burst.h"
#include "cli/change.h"
#include "core/policy.h"
#include "policy/load.h"

#define STDIN_NAME "standard input"

/* ---- reading ---- */

static int load_stdin(struct app *a, struct desired *ret)
{
    _cleanup_free_ char *text = NULL;
    size_t len;
    int r = file_read_fd(STDIN_FILENO, POLICY_BYTES, &text, &len);
    if (r < 0)
        return error_set(&a->error, SRIOV_USAGE, -r, STDIN_NAME, "cannot read the policy");
    return policy_load_text(STDIN_NAME, text, len, ret, &a->error);
}

static int load_one(struct app *a, const char *path, struct desired *ret)
{
    return str_eq(path, "-") ? load_stdin(a, ret) : policy_load(path, ret, &a->error);
}

int policy_files_load(struct app *a, struct desired *ret)
{
    const struct words *files = &a->options.files;
    int r = files->count == 0 ? load_one(a, POLICY_DIR, ret) : 0;
    for (size_t i = 0; i < files->count && r >= 0; i++)
        r = load_one(a, files->items[i], ret);
    return r;
}

/* ---- making it so ---- */

static int plan_policy(void *userdata, struct session *s, struct plan *ret,
                       struct sriov_error *error)
{
    return policy_plan(userdata, s, ret, error);
}

/* The words of --pf, each of which may hold several with commas. */
static int read_pfs(struct app *a, struct strv *ret)
{
    const struct words *words = &a->options.only_pfs;
    for (size_t i = 0; i < words->count; i++) {
        if (strv_split(ret, words->items[i], ',') < 0)
            return error_no_memory(&a->error);
    }
    return 0;
}

int policy_files_run(struct app *a, struct desired *d)
{
    const struct change_request request = { .make = plan_policy };
    _cleanup_strv_ struct strv pfs = STRV_INIT;
    int r = read_pfs(a, &pfs);
    if (r < 0)
        return r;
    const struct policy_request policy = {
        .desired = d,
        .pfs = (const char *const *)pfs.items,
        .n_pfs = pfs.count,
    };
    /* Only the PFs that are named must be there. */
    for (size_t i = 0; pfs.count > 0 && i < d->n_pfs; i++)
        d->pfs[i].optional = true;
    return change_run_request(a, &request, (void *)&policy);
}

/* ---- waiting for PFs ---- */

/* Does this wish alone find its PF? */
static bool is_there(struct app *a, struct pf_wish *wish)
{
    const struct desired one = { .pfs = wish, .n_pfs = 1 };
    struct goals goals = { 0 };
    struct sriov_error error = { 0 };
    bool there = goals_resolve(&one, a->session.snapshot, &goals, &error) >= 0 ||
                 error.code != SRIOV_NO_DEVICE;
    goals_done(&goals);
    return there;
}

static size_t count_missing(struct app *a, struct desired *d)
{
    size_t missing = 0;
    for (size_t i = 0; i < d->n_pfs; i++)
        missing += !is_there(a, &d->pfs[i]);
    return missing;
}

/* 0 once all are there or the time is over. */
static int wait_for_all(struct app *a, struct desired *d, struct events *e)
{
    uint64_t deadline = events_now() + a->options.wait * BURST_SECOND;
    int r = session_snapshot(&a->session, &a->error);
    while (r >= 0 && count_missing(a, d) > 0) {
        int event = burst_wait(e, deadline);
        if (event == 0 || event == -EINTR)
            return 0;
        if (event < 0)
            return error_set(&a->error, SRIOV_FAILED, -event, "", "cannot wait for devices");
        r = session_snapshot_again(&a->session, &a->error);
    }
    return r;
}

static int give_up_missing(struct app *a, struct desired *d, struct sriov_error *ret_error)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    int missing = 0;
    for (size_t i = 0; i < d->n_pfs; i++) {
        if (is_there(a, &d->pfs[i]))
            continue;
        d->pfs[i].optional = true;
        buf_printf(&names, "%s%s", missing++ > 0 ? ", " : "", d->pfs[i].where);
    }
    if (missing == 0)
        return 0;
    error_set(ret_error, SRIOV_NO_DEVICE, 0, a->verb->name,
              "%d PF%s of the policy did not come within %u s: %s", missing,
              missing == 1 ? "" : "s", (unsigned)a->options.wait, names.data ? names.data : "");
    error_remedy(ret_error, "the others are done; sriovctl list shows the PFs that are here");
    return missing;
}

int policy_files_wait(struct app *a, struct desired *d, struct sriov_error *ret_error)
{
    /* Opened before the first look, so that nothing falls between the two. */
    _cleanup_(events_close_p) struct events *e = NULL;
    int r = events_open(&e);
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, "", "cannot wait for devices");
    r = wait_for_all(a, d, e);
    return r < 0 ? r : give_up_missing(a, d, ret_error);
}
