/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The folder of leases. Names of files are made of keys of PFs and numbers of VFs, and a file whose
 * name or whose text is no lease is never passed over as if the VF were free. The folder is made
 * when it is missed, and not looked for before: a lease is written with four system calls.
 */
#include "core/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "core/ledger-lock.h"

#define LEASE_LIMIT (64u << 10)
#define NAME_SIZE 48 /* key and number of a VF */

/* ---- names ---- */

/* False for what is no key of a PF: such a file could be outside of the folder, or hidden in it. */
static bool make_name(const char *pf, unsigned vf, char ret[NAME_SIZE])
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ:._-";
    size_t len = strspn(pf, allowed);

    return len > 0 && pf[len] == '\0' && pf[0] != '.' &&
           snprintf(ret, NAME_SIZE, "%s.%u", pf, vf) < NAME_SIZE;
}

/* Which VF a file is of; false if it is no lease by its name (temporary files begin with a dot). */
static bool parse_name(const char *name, char pf[32], unsigned *ret_vf)
{
    const char *dot = strrchr(name, '.');
    char again[NAME_SIZE];
    uint64_t vf;

    if (!dot || dot == name || dot - name >= 32 || str_to_u64(dot + 1, UINT16_MAX, &vf) < 0)
        return false;
    snprintf(pf, 32, "%.*s", (int)(dot - name), name);
    *ret_vf = (unsigned)vf;
    return make_name(pf, *ret_vf, again) && str_eq(again, name);
}

/* The file's path, or with `prefix` "." that of its temporary neighbour. */
static int make_path(const char *state_dir, const char *prefix, const char *pf, unsigned vf,
                     char ret[PATH_MAX], struct sriov_error *error)
{
    char name[NAME_SIZE];
    int n;

    if (!make_name(pf, vf, name))
        return error_set(error, SRIOV_USAGE, 0, pf, "is no key of a PF");
    n = snprintf(ret, PATH_MAX, "%s/leases/%s%s", state_dir, prefix, name);
    if (n < 0 || n >= PATH_MAX)
        return error_set(error, SRIOV_USAGE, ENAMETOOLONG, state_dir, "no good state folder");
    return 0;
}

/* ---- reading ---- */

static int unreadable(const char *path, const char *why, struct sriov_error *error)
{
    error_set(error, SRIOV_FAILED, 0, path,
              "the lease cannot be read: somebody has the VF, and nobody knows who");
    error_kernel(error, why);
    error_remedy(error, "find out who uses the VF (`sriovctl show`); if nobody does, `sriovctl "
                        "release` makes it like new, or remove the file");
    return -EBADMSG;
}

static int cannot(const char *what, int r, const char *path, struct sriov_error *error)
{
    bool refused = r == -EACCES || r == -EPERM;

    error_set(error, r == -ENOENT ? SRIOV_FAILED : error_code_of(-r), -r, path,
              "the lease cannot be %s", what);
    if (refused)
        error_remedy(error, "run as root, or give another --state-dir");
    else if (r == -ENOSPC || r == -EDQUOT)
        error_remedy(error, "the disk is full: make room on it");
    return r;
}

int lease_read(const char *state_dir, const char *pf, unsigned vf, struct lease *ret,
               struct sriov_error *error)
{
    _cleanup_free_ char *text = NULL;
    struct lease l = { 0 };
    char path[PATH_MAX], why[200] = "";
    size_t len;
    int r;

    r = make_path(state_dir, "", pf, vf, path, error);
    if (r < 0)
        return r;
    r = file_read_at(AT_FDCWD, path, LEASE_LIMIT, &text, &len);
    if (r == -ENOENT) {
        error_set(error, SRIOV_USAGE, 0, path, "the VF is not leased");
        return r;
    }
    if (r == -ENOMEM || r == -EACCES || r == -EPERM)
        return cannot("read", r, path, error);
    if (r < 0)
        return unreadable(path, strerrordesc_np(-r), error);
    r = lease_parse(text, len, &l, why, sizeof(why));
    if (r == -ENOMEM)
        return error_no_memory(error);
    if (r < 0)
        return unreadable(path, len == 0 ? "the file is empty" : why, error);
    if (!str_eq(l.pf, pf) || l.vf != vf) {
        lease_done(&l);
        return unreadable(path, "it is the lease of another VF", error);
    }
    *ret = l;
    return 0;
}

/* ---- writing ---- */

/* What cannot be read back must not be written: nobody could return the VF. */
static int make_text(const struct lease *l, struct buf *ret, struct sriov_error *error)
{
    char why[200] = "it has bytes that are no text";
    struct lease again = { 0 };
    int r;

    r = lease_format(l, ret);
    if (r >= 0)
        r = lease_parse(ret->data, ret->len, &again, why, sizeof(why));
    lease_done(&again);
    if (r == -ENOMEM)
        return error_no_memory(error);
    if (r < 0) {
        char object[NAME_SIZE] = "";

        make_name(l->pf, l->vf, object);
        error_set(error, SRIOV_FAILED, 0, object, "the lease cannot be written down");
        error_kernel(error, why);
    }
    return r;
}

/* A temporary file that is there already is of a writer that died: whoever writes has the lock. */
static int open_temporary(const char *state_dir, const char *path)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    char folder[PATH_MAX];
    int fd, r;

    fd = open(path, flags, 0600);
    if (fd >= 0 || errno != ENOENT)
        return fd >= 0 ? fd : -errno;
    snprintf(folder, sizeof(folder), "%s/leases", state_dir);
    r = file_make_dirs(folder, 0700);
    if (r < 0)
        return r;
    fd = open(path, flags, 0600);
    return fd >= 0 ? fd : -errno;
}

static int write_whole(int fd, const struct buf *text)
{
    ssize_t n = write(fd, text->data, text->len);

    if (n < 0)
        return -errno;
    return (size_t)n == text->len ? 0 : -ENOSPC;
}

int lease_write(const char *state_dir, const struct lease *l, struct sriov_error *error)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char path[PATH_MAX], temporary[PATH_MAX];
    int fd, r;

    r = make_path(state_dir, "", l->pf, l->vf, path, error);
    if (r >= 0)
        r = make_path(state_dir, ".", l->pf, l->vf, temporary, error);
    if (r >= 0)
        r = make_text(l, &text, error);
    if (r < 0)
        return r;
    fd = open_temporary(state_dir, temporary);
    if (fd < 0)
        return cannot("written", fd, path, error);
    r = write_whole(fd, &text);
    if (close(fd) < 0 && r >= 0) /* where a network file system says that the disk is full */
        r = -errno;
    if (r >= 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0) {
        unlink(temporary);
        return cannot("written", r, path, error);
    }
    return 0;
}

int lease_remove(const char *state_dir, const char *pf, unsigned vf, struct sriov_error *error)
{
    char path[PATH_MAX], temporary[PATH_MAX];
    int r;

    r = make_path(state_dir, "", pf, vf, path, error);
    if (r >= 0)
        r = make_path(state_dir, ".", pf, vf, temporary, error);
    if (r < 0)
        return r;
    if (unlink(path) < 0 && errno != ENOENT)
        return cannot("removed", -errno, path, error);
    unlink(temporary); /* of somebody who died while he wrote */
    return 0;
}

/* ---- all of them ---- */

void leases_free(struct lease *leases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        lease_done(&leases[i]);
    free(leases);
}

/* One file into *ret: 1, or 0 if it is no lease, or is gone by now. */
static int read_listed(const char *state_dir, const char *name, struct lease *ret,
                       struct sriov_error *error)
{
    struct sriov_error why = { 0 };
    struct lease l = { 0 };
    int r;

    if (!parse_name(name, l.pf, &l.vf))
        return 0;
    r = lease_read(state_dir, l.pf, l.vf, &l, &why);
    if (r == -ENOENT)
        return 0;
    if (r == -EBADMSG) {
        STR_SET(l.owner.name, LEASE_UNREADABLE);
    } else if (r < 0) {
        if (error)
            *error = why;
        return r;
    }
    *ret = l;
    return 1;
}

int lease_list(const char *state_dir, struct lease **ret, size_t *ret_count,
               struct sriov_error *error)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    char folder[PATH_MAX];
    struct lease *leases;
    size_t count = 0;
    int r;

    snprintf(folder, sizeof(folder), "%s/leases", state_dir);
    r = file_list_at(AT_FDCWD, folder, &names);
    if (r < 0 && r != -ENOENT)
        return cannot("read", r, folder, error);
    leases = calloc(names.count + 1, sizeof(*leases));
    if (!leases)
        return error_no_memory(error);
    r = 0;
    for (size_t i = 0; r >= 0 && i < names.count; i++) {
        r = read_listed(state_dir, names.items[i], &leases[count], error);
        count += r > 0;
    }
    if (r < 0) {
        leases_free(leases, count);
        return r;
    }
    *ret = leases;
    *ret_count = count;
    return 0;
}

bool lease_is_of_boot(const struct lease *l, const char *boot)
{
    return l->boot[0] == '\0' || str_eq(l->boot, boot);
}

void lease_clean(const char *state_dir)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    char folder[PATH_MAX], path[PATH_MAX], pf[32];
    unsigned vf;

    snprintf(folder, sizeof(folder), "%s/leases", state_dir);
    if (file_list_at(AT_FDCWD, folder, &names) < 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        _cleanup_close_ int lock = -1;

        if (names.items[i][0] != '.' || !parse_name(names.items[i] + 1, pf, &vf) ||
            make_path(state_dir, ".", pf, vf, path, NULL) < 0)
            continue;
        if (ledger_lock_vf(state_dir, pf, vf, 0, &lock) == 0)
            unlink(path);
    }
}
