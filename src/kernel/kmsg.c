/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records of /dev/kmsg. A read gives one of them: a head of numbers, the text up to the line's end,
 * then lines of a dictionary that begin with a blank. What is not printable ASCII comes as \xHH.
 */
#include "kernel/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/str.h"

#define RECORD_SIZE 8192 /* PRINTK_MESSAGE_MAX is 2048; a record that does not fit is lost */
#define KMSG_DEVICE makedev(1, 11)
#define LEVEL_MASK 7u /* the rest is the facility: 0 is the kernel's and no program can say it */

/* The daemon's sandbox has no way to the log; its unit has it open as standard input. */
static int take_input(void)
{
    struct stat st;
    int fd;

    if (fstat(STDIN_FILENO, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != KMSG_DEVICE)
        return -1;
    fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (fd >= 0)
        fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int kmsg_open(int *ret)
{
    _cleanup_close_ int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int error = errno;

    if (fd < 0)
        fd = take_input();
    if (fd < 0)
        return -error;
    if (lseek(fd, 0, SEEK_END) < 0)
        return -errno;
    *ret = TAKE_FD(fd);
    return 0;
}

/* A number and the character behind it; NULL if there is none. */
static const char *take_number(const char *at, const char *end, char stop, uint64_t *ret)
{
    uint64_t value = 0;
    const char *first = at;

    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (unsigned)(*at - '0'), &value))
            return NULL;
    }
    if (at == first || at == end || *at != stop)
        return NULL;
    *ret = value;
    return at + 1;
}

/* One character of a text, escaped or not; it moves on. What would end a line becomes a blank. */
static char take_char(const char **at, const char *end)
{
    const char *s = *at;
    char c = *s;

    *at = s + 1;
    if (c == '\\' && end - s >= 4 && s[1] == 'x' && str_hex_digit(s[2]) >= 0 &&
        str_hex_digit(s[3]) >= 0) {
        c = (char)(str_hex_digit(s[2]) << 4 | str_hex_digit(s[3]));
        *at = s + 4;
    }
    return (unsigned char)c < ' ' || c == 0x7f ? ' ' : c;
}

static void take_text(const char *at, const char *end, char *ret, size_t size)
{
    size_t n = 0;

    while (at < end && n + 1 < size)
        ret[n++] = take_char(&at, end);
    while (n > 0 && ret[n - 1] == ' ')
        n--;
    ret[n] = '\0';
}

int kmsg_parse(const char *record, size_t len, struct kmsg *ret)
{
    const char *end = record + len, *at, *line;
    struct kmsg m = { 0 };
    uint64_t priority, time;

    at = take_number(record, end, ',', &priority);
    at = at ? take_number(at, end, ',', &m.number) : NULL;
    at = at ? take_number(at, end, ',', &time) : NULL;
    at = at ? memchr(at, ';', (size_t)(end - at)) : NULL;
    if (!at)
        return -EBADMSG;
    m.level = (unsigned)(priority & LEVEL_MASK);
    m.is_kernels = priority <= LEVEL_MASK;
    at++;
    line = memchr(at, '\n', (size_t)(end - at));
    take_text(at, line ? line : end, m.text, sizeof(m.text));
    *ret = m;
    return 0;
}

int kmsg_read(int fd, struct kmsg *ret)
{
    char record[RECORD_SIZE];
    ssize_t n;

    for (;;) {
        n = read(fd, record, sizeof(record));
        if (n >= 0 && kmsg_parse(record, (size_t)n, ret) == 0)
            return 1;
        if (n == 0 || (n < 0 && errno == EAGAIN))
            return 0;
        /* EPIPE: some were overwritten. EINVAL: one that is too long. The next is another one. */
        if (n < 0 && errno != EPIPE && errno != EINVAL && errno != EINTR)
            return -errno;
    }
}
