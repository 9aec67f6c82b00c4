/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Jobs: sriovctl started with pipes, its output gathered by the loop. A job that outlives the
 * daemon writes into pipes that nobody reads, and must not die of it: the daemon ignores SIGPIPE,
 * and its children inherit that.
 */
#include "daemon/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "kernel/host.h"

#define ARGS_MAX 4096
#define READ_SIZE 65536

enum stream {
    STREAM_OUT,
    STREAM_ERR,
    STREAMS,
};

struct pipe_end {
    struct source *source;
    struct buf *to;
    int fd;
};

struct run {
    struct job job;
    struct jobs *jobs;
    struct run *next;
    struct pipe_end pipes[STREAMS];
    struct source *child;
    void (*done)(void *userdata, const struct job *job);
    void *userdata;
};

struct jobs {
    struct loop *loop;
    const char *program, *state_dir, *replay;
    struct run *running; /* the oldest first */
    size_t count;
    uint64_t last; /* id */
};

int jobs_new(struct loop *loop, const char *program, const char *state_dir, const char *replay,
             struct jobs **ret)
{
    struct jobs *j = calloc(1, sizeof(*j));

    if (!j)
        return -ENOMEM;
    *j = (struct jobs){
        .loop = loop, .program = program, .state_dir = state_dir, .replay = replay
    };
    signal(SIGPIPE, SIG_IGN);
    *ret = j;
    return 0;
}

/* ---- a run ---- */

static struct run *run_free(struct run *r)
{
    for (size_t i = 0; i < STREAMS; i++) {
        source_free(r->pipes[i].source);
        if (r->pipes[i].fd >= 0)
            close(r->pipes[i].fd);
    }
    source_free(r->child);
    buf_done(&r->job.out);
    buf_done(&r->job.err);
    free(r);
    return NULL;
}

struct jobs *jobs_free(struct jobs *j)
{
    struct run *r;

    if (!j)
        return NULL;
    while ((r = j->running)) {
        j->running = r->next;
        run_free(r);
    }
    free(j);
    return NULL;
}

/* False at the end. What is over the limit is read and dropped. */
static bool gather(struct pipe_end *p)
{
    char space[READ_SIZE];
    ssize_t n;

    while ((n = read(p->fd, space, sizeof(space))) > 0)
        buf_add(p->to, space, MIN_OF((size_t)n, JOB_OUTPUT - MIN_OF(p->to->len, JOB_OUTPUT)));
    return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void on_output(void *userdata, uint32_t events)
{
    struct pipe_end *p = userdata;

    if (!gather(p))
        p->source = source_free(p->source);
}

/* A worker that hangs in the kernel may still have the pipes open when the job has ended: what is
 * in them now is all. */
static void on_end(void *userdata, int status)
{
    struct run *r = userdata;
    struct jobs *j = r->jobs;

    r->job.pid = 0;
    r->job.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    for (size_t i = 0; i < STREAMS; i++)
        gather(&r->pipes[i]);
    for (struct run **place = &j->running; *place; place = &(*place)->next) {
        if (*place == r) {
            *place = r->next;
            break;
        }
    }
    j->count--;
    if (r->done)
        r->done(r->userdata, &r->job);
    run_free(r);
}

/* ---- starting ---- */

/* The program, the options that all jobs have, and the job's own. Borrowed texts. */
static int make_args(const struct jobs *j, const char *const *args, const char *ret[ARGS_MAX])
{
    size_t n = 0;

    ret[n++] = j->program;
    for (; *args; args++) {
        if (n + 6 > ARGS_MAX)
            return -E2BIG;
        ret[n++] = *args;
        if (n > 2)
            continue;
        /* Behind the verb. */
        ret[n++] = "--state-dir";
        ret[n++] = j->state_dir;
        if (j->replay) {
            ret[n++] = "--replay";
            ret[n++] = j->replay;
        }
    }
    ret[n] = NULL;
    return 0;
}

static void name_command(const char *const *args, char *ret, size_t size)
{
    size_t n = (size_t)snprintf(ret, size, "sriovctl");

    for (; *args && n < size; args++)
        n += (size_t)snprintf(ret + n, size - n, " %s", *args);
}

/* Its stdin; -1 with errno. */
static int make_input(const struct job_request *q)
{
    _cleanup_close_ int fd = -1;

    if (!q->input)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    fd = memfd_create("sriovd-input", MFD_CLOEXEC);
    if (fd < 0 || file_write_all(fd, q->input, q->input_len) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return -1;
    return TAKE_FD(fd);
}

/* The job's ends of its three streams. */
static int spawn(const struct jobs *j, const struct job_request *q, const int streams[3],
                 pid_t *ret)
{
    const char *args[ARGS_MAX];
    char behalf[96];
    const char *const environment[] = {
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL=C.UTF-8",
        behalf,
        NULL,
    };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, usual;
    int r;

    r = make_args(j, q->args, args);
    if (r < 0)
        return r;
    snprintf(behalf, sizeof(behalf), HOST_ON_BEHALF "=%s", q->who ? q->who : "sriovd");
    sigemptyset(&none);
    sigfillset(&usual);
    sigdelset(&usual, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attr);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, streams[i], i);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &usual);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    r = -posix_spawn(ret, j->program, &actions, &attr, (char *const *)args,
                     (char *const *)environment);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&actions);
    return r;
}

static int start(struct run *r, const struct job_request *q)
{
    _cleanup_close_ int in = make_input(q), out = -1, err = -1;
    int pair[2];

    if (in < 0)
        return -errno;
    if (pipe2(pair, O_CLOEXEC) < 0)
        return -errno;
    r->pipes[STREAM_OUT].fd = pair[0];
    out = pair[1];
    if (pipe2(pair, O_CLOEXEC) < 0)
        return -errno;
    r->pipes[STREAM_ERR].fd = pair[0];
    err = pair[1];
    return spawn(r->jobs, q, (const int[]){ in, out, err }, &r->job.pid);
}

static int attend(struct run *r)
{
    struct loop *loop = r->jobs->loop;
    int result = 0;

    for (size_t i = 0; result >= 0 && i < STREAMS; i++) {
        struct pipe_end *p = &r->pipes[i];
        fcntl(p->fd, F_SETFL, O_NONBLOCK);
        result = loop_add_fd(loop, p->fd, EPOLLIN, on_output, p, &p->source);
    }
    if (result >= 0)
        result = loop_add_child(loop, r->job.pid, on_end, r, &r->child);
    return result;
}

static void append(struct jobs *j, struct run *r)
{
    struct run **place = &j->running;

    while (*place)
        place = &(*place)->next;
    *place = r;
    j->count++;
}

int job_start(struct jobs *j, const struct job_request *q, uint64_t *ret_id)
{
    struct run *r;
    int result;

    if (j->count >= JOBS_AT_ONCE)
        return -EAGAIN;
    r = calloc(1, sizeof(*r));
    if (!r)
        return -ENOMEM;
    r->jobs = j;
    r->done = q->done;
    r->userdata = q->userdata;
    r->job.started = time(NULL);
    r->pipes[STREAM_OUT] = (struct pipe_end){ .to = &r->job.out, .fd = -1 };
    r->pipes[STREAM_ERR] = (struct pipe_end){ .to = &r->job.err, .fd = -1 };
    name_command(q->args, r->job.command, sizeof(r->job.command));
    STR_SET(r->job.who, q->who ? q->who : "sriovd");
    result = start(r, q);
    if (result >= 0)
        result = attend(r);
    if (result < 0) {
        run_free(r);
        return result;
    }
    r->job.id = ++j->last;
    append(j, r);
    if (ret_id)
        *ret_id = r->job.id;
    return 0;
}

void job_forget(struct jobs *j, uint64_t id)
{
    for (struct run *r = j->running; r; r = r->next) {
        if (r->job.id == id)
            r->done = NULL;
    }
}

const struct job *jobs_item(const struct jobs *j, size_t i)
{
    const struct run *r = j->running;

    while (r && i-- > 0)
        r = r->next;
    return r ? &r->job : NULL;
}
