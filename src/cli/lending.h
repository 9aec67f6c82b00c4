/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the verbs about leases share: which VF is meant, and for acquire and run how it is to be;
 * the notes about leases that ended because their owner did.
 */
#ifndef CLI_LENDING_H
#define CLI_LENDING_H

#include "cli/app.h"
#include "core/choose.h"

/* Options of acquire and run that say which VF will do. */
#define OPTIONS_CHOICE                                                                                 \
    { "pf", 0, OPTION_TEXT, OPTION(pf), "PF", .help = "any VF of this PF" },                           \
        { "pool", 0, OPTION_TEXT, OPTION(pool), "POOL", .help = "any VF of this pool of the policy" }, \
        { "numa", 0, OPTION_TEXT, OPTION(numa), "NODE", .help = "a VF of a PF on this NUMA node" },    \
        { "driver",       0,        OPTION_TEXT,                                                       \
          OPTION(driver), "DRIVER", .help = "a VF that is bound to this driver now; none: to none" },  \
        { "link", 0, OPTION_FLAG, OPTION(link), .help = "a VF of a PF that has carrier" },             \
    {                                                                                                  \
        "spread", 0, OPTION_FLAG, OPTION(spread),                                                      \
            .help = "from the PF that has lent the fewest VFs"                                         \
    }

#define OPTION_CLEAN                                                                               \
    {                                                                                              \
        "clean", 0, OPTION_FLAG, OPTION(clean),                                                    \
            .help =                                                                                \
                "settings that are not given are those of a new VF, not what they happen to be"    \
    }

/* Where leases are kept. */
const char *lending_dir(const struct app *a);

/* The one VF that a word means; -EINVAL (code usage) if it is a PF or several. */
int lending_find(struct app *a, const char *word, struct vf_place *ret);

/* Which VF is asked for, and how it is to be. */
struct lending {
    bool by_wish;
    struct vf_place place;   /* else */
    struct choose_wish wish; /* if by_wish */
    struct assign_request request;
};

/* From the options of the table above, the word for one VF (NULL: none) and the settings. Exactly
 * one of word and options must say which VF. Owner, namespace and name of the request are the
 * caller's. */
int lending_read(struct app *a, const char *word, const char *const *settings, size_t n_settings,
                 struct lending *ret);

/* Leases it; `ret` is released with lease_done. */
int lending_acquire(struct app *a, const struct lending *l, struct lease *ret);

/* Takes back what owners that are gone have left, with a note for each. What cannot be taken back
 * is a note, too: it must not keep anybody from another VF. */
int lending_recover(struct app *a);

#endif
