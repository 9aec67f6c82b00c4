/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The routes of the API. Everything about one stands in its row; docs/api.md and the OpenAPI
 * document are made of them.
 */
#include <errno.h>
#include <stdio.h>

#include "daemon/api-handler.h"

/* What {…} in a path stand for. */
const struct field path_fields[] = {
    { "pf", FIELD_TEXT, .help = "a PF, by netdev name, altname, PCI address or MAC" },
    { "vf", FIELD_NUMBER, .help = "number of a VF of the PF, from 0" },
    { "id", FIELD_NUMBER, .help = "number of the transaction or job" },
    { "check", FIELD_TEXT, .help = "id of a check of the doctor, as in its findings" },
    { NULL },
};

const struct field job_fields[] = {
    { "wait", FIELD_NUMBER,
      .help =
          "answer after so many seconds at the latest, then with 202 and the job; 30 if left out, "
          "at most 600" },
    { NULL },
};

const struct field dry_fields[] = {
    { "dry_run", FIELD_BOOL,
      .help = "only answer the plan; change nothing; takes no more than role operate" },
    { "force", FIELD_BOOL, .help = "go on although somebody is hurt by it; takes role admin" },
    { NULL },
};

static const struct field object_query[] = {
    { "object", FIELD_TEXT, .help = "only this PF or VF: enp1s0, enp1s0/3, a PCI address" },
    { NULL },
};

static const struct field history_query[] = {
    { "object", FIELD_TEXT, .help = "only this PF or VF; one that is gone by its PCI address" },
    { "limit", FIELD_NUMBER,
      .help = "at most so many changes and so many leases; 100 if left out, no more than 1000" },
    { NULL },
};

static const struct field transactions_query[] = {
    { "limit", FIELD_NUMBER, .help = "at most so many; 100 if left out, no more than 1000" },
    { "before", FIELD_NUMBER, .help = "only those with a lower id: the next page" },
    { NULL },
};

static const struct field policy_query[] = {
    { "pf", FIELD_TEXT, .help = "only these PFs of the policy, with commas between" },
    { NULL },
};

static const struct field release_query[] = {
    { "owner", FIELD_TEXT, .help = "only if this owner has it; else it is refused" },
    { NULL },
};

#define CHANGE (ROUTE_WRITES | ROUTE_JOB | ROUTE_DRY)

const struct route api_routes[] = {
    { "GET", "/v1/pfs", ROLE_READ, 0, "listPfs", "All PFs and their VFs",
      "As `sriovctl list --json`. Answers also while a change hangs in the kernel: \"busy\" of the PF says "
      "which.",
      .answer = "Inventory", .json = handle_pfs },
    { "GET", "/v1/pfs/{pf}", ROLE_READ, 0, "getPf", "One PF and its VFs",
      "As `sriovctl show PF --json`.", .answer = "Inventory", .json = handle_pf },
    { "PATCH", "/v1/pfs/{pf}", ROLE_ADMIN, CHANGE, "changePf", "Set attributes of a PF",
      "num_vfs makes or removes VFs. Refused with 409 and the holders if somebody would be hurt. As "
      "`sriovctl set PF KEY=VALUE... --json`; with num_vfs alone as `sriovctl create PF COUNT --json`.",
      .body = "PfChange", .answer = "Change", .run = handle_pf_change },
    { "GET", "/v1/vfs", ROLE_READ, 0, "listVfs", "All VFs in one list",
      "Each as in the list of PFs, with the name of its PF.", .answer = "VfList",
      .json = handle_vfs },
    { "GET", "/v1/pfs/{pf}/vfs/{vf}", ROLE_READ, 0, "getVf", "One VF",
      "As `sriovctl show PF/N --json`.", .answer = "Vf", .json = handle_vf },
    { "PATCH", "/v1/pfs/{pf}/vfs/{vf}", ROLE_OPERATE, CHANGE, "changeVf", "Set attributes of a VF",
      "As `sriovctl set PF/N KEY=VALUE... --json`; with driver alone as `sriovctl bind PF/N DRIVER --json`. To "
      "set the driver takes role admin.",
      .body = "VfChange", .answer = "Change", .run = handle_vf_change },
    { "GET", "/v1/leases", ROLE_READ, 0, "listLeases", "Who has which VF",
      "As `sriovctl leases --json`.", .answer = "LeaseList", .json = handle_leases },
    { "POST", "/v1/leases", ROLE_OPERATE, ROUTE_WRITES | ROUTE_JOB | ROUTE_CREATES, "takeLease",
      "Lend a VF to an owner",
      "The VF named by vf, or any that is what the other keys say. It is put back as it was when the lease "
      "ends. As `sriovctl acquire --json`.",
      .body = "LeaseWish", .answer = "Lease", .run = handle_lease_take },
    { "DELETE", "/v1/leases/{pf}/{vf}", ROLE_OPERATE, ROUTE_WRITES | ROUTE_JOB, "endLease",
      "Take a VF back", "As `sriovctl release PF/N --json`.", release_query, .answer = "Released",
      .run = handle_lease_end },
    { "GET", "/v1/policy", ROLE_READ, 0, "getPolicy", "The policy in force and how each PF fares",
      NULL, .answer = "Policy", .json = handle_policy },
    { "POST", "/v1/plan", ROLE_OPERATE, ROUTE_JOB | ROUTE_POLICY, "plan",
      "What applying a policy would do",
      "The body is a policy document; without one it is that of the host. Nothing is written. As "
      "`sriovctl plan --json`.",
      policy_query, .answer = "Plan", .run = handle_plan },
    { "POST", "/v1/apply", ROLE_ADMIN, CHANGE | ROUTE_POLICY, "apply", "Apply a policy",
      "The body is a policy document, which is applied once and not kept; without one it is the policy of the "
      "host. As `sriovctl apply --json`.",
      policy_query, .answer = "Change", .run = handle_apply },
    { "GET", "/v1/transactions", ROLE_READ, 0, "listTransactions",
      "Changes of the host, the newest first", NULL, transactions_query,
      .answer = "TransactionList", .json = handle_transactions },
    { "GET", "/v1/transactions/{id}", ROLE_READ, 0, "getTransaction", "One change with its steps",
      NULL, .answer = "Transaction", .json = handle_transaction },
    { "POST", "/v1/transactions/{id}/rollback", ROLE_ADMIN, CHANGE, "rollback",
      "Put back what a transaction changed", "As `sriovctl rollback ID --json`.",
      .answer = "Change", .run = handle_rollback },
    { "GET", "/v1/history", ROLE_READ, 0, "getHistory",
      "Every setting that was changed, and leases", "As `sriovctl history [OBJECT] --json`.",
      history_query, .answer = "History", .json = handle_history },
    { "GET", "/v1/doctor", ROLE_OPERATE, ROUTE_JOB, "examine", "What is wrong, and what mends it",
      "As `sriovctl doctor [OBJECT] --json`. Requests at the same time share one examination.",
      object_query, .answer = "Diagnosis", .run = handle_doctor },
    { "GET", "/v1/doctor/{check}", ROLE_READ, 0, "explain",
      "The page of the knowledge base about a check", "As `sriovctl doctor --explain ID`.",
      .type = "text/markdown", .run = handle_page },
    { "GET", "/v1/audit", ROLE_READ, ROUTE_JOB, "audit", "The VFs against a security baseline",
      "As `sriovctl audit [OBJECT] --json`.", object_query, .answer = "Audit",
      .run = handle_audit },
    { "GET", "/v1/host", ROLE_READ, ROUTE_JOB, "checkHost", "Is the machine ready for SR-IOV",
      "As `sriovctl host check --json`.", .answer = "HostCheck", .run = handle_host },
    { "GET", "/v1/events", ROLE_READ, 0, "listen", "What happens, as it happens",
      "Server-sent events without end: the data of each is one record. Those that are still kept after the "
      "one that the header Last-Event-ID names come first; without it only new ones. A comment comes every "
      "20 seconds.",
      .answer = "Record", .type = "text/event-stream", .run = handle_events },
    { "GET", "/v1/jobs", ROLE_READ, 0, "listJobs", "Work that runs, and what ended last", NULL,
      .answer = "JobList", .json = handle_jobs },
    { "GET", "/v1/jobs/{id}", ROLE_READ, ROUTE_JOB, "getJob", "One job with what it printed",
      "What it printed takes the role that its route asks for. With ?wait it is answered when the job has "
      "ended; here 0 if left out.",
      .answer = "Job", .run = handle_job },
    { "POST", "/v1/commands", ROLE_READ, ROUTE_WRITES | ROUTE_JOB, "runCommand",
      "Run a command of sriovctl",
      "What `sriovctl --host` does. The verb decides which role it takes. Verbs and options that name files "
      "or the terminal of the host are refused.",
      .body = "Command", .answer = "CommandResult", .run = handle_command },
    { "GET", "/v1/health", ROLE_NONE, 0, "getHealth", "Whether the daemon works, and who you are",
      "Status 503 until the machine was read for the first time. What is null needs role read.",
      .answer = "Health", .run = handle_health },
    { "GET", "/v1/openapi.json", ROLE_NONE, 0, "getOpenapi", "This description as OpenAPI 3.1",
      NULL, .run = handle_openapi },
    { "GET", "/metrics", ROLE_READ, 0, "getMetrics", "Figures for Prometheus",
      "Prometheus text, or OpenMetrics where the Accept header asks for it.", .type = "text/plain",
      .run = handle_metrics },
    { NULL },
};

/* ---- finding ---- */

/* The part of a path up to the next slash. */
static size_t part_len(const char *path)
{
    return strcspn(path, "/");
}

/* 1: it is this route's; 0: not; -ENAMETOOLONG. */
static int match_path(const char *template, const char *path, struct route_match *ret)
{
    size_t words = 0;

    while (*template == '/' && *path == '/') {
        size_t wanted = part_len(++template), given = part_len(++path);

        if (template[0] == '{') {
            if (given == 0)
                return 0;
            if (given >= ROUTE_WORD_SIZE)
                return -ENAMETOOLONG;
            memcpy(ret->words[words], path, given);
            ret->words[words++][given] = '\0';
        } else if (wanted != given || memcmp(template, path, given) != 0) {
            return 0;
        }
        template += wanted;
        path += given;
    }
    return *template == '\0' && *path == '\0';
}

static void add_method(struct route_match *m, const char *method)
{
    size_t len = strlen(m->methods);

    snprintf(m->methods + len, sizeof(m->methods) - len, "%s%s", len > 0 ? ", " : "", method);
}

int route_find(const char *method, const char *path, struct route_match *ret)
{
    struct route_match found = { 0 };

    for (const struct route *route = api_routes; route->method; route++) {
        int r = match_path(route->path, path, &found);

        if (r < 0)
            return r;
        if (r == 0)
            continue;
        add_method(&found, route->method);
        if (str_eq(route->method, method)) {
            found.route = route;
            *ret = found;
            return 0;
        }
    }
    *ret = found;
    return found.methods[0] ? -EPERM : -ENOENT;
}
