/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Huge pages. Each node has a folder for each size (Documentation/admin-guide/mm/hugetlbpage.rst);
 * a kernel without NUMA has that of the machine only.
 */
#include "kernel/hugepages.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/file.h"

#define PREFIX "hugepages-"

static void make_folder(int node, char ret[64])
{
    if (node == HUGEPAGES_OF_MACHINE)
        snprintf(ret, 64, "/sys/kernel/mm/hugepages");
    else
        snprintf(ret, 64, "/sys/devices/system/node/node%d/hugepages", node);
}

/* "hugepages-2048kB" */
static bool parse_name(const char *name, uint64_t *ret_bytes)
{
    char digits[24];
    uint64_t kib;

    if (!str_starts(name, PREFIX) || !str_ends(name, "kB"))
        return false;
    snprintf(digits, sizeof(digits), "%.*s", (int)(strlen(name) - strlen(PREFIX "kB")),
             name + strlen(PREFIX));
    if (str_to_u64(digits, UINT64_MAX >> 10, &kib) < 0 || kib == 0)
        return false;
    *ret_bytes = kib << 10;
    return true;
}

static bool read_size(struct backend *b, const char *folder, const char *name,
                      struct hugepages *ret)
{
    char path[144];

    if (!parse_name(name, &ret->bytes))
        return false;
    snprintf(ret->path, sizeof(ret->path), "%s/%.30s/nr_hugepages", folder, name);
    if (backend_read_u64(b, ret->path, &ret->total) < 0)
        return false;
    snprintf(path, sizeof(path), "%s/%.30s/free_hugepages", folder, name);
    if (backend_read_u64(b, path, &ret->free) < 0)
        ret->free = 0;
    return true;
}

int hugepages_read(struct backend *b, int node, struct hugepages_list *ret)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    struct hugepages_list list = { 0 };
    char folder[64];
    int r;

    make_folder(node, folder);
    r = b->ops->list_dir(b, folder, &names);
    if (r < 0)
        return r;
    list.items = calloc(names.count + 1, sizeof(*list.items));
    if (!list.items)
        return -ENOMEM;
    for (size_t i = 0; i < names.count; i++) {
        list.items[list.count].node = node;
        list.count += read_size(b, folder, names.items[i], &list.items[list.count]);
    }
    *ret = list;
    return 0;
}

void hugepages_list_done(struct hugepages_list *l)
{
    free(l->items);
    *l = (struct hugepages_list){ 0 };
}

const struct hugepages *hugepages_find(const struct hugepages_list *l, uint64_t bytes)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->items[i].bytes == bytes)
            return &l->items[i];
    return NULL;
}

int hugepages_resize(struct backend *b, const struct hugepages *p, uint64_t total,
                     uint64_t *ret_total)
{
    char text[24];
    int r;

    snprintf(text, sizeof(text), "%" PRIu64, total);
    r = b->ops->write_file(b, p->path, text);
    return r < 0 ? r : backend_read_u64(b, p->path, ret_total);
}

void hugepages_size_text(uint64_t bytes, char ret[HUGEPAGES_SIZE_TEXT])
{
    if (bytes >= UINT64_C(1) << 30)
        snprintf(ret, HUGEPAGES_SIZE_TEXT, "%" PRIu64 "G", bytes >> 30);
    else if (bytes >= UINT64_C(1) << 20)
        snprintf(ret, HUGEPAGES_SIZE_TEXT, "%" PRIu64 "M", bytes >> 20);
    else
        snprintf(ret, HUGEPAGES_SIZE_TEXT, "%" PRIu64 "K", bytes >> 10);
}

/* ---- mounts ---- */

static int make_mount_point(const char *path)
{
    const char *slash = strrchr(path, '/');
    char parent[128];
    int r;

    snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
    r = file_make_dirs(parent, 0755);
    if (r < 0)
        return r;
    /* One that nothing is mounted on was left by somebody who died. */
    if (rmdir(path) < 0 && errno != ENOENT)
        return errno == EBUSY ? -EEXIST : -errno;
    return mkdir(path, 0700) < 0 ? -errno : 0;
}

int hugepages_mount(const char *path, uint64_t page_bytes, uint64_t limit, unsigned uid,
                    unsigned gid)
{
    char options[128];
    int r;

    r = make_mount_point(path);
    if (r < 0)
        return r;
    snprintf(options, sizeof(options),
             "pagesize=%" PRIu64 ",size=%" PRIu64 ",mode=0700,uid=%u,gid=%u", page_bytes, limit,
             uid, gid);
    if (mount("hugetlbfs", path, "hugetlbfs", MS_NOSUID | MS_NODEV, options) < 0) {
        r = -errno;
        rmdir(path);
    }
    return r;
}

int hugepages_unmount(const char *path)
{
    if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
        return -errno;
    return rmdir(path) < 0 && errno != ENOENT ? -errno : 0;
}

uint64_t hugepages_untaken(const char *path)
{
    struct statfs fs;

    return statfs(path, &fs) == 0 && fs.f_type == HUGETLBFS_MAGIC ? fs.f_bfree : 0;
}
