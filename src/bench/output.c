/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The forms of a report, one row each, and the files that they go into.
 */
#include "bench/output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

#define PICTURE "report.svg"

/* A file alone has no picture beside it to point to. */
static void markdown_with_picture(const struct bench_report *r, struct buf *out)
{
    bench_report_markdown(r, PICTURE, out);
}

static void markdown_alone(const struct bench_report *r, struct buf *out)
{
    bench_report_markdown(r, NULL, out);
}

static const struct form {
    const char *file; /* in a folder */
    const char *ending;
    void (*write)(const struct bench_report *r, struct buf *out);
    void (*write_alone)(const struct bench_report *r, struct buf *out); /* NULL: as in a folder */
} forms[] = {
    { "report.md", ".md", markdown_with_picture, markdown_alone },
    { "report.html", ".html", bench_report_html },
    { PICTURE, ".svg", bench_report_picture },
    { "report.json", ".json", bench_report_json },
};

static int write_file(struct app *a, const char *path, const struct buf *text)
{
    int r = buf_ok(text);
    if (r < 0)
        return error_no_memory(&a->error);
    r = file_replace(path, text->data, text->len, 0644);
    if (r < 0)
        return error_set(&a->error, error_code_of(-r), -r, path, "cannot write the file");
    if (!a->options.quiet && !a->options.json)
        buf_printf(&a->out, "%s\n", path);
    return 0;
}

static int write_folder(struct app *a, const struct bench_report *r, const char *folder)
{
    size_t len = strlen(folder);
    const char *slash = len > 0 && folder[len - 1] == '/' ? "" : "/";
    int status = file_make_dirs(folder, 0755);
    if (status < 0)
        return error_set(&a->error, error_code_of(-status), -status, folder, "cannot make it");
    for (size_t i = 0; i < ELEMENTS(forms) && status >= 0; i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        char path[PATH_MAX];
        if (snprintf(path, sizeof(path), "%s%s%s", folder, slash, forms[i].file) >= PATH_MAX)
            return error_set(&a->error, SRIOV_USAGE, ENAMETOOLONG, folder, "cannot write there");
        forms[i].write(r, &text);
        status = write_file(a, path, &text);
    }
    return status;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return str_ends(path, "/") || (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

/* NULL for a folder. */
static int find_form(struct app *a, const char *where, const struct form **ret)
{
    *ret = NULL;
    if (is_folder(where))
        return 0;
    for (size_t i = 0; i < ELEMENTS(forms); i++) {
        if (str_ends(where, forms[i].ending))
            *ret = &forms[i];
    }
    if (*ret)
        return 0;
    int r = error_set(&a->error, SRIOV_USAGE, 0, where, "has no ending of a report");
    error_remedy(&a->error, "name a file ending in .md, .html, .svg or .json, or a folder: %s/",
                 where);
    return r;
}

int output_check(struct app *a)
{
    const struct form *form;
    return a->options.output ? find_form(a, a->options.output, &form) : 0;
}

static int write_somewhere(struct app *a, const struct bench_report *r, const char *where)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    const struct form *form;
    int status = find_form(a, where, &form);
    if (status < 0 || !form)
        return status < 0 ? status : write_folder(a, r, where);
    (form->write_alone ? form->write_alone : form->write)(r, &text);
    return write_file(a, where, &text);
}

int output_write(struct app *a, const struct bench_report *r)
{
    int status = 0;
    if (a->options.output)
        status = write_somewhere(a, r, a->options.output);
    if (a->options.json)
        bench_report_json(r, &a->out);
    else if (!a->options.output)
        bench_report_text(r, a->colour, &a->out);
    return status;
}
