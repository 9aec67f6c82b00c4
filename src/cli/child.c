/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starting, waiting for and ending the command of `sriovctl run`. Parent and child talk through a
 * pair of sockets: the child sends an errno (0: in the namespace), waits for a byte, and executes
 * the command, which closes its end; if it cannot, it sends another errno.
 */
#include "cli/child.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"

/* What a terminal or an administrator sends to end a command. */
static const int passed_on[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

static void fill_set(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGCHLD);
    for (size_t i = 0; i < ELEMENTS(passed_on); i++)
        sigaddset(ret, passed_on[i]);
}

/* ---- the child ---- */

static void tell(int channel, int error)
{
    (void)!send(channel, &error, sizeof(error), MSG_NOSIGNAL);
}

/* Nothing but system calls from here to exec: what the parent has open or locked is not ours. */
static _Noreturn void be_child(const char *const *argv, int channel, pid_t parent,
                               const sigset_t *mask)
{
    char go;
    /* A parent that died before the first call sends no signal any more. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(EXIT_FAILURE);
    tell(channel, unshare(CLONE_NEWNET) < 0 ? errno : 0);
    if (recv(channel, &go, 1, 0) != 1)
        _exit(EXIT_FAILURE);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], (char *const *)argv);
    tell(channel, errno);
    _exit(EXIT_FAILURE);
}

/* ---- the parent ---- */

/* What the child says: 1 and *ret, or 0 at the end. */
static int hear(int channel, int *ret)
{
    ssize_t n;
    do
        n = recv(channel, ret, sizeof(*ret), 0);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == ECONNRESET ? 0 : -errno;
    return n == sizeof(*ret);
}

static int block_signals(struct child *c)
{
    sigset_t set;
    fill_set(&set);
    if (sigprocmask(SIG_BLOCK, &set, &c->mask) < 0)
        return -errno;
    c->masked = true;
    /* Who started us may have ignored it, and then there is no status to wait for. */
    return signal(SIGCHLD, SIG_DFL) == SIG_ERR ? -errno : 0;
}

static int start(const char *const *argv, struct child *c)
{
    int ends[2], error = 0;
    int r = block_signals(c);
    if (r < 0)
        return r;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    c->channel = ends[0];
    pid_t parent = getpid();
    c->pid = fork();
    if (c->pid == 0)
        be_child(argv, ends[1], parent, &c->mask);
    r = c->pid < 0 ? -errno : 0;
    close(ends[1]);
    if (r >= 0)
        r = hear(c->channel, &error);
    if (r < 0)
        return r;
    return r == 0 ? -ECHILD : -error;
}

int child_start(const char *const *argv, struct child *ret)
{
    struct child c = CHILD_INIT;
    int r = start(argv, &c);
    if (r < 0) {
        child_done(&c);
        return r;
    }
    *ret = c;
    return 0;
}

int child_go(struct child *c)
{
    int error;
    /* One that was killed meanwhile is no failure here: child_wait tells how it ended. */
    (void)!send(c->channel, "", 1, MSG_NOSIGNAL);
    int r = hear(c->channel, &error);
    return r > 0 ? -error : r;
}

int child_wait(struct child *c, int *ret_status)
{
    sigset_t set;
    fill_set(&set);
    for (;;) {
        siginfo_t info;
        int signal = sigwaitinfo(&set, &info);
        if (signal < 0 && errno != EINTR)
            return -errno;
        if (signal == SIGCHLD && waitpid(c->pid, ret_status, WNOHANG) == c->pid) {
            c->pid = 0;
            return 0;
        }
        /* What the terminal sends, it sends to the command as well. */
        if (signal > 0 && signal != SIGCHLD && info.si_code != SI_KERNEL)
            kill(c->pid, signal);
    }
}

void child_done(struct child *c)
{
    if (c->channel >= 0)
        close(c->channel);
    if (c->pid > 0) {
        kill(c->pid, SIGKILL);
        while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (c->masked)
        sigprocmask(SIG_SETMASK, &c->mask, NULL);
    *c = CHILD_INIT;
}
