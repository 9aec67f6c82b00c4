/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starting, waiting for and ending the command of `sriovctl run` and `dpdk`. Parent and child talk
 * through a pair of sockets: the child sends an errno (0: it is what it is to be), waits for a
 * byte, and executes the command, which closes its end; if it cannot, it sends another errno.
 */
#include "cli/child.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"

#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127
#define STATUS_SIGNAL 128

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

/* What the command is to be different in from this process. */
struct setup {
    bool own_netns;
    const struct account *account; /* NULL: who we are */
};

/* 0 or an errno. */
static int set_up(const struct setup *setup)
{
    if (setup->own_netns && unshare(CLONE_NEWNET) < 0)
        return errno;
    return setup->account ? -account_become(setup->account) : 0;
}

/* Nothing but system calls from here to exec: what the parent has open or locked is not ours. */
static _Noreturn void be_child(const char *const *argv, const struct setup *setup, int channel,
                               pid_t parent, const sigset_t *mask)
{
    char go;
    int error = set_up(setup);
    /* Becoming another user takes the request back, so it comes behind. A parent that died before
     * the call sends no signal any more. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(EXIT_FAILURE);
    tell(channel, error);
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

static int start(const char *const *argv, const struct setup *setup, struct child *c)
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
        be_child(argv, setup, ends[1], parent, &c->mask);
    r = c->pid < 0 ? -errno : 0;
    close(ends[1]);
    if (r >= 0)
        r = hear(c->channel, &error);
    if (r < 0)
        return r;
    return r == 0 ? -ECHILD : -error;
}

static int start_or_clear(const char *const *argv, const struct setup *setup, struct child *ret)
{
    struct child c = CHILD_INIT;
    int r = start(argv, setup, &c);
    if (r < 0) {
        child_done(&c);
        return r;
    }
    *ret = c;
    return 0;
}

int child_start(const char *const *argv, struct child *ret)
{
    return start_or_clear(argv, &(const struct setup){ .own_netns = true }, ret);
}

int child_start_as(const char *const *argv, const struct account *account, struct child *ret)
{
    return start_or_clear(argv, &(const struct setup){ .account = account }, ret);
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

int child_run(struct child *c, int *ret_status)
{
    int status = 0;
    int r = child_go(c);
    if (r < 0) {
        *ret_status = r == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
        return r;
    }
    r = child_wait(c, &status);
    if (r >= 0)
        *ret_status = WIFSIGNALED(status) ? STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
    return r;
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
