/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What bodies and answers of the API look like. tests/data/openapi.sh holds the answers of a
 * running daemon against this.
 */
#include "daemon/api.h"

#define TEXT(name, help)                                                                           \
    {                                                                                              \
        name, FIELD_TEXT, 0, NULL, help                                                            \
    }
#define NUMBER(name, help)                                                                         \
    {                                                                                              \
        name, FIELD_NUMBER, 0, NULL, help                                                          \
    }
#define BOOL(name, help)                                                                           \
    {                                                                                              \
        name, FIELD_BOOL, 0, NULL, help                                                            \
    }
#define TEXT_OR_NULL(name, help)                                                                   \
    {                                                                                              \
        name, FIELD_TEXT, FIELD_NULL, NULL, help                                                   \
    }
#define NUMBER_OR_NULL(name, help)                                                                 \
    {                                                                                              \
        name, FIELD_NUMBER, FIELD_NULL, NULL, help                                                 \
    }
#define OBJECT_OR_NULL(name, of, help)                                                             \
    {                                                                                              \
        name, FIELD_OBJECT, FIELD_NULL, of, help                                                   \
    }
#define TEXTS(name, help)                                                                          \
    {                                                                                              \
        name, FIELD_TEXT, FIELD_LIST, NULL, help                                                   \
    }
#define OBJECTS(name, of, help)                                                                    \
    {                                                                                              \
        name, FIELD_OBJECT, FIELD_LIST, of, help                                                   \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL                                                                                       \
    }

/* ---- devices ---- */

static const struct field holder[] = {
    TEXT("kind", "vfio, uio, iommufd, netns, address, upper, rdma, lease, route, admin"),
    NUMBER_OR_NULL("pid", "process"),
    TEXT_OR_NULL("comm", "its name"),
    TEXT_OR_NULL("name", "VM, container, namespace, address, upper device, owner of a lease"),
    END,
};

static const struct field vf[] = {
    NUMBER("index", "number of the VF"),
    TEXT_OR_NULL("pci", "PCI address"),
    NUMBER_OR_NULL("iommu_group", "IOMMU group"),
    OBJECTS("holders", "Holder", "who uses it"),
    END,
};

static const struct field listed_vf[] = {
    TEXT("pf", "name of its PF"),
    NUMBER("index", "number of the VF"),
    TEXT_OR_NULL("pci", "PCI address"),
    NUMBER_OR_NULL("iommu_group", "IOMMU group"),
    OBJECTS("holders", "Holder", "who uses it"),
    END,
};

static const struct field vf_list[] = {
    OBJECTS("vfs", "ListedVf", "in the order of their PFs and numbers"),
    END,
};

static const struct field busy[] = {
    NUMBER("transaction", "its id"),
    NUMBER("pid", "process that is at it"),
    NUMBER("since", "Unix time"),
    TEXT("command", "what was asked for"),
    END,
};

static const struct field pf[] = {
    TEXT_OR_NULL("pci", "PCI address; null on another bus"),
    TEXT("handle", "bus and device as devlink writes them"),
    TEXT_OR_NULL("name", "netdev"),
    TEXTS("altnames", "alternative names of the netdev"),
    TEXT_OR_NULL("driver", "kernel driver"),
    TEXT_OR_NULL("vendor", "PCI vendor id, four digits"),
    TEXT_OR_NULL("device", "PCI device id, four digits"),
    NUMBER_OR_NULL("numa_node", "NUMA node"),
    NUMBER_OR_NULL("iommu_group", "IOMMU group"),
    NUMBER_OR_NULL("total_vfs", "the most VFs it can have"),
    TEXT_OR_NULL("mac", "MAC of the netdev"),
    NUMBER_OR_NULL("speed", "Mbit/s"),
    OBJECT_OR_NULL("busy", "Busy", "the change that is being made"),
    OBJECTS("holders", "Holder", "who uses the PF itself"),
    OBJECTS("vfs", "Vf", "in the order of their numbers"),
    END,
};

static const struct field inventory[] = {
    OBJECTS("pfs", "Pf", "in the order of their addresses"),
    END,
};

/* ---- changes ---- */

static const struct field step[] = {
    TEXT("object", "PF or VF"),
    TEXT("action", "what is done"),
    TEXT("attribute", "what changes"),
    TEXT_OR_NULL("from", "value before; null: not known"),
    TEXT("to", "value after"),
    TEXT("disruption", "none, vf-reset, vf-loss, pf-link-bounce, driver-reload, reboot"),
    TEXT("state", "planned, done, failed, skipped"),
    END,
};

static const struct field plan[] = {
    OBJECTS("steps", "Step", "in the order in which they are taken"),
    TEXT("disruption", "the worst of the steps"),
    OBJECTS("holders", "Holder", "who would be hurt: without force it is refused"),
    TEXTS("remarks", "what else there is to say"),
    END,
};

static const struct field change[] = {
    { "transaction", FIELD_NUMBER, FIELD_SOME, NULL,
      "its id, 0 if there was nothing to do; not there after a dry run" },
    { "changed", FIELD_NUMBER, FIELD_SOME, NULL, "how many settings changed; not after a dry run" },
    OBJECTS("steps", "Step", "in the order in which they were taken"),
    TEXT("disruption", "the worst of the steps"),
    OBJECTS("holders", "Holder", "who was hurt, or would be"),
    TEXTS("remarks", "what else there is to say"),
    END,
};

static const struct field transaction[] = {
    NUMBER("id", "counted from 1"),
    TEXT("state", "running, applied, reverted, not-reverted, void"),
    BOOL("this_boot", "since the machine was started"),
    BOOL("interrupted", "whoever was at it has died; the next change undoes it"),
    NUMBER("started", "Unix time"),
    NUMBER_OR_NULL("ended", "Unix time; null: it runs"),
    TEXT("who", "user or token"),
    TEXT("command", "what was asked for"),
    NUMBER("pid", "process that did it"),
    TEXTS("pfs", "PFs that were changed"),
    { "steps", FIELD_OBJECT, FIELD_LIST | FIELD_SOME, "PastStep",
      "of one transaction, not in a list" },
    END,
};

static const struct field past_step[] = {
    TEXT("object", "PF or VF"),
    TEXT("what", "attribute"),
    TEXT_OR_NULL("from", "value before"),
    TEXT("to", "value after"),
    TEXT("state", "planned, done, failed, skipped, interrupted"),
    END,
};

static const struct field transaction_list[] = {
    OBJECTS("transactions", "Transaction", "the newest first"),
    END,
};

static const struct field history_row[] = {
    NUMBER("transaction", "its id"),
    NUMBER("when", "Unix time"),
    TEXT("who", "user or token"),
    TEXT("command", "what was asked for"),
    TEXT("transaction_state", "running, applied, reverted, not-reverted, void"),
    TEXT("object", "PF or VF"),
    TEXT("what", "attribute"),
    TEXT_OR_NULL("from", "value before"),
    TEXT("to", "value after"),
    TEXT("state", "planned, done, failed, skipped, interrupted"),
    END,
};

static const struct field lease_event[] = {
    NUMBER("when", "Unix time"),
    TEXT("event", "taken, undone, released, reclaimed, void"),
    TEXT("object", "VF"),
    TEXT("owner", "who had it"),
    NUMBER_OR_NULL("pid", "process that it hung on"),
    TEXT_OR_NULL("container", "id of the container"),
    END,
};

static const struct field history[] = {
    OBJECTS("history", "HistoryRow", "the newest first"),
    OBJECTS("leases", "LeaseEvent", "the newest first"),
    END,
};

/* ---- leases ---- */

static const struct field owner[] = {
    TEXT("name", "who has it"),
    NUMBER_OR_NULL("pid", "the lease ends with this process"),
    TEXT_OR_NULL("netns", "and with this network namespace"),
    TEXT_OR_NULL("container", "id of the container"),
    BOOL("while_used", "it outlives its process as long as somebody uses the VF"),
    END,
};

static const struct field lease[] = {
    TEXT("pf", "name of the PF"),
    NUMBER("vf", "number of the VF"),
    TEXT_OR_NULL("pci", "PCI address"),
    TEXT_OR_NULL("name", "netdev, where it is now"),
    { "owner", FIELD_OBJECT, 0, "Owner", "who has it" },
    NUMBER_OR_NULL("since", "Unix time"),
    TEXT_OR_NULL("state", "taking, held, returning; null: the lease cannot be read"),
    { "want", FIELD_MAP, 0, NULL, "settings that the VF was given" },
    END,
};

static const struct field leases[] = {
    OBJECTS("leases", "Lease", "in the order of their VFs"),
    END,
};

static const struct field lease_wish[] = {
    { "owner", FIELD_TEXT, FIELD_NEEDED, NULL, "who has it" },
    TEXT("vf", "this VF: enp1s0/3, or its PCI address"),
    TEXT("pf", "else any VF of this PF"),
    TEXT("pool", "any VF of this pool of the policy"),
    NUMBER("numa", "a VF of a PF on this NUMA node"),
    TEXT("driver", "a VF that is bound to this driver now; none: to none"),
    BOOL("link", "a VF of a PF that has carrier"),
    BOOL("spread", "from the PF that has lent the fewest VFs"),
    NUMBER("pid", "the lease ends when this process of the host does"),
    TEXT("netns",
         "deliver the netdev into this network namespace of the host; the lease ends with it"),
    TEXT("as", "the netdev's name in the namespace"),
    TEXT("container", "id of the container it is for"),
    BOOL("clean", "settings that are not given are those of a new VF"),
    { "settings", FIELD_MAP, 0, NULL, "attributes of the VF while it is lent: {\"vlan\": 5}" },
    END,
};

static const struct field released[] = {
    TEXTS("released", "VFs that are free now"),
    END,
};

/* ---- policy ---- */

static const struct field policy[] = {
    { "policy", FIELD_OBJECT, FIELD_NULL, "PolicyState", "as the daemon has it" },
    END,
};

static const struct field policy_error[] = {
    TEXT("object", "file and line"),
    TEXT("message", "what is wrong there"),
    END,
};

static const struct field policy_state[] = {
    TEXT("path", "file or folder that it is read from"),
    BOOL("settled", "it was applied to all PFs that are there, or could not be"),
    OBJECT_OR_NULL("wrong", "PolicyError",
                   "why what stands there now is not in force; null: it is"),
    OBJECTS("pfs", "PolicyPf", "PFs that it names"),
    { "pools", FIELD_OBJECT, 0, "Pools",
      "what VFs are lent from, by name, as a policy writes them" },
    TEXTS("missing", "entries whose PF is not there"),
    END,
};

static const struct field policy_pf[] = {
    TEXT("pf", "name of the PF"),
    TEXT("mode", "observe, adopt, enforce"),
    TEXT("standing", "ok, drift, pending, working, deferred, failed, gave-up"),
    OBJECTS("drift", "Drift", "what differs from the policy"),
    NUMBER("repairs", "since the start"),
    TEXT_OR_NULL("trouble", "why it could not be put right"),
    END,
};

static const struct field drift[] = {
    TEXT("object", "PF or VF"),
    TEXT("attribute", "what differs"),
    TEXT_OR_NULL("is", "its value"),
    TEXT("wanted", "that of the policy"),
    END,
};

/* ---- examinations ---- */

static const struct field evidence[] = {
    TEXT("source", "where it was read"),
    TEXT_OR_NULL("value", "what stood there"),
    END,
};

static const struct field finding[] = {
    TEXT("id", "of the check; /v1/doctor/ID explains it"),
    TEXT("area", "platform, firmware, kernel, create, bind, network, switchdev, vm, operations"),
    TEXT("severity", "error, warning, info"),
    TEXT_OR_NULL("object", "what it is about; null: the host"),
    TEXT("cause", "what is wrong"),
    OBJECTS("evidence", "Evidence", "why that is known"),
    TEXT_OR_NULL("remedy", "what mends it"),
    BOOL("fixable", "the remedy is a command that hurts nobody"),
    TEXT("confidence", "certain, likely, possible"),
    OBJECTS("consequences", "Finding", "what follows from it"),
    END,
};

static const struct field unchecked[] = {
    TEXT("id", "of the check"),
    TEXT("why", "what could not be seen"),
    END,
};

static const struct field diagnosis[] = {
    BOOL("healthy", "no finding is an error"),
    OBJECTS("findings", "Finding", "causes, the worst first"),
    OBJECTS("unchecked", "Unchecked", "checks that could not look"),
    END,
};

static const struct field audit_finding[] = {
    TEXT("id", "of the rule"),
    TEXT("severity", "error, warning, info"),
    TEXT("object", "what breaks it"),
    TEXT_OR_NULL("cause", "how"),
    TEXT_OR_NULL("seen", "where it was read"),
    TEXT_OR_NULL("remedy", "what mends it"),
    TEXT_OR_NULL("accepted", "why somebody has accepted it"),
    END,
};

static const struct field audit_rule[] = {
    TEXT("id", "of the rule"),
    TEXT("title", "what must hold"),
    TEXT("severity", "error, warning, info, off"),
    NUMBER("checked", "how many objects were judged"),
    NUMBER("failed", "how many break it"),
    NUMBER("cost", "what that takes from the score"),
    END,
};

static const struct field audit[] = {
    NUMBER("score", "0 to 100"),
    OBJECTS("findings", "AuditFinding", "what breaks a rule"),
    OBJECTS("rules", "AuditRule", "all rules"),
    END,
};

static const struct field host_row[] = {
    TEXT("id", "of the subject"),
    TEXT("title", "the subject"),
    TEXT("verdict", "ok, warn, bad, unknown"),
    TEXT_OR_NULL("facts", "what is there"),
    TEXT_OR_NULL("unseen", "why it is not known"),
    OBJECTS("findings", "Finding", "the doctor's about it"),
    END,
};

static const struct field host_check[] = {
    BOOL("ready", "nothing is bad"),
    OBJECTS("rows", "HostRow", "from the processor to the NIC"),
    END,
};

/* ---- the daemon ---- */

static const struct field job[] = {
    NUMBER("id", "counted from 1 at the start of the daemon"),
    TEXT("command", "what it runs"),
    TEXT("who", "user or token; sriovd: the daemon itself"),
    NUMBER("started", "Unix time"),
    NUMBER_OR_NULL("ended", "Unix time; null: it runs"),
    BOOL("running", "it has not ended"),
    NUMBER_OR_NULL("status", "exit status of sriovctl; null: it runs"),
    { "out", FIELD_TEXT, FIELD_SOME, NULL, "what it printed; of one job, not in a list" },
    { "err", FIELD_TEXT, FIELD_SOME, NULL, "its notes; of one job, not in a list" },
    END,
};

static const struct field job_list[] = {
    OBJECTS("jobs", "Job", "those that run, then the last that ended"),
    END,
};

static const struct field started[] = {
    NUMBER("job", "id of the job that goes on: GET /v1/jobs/ID"),
    END,
};

static const struct field command[] = {
    { "args", FIELD_TEXT, FIELD_LIST | FIELD_NEEDED, NULL,
      "what stands behind sriovctl: [\"set\", \"enp1s0/3\", \"vlan=5\"]" },
    TEXT("policy", "text of the policy that plan or apply read with -f -"),
    END,
};

static const struct field command_result[] = {
    NUMBER("status", "exit status, 0 to 7"),
    TEXT("out", "standard output"),
    TEXT("err", "standard error"),
    END,
};

static const struct field look_state[] = {
    NUMBER("number", "so many times the machine was read"),
    NUMBER("age_ms", "milliseconds ago"),
    END,
};

static const struct field you[] = {
    TEXT("name", "user or token"),
    TEXT("role", "read, operate, admin"),
    END,
};

static const struct field health[] = {
    TEXT("status", "ok; starting: nothing was read yet; stale: reading takes longer than 5 s"),
    TEXT("version", "of the daemon"),
    TEXT_OR_NULL("host", "host name"),
    NUMBER_OR_NULL("started", "Unix time"),
    OBJECT_OR_NULL("look", "LookState", "when the machine was read last"),
    NUMBER_OR_NULL("reading_ms", "how long the reading that runs has taken; 0: none runs"),
    NUMBER_OR_NULL("jobs", "that run"),
    OBJECT_OR_NULL("you", "You", "who asks"),
    END,
};

static const struct field record[] = {
    NUMBER("id", "grows, also over a restart of the daemon; for Last-Event-ID"),
    TEXT("time", "UTC, as 2026-08-19T12:00:05.123Z"),
    TEXT(
        "kind",
        "change, drift, repair, fight, policy, apply, transaction, lease, kernel, refused, daemon"),
    TEXT("level", "error, warning, notice, info"),
    TEXT_OR_NULL("object", "PF or VF; null: the host"),
    TEXT_OR_NULL("message", "one line"),
    TEXT_OR_NULL("who", "user or token, if known"),
    END,
};

static const struct field error[] = {
    NUMBER(
        "code",
        "as the exit status of sriovctl: 1 failed, 2 usage, 3 in use, 4 unsupported, 5 no device, "
        "6 not permitted, 7 not rolled back"),
    TEXT_OR_NULL("object", "what it failed on"),
    TEXT("message", "what failed"),
    TEXT_OR_NULL("kernel", "the kernel's words"),
    TEXT_OR_NULL("remedy", "what to do"),
    OBJECTS("holders", "Holder", "who would be hurt"),
    END,
};

static const struct field error_answer[] = {
    { "error", FIELD_OBJECT, 0, "ErrorBody", "what went wrong" },
    END,
};

const struct schema api_schemas[] = {
    { "Inventory", "PFs with their VFs", inventory },
    { "Pf", "A device that can have VFs", pf, true, ATTR_OF_PF },
    { "Busy", "A change that is being made to a PF", busy },
    { "Vf", "A virtual function", vf, true, ATTR_OF_VF },
    { "VfList", "VFs of all PFs", vf_list },
    { "ListedVf", "A virtual function with its PF", listed_vf, true, ATTR_OF_VF },
    { "Holder", "Somebody who uses a device", holder },
    { "PfChange", "Attributes of a PF that are to be set", NULL, true, ATTR_OF_PF,
      .is_body = true },
    { "VfChange", "Attributes of a VF that are to be set", NULL, true, ATTR_OF_VF,
      .is_body = true },
    { "Step", "One step of a plan", step },
    { "Plan", "What would be done", plan },
    { "Change", "What was done, or with dry_run would be", change },
    { "Transaction", "A change of the host", transaction },
    { "PastStep", "One setting of a transaction", past_step },
    { "TransactionList", "Changes of the host", transaction_list },
    { "HistoryRow", "One setting that was changed", history_row },
    { "LeaseEvent", "A VF that changed hands", lease_event },
    { "History", "Changes and leases", history },
    { "Owner", "Who has a VF", owner },
    { "Lease", "A VF that is lent", lease },
    { "LeaseList", "VFs that are lent", leases },
    { "LeaseWish", "The VF that is wanted", lease_wish, .is_body = true },
    { "Released", "VFs that were taken back", released },
    { "Policy", "The policy in force", policy },
    { "PolicyState", "The policy and how the PFs fare with it", policy_state, .is_open = true },
    { "PolicyError", "A policy that cannot be", policy_error },
    { "Pools", "Pools of the policy: {\"NAME\":{\"from\":[{\"pf\",\"vfs\"}],\"numa\"}}", NULL,
      .is_open = true },
    { "PolicyPf", "A PF of the policy", policy_pf, .is_open = true },
    { "Drift", "A difference from the policy", drift },
    { "Evidence", "Something that was read", evidence },
    { "Finding", "Something that is wrong", finding },
    { "Unchecked", "A check that could not look", unchecked },
    { "Diagnosis", "What the doctor found", diagnosis },
    { "AuditFinding", "An object that breaks a rule", audit_finding },
    { "AuditRule", "A rule of the baseline", audit_rule },
    { "Audit", "The VFs against the baseline", audit },
    { "HostRow", "One subject", host_row },
    { "HostCheck", "The machine's preparation", host_check },
    { "Job", "A run of sriovctl", job },
    { "JobList", "Runs of sriovctl", job_list },
    { "Started", "A job that goes on", started },
    { "Command", "A command line", command, .is_body = true },
    { "CommandResult", "What a command printed", command_result },
    { "LookState", "A reading of the machine", look_state },
    { "You", "Who asks", you },
    { "Health", "State of the daemon", health },
    { "Record", "Something that happened", record, .is_open = true },
    { "ErrorBody", "What went wrong", error },
    { "Error", "The answer to what failed or was refused", error_answer },
    { NULL },
};

const struct schema *schema_find(const char *name)
{
    for (const struct schema *s = api_schemas; name && s->name; s++) {
        if (str_eq(s->name, name))
            return s;
    }
    return NULL;
}
