/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ledger over a fork: a worker that outlives its tool must not lose what it writes. What the
 * ledger does in the hands of sriovctl is tested in the lab.
 */
#include "core/ledger.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel/spawn.h"

/* One PF, one step. */
static int64_t begin(struct ledger *l, const char *command)
{
    struct pf pf = { .key = "0000:01:00.0", .name = "enp1s0" };
    struct goal goal = { .pf = &pf };
    struct step step = { .kind = STEP_CREATE_VFS, .vf = -1, .attr = SRIOV_NUM_VFS, .to = "4" };
    const struct plan p = { .goals = { .items = &goal, .count = 1 }, .steps = &step, .n_steps = 1 };
    int64_t id = 0;
    return ledger_begin(l, &p, command, "{}", &id, NULL) < 0 ? -1 : id;
}

static void tell(int fd)
{
    assert_int_equal(write(fd, "x", 1), 1);
}

static void wait_for(int fd)
{
    char c;
    assert_int_equal(read(fd, &c, 1), 1);
}

/* Any other program that uses SQLite, if there is one: it clears up behind itself if it believes
 * that it is the only one. */
static void look_by_hand(const char *dir)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/ledger.db", dir);
    spawn_and_wait((const char *[]){ "sqlite3", path, "SELECT count(*) FROM txn", NULL }, NULL, 0);
}

static _Noreturn void worker(struct ledger *l, int news, int orders)
{
    char c;
    int64_t id = ledger_wake(l, NULL) < 0 ? -1 : begin(l, "by the worker");
    bool well = id > 0 && write(news, "x", 1) == 1 && read(orders, &c, 1) == 1 &&
                ledger_finish(l, id, TRANSACTION_APPLIED, NULL, NULL) == 0;
    _exit(well ? 0 : 1);
}

static void test_a_worker_outlives_its_tool(void **state)
{
    char dir[] = "/tmp/sriovd-test-ledger.XXXXXX";
    struct ledger *l = NULL;
    struct transaction t = { 0 };
    int news[2], orders[2], status = -1;
    int64_t first;

    assert_non_null(mkdtemp(dir));
    assert_int_equal(pipe(news), 0);
    assert_int_equal(pipe(orders), 0);
    assert_int_equal(ledger_open(dir, true, &l, NULL), 0);
    first = begin(l, "by the tool");
    assert_true(first > 0);
    ledger_sleep(l);
    pid_t pid = fork();
    if (pid == 0)
        worker(l, news[1], orders[0]);
    wait_for(news[0]);
    assert_int_equal(ledger_wake(l, NULL), 0);
    assert_int_equal(ledger_finish(l, first, TRANSACTION_REVERTED, NULL, NULL), 0);
    ledger_close(l); /* the tool is gone */
    look_by_hand(dir);
    assert_int_equal(ledger_open(dir, true, &l, NULL), 0); /* and the next one comes */
    tell(orders[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(ledger_transaction(l, first + 1, &t, NULL), 0);
    assert_int_equal(t.state, TRANSACTION_APPLIED);
    assert_string_equal(t.command, "by the worker");
    transaction_done(&t);
    ledger_close(l);
    assert_int_equal(spawn_and_wait((const char *[]){ "rm", "-r", dir, NULL }, NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_worker_outlives_its_tool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
