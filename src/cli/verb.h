/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verbs of sriovctl. A new one is a file of its own that defines `const struct verb verb_NAME`,
 * and its NAME in the list below; help, man page, reference and completions come from there.
 */
#ifndef CLI_VERB_H
#define CLI_VERB_H

#include "cli/option.h"

struct app;

/* In the order of the manual. */
#define VERBS(X)                                                                                   \
    X(list)                                                                                        \
    X(show)                                                                                        \
    X(create)                                                                                      \
    X(set)                                                                                         \
    X(bind)                                                                                        \
    X(unbind)                                                                                      \
    X(plan)                                                                                        \
    X(apply)                                                                                       \
    X(history)                                                                                     \
    X(rollback)                                                                                    \
    X(acquire)                                                                                     \
    X(release)                                                                                     \
    X(leases)                                                                                      \
    X(run)                                                                                         \
    X(vm)                                                                                          \
    X(dpdk)                                                                                        \
    X(doctor)                                                                                      \
    X(audit)                                                                                       \
    X(report)                                                                                      \
    X(host)                                                                                        \
    X(watch)                                                                                       \
    X(capture)                                                                                     \
    X(bench)                                                                                       \
    X(help)                                                                                        \
    X(version)

enum verb_flags {
    VERB_READS = 1 << 0,  /* looks at the machine, so it can answer from --replay */
    VERB_WRITES = 1 << 1, /* changes the machine: needs root, unless it is a dry run */
    VERB_SETS = 1 << 2,   /* its help ends with the attributes */
    VERB_LENDS = 1 << 3,  /* lends VFs or takes them back: needs root, and has no dry run */
    VERB_HERE = 1 << 4,   /* makes sense on the machine itself only: not for --host */
};

/* What an argument is, for completions. */
enum word_kind {
    WORD_NONE,
    WORD_PF,
    WORD_TARGET, /* PF, PF/N, PF/N-M */
    WORD_COUNT,
    WORD_SETTING,    /* key=value */
    WORD_VF_SETTING, /* the same, of VFs only */
    WORD_DRIVER,
    WORD_FILE,
    WORD_VERB,
    WORD_TRANSACTION,
    WORD_DOMAIN, /* of libvirt */
};

struct example {
    const char *command; /* without "sriovctl " */
    const char *shows;   /* what it does, one sentence without a full stop */
};

#define ANY_NUMBER 4096u
#define VERB_WORDS 3

struct verb {
    const char *name;
    const char *synopsis;             /* "create PF COUNT", without options */
    const char *help;                 /* one line for the overview */
    const char *const *details;       /* paragraphs, NULL-terminated */
    const struct option_row *options; /* NULL: none */
    unsigned min_args, max_args;
    unsigned flags;      /* enum verb_flags */
    const char *program; /* file of the program that does it, "sriovctl-vm"; NULL: this one */
    enum word_kind words[VERB_WORDS]; /* of the arguments; the last one also of all that follow */
    const struct example *examples;   /* ends with command NULL */
    /* 0, or -errno with app->error filled. Output goes into app->out. Without one for another
     * program. */
    int (*run)(struct app *app);
};

#define DECLARE_VERB(name) extern const struct verb verb_##name;
VERBS(DECLARE_VERB)
#undef DECLARE_VERB

#endif
