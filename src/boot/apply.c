/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Carrying a plan out, and taking it back: journal, files one by one, programs, journal. What goes
 * wrong after the first file is undone where that is possible at once; a program that fails leaves
 * the files as they are to be, since it is the next run of it that counts.
 */
#include <errno.h>

#include "boot/boot.h"
#include "boot/journal.h"
#include "kernel/spawn.h"

static int open_tree(const struct boot_request *q, struct tree *ret, struct sriov_error *error)
{
    int r = tree_open(q->root, ret);
    return r < 0 ? error_set(error, SRIOV_USAGE, -r, q->root, "cannot be opened as a root folder")
                 : 0;
}

/* Gives a file its text (NULL: none), with the mode and owner that it had. */
static int put(const struct tree *t, const struct journal_file *f, const char *text)
{
    if (!text)
        return tree_remove(t, f->path);
    return tree_replace(t, f->path, text, strlen(text), f->mode, f->uid, f->gid);
}

/* Temporary files of a process that was killed. */
static void sweep(const struct tree *t, const struct journal *j)
{
    for (size_t i = 0; i < j->count; i++)
        tree_sweep(t, j->files[i].path);
}

static int make_folders(const struct tree *t, const struct journal *j, struct sriov_error *error)
{
    for (size_t i = 0; i < j->made.count; i++) {
        int r = tree_make_dir(t, j->made.items[i]);
        if (r < 0)
            return error_set(error, SRIOV_FAILED, -r, j->made.items[i], "cannot be made");
    }
    return 0;
}

/* Files [0, count) of the plan as they were before it; returns whether all of them are. */
static bool take_back(const struct tree *t, const struct journal *j, const struct boot_plan *p,
                      size_t count)
{
    bool all = true;
    while (count-- > 0)
        all &= put(t, journal_find(j, p->files[count].path), p->files[count].before) >= 0;
    return all;
}

static int write_files(const struct tree *t, const struct journal *j, const struct boot_plan *p,
                       struct sriov_error *error)
{
    int r = make_folders(t, j, error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < p->files_count; i++) {
        r = put(t, journal_find(j, p->files[i].path), p->files[i].after);
        if (r >= 0)
            continue;
        bool back = take_back(t, j, p, i);
        error_set(error, back ? SRIOV_FAILED : SRIOV_NOT_ROLLED_BACK, -r, p->files[i].path,
                  "cannot be written%s", back ? "; the others are as they were" : "");
        error_remedy(error, "mend that; then --apply again, or --undo");
        return r;
    }
    return 0;
}

static int run_all(const struct boot_commands *c, struct sriov_error *error)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct strv *words = &c->items[i].argv;
        _cleanup_free_ const char **argv = calloc(words->count + 1, sizeof(*argv));
        char text[sizeof(error->kernel)] = "";
        if (!argv)
            return error_no_memory(error);
        for (size_t w = 0; w < words->count; w++)
            argv[w] = words->items[w];
        int r = spawn_and_wait(argv, text, sizeof(text));
        if (r >= 0)
            continue;
        error_set(error, SRIOV_NOT_ROLLED_BACK, r == -ENOEXEC ? 0 : -r, argv[0],
                  "failed; the files stay as written");
        error_kernel(error, text);
        error_remedy(error, "mend that; then --apply again, or --undo");
        return r;
    }
    return 0;
}

int boot_apply(const struct boot_request *q, const struct boot_plan *p, struct sriov_error *error)
{
    _cleanup_(tree_done) struct tree t = TREE_INIT;
    _cleanup_(journal_done) struct journal j = JOURNAL_INIT;
    if (p->files_count == 0 && p->commands.count == 0 && !p->interrupted)
        return 0;
    int r = open_tree(q, &t, error);
    if (r >= 0)
        r = journal_open(q->state_dir, true, &j, error);
    if (r >= 0)
        r = journal_begin(&j, &t, p, error);
    if (r < 0)
        return r;
    sweep(&t, &j);
    r = write_files(&t, &j, p, error);
    if (r >= 0 && t.running)
        r = run_all(&j.pending, error);
    return r < 0 ? r : journal_finish(&j, error);
}

/* ---- undo ---- */

static int plan_file(const struct tree *t, const struct journal_file *f, struct boot_plan *plan,
                     struct sriov_error *error)
{
    _cleanup_free_ char *now = NULL;
    int r = tree_read(t, f->path, TREE_FILE_LIMIT, &now, NULL, NULL);
    if (r < 0 && r != -ENOENT && r != -EFBIG)
        return file_error(f->path, r, error);
    if (r != -EFBIG && journal_same(now, f->before))
        return 0;
    if (r == -EFBIG || !journal_same(now, f->after)) {
        error_set(error, SRIOV_IN_USE, 0, f->path,
                  "was changed since by somebody else; nothing is undone");
        error_remedy(error, "take out by hand what host prepare shows, or make it as it was");
        return -EBUSY;
    }
    return plan_add_file(plan, f->path, now, f->before) < 0 ? error_no_memory(error) : 0;
}

static int plan_undo(const struct tree *t, const struct journal *j, struct boot_plan *ret,
                     struct sriov_error *error)
{
    _cleanup_(boot_plan_done) struct boot_plan plan = { 0 };
    for (size_t i = j->count; i-- > 0;) {
        int r = plan_file(t, &j->files[i], &plan, error);
        if (r < 0)
            return r;
    }
    for (size_t i = j->reversal.count; i-- > 0;) {
        if (commands_add(&plan.commands, &j->reversal.items[i].argv, NULL) < 0)
            return error_no_memory(error);
    }
    plan.reboot = j->is_there;
    plan.interrupted = j->is_there && !j->finished;
    *ret = plan;
    plan = (struct boot_plan){ 0 };
    return 0;
}

int boot_undo_plan(const struct boot_request *q, struct boot_plan *ret, struct sriov_error *error)
{
    _cleanup_(tree_done) struct tree t = TREE_INIT;
    _cleanup_(journal_done) struct journal j = JOURNAL_INIT;
    int r = open_tree(q, &t, error);
    if (r >= 0)
        r = journal_open(q->state_dir, false, &j, error);
    return r < 0 ? r : plan_undo(&t, &j, ret, error);
}

static int restore(const struct tree *t, const struct journal *j, const struct boot_plan *plan,
                   struct sriov_error *error)
{
    for (size_t i = 0; i < plan->files_count; i++) {
        int r = put(t, journal_find(j, plan->files[i].path), plan->files[i].after);
        if (r < 0) {
            error_set(error, SRIOV_NOT_ROLLED_BACK, -r, plan->files[i].path, "cannot be written");
            error_remedy(error, "mend that; then --undo again");
            return r;
        }
    }
    for (size_t i = j->made.count; i-- > 0;)
        tree_remove_dir(t, j->made.items[i]);
    return 0;
}

/* Copies that a killed apply made before it had a manifest are removed as well. */
int boot_undo(const struct boot_request *q, struct sriov_error *error)
{
    _cleanup_(tree_done) struct tree t = TREE_INIT;
    _cleanup_(journal_done) struct journal old = JOURNAL_INIT, j = JOURNAL_INIT;
    _cleanup_(boot_plan_done) struct boot_plan plan = { 0 };
    int r = open_tree(q, &t, error);
    if (r >= 0)
        r = journal_open(q->state_dir, false, &old, error);
    if (r < 0 || old.fd < 0)
        return r;
    r = journal_open(q->state_dir, true, &j, error);
    if (r >= 0)
        r = plan_undo(&t, &j, &plan, error);
    if (r < 0)
        return r;
    sweep(&t, &j);
    r = restore(&t, &j, &plan, error);
    if (r >= 0 && t.running)
        r = run_all(&plan.commands, error);
    return r < 0 ? r : journal_remove(&j, error);
}
