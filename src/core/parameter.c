/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VFs by module parameter, for drivers without sriov_configure and kernels before 3.8: an options
 * line in modprobe.d that lasts over reboots, and the driver loaded again. The parameter acts on
 * every PF of the driver, so unloading it passes the safety gate for all of them.
 */
#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "core/execute.h"
#include "core/quirk.h"

#define MODPROBE_DIR "/etc/modprobe.d"

static const struct pf *pf_of(const struct plan *p, const struct step *step)
{
    return p->goals.items[step->goal].pf;
}

int execute_write_parameter(struct backend *b, const struct plan *p, const struct step *step,
                            struct sriov_error *error)
{
    const struct pf *pf = pf_of(p, step);
    const struct driver *driver = driver_find(pf->driver);
    char path[96], text[200];
    int r;

    if (!driver || !driver->count_param)
        return error_set(error, SRIOV_UNSUPPORTED, EOPNOTSUPP, pf_label(pf),
                         "its driver has no parameter for VFs");
    snprintf(path, sizeof(path), MODPROBE_DIR "/sriovd-%s.conf", pf->driver);
    if (str_eq(step->to, "0")) {
        r = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
    } else {
        snprintf(text, sizeof(text),
                 "# Written by sriovd; `sriovctl create` changes it.\noptions %s %s=%s\n",
                 pf->driver, driver->count_param, step->to);
        r = file_make_dirs(MODPROBE_DIR, 0755);
        if (r >= 0)
            r = file_replace(path, text, strlen(text), 0644);
    }
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, path, "cannot write the module's options");
    return 0;
}

static int modprobe(struct backend *b, const char *const *argv, const struct pf *pf,
                    struct sriov_error *error)
{
    char text[160] = "";
    int r;

    r = b->ops->run(b, argv, text, sizeof(text));
    if (r >= 0)
        return 0;
    error_set(error, SRIOV_FAILED, -r, pf_label(pf), "%s of %s failed", argv[0], pf->driver);
    error_kernel(error, text);
    error_remedy(error, "see what uses it with `lsmod`");
    return r;
}

/* The VFs that came with the driver may wait for theirs. */
static void load_vf_drivers(struct backend *b, const struct pf *pf)
{
    _cleanup_free_ char *loaded = NULL;

    for (size_t i = 0; i < pf->n_vfs; i++)
        if (!pf->vfs[i].attrs.driver[0])
            execute_load_default(b, &pf->vfs[i], &loaded);
}

int execute_reload_driver(struct backend *b, struct events *e, struct plan *p,
                          const struct step *step, struct sriov_error *error)
{
    struct pf *pf = p->goals.items[step->goal].pf;
    char driver[32];
    int r;

    STR_SET(driver, pf->driver); /* forgotten by the model while it is unbound */
    r = modprobe(b, (const char *[]){ "modprobe", "-r", driver, NULL }, pf, error);
    if (r >= 0)
        r = modprobe(b, (const char *[]){ "modprobe", driver, NULL }, pf, error);
    for (size_t i = 0; r >= 0 && i < p->snapshot->n_pfs; i++) {
        struct pf *each = &p->snapshot->pfs[i];

        if (!str_eq(each->driver, driver))
            continue;
        r = settle_pf(b, e, p->snapshot, each, error);
        if (r >= 0)
            load_vf_drivers(b, each);
        if (r >= 0)
            r = settle_vfs(b, e, p->snapshot, each, error);
    }
    return r;
}
