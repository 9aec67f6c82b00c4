/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What every backend shares: freeing, and the shorthands over the table.
 */
#include "kernel/backend.h"

#include <errno.h>
#include <stdlib.h>

struct backend *backend_free(struct backend *b)
{
    return b ? b->ops->free(b) : NULL;
}

void device_users_done(struct device_users *u)
{
    free(u->items);
    *u = (struct device_users){ 0 };
}

void foreign_netdevs_done(struct foreign_netdevs *f)
{
    free(f->items);
    *f = (struct foreign_netdevs){ 0 };
}

void stuck_tasks_done(struct stuck_tasks *t)
{
    free(t->items);
    *t = (struct stuck_tasks){ 0 };
}

int backend_read_u64(struct backend *b, const char *path, uint64_t *ret)
{
    _cleanup_free_ char *text = NULL;
    int r;

    r = b->ops->read_file(b, path, &text);
    if (r < 0)
        return r;
    return str_to_u64(text, UINT64_MAX, ret) < 0 ? -EINVAL : 0;
}

int backend_link_name(struct backend *b, const char *path, char *ret, size_t size)
{
    _cleanup_free_ char *target = NULL;
    const char *name;
    int r;

    r = b->ops->read_link(b, path, &target);
    if (r < 0)
        return r;
    name = str_base_name(target);
    if (strlen(name) >= size)
        return -ENAMETOOLONG;
    str_copy(ret, size, name);
    return 0;
}

bool backend_exists(struct backend *b, const char *path)
{
    _cleanup_free_ char *target = NULL;
    int r;

    /* What is there but no link gives EINVAL: one call answers for links, files and folders. */
    r = b->ops->read_link(b, path, &target);
    return r >= 0 || r == -EINVAL;
}
