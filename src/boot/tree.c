/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files below a root. The kernel resolves every path (openat2): below "/" links mean what they say,
 * in an image nothing may lead out of it. Only the last part is looked at here, because a file that
 * is replaced must be replaced where it really is.
 */
#include "boot/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/file.h"

#define LINKS_MAX 8
#define TEMPORARY ".%s.sriovd"
#define XATTR_NAMES_MAX 1024
#define XATTR_VALUE_MAX 4096

/* Where a file is, or would be. */
struct spot {
    int folder;
    char name[NAME_MAX + 1];
    bool exists;
    struct stat st;
};

#define SPOT_INIT ((struct spot){ .folder = -1 })

static void spot_done(struct spot *s)
{
    close_p(&s->folder);
}

int tree_open(const char *root, struct tree *ret)
{
    int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat here, slash;
    if (fd < 0)
        return -errno;
    if (fstat(fd, &here) < 0 || stat("/", &slash) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    *ret = (struct tree){
        .fd = fd,
        .running = here.st_dev == slash.st_dev && here.st_ino == slash.st_ino,
    };
    return 0;
}

void tree_done(struct tree *t)
{
    close_p(&t->fd);
    t->fd = -1;
}

static int open_in(const struct tree *t, const char *path, uint64_t flags)
{
    const struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .resolve = t->running ? RESOLVE_IN_ROOT : RESOLVE_BENEATH,
    };
    while (*path == '/')
        path++;
    long fd = syscall(SYS_openat2, t->fd, *path ? path : ".", &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}

bool tree_has(const struct tree *t, const char *path)
{
    _cleanup_close_ int fd = open_in(t, path, O_PATH);
    return fd != -ENOENT && fd != -ENOTDIR;
}

/* Opens the folder of `path` and looks at its last part, without following it. */
static int look(const struct tree *t, const char *path, struct spot *ret)
{
    const char *name = str_base_name(path);
    char folder[PATH_MAX];
    struct spot s = SPOT_INIT;
    int n = snprintf(folder, sizeof(folder), "%.*s", (int)(name - path), path);
    if (n < 0 || (size_t)n >= sizeof(folder) || !*name || !STR_SET(s.name, name))
        return -ENAMETOOLONG;
    s.folder = open_in(t, folder, O_RDONLY | O_DIRECTORY);
    if (s.folder < 0)
        return s.folder;
    s.exists = fstatat(s.folder, s.name, &s.st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!s.exists && errno != ENOENT) {
        int r = -errno;
        spot_done(&s);
        return r;
    }
    *ret = s;
    return 0;
}

/* The path that the link at `s` stands for. */
static int next_path(const struct tree *t, const struct spot *s, char path[PATH_MAX])
{
    _cleanup_free_ char *target = NULL, *from = NULL;
    int r = file_link_at(s->folder, s->name, &target);
    if (r < 0)
        return r;
    if (target[0] == '/' && !t->running)
        return -EXDEV;
    from = strdup(path);
    if (!from)
        return -ENOMEM;
    int folder_len = target[0] == '/' ? 0 : (int)(str_base_name(from) - from);
    int n = snprintf(path, PATH_MAX, "%.*s%s", folder_len, from, target);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* As look(), with links followed to the file. -EISDIR if it is none. */
static int find(const struct tree *t, const char *start, struct spot *ret)
{
    char path[PATH_MAX];
    if (!STR_SET(path, start))
        return -ENAMETOOLONG;
    for (int links = 0; links <= LINKS_MAX; links++) {
        _cleanup_(spot_done) struct spot s = SPOT_INIT;
        int r = look(t, path, &s);
        if (r < 0)
            return r;
        if (!s.exists || S_ISREG(s.st.st_mode)) {
            *ret = s;
            s.folder = -1;
            return 0;
        }
        if (!S_ISLNK(s.st.st_mode))
            return -EISDIR;
        r = next_path(t, &s, path);
        if (r < 0)
            return r;
    }
    return -ELOOP;
}

int tree_read(const struct tree *t, const char *path, size_t limit, char **ret, size_t *ret_len,
              struct stat *ret_st)
{
    _cleanup_(spot_done) struct spot s = SPOT_INIT;
    int r = find(t, path, &s);
    if (r < 0)
        return r;
    if (!s.exists)
        return -ENOENT;
    r = file_read_at(s.folder, s.name, limit, ret, ret_len);
    if (r >= 0 && ret_st)
        *ret_st = s.st;
    return r;
}

int tree_list(const struct tree *t, const char *path, const char *suffix, struct strv *ret)
{
    _cleanup_close_ int fd = open_in(t, path, O_RDONLY | O_DIRECTORY);
    _cleanup_strv_ struct strv all = STRV_INIT;
    int r = fd < 0 ? fd : file_list_at(fd, ".", &all);
    if (r < 0)
        return r == -ENOENT || r == -ENOTDIR ? 0 : r;
    for (size_t i = 0; i < all.count && r >= 0; i++) {
        if (!str_eq(all.items[i], suffix) && str_ends(all.items[i], suffix))
            r = strv_add(ret, all.items[i]);
    }
    return r;
}

/* What cannot be copied (a file system without them, a policy that says no) is left to the system's
 * own default, as with any editor. */
static void copy_attributes(int from, int to)
{
    char names[XATTR_NAMES_MAX], value[XATTR_VALUE_MAX];
    ssize_t len = flistxattr(from, names, sizeof(names));
    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t n = fgetxattr(from, names + at, value, sizeof(value));
        if (n >= 0 && fsetxattr(to, names + at, value, (size_t)n, 0) < 0)
            continue;
    }
}

static int fill(int fd, const struct spot *s, const char *data, size_t len, mode_t mode, uid_t uid,
                gid_t gid)
{
    struct stat st;
    int r = file_write_all(fd, data, len);
    if (r < 0)
        return r;
    /* FAT has no owners: only a difference is set. */
    if (fstat(fd, &st) < 0 ||
        ((st.st_uid != uid || st.st_gid != gid) && fchown(fd, uid, gid) < 0) ||
        ((st.st_mode & 07777) != mode && fchmod(fd, mode) < 0))
        return -errno;
    if (s->exists) {
        _cleanup_close_ int old = openat(s->folder, s->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (old >= 0)
            copy_attributes(old, fd);
    }
    return fsync(fd) < 0 ? -errno : 0;
}

static int temporary_name(const struct spot *s, char ret[NAME_MAX + 1])
{
    int n = snprintf(ret, NAME_MAX + 1, TEMPORARY, s->name);
    return n < 0 || n > NAME_MAX ? -ENAMETOOLONG : 0;
}

int tree_replace(const struct tree *t, const char *path, const char *data, size_t len, mode_t mode,
                 uid_t uid, gid_t gid)
{
    _cleanup_(spot_done) struct spot s = SPOT_INIT;
    char temporary[NAME_MAX + 1];
    int r = find(t, path, &s);
    if (r >= 0)
        r = temporary_name(&s, temporary);
    if (r < 0)
        return r;
    if (unlinkat(s.folder, temporary, 0) < 0 && errno != ENOENT)
        return -errno;
    _cleanup_close_ int fd = openat(s.folder, temporary,
                                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = fill(fd, &s, data, len, mode, uid, gid);
    if (r >= 0 && renameat(s.folder, temporary, s.folder, s.name) < 0)
        r = -errno;
    if (r < 0)
        unlinkat(s.folder, temporary, 0);
    return r < 0 ? r : fsync(s.folder) < 0 ? -errno : 0;
}

int tree_sweep(const struct tree *t, const char *path)
{
    _cleanup_(spot_done) struct spot s = SPOT_INIT;
    char temporary[NAME_MAX + 1];
    int r = find(t, path, &s);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    r = temporary_name(&s, temporary);
    if (r >= 0 && unlinkat(s.folder, temporary, 0) < 0 && errno != ENOENT)
        r = -errno;
    return r;
}

int tree_remove(const struct tree *t, const char *path)
{
    _cleanup_(spot_done) struct spot s = SPOT_INIT;
    int r = look(t, path, &s);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    if (s.exists && unlinkat(s.folder, s.name, 0) < 0)
        return -errno;
    return fsync(s.folder) < 0 ? -errno : 0;
}

int tree_make_dir(const struct tree *t, const char *path)
{
    _cleanup_(spot_done) struct spot s = SPOT_INIT;
    int r = look(t, path, &s);
    if (r < 0)
        return r;
    if (s.exists)
        return 0;
    if (mkdirat(s.folder, s.name, 0755) < 0)
        return -errno;
    return fsync(s.folder) < 0 ? -errno : 0;
}

void tree_remove_dir(const struct tree *t, const char *path)
{
    _cleanup_(spot_done) struct spot s = SPOT_INIT;
    if (look(t, path, &s) >= 0 && s.exists)
        unlinkat(s.folder, s.name, AT_REMOVEDIR);
}
