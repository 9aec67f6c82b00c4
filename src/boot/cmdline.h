/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A kernel command line as it stands in a file, word by word, so that one word can be changed and
 * all else (blanks, quotes, order) stays as it was written.
 */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include "base/buf.h"
#include "base/str.h"

/* How the file writes it. */
enum cmdline_form {
    CMDLINE_PLAIN,    /* as the kernel gets it */
    CMDLINE_COMMENTS, /* so, and lines that start with # are comments */
    CMDLINE_SHELL,    /* inside a shell's double quotes: \" is a quote of the kernel's */
};

struct cmdline_word {
    char *gap;  /* what stands before it */
    char *raw;  /* as written */
    char *text; /* as the kernel sees it: without quotes and escapes */
};

struct cmdline {
    struct cmdline_word *words;
    size_t count;
    char *tail; /* what stands behind the last word */
    bool changed;
};

/* Returns 0; -EINVAL for a quote that does not end; -ENOTSUP for a shell expansion other than $NAME
 * and ${NAME} (those stay as a word), and for a # inside a line where lines may be comments;
 * -ENOMEM. */
int cmdline_parse(const char *raw, size_t len, enum cmdline_form form, struct cmdline *ret);
void cmdline_done(struct cmdline *c);

/* The line as it is to stand in the file. */
void cmdline_render(const struct cmdline *c, struct buf *ret);

/* Changes of one word; `text` must need no quotes, and only the first word of an empty line goes to
 * place 0. 0 or -ENOMEM. */
int cmdline_insert(struct cmdline *c, size_t at, const char *text);
int cmdline_replace(struct cmdline *c, size_t at, const char *text);
int cmdline_remove(struct cmdline *c, size_t at);
static inline int cmdline_append(struct cmdline *c, const char *text)
{
    return cmdline_insert(c, c->count, text);
}

/* The value of a word "NAME=value", NULL if it is another parameter. As for the kernel, '-' and '_'
 * in names are one. "" for a NAME without '='. A value that would need quotes when it is written
 * anew is none of a parameter looked for here: NULL. */
const char *cmdline_value(const struct cmdline_word *w, const char *name);

#endif
