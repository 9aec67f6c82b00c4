/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The loop on sd-event. A source is ended by freeing it, also in its own callback: sd-event keeps
 * what it needs until the callback has returned, and nothing here touches a source after calling.
 */
#include "daemon/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>

#define FOLDER_EVENTS                                                                              \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF |       \
     IN_MOVE_SELF | IN_ONLYDIR)
#define TIMER_ACCURACY 1000 /* microseconds; sd-event's own is a quarter of a second */

struct loop {
    sd_event *event;
};

struct source {
    sd_event_source *source;
    union {
        void (*fd)(void *userdata, uint32_t events);
        void (*child)(void *userdata, int status);
        void (*plain)(void *userdata);
        void (*folder)(void *userdata, const char *name);
    } call;
    void *userdata;
};

/* SIGCHLD is blocked because sd-event wants to be the one who hears of children. */
int loop_new(struct loop **ret)
{
    _cleanup_(loop_free_p) struct loop *l = calloc(1, sizeof(*l));
    sigset_t children;
    int r;

    if (!l)
        return -ENOMEM;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &children, NULL) < 0)
        return -errno;
    r = sd_event_new(&l->event);
    if (r >= 0)
        r = sd_event_set_watchdog(l->event, true);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(l);
    return 0;
}

struct loop *loop_free(struct loop *l)
{
    if (l)
        sd_event_unref(l->event);
    free(l);
    return NULL;
}

int loop_run(struct loop *l)
{
    return sd_event_loop(l->event);
}

void loop_exit(struct loop *l, int status)
{
    sd_event_exit(l->event, status);
}

struct source *source_free(struct source *s)
{
    if (s)
        sd_event_source_disable_unref(s->source);
    free(s);
    return NULL;
}

static struct source *source_new(void *userdata)
{
    struct source *s = calloc(1, sizeof(*s));

    if (s)
        s->userdata = userdata;
    return s;
}

static int finish(struct source *s, int r, struct source **ret)
{
    if (r < 0) {
        source_free(s);
        return r;
    }
    *ret = s;
    return 0;
}

/* ---- descriptors ---- */

static int on_fd(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct source *s = userdata;

    s->call.fd(s->userdata, events);
    return 0;
}

int loop_add_fd(struct loop *l, int fd, uint32_t events,
                void (*ready)(void *userdata, uint32_t events), void *userdata, struct source **ret)
{
    struct source *s = source_new(userdata);

    if (!s)
        return -ENOMEM;
    s->call.fd = ready;
    return finish(s, sd_event_add_io(l->event, &s->source, fd, events, on_fd, s), ret);
}

/* ---- processes ---- */

/* As waitpid would have it. */
static int wait_status(const siginfo_t *si)
{
    return si->si_code == CLD_EXITED ? W_EXITCODE(si->si_status, 0) : si->si_status & 0x7f;
}

static int on_child(sd_event_source *source, const siginfo_t *si, void *userdata)
{
    struct source *s = userdata;

    s->call.child(s->userdata, wait_status(si));
    return 0;
}

int loop_add_child(struct loop *l, pid_t pid, void (*ended)(void *userdata, int status),
                   void *userdata, struct source **ret)
{
    struct source *s = source_new(userdata);

    if (!s)
        return -ENOMEM;
    s->call.child = ended;
    return finish(s, sd_event_add_child(l->event, &s->source, pid, WEXITED, on_child, s), ret);
}

/* ---- signals ---- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
    struct source *s = userdata;

    s->call.plain(s->userdata);
    return 0;
}

int loop_add_signal(struct loop *l, int number, void (*caught)(void *userdata), void *userdata,
                    struct source **ret)
{
    struct source *s = source_new(userdata);
    sigset_t set;

    if (!s)
        return -ENOMEM;
    s->call.plain = caught;
    sigemptyset(&set);
    sigaddset(&set, number);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return finish(s, -errno, ret);
    return finish(s, sd_event_add_signal(l->event, &s->source, number, on_signal, s), ret);
}

/* ---- moments ---- */

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct source *s = userdata;

    s->call.plain(s->userdata);
    return 0;
}

int loop_add_timer(struct loop *l, uint64_t microseconds, void (*due)(void *userdata),
                   void *userdata, struct source **ret)
{
    struct source *s = source_new(userdata);

    if (!s)
        return -ENOMEM;
    s->call.plain = due;
    return finish(s,
                  sd_event_add_time_relative(l->event, &s->source, CLOCK_MONOTONIC, microseconds,
                                             TIMER_ACCURACY, on_time, s),
                  ret);
}

int loop_timer_set(struct source *timer, uint64_t microseconds)
{
    int r = sd_event_source_set_time_relative(timer->source, microseconds);

    return r < 0 ? r : sd_event_source_set_enabled(timer->source, SD_EVENT_ONESHOT);
}

void loop_timer_stop(struct source *timer)
{
    sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
}

/* ---- folders ---- */

static int on_folder(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
    struct source *s = userdata;

    s->call.folder(s->userdata, event->len > 0 ? event->name : NULL);
    return 0;
}

int loop_add_folder(struct loop *l, const char *path,
                    void (*changed)(void *userdata, const char *name), void *userdata,
                    struct source **ret)
{
    struct source *s = source_new(userdata);

    if (!s)
        return -ENOMEM;
    s->call.folder = changed;
    return finish(s, sd_event_add_inotify(l->event, &s->source, path, FOLDER_EVENTS, on_folder, s),
                  ret);
}
