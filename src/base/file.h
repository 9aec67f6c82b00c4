/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whole files, small ones. Nothing here follows a size the other side chose: every read has a
 * limit.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

/* Reads a regular file, sysfs or proc file whole; the result is NUL-terminated and the caller's to
 * free. `dir_fd` may be AT_FDCWD. -EFBIG if it holds more than `limit` bytes, -EISDIR for a
 * directory. ret_len may be NULL. */
int file_read_at(int dir_fd, const char *path, size_t limit, char **ret, size_t *ret_len);

/* The same of what is open already, up to its end: a pipe, standard input. */
int file_read_fd(int fd, size_t limit, char **ret, size_t *ret_len);

/* Up to `len` bytes from `offset` on, appended to `ret`; fewer where the file ends. */
struct buf;
int file_read_part(const char *path, size_t offset, size_t len, struct buf *ret);

/* One write(2) of the whole text, as sysfs wants it. -EIO if the kernel took only a part. */
int file_write_at(int dir_fd, const char *path, const char *data, size_t len);

/* All of it, in as many writes as the other side takes. */
int file_write_all(int fd, const void *data, size_t len);

/* The target of a symbolic link, caller's to free. */
int file_link_at(int dir_fd, const char *path, char **ret);

/* Names in a folder without "." and "..", in natural order. */
int file_list_at(int dir_fd, const char *path, struct strv *ret);

/* Replaces (or makes) a file so that a reader sees the old or the new one whole, also after a power
 * cut: temporary file beside it, fsync, rename, fsync of the folder. */
int file_replace(const char *path, const void *data, size_t len, mode_t mode);

/* mkdir -p. 0 if it is there already. */
int file_make_dirs(const char *path, mode_t mode);

#endif
