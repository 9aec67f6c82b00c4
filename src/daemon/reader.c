/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The reading thread: a queue of work under a mutex, and an eventfd that wakes the loop for what is
 * done. Two lists, both in the order of asking.
 */
#include "daemon/reader.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#include "kernel/events.h"

#define NS_PER_MS UINT64_C(1000000)
#define END_SECONDS 1 /* given to a thread that may hang in the kernel */

struct task {
    struct task *next;
    void (*work)(void *userdata, struct session *s);
    void (*done)(void *userdata);
    void *userdata;
};

struct tasks {
    struct task *first, **end;
};

struct reader {
    struct session session; /* the thread's alone */
    struct source *wake_source;
    int wake;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t mutex; /* of what is below */
    pthread_cond_t asked;
    struct tasks todo, done;
    uint64_t since; /* the work at hand, 0: none */
    bool stop;
};

static void tasks_init(struct tasks *t)
{
    t->first = NULL;
    t->end = &t->first;
}

static void tasks_add(struct tasks *t, struct task *task)
{
    task->next = NULL;
    *t->end = task;
    t->end = &task->next;
}

static struct task *tasks_take(struct tasks *t)
{
    struct task *task = t->first;

    if (!task)
        return NULL;
    t->first = task->next;
    if (!t->first)
        t->end = &t->first;
    return task;
}

/* Who asked frees in `done` what the task works with. */
static void tasks_drop(struct tasks *t)
{
    struct task *task;

    while ((task = tasks_take(t))) {
        task->done(task->userdata);
        free(task);
    }
}

/* ---- the thread ---- */

/* NULL: it is to end. */
static struct task *wait_for_task(struct reader *r)
{
    struct task *task;

    pthread_mutex_lock(&r->mutex);
    while (!r->stop && !r->todo.first)
        pthread_cond_wait(&r->asked, &r->mutex);
    task = r->stop ? NULL : tasks_take(&r->todo);
    r->since = task ? events_now() : 0;
    pthread_mutex_unlock(&r->mutex);
    return task;
}

static void hand_back(struct reader *r, struct task *task)
{
    pthread_mutex_lock(&r->mutex);
    tasks_add(&r->done, task);
    r->since = 0;
    pthread_mutex_unlock(&r->mutex);
    eventfd_write(r->wake, 1);
}

static void *run(void *userdata)
{
    struct reader *r = userdata;
    struct task *task;

    while ((task = wait_for_task(r))) {
        if (session_backend(&r->session, NULL) >= 0)
            task->work(task->userdata, &r->session);
        hand_back(r, task);
    }
    return NULL;
}

/* Signals are the loop's. */
static int start_thread(struct reader *r)
{
    sigset_t all, before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&r->thread, NULL, run, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    r->has_thread = failed == 0;
    return -failed;
}

/* ---- the loop's side ---- */

static void on_wake(void *userdata, uint32_t events)
{
    struct reader *r = userdata;
    eventfd_t count;
    struct task *task;

    eventfd_read(r->wake, &count);
    for (;;) {
        pthread_mutex_lock(&r->mutex);
        task = tasks_take(&r->done);
        pthread_mutex_unlock(&r->mutex);
        if (!task)
            return;
        task->done(task->userdata);
        free(task);
    }
}

int reader_new(struct loop *loop, const char *state_dir, const char *replay, struct reader **ret)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    int r;

    if (!reader)
        return -ENOMEM;
    reader->session = (struct session){ .state_dir = state_dir, .replay = replay };
    pthread_mutex_init(&reader->mutex, NULL);
    pthread_cond_init(&reader->asked, NULL);
    tasks_init(&reader->todo);
    tasks_init(&reader->done);
    reader->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    r = reader->wake < 0 ? -errno : 0;
    if (r == 0)
        r = loop_add_fd(loop, reader->wake, EPOLLIN, on_wake, reader, &reader->wake_source);
    if (r == 0)
        r = start_thread(reader);
    if (r < 0) {
        reader_free(reader);
        return r;
    }
    *ret = reader;
    return 0;
}

static bool end_thread(struct reader *r)
{
    struct timespec deadline;

    if (!r->has_thread)
        return true;
    pthread_mutex_lock(&r->mutex);
    r->stop = true;
    pthread_cond_signal(&r->asked);
    pthread_mutex_unlock(&r->mutex);
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += END_SECONDS;
    return pthread_timedjoin_np(r->thread, NULL, &deadline) == 0;
}

/* A thread that hangs in the kernel keeps what it works with; the process is about to end. */
struct reader *reader_free(struct reader *r)
{
    if (!r)
        return NULL;
    r->wake_source = source_free(r->wake_source);
    if (!end_thread(r))
        return NULL;
    tasks_drop(&r->todo);
    tasks_drop(&r->done);
    session_done(&r->session);
    pthread_cond_destroy(&r->asked);
    pthread_mutex_destroy(&r->mutex);
    if (r->wake >= 0)
        close(r->wake);
    free(r);
    return NULL;
}

int reader_run(struct reader *r, void (*work)(void *userdata, struct session *s),
               void (*done)(void *userdata), void *userdata)
{
    struct task *task;

    if (r->stop)
        return -ESHUTDOWN;
    task = malloc(sizeof(*task));
    if (!task)
        return -ENOMEM;
    *task = (struct task){ .work = work, .done = done, .userdata = userdata };
    pthread_mutex_lock(&r->mutex);
    tasks_add(&r->todo, task);
    pthread_cond_signal(&r->asked);
    pthread_mutex_unlock(&r->mutex);
    return 0;
}

unsigned reader_busy(struct reader *r)
{
    uint64_t since;

    pthread_mutex_lock(&r->mutex);
    since = r->since;
    pthread_mutex_unlock(&r->mutex);
    return since == 0 ? 0 : (unsigned)((events_now() - since) / NS_PER_MS) + 1;
}
