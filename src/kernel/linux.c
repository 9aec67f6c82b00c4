/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The running machine. Files go through base/file.h under an optional root; the rest is in
 * netlink.c, netlink-change.c, scan.c, netns.c and spawn.c. File operations and `run` may be used
 * from several threads at a time; netlink may not, as a socket and its buffer are shared.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <sys/stat.h>

#include "base/file.h"
#include "kernel/backend.h"
#include "kernel/enter.h"
#include "kernel/log.h"
#include "kernel/modprobe.h"
#include "kernel/netlink.h"
#include "kernel/scan.h"
#include "kernel/spawn.h"

struct linux_backend {
    struct backend base;
    char *root;
    struct nl_socket route;
    struct nl_socket generic;
    struct nl_space space;
};

/* `path` below the root: itself if there is none, otherwise in `space`; NULL if it is too long. */
static const char *below_root(struct backend *b, const char *path, char space[PATH_MAX])
{
    struct linux_backend *l = (struct linux_backend *)b;

    if (!l->root)
        return path;
    return snprintf(space, PATH_MAX, "%s%s", l->root, path) < PATH_MAX ? space : NULL;
}

static int linux_read_file(struct backend *b, const char *path, char **ret)
{
    _cleanup_free_ char *text = NULL;
    char space[PATH_MAX];
    size_t len;
    int r;

    path = below_root(b, path, space);
    if (!path)
        return -ENAMETOOLONG;
    r = file_read_at(AT_FDCWD, path, BACKEND_FILE_LIMIT, &text, &len);
    if (r < 0)
        return r;
    while (len > 0 && strchr(" \t\r\n", text[len - 1]))
        text[--len] = '\0';
    *ret = TAKE_PTR(text);
    return 0;
}

static int linux_read_link(struct backend *b, const char *path, char **ret)
{
    char space[PATH_MAX];

    path = below_root(b, path, space);
    return path ? file_link_at(AT_FDCWD, path, ret) : -ENAMETOOLONG;
}

static int linux_list_dir(struct backend *b, const char *path, struct strv *ret)
{
    char space[PATH_MAX];

    path = below_root(b, path, space);
    return path ? file_list_at(AT_FDCWD, path, ret) : -ENAMETOOLONG;
}

static int linux_read_bytes(struct backend *b, const char *path, size_t offset, size_t len,
                            struct buf *ret)
{
    char space[PATH_MAX];

    path = below_root(b, path, space);
    return path ? file_read_part(path, offset, len, ret) : -ENAMETOOLONG;
}

static int linux_file_status(struct backend *b, const char *path, struct file_status *ret)
{
    char space[PATH_MAX];
    struct stat st;

    path = below_root(b, path, space);
    if (!path)
        return -ENAMETOOLONG;
    if (stat(path, &st) < 0)
        return -errno;
    *ret = (struct file_status){ .mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid };
    return 0;
}

static int linux_kernel_log(struct backend *b, const char *const *words, struct strv *ret)
{
    return log_read(words, ret);
}

static int linux_stuck_tasks(struct backend *b, const char *const *functions,
                             struct stuck_tasks *ret)
{
    return scan_stuck_tasks(functions, ret);
}

static int linux_write_file(struct backend *b, const char *path, const char *data)
{
    char space[PATH_MAX];

    path = below_root(b, path, space);
    return path ? file_write_at(AT_FDCWD, path, data, strlen(data)) : -ENAMETOOLONG;
}

static int open_socket(struct backend *b, int protocol, struct nl_socket **ret)
{
    struct linux_backend *l = (struct linux_backend *)b;

    if (protocol == NETLINK_ROUTE)
        *ret = &l->route;
    else if (protocol == NETLINK_GENERIC)
        *ret = &l->generic;
    else
        return -EPROTONOSUPPORT;
    return nl_socket_open(*ret, protocol);
}

static int linux_nl_query(struct backend *b, int protocol, const void *request, struct buf *ret,
                          struct nl_ack *ack)
{
    struct linux_backend *l = (struct linux_backend *)b;
    struct nl_socket *s;
    int r;

    r = open_socket(b, protocol, &s);
    return r < 0 ? r : nl_socket_query(s, &l->space, request, ret, ack);
}

static int linux_nl_change(struct backend *b, int protocol, const struct buf *batch,
                           struct nl_ack *acks, size_t count)
{
    struct linux_backend *l = (struct linux_backend *)b;
    struct nl_socket *s;
    int r;

    r = open_socket(b, protocol, &s);
    return r < 0 ? r : nl_socket_change(s, &l->space, batch, acks, count);
}

static int linux_device_users(struct backend *b, const char *const *prefixes,
                              struct device_users *ret)
{
    return scan_device_users(prefixes, ret);
}

static int linux_foreign_netdevs(struct backend *b, struct foreign_netdevs *ret)
{
    return scan_foreign_netdevs(ret);
}

static int linux_run(struct backend *b, const char *const *argv, char *text, size_t text_size)
{
    return str_eq(argv[0], "modprobe") ? modprobe_run(argv, text, text_size)
                                       : spawn_and_wait(argv, text, text_size);
}

static struct backend *linux_free(struct backend *b)
{
    struct linux_backend *l = (struct linux_backend *)b;

    nl_socket_done(&l->route);
    nl_socket_done(&l->generic);
    nl_space_done(&l->space);
    free(l->root);
    free(l);
    return NULL;
}

static const struct backend_ops linux_ops = {
    .name = "linux",
    .read_file = linux_read_file,
    .read_link = linux_read_link,
    .list_dir = linux_list_dir,
    .read_bytes = linux_read_bytes,
    .file_status = linux_file_status,
    .kernel_log = linux_kernel_log,
    .stuck_tasks = linux_stuck_tasks,
    .write_file = linux_write_file,
    .nl_query = linux_nl_query,
    .nl_change = linux_nl_change,
    .device_users = linux_device_users,
    .foreign_netdevs = linux_foreign_netdevs,
    .run = linux_run,
    .free = linux_free,
};

int backend_linux(const char *sysfs_root, struct backend **ret)
{
    _cleanup_free_ struct linux_backend *l = calloc(1, sizeof(*l));

    if (!l)
        return -ENOMEM;
    l->base.ops = &linux_ops;
    l->route = l->generic = NL_SOCKET_INIT;
    if (sysfs_root && *sysfs_root) {
        l->root = strdup(sysfs_root);
        if (!l->root)
            return -ENOMEM;
    }
    *ret = &TAKE_PTR(l)->base;
    return 0;
}

static int open_route(void *data)
{
    struct linux_backend *l = data;

    return nl_socket_open(&l->route, NETLINK_ROUTE);
}

int backend_in_netns(int netns, struct backend **ret)
{
    _cleanup_(backend_free_p) struct backend *b = NULL;
    int r;

    r = backend_linux(NULL, &b);
    if (r >= 0)
        r = enter_netns(netns, open_route, b);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(b);
    return 0;
}
