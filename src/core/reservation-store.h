/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The folder of reservations, for reservation.c and reservation-make.c. Whoever changes a
 * reservation, or what one is about, holds the folder's lock.
 */
#ifndef CORE_RESERVATION_STORE_H
#define CORE_RESERVATION_STORE_H

#include "core/reservation.h"

/* Makes the folder if it is missed, and waits for whoever has the lock. */
int reservations_lock(const char *state_dir, int *ret_fd, struct sriov_error *error);

struct reservations {
    struct reservation *items;
    size_t count;
};

void reservations_done(struct reservations *l);

/* Those that can be read; the first that cannot is in `error`, and makes no failure. */
int reservations_list(const char *state_dir, struct reservations *ret, struct sriov_error *error);

int reservation_write(const char *state_dir, const struct reservation *r,
                      struct sriov_error *error);

/* Gives back what of the added pages there is. 0 or -errno. */
int reservation_give_back_pages(struct backend *b, const struct reservation *r);

/* As reservation_end, for who has the lock. */
int reservation_end_locked(struct backend *b, const char *state_dir, struct reservation *r,
                           struct sriov_error *error);

#endif
