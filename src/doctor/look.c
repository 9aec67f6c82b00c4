/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What checks look at. Whatever may be asked for by several checks is read once and kept: a host
 * with hundreds of VFs is not read anew by each check.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor/engine.h"
#include "kernel/list.h"

#define PATH_SIZE 256

/* Functions in which a process hangs while VFs cannot be removed, or which wait for its lock. */
static const char *const stuck_functions[] = {
    "vfio_unregister_group_dev",
    "vfio_device_remove",
    "pci_disable_sriov",
    "sriov_numvfs_store",
    "sriov_numvfs_show",
    "driver_override",
    "device_release_driver_internal",
    NULL,
};

static int look_at_leases(struct doctor *d, struct sriov_error *error)
{
    struct sriov_error why = { 0 };
    int r;

    if (d->session->replay)
        return 0;
    r = session_leases(d->session, &d->leases, &d->n_leases, &why);
    if (r < 0 && r != -EACCES) {
        *error = why;
        return r;
    }
    if (r == 0 && session_ledger(d->session, &why) >= 0)
        d->can_see |= NEEDS_LEDGER;
    return 0;
}

int look_start(struct doctor *d, struct sriov_error *error)
{
    struct backend *b;
    int r;

    r = session_holders(d->session, error);
    if (r >= 0)
        r = look_at_leases(d, error);
    if (r < 0)
        return r;
    b = d->session->backend;
    if (!d->session->holders.incomplete)
        d->can_see |= NEEDS_PROCESSES;
    if (b->ops->kernel_log(b, log_words, &d->log) >= 0)
        d->can_see |= NEEDS_LOG;
    if (b->ops->stuck_tasks(b, stuck_functions, &d->stuck) < 0)
        d->stuck = (struct stuck_tasks){ 0 };
    r = pci_tree_read(b, &d->pci);
    if (r < 0 && r != -ENOENT)
        return error_set(error, SRIOV_FAILED, -r, "", "cannot read the PCI devices");
    if (d->pci.complete)
        d->can_see |= NEEDS_CONFIG;
    if (d->policy)
        d->can_see |= NEEDS_POLICY;
    return 0;
}

void look_done(struct doctor *d)
{
    leases_free(d->leases, d->n_leases);
    strv_done(&d->log);
    stuck_tasks_done(&d->stuck);
    pci_tree_done(&d->pci);
    for (size_t i = 0; i < d->texts.count; i++) {
        free(d->texts.items[i]->path);
        free(d->texts.items[i]->text);
        free(d->texts.items[i]);
    }
    free(d->texts.items);
    for (size_t i = 0; i < d->dirs.count; i++) {
        free(d->dirs.items[i]->path);
        strv_done(&d->dirs.items[i]->names);
        free(d->dirs.items[i]);
    }
    free(d->dirs.items);
}

struct backend *doctor_backend(const struct doctor *d)
{
    return d->session->backend;
}

const struct snapshot *doctor_snapshot(const struct doctor *d)
{
    return d->session->snapshot;
}

const struct holders *doctor_holders(const struct doctor *d)
{
    return &d->session->holders;
}

struct ledger *doctor_ledger(const struct doctor *d)
{
    return d->session->ledger;
}

const struct lease *doctor_leases(const struct doctor *d, size_t *ret_count)
{
    *ret_count = d->n_leases;
    return d->leases;
}

const struct desired *doctor_policy(const struct doctor *d)
{
    return d->policy;
}

const struct pci_tree *doctor_pci(struct doctor *d)
{
    return &d->pci;
}

const struct stuck_tasks *doctor_stuck(const struct doctor *d)
{
    return &d->stuck;
}

/* ---- files ---- */

static const char *remember_text(struct doctor *d, const char *path, char *text)
{
    struct seen_text *entry = calloc(1, sizeof(*entry)), **slot;

    slot = entry ? LIST_ADD(&d->texts) : NULL;
    if (!slot) {
        free(entry);
        free(text);
        d->failed = true;
        return "";
    }
    *slot = entry;
    entry->path = strdup(path);
    entry->text = text;
    d->failed |= !entry->path;
    return text ? text : "";
}

static const char *text_of(struct doctor *d, const char *path)
{
    struct backend *b = doctor_backend(d);
    char *text = NULL;

    for (size_t i = 0; i < d->texts.count; i++) {
        const struct seen_text *entry = d->texts.items[i];

        if (entry->path && str_eq(entry->path, path))
            return entry->text ? entry->text : "";
    }
    if (b->ops->read_file(b, path, &text) < 0)
        text = NULL;
    return remember_text(d, path, text);
}

const char *read_text(struct doctor *d, const char *path, ...)
{
    char full[PATH_SIZE];
    va_list args;

    va_start(args, path);
    vsnprintf(full, sizeof(full), path, args);
    va_end(args);
    return text_of(d, full);
}

bool read_number(struct doctor *d, uint64_t *ret, const char *path, ...)
{
    char full[PATH_SIZE];
    va_list args;

    va_start(args, path);
    vsnprintf(full, sizeof(full), path, args);
    va_end(args);
    return str_to_u64(text_of(d, full), UINT64_MAX, ret) == 0;
}

bool there_is(struct doctor *d, const char *path, ...)
{
    char full[PATH_SIZE];
    va_list args;

    va_start(args, path);
    vsnprintf(full, sizeof(full), path, args);
    va_end(args);
    return backend_exists(doctor_backend(d), full);
}

static const struct strv *dir_of(struct doctor *d, const char *path)
{
    static const struct strv none = { 0 };
    struct backend *b = doctor_backend(d);
    struct seen_dir *entry, **slot;

    for (size_t i = 0; i < d->dirs.count; i++) {
        if (str_eq(d->dirs.items[i]->path, path))
            return &d->dirs.items[i]->names;
    }
    entry = calloc(1, sizeof(*entry));
    if (entry)
        entry->path = strdup(path);
    slot = entry && entry->path ? LIST_ADD(&d->dirs) : NULL;
    if (!slot) {
        if (entry)
            free(entry->path);
        free(entry);
        d->failed = true;
        return &none;
    }
    *slot = entry;
    if (b->ops->list_dir(b, path, &entry->names) < 0)
        entry->names = STRV_INIT;
    return &entry->names;
}

const struct strv *read_dir(struct doctor *d, const char *path, ...)
{
    char full[PATH_SIZE];
    va_list args;

    va_start(args, path);
    vsnprintf(full, sizeof(full), path, args);
    va_end(args);
    return dir_of(d, full);
}

bool read_override(struct doctor *d, const struct vf *vf, char ret[OVERRIDE_SIZE])
{
    _cleanup_free_ char *text = NULL;
    struct backend *b = doctor_backend(d);
    char path[PATH_SIZE];

    if (!vf->sysfs[0] || d->stuck.count > 0 || d->stuck.incomplete)
        return false;
    snprintf(path, sizeof(path), "%s/driver_override", vf->sysfs);
    if (b->ops->read_file(b, path, &text) < 0)
        return false;
    return str_copy(ret, OVERRIDE_SIZE, str_eq(text, "(null)") ? "" : text);
}

/* ---- kernel parameters ---- */

/* Length of the word at `text`; blanks between double quotes belong to it. */
static size_t parameter_len(const char *text)
{
    bool quoted = false;
    size_t len;

    for (len = 0; text[len] && (quoted || (text[len] != ' ' && text[len] != '\n')); len++)
        quoted ^= text[len] == '"';
    return len;
}

/* The kernel takes - and _ in names for the same. */
static bool same_name(const char *word, const char *name)
{
    for (; *name; word++, name++) {
        if (*word != *name && !((*word == '-' || *word == '_') && (*name == '-' || *name == '_')))
            return false;
    }
    return *word == '\0' || *word == '=' || *word == ' ' || *word == '\n';
}

const char *boot_parameter(struct doctor *d, const char *name)
{
    const char *at = text_of(d, "/proc/cmdline"), *found = NULL;

    while (*at) {
        size_t len = parameter_len(at);

        if (len > 0 && same_name(at, name)) {
            const char *value = memchr(at, '=', len);
            size_t value_len = value ? len - (size_t)(value + 1 - at) : 0;

            snprintf(d->parameter, sizeof(d->parameter), "%.*s", (int)value_len,
                     value ? value + 1 : "");
            found = d->parameter;
        }
        at += len;
        at += *at != '\0';
    }
    return found;
}

/* ---- objects ---- */

const struct holder *holder_of(const struct doctor *d, const struct pf *pf, int vf)
{
    const struct holders *all = doctor_holders(d);

    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].vf == vf && str_eq(all->items[i].pf, pf->key))
            return &all->items[i];
    }
    return NULL;
}

const struct rtnl_link *netdev_of_vf(const struct doctor *d, const struct vf *vf)
{
    return vf->ifindex > 0 ? snapshot_link(doctor_snapshot(d), vf->ifindex) : NULL;
}

const struct rtnl_link *netdev_of_pf(const struct doctor *d, const struct pf *pf)
{
    return pf->ifindex > 0 ? snapshot_link(doctor_snapshot(d), pf->ifindex) : NULL;
}
