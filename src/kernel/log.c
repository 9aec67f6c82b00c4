/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernel's log. The ring buffer is read with one system call. On a host that has been up for
 * long, what the drivers said at boot has left it; then the journal is asked, if there is one. So
 * it is where the ring is closed to us, as in the daemon's sandbox.
 */
#include "kernel/log.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/klog.h>
#include <unistd.h>

#include "base/buf.h"
#include "kernel/spawn.h"

/* Actions of syslog(2), which glibc does not name. */
#define READ_ALL 3
#define SIZE_BUFFER 10

#define RING_LIMIT (16 * 1024 * 1024)
#define JOURNAL_LIMIT (4 * 1024 * 1024)

static const char journal_folder[] = "/run/systemd/journal";

static int read_ring(char **ret)
{
    _cleanup_free_ char *text = NULL;
    int size, len;

    size = klogctl(SIZE_BUFFER, NULL, 0);
    if (size < 0)
        return -errno;
    size = MIN_OF(size, RING_LIMIT);
    text = malloc((size_t)size + 1);
    if (!text)
        return -ENOMEM;
    len = klogctl(READ_ALL, text, size);
    if (len < 0)
        return -errno;
    text[len] = '\0';
    *ret = TAKE_PTR(text);
    return 0;
}

/* The first line of every boot. */
static bool has_boot(const char *text)
{
    return strstr(text, "] Linux version ");
}

static int read_journal(char **ret)
{
    static const char *const argv[] = {
        "journalctl",    "-k", "-b", "-q", "--no-pager", "-o", "short-monotonic",
        "--no-hostname", NULL,
    };
    _cleanup_buf_ struct buf out = BUF_INIT;
    int r;

    if (access(journal_folder, F_OK) < 0)
        return -errno;
    r = spawn_and_read(argv, JOURNAL_LIMIT, &out);
    if (r < 0)
        return r;
    *ret = buf_steal(&out);
    return *ret ? 0 : -ENOMEM;
}

/* "<6>[    1.234567] text" of the ring and "[    1.234567] kernel: text" of the journal to what
 * dmesg prints. In place. */
static char *plain_line(char *line)
{
    static const char sender[] = "] kernel: ";
    char *at;

    if (line[0] == '<')
        line = strchrnul(line, '>') + 1;
    at = line[0] == '[' ? strstr(line, sender) : NULL;
    if (at && at == strchr(line, ']'))
        memmove(at + 2, at + strlen(sender), strlen(at + strlen(sender)) + 1);
    return line;
}

int log_read(const char *const *words, struct strv *ret)
{
    _cleanup_free_ char *ring = NULL, *journal = NULL;
    char *text, *save = NULL;
    int r;

    r = read_ring(&ring);
    if (r < 0 && r != -EPERM)
        return r;
    text = ring;
    if ((!ring || !has_boot(ring)) && read_journal(&journal) == 0 && *journal)
        text = journal;
    if (!text)
        return r;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (str_has_any(line, words) && strv_add(ret, plain_line(line)) < 0)
            return -ENOMEM;
    }
    return 0;
}
