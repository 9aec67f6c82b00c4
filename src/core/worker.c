/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The worker is a fork of the tool that talks back over a pipe: a record before each step, and one
 * at the end with the outcome. The ledger sleeps over the fork (ledger.h) and each of the two opens
 * it anew; the locks of the PFs come along and stay as long as either of the two lives.
 */
#include "core/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/file.h"
#include "core/execute.h"
#include "kernel/events.h"

#define FIRST_NEWS_S 5
#define NEWS_EVERY_S 10

/* What the worker writes: far below PIPE_BUF, so each record arrives whole. */
struct news {
    size_t step;
    bool finished;
    int result;
    struct apply_result outcome;
    struct sriov_error error;
};

struct teller {
    int fd;
    const struct plan *p;
};

bool plan_may_hang(const struct plan *p)
{
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *s = &p->steps[i];

        if (s->kind == STEP_REMOVE_VFS || s->kind == STEP_RELOAD_DRIVER ||
            (s->kind == STEP_BIND && s->disruption >= DISRUPTION_VF_LOSS))
            return true;
    }
    return false;
}

/* ---- in the worker ---- */

static void tell_step(void *userdata, const struct plan *p, const struct step *step)
{
    struct teller *t = userdata;
    struct news news = { .step = (size_t)(step - p->steps) };

    file_write_all(t->fd, &news, sizeof(news));
}

static _Noreturn void work(struct backend *b, struct ledger *l, struct plan *p,
                           const struct worker_options *options, int fd)
{
    struct teller teller = { .fd = fd, .p = p };
    struct apply_options apply = options->apply;
    struct news last = { .finished = true };

    /* Ctrl-C at the terminal is for the tool. */
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    apply.progress = tell_step;
    apply.userdata = &teller;
    last.result = ledger_wake(l, &last.error);
    if (last.result >= 0)
        last.result = plan_apply(b, l, p, &apply, &last.outcome, &last.error);
    /* If the tool is gone, the work was done all the same. */
    if (file_write_all(fd, &last, sizeof(last)) >= 0)
        for (size_t i = 0; i < p->n_steps; i++)
            file_write_all(fd, &p->steps[i].state, sizeof(p->steps[i].state));
    _exit(0);
}

/* ---- in the tool ---- */

struct watch {
    int fd;
    struct plan *p;
    const struct worker_options *options;
    size_t step;
    uint64_t step_began;
    uint64_t next_news;
};

static uint64_t seconds(uint64_t n)
{
    return n * UINT64_C(1000000000);
}

static void step_began(struct watch *w, size_t step)
{
    w->step = step;
    w->step_began = events_now();
    w->next_news = w->step_began + seconds(FIRST_NEWS_S);
}

static bool read_all(int fd, void *data, size_t len)
{
    char *at = data;

    while (len > 0) {
        ssize_t n = read(fd, at, len);

        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* Waits for the next record; tells how long the step has been at it meanwhile. 1: a record, 0: the
 * worker died, -EINPROGRESS: the caller has waited enough. */
static int next_news(struct watch *w, struct news *ret)
{
    for (;;) {
        struct pollfd fd = { .fd = w->fd, .events = POLLIN };
        uint64_t now = events_now();
        int wait_ms = now >= w->next_news ? 0 : (int)((w->next_news - now) / 1000000 + 1);

        if (poll(&fd, 1, wait_ms) > 0)
            return read_all(w->fd, ret, sizeof(*ret));
        now = events_now();
        /* A signal may ask to stop before the next news is due. */
        if (w->options->waiting &&
            !w->options->waiting(w->options->userdata, w->p, &w->p->steps[w->step],
                                 (unsigned)((now - w->step_began) / seconds(1))))
            return -EINPROGRESS;
        if (now >= w->next_news)
            w->next_news = now + seconds(NEWS_EVERY_S);
    }
}

static int follow(struct watch *w, struct apply_result *ret, struct sriov_error *error)
{
    struct news news;
    int r;

    while ((r = next_news(w, &news)) > 0) {
        if (!news.finished && news.step < w->p->n_steps) {
            step_began(w, news.step);
            if (w->options->apply.progress)
                w->options->apply.progress(w->options->apply.userdata, w->p,
                                           &w->p->steps[news.step]);
            continue;
        }
        for (size_t i = 0; i < w->p->n_steps; i++)
            if (!read_all(w->fd, &w->p->steps[i].state, sizeof(w->p->steps[i].state)))
                break;
        if (news.result < 0 && error)
            *error = news.error;
        if (news.result >= 0)
            *ret = news.outcome;
        return news.result;
    }
    if (r < 0) {
        error_set(error, SRIOV_FAILED, 0, "", "not waiting any longer");
        error_remedy(error, "the change goes on by itself: `sriovctl list` and `history` tell");
        return r;
    }
    error_set(error, SRIOV_NOT_ROLLED_BACK, 0, "", "the worker died");
    error_remedy(error,
                 "the next change puts back what it left half done; `sriovctl history` has it");
    return -EIO;
}

int plan_apply_in_worker(struct backend *b, struct ledger *l, struct plan *p,
                         const struct worker_options *options, struct apply_result *ret,
                         pid_t *ret_pid, struct sriov_error *error)
{
    struct watch w = { .p = p, .options = options };
    int fds[2], r;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return error_set(error, SRIOV_FAILED, errno, "", "cannot start a worker");
    ledger_sleep(l);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        work(b, l, p, options, fds[1]);
    }
    if (pid < 0) {
        error_set(error, SRIOV_FAILED, errno, "", "cannot start a worker");
        close(fds[0]);
        close(fds[1]);
        ledger_wake(l, NULL);
        return -EAGAIN;
    }
    close(fds[1]);
    if (ret_pid)
        *ret_pid = pid;
    w.fd = fds[0];
    step_began(&w, 0);
    r = follow(&w, ret, error);
    close(fds[0]);
    if (r != -EINPROGRESS)
        waitpid(pid, NULL, 0);
    ledger_wake(l, NULL); /* if it does not, whoever asks it is told */
    return r;
}
