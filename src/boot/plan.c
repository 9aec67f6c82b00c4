/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making a plan: the files of a tree are read through here, so that every doubtful one is refused
 * in the same words, and their changes are collected.
 */
#include "boot/plan.h"

#include <errno.h>

#include "boot/journal.h"
#include "boot/loader.h"
#include "boot/modules.h"

/* ---- lists ---- */

static void file_done(struct boot_file *f)
{
    free(f->path);
    free(f->before);
    free(f->after);
}

void commands_done(struct boot_commands *c)
{
    for (size_t i = 0; i < c->count; i++) {
        strv_done(&c->items[i].argv);
        strv_done(&c->items[i].undo);
    }
    free(c->items);
    *c = (struct boot_commands){ 0 };
}

void boot_plan_done(struct boot_plan *p)
{
    for (size_t i = 0; i < p->files_count; i++)
        file_done(&p->files[i]);
    for (size_t i = 0; i < p->needless_count; i++) {
        free(p->needless[i].parameter);
        free(p->needless[i].why);
    }
    commands_done(&p->commands);
    free(p->files);
    free(p->needless);
    *p = (struct boot_plan){ 0 };
}

int plan_add_file(struct boot_plan *p, const char *path, const char *before, const char *after)
{
    struct boot_file f = {
        .path = strdup(path),
        .before = before ? strdup(before) : NULL,
        .after = after ? strdup(after) : NULL,
    };
    struct boot_file *files = reallocarray(p->files, p->files_count + 1, sizeof(*files));
    if (files)
        p->files = files;
    if (!files || !f.path || (before && !f.before) || (after && !f.after)) {
        file_done(&f);
        return -ENOMEM;
    }
    files[p->files_count++] = f;
    return 0;
}

int plan_add_needless(struct boot_plan *p, const char *parameter, const char *why)
{
    struct boot_needless n = { .parameter = strdup(parameter), .why = strdup(why) };
    struct boot_needless *all = reallocarray(p->needless, p->needless_count + 1, sizeof(*all));
    if (all)
        p->needless = all;
    if (!all || !n.parameter || !n.why) {
        free(n.parameter);
        free(n.why);
        return -ENOMEM;
    }
    all[p->needless_count++] = n;
    return 0;
}

static bool same_words(const struct strv *a, const struct strv *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = str_eq(a->items[i], b->items[i]);
    return same;
}

static int copy_words(const struct strv *from, struct strv *ret)
{
    int r = 0;
    for (size_t i = 0; from && i < from->count && r >= 0; i++)
        r = strv_add(ret, from->items[i]);
    return r;
}

int commands_add(struct boot_commands *c, const struct strv *argv, const struct strv *undo)
{
    for (size_t i = 0; i < c->count; i++) {
        if (same_words(&c->items[i].argv, argv))
            return 0;
    }
    struct boot_command *items = reallocarray(c->items, c->count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    c->items = items;
    struct boot_command *new = &items[c->count++];
    *new = (struct boot_command){ 0 };
    int r = copy_words(argv, &new->argv);
    return r < 0 ? r : copy_words(undo, &new->undo);
}

int boot_plan_add_command(struct boot_plan *p, const char *const *argv)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    int r = 0;
    for (; *argv && r >= 0; argv++)
        r = strv_add(&words, *argv);
    return r < 0 ? r : commands_add(&p->commands, &words, NULL);
}

void boot_command_text(const struct strv *argv, struct buf *ret)
{
    for (size_t i = 0; i < argv->count; i++)
        buf_printf(ret, "%s%s", i > 0 ? " " : "", argv->items[i]);
}

/* ---- files ---- */

struct refusal {
    int error;
    const char *message, *remedy;
};

static const struct refusal refusals[] = {
    { EFBIG, "is too large for such a file", "look what is in it; then change it by hand" },
    { EISDIR, "is no regular file", "put a regular file in its place" },
    { EILSEQ, "is no UTF-8 text", "save it as UTF-8" },
    { EXDEV, "leads out of the tree by a symbolic link", "put a regular file in its place" },
    { ELOOP, "is a symbolic link that leads nowhere", "put a regular file in its place" },
};

int file_error(const char *path, int r, struct sriov_error *error)
{
    for (size_t i = 0; i < ELEMENTS(refusals); i++) {
        if (refusals[i].error != -r)
            continue;
        error_set(error, SRIOV_FAILED, 0, path, "%s; it is left alone", refusals[i].message);
        error_remedy(error, "%s", refusals[i].remedy);
        return r;
    }
    error_set(error, error_code_of(-r) == SRIOV_NOT_PERMITTED ? SRIOV_NOT_PERMITTED : SRIOV_FAILED,
              -r, path, "cannot be read");
    return r;
}

static bool is_text(const char *text, size_t len)
{
    while (len > 0) {
        size_t width = *text ? str_utf8_len(text, len) : 0;
        if (width == 0)
            return false;
        text += width;
        len -= width;
    }
    return true;
}

int planner_read(struct planner *p, const char *path, char **ret)
{
    _cleanup_free_ char *text = NULL;
    size_t len = 0;
    int r = tree_read(&p->tree, path, TREE_FILE_LIMIT, &text, &len, NULL);
    if (r == -ENOENT || r == -ENOTDIR) {
        *ret = NULL;
        return 0;
    }
    if (r >= 0 && !is_text(text, len))
        r = -EILSEQ;
    if (r < 0)
        return file_error(path, r, p->error);
    *ret = TAKE_PTR(text);
    return 1;
}

int planner_put(struct planner *p, const char *path, const char *before, const char *after)
{
    if (before && str_eq(before, after))
        return 0;
    return plan_add_file(p->plan, path, before, after) < 0 ? planner_no_memory(p) : 0;
}

int planner_refuse(struct planner *p, const char *path, unsigned line, const char *why,
                   const char *remedy)
{
    char place[sizeof(p->error->object)];
    if (line > 0)
        snprintf(place, sizeof(place), "%s:%u", path, line);
    else
        STR_SET(place, path);
    int r = error_set(p->error, SRIOV_FAILED, 0, place, "%s; it is left alone", why);
    error_remedy(p->error, "%s", remedy);
    return r;
}

int planner_no_memory(struct planner *p)
{
    return error_no_memory(p->error);
}

/* ---- all of it ---- */

static void planner_done(struct planner *p)
{
    boot_facts_done(&p->facts);
    tree_done(&p->tree);
}

static int open_tree(struct planner *p)
{
    int r = tree_open(p->q->root, &p->tree);
    if (r < 0)
        return error_set(p->error, SRIOV_USAGE, -r, p->q->root,
                         "cannot be opened as a root folder");
    r = boot_facts_read(p->q, &p->tree, &p->facts);
    return r < 0 ? file_error("/usr/lib/modules", r, p->error) : 0;
}

int boot_plan_make(const struct boot_request *q, struct boot_plan *ret, struct sriov_error *error)
{
    _cleanup_(boot_plan_done) struct boot_plan plan = { 0 };
    _cleanup_(planner_done) struct planner p = {
        .q = q,
        .tree = TREE_INIT,
        .plan = &plan,
        .error = error,
    };
    int r = open_tree(&p);
    if (r >= 0)
        r = wishes_read(q, &p.facts, &p.wishes, &plan, error);
    if (r >= 0)
        r = loaders_plan(&p);
    if (r >= 0)
        r = modules_plan(&p);
    plan.reboot = plan.files_count > 0 || plan.commands.count > 0;
    if (r >= 0)
        r = journal_add_pending(q->state_dir, &plan, error);
    if (r < 0)
        return r;
    *ret = plan;
    plan = (struct boot_plan){ 0 };
    return 0;
}
