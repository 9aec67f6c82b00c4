/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ledger: what is written comes back, who holds a lock is named, what is no ledger is refused;
 * and over a fork a worker that outlives its tool must not lose what it writes. What the ledger
 * does in the hands of sriovctl is tested in the lab.
 */
#include "core/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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

/* ---- in a folder of its own ---- */

static char folder[64];

static int make_folder(void **state)
{
    STR_SET(folder, "/tmp/sriovd-test-ledger.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    return spawn_and_wait((const char *[]){ "rm", "-r", folder, NULL }, NULL, 0);
}

static struct ledger *open_ledger(void)
{
    struct ledger *l = NULL;
    struct sriov_error error = { 0 };

    if (ledger_open(folder, true, &l, &error) < 0)
        fail_msg("%s: %s (%s)", error.object, error.message, error.kernel);
    return l;
}

/* Two PFs with a step each, the second for a VF. */
static struct pf pfs[] = {
    { .key = "0000:01:00.0", .name = "enp1s0" },
    { .key = "netdevsim1", .name = "eni1np1" },
};
static struct goal goals[] = { { .pf = &pfs[0] }, { .pf = &pfs[1] } };
static struct step steps[] = {
    { .kind = STEP_CREATE_VFS, .vf = -1, .attr = SRIOV_NUM_VFS, .from = "0", .to = "4" },
    { .kind = STEP_SET_VF, .goal = 1, .vf = 3, .attr = SRIOV_VLAN, .from = "-", .to = "100" },
};
static const struct plan both = { .goals = { .items = goals, .count = 2 },
                                  .steps = steps,
                                  .n_steps = 2 };

static int64_t begin_both(struct ledger *l)
{
    int64_t id = 0;

    assert_int_equal(ledger_begin(l, &both, "apply", "{\"pfs\":[]}", &id, NULL), 0);
    return id;
}

static void test_no_ledger_yet(void **state)
{
    struct ledger *l = (struct ledger *)&folder;
    struct history_row *rows = NULL;
    struct transaction t = { 0 };
    size_t count = 7;

    assert_int_equal(ledger_open(folder, false, &l, NULL), 0);
    assert_null(l);
    assert_int_equal(rmdir(folder), 0); /* reading made nothing in it */
    assert_int_equal(ledger_history(l, NULL, -1, 10, &rows, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(ledger_busy(l, "0000:01:00.0", &t), 0);
    ledger_close(open_ledger()); /* makes the folder, too */
    assert_int_equal(ledger_open(folder, false, &l, NULL), 0);
    assert_non_null(l);
    ledger_close(l);
}

static void test_a_transaction_comes_back(void **state)
{
    struct ledger *l = open_ledger();
    struct transaction t = { 0 }, *running = NULL;
    size_t count = 0;
    int64_t id = begin_both(l);

    assert_int_equal(ledger_running(l, &running, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(running[0].id, id);
    assert_int_equal(running[0].state, TRANSACTION_RUNNING);
    assert_int_equal(running[0].pid, getpid());
    assert_true(running[0].this_boot);
    assert_int_equal(running[0].ended, 0);
    assert_string_equal(running[0].command, "apply");
    assert_string_equal(running[0].baseline, "{\"pfs\":[]}");
    assert_int_equal(running[0].pfs.count, 2);
    transaction_done(&running[0]);
    free(running);
    /* What is not applied is not what a rollback without a number means. */
    assert_int_equal(ledger_transaction(l, 0, &t, NULL), -ENOENT);
    assert_int_equal(ledger_finish(l, id, TRANSACTION_APPLIED, NULL, NULL), 0);
    ledger_close(l);

    l = open_ledger();
    assert_int_equal(ledger_running(l, &running, &count, NULL), 0);
    assert_int_equal(count, 0);
    free(running);
    assert_int_equal(ledger_transaction(l, 0, &t, NULL), 0);
    assert_int_equal(t.id, id);
    assert_int_equal(t.state, TRANSACTION_APPLIED);
    assert_true(t.ended >= t.started && t.started > 0);
    transaction_done(&t);
    ledger_close(l);
}

static void test_no_such_transaction(void **state)
{
    struct ledger *l = open_ledger();
    struct transaction t = { 0 };
    struct sriov_error error = { 0 };

    assert_int_equal(ledger_transaction(l, 4711, &t, &error), -ENOENT);
    assert_int_equal(error.code, SRIOV_USAGE);
    assert_non_null(strstr(error.message, "4711"));
    ledger_close(l);
}

static void test_history(void **state)
{
    struct ledger *l = open_ledger();
    struct history_row *rows = NULL;
    size_t count = 0;
    int64_t first = begin_both(l), second;

    steps[0].state = STEP_DONE;
    steps[1].state = STEP_FAILED;
    assert_int_equal(ledger_finish(l, first, TRANSACTION_REVERTED, &both, NULL), 0);
    steps[0].state = steps[1].state = STEP_PLANNED;
    second = begin_both(l);
    assert_int_equal(ledger_history(l, NULL, -1, 10, &rows, &count, NULL), 0);
    assert_int_equal(count, 4);
    assert_int_equal(rows[0].transaction, second); /* newest first, its steps in their order */
    assert_string_equal(rows[0].what, "num_vfs");
    assert_string_equal(rows[0].state, "planned");
    assert_int_equal(rows[2].transaction, first);
    assert_int_equal(rows[2].transaction_state, TRANSACTION_REVERTED);
    assert_string_equal(rows[2].state, "done");
    assert_string_equal(rows[3].object, "eni1np1/3");
    assert_string_equal(rows[3].what, "vlan");
    assert_string_equal(rows[3].from, "-");
    assert_string_equal(rows[3].to, "100");
    assert_string_equal(rows[3].state, "failed");
    free(rows);

    static const struct {
        const char *pf;
        int vf;
        size_t limit, count;
    } filters[] = {
        { NULL, -1, 3, 3 },        { "netdevsim1", -1, 10, 2 }, { "netdevsim1", 3, 10, 2 },
        { "netdevsim1", 2, 9, 0 }, { "0000:01:00.0", 3, 9, 0 }, { "0000:09:00.0", -1, 9, 0 },
    };
    for (size_t i = 0; i < ELEMENTS(filters); i++) {
        rows = NULL;
        assert_int_equal(
            ledger_history(l, filters[i].pf, filters[i].vf, filters[i].limit, &rows, &count, NULL),
            0);
        assert_int_equal(count, filters[i].count);
        free(rows);
    }
    ledger_close(l);
}

/* ---- lists ---- */

static void assert_ids(struct ledger *l, int64_t before, size_t limit, int64_t first, size_t wanted)
{
    struct transaction *items = NULL;
    size_t count = 0;

    assert_int_equal(ledger_transactions(l, before, limit, &items, &count, NULL), 0);
    assert_int_equal(count, wanted);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(items[i].id, first - (int64_t)i);
    transactions_free(items, count);
}

static void test_transactions_are_listed(void **state)
{
    struct ledger *l = open_ledger();
    uint64_t counts[TRANSACTION_STATES] = { 9 };
    struct transaction *items = NULL;
    struct history_row *rows = NULL;
    size_t count = 0;

    for (int64_t id = 1; id <= 5; id++)
        assert_int_equal(begin_both(l), id);
    assert_int_equal(ledger_finish(l, 1, TRANSACTION_APPLIED, NULL, NULL), 0);
    assert_int_equal(ledger_finish(l, 2, TRANSACTION_VOID, NULL, NULL), 0);
    assert_ids(l, 0, 10, 5, 5);
    assert_ids(l, 0, 2, 5, 2);
    assert_ids(l, 4, 2, 3, 2);
    assert_ids(l, 2, 10, 1, 1);
    assert_ids(l, 1, 10, 0, 0);
    assert_int_equal(ledger_transactions(l, 0, 1, &items, &count, NULL), 0);
    assert_int_equal(items[0].state, TRANSACTION_RUNNING);
    assert_int_equal(items[0].pfs.count, 2);
    assert_string_equal(items[0].command, "apply");
    /* Nobody has the locks. */
    assert_true(ledger_is_interrupted(l, &items[0]));
    assert_int_equal(ledger_lock(l, &items[0].pfs, NULL), 0);
    transactions_free(items, count);

    assert_int_equal(ledger_counts(l, counts, NULL), 0);
    assert_int_equal(counts[TRANSACTION_RUNNING], 3);
    assert_int_equal(counts[TRANSACTION_APPLIED], 1);
    assert_int_equal(counts[TRANSACTION_REVERTED], 0);
    assert_int_equal(counts[TRANSACTION_VOID], 1);
    assert_int_equal(ledger_steps(l, 4, &rows, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].transaction, 4);
    assert_string_equal(rows[0].what, "num_vfs");
    assert_string_equal(rows[1].object, "eni1np1/3");
    free(rows);
    ledger_close(l);
}

static void test_lists_of_no_ledger(void **state)
{
    uint64_t counts[TRANSACTION_STATES] = { 9 };
    struct transaction *items = NULL;
    size_t count = 7;

    assert_int_equal(ledger_transactions(NULL, 0, 10, &items, &count, NULL), 0);
    assert_int_equal(count, 0);
    assert_int_equal(ledger_counts(NULL, counts, NULL), 0);
    assert_int_equal(counts[TRANSACTION_RUNNING], 0);
}

static void test_state_names(void **state)
{
    assert_string_equal(transaction_state_name(TRANSACTION_RUNNING), "running");
    assert_string_equal(transaction_state_name(TRANSACTION_NOT_REVERTED), "not-reverted");
    assert_string_equal(transaction_state_name(TRANSACTION_VOID), "void");
}

/* ---- locks ---- */

static int lock(struct ledger *l, const char *a, const char *b, struct sriov_error *error)
{
    _cleanup_strv_ struct strv keys = STRV_INIT;

    assert_int_equal(strv_add(&keys, a), 0);
    if (b)
        assert_int_equal(strv_add(&keys, b), 0);
    return ledger_lock(l, &keys, error);
}

static void test_locks(void **state)
{
    struct ledger *one = open_ledger(), *other = open_ledger();
    struct sriov_error error = { 0 };
    struct transaction t = { 0 };

    assert_int_equal(lock(one, "netdevsim1", NULL, NULL), 0);
    assert_int_equal(lock(one, "netdevsim1", NULL, NULL), 0); /* it has it already */
    assert_int_equal(lock(other, "0000:01:00.0", "netdevsim1", &error), -EBUSY);
    assert_int_equal(error.code, SRIOV_IN_USE);
    assert_string_equal(error.object, "netdevsim1");
    /* All or none: the first one was given back. */
    assert_int_equal(lock(one, "0000:01:00.0", NULL, NULL), 0);
    assert_int_equal(ledger_busy(other, "netdevsim1", &t), 0); /* locked, and nothing begun */
    begin_both(one);
    assert_int_equal(ledger_busy(other, "netdevsim1", &t), 1);
    assert_string_equal(t.command, "apply");
    transaction_done(&t);
    assert_int_equal(lock(other, "netdevsim1", NULL, &error), -EBUSY);
    assert_non_null(strstr(error.message, "apply (pid "));
    ledger_unlock(one);
    assert_int_equal(ledger_busy(other, "netdevsim1", &t), 0); /* running, and nobody at it */
    assert_int_equal(lock(other, "0000:01:00.0", "netdevsim1", NULL), 0);
    ledger_close(other);
    assert_int_equal(lock(one, "0000:01:00.0", "netdevsim1", NULL), 0);
    ledger_close(one);
}

/* A worker keeps the lock of a tool that is gone, until it ends itself. */
static void test_a_lock_over_a_fork(void **state)
{
    struct ledger *l = open_ledger();
    int orders[2], status = -1;
    char c;

    assert_int_equal(pipe(orders), 0);
    assert_int_equal(lock(l, "netdevsim1", NULL, NULL), 0);
    ledger_sleep(l);
    pid_t pid = fork();
    if (pid == 0)
        _exit(read(orders[0], &c, 1) == 1 ? 0 : 1);
    ledger_close(l);
    l = open_ledger();
    assert_int_equal(lock(l, "netdevsim1", NULL, NULL), -EBUSY);
    tell(orders[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(lock(l, "netdevsim1", NULL, NULL), 0);
    ledger_close(l);
}

/* ---- what is no ledger ---- */

static void test_damaged(void **state)
{
    struct ledger *l = (struct ledger *)&folder;
    struct sriov_error error = { 0 };
    char path[96], garbage[5000];
    int fd;

    memset(garbage, 'g', sizeof(garbage));
    snprintf(path, sizeof(path), "%s/ledger.db", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
    close(fd);
    for (int writing = 0; writing < 2; writing++) {
        error = (struct sriov_error){ 0 };
        assert_true(ledger_open(folder, writing, &l, &error) < 0);
        assert_ptr_equal(l, &folder); /* untouched */
        assert_int_equal(error.code, SRIOV_FAILED);
        assert_non_null(strstr(error.remedy, "move it away"));
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(ledger_open(folder, true, &l, &error) < 0);
    assert_true(ledger_open("/dev/null/x", true, &l, &error) < 0);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_no_ledger_yet),
        in_folder(test_a_transaction_comes_back),
        in_folder(test_no_such_transaction),
        in_folder(test_history),
        in_folder(test_transactions_are_listed),
        cmocka_unit_test(test_lists_of_no_ledger),
        cmocka_unit_test(test_state_names),
        in_folder(test_locks),
        in_folder(test_a_lock_over_a_fork),
        in_folder(test_damaged),
        cmocka_unit_test(test_a_worker_outlives_its_tool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
