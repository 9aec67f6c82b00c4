/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl host: the machine itself, not its VFs. Each word behind it is a row.
 */
#include "cli/host.h"

static const struct option_row options[] = {
    OPTIONS_PREPARE,
    OPTION_DRY_RUN,
    { NULL },
};

static const struct {
    const char *name;
    int (*run)(struct app *a);
    bool reads; /* can answer from a capture */
} words[] = {
    { "check", host_check, true },
    { "prepare", host_prepare, false },
};

static int run_host(struct app *a)
{
    const char *names[ELEMENTS(words) + 1] = { NULL };
    for (size_t i = 0; i < ELEMENTS(words); i++) {
        names[i] = words[i].name;
        if (!str_eq(words[i].name, a->args[0]))
            continue;
        if (a->options.replay && !words[i].reads)
            return error_set(&a->error, SRIOV_USAGE, 0, "--replay", "host %s works on this machine",
                             words[i].name);
        return words[i].run(a);
    }
    const char *nearest = str_nearest(a->args[0], names);
    int r = error_set(&a->error, SRIOV_USAGE, 0, a->args[0], "no such word of host");
    if (nearest)
        error_remedy(&a->error, "did you mean %s?", nearest);
    else
        error_remedy(&a->error, "usage: sriovctl host check|prepare");
    return r;
}

const struct verb verb_host = {
    .name = "host",
    .synopsis = "host check|prepare",
    .help = "check the machine for SR-IOV, prepare it where it boots",
    .details =
        (const char *const[]){
            "check prints one line per subject, from the processor to the limits of the NIC, with what is there "
            "and a verdict, which is that of the doctor's findings: ok, warn, bad, or unknown where it takes root to "
            "look. The exit status is 1 if one of them is bad.",
            "prepare shows, as a diff, what of the boot configuration is to change: kernel parameters in the "
            "way of the distribution, vfio-pci at boot, and on request huge pages and the devices that "
            "vfio-pci takes. --apply does it, with a copy of every file; --undo gives every byte back.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .flags = VERB_READS,
    .examples =
        (const struct example[]){
            { "host check", "is this machine ready for SR-IOV, and if not, what is missing" },
            { "host prepare", "what would change, and what this kernel does not need" },
            { "host prepare --iommu pt --hugepages 1G:0=4,1=4 --apply",
              "the IOMMU passes the host's own devices through; 4 huge pages on each of two nodes" },
            { "host prepare --undo", "the files as they were" },
            { NULL, NULL },
        },
    .run = run_host,
};
