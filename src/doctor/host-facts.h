/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The host as SR-IOV needs it, one row per subject: what is there, as text, and the verdict, which
 * is that of the doctor's findings on the subject. Nothing is judged a second time.
 */
#ifndef DOCTOR_HOST_FACTS_H
#define DOCTOR_HOST_FACTS_H

#include "doctor/doctor.h"

struct host_row {
    const char *id;    /* "interrupt-remapping" */
    const char *title; /* "Interrupt remapping" */
    /* What there is to say, appended; nothing if it cannot be told. */
    void (*facts)(struct doctor *d, struct buf *ret);
    const char *const *checks; /* ids, NULL-terminated */
};

extern const struct host_row host_rows[]; /* ends with an id of NULL */

enum host_verdict {
    HOST_OK,
    HOST_WARN,
    HOST_BAD,
    HOST_UNKNOWN, /* one of its checks could not look, and no other found anything */
};

enum host_verdict host_judge(const struct doctor *d, const struct host_row *row);
const char *host_verdict_name(enum host_verdict v);

/* Is the finding one that the row is judged by? */
bool host_row_has(const struct host_row *row, const struct finding *f);

/* Why a row is unknown, NULL if it is not. */
const char *host_unseen(const struct doctor *d, const struct host_row *row);

/* Reads the facts of all rows for the sake of a capture. */
void host_look(struct doctor *d);

#endif
