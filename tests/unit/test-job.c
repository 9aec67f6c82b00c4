/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Jobs, with a shell script in place of sriovctl: its arguments, input, environment, output and
 * exit status; many at once, one too many; one that is killed; one that leaves a child behind with
 * its pipes; output without end.
 */
#include "daemon/job.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"

static const char script[] =
    "#!/bin/sh\n"
    "case $1 in\n"
    "show) shift; printf '%s|' \"$@\"; printf '%s' \"$SRIOV_ON_BEHALF\" >&2; exit 3 ;;\n"
    "cat) cat ;;\n"
    "die) kill -9 $$ ;;\n"
    "leave) echo left; sleep 30 & ;;\n"
    "much) head -c 20000000 /dev/zero ;;\n"
    "wait) exec sleep 30 ;;\n"
    "esac\n";

static char program[64];

static int make_program(void **state)
{
    STR_SET(program, "/tmp/sriovd-job-XXXXXX");
    int fd = mkstemp(program);
    return fd < 0 || close(fd) < 0 ? -1 : file_replace(program, script, sizeof(script) - 1, 0700);
}

static int remove_program(void **state)
{
    return unlink(program);
}

struct seen {
    struct loop *loop;
    unsigned count;
    int status;
    size_t out_len;
    char out[256], err[256], command[256];
};

static void done(void *userdata, const struct job *job)
{
    struct seen *s = userdata;

    s->count++;
    s->status = job->status;
    s->out_len = job->out.len;
    snprintf(s->out, sizeof(s->out), "%s", job->out.data ? job->out.data : "");
    snprintf(s->err, sizeof(s->err), "%s", job->err.data ? job->err.data : "");
    STR_SET(s->command, job->command);
    assert_int_equal(job->pid, 0);
    loop_exit(s->loop, 0);
}

static struct seen run(const char *const *args, const char *input, const char *who)
{
    struct seen seen = { 0 };
    struct jobs *jobs = NULL;

    assert_int_equal(loop_new(&seen.loop), 0);
    assert_int_equal(jobs_new(seen.loop, program, "/state", NULL, &jobs), 0);
    const struct job_request q = {
        .args = args,
        .input = input,
        .input_len = input ? strlen(input) : 0,
        .who = who,
        .done = done,
        .userdata = &seen,
    };
    assert_int_equal(job_start(jobs, &q, NULL), 0);
    assert_non_null(jobs_item(jobs, 0));
    assert_int_equal(loop_run(seen.loop), 0);
    assert_null(jobs_item(jobs, 0));
    jobs_free(jobs);
    loop_free(seen.loop);
    return seen;
}

static void arguments_and_results(void **state)
{
    struct seen s = run((const char *[]){ "show", "enp1s0/3", "a b", NULL }, NULL, "alice");

    assert_int_equal(s.status, 3);
    assert_string_equal(s.out, "--state-dir|/state|enp1s0/3|a b|");
    assert_string_equal(s.err, "alice");
    assert_string_equal(s.command, "sriovctl show enp1s0/3 a b");
}

static void input_reaches_it(void **state)
{
    assert_string_equal(run((const char *[]){ "cat", NULL }, "pfs: []\n", NULL).out, "pfs: []\n");
    assert_string_equal(run((const char *[]){ "cat", NULL }, NULL, NULL).out, "");
}

static void a_killed_one_ends(void **state)
{
    assert_int_equal(run((const char *[]){ "die", NULL }, NULL, NULL).status, 128 + SIGKILL);
}

static void one_that_leaves_a_child_ends(void **state)
{
    struct seen s = run((const char *[]){ "leave", NULL }, NULL, NULL);

    assert_int_equal(s.status, 0);
    assert_string_equal(s.out, "left\n");
}

static void output_has_a_limit(void **state)
{
    assert_int_equal(run((const char *[]){ "much", NULL }, NULL, NULL).out_len, JOB_OUTPUT);
}

static void only_so_many_at_once(void **state)
{
    const struct job_request q = { .args = (const char *[]){ "wait", NULL } };
    struct jobs *jobs = NULL;
    struct loop *loop = NULL;
    pid_t pids[JOBS_AT_ONCE];

    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(jobs_new(loop, program, "/state", NULL, &jobs), 0);
    for (unsigned i = 0; i < JOBS_AT_ONCE; i++) {
        assert_int_equal(job_start(jobs, &q, NULL), 0);
        pids[i] = jobs_item(jobs, i)->pid;
    }
    assert_int_equal(job_start(jobs, &q, NULL), -EAGAIN);
    jobs_free(jobs);
    for (unsigned i = 0; i < JOBS_AT_ONCE; i++) {
        /* Freeing them has not ended them. */
        assert_int_equal(kill(pids[i], SIGKILL), 0);
    }
    loop_free(loop);
}

static void a_missing_program_is_told(void **state)
{
    const struct job_request q = { .args = (const char *[]){ "show", NULL } };
    struct jobs *jobs = NULL;
    struct loop *loop = NULL;

    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(jobs_new(loop, "/nonexistent", "/state", NULL, &jobs), 0);
    assert_int_equal(job_start(jobs, &q, NULL), -ENOENT);
    assert_null(jobs_item(jobs, 0));
    jobs_free(jobs);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_and_results),     cmocka_unit_test(input_reaches_it),
        cmocka_unit_test(a_killed_one_ends),         cmocka_unit_test(one_that_leaves_a_child_ends),
        cmocka_unit_test(output_has_a_limit),        cmocka_unit_test(only_so_many_at_once),
        cmocka_unit_test(a_missing_program_is_told),
    };
    return cmocka_run_group_tests(tests, make_program, remove_program);
}
