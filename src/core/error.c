/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Filling a struct sriov_error. Everything is cut to the fixed sizes of the structure rather than
 * refused: half a message is better than none. An errno's text is the kernel's word only where the
 * kernel gave the errno, so callers who found the fault themselves pass 0.
 */
#include "core/error.h"

#include <errno.h>
#include <stdarg.h>

#include "base/str.h"

/* The kernel's own "not supported". It is no errno of user space, yet drivers let it out. */
#define KERNEL_ENOTSUPP 524

struct error_fit {
    int error;
    enum sriov_code code;
};

/* ENOENT is how sysfs says that a driver has no such operation, not that a device is missing. */
static const struct error_fit fits[] = {
    { EPERM, SRIOV_NOT_PERMITTED },
    { EACCES, SRIOV_NOT_PERMITTED },
    { EROFS, SRIOV_NOT_PERMITTED },
    { ENODEV, SRIOV_NO_DEVICE },
    { ENXIO, SRIOV_NO_DEVICE },
    { EOPNOTSUPP, SRIOV_UNSUPPORTED },
    { KERNEL_ENOTSUPP, SRIOV_UNSUPPORTED },
    { EPROTONOSUPPORT, SRIOV_UNSUPPORTED },
    { ENOSYS, SRIOV_UNSUPPORTED },
    { ENOENT, SRIOV_UNSUPPORTED },
};

static const char *errno_text(int error)
{
    return strerrordesc_np(error == KERNEL_ENOTSUPP ? EOPNOTSUPP : error);
}

int error_set(struct sriov_error *e, enum sriov_code code, int error, const char *object,
              const char *format, ...)
{
    int r = error > 0 ? -error : -EINVAL;
    if (!e)
        return r;

    va_list ap;
    *e = (struct sriov_error){ .code = code, .error = error };
    if (object)
        STR_SET(e->object, object);
    va_start(ap, format);
    vsnprintf(e->message, sizeof(e->message), format, ap);
    va_end(ap);
    if (error > 0)
        error_kernel(e, errno_text(error));
    return r;
}

void error_kernel(struct sriov_error *e, const char *text)
{
    if (e && text && *text)
        STR_SET(e->kernel, text);
}

void error_remedy(struct sriov_error *e, const char *format, ...)
{
    if (!e)
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(e->remedy, sizeof(e->remedy), format, ap);
    va_end(ap);
}

int error_no_memory(struct sriov_error *e)
{
    return error_set(e, SRIOV_FAILED, ENOMEM, NULL, "out of memory");
}

enum sriov_code error_code_of(int error)
{
    for (size_t i = 0; i < ELEMENTS(fits); i++) {
        if (fits[i].error == error)
            return fits[i].code;
    }
    return SRIOV_FAILED;
}
