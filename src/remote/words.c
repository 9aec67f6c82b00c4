/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words are made of what the parser read, by the same tables: however an option was written, it
 * is sent in one way.
 */
#include "remote/words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "policy/load.h"

/* ---- options ---- */

static int add_option(struct strv *words, const struct option_row *row, const char *value)
{
    char name[48];
    int r;

    snprintf(name, sizeof(name), "--%s", row->name);
    r = strv_add(words, name);
    return r < 0 || !value ? r : strv_add(words, value);
}

/* Several files are one text by then. */
static int add_words(struct strv *words, const struct option_row *row, const struct words *values)
{
    int r = 0;

    if (row->offset == OPTION(files))
        return values->count > 0 ? add_option(words, row, "-") : 0;
    for (size_t i = 0; r >= 0 && i < values->count; i++)
        r = add_option(words, row, values->items[i]);
    return r;
}

static int add_row(struct strv *words, const struct option_row *row, const struct options *o)
{
    const void *place = (const char *)o + row->offset;
    const char *text;
    char number[24];
    unsigned choice;

    switch (row->kind) {
    case OPTION_FLAG:
        return *(const bool *)place ? add_option(words, row, NULL) : 0;
    case OPTION_TEXT:
        text = *(const char *const *)place;
        return text ? add_option(words, row, text) : 0;
    case OPTION_NUMBER:
        snprintf(number, sizeof(number), "%llu", *(const unsigned long long *)place);
        return *(const uint64_t *)place != 0 ? add_option(words, row, number) : 0;
    case OPTION_CHOICE:
        choice = *(const unsigned *)place;
        return choice > 0 ? add_option(words, row, row->choices[choice - 1]) : 0;
    case OPTION_WORDS:
        return add_words(words, row, place);
    }
    return -EINVAL;
}

static int add_options(struct strv *words, const struct option_row *rows, const struct options *o)
{
    int r = 0;

    for (const struct option_row *row = rows; r >= 0 && row && row->name; row++) {
        if (!row->here)
            r = add_row(words, row, o);
    }
    return r;
}

int words_make(const struct app *a, struct strv *ret)
{
    struct options options = a->options;
    int r;

    /* At the other end nobody sees a terminal. */
    options.colour = a->colour ? COLOUR_ALWAYS : 0;
    r = add_options(ret, global_options, &options);
    if (r >= 0)
        r = strv_add(ret, a->verb->name);
    if (r >= 0)
        r = add_options(ret, a->verb->options, &options);
    for (size_t i = 0; r >= 0 && i < a->n_args; i++) {
        if (i == a->n_plain)
            r = strv_add(ret, "--");
        if (r >= 0)
            r = strv_add(ret, a->args[i]);
    }
    return r;
}

/* ---- the policy ---- */

static int cannot_read(struct app *a, const char *path, int r)
{
    return error_set(&a->error, r == -EACCES ? SRIOV_NOT_PERMITTED : SRIOV_USAGE, -r, path,
                     "cannot read the policy");
}

/* "---" begins a document; an empty one before it counts for nothing. */
static int add_file(struct app *a, const char *path, struct buf *ret)
{
    _cleanup_free_ char *text = NULL;
    size_t len;
    int r;

    r = file_read_at(AT_FDCWD, path, POLICY_BYTES, &text, &len);
    if (r < 0)
        return cannot_read(a, path, r);
    if (ret->len > 0)
        buf_add_str(ret, "\n---\n");
    buf_add(ret, text, len);
    return buf_ok(ret) < 0 ? error_no_memory(&a->error) : 0;
}

static int add_folder(struct app *a, const char *path, const struct strv *names, struct buf *ret)
{
    size_t count = 0;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < names->count; i++) {
        _cleanup_free_ char *file = NULL;

        if (!policy_is_file_name(names->items[i]))
            continue;
        if (asprintf(&file, "%s/%s", path, names->items[i]) < 0) {
            file = NULL;
            return error_no_memory(&a->error);
        }
        r = add_file(a, file, ret);
        count++;
    }
    if (r >= 0 && count == 0)
        r = error_set(&a->error, SRIOV_USAGE, 0, path, "no policy files in it");
    return r;
}

static int add_input(struct app *a, struct buf *ret)
{
    char part[4096];
    ssize_t n;

    if (ret->len > 0)
        buf_add_str(ret, "\n---\n");
    while ((n = read(STDIN_FILENO, part, sizeof(part))) > 0) {
        buf_add(ret, part, (size_t)n);
        if (ret->len > POLICY_BYTES)
            return cannot_read(a, "-", -EFBIG);
    }
    if (n < 0)
        return cannot_read(a, "-", -errno);
    return buf_ok(ret) < 0 ? error_no_memory(&a->error) : 0;
}

int words_policy(struct app *a, struct buf *ret)
{
    const struct words *files = &a->options.files;
    int r = 0;

    for (size_t i = 0; r >= 0 && i < files->count; i++) {
        _cleanup_strv_ struct strv names = STRV_INIT;
        const char *path = files->items[i];

        if (str_eq(path, "-"))
            r = add_input(a, ret);
        else if (file_list_at(AT_FDCWD, path, &names) >= 0)
            r = add_folder(a, path, &names, ret);
        else
            r = add_file(a, path, ret);
    }
    return r;
}
