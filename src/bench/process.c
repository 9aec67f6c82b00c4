/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Programs in network namespaces. See process.h.
 */
#include "bench/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/str.h"
#include "kernel/events.h"

#define NS_PER_S UINT64_C(1000000000)
#define NS_PER_MS 1000000

/* ---- signals ---- */

static const int held_back[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

int interrupt_hold(struct interrupt *ret)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ELEMENTS(held_back); i++)
        sigaddset(&set, held_back[i]);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    if (sigprocmask(SIG_BLOCK, &set, &ret->before) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    ret->fd = fd;
    return 0;
}

bool interrupt_wait(const struct interrupt *i, int ms)
{
    struct pollfd fd = { .fd = i->fd, .events = POLLIN };
    return poll(&fd, 1, ms) > 0;
}

bool interrupt_came(const struct interrupt *i)
{
    return interrupt_wait(i, 0);
}

void interrupt_release(struct interrupt *i)
{
    close_p(&i->fd);
    i->fd = -1;
    sigprocmask(SIG_SETMASK, &i->before, NULL);
}

struct patience patience_of(const struct interrupt *i, unsigned seconds)
{
    return (struct patience){ .interrupt = i, .deadline = events_now() + seconds * NS_PER_S };
}

/* ---- the program ---- */

static _Noreturn void fail(int channel)
{
    int error = errno;
    (void)!write(channel, &error, sizeof(error));
    _exit(EXIT_FAILURE);
}

/* Nothing but system calls from here to exec, but for the environment: we have one thread. */
static _Noreturn void become(int netns, const char *const *argv, int out, int channel, pid_t parent)
{
    sigset_t none;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(EXIT_FAILURE);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if ((netns >= 0 && setns(netns, CLONE_NEWNET) < 0) || null < 0 ||
        dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0)
        fail(channel);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setenv("LC_ALL", "C", true);
    execvp(argv[0], (char *const *)argv);
    fail(channel);
}

/* The channel closes when the program is executed; what comes before that is an errno. */
static int await_exec(int channel)
{
    int error;
    ssize_t n;
    do
        n = read(channel, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    return n == sizeof(error) ? -error : 0;
}

static int start_with(int netns, const char *const *argv, const int *out, const int *channel,
                      struct process *p)
{
    pid_t parent = getpid();
    p->pid = fork();
    if (p->pid < 0) {
        p->pid = 0;
        return -errno;
    }
    if (p->pid == 0)
        become(netns, argv, out[1], channel[1], parent);
    return 0;
}

int process_start(int netns, const char *const *argv, struct process *ret)
{
    _cleanup_(process_done) struct process p = PROCESS_INIT;
    int out[2], channel[2];
    if (pipe2(out, O_CLOEXEC) < 0)
        return -errno;
    p.out = out[0];
    if (pipe2(channel, O_CLOEXEC) < 0) {
        int r = -errno;
        close(out[1]);
        return r;
    }
    int r = start_with(netns, argv, out, channel, &p);
    close(out[1]);
    close(channel[1]);
    if (r >= 0)
        r = await_exec(channel[0]);
    close(channel[0]);
    if (r < 0)
        return r;
    *ret = p;
    p = PROCESS_INIT;
    return 0;
}

/* ---- its output ---- */

/* 1 when there is something to be read. */
static int wait_readable(int fd, const struct patience *patience)
{
    struct pollfd fds[] = {
        { .fd = patience->interrupt->fd, .events = POLLIN },
        { .fd = fd, .events = POLLIN },
    };
    for (;;) {
        uint64_t now = events_now();
        if (now >= patience->deadline)
            return -ETIMEDOUT;
        uint64_t ms = (patience->deadline - now) / NS_PER_MS + 1;
        int n = poll(fds, ELEMENTS(fds), (int)MIN_OF(ms, UINT64_C(60000)));
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            return fds[0].revents ? -EINTR : 1;
    }
}

int process_read(struct process *p, const char *word, const struct patience *patience, size_t limit,
                 struct buf *out)
{
    for (;;) {
        char chunk[4096];
        if (word && out->data && strstr(out->data, word))
            return 0;
        int r = wait_readable(p->out, patience);
        if (r < 0)
            return r;
        ssize_t n = read(p->out, chunk, sizeof(chunk));
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n == 0)
            return word ? -EPIPE : buf_ok(out);
        if (n > 0)
            buf_add(out, chunk, (size_t)n);
        if (out->len > limit)
            return -EFBIG;
    }
}

int process_end(struct process *p)
{
    int status = 0;
    close_p(&p->out);
    if (p->pid > 0) {
        /* One that has ended keeps its status. */
        kill(p->pid, SIGKILL);
        while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    *p = PROCESS_INIT;
    return status;
}

void process_done(struct process *p)
{
    process_end(p);
}

int process_run(int netns, const char *const *argv, const struct patience *patience, size_t limit,
                struct buf *out)
{
    _cleanup_(process_done) struct process p = PROCESS_INIT;
    int status;
    int r = process_start(netns, argv, &p);
    if (r >= 0)
        r = process_read(&p, NULL, patience, limit, out);
    if (r < 0)
        return r;
    /* Its output is closed, so it is about to end by itself. */
    while (waitpid(p.pid, &status, 0) < 0 && errno == EINTR)
        continue;
    p.pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
