/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The error object. The codes of the library become those of the specification by a table, so that
 * a runtime can tell "try again" and "your configuration is wrong" from "it does not work".
 */
#include "cni/error.h"

#include <errno.h>
#include <stdarg.h>

#include "base/json-write.h"
#include "base/str.h"

/* The first row that fits. */
static const struct error_fit {
    enum sriov_code code;
    int error; /* 0: any */
    enum cni_code cni;
} fits[] = {
    { SRIOV_IN_USE, EAGAIN, CNI_TRY_AGAIN_LATER },
    { SRIOV_IN_USE, EEXIST, CNI_EXISTS },
    { SRIOV_IN_USE, 0, CNI_IN_USE },
    { SRIOV_USAGE, 0, CNI_INVALID_CONFIG },
    { SRIOV_UNSUPPORTED, 0, CNI_CANNOT_DO },
    { SRIOV_NO_DEVICE, 0, CNI_NO_DEVICE },
    { SRIOV_NOT_PERMITTED, 0, CNI_NOT_PERMITTED },
    { SRIOV_NOT_ROLLED_BACK, 0, CNI_NOT_PUT_BACK },
};

static enum cni_code code_of(const struct sriov_error *cause)
{
    for (size_t i = 0; i < ELEMENTS(fits); i++) {
        if (fits[i].code == cause->code && (fits[i].error == 0 || fits[i].error == cause->error))
            return fits[i].cni;
    }
    return CNI_FAILED;
}

int cni_fail(struct cni_error *e, enum cni_code code, int error, const char *format, ...)
{
    va_list ap;

    if (!e)
        return -error;
    *e = (struct cni_error){ .code = code };
    va_start(ap, format);
    vsnprintf(e->msg, sizeof(e->msg), format, ap);
    va_end(ap);
    return -error;
}

void cni_details(struct cni_error *e, const char *format, ...)
{
    va_list ap;

    if (!e)
        return;
    va_start(ap, format);
    vsnprintf(e->details, sizeof(e->details), format, ap);
    va_end(ap);
}

int cni_no_memory(struct cni_error *e)
{
    return cni_fail(e, CNI_FAILED, ENOMEM, "out of memory");
}

int cni_fail_as(struct cni_error *e, const struct sriov_error *cause, int r)
{
    cni_fail(e, code_of(cause), 0, "%s%s%s%s%s", cause->object, cause->object[0] ? ": " : "",
             cause->message, cause->kernel[0] ? ": " : "", cause->kernel);
    cni_details(e, "%s", cause->remedy);
    return r;
}

void cni_error_write(const struct cni_error *e, const char *version, struct buf *out)
{
    struct json_writer w = JSON_WRITER(out);

    json_object(&w, NULL);
    json_str(&w, "cniVersion", version);
    json_u64(&w, "code", e->code);
    json_str(&w, "msg", e->msg);
    if (e->details[0])
        json_str(&w, "details", e->details);
    json_end(&w);
    buf_add_char(out, '\n');
}
