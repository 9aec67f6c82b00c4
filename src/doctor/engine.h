/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Inside the doctor: what its own files share. Checks use check.h, programs doctor.h.
 */
#ifndef DOCTOR_ENGINE_H
#define DOCTOR_ENGINE_H

#include "doctor/doctor.h"
#include "doctor/pci.h"

/* A file or folder that was read once. */
struct seen_text {
    char *path, *text;
};

struct seen_dir {
    char *path;
    struct strv names;
};

struct doctor {
    struct session *session;
    const struct target *target;
    const struct desired *policy;
    struct lease *leases;
    size_t n_leases;
    struct strv log;
    struct stuck_tasks stuck;
    struct pci_tree pci;
    unsigned can_see; /* enum check_needs */
    char parameter[128];

    struct {
        struct seen_text **items;
        size_t count;
    } texts;
    struct {
        struct seen_dir **items;
        size_t count;
    } dirs;

    const struct check *running;
    const struct pf *pf; /* what it runs on */
    const struct vf *vf;

    struct {
        struct finding **items; /* in the order of reporting; after ordering in the reader's */
        size_t count;
    } findings;
    struct {
        struct unseen *items;
        size_t count;
    } unseen;
    struct finding spare; /* taken when there is no memory for another */
    bool failed;          /* there was none once */
};

/* look.c: reads what every run needs; -errno if the machine cannot be read. */
int look_start(struct doctor *d, struct sriov_error *error);
void look_done(struct doctor *d);

/* log.c: the words that the kernel log is searched for, NULL-terminated. */
extern const char *const log_words[];

/* finding.c */
void finding_done(struct finding *f);
void unseen_add(struct doctor *d, const struct check *c, const char *why);

/* order.c: puts the findings into the reader's order and sets `under`. */
void order_findings(struct doctor *d);

#endif
