/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The metrics as a file, of one look by this process. What only a daemon knows is not in it: drift,
 * repairs, events, and the process itself (node_exporter has metrics of its own by those names).
 */
#include <time.h>

#include "base/file.h"
#include "core/ledger-lock.h"
#include "daemon/metrics-read.h"
#include "daemon/metrics.h"
#include "doctor/doctor.h"
#include "policy/load.h"

#define FILE_MODE 0644

/* A policy that is wrong is the daemon's to tell. */
static int examine(struct session *s, const char *policy, struct diagnosis_figures *ret,
                   struct sriov_error *error)
{
    _cleanup_doctor_ struct doctor *doctor = NULL;
    _cleanup_(desired_done) struct desired desired = { 0 };
    struct diagnosis_figures figures = { .is_known = true };
    struct doctor_input in = { .session = s };
    const struct finding *f;
    int r;

    if (policy_folder_has_any(policy) && policy_load(policy, &desired, NULL) >= 0)
        in.policy = &desired;
    r = doctor_run(&in, &doctor, error);
    if (r < 0)
        return r;
    for (size_t i = 0; (f = doctor_finding(doctor, i)); i++)
        figures.findings[f->severity]++;
    figures.when = (int64_t)time(NULL);
    *ret = figures;
    return 0;
}

static int look_once(struct session *s, struct look *ret, struct sriov_error *error)
{
    int r;

    r = session_snapshot(s, error);
    if (r >= 0)
        r = session_holders(s, error);
    if (r >= 0)
        r = session_leases(s, &ret->leases, &ret->n_leases, error);
    if (r >= 0)
        r = session_ledger(s, error);
    if (r >= 0)
        r = ledger_locks_held(s->state_dir, &ret->busy);
    ret->snapshot = s->snapshot;
    ret->holders = s->holders;
    return r;
}

static int print(struct session *s, const char *policy, const struct look *look, struct buf *text,
                 struct sriov_error *error)
{
    _cleanup_(counters_done) struct counters counters = { 0 };
    _cleanup_(figures_done) struct figures figures = { 0 };
    struct page page = { .out = text, .format = PAGE_PROMETHEUS };
    int r;

    r = examine(s, policy, &figures.doctor, error);
    if (r < 0)
        return r;
    figures.has_transactions = ledger_counts(s->ledger, figures.transactions, NULL) >= 0;
    r = figures_look(&figures, look);
    if (r >= 0)
        r = counters_prepare(look->snapshot, &counters);
    if (r < 0)
        return error_set(error, SRIOV_FAILED, -r, "", "cannot make the metrics");
    counters_read(&counters, s->backend);
    counters_apply(&counters, &figures);
    figures_print(&figures, &page);
    return 0;
}

int metrics_textfile(const struct config *c, const char *replay, const char *path,
                     struct sriov_error *error)
{
    _cleanup_(session_done) struct session session = { .state_dir = c->state_dir,
                                                       .replay = replay };
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct look look = { 0 };
    int r;

    r = look_once(&session, &look, error);
    if (r >= 0)
        r = print(&session, c->policy, &look, &text, error);
    leases_free(look.leases, look.n_leases);
    strv_done(&look.busy);
    if (r < 0)
        return r;
    r = buf_ok(&text);
    if (r >= 0)
        r = file_replace(path, text.data, text.len, FILE_MODE);
    return r < 0 ? error_set(error, error_code_of(-r), -r, path, "cannot write the metrics") : 0;
}
