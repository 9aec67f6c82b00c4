/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeping reservations, and ending them. Numbers of pages are always told to the kernel relative to
 * what there are, since others change them too. That makes giving back a step that must not be
 * done twice: before it, the reservation becomes unsettled again and says what will be left.
 */
#include "core/reservation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>

#include "base/file.h"
#include "core/assign-job.h"
#include "core/reservation-store.h"
#include "kernel/account.h"
#include "kernel/hugepages.h"

#define FOLDER "reservations"
#define MOUNTS "/run/sriovctl" /* open to all: what is below is its user's */
#define TEXT_LIMIT (64u << 10)

void reservation_done(struct reservation *r)
{
    cpus_done(&r->cores);
    *r = (struct reservation){ 0 };
}

void reservation_mount_point(const struct reservation *r, char ret[RESERVATION_PATH_SIZE])
{
    snprintf(ret, RESERVATION_PATH_SIZE, MOUNTS "/%s", r->name);
}

/* ---- the folder ---- */

static int make_path(const char *state_dir, const char *name, char ret[PATH_MAX])
{
    int n = snprintf(ret, PATH_MAX, "%s/" FOLDER "%s%s", state_dir, *name ? "/" : "", name);

    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int cannot(const char *what, int r, const char *path, struct sriov_error *error)
{
    return error_set(error, error_code_of(-r), -r, path, "the reservation cannot be %s", what);
}

int reservations_lock(const char *state_dir, int *ret_fd, struct sriov_error *error)
{
    _cleanup_close_ int fd = -1;
    char path[PATH_MAX];
    int r;

    r = make_path(state_dir, "", path);
    if (r >= 0)
        r = file_make_dirs(path, 0700);
    if (r < 0)
        return cannot("kept", r, path, error);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return cannot("kept", -errno, path, error);
    do
        r = flock(fd, LOCK_EX);
    while (r < 0 && errno == EINTR);
    if (r < 0)
        return cannot("locked", -errno, path, error);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

void reservations_done(struct reservations *l)
{
    for (size_t i = 0; i < l->count; i++)
        reservation_done(&l->items[i]);
    free(l->items);
    *l = (struct reservations){ 0 };
}

static int unreadable(const char *path, const char *why, struct sriov_error *error)
{
    error_set(error, SRIOV_FAILED, 0, path, "the reservation cannot be read");
    error_kernel(error, why);
    error_remedy(error, "see how many huge pages are wanted, set nr_hugepages, remove the file");
    return -EBADMSG;
}

static int read_one(const char *state_dir, const char *name, struct reservation *ret,
                    struct sriov_error *error)
{
    _cleanup_free_ char *text = NULL;
    char path[PATH_MAX], why[200] = "";
    size_t len = 0;
    int r;

    r = make_path(state_dir, name, path);
    if (r >= 0)
        r = file_read_at(AT_FDCWD, path, TEXT_LIMIT, &text, &len);
    if (r == -ENOENT)
        return r;
    if (r < 0)
        return cannot("read", r, path, error);
    r = reservation_parse(text, len, ret, why, sizeof(why));
    if (r == -EINVAL)
        return unreadable(path, why, error);
    if (r >= 0)
        STR_SET(ret->name, name);
    return r;
}

int reservations_list(const char *state_dir, struct reservations *ret, struct sriov_error *error)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    struct reservations list = { 0 };
    struct sriov_error why = { 0 };
    char folder[PATH_MAX];
    int r;

    r = make_path(state_dir, "", folder);
    if (r >= 0)
        r = file_list_at(AT_FDCWD, folder, &names);
    if (r < 0 && r != -ENOENT)
        return cannot("read", r, folder, error);
    list.items = calloc(names.count + 1, sizeof(*list.items));
    if (!list.items)
        return error_no_memory(error);
    for (size_t i = 0; i < names.count; i++) {
        if (!reservation_is_name(names.items[i]))
            continue;
        r = read_one(state_dir, names.items[i], &list.items[list.count], &why);
        list.count += r >= 0;
        if (r < 0 && r != -ENOENT && error && !error->code)
            *error = why;
    }
    *ret = list;
    return 0;
}

int reservation_write(const char *state_dir, const struct reservation *r, struct sriov_error *error)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char path[PATH_MAX];
    int result;

    reservation_format(r, &text);
    result = buf_ok(&text);
    if (result >= 0)
        result = make_path(state_dir, r->name, path);
    if (result >= 0)
        result = file_replace(path, text.data, text.len, 0600);
    return result < 0 ? cannot("written", result, r->name, error) : 0;
}

/* ---- what it gives ---- */

int reservation_give_group(struct backend *b, const char *state_dir, struct reservation *r,
                           unsigned group, uid_t uid, struct sriov_error *error)
{
    _cleanup_close_ int lock = -1;
    struct file_status status;
    char path[32];
    int result;

    snprintf(path, sizeof(path), "/dev/vfio/%u", group);
    result = b->ops->file_status(b, path, &status);
    if (result < 0 || r->n_groups == RESERVATION_VFS)
        return error_set(error, SRIOV_FAILED, result < 0 ? -result : E2BIG, path,
                         "cannot be made the user's");
    if (status.uid == uid)
        return 0; /* by another VF of the group, or a rule of udev */
    result = reservations_lock(state_dir, &lock, error);
    if (result < 0)
        return result;
    r->groups[r->n_groups++] = (struct reserved_group){ .group = group,
                                                        .before = status.uid,
                                                        .given = uid };
    result = reservation_write(state_dir, r, error);
    if (result < 0)
        return result;
    result = account_hand_over(path, status.uid, uid);
    return result < 0 ? error_set(error, error_code_of(-result), -result, path,
                                  "cannot be made the user's")
                      : 0;
}

static int keep_lease(struct backend *b, const char *state_dir, const struct vf_place *place,
                      struct sriov_error *error)
{
    _cleanup_(lease_done) struct lease l = { 0 };
    _cleanup_(job_done) struct job job;
    int r;

    r = job_begin(&job, b, state_dir, place, ASSIGN_WAIT_MS, error);
    if (r >= 0)
        r = lease_read(state_dir, place->pf, place->index, &l, error);
    if (r < 0)
        return r;
    l.owner.pid = 0;
    l.owner.pid_started = l.owner.pid_namespace = 0;
    return lease_write(state_dir, &l, error);
}

/* The leases come last: what dies before has its leases taken back, and then nothing keeps the
 * reservation. */
int reservation_keep(struct backend *b, const char *state_dir, struct reservation *r,
                     struct sriov_error *error)
{
    _cleanup_close_ int lock = -1;
    int result;

    result = reservations_lock(state_dir, &lock, error);
    if (result < 0)
        return result;
    r->owner.pid = 0;
    result = reservation_write(state_dir, r, error);
    for (size_t i = 0; result >= 0 && i < r->n_vfs; i++)
        result = keep_lease(b, state_dir, &r->vfs[i], error);
    return result;
}

/* ---- giving back ---- */

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

/* Calls `each` with the pages of each node as they are now. */
static int each_pages(struct backend *b, struct reservation *r,
                      int (*each)(struct backend *b, const struct hugepages *now,
                                  struct reserved_pages *p))
{
    int result = 0;

    for (size_t i = 0; result >= 0 && i < r->n_pages; i++) {
        _cleanup_(hugepages_list_done) struct hugepages_list list = { 0 };
        const struct hugepages *now;

        if (r->pages[i].added == 0)
            continue;
        result = hugepages_read(b, r->pages[i].node, &list);
        now = result >= 0 ? hugepages_find(&list, r->page_bytes) : NULL;
        if (now)
            result = each(b, now, &r->pages[i]);
    }
    return result;
}

static int set_target(struct backend *b, const struct hugepages *now, struct reserved_pages *p)
{
    p->before = less(now->total, p->added);
    return 0;
}

static int shrink(struct backend *b, const struct hugepages *now, struct reserved_pages *p)
{
    uint64_t total, surplus = MIN_OF(less(now->total, p->before), p->added);

    return surplus > 0 ? hugepages_resize(b, now, now->total - surplus, &total) : 0;
}

int reservation_give_back_pages(struct backend *b, const struct reservation *r)
{
    struct reservation copy = *r;

    return each_pages(b, &copy, shrink);
}

/* Whoever took the group since then keeps it, and with its last VF on vfio-pci the file is gone. */
static int take_groups_back(const struct reservation *r)
{
    int result = 0;

    for (size_t i = 0; result >= 0 && i < r->n_groups; i++) {
        const struct reserved_group *g = &r->groups[i];
        char path[32];

        snprintf(path, sizeof(path), "/dev/vfio/%u", g->group);
        result = account_hand_over(path, g->given, g->before);
        if (result == -ENOENT || result == -ESTALE)
            result = 0;
    }
    return result;
}

static int forget(const char *state_dir, const struct reservation *r, struct sriov_error *error)
{
    char path[PATH_MAX];
    int result = make_path(state_dir, r->name, path);

    if (result >= 0 && unlink(path) < 0 && errno != ENOENT)
        result = -errno;
    return result < 0 ? cannot("removed", result, path, error) : 0;
}

static bool is_of_this_boot(const struct reservation *r)
{
    char boot[HOST_BOOT_ID_SIZE];

    return host_boot_id(boot) < 0 || str_eq(boot, r->boot);
}

int reservation_end_locked(struct backend *b, const char *state_dir, struct reservation *r,
                           struct sriov_error *error)
{
    char path[RESERVATION_PATH_SIZE];
    int result = 0;

    if (!is_of_this_boot(r))
        return forget(state_dir, r, error);
    if (!r->unsettled) {
        result = each_pages(b, r, set_target);
        r->unsettled = true;
        if (result >= 0)
            result = reservation_write(state_dir, r, error);
        if (result < 0)
            return result;
    }
    reservation_mount_point(r, path);
    result = take_groups_back(r);
    if (result >= 0)
        result = hugepages_unmount(path);
    if (result >= 0)
        result = reservation_give_back_pages(b, r);
    if (result < 0)
        return error_set(error, SRIOV_NOT_ROLLED_BACK, -result, r->name,
                         "what was reserved cannot be given back");
    return forget(state_dir, r, error);
}

int reservation_end(struct backend *b, const char *state_dir, struct reservation *r,
                    struct sriov_error *error)
{
    _cleanup_close_ int lock = -1;
    int result = reservations_lock(state_dir, &lock, error);

    return result < 0 ? result : reservation_end_locked(b, state_dir, r, error);
}

/* ---- after a crash, and after a release ---- */

/* A lease that cannot be read may be this owner's. */
static bool has_vf(const char *state_dir, const struct reservation *r, const struct vf_place *place)
{
    _cleanup_(lease_done) struct lease l = { 0 };
    int result = lease_read(state_dir, place->pf, place->index, &l, NULL);

    return result >= 0 ? str_eq(l.owner.name, r->owner.name) : result == -EBADMSG;
}

static bool is_over(const char *state_dir, const struct reservation *r)
{
    if (!is_of_this_boot(r))
        return true;
    if (r->owner.pid > 0)
        return owner_life(&r->owner) == OWNER_GONE;
    for (size_t i = 0; i < r->n_vfs; i++)
        if (has_vf(state_dir, r, &r->vfs[i]))
            return false;
    return true;
}

static bool any_is_over(const char *state_dir, const struct reservations *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_over(state_dir, &list->items[i]))
            return true;
    return false;
}

/* Looked at once more under the lock: somebody else may have ended it meanwhile. */
static int end_those_over(struct backend *b, const char *state_dir, size_t *ret_freed,
                          struct sriov_error *error)
{
    _cleanup_(reservations_done) struct reservations list = { 0 };
    _cleanup_close_ int lock = -1;
    struct sriov_error first = { 0 };
    int r, result;

    r = reservations_lock(state_dir, &lock, error);
    if (r >= 0)
        r = reservations_list(state_dir, &list, NULL);
    result = r;
    for (size_t i = 0; r >= 0 && i < list.count; i++) {
        int ended;

        if (!is_over(state_dir, &list.items[i]))
            continue;
        ended = reservation_end_locked(b, state_dir, &list.items[i], result < 0 ? NULL : &first);
        *ret_freed += ended >= 0;
        result = MIN_OF(result, ended);
    }
    if (first.code && error)
        *error = first;
    return result;
}

int reservations_recover(struct backend *b, const char *state_dir, size_t *ret_freed,
                         struct sriov_error *error)
{
    _cleanup_(reservations_done) struct reservations list = { 0 };
    struct sriov_error unread = { 0 };
    size_t freed = 0;
    int r;

    r = reservations_list(state_dir, &list, &unread);
    if (r >= 0 && any_is_over(state_dir, &list))
        r = end_those_over(b, state_dir, &freed, &unread);
    if (r >= 0 && unread.code)
        r = -EBADMSG;
    if (r < 0 && error)
        *error = unread;
    if (ret_freed)
        *ret_freed = freed;
    return r;
}
