/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The doctor: runs the checks on one machine (or a capture of it) and gives the findings, ordered
 * by cause. check.h is for who writes a check; this is for programs. Nothing here changes the
 * machine.
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include "core/session.h"
#include "core/target.h"
#include "doctor/check.h"

/* All borrowed until doctor_free. */
struct doctor_input {
    struct session
        *session; /* snapshot, holders and ledger are read through it if they are not yet */
    const struct target *target;  /* only what concerns this PF or these VFs; NULL: all */
    const struct desired *policy; /* NULL: none */
};

/* Runs all checks. 0, also with findings; -errno if the machine could not be read at all. */
int doctor_run(const struct doctor_input *in, struct doctor **ret, struct sriov_error *error);
struct doctor *doctor_free(struct doctor *d); /* NULL is fine; returns NULL */
DEFINE_CLEANUP(struct doctor *, doctor_free)
#define _cleanup_doctor_ _cleanup_(doctor_free_p)

/* The i-th finding, NULL beyond the last: the ones that are not explained by another come first, by
 * severity, then by how much they explain, then in the order of the table; each is followed by
 * those that are under it. */
const struct finding *doctor_finding(const struct doctor *d, size_t i);

/* How many findings stand over it. */
unsigned finding_depth(const struct finding *f);

/* Checks that could not look, with the reason ("needs root: PCI config space"). */
struct unseen {
    const struct check *check;
    char why[120];
};
const struct unseen *doctor_unseen(const struct doctor *d, size_t i);

/* Is there a finding of severity error? */
bool doctor_has_errors(const struct doctor *d);

/* {"healthy","findings":[…],"unchecked":[…]}, the findings with their consequences nested. */
void doctor_json(const struct doctor *d, struct json_writer *w);
void finding_json(const struct doctor *d, const struct finding *f, struct json_writer *w);

/* ---- the tables ---- */

extern const struct area *const doctor_areas[AREA_COUNT];

/* NULL if there is none; then *ret_nearest (may be NULL itself) is one that may be meant, or NULL.
 */
const struct check *check_find(const char *id, const char **ret_nearest);
const struct area *check_area(const struct check *c);
const char *severity_name(enum severity s);
const char *confidence_name(enum confidence c);

/* "needs root: PCI config space"; "" for none. */
void check_needs_text(unsigned needs, char *ret, size_t size);

/* The page of the knowledge base about a check: Markdown, compiled in from docs/kb/ID.md. NULL if
 * there is no such page. */
const char *kb_page(const char *id);

#endif
