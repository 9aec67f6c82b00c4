/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The journal of what was applied. Copies get names that no earlier manifest used, so that the old
 * manifest stays true until the new one is in its place; what no manifest names any more is swept
 * away then.
 */
#include "boot/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "base/file.h"
#include "boot/manifest.h"

static void file_done(struct journal_file *f)
{
    free(f->path);
    free(f->before);
    free(f->after);
    free(f->before_name);
    free(f->after_name);
}

void journal_done(struct journal *j)
{
    for (size_t i = 0; i < j->count; i++)
        file_done(&j->files[i]);
    free(j->files);
    free(j->folder);
    strv_done(&j->made);
    commands_done(&j->pending);
    commands_done(&j->reversal);
    close_p(&j->fd);
    *j = JOURNAL_INIT;
}

static int cannot(const struct journal *j, int r, const char *what, struct sriov_error *error)
{
    return error_set(error,
                     error_code_of(-r) == SRIOV_NOT_PERMITTED ? SRIOV_NOT_PERMITTED : SRIOV_FAILED,
                     -r, j->folder, "%s", what);
}

static int damaged(const struct journal *j, struct sriov_error *error)
{
    error_set(error, SRIOV_FAILED, 0, j->folder, "is damaged");
    error_remedy(error,
                 "the copies of the files are in there; put them back by hand and remove it");
    return -EBADMSG;
}

static int open_folder(struct journal *j, bool write, struct sriov_error *error)
{
    int r = write ? file_make_dirs(j->folder, 0700) : 0;
    if (r < 0)
        return cannot(j, r, "cannot be made", error);
    j->fd = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->fd < 0)
        return errno == ENOENT ? 0 : cannot(j, -errno, "cannot be opened", error);
    if (!write || flock(j->fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    error_set(error, SRIOV_IN_USE, 0, j->folder, "another host prepare is at work");
    error_remedy(error, "wait for it to end");
    return -EBUSY;
}

int journal_open(const char *state_dir, bool write, struct journal *ret, struct sriov_error *error)
{
    _cleanup_(journal_done) struct journal j = JOURNAL_INIT;
    if (asprintf(&j.folder, "%s/prepare", state_dir) < 0) {
        j.folder = NULL;
        return error_no_memory(error);
    }
    int r = open_folder(&j, write, error);
    if (r < 0)
        return r;
    r = j.fd < 0 ? -ENOENT : manifest_read(&j);
    if (r == -EBADMSG)
        return damaged(&j, error);
    if (r < 0 && r != -ENOENT)
        return cannot(&j, r, "cannot be read", error);
    *ret = j;
    j = JOURNAL_INIT;
    return 0;
}

/* ---- writing ---- */

static int write_in(const struct journal *j, const char *name, const char *data, size_t len)
{
    _cleanup_free_ char *path = NULL;
    if (asprintf(&path, "%s/%s", j->folder, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return file_replace(path, data, len, 0600);
}

static int commit(const struct journal *j, struct sriov_error *error)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    int r = manifest_write(j, &text);
    if (r >= 0)
        r = write_in(j, MANIFEST_NAME, text.data, text.len);
    return r < 0 ? cannot(j, r, "cannot be written", error) : 0;
}

static bool is_named(const struct journal *j, const char *name)
{
    bool named = str_eq(name, MANIFEST_NAME);
    for (size_t i = 0; i < j->count && !named; i++) {
        const struct journal_file *f = &j->files[i];
        named = (f->before_name && str_eq(f->before_name, name)) ||
                (f->after_name && str_eq(f->after_name, name));
    }
    return named;
}

/* What is not named is of an earlier manifest, or of a process that died before it had one. */
static void sweep(const struct journal *j)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    if (file_list_at(j->fd, ".", &names) < 0)
        return;
    for (size_t i = 0; i < names.count; i++) {
        if (!is_named(j, names.items[i]))
            unlinkat(j->fd, names.items[i], 0);
    }
}

/* Keeps a copy of `text` (NULL: of nothing), which replaces what *text and *name were. */
static int keep(const struct journal *j, size_t number, const char *kind, const char *from,
                char **text, char **name)
{
    char *new_text = from ? strdup(from) : NULL, *new_name = NULL;
    int r = from && !new_text ? -ENOMEM : 0;
    if (from && r >= 0 &&
        asprintf(&new_name, "%llu-%zu.%s", (unsigned long long)j->serial, number, kind) < 0) {
        new_name = NULL;
        r = -ENOMEM;
    }
    if (from && r >= 0)
        r = write_in(j, new_name, from, strlen(from));
    if (r < 0) {
        free(new_text);
        free(new_name);
        return r;
    }
    free(*text);
    free(*name);
    *text = new_text;
    *name = new_name;
    return 0;
}

struct journal_file *journal_find(const struct journal *j, const char *path)
{
    for (size_t i = 0; i < j->count; i++) {
        if (str_eq(j->files[i].path, path))
            return &j->files[i];
    }
    return NULL;
}

static struct journal_file *add_file(struct journal *j, const char *path)
{
    struct journal_file *files = reallocarray(j->files, j->count + 1, sizeof(*files));
    char *copy = strdup(path);
    if (files)
        j->files = files;
    if (!files || !copy) {
        free(copy);
        return NULL;
    }
    files[j->count] = (struct journal_file){ .path = copy };
    return &files[j->count++];
}

/* Folders that must be made for a file, outer ones first. */
static int note_folders(struct journal *j, const struct tree *t, const char *path)
{
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        _cleanup_free_ char *folder = strndup(path, (size_t)(slash - path));
        if (!folder)
            return -ENOMEM;
        if (tree_has(t, folder) || strv_has(&j->made, folder))
            continue;
        if (strv_add(&j->made, folder) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* The state that undo goes back to stays, unless the file is by now neither that nor ours. */
static int note_file(struct journal *j, const struct tree *t, size_t number,
                     const struct boot_file *f)
{
    _cleanup_free_ char *now = NULL;
    struct stat st = { .st_mode = 0644, .st_uid = geteuid(), .st_gid = getegid() };
    int r = tree_read(t, f->path, TREE_FILE_LIMIT, &now, NULL, &st);
    if (r < 0 && r != -ENOENT)
        return r;
    if (!journal_same(now, f->before))
        return -EAGAIN;
    struct journal_file *entry = journal_find(j, f->path);
    bool is_ours = entry && (journal_same(now, entry->after) || journal_same(now, entry->before));
    if (!entry)
        entry = add_file(j, f->path);
    if (!entry)
        return -ENOMEM;
    r = 0;
    if (!is_ours) {
        r = keep(j, number, "before", now, &entry->before, &entry->before_name);
        entry->mode = st.st_mode & 07777;
        entry->uid = st.st_uid;
        entry->gid = st.st_gid;
    }
    if (r >= 0)
        r = keep(j, number, "after", f->after, &entry->after, &entry->after_name);
    return r < 0 ? r : note_folders(j, t, f->path);
}

static int note_commands(struct journal *j, const struct boot_commands *c)
{
    int r = 0;
    for (size_t i = 0; i < c->count && r >= 0; i++) {
        const struct boot_command *command = &c->items[i];
        r = commands_add(&j->pending, &command->argv, NULL);
        if (r >= 0 && command->undo.count > 0)
            r = commands_add(&j->reversal, &command->undo, NULL);
    }
    return r;
}

int journal_begin(struct journal *j, const struct tree *t, const struct boot_plan *p,
                  struct sriov_error *error)
{
    j->serial++;
    for (size_t i = 0; i < p->files_count; i++) {
        int r = note_file(j, t, i, &p->files[i]);
        if (r == -EAGAIN)
            error_set(error, SRIOV_FAILED, 0, p->files[i].path,
                      "was changed while the plan was made; nothing is changed");
        else if (r < 0)
            error_set(error, SRIOV_FAILED, -r, p->files[i].path, "cannot be written down in %s",
                      j->folder);
        if (r < 0)
            return r;
    }
    if (note_commands(j, &p->commands) < 0)
        return error_no_memory(error);
    j->finished = false;
    int r = commit(j, error);
    if (r < 0)
        return r;
    j->is_there = true;
    sweep(j);
    return 0;
}

int journal_finish(struct journal *j, struct sriov_error *error)
{
    commands_done(&j->pending);
    j->finished = true;
    return commit(j, error);
}

int journal_remove(struct journal *j, struct sriov_error *error)
{
    if (unlinkat(j->fd, MANIFEST_NAME, 0) < 0 && errno != ENOENT)
        return cannot(j, -errno, "cannot be emptied", error);
    fsync(j->fd);
    while (j->count > 0)
        file_done(&j->files[--j->count]);
    sweep(j);
    rmdir(j->folder);
    return 0;
}

int journal_add_pending(const char *state_dir, struct boot_plan *p, struct sriov_error *error)
{
    _cleanup_(journal_done) struct journal j = JOURNAL_INIT;
    struct sriov_error ignored;
    int r = journal_open(state_dir, false, &j, &ignored);
    if (r == -EACCES)
        return 0; /* who may not look cannot apply, either */
    if (r < 0) {
        *error = ignored;
        return r;
    }
    p->interrupted = j.is_there && !j.finished;
    for (size_t i = 0; p->interrupted && i < j.pending.count; i++) {
        if (commands_add(&p->commands, &j.pending.items[i].argv, NULL) < 0)
            return error_no_memory(error);
    }
    return 0;
}
