/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who had which VF when, for people: events of leases among the changes of a history, and the
 * answer for one moment.
 */
#ifndef CLI_TENURE_H
#define CLI_TENURE_H

#include "cli/app.h"
#include "core/lease-log.h"

/* The log of leases of a PF (key; NULL: all) and VF (-1: all). A capture has none. */
int tenure_read(struct app *a, const char *pf, int vf, struct lease_records *ret);

/* "enp1s0/3", or with its key if the PF is gone. */
void tenure_label(const struct app *a, const struct lease_record *r, char ret[OBJECT_SIZE]);

/* "web1 (pid 812)", "cni (container 4f3a…)". */
#define TENURE_WHO_SIZE 160
void tenure_who(const struct lease_record *r, char ret[TENURE_WHO_SIZE]);

/* Prints who had them at that time, given as "2026-08-19 12:00", with seconds or without. */
int tenure_print_at(struct app *a, const struct lease_records *r, const char *time);

#endif
