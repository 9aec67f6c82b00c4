/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Options of the command line, one table row each: parsing, --help, man page and completions all
 * come from the row. Options may stand before or after the words they belong to; "--" ends them.
 * Names are never guessed from a prefix, so that a new option cannot change what an old script
 * means.
 */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum option_kind {
    OPTION_FLAG,   /* bool */
    OPTION_TEXT,   /* const char *, points into argv */
    OPTION_NUMBER, /* uint64_t */
    OPTION_CHOICE, /* unsigned: place in `choices`, counted from 1 */
    OPTION_WORDS,  /* struct words: may be given more than once */
};

struct option_row {
    const char *name; /* without "--"; NULL ends a table */
    char letter;      /* 0: none */
    enum option_kind kind;
    size_t offset;              /* where in struct options */
    const char *arg;            /* what --help calls the value: "FILE"; NULL for a flag */
    const char *const *choices; /* OPTION_CHOICE only, NULL-terminated */
    const char *help;           /* one clause, small first letter, no full stop */
    bool here; /* names a file of this machine, or says where to look: not for --host */
};

#define OPTION_WORDS_MAX 16

struct words {
    const char *items[OPTION_WORDS_MAX];
    size_t count;
};

/* What the options of all verbs are read into; zero is "not given". */
struct options {
    /* of every verb */
    bool json, quiet, yes, help, version;
    const char *replay, *sysfs_root, *state_dir;
    const char *host, *token_file, *ca;
    bool insecure;
    unsigned colour; /* enum colour_choice */
    /* of some */
    bool force, dry_run;
    unsigned via;
    uint64_t limit, wait, count;
    const char *policy;
    struct words files, only_pfs;
    /* of those about leases */
    const char *vf, *pf, *pool, *numa, *driver, *owner, *netns, *container, *as;
    bool link, spread, clean, check;
    uint64_t pid;
    struct words addresses;
    /* of history */
    const char *at;
    /* of audit and report */
    const char *baseline, *output, *event, *symptom;
    bool mask;
    /* of doctor */
    const char *explain, *fix;
    bool list, groups;
    /* of host prepare */
    bool apply, undo, no_vfio;
    unsigned iommu;
    uint64_t firmware_vfs;
    const char *root, *vfio_ids;
    struct words hugepages;
    /* of vm */
    const char *connect, *qmp, *bus_slot, *profile, *network, *from, *mac;
    bool live, config, all;
    unsigned mode, format;
    unsigned macvtap;
    uint64_t timeout;
    /* of dpdk */
    uint64_t cores, memory;
    const char *user, *vf_token;
    bool exec, representors;
    /* of bench */
    uint64_t repeat, seconds, streams;
    const char *to;
    struct words paths;
    /* of acquire */
    bool while_used;
};

#define OPTION(member) offsetof(struct options, member)

/* --colour, in the order of its words. */
enum colour_choice {
    COLOUR_AUTO = 1,
    COLOUR_ALWAYS,
    COLOUR_NEVER,
};

extern const struct option_row global_options[];

/* Rows that several verbs share. */
#define OPTION_FORCE                                                                               \
    {                                                                                              \
        "force", 0, OPTION_FLAG, OPTION(force), .help = "go on although somebody is hurt by it"    \
    }
#define OPTION_DRY_RUN                                                                             \
    {                                                                                              \
        "dry-run", 'n', OPTION_FLAG, OPTION(dry_run),                                              \
            .help = "only print the steps; change nothing"                                         \
    }
#define OPTION_POLICY_PFS                                                                          \
    {                                                                                              \
        "pf", 0, OPTION_WORDS, OPTION(only_pfs), "PF",                                             \
            .help = "only this PF of the policy, or several with commas; may be given more than "  \
                    "once"                                                                         \
    }
#define OPTION_POLICY_FILES                                                                        \
    {                                                                                              \
        "file", 'f', OPTION_WORDS, OPTION(files), "FILE|DIR",                                      \
            .help = "the policy, instead of /etc/sriovd; - is standard input; may be given more "  \
                    "than once"                                                                    \
    }

struct option_parser {
    int argc;
    char **argv;
    int next;                           /* index of the word to look at */
    const struct option_row *tables[2]; /* NULL: none */
    struct options *options;
    bool words_only; /* "--" has been seen */
};

/* Reads options until the next word that is none. 1 and *ret_word; 0 at the end; -EINVAL with
 * `error` filled (code usage). */
int option_next(struct option_parser *p, const char **ret_word, struct sriov_error *error);

#endif
