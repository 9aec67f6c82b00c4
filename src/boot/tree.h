/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files of a system whose root is some folder: the running one, or an image that is mounted
 * somewhere. Paths are those of that system ("/etc/default/grub"). No path leads out of it: in an
 * image, a symbolic link that would is an error, never followed.
 */
#ifndef BOOT_TREE_H
#define BOOT_TREE_H

#include <sys/stat.h>

#include "base/str.h"

struct tree {
    int fd;
    bool running; /* its root is "/" */
};

#define TREE_INIT ((struct tree){ .fd = -1 })
#define TREE_FILE_LIMIT (64 * 1024)

int tree_open(const char *root, struct tree *ret);
void tree_done(struct tree *t);

/* Is there something at the path? True also if it leads out of the tree, or may not be looked at:
 * whoever reads it then gets the error. */
bool tree_has(const struct tree *t, const char *path);

/* A regular file whole, at most `limit` bytes. -ENOENT, -EFBIG, -EISDIR if it is anything but a
 * regular file, -EXDEV if a symbolic link leads out of the tree. ret_st and ret_len may be NULL. */
int tree_read(const struct tree *t, const char *path, size_t limit, char **ret, size_t *ret_len,
              struct stat *ret_st);

/* Names in a folder that end in `suffix`, in natural order; none if there is no such folder. */
int tree_list(const struct tree *t, const char *path, const char *suffix, struct strv *ret);

/* Replaces (or makes) a file at once and durably, with mode and owner; what else is attached to the
 * old one (SELinux label, ACL) is kept. A symbolic link stays, and its target is replaced. The
 * temporary file has one fixed name, so that tree_sweep finds what a killed process left. */
int tree_replace(const struct tree *t, const char *path, const char *data, size_t len, mode_t mode,
                 uid_t uid, gid_t gid);
int tree_sweep(const struct tree *t, const char *path);

/* Durably as well. -ENOENT is no failure. */
int tree_remove(const struct tree *t, const char *path);

int tree_make_dir(const struct tree *t, const char *path);
void tree_remove_dir(const struct tree *t, const char *path); /* if it is empty */

#endif
