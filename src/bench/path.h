/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ways to a network that are compared. Each is a row: what lies on it, and how the endpoint at
 * its end is made. Those made here are there only while they are measured, one at a time; a guest's
 * is there already and is named by its address.
 */
#ifndef BENCH_PATH_H
#define BENCH_PATH_H

#include "bench/endpoint.h"
#include "bench/report.h"

/* The addresses of the two ends, unless --address says something else: the range that is set aside
 * for measurements (RFC 2544). */
#define ADDRESS_HERE "198.18.0.1/24"
#define ADDRESS_PEER "198.18.0.2/24"

/* What is compared on. */
struct site {
    struct app *app;
    char pf[32];        /* its key */
    char label[32];     /* as people call it */
    char vf_driver[32]; /* of those VFs that have a netdev */
    int pf_ifindex;
    uint32_t pf_mtu;
    char pf_user[160];    /* who uses the PF's own netdev; "" nobody */
    const char *here;     /* CIDR of the endpoint that is made */
    const char *to;       /* address of the other end: the peer's, or a machine's */
    struct endpoint peer; /* the other end, if it is one of ours */
};

/* A path that is open: the endpoint, and the bridge on the way to it. */
struct way {
    struct endpoint end;
    struct endpoint bridge;
    int removed_with_it;    /* ifindex, in `end` or `bridge`, of what stands on the NIC; 0 */
    struct endpoint *below; /* where that is */
};

struct path {
    const char *name;
    const char *about;
    bool is_guest;  /* by its address: nothing is made */
    bool by_choice; /* not unless it is asked for */
    int (*open)(struct site *s, struct way *w);
};

extern const struct path bench_paths[]; /* ends with a name of NULL */

/* One that was asked for: "vf", "vm-vf=192.0.2.10". */
struct chosen_path {
    const struct path *path;
    char address[64]; /* of a guest */
};

int path_choose(struct app *a, const char *word, struct chosen_path *ret);

/* Opens it; path_close also if that failed half-way. */
int path_open(struct site *s, const struct path *path, struct way *ret);

/* Gives everything back. */
int path_close(struct site *s, struct way *w);

#endif
