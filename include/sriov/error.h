/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What went wrong, for a person and for a program. The caller owns the structure; a function that
 * fails fills it once, where the cause is known, and returns -errno. Nothing touches it on success.
 */
#ifndef SRIOV_ERROR_H
#define SRIOV_ERROR_H

/* The exit status of sriovctl and the "code" of every JSON error. */
enum sriov_code {
    SRIOV_DONE = 0,
    SRIOV_FAILED = 1,      /* failed, and what had been changed is undone */
    SRIOV_USAGE = 2,       /* the request makes no sense: options, policy, a value out of range */
    SRIOV_IN_USE = 3,      /* refused: somebody would be hurt */
    SRIOV_UNSUPPORTED = 4, /* the driver or the kernel cannot do this */
    SRIOV_NO_DEVICE = 5,
    SRIOV_NOT_PERMITTED = 6,
    SRIOV_NOT_ROLLED_BACK = 7, /* failed, and could not be undone in full */
};

struct sriov_error {
    enum sriov_code code;
    int error;         /* errno, 0 if there is none */
    char object[128];  /* what it failed on: "enp1s0/3", "/etc/sriovd/a.yaml:12" */
    char message[256]; /* what failed */
    char kernel[160];  /* the kernel's own words, empty if it said nothing */
    char remedy[256];  /* what to do, empty if nothing is known */
};

#endif
