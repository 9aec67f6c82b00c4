/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The functions of the route table, by the file they are in.
 */
#ifndef DAEMON_API_HANDLER_H
#define DAEMON_API_HANDLER_H

#include "daemon/api-call.h"

#define HANDLER_JSON(name)                                                                         \
    int name(struct call *c, const struct look *look, struct json_writer *w,                       \
             struct sriov_error *error)
#define HANDLER_RUN(name) int name(struct call *c, struct sriov_error *error)

/* api-read.c */
HANDLER_JSON(handle_pfs);
HANDLER_JSON(handle_pf);
HANDLER_JSON(handle_vfs);
HANDLER_JSON(handle_vf);
HANDLER_JSON(handle_leases);
HANDLER_JSON(handle_policy);
HANDLER_JSON(handle_history);
HANDLER_JSON(handle_transactions);
HANDLER_JSON(handle_transaction);
HANDLER_RUN(handle_health);
HANDLER_RUN(handle_page);
HANDLER_RUN(handle_openapi);
HANDLER_RUN(handle_metrics);

/* api-change.c */
HANDLER_RUN(handle_pf_change);
HANDLER_RUN(handle_vf_change);
HANDLER_RUN(handle_lease_take);
HANDLER_RUN(handle_lease_end);
HANDLER_RUN(handle_plan);
HANDLER_RUN(handle_apply);
HANDLER_RUN(handle_rollback);
HANDLER_RUN(handle_doctor);
HANDLER_RUN(handle_audit);
HANDLER_RUN(handle_host);

/* api-outcome.c */
HANDLER_JSON(handle_jobs);
HANDLER_RUN(handle_job);

/* api-events.c */
HANDLER_RUN(handle_events);

/* api-command.c */
HANDLER_RUN(handle_command);

#endif
