/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Binding VFs to drivers, several at a time: the kernel's device lock is per VF, so probes that
 * sleep run beside each other. Always by driver_override, never by new_id, which grabs every device
 * of that id.
 *
 * A named driver is bound through its own `bind` file, because that hands out the error of its
 * probe; drivers_probe says success whatever happened.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "core/execute.h"

#define BIND_THREADS 16

struct job {
    struct step *step;
    const struct vf *vf;
    int result;
    const char *what; /* which write failed */
};

struct pool_of_jobs {
    struct backend *b;
    struct job *jobs;
    size_t count;
    atomic_size_t next;
};

static int write_to(struct backend *b, const char *folder, const char *file, const char *text)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    return b->ops->write_file(b, path, text);
}

/* The driver it has now, as the kernel has it and not as the snapshot had. */
static bool bound_to(struct backend *b, const struct vf *vf, char ret[32])
{
    char path[128];

    snprintf(path, sizeof(path), "%s/driver", vf->sysfs);
    return backend_link_name(b, path, ret, 32) >= 0;
}

static int unbind(struct backend *b, struct job *job)
{
    char driver[32];
    int r;

    if (!bound_to(b, job->vf, driver))
        return 0;
    job->what = "unbind";
    r = write_to(b, job->vf->sysfs, "driver/unbind", job->vf->pci);
    return r == -ENOENT || r == -ENODEV ? 0 : r; /* unbound meanwhile */
}

static int bind_default(struct backend *b, struct job *job)
{
    char driver[32];
    int r;

    job->what = "drivers_probe";
    r = write_to(b, "/sys/bus/pci", "drivers_probe", job->vf->pci);
    if (r < 0 || job->step->implied || bound_to(b, job->vf, driver))
        return r;
    return -ENODEV;
}

static int bind_named(struct backend *b, struct job *job, const char *name)
{
    char folder[96], driver[32];
    int r;

    snprintf(folder, sizeof(folder), "/sys/bus/pci/drivers/%s", name);
    job->what = "bind";
    r = write_to(b, folder, "bind", job->vf->pci);
    /* Somebody else, such as udev loading the module, may have been quicker. */
    if (r < 0 && bound_to(b, job->vf, driver) && str_eq(driver, name))
        return 0;
    return r;
}

/* udev may have loaded the default driver meanwhile, and it took the VF by itself. */
static bool is_as_wanted(const char *to, const char *driver)
{
    return str_eq(to, DRIVER_DEFAULT) ? !driver_is_passthrough(driver) : str_eq(to, driver);
}

/* The driver_override of a VF that is to have driver `to`: no driver is called "none", so none
 * takes a VF that has it (driverctl does the same). Without, whoever loads the default driver next,
 * often udev a moment later, would bind it. */
static const char *override_for(const char *to)
{
    return str_eq(to, DRIVER_DEFAULT) ? "\n" : to;
}

static int run_job(struct backend *b, struct job *job)
{
    const char *to = job->step->to;
    char driver[32];
    int r;

    if (bound_to(b, job->vf, driver) && is_as_wanted(to, driver))
        return 0;
    /* Before the unbind, so that nobody else's probe gets the VF in between. */
    job->what = "driver_override";
    r = write_to(b, job->vf->sysfs, "driver_override", override_for(to));
    if (r >= 0)
        r = unbind(b, job);
    if (r < 0 || str_eq(to, DRIVER_NONE))
        return r;
    return str_eq(to, DRIVER_DEFAULT) ? bind_default(b, job) : bind_named(b, job, to);
}

static void *worker(void *data)
{
    struct pool_of_jobs *pool = data;

    for (;;) {
        size_t i = atomic_fetch_add(&pool->next, 1);

        if (i >= pool->count)
            return NULL;
        pool->jobs[i].result = run_job(pool->b, &pool->jobs[i]);
    }
}

/* This thread works too; one that cannot be started is only one less. */
static void run_pool(struct pool_of_jobs *pool)
{
    pthread_t threads[BIND_THREADS];
    size_t wanted = MIN_OF(pool->count, (size_t)BIND_THREADS) - 1, started = 0;

    while (started < wanted && pthread_create(&threads[started], NULL, worker, pool) == 0)
        started++;
    worker(pool);
    while (started > 0)
        pthread_join(threads[--started], NULL);
}

/* A driver that is a module not loaded yet is loaded, once for all VFs that want it. */
static int load_drivers(struct backend *b, const struct plan *p, struct step *steps, size_t count,
                        struct sriov_error *error)
{
    const char *loaded = "";

    for (size_t i = 0; i < count; i++) {
        const char *name = steps[i].to;
        char path[96], text[160] = "";
        int r;

        if (str_eq(name, loaded) || str_eq(name, DRIVER_DEFAULT) || str_eq(name, DRIVER_NONE))
            continue;
        loaded = name;
        snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s", name);
        if (backend_exists(b, path))
            continue;
        r = b->ops->run(b, (const char *[]){ "modprobe", name, NULL }, text, sizeof(text));
        if (r >= 0 && backend_exists(b, path))
            continue;
        steps[i].state = STEP_FAILED;
        step_object(p, &steps[i], path);
        error_set(error, SRIOV_UNSUPPORTED, ENODEV, path, "there is no driver \"%s\"", name);
        error_kernel(error, text);
        error_remedy(error, "install its kernel module, or check the name (vfio-pci, with a dash)");
        return -ENODEV;
    }
    return 0;
}

/* The VFs of a PF are alike: one is asked about for each driver. */
static int check_drivers(struct backend *b, const struct plan *p, struct job *jobs, size_t count,
                         struct sriov_error *error)
{
    const char *checked = "";
    char object[OBJECT_SIZE];

    for (size_t i = 0; i < count; i++) {
        const char *name = jobs[i].step->to;

        if (str_eq(name, checked) || str_eq(name, DRIVER_DEFAULT) || str_eq(name, DRIVER_NONE))
            continue;
        checked = name;
        if (driver_is_for(b, name, jobs[i].vf))
            continue;
        jobs[i].step->state = STEP_FAILED;
        step_object(p, jobs[i].step, object);
        error_set(error, SRIOV_UNSUPPORTED, 0, object, "%s is no driver for this device", name);
        error_remedy(error, "sriovctl bind %s default takes the one that is", object);
        return -EOPNOTSUPP;
    }
    return 0;
}

void execute_load_default(struct backend *b, const struct vf *vf, char **loaded)
{
    _cleanup_free_ char *alias = NULL;
    char path[128], text[160] = "";

    snprintf(path, sizeof(path), "%s/modalias", vf->sysfs);
    if (b->ops->read_file(b, path, &alias) < 0 || (*loaded && str_eq(alias, *loaded)))
        return;
    b->ops->run(b, (const char *[]){ "modprobe", "-q", alias, NULL }, text, sizeof(text));
    free(*loaded);
    *loaded = TAKE_PTR(alias);
}

/* The VFs that are left without a default driver because its module is not loaded. */
static void load_default_drivers(struct backend *b, struct job *jobs, size_t count)
{
    _cleanup_free_ char *loaded = NULL;

    for (size_t i = 0; i < count; i++) {
        struct job *job = &jobs[i];
        char driver[32];

        /* A probe that found no driver: nothing was said to an implied job, -ENODEV to one asked
         * for. */
        if (!str_eq(job->step->to, DRIVER_DEFAULT) || (job->result < 0 && job->result != -ENODEV) ||
            bound_to(b, job->vf, driver))
            continue;
        execute_load_default(b, job->vf, &loaded);
        /* The module took what it can as it started; only who was asked to bind has to know for
         * sure. */
        if (!job->step->implied)
            job->result = bind_default(b, job);
    }
}

static int bind_failed(const struct plan *p, const struct job *job, struct sriov_error *error)
{
    char object[OBJECT_SIZE];

    step_object(p, job->step, object);
    if (str_eq(job->step->to, DRIVER_NONE))
        error_set(error, error_code_of(-job->result), -job->result, object,
                  "cannot unbind (%s of %s)", job->what, job->vf->pci);
    else
        error_set(error, error_code_of(-job->result), -job->result, object,
                  "cannot bind to %s (%s of %s)", job->step->to, job->what, job->vf->pci);
    if (strstr(job->step->to, "vfio") && job->result == -EINVAL)
        error_remedy(error,
                     "vfio needs an IOMMU: turn on VT-d or AMD-Vi in the BIOS and the kernel");
    else
        error_remedy(error, "`dmesg` has the driver's own words");
    return job->result;
}

int execute_binds(struct backend *b, struct plan *p, struct step *steps, size_t count,
                  struct sriov_error *error)
{
    _cleanup_free_ struct job *jobs = calloc(count, sizeof(*jobs));
    struct pool_of_jobs pool = { .b = b, .jobs = jobs, .count = count };
    int r;

    if (!jobs)
        return error_no_memory(error);
    for (size_t i = 0; i < count; i++) {
        jobs[i].step = &steps[i];
        jobs[i].vf = &p->goals.items[steps[i].goal].pf->vfs[steps[i].vf];
    }
    r = check_drivers(b, p, jobs, count, error);
    if (r >= 0)
        r = load_drivers(b, p, steps, count, error);
    if (r < 0)
        return r;
    run_pool(&pool);
    load_default_drivers(b, jobs, count);
    for (size_t i = 0; i < count; i++) {
        steps[i].state = jobs[i].result < 0 ? STEP_FAILED : STEP_DONE;
        if (jobs[i].result < 0 && r == 0)
            r = bind_failed(p, &jobs[i], error);
    }
    return r;
}

int execute_rebind(struct backend *b, const struct vf *vf, struct sriov_error *error)
{
    struct job job = { .vf = vf };
    char driver[32];
    int r;

    if (!bound_to(b, vf, driver))
        return 0;
    /* Without it the kernel binds nothing while the PF's autoprobe is off. */
    job.what = "driver_override";
    r = write_to(b, vf->sysfs, "driver_override", driver);
    if (r >= 0)
        r = unbind(b, &job);
    if (r >= 0)
        r = bind_named(b, &job, driver);
    write_to(b, vf->sysfs, "driver_override", override_for(DRIVER_DEFAULT));
    if (r >= 0)
        return 0;
    error_set(error, error_code_of(-r), -r, vf->pci, "cannot bind it to %s again (%s)", driver,
              job.what);
    error_remedy(error, "`dmesg` has the driver's own words");
    return r;
}

/* ---- overrides by themselves ---- */

/* The override of a VF that has its default driver may name that one: somebody else's doing, and
 * harmless. */
static bool override_fits(const char *override, const char *to, const char *driver)
{
    if (!str_eq(to, DRIVER_DEFAULT))
        return str_eq(override, to);
    return str_eq(override, "(null)") || (driver[0] && str_eq(override, driver));
}

static int mend_override(struct backend *b, const struct vf *vf, const char *to)
{
    _cleanup_free_ char *override = NULL;
    char path[128], driver[32] = "";

    snprintf(path, sizeof(path), "%s/driver_override", vf->sysfs);
    if (b->ops->read_file(b, path, &override) < 0)
        return 0;
    if (!bound_to(b, vf, driver))
        driver[0] = '\0';
    if (override_fits(override, to, driver))
        return 0;
    return b->ops->write_file(b, path, override_for(to));
}

/* Of the VFs whose driver the goal names; `only`: of those that are to have this one. */
static int mend_overrides(struct backend *b, const struct goal *g, const char *only,
                          struct sriov_error *error)
{
    for (size_t v = 0; v < MIN_OF(g->n_vfs, g->pf->n_vfs); v++) {
        const struct vf *vf = &g->pf->vfs[v];
        const struct attrs *want = &g->vfs[v];
        int r = 0;

        if (attrs_has(want, SRIOV_DRIVER) && vf->sysfs[0] && (!only || str_eq(want->driver, only)))
            r = mend_override(b, vf, want->driver);
        if (r < 0)
            return error_set(error, error_code_of(-r), -r, vf->pci, "cannot set driver_override");
    }
    return 0;
}

int execute_overrides(struct backend *b, const struct plan *p, struct sriov_error *error)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < p->goals.count; i++)
        r = mend_overrides(b, &p->goals.items[i], NULL, error);
    return r;
}

int execute_keep_unbound(struct backend *b, const struct goal *g, struct sriov_error *error)
{
    return mend_overrides(b, g, DRIVER_NONE, error);
}
