/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the plugin answers when it fails: the error object of the CNI specification, section 5.
 * Filled once, where the cause is known; main.c prints it.
 */
#ifndef CNI_ERROR_H
#define CNI_ERROR_H

#include "base/buf.h"
#include "sriov/error.h"

/* Up to 99 they are the specification's. */
enum cni_code {
    CNI_INCOMPATIBLE_VERSION = 1,
    CNI_UNSUPPORTED_FIELD = 2,
    CNI_UNKNOWN_CONTAINER = 3,
    CNI_INVALID_ENVIRONMENT = 4,
    CNI_IO_FAILURE = 5,
    CNI_DECODING_FAILURE = 6,
    CNI_INVALID_CONFIG = 7,
    CNI_TRY_AGAIN_LATER = 11,
    CNI_NOT_AVAILABLE = 50,
    CNI_IN_USE = 100,
    CNI_EXISTS = 101,
    CNI_CANNOT_DO = 102, /* the driver or the kernel */
    CNI_NO_DEVICE = 103,
    CNI_NOT_PERMITTED = 104,
    CNI_NOT_PUT_BACK = 105,
    CNI_FAILED = 106,
};

struct cni_error {
    unsigned code;
    char msg[512];     /* one line: what, where, why */
    char details[512]; /* what to do, "" if nothing is known */
};

/* Fills `e` (NULL is fine) and returns -`error`. */
int cni_fail(struct cni_error *e, enum cni_code code, int error, const char *format, ...)
    _printf_(4, 5);
void cni_details(struct cni_error *e, const char *format, ...) _printf_(2, 3);
int cni_no_memory(struct cni_error *e);

/* The library's error as the specification's; returns `r`. */
int cni_fail_as(struct cni_error *e, const struct sriov_error *cause, int r);

/* The JSON object, with a line end. */
void cni_error_write(const struct cni_error *e, const char *version, struct buf *out);

#endif
