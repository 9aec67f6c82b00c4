/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rpm-ostree hosts (Fedora CoreOS, Silverblue, RHEL for Edge): entries belong to a deployment and
 * are made anew with the next one, so only `rpm-ostree kargs` changes them for good. What is there
 * already is read from the newest entry.
 */
#include <errno.h>

#include "boot/loader.h"

#define FOLDER "/boot/loader/entries"

static int words_of(const struct entry *e, struct strv *ret)
{
    int r = 0;
    for (size_t i = 0; i < e->count; i++) {
        for (size_t w = 0; w < e->lines[i].count && r >= 0; w++)
            r = strv_add(ret, e->lines[i].words[w].text);
    }
    return r;
}

static int add_word(struct strv *argv, const char *option, const char *word)
{
    _cleanup_free_ char *text = NULL;
    if (asprintf(&text, "--%s=%s", option, word) < 0) {
        text = NULL;
        return -ENOMEM;
    }
    return strv_add(argv, text);
}

/* What is in `to` and not in `from` is appended. hugepages= may have to be there twice with one
 * value, for two sizes, so these are appended in any case. */
static int difference(const struct strv *from, const struct strv *to, struct strv *argv)
{
    int r = strv_add(argv, "rpm-ostree");
    if (r >= 0)
        r = strv_add(argv, "kargs");
    for (size_t i = 0; i < from->count && r >= 0; i++) {
        if (!strv_has(to, from->items[i]))
            r = add_word(argv, "delete-if-present", from->items[i]);
    }
    for (size_t i = 0; i < to->count && r >= 0; i++) {
        if (!strv_has(from, to->items[i]))
            r = add_word(argv,
                         str_starts(to->items[i], "hugepages=") ? "append" : "append-if-missing",
                         to->items[i]);
    }
    return r;
}

static int plan_command(struct planner *p, struct entry *e)
{
    _cleanup_strv_ struct strv before = STRV_INIT, after = STRV_INIT;
    _cleanup_strv_ struct strv argv = STRV_INIT, undo = STRV_INIT;
    _cleanup_free_ struct cmdline **lines = calloc(e->count, sizeof(*lines));
    for (size_t i = 0; lines && i < e->count; i++)
        lines[i] = &e->lines[i];
    if (!lines || words_of(e, &before) < 0 ||
        wishes_grant(&p->wishes, lines, e->count, lines[e->count - 1]) < 0 ||
        words_of(e, &after) < 0 || difference(&before, &after, &argv) < 0 ||
        difference(&after, &before, &undo) < 0)
        return planner_no_memory(p);
    if (argv.count == 2)
        return 0;
    return commands_add(&p->plan->commands, &argv, &undo) < 0 ? planner_no_memory(p) : 0;
}

int ostree_plan(struct planner *p)
{
    _cleanup_strv_ struct strv names = STRV_INIT;
    _cleanup_(entry_done) struct entry e = { 0 };
    char path[320];
    int r = tree_list(&p->tree, FOLDER, ".conf", &names);
    if (r < 0)
        return file_error(FOLDER, r, p->error);
    if (names.count == 0)
        return planner_refuse(p, FOLDER, 0, "has no entries", "is /boot mounted?");
    snprintf(path, sizeof(path), FOLDER "/%s", names.items[names.count - 1]);
    r = entry_read(p, path, &e);
    if (r <= 0)
        return r;
    if (e.count == 0)
        return planner_refuse(p, path, 0, "has no line of options", "rpm-ostree kargs shows them");
    return plan_command(p, &e);
}
