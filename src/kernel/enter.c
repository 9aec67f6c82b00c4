/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Other network namespaces.
 */
#include "kernel/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* The way back is tried before the way there: with another user namespace around us, we might be
 * allowed to go and not to return. After it worked once it does so again. */
int enter_netns(int netns, int (*work)(void *data), void *data)
{
    _cleanup_close_ int home = -1;
    int r;

    home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0 || setns(home, CLONE_NEWNET) < 0 || setns(netns, CLONE_NEWNET) < 0)
        return -errno;
    r = work(data);
    return setns(home, CLONE_NEWNET) < 0 ? -ENOTRECOVERABLE : r;
}

/* A path may be anything; a FIFO would keep us waiting. */
int netns_open(const char *path, int *ret_fd, uint64_t *ret_inode)
{
    _cleanup_close_ int fd = -1;
    struct stat st;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
        return -EINVAL;
    if (ret_inode) {
        if (fstat(fd, &st) < 0)
            return -errno;
        *ret_inode = st.st_ino;
    }
    *ret_fd = TAKE_FD(fd);
    return 0;
}
