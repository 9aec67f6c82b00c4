/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Boot loader entries, of systemd-boot and of GRUB where it reads them (Fedora, RHEL). Each is
 * changed itself, as grubby does it, and not by running grubby: so the diff shows exactly what will
 * be, and undo can give every byte back.
 *
 * RHEL 8 writes $kernelopts into the entries and the options into GRUB's environment block, a file
 * of fixed size that ends in '#'s.
 */
#include <errno.h>

#include "boot/loader.h"

#define VARIABLE "$kernelopts"
#define KEY "kernelopts="

static const char *const environment_files[] = { "/boot/grub2/grubenv", "/boot/grub/grubenv" };

/* The environment block, read when the first entry asks for it. */
struct environment {
    const char *path; /* NULL: not read yet */
    char *text;
    size_t start, end; /* of the options in it */
    struct cmdline line;
};

static void environment_done(struct environment *e)
{
    free(e->text);
    cmdline_done(&e->line);
}

static int parse_environment(struct planner *p, struct environment *e)
{
    const char *at = e->text;
    while (at && !str_starts(at, KEY)) {
        at = strchr(at, '\n');
        at += at != NULL;
    }
    if (!at)
        return planner_refuse(p, e->path, 0, "sets no kernelopts, which entries ask for",
                              "grub2-mkconfig -o /boot/grub2/grub.cfg writes it");
    e->start = (size_t)(at - e->text) + strlen(KEY);
    e->end = e->start + strcspn(e->text + e->start, "\n");
    int r = cmdline_parse(e->text + e->start, e->end - e->start, CMDLINE_PLAIN, &e->line);
    if (r == -EINVAL)
        return planner_refuse(p, e->path, 0, "has a quote that does not end", "close the quote");
    return r < 0 ? planner_no_memory(p) : 0;
}

static int read_environment(struct planner *p, struct environment *e)
{
    for (size_t i = 0; i < ELEMENTS(environment_files) && !e->path; i++) {
        int r = planner_read(p, environment_files[i], &e->text);
        if (r < 0)
            return r;
        if (r > 0)
            e->path = environment_files[i];
    }
    if (!e->path)
        return planner_refuse(p, environment_files[0], 0, "is missing, and entries ask for it",
                              "grub2-mkconfig -o /boot/grub2/grub.cfg writes it");
    return parse_environment(p, e);
}

/* The block keeps its size. */
static int put_environment(struct planner *p, const struct environment *e)
{
    _cleanup_buf_ struct buf after = BUF_INIT;
    size_t size, used = e->text ? strlen(e->text) : 0;
    if (!e->line.changed)
        return 0;
    size = used;
    while (used > e->end && e->text[used - 1] == '#')
        used--;
    buf_add(&after, e->text, e->start);
    cmdline_render(&e->line, &after);
    buf_add(&after, e->text + e->end, used - e->end);
    if (after.len > size)
        return planner_refuse(p, e->path, 0, "has no room for the parameters",
                              "write the options into the entries: grubby --update-kernel=ALL");
    while (after.len < size && !after.failed)
        buf_add_char(&after, '#');
    return buf_ok(&after) < 0 ? planner_no_memory(p) : planner_put(p, e->path, e->text, after.data);
}

static bool asks_for_environment(const struct entry *e)
{
    for (size_t i = 0; i < e->count; i++) {
        for (size_t w = 0; w < e->lines[i].count; w++) {
            if (str_eq(e->lines[i].words[w].text, VARIABLE))
                return true;
        }
    }
    return false;
}

static int grant(struct planner *p, struct entry *e, struct cmdline *shared)
{
    _cleanup_free_ struct cmdline **lines = calloc(e->count + 1, sizeof(*lines));
    size_t n = 0;
    if (!lines)
        return -ENOMEM;
    if (shared)
        lines[n++] = shared;
    for (size_t i = 0; i < e->count; i++)
        lines[n++] = &e->lines[i];
    return wishes_grant(&p->wishes, lines, n, shared ? shared : lines[n - 1]);
}

static int plan_entry(struct planner *p, const char *path, struct environment *env)
{
    _cleanup_(entry_done) struct entry e = { 0 };
    _cleanup_buf_ struct buf after = BUF_INIT;
    int r = entry_read(p, path, &e);
    if (r <= 0 || !e.is_linux)
        return r;
    if (e.count == 0)
        return planner_refuse(p, path, 0, "has no line of options", "add a line: options root=...");
    bool shared = asks_for_environment(&e);
    if (shared && !env->path) {
        r = read_environment(p, env);
        if (r < 0)
            return r;
    }
    if (grant(p, &e, shared ? &env->line : NULL) < 0 || entry_render(&e, &after) < 0)
        return planner_no_memory(p);
    if (!str_eq(e.text, after.data))
        p->changed |= PLACE_ENTRIES;
    return planner_put(p, path, e.text, after.data);
}

int bls_plan(struct planner *p)
{
    _cleanup_(environment_done) struct environment env = { 0 };
    for (size_t f = 0; entry_folders[f]; f++) {
        _cleanup_strv_ struct strv names = STRV_INIT;
        int r = tree_list(&p->tree, entry_folders[f], ".conf", &names);
        if (r < 0)
            return file_error(entry_folders[f], r, p->error);
        for (size_t i = 0; i < names.count; i++) {
            char path[320];
            snprintf(path, sizeof(path), "%s/%s", entry_folders[f], names.items[i]);
            r = plan_entry(p, path, &env);
            if (r < 0)
                return r;
        }
    }
    return put_environment(p, &env);
}
