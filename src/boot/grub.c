/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GRUB: /etc/default/grub, and where its grub-mkconfig reads them (Debian, Ubuntu), the files of
 * /etc/default/grub.d behind it. There we write a file of our own; elsewhere into the variable.
 *
 * Entries of /boot/loader/entries (GRUB_ENABLE_BLSCFG) take their options from GRUB_CMDLINE_LINUX
 * when they are made, so that is where Red Hat's grubby writes, and we do; other systems get
 * GRUB_CMDLINE_LINUX_DEFAULT, which leaves their recovery entries alone.
 */
#include <errno.h>

#include "boot/loader.h"
#include "boot/shell.h"

#define MAIN_FILE "/etc/default/grub"
#define FOLDER "/etc/default/grub.d"
#define OWN_NAME "90-sriovd.cfg"
#define OWN_FILE FOLDER "/" OWN_NAME
#define OWN_TEXT                                                                                   \
    "# Written by sriovctl host prepare; `sriovctl host prepare --undo` removes it.\n"             \
    "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT\"\n"
#define MKCONFIG_LIMIT (256 * 1024)

enum { OF_ALL, OF_NORMAL, BLS, VARIABLES };

static const char *const variables[] = {
    [OF_ALL] = "GRUB_CMDLINE_LINUX",
    [OF_NORMAL] = "GRUB_CMDLINE_LINUX_DEFAULT",
    [BLS] = "GRUB_ENABLE_BLSCFG",
    [VARIABLES] = NULL,
};

struct grub_file {
    char *path;
    char *text;
    bool is_new;
    struct shell_file shell;
    struct cmdline *lines; /* one per assignment; empty for those of other variables */
};

struct grub {
    struct planner *p;
    struct grub_file *files;
    size_t count;
};

static void grub_file_done(struct grub_file *f)
{
    for (size_t i = 0; f->lines && i < f->shell.count; i++)
        cmdline_done(&f->lines[i]);
    shell_file_done(&f->shell);
    free(f->lines);
    free(f->path);
    free(f->text);
}

static void grub_done(struct grub *g)
{
    for (size_t i = 0; i < g->count; i++)
        grub_file_done(&g->files[i]);
    free(g->files);
}

/* ---- reading ---- */

/* The value without its quotes. */
static const char *value_of(const struct grub_file *f, const struct shell_assignment *a,
                            size_t *ret_len)
{
    size_t quote = a->quotes == SHELL_BARE ? 0 : 1;
    *ret_len = a->end - a->start - 2 * quote;
    return f->text + a->start + quote;
}

static int read_lines(struct planner *p, struct grub_file *f)
{
    f->lines = calloc(f->shell.count + 1, sizeof(*f->lines));
    if (!f->lines)
        return planner_no_memory(p);
    for (size_t i = 0; i < f->shell.count; i++) {
        const struct shell_assignment *a = &f->shell.items[i];
        size_t len;
        const char *value = value_of(f, a, &len);
        int r = cmdline_parse(value, len, a->quotes == SHELL_DOUBLE ? CMDLINE_SHELL : CMDLINE_PLAIN,
                              &f->lines[i]);
        if (r == -ENOMEM)
            return planner_no_memory(p);
        if (r < 0)
            return planner_refuse(p, f->path, a->line,
                                  r == -EINVAL ? "has a quote that does not end"
                                               : "has an expansion other than $NAME",
                                  "write the parameters out");
    }
    return 0;
}

static int read_shell(struct planner *p, struct grub_file *f)
{
    unsigned line;
    const char *why;
    int r = shell_read(f->text, variables, &f->shell, &line, &why);
    if (r == -EINVAL)
        return planner_refuse(p, f->path, line, why,
                              "write it as NAME=\"parameters\", or add the parameters by hand");
    return r < 0 ? planner_no_memory(p) : read_lines(p, f);
}

/* A file that is not there is passed over, but for our own, which is then new. */
static int add_file(struct grub *g, const char *path)
{
    struct grub_file f = { .path = strdup(path) };
    struct grub_file *files = reallocarray(g->files, g->count + 1, sizeof(*files));
    if (files)
        g->files = files;
    int r = files && f.path ? planner_read(g->p, path, &f.text) : planner_no_memory(g->p);
    if (r == 0 && str_eq(path, OWN_FILE)) {
        f.is_new = true;
        f.text = strdup(OWN_TEXT);
        r = f.text ? 1 : planner_no_memory(g->p);
    }
    if (r > 0)
        r = read_shell(g->p, &f);
    if (r < 0 || !f.text) {
        grub_file_done(&f);
        return r;
    }
    files[g->count++] = f;
    return 0;
}

/* Debian's grub-mkconfig has the loop over the folder, others' have not. */
static bool reads_folder(const struct planner *p)
{
    static const char *const programs[] = { "/usr/sbin/grub-mkconfig", "/usr/sbin/grub2-mkconfig" };
    bool reads = false;
    for (size_t i = 0; i < ELEMENTS(programs); i++) {
        _cleanup_free_ char *text = NULL;
        if (tree_read(&p->tree, programs[i], MKCONFIG_LIMIT, &text, NULL, NULL) >= 0)
            reads |= strstr(text, "/default/grub.d/") != NULL;
    }
    return reads;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_folder(struct grub *g)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    int r = tree_list(&g->p->tree, FOLDER, ".cfg", &names);
    if (r < 0)
        return file_error(FOLDER, r, g->p->error);
    if (!strv_has(&names, OWN_NAME) && strv_add(&names, OWN_NAME) < 0)
        return planner_no_memory(g->p);
    qsort(names.items, names.count, sizeof(*names.items), by_bytes);
    for (size_t i = 0; i < names.count && r >= 0; i++) {
        char path[320];
        snprintf(path, sizeof(path), FOLDER "/%s", names.items[i]);
        r = add_file(g, path);
    }
    return r;
}

static int read_all(struct grub *g)
{
    int r = add_file(g, MAIN_FILE);
    return r >= 0 && reads_folder(g->p) ? add_folder(g) : r;
}

/* ---- what counts ---- */

static bool names_itself(const struct cmdline *line, const char *variable)
{
    char braces[64];
    snprintf(braces, sizeof(braces), "${%s}", variable);
    for (size_t i = 0; i < line->count; i++) {
        const char *word = line->words[i].text;
        if (str_eq(word, braces) || (word[0] == '$' && str_eq(word + 1, variable)))
            return true;
    }
    return false;
}

/* One assignment of a variable that counts: no later one sets the variable anew. */
struct live {
    struct cmdline *line;
    const struct grub_file *file;
    const struct shell_assignment *set;
};

struct lives {
    struct live *items;
    size_t count;
};

static void lives_done(struct lives *l)
{
    free(l->items);
}

static void drop_variable(struct lives *l, size_t variable)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->count; i++) {
        if (l->items[i].set->variable != variable)
            l->items[kept++] = l->items[i];
    }
    l->count = kept;
}

static int find_live(const struct grub *g, struct lives *ret)
{
    for (size_t f = 0; f < g->count; f++) {
        struct grub_file *file = &g->files[f];
        for (size_t i = 0; i < file->shell.count; i++) {
            const struct shell_assignment *a = &file->shell.items[i];
            struct live *items = reallocarray(ret->items, ret->count + 1, sizeof(*items));
            if (!items)
                return -ENOMEM;
            ret->items = items;
            if (!a->appends && !names_itself(&file->lines[i], variables[a->variable]))
                drop_variable(ret, a->variable);
            ret->items[ret->count++] = (struct live){ &file->lines[i], file, a };
        }
    }
    return 0;
}

static bool is_bls(const struct lives *l)
{
    bool bls = false;
    for (size_t i = 0; i < l->count; i++) {
        const struct cmdline *line = l->items[i].line;
        if (l->items[i].set->variable == BLS)
            bls = line->count == 1 && str_eq(line->words[0].text, "true");
    }
    return bls;
}

/* The last assignment of the variable, in `path` if that is not NULL. */
static struct cmdline *target_of(const struct lives *l, size_t variable, const char *path)
{
    for (size_t i = l->count; i-- > 0;) {
        const struct live *live = &l->items[i];
        if (live->set->variable == variable && (!path || str_eq(live->file->path, path)))
            return live->line;
    }
    return NULL;
}

/* ---- writing ---- */

static void render(const struct grub_file *f, struct buf *ret)
{
    size_t at = 0;
    for (size_t i = 0; i < f->shell.count; i++) {
        const struct shell_assignment *a = &f->shell.items[i];
        if (!f->lines[i].changed)
            continue;
        const char *quote = a->quotes == SHELL_SINGLE ? "'" : "\"";
        buf_add(ret, f->text + at, a->start - at);
        buf_add_str(ret, quote);
        cmdline_render(&f->lines[i], ret);
        buf_add_str(ret, quote);
        at = a->end;
    }
    buf_add_str(ret, f->text + at);
}

static bool is_changed(const struct grub_file *f)
{
    bool changed = false;
    for (size_t i = 0; i < f->shell.count; i++)
        changed |= f->lines[i].changed;
    return changed;
}

static int put_changes(struct grub *g, bool bls)
{
    for (size_t i = 0; i < g->count; i++) {
        const struct grub_file *f = &g->files[i];
        _cleanup_buf_ struct buf after = BUF_INIT;
        if (!is_changed(f))
            continue;
        render(f, &after);
        if (buf_ok(&after) < 0)
            return planner_no_memory(g->p);
        /* With BLS, what the entries say is changed there. */
        g->p->changed |= bls ? 0 : PLACE_GRUB;
        int r = planner_put(g->p, f->path, f->is_new ? NULL : f->text, after.data);
        if (r < 0)
            return r;
    }
    return 0;
}

/* A file that sets no such variable at all gets a line at its end. */
static int put_new_line(struct grub *g, size_t variable)
{
    _cleanup_(cmdline_done) struct cmdline line = { 0 };
    _cleanup_buf_ struct buf after = BUF_INIT;
    const struct grub_file *f = &g->files[0];
    if (wishes_grant(&g->p->wishes, (struct cmdline *const[]){ &line }, 1, &line) < 0)
        return planner_no_memory(g->p);
    if (!line.changed)
        return 0;
    size_t len = strlen(f->text);
    buf_printf(&after, "%s%s%s=\"", f->text, len > 0 && f->text[len - 1] != '\n' ? "\n" : "",
               variables[variable]);
    cmdline_render(&line, &after);
    buf_add_str(&after, "\"\n");
    if (buf_ok(&after) < 0)
        return planner_no_memory(g->p);
    g->p->changed |= variable == OF_ALL ? 0 : PLACE_GRUB;
    return planner_put(g->p, f->path, f->text, after.data);
}

static int grant(struct grub *g, const struct lives *l, struct cmdline *target)
{
    _cleanup_free_ struct cmdline **lines = calloc(l->count + 1, sizeof(*lines));
    size_t n = 0;
    for (size_t i = 0; lines && i < l->count; i++) {
        if (l->items[i].set->variable != BLS)
            lines[n++] = l->items[i].line;
    }
    return !lines || wishes_grant(&g->p->wishes, lines, n, target) < 0 ? planner_no_memory(g->p)
                                                                       : 0;
}

static int plan_files(struct grub *g)
{
    _cleanup_(lives_done) struct lives live = { 0 };
    if (find_live(g, &live) < 0)
        return planner_no_memory(g->p);
    bool own = g->count > 1, bls = is_bls(&live);
    size_t variable = bls ? OF_ALL : OF_NORMAL;
    struct cmdline *target = target_of(&live, variable, own ? OWN_FILE : NULL);
    if (own && !target)
        return planner_refuse(g->p, g->files[g->count - 1].path, 0,
                              "sets the kernel's command line anew after " OWN_FILE,
                              "begin its value with $GRUB_CMDLINE_LINUX_DEFAULT");
    if (!target)
        target = target_of(&live, variable == OF_ALL ? OF_NORMAL : OF_ALL, NULL);
    if (!target)
        return put_new_line(g, variable);
    int r = grant(g, &live, target);
    return r < 0 ? r : put_changes(g, bls);
}

int grub_plan(struct planner *p)
{
    _cleanup_(grub_done) struct grub g = { .p = p };
    int r = read_all(&g);
    return r < 0 || g.count == 0 ? r : plan_files(&g);
}
