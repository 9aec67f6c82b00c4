/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Locks of PFs and VFs between processes: who keeps whom out, who waits for whom, and what readers
 * see of it.
 */
#include "core/ledger-lock.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "kernel/spawn.h"

#define PF_KEY "netdevsim1"

static char folder[64];

static int make_folder(void **state)
{
    STR_SET(folder, "/tmp/sriovd-test-lock.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    return spawn_and_wait((const char *[]){ "rm", "-r", folder, NULL }, NULL, 0);
}

static int lock_pf(struct ledger_locks **locks)
{
    _cleanup_strv_ struct strv keys = STRV_INIT;
    char busy[32] = "";
    int r;

    assert_int_equal(strv_add(&keys, PF_KEY), 0);
    r = ledger_locks_take(folder, &keys, locks, busy);
    assert_string_equal(busy, r == -EBUSY ? PF_KEY : "");
    return r;
}

static int lock_vf(unsigned vf, unsigned wait_ms)
{
    int fd = -1, r;

    r = ledger_lock_vf(folder, PF_KEY, vf, wait_ms, &fd);
    assert_true(r < 0 ? fd == -1 : fd >= 0);
    if (r >= 0)
        close(fd);
    return r;
}

static int64_t ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- another process that has a lock ---- */

/* A test that fails must not leave processes behind. */
static pid_t fork_child(void)
{
    pid_t pid = fork();

    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

#define WHOLE (-1)
#define UNTIL_KILLED (-1)

static _Noreturn void hold(int vf, int hold_ms, int news)
{
    struct ledger_locks *locks = NULL;
    int fd, r;

    r = vf == WHOLE ? lock_pf(&locks) : ledger_lock_vf(folder, PF_KEY, (unsigned)vf, 0, &fd);
    if (r < 0 || write(news, "x", 1) != 1)
        _exit(1);
    if (hold_ms == UNTIL_KILLED)
        pause();
    else
        usleep((unsigned)hold_ms * 1000);
    _exit(0);
}

static pid_t holder(int vf, int hold_ms)
{
    int news[2];
    char c;
    pid_t pid;

    assert_int_equal(pipe(news), 0);
    pid = fork_child();
    if (pid == 0)
        hold(vf, hold_ms, news[1]);
    close(news[1]);
    assert_int_equal(read(news[0], &c, 1), 1);
    close(news[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* ---- who keeps whom out ---- */

static void test_vf_against_vf(void **state)
{
    pid_t pid = holder(3, UNTIL_KILLED);

    assert_int_equal(lock_vf(3, 0), -EBUSY);
    assert_int_equal(lock_vf(2, 0), 0);
    assert_int_equal(lock_vf(4, 0), 0);
    assert_int_equal(lock_vf(65535, 0), 0);
    end(pid);
    assert_int_equal(lock_vf(3, 0), 0); /* it went with the process */
}

static void test_vf_against_vf_of_the_same_process(void **state)
{
    int fd;

    assert_int_equal(ledger_lock_vf(folder, PF_KEY, 0, 0, &fd), 0);
    assert_int_equal(lock_vf(0, 0), -EBUSY);
    assert_int_equal(lock_vf(1, 0), 0);
    close(fd);
    assert_int_equal(lock_vf(0, 0), 0);
}

static void test_pf_keeps_its_vfs(void **state)
{
    pid_t pid = holder(WHOLE, UNTIL_KILLED);

    assert_int_equal(lock_vf(0, 0), -EAGAIN);
    assert_int_equal(lock_vf(65535, 20), -EAGAIN);
    end(pid);
    assert_int_equal(lock_vf(0, 0), 0);
}

/* A command on the PF is told at once that another one has it, and waits for work on a VF. */
static void test_pf_against_pf(void **state)
{
    struct ledger_locks *locks = NULL;
    pid_t pid = holder(WHOLE, UNTIL_KILLED);
    int64_t began = ms();

    assert_int_equal(lock_pf(&locks), -EBUSY);
    assert_true(ms() - began < 500);
    assert_null(locks);
    end(pid);
    assert_int_equal(lock_pf(&locks), 0);
    ledger_locks_free(locks);
}

static void test_pf_waits_for_a_vf(void **state)
{
    struct ledger_locks *locks = NULL;
    pid_t pid = holder(7, 300);
    int64_t began = ms();

    assert_int_equal(lock_pf(&locks), 0);
    assert_true(ms() - began >= 250);
    assert_int_equal(lock_vf(7, 0), -EAGAIN);
    ledger_locks_free(locks);
    end(pid);
}

static void test_pf_does_not_wait_for_ever(void **state)
{
    struct ledger_locks *locks = NULL;
    pid_t pid = holder(7, UNTIL_KILLED);
    int64_t began = ms();

    assert_int_equal(lock_pf(&locks), -EBUSY);
    assert_true(ms() - began >= 900);
    assert_int_equal(lock_vf(0, 0), 0); /* nothing of its lock is left */
    end(pid);
}

/* Work on VFs that never pauses must not keep a command off the PF: new work waits for it. */
static _Noreturn void one_after_the_other(void)
{
    for (unsigned i = 0;; i++) {
        int fd, r = ledger_lock_vf(folder, PF_KEY, i % 7, 2000, &fd);

        if (r < 0)
            _exit(1);
        usleep(20000);
        close(fd);
    }
}

static void test_pf_is_not_starved(void **state)
{
    struct ledger_locks *locks = NULL;
    pid_t workers[7];
    int status;

    for (size_t i = 0; i < ELEMENTS(workers); i++) {
        workers[i] = fork_child();
        if (workers[i] == 0)
            one_after_the_other();
    }
    usleep(100000);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(lock_pf(&locks), 0);
        locks = ledger_locks_free(locks);
        usleep(50000);
    }
    for (size_t i = 0; i < ELEMENTS(workers); i++) {
        assert_int_equal(waitpid(workers[i], &status, WNOHANG), 0); /* none has failed */
        end(workers[i]);
    }
}

/* ---- waiting for a VF ---- */

static void test_a_vf_is_waited_for(void **state)
{
    pid_t pid = holder(3, 200);
    int64_t began = ms();

    assert_int_equal(lock_vf(3, 20), -EBUSY);
    assert_true(ms() - began >= 20);
    assert_int_equal(lock_vf(3, 5000), 0);
    assert_true(ms() - began >= 150 && ms() - began < 4000);
    end(pid);
    pid = holder(WHOLE, 200);
    began = ms();
    assert_int_equal(lock_vf(3, 5000), 0);
    assert_true(ms() - began >= 150 && ms() - began < 4000);
    end(pid);
}

/* ---- readers ---- */

/* A VF that is being worked on does not make its PF busy. */
static void test_who_is_seen(void **state)
{
    struct ledger_locks *locks = NULL;
    pid_t pid;

    assert_false(ledger_lock_is_held(folder, PF_KEY)); /* no folder, no file */
    pid = holder(0, UNTIL_KILLED);
    assert_false(ledger_lock_is_held(folder, PF_KEY));
    end(pid);
    pid = holder(WHOLE, UNTIL_KILLED);
    assert_true(ledger_lock_is_held(folder, PF_KEY));
    end(pid);
    assert_false(ledger_lock_is_held(folder, PF_KEY));
    assert_int_equal(lock_pf(&locks), 0);
    assert_true(ledger_lock_is_held(folder, PF_KEY));
    ledger_locks_free(locks);
}

/* A watch on the folder hears of the end of work, and not of those who look. */
static void test_the_end_is_heard_and_a_look_is_not(void **state)
{
    _cleanup_close_ int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    _cleanup_strv_ struct strv held = STRV_INIT;
    struct ledger_locks *locks = NULL;
    char path[128], event[512];

    assert_int_equal(lock_pf(&locks), 0);
    snprintf(path, sizeof(path), "%s/" LEDGER_LOCKS_FOLDER, folder);
    assert_true(inotify_add_watch(watch, path, IN_CLOSE_WRITE) >= 0);
    assert_int_equal(ledger_locks_held(folder, &held), 0);
    assert_int_equal(ledger_locks_held(folder, &held), 0); /* each once */
    assert_int_equal(held.count, 1);
    assert_string_equal(held.items[0], PF_KEY);
    assert_true(ledger_lock_is_held(folder, PF_KEY));
    assert_int_equal(read(watch, event, sizeof(event)), -1);
    assert_int_equal(errno, EAGAIN);
    ledger_locks_free(locks);
    assert_true(read(watch, event, sizeof(event)) > 0);
    strv_done(&held);
    held = STRV_INIT;
    assert_int_equal(ledger_locks_held(folder, &held), 0);
    assert_int_equal(held.count, 0);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_vf_against_vf),     in_folder(test_vf_against_vf_of_the_same_process),
        in_folder(test_pf_keeps_its_vfs),  in_folder(test_pf_against_pf),
        in_folder(test_pf_waits_for_a_vf), in_folder(test_pf_does_not_wait_for_ever),
        in_folder(test_pf_is_not_starved), in_folder(test_a_vf_is_waited_for),
        in_folder(test_who_is_seen),       in_folder(test_the_end_is_heard_and_a_look_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
