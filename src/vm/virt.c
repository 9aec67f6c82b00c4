/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The connection to libvirt, and what its errors mean to us.
 */
#include "vm/virt.h"

#include <errno.h>

#include "base/str.h"

/* libvirt numbers its own errors; those that mean more than "it failed" to whoever called us. */
static const struct {
    int virt;
    int error;
    enum sriov_code code;
} fits[] = {
    { VIR_ERR_NO_DOMAIN, ENOENT, SRIOV_NO_DEVICE },
    { VIR_ERR_NO_NETWORK, ENOENT, SRIOV_NO_DEVICE },
    { VIR_ERR_DEVICE_MISSING, ENOENT, SRIOV_NO_DEVICE },
    { VIR_ERR_NO_DOMAIN_METADATA, ENOENT, SRIOV_FAILED },
    { VIR_ERR_ACCESS_DENIED, EACCES, SRIOV_NOT_PERMITTED },
    { VIR_ERR_AUTH_FAILED, EACCES, SRIOV_NOT_PERMITTED },
    { VIR_ERR_AUTH_CANCELLED, EACCES, SRIOV_NOT_PERMITTED },
    { VIR_ERR_AUTH_UNAVAILABLE, EACCES, SRIOV_NOT_PERMITTED },
    { VIR_ERR_OPERATION_DENIED, EACCES, SRIOV_NOT_PERMITTED },
    { VIR_ERR_NO_CONNECT, ECONNREFUSED, SRIOV_FAILED },
    { VIR_ERR_NO_SUPPORT, EOPNOTSUPP, SRIOV_UNSUPPORTED },
    { VIR_ERR_CONFIG_UNSUPPORTED, EOPNOTSUPP, SRIOV_UNSUPPORTED },
    { VIR_ERR_OPERATION_UNSUPPORTED, EOPNOTSUPP, SRIOV_UNSUPPORTED },
    { VIR_ERR_ARGUMENT_UNSUPPORTED, EOPNOTSUPP, SRIOV_UNSUPPORTED },
    { VIR_ERR_AGENT_UNRESPONSIVE, ENOTCONN, SRIOV_FAILED },
    { VIR_ERR_OPERATION_TIMEOUT, ETIMEDOUT, SRIOV_FAILED },
};

int virt_error(const char *object, const char *message, struct sriov_error *error)
{
    const virError *e = virGetLastError();
    enum sriov_code code = SRIOV_FAILED;
    int number = EIO, r;
    for (size_t i = 0; e && i < ELEMENTS(fits); i++) {
        if (fits[i].virt == e->code) {
            number = fits[i].error;
            code = fits[i].code;
        }
    }
    r = error_set(error, code, number, object, "%s", message);
    error_kernel(error, e ? e->message : "");
    return r;
}

/* It would print each error itself. */
static void be_silent(void *userdata, virErrorPtr e)
{
}

static int check_uri(const char *uri, struct sriov_error *error)
{
    const char *server = strstr(uri, "://");
    int r;
    if (server && server[3] != '/' && server[3] != '\0') {
        r = error_set(error, SRIOV_UNSUPPORTED, EOPNOTSUPP, uri,
                      "is another machine, and the VF is in this one");
        error_remedy(error, "run it there: sriovctl --host HOST vm ...");
        return r;
    }
    if (!strstr(uri, "/session"))
        return 0;
    r = error_set(error, SRIOV_UNSUPPORTED, EOPNOTSUPP, uri,
                  "VMs of a user's session may not have devices of the host");
    error_remedy(error, "define the VM under " VIRT_URI_DEFAULT);
    return r;
}

int virt_open(const char *uri, virConnectPtr *ret, struct sriov_error *error)
{
    const char *to = uri ? uri : VIRT_URI_DEFAULT;
    int r = check_uri(to, error);
    if (r < 0)
        return r;
    virSetErrorFunc(NULL, be_silent);
    /* Before the connection is made, or it would have no events. */
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0)
        return virt_error(to, "libvirt cannot be used", error);
    *ret = virConnectOpen(to);
    if (*ret)
        return 0;
    r = virt_error(to, "libvirt cannot be reached", error);
    error_remedy(error, "start it (systemctl start libvirtd, or virtqemud.socket), or name "
                        "another with --connect");
    return r == -EIO ? -ECONNREFUSED : r;
}
