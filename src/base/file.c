/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whole small files. Sysfs and proc files report sizes that mean nothing, so reading goes on to
 * the end of the file and counts for itself, without an fstat: one list of 64 VFs opens hundreds
 * of files. Nothing here blocks on a FIFO somebody left in a configuration folder; a pipe that
 * somebody writes to (-f /dev/stdin) is read to its end.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

#define CHUNK 8192

/* The half-written neighbour of a file; gone when it goes out of scope, unless renamed. */
struct temporary {
    char *path;
    int fd;
};

static void temporary_done(struct temporary *t)
{
    if (t->fd >= 0) {
        close(t->fd);
        unlink(t->path);
    }
    free(t->path);
}

/* EAGAIN from a pipe: it has a writer, so its end will come. Others may say it for reasons of their
 * own. */
static bool waits_for_writer(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && fcntl(fd, F_SETFL, 0) == 0;
}

/* Reads one byte more than allowed at most: that is how an excess shows. */
static int read_all(int fd, size_t limit, struct buf *out)
{
    char chunk[CHUNK];
    for (;;) {
        size_t left = limit - out->len;
        ssize_t n = read(fd, chunk, left < sizeof(chunk) ? left + 1 : sizeof(chunk));
        int error = n < 0 ? errno : 0;
        if (error == EINTR || (error == EAGAIN && waits_for_writer(fd)))
            continue;
        if (n < 0)
            return -error;
        if (n == 0)
            return buf_ok(out);
        if ((size_t)n > left)
            return -EFBIG;
        buf_add(out, chunk, (size_t)n);
        if (out->failed)
            return -ENOMEM;
    }
}

int file_read_fd(int fd, size_t limit, char **ret, size_t *ret_len)
{
    _cleanup_buf_ struct buf contents = BUF_INIT;
    int r = read_all(fd, limit, &contents);
    if (r < 0)
        return r;
    size_t len = contents.len;
    char *text = buf_steal(&contents);
    if (!text)
        return -ENOMEM;
    *ret = text;
    if (ret_len)
        *ret_len = len;
    return 0;
}

int file_read_at(int dir_fd, const char *path, size_t limit, char **ret, size_t *ret_len)
{
    _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? -errno : file_read_fd(fd, limit, ret, ret_len);
}

/* O_TRUNC is what a shell's `echo 4 > file` does; sysfs ignores it, a replayed tree needs it. */
int file_write_at(int dir_fd, const char *path, const char *data, size_t len)
{
    _cleanup_close_ int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_TRUNC);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, data, len);
    if (n < 0)
        return -errno;
    return (size_t)n == len ? 0 : -EIO;
}

int file_link_at(int dir_fd, const char *path, char **ret)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir_fd, path, target, sizeof(target));
    if (n < 0)
        return -errno;
    if ((size_t)n == sizeof(target))
        return -ENAMETOOLONG;
    char *copy = strndup(target, (size_t)n);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

static int add_names(const char *entries, size_t len, struct strv *names)
{
    for (size_t at = 0; at < len;) {
        const struct dirent64 *entry = (const void *)(entries + at);

        at += entry->d_reclen;
        if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
            continue;
        if (strv_add(names, entry->d_name) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* Not readdir(), whose DIR costs three system calls more: one list of 64 VFs looks into 130
 * folders.
 */
static int read_names(int fd, struct strv *names)
{
    _Alignas(struct dirent64) char entries[CHUNK];

    for (;;) {
        ssize_t n = getdents64(fd, entries, sizeof(entries));
        if (n <= 0)
            return n < 0 ? -errno : 0;
        int r = add_names(entries, (size_t)n, names);
        if (r < 0)
            return r;
    }
}

int file_list_at(int dir_fd, const char *path, struct strv *ret)
{
    _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    _cleanup_strv_ struct strv names = STRV_INIT;
    int r = read_names(fd, &names);
    if (r < 0)
        return r;
    strv_sort(&names);
    *ret = names;
    names = STRV_INIT;
    return 0;
}

int file_write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Path of the folder that `path` lies in. */
static char *folder_of(const char *path)
{
    size_t len = (size_t)(str_base_name(path) - path);
    if (len == 0)
        return strdup(".");
    return strndup(path, len > 1 ? len - 1 : 1);
}

static int temporary_open(struct temporary *t, const char *folder, const char *name)
{
    if (asprintf(&t->path, "%s/.%s.XXXXXX", folder, name) < 0) {
        t->path = NULL;
        return -ENOMEM;
    }
    t->fd = mkostemp(t->path, O_CLOEXEC);
    return t->fd < 0 ? -errno : 0;
}

/* The rename is on disk only when the folder is. */
static int sync_folder(const char *folder)
{
    _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

int file_replace(const char *path, const void *data, size_t len, mode_t mode)
{
    const char *name = str_base_name(path);
    if (*name == '\0')
        return -EISDIR;
    _cleanup_free_ char *folder = folder_of(path);
    if (!folder)
        return -ENOMEM;
    _cleanup_(temporary_done) struct temporary t = { .fd = -1 };
    int r = temporary_open(&t, folder, name);
    if (r < 0)
        return r;
    r = file_write_all(t.fd, data, len);
    if (r < 0)
        return r;
    if (fchmod(t.fd, mode) < 0 || fsync(t.fd) < 0 || rename(t.path, path) < 0)
        return -errno;
    close(TAKE_FD(t.fd)); /* its name is taken: nothing left to unlink */
    return sync_folder(folder);
}

static int make_dir(const char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0)
        return 0;
    if (errno != EEXIST)
        return -errno;
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* Tries the whole path first: mostly only the last part is missing, if any. */
int file_make_dirs(const char *path, mode_t mode)
{
    int r = make_dir(path, mode);
    if (r != -ENOENT || *path == '\0')
        return r;
    _cleanup_free_ char *part = strdup(path);
    if (!part)
        return -ENOMEM;
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        r = make_dir(part, mode);
        if (r < 0)
            return r;
        *slash = '/';
    }
    return make_dir(part, mode);
}

int file_read_part(const char *path, size_t offset, size_t len, struct buf *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    char *at = buf_add_space(ret, len);
    if (!at)
        return -ENOMEM;
    ssize_t n;
    do
        n = pread(fd, at, len, (off_t)offset);
    while (n < 0 && errno == EINTR);
    int r = n < 0 ? -errno : 0;
    ret->len -= len - (size_t)MAX_OF(n, 0);
    ret->data[ret->len] = '\0';
    return r;
}
