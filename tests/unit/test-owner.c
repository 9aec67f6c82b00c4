/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Owners of leases, with real processes and namespaces: gone is who is known to be gone, and nobody
 * else.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "core/lease.h"
#include "kernel/spawn.h"

/* ---- other processes ---- */

/* A process that lives until it is killed, in a network namespace of its own if `apart`: 0 if that
 * is not allowed here. */
static pid_t start(bool apart)
{
    int news[2];
    char c = 0;
    pid_t pid;

    assert_int_equal(pipe(news), 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing is left of a test that fails */
        if (apart && unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
            _exit(1);
        if (write(news[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(news[1]);
    if (read(news[0], &c, 1) != 1) {
        waitpid(pid, NULL, 0);
        pid = 0;
    }
    close(news[0]);
    return pid;
}

static void reap(pid_t pid)
{
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    reap(pid);
}

static struct lease_owner owner_of(pid_t pid, const char *netns)
{
    struct lease_owner o = { .name = "alice", .pid = pid };
    struct sriov_error error = { 0 };

    STR_SET(o.netns, netns);
    if (owner_identify(&o, &error) < 0)
        fail_msg("%s: %s (%s)", error.object, error.message, error.kernel);
    return o;
}

static void test_a_name_lives_until_it_is_released(void **state)
{
    struct lease_owner o = owner_of(0, "");

    assert_int_equal(o.pid_started, 0);
    assert_int_equal(o.netns_inode, 0);
    assert_int_equal(owner_life(&o), OWNER_LIVES);
}

static void test_a_process(void **state)
{
    struct lease_owner me = owner_of(getpid(), ""), o, later;
    siginfo_t info;
    pid_t pid;

    usleep(30000); /* clock ticks */
    pid = start(false);
    o = owner_of(pid, "");
    assert_true(me.pid_started > 0 && o.pid_started > me.pid_started);
    assert_int_equal(owner_life(&o), OWNER_LIVES);
    later = o;
    later.pid_started++; /* the pid is somebody else's by now */
    assert_int_equal(owner_life(&later), OWNER_GONE);
    kill(pid, SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(owner_life(&o), OWNER_GONE); /* ended, and nobody has waited for it */
    assert_int_equal(owner_identify(&later, NULL), -ESRCH);
    reap(pid);
    assert_int_equal(owner_life(&o), OWNER_GONE);
    o.pid_namespace++; /* seen from a container with pids of its own */
    assert_int_equal(owner_life(&o), OWNER_LIVES);
    assert_int_equal(owner_life(&me), OWNER_LIVES);
}

/* The descriptor is ready as soon as the process has ended, before anybody has waited for it. */
static void test_the_end_of_a_process(void **state)
{
    pid_t pid = start(false);
    struct pollfd p = { .events = POLLIN };

    assert_int_equal(host_process_open(pid, &p.fd), 0);
    assert_int_equal(poll(&p, 1, 0), 0);
    kill(pid, SIGKILL);
    assert_int_equal(poll(&p, 1, 10000), 1);
    close(p.fd);
    reap(pid);
    p.fd = 99;
    assert_int_equal(host_process_open(pid, &p.fd), -ESRCH);
    assert_int_equal(p.fd, 99);
}

/* ---- a process whose first thread has ended ---- */

static void *live_on(void *data)
{
    for (;;)
        pause();
    return NULL;
}

static _Noreturn void leave_a_thread(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, live_on, NULL) != 0)
        _exit(1);
    pthread_exit(NULL);
}

static bool shows_as_zombie(pid_t pid)
{
    char path[48], state = 0;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    f = fopen(path, "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*d %*s %c", &state), 1);
    fclose(f);
    return state == 'Z';
}

static void test_a_process_without_its_first_thread(void **state)
{
    pid_t pid = fork();
    struct lease_owner o;

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        leave_a_thread();
    }
    o = owner_of(pid, "");
    for (int i = 0; i < 1000 && !shows_as_zombie(pid); i++)
        usleep(10000);
    assert_true(shows_as_zombie(pid));
    assert_int_equal(owner_life(&o), OWNER_LIVES);
    end(pid);
    assert_int_equal(owner_life(&o), OWNER_GONE);
}

/* ---- namespaces ---- */

static char folder[64], place[80];

static int make_folder(void **state)
{
    STR_SET(folder, "/tmp/sriovd-test-owner.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(place, sizeof(place), "%s/netns", folder);
    return 0;
}

static int drop_folder(void **state)
{
    return spawn_and_wait((const char *[]){ "rm", "-rf", folder, NULL }, NULL, 0);
}

/* Makes `place` lead to the namespace of a process, or to any other file. */
static void lead_to(const char *target)
{
    unlink(place);
    assert_int_equal(symlink(target, place), 0);
}

static void lead_to_netns_of(pid_t pid)
{
    char target[48];

    snprintf(target, sizeof(target), "/proc/%d/ns/net", pid);
    lead_to(target);
}

static void test_a_namespace(void **state)
{
    pid_t one = start(true), other = start(true);
    struct lease_owner o;

    if (one == 0 || other == 0)
        skip();
    lead_to_netns_of(one);
    o = owner_of(0, place);
    assert_true(o.netns_inode > 0);
    assert_int_equal(owner_life(&o), OWNER_LIVES);
    lead_to_netns_of(other);
    assert_int_equal(owner_life(&o), OWNER_GONE);
    lead_to_netns_of(one);
    assert_int_equal(owner_life(&o), OWNER_LIVES);
    lead_to("/dev/null"); /* what is left of a namespace that was mounted there */
    assert_int_equal(owner_life(&o), OWNER_GONE);
    lead_to("/proc/self/ns/mnt");
    assert_int_equal(owner_life(&o), OWNER_GONE);
    lead_to("/dev/null/netns");
    assert_int_equal(owner_life(&o), OWNER_GONE);
    unlink(place);
    assert_int_equal(owner_life(&o), OWNER_GONE);
    lead_to_netns_of(one);
    end(one);
    assert_int_equal(owner_life(&o), OWNER_GONE);
    end(other);
}

/* The namespace goes on, the process does not: one of the two is enough. */
static void test_a_process_and_a_namespace(void **state)
{
    pid_t pid = start(false);
    struct lease_owner o = owner_of(pid, "/proc/self/ns/net");

    assert_int_equal(owner_life(&o), OWNER_LIVES);
    end(pid);
    assert_int_equal(owner_life(&o), OWNER_GONE);
}

static _Noreturn void look_without_rights(const struct lease_owner *o)
{
    if (geteuid() == 0 ? seteuid(65534) < 0 : chmod(folder, 0) < 0)
        _exit(2);
    if (open(place, O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
        _exit(3); /* the test would show nothing */
    _exit(owner_life(o) == OWNER_LIVES ? 0 : 1);
}

static void test_what_cannot_be_looked_at_is_not_gone(void **state)
{
    struct lease_owner o;
    int status = -1;
    pid_t pid;

    lead_to("/proc/self/ns/net");
    o = owner_of(0, place);
    pid = fork();
    if (pid == 0)
        look_without_rights(&o);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    chmod(folder, 0700);
    assert_int_equal(status, 0);
    lead_to(place); /* ELOOP */
    assert_int_equal(owner_life(&o), OWNER_LIVES);
}

/* ---- who is no owner ---- */

static void test_who_cannot_be_identified(void **state)
{
    static const struct {
        const char *netns;
        int error;
    } cases[] = {
        { "/nonexistent", -ENOENT },
        { "/dev/null", -EINVAL },
        { "/proc/self/ns/mnt", -EINVAL },
        { "/dev/null/x", -ENOTDIR },
    };
    struct sriov_error error = { 0 };
    struct lease_owner o = { .name = "alice", .pid = start(false) };

    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        STR_SET(o.netns, cases[i].netns);
        assert_int_equal(owner_identify(&o, &error), cases[i].error);
        assert_int_equal(error.code, SRIOV_USAGE);
        assert_string_equal(error.object, cases[i].netns);
        assert_int_equal(o.pid_started, 0); /* untouched */
    }
    end(o.pid);
    assert_int_equal(owner_identify(&o, &error), -ESRCH);
    assert_int_equal(error.code, SRIOV_USAGE);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_lives_until_it_is_released),
        cmocka_unit_test(test_a_process),
        cmocka_unit_test(test_the_end_of_a_process),
        cmocka_unit_test(test_a_process_without_its_first_thread),
        in_folder(test_a_namespace),
        cmocka_unit_test(test_a_process_and_a_namespace),
        in_folder(test_what_cannot_be_looked_at_is_not_gone),
        cmocka_unit_test(test_who_cannot_be_identified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
