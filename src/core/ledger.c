/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ledger in SQLite. The only user of sqlite3.h. A statement is run by statement_run() and
 * friends, with its values told by a format: "i" an int64_t, "t" a text, which stays the caller's
 * and as it is until the statement has run.
 */
#include "core/ledger.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "core/ledger-lock.h"
#include "kernel/host.h"

struct ledger {
    sqlite3 *db;
    char boot[HOST_BOOT_ID_SIZE];
    char dir[PATH_MAX - 32];
    struct ledger_locks *locks;
};

#define SCHEMA_VERSION 1
#define BUSY_MS 5000

/* Between commands nobody has the ledger open, and the first to open it reads the whole WAL. SQLite
 * lets it have 1,000 pages, and leaves them there after they went into the database: `list` would
 * read 4 MB. */
#define WAL_PAGES 50

static const char schema[] =
    "CREATE TABLE txn (id INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, state INTEGER NOT NULL,"
    " started INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0, who TEXT NOT NULL,"
    " command TEXT NOT NULL, pid INTEGER NOT NULL, baseline TEXT NOT NULL);"
    "CREATE TABLE step (txn INTEGER NOT NULL REFERENCES txn, seq INTEGER NOT NULL, pf TEXT NOT NULL,"
    " vf INTEGER NOT NULL, object TEXT NOT NULL, what TEXT NOT NULL, before TEXT NOT NULL,"
    " after TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (txn, seq)) WITHOUT ROWID;"
    "CREATE INDEX txn_state ON txn (state);"
    "PRAGMA user_version = 1;";

static const char *const state_names[] = {
    [TRANSACTION_RUNNING] = "running",   [TRANSACTION_APPLIED] = "applied",
    [TRANSACTION_REVERTED] = "reverted", [TRANSACTION_NOT_REVERTED] = "not-reverted",
    [TRANSACTION_VOID] = "void",
};

const char *transaction_state_name(enum transaction_state state)
{
    return state_names[state];
}

/* ---- statements ---- */

static void statement_end(sqlite3_stmt **s)
{
    sqlite3_finalize(*s);
}

#define _cleanup_statement_ _cleanup_(statement_end)

static int failed(struct ledger *l, const char *what, struct sriov_error *error)
{
    int code = sqlite3_errcode(l->db);

    error_set(error, SRIOV_FAILED, EIO, l->dir, "the ledger cannot %s", what);
    error_kernel(error, sqlite3_errmsg(l->db));
    if (code == SQLITE_BUSY)
        error_remedy(error, "another command is at it: try again");
    else if (code == SQLITE_FULL || sqlite3_system_errno(l->db) == ENOSPC)
        error_remedy(error, "the disk is full: make room on it");
    return -EIO;
}

static int bind_values(sqlite3_stmt *s, const char *types, va_list values)
{
    int r = SQLITE_OK;

    for (int i = 0; r == SQLITE_OK && types[i]; i++) {
        if (types[i] == 'i')
            r = sqlite3_bind_int64(s, i + 1, va_arg(values, int64_t));
        else
            r = sqlite3_bind_text(s, i + 1, va_arg(values, const char *), -1, SQLITE_STATIC);
    }
    return r == SQLITE_OK ? 0 : -EIO;
}

static int statement_open(struct ledger *l, sqlite3_stmt **ret, const char *sql, const char *types,
                          ...)
{
    va_list values;
    int r;

    if (sqlite3_prepare_v2(l->db, sql, -1, ret, NULL) != SQLITE_OK)
        return -EIO;
    va_start(values, types);
    r = bind_values(*ret, types, values);
    va_end(values);
    return r;
}

/* Runs a prepared statement again with new values. */
static int statement_again(sqlite3_stmt *s, const char *types, ...)
{
    va_list values;
    int r;

    sqlite3_reset(s);
    va_start(values, types);
    r = bind_values(s, types, values);
    va_end(values);
    return r < 0 || sqlite3_step(s) != SQLITE_DONE ? -EIO : 0;
}

static int run(struct ledger *l, const char *sql)
{
    return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

static void column_copy(sqlite3_stmt *s, int column, char *ret, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    str_copy(ret, size, text ? text : "");
}

/* ---- opening ---- */

static int make_schema(struct ledger *l)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;
    int version = -1;

    if (statement_open(l, &s, "PRAGMA user_version", "") == 0 && sqlite3_step(s) == SQLITE_ROW)
        version = sqlite3_column_int(s, 0);
    if (version == SCHEMA_VERSION)
        return 0;
    if (version < 0)
        return -EIO; /* no database at all */
    if (version > 0)
        return -EPROTO; /* made by a later sriovd */
    sqlite3_finalize(TAKE_PTR(s));
    if (run(l, "PRAGMA journal_mode = WAL") < 0 || run(l, "BEGIN IMMEDIATE") < 0)
        return -EIO;
    /* Two first commands may meet here: the second finds the work done. */
    if (statement_open(l, &s, "PRAGMA user_version", "") < 0 || sqlite3_step(s) != SQLITE_ROW)
        return -EIO;
    version = sqlite3_column_int(s, 0);
    sqlite3_finalize(TAKE_PTR(s));
    if (version == 0 && run(l, schema) < 0)
        return -EIO;
    return run(l, "COMMIT");
}

/* After a commit. It does not wait for a reader that is in the way: the next commit does it. */
static int shorten_wal(void *userdata, sqlite3 *db, const char *name, int pages)
{
    if (pages < WAL_PAGES)
        return SQLITE_OK;
    sqlite3_busy_timeout(db, 0);
    sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db, BUSY_MS);
    return SQLITE_OK;
}

/* SQLite's own "unable to open" does not say why. Of a file that cannot be made it keeps the error
 * of a second try, for reading only. */
static int cannot_open(struct ledger *l, const char *path, struct sriov_error *error)
{
    int why = sqlite3_system_errno(l->db);
    bool root;

    if (access(l->dir, W_OK) < 0)
        why = errno;
    if (why == 0)
        why = EACCES;
    root = why == EACCES || why == EPERM;
    error_set(error, error_code_of(why), why, path, "the ledger cannot be opened");
    error_remedy(error, "%sgive another --state-dir", root ? "run as root, or " : "");
    return -why;
}

static int open_database(struct ledger *l, const char *path, struct sriov_error *error)
{
    int r;

    if (sqlite3_open_v2(path, &l->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return cannot_open(l, path, error);
    sqlite3_busy_timeout(l->db, BUSY_MS);
    sqlite3_db_config(l->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_wal_hook(l->db, shorten_wal, NULL);
    r = make_schema(l);
    if (r == -EPROTO) {
        error_set(error, SRIOV_FAILED, 0, path, "the ledger is of another version of sriovd");
        error_remedy(error, "use that version, or move the file away");
        return r;
    }
    if (r < 0 || run(l, "PRAGMA synchronous = NORMAL") < 0) {
        failed(l, "be read", error);
        if (error && !*error->remedy)
            error_remedy(error,
                         "if the file is damaged, move it away: only history and undo are lost");
        return -EIO;
    }
    return 0;
}

int ledger_open(const char *state_dir, bool write, struct ledger **ret, struct sriov_error *error)
{
    _cleanup_(ledger_close_p) struct ledger *l = calloc(1, sizeof(*l));
    char path[PATH_MAX];
    struct stat st;
    int r;

    if (!l || !STR_SET(l->dir, state_dir))
        return l ? error_set(error, SRIOV_USAGE, ENAMETOOLONG, state_dir, "no good state folder")
                 : error_no_memory(error);
    snprintf(path, sizeof(path), "%s/ledger.db", l->dir);
    if (!write && stat(path, &st) < 0 && errno == ENOENT) {
        *ret = NULL;
        return 0;
    }
    r = write ? file_make_dirs(l->dir, 0700) : 0;
    if (r >= 0)
        r = host_boot_id(l->boot);
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, l->dir, "the state folder cannot be made");
    r = open_database(l, path, error);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(l);
    return 0;
}

void ledger_sleep(struct ledger *l)
{
    sqlite3_close(l->db);
    l->db = NULL;
}

int ledger_wake(struct ledger *l, struct sriov_error *error)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/ledger.db", l->dir);
    return open_database(l, path, error);
}

const char *ledger_dir(const struct ledger *l)
{
    return l->dir;
}

struct ledger *ledger_close(struct ledger *l)
{
    if (!l)
        return NULL;
    ledger_locks_free(l->locks);
    sqlite3_close(l->db);
    free(l);
    return NULL;
}

/* ---- locks ---- */

int ledger_lock(struct ledger *l, const struct strv *pfs, struct sriov_error *error)
{
    char holder[32];
    int r;

    r = ledger_locks_take(l->dir, pfs, &l->locks, holder);
    if (r == -EBUSY) {
        struct transaction t = { 0 };

        error_set(error, SRIOV_IN_USE, 0, holder, "%s",
                  ledger_lock_is_held(l->dir, holder)
                      ? "another command is changing it"
                      : "one of its VFs is being handed out or taken back, and that takes long");
        if (ledger_busy(l, holder, &t) > 0)
            error_set(error, SRIOV_IN_USE, 0, holder,
                      "another command is changing it: %.100s (pid %d)", t.command, t.pid);
        transaction_done(&t);
        error_remedy(error, "wait for it to end; `sriovctl list` answers meanwhile");
        return r;
    }
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, l->dir, "cannot lock");
    return 0;
}

void ledger_unlock(struct ledger *l)
{
    l->locks = ledger_locks_free(l->locks);
}

/* ---- writing ---- */

/* The state of most steps: planned while the transaction runs, done when it ended. So the end of a
 * transaction writes one row, and not again those of all its steps. */
#define AS_ITS_TRANSACTION ""

static int insert_steps(struct ledger *l, const struct plan *p, int64_t id)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (statement_open(l, &s, "INSERT INTO step VALUES (?,?,?,?,?,?,?,?,?)", "") < 0)
        return -EIO;
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *step = &p->steps[i];
        char object[OBJECT_SIZE];

        step_object(p, step, object);
        if (statement_again(s, "iitittttt", id, (int64_t)i, p->goals.items[step->goal].pf->key,
                            (int64_t)step->vf, object, attr_row(step->attr)->name, step->from,
                            step->to, AS_ITS_TRANSACTION) < 0)
            return -EIO;
    }
    return 0;
}

int ledger_begin(struct ledger *l, const struct plan *p, const char *command, const char *baseline,
                 int64_t *ret_id, struct sriov_error *error)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;
    int64_t id;
    char who[64];

    host_who(who, sizeof(who));
    if (run(l, "BEGIN IMMEDIATE") < 0)
        return failed(l, "begin a transaction", error);
    if (statement_open(l, &s,
                       "INSERT INTO txn (boot, state, started, who, command, pid, baseline)"
                       " VALUES (?,?,?,?,?,?,?)",
                       "tiittit", l->boot, (int64_t)TRANSACTION_RUNNING, (int64_t)time(NULL), who,
                       command, (int64_t)getpid(), baseline) < 0 ||
        sqlite3_step(s) != SQLITE_DONE) {
        failed(l, "write down what is to be done", error);
        run(l, "ROLLBACK");
        return -EIO;
    }
    id = sqlite3_last_insert_rowid(l->db);
    if (insert_steps(l, p, id) < 0 || run(l, "COMMIT") < 0) {
        failed(l, "write down what is to be done", error);
        run(l, "ROLLBACK");
        return -EIO;
    }
    *ret_id = id;
    return 0;
}

/* Nobody knows how far a process got that died. A transaction that had ended only changes its name.
 */
static int close_steps(struct ledger *l, int64_t id)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (statement_open(l, &s,
                       "UPDATE step SET state = 'interrupted' WHERE txn = ?1 AND state = ?2 AND"
                       " EXISTS (SELECT 1 FROM txn WHERE id = ?1 AND state = ?3)",
                       "iti", id, AS_ITS_TRANSACTION, (int64_t)TRANSACTION_RUNNING) < 0)
        return -EIO;
    return sqlite3_step(s) == SQLITE_DONE ? 0 : -EIO;
}

/* Those that did not end as their transaction did. */
static int update_steps(struct ledger *l, const struct plan *p, int64_t id)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (statement_open(l, &s, "UPDATE step SET state = ? WHERE txn = ? AND seq = ?", "") < 0)
        return -EIO;
    for (size_t i = 0; i < p->n_steps; i++)
        if (p->steps[i].state != STEP_DONE &&
            statement_again(s, "tii", step_state_name(p->steps[i].state), id, (int64_t)i) < 0)
            return -EIO;
    return 0;
}

int ledger_finish(struct ledger *l, int64_t id, enum transaction_state state, const struct plan *p,
                  struct sriov_error *error)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (run(l, "BEGIN IMMEDIATE") < 0)
        return failed(l, "close a transaction", error);
    if ((p ? update_steps(l, p, id) : close_steps(l, id)) < 0 ||
        statement_open(l, &s, "UPDATE txn SET state = ?, ended = ? WHERE id = ?", "iii",
                       (int64_t)state, (int64_t)time(NULL), id) < 0 ||
        sqlite3_step(s) != SQLITE_DONE || run(l, "COMMIT") < 0) {
        failed(l, "close a transaction", error);
        run(l, "ROLLBACK");
        return -EIO;
    }
    return 0;
}

/* ---- reading ---- */

void transaction_done(struct transaction *t)
{
    free(t->baseline);
    strv_done(&t->pfs);
    *t = (struct transaction){ 0 };
}

#define TRANSACTION_COLUMNS "id, boot, state, started, ended, who, command, pid, baseline"

/* `pfs` is NULL at first, and serves for all rows that are read with it. */
static int read_pfs(struct ledger *l, sqlite3_stmt **pfs, struct transaction *t)
{
    if (!*pfs && statement_open(l, pfs, "SELECT DISTINCT pf FROM step WHERE txn = ?", "") < 0)
        return -EIO;
    sqlite3_reset(*pfs);
    if (sqlite3_bind_int64(*pfs, 1, t->id) != SQLITE_OK)
        return -EIO;
    while (sqlite3_step(*pfs) == SQLITE_ROW)
        if (strv_add(&t->pfs, (const char *)sqlite3_column_text(*pfs, 0)) < 0)
            return -ENOMEM;
    return 0;
}

static int read_row(struct ledger *l, sqlite3_stmt *s, sqlite3_stmt **pfs, struct transaction *ret)
{
    struct transaction t = { .id = sqlite3_column_int64(s, 0) };
    char boot[HOST_BOOT_ID_SIZE];
    int r;

    column_copy(s, 1, boot, sizeof(boot));
    t.this_boot = str_eq(boot, l->boot);
    t.state = (enum transaction_state)sqlite3_column_int(s, 2);
    t.started = sqlite3_column_int64(s, 3);
    t.ended = sqlite3_column_int64(s, 4);
    column_copy(s, 5, t.who, sizeof(t.who));
    column_copy(s, 6, t.command, sizeof(t.command));
    t.pid = sqlite3_column_int(s, 7);
    t.baseline = strdup((const char *)sqlite3_column_text(s, 8));
    r = t.baseline ? read_pfs(l, pfs, &t) : -ENOMEM;
    if (r < 0) {
        transaction_done(&t);
        return r;
    }
    *ret = t;
    return 0;
}

static int read_transaction(struct ledger *l, sqlite3_stmt *s, struct transaction *ret)
{
    _cleanup_statement_ sqlite3_stmt *pfs = NULL;

    return read_row(l, s, &pfs, ret);
}

static int no_transaction(struct ledger *l, int64_t id, struct sriov_error *error)
{
    if (id > 0)
        error_set(error, SRIOV_USAGE, 0, "", "there is no transaction %lld", (long long)id);
    else
        error_set(error, SRIOV_USAGE, 0, "",
                  "nothing was applied in this boot that could be rolled back");
    error_remedy(error, "`sriovctl history` shows what there is");
    return -ENOENT;
}

int ledger_transaction(struct ledger *l, int64_t id, struct transaction *ret,
                       struct sriov_error *error)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;
    int r;

    if (id > 0)
        r = statement_open(l, &s, "SELECT " TRANSACTION_COLUMNS " FROM txn WHERE id = ?", "i", id);
    else
        r = statement_open(l, &s,
                           "SELECT " TRANSACTION_COLUMNS " FROM txn WHERE state = ? AND boot = ?"
                           " ORDER BY id DESC LIMIT 1",
                           "it", (int64_t)TRANSACTION_APPLIED, l->boot);
    if (r < 0)
        return failed(l, "be read", error);
    r = sqlite3_step(s);
    if (r == SQLITE_DONE)
        return no_transaction(l, id, error);
    if (r != SQLITE_ROW || read_transaction(l, s, ret) < 0)
        return failed(l, "be read", error);
    return 0;
}

void transactions_free(struct transaction *items, size_t count)
{
    while (count > 0)
        transaction_done(&items[--count]);
    free(items);
}

/* All that the statement gives. */
static int read_transactions(struct ledger *l, sqlite3_stmt *s, struct transaction **ret,
                             size_t *ret_count, struct sriov_error *error)
{
    _cleanup_statement_ sqlite3_stmt *pfs = NULL;
    struct transaction *items = NULL;
    size_t count = 0;
    int r;

    while ((r = sqlite3_step(s)) == SQLITE_ROW) {
        struct transaction *grown = reallocarray(items, count + 1, sizeof(*grown));

        if (!grown || (items = grown, read_row(l, s, &pfs, &items[count]) < 0))
            break;
        count++;
    }
    if (r != SQLITE_DONE) {
        transactions_free(items, count);
        return failed(l, "be read", error);
    }
    *ret = items;
    *ret_count = count;
    return 0;
}

int ledger_running(struct ledger *l, struct transaction **ret, size_t *ret_count,
                   struct sriov_error *error)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (statement_open(l, &s, "SELECT " TRANSACTION_COLUMNS " FROM txn WHERE state = ? ORDER BY id",
                       "i", (int64_t)TRANSACTION_RUNNING) < 0)
        return failed(l, "be read", error);
    return read_transactions(l, s, ret, ret_count, error);
}

int ledger_transactions(struct ledger *l, int64_t before, size_t limit, struct transaction **ret,
                        size_t *ret_count, struct sriov_error *error)
{
    static const char sql[] = "SELECT id, boot, state, started, ended, who, command, pid, ''"
                              " FROM txn WHERE id < ? ORDER BY id DESC LIMIT ?";
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (!l) {
        *ret = NULL;
        *ret_count = 0;
        return 0;
    }
    if (statement_open(l, &s, sql, "ii", before > 0 ? before : INT64_MAX, (int64_t)limit) < 0)
        return failed(l, "be read", error);
    return read_transactions(l, s, ret, ret_count, error);
}

int ledger_counts(struct ledger *l, uint64_t ret[TRANSACTION_STATES], struct sriov_error *error)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;
    uint64_t counts[TRANSACTION_STATES] = { 0 };
    int r = SQLITE_DONE;

    if (l && statement_open(l, &s, "SELECT state, count(*) FROM txn GROUP BY state", "") < 0)
        return failed(l, "be read", error);
    while (l && (r = sqlite3_step(s)) == SQLITE_ROW) {
        int state = sqlite3_column_int(s, 0);

        if (state >= 0 && state < TRANSACTION_STATES)
            counts[state] = (uint64_t)sqlite3_column_int64(s, 1);
    }
    if (r != SQLITE_DONE)
        return failed(l, "be read", error);
    memcpy(ret, counts, sizeof(counts));
    return 0;
}

static void read_history_row(sqlite3_stmt *s, struct history_row *row)
{
    row->transaction = sqlite3_column_int64(s, 0);
    row->when = sqlite3_column_int64(s, 1);
    row->transaction_state = (enum transaction_state)sqlite3_column_int(s, 2);
    column_copy(s, 3, row->command, sizeof(row->command));
    column_copy(s, 4, row->who, sizeof(row->who));
    column_copy(s, 5, row->object, sizeof(row->object));
    column_copy(s, 6, row->what, sizeof(row->what));
    column_copy(s, 7, row->from, sizeof(row->from));
    column_copy(s, 8, row->to, sizeof(row->to));
    column_copy(s, 9, row->state, sizeof(row->state));
}

#define SELECT_HISTORY                                                                             \
    "SELECT id, started, txn.state, command, who, object, what, before, after,"                    \
    " CASE WHEN step.state <> '" AS_ITS_TRANSACTION "' THEN step.state"                            \
    " WHEN txn.state = 0 THEN 'planned' ELSE 'done' END"                                           \
    " FROM step JOIN txn ON txn.id = step.txn"

static int read_history(sqlite3_stmt *s, struct history_row **ret, size_t *ret_count,
                        struct sriov_error *error)
{
    _cleanup_free_ struct history_row *rows = NULL;
    size_t count = 0;

    while (s && sqlite3_step(s) == SQLITE_ROW) {
        struct history_row *grown = reallocarray(rows, count + 1, sizeof(*grown));

        if (!grown)
            return error_no_memory(error);
        rows = grown;
        read_history_row(s, &rows[count++]);
    }
    *ret = TAKE_PTR(rows);
    *ret_count = count;
    return 0;
}

int ledger_steps(struct ledger *l, int64_t id, struct history_row **ret, size_t *ret_count,
                 struct sriov_error *error)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (statement_open(l, &s, SELECT_HISTORY " WHERE id = ? ORDER BY seq", "i", id) < 0)
        return failed(l, "be read", error);
    return read_history(s, ret, ret_count, error);
}

int ledger_history(struct ledger *l, const char *pf, int vf, size_t limit, struct history_row **ret,
                   size_t *ret_count, struct sriov_error *error)
{
    static const char sql[] = SELECT_HISTORY " WHERE (?1 = '' OR pf = ?1) AND (?2 < 0 OR vf = ?2)"
                                             " ORDER BY id DESC, seq LIMIT ?3";
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (l && statement_open(l, &s, sql, "tii", pf ? pf : "", (int64_t)vf, (int64_t)limit) < 0)
        return failed(l, "be read", error);
    return read_history(s, ret, ret_count, error);
}

int ledger_busy(struct ledger *l, const char *pf, struct transaction *ret)
{
    _cleanup_statement_ sqlite3_stmt *s = NULL;

    if (!l || !ledger_lock_is_held(l->dir, pf))
        return 0;
    if (statement_open(l, &s,
                       "SELECT " TRANSACTION_COLUMNS
                       " FROM txn WHERE state = ? AND boot = ? AND id IN"
                       " (SELECT txn FROM step WHERE pf = ?) ORDER BY id DESC LIMIT 1",
                       "itt", (int64_t)TRANSACTION_RUNNING, l->boot, pf) < 0 ||
        sqlite3_step(s) != SQLITE_ROW || read_transaction(l, s, ret) < 0)
        return 0;
    return 1;
}

bool ledger_is_interrupted(struct ledger *l, const struct transaction *t)
{
    if (t->state != TRANSACTION_RUNNING || !t->this_boot)
        return false;
    for (size_t i = 0; i < t->pfs.count; i++)
        if (ledger_lock_is_held(l->dir, t->pfs.items[i]))
            return false;
    return true;
}
