/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One examination by the doctor, as the verbs doctor, host, audit and report need it, and findings
 * as people read them.
 */
#ifndef CLI_DIAGNOSIS_H
#define CLI_DIAGNOSIS_H

#include "cli/app.h"
#include "doctor/doctor.h"

/* What an examination borrows; it must live as long as the doctor it gave. */
struct diagnosis {
    struct target target;
    struct desired policy;
    struct doctor *doctor;
};

/* Examines the machine, or what `word` names (NULL: all). The policy is what -f names, or
 * /etc/sriovd if that is there and sound; a capture has none of its own. */
int diagnosis_make(struct app *a, const char *word, struct diagnosis *ret);
void diagnosis_done(struct diagnosis *d);

/* Findings of one check about many VFs of a PF are told as one: is the finding at this place told
 * with one before it, and what is the one about ("enp1s0/0-3,5")? */
bool diagnosis_is_told(const struct doctor *d, size_t place);
void diagnosis_object(const struct doctor *d, const struct finding *f, struct buf *ret);

/* All findings as blocks of text, those that one explains under it; then what could not be looked
 * at, and a line that sums up. */
void diagnosis_text(struct app *a, const struct diagnosis *d);

#endif
