/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kernel command lines. Words end at white space outside double quotes, as in the kernel's
 * next_arg(); in a shell's double quotes, a backslash takes the meaning off the next character, and
 * a $NAME is left for the shell.
 */
#include "boot/cmdline.h"

#include <ctype.h>
#include <errno.h>

struct reader {
    const char *at, *end;
    enum cmdline_form form;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool continues_line(const struct reader *r)
{
    return r->form == CMDLINE_SHELL && r->end - r->at >= 2 && r->at[0] == '\\' && r->at[1] == '\n';
}

static void skip_gap(struct reader *r, bool line_start)
{
    while (r->at < r->end) {
        if (continues_line(r)) {
            r->at += 2;
        } else if (line_start && r->form == CMDLINE_COMMENTS && *r->at == '#') {
            while (r->at < r->end && *r->at != '\n')
                r->at++;
        } else if (is_blank(*r->at)) {
            line_start = *r->at++ == '\n';
        } else {
            return;
        }
    }
}

/* What the shell puts in must be known to be one word's part: $NAME and ${NAME} only. */
static bool is_plain_expansion(const char *at, const char *end)
{
    bool braces = at < end && *at == '{';
    at += braces;
    const char *name = at;
    while (at < end && (isalnum((unsigned char)*at) || *at == '_'))
        at++;
    return at > name && (!braces || (at < end && *at == '}'));
}

/* One word's characters; quotes go, `text` gets the rest. */
static int read_word(struct reader *r, struct buf *text)
{
    bool quoted = false;
    if (r->form == CMDLINE_COMMENTS && *r->at == '#')
        return -ENOTSUP;
    while (r->at < r->end && (quoted || !is_blank(*r->at))) {
        bool shell = r->form == CMDLINE_SHELL;
        bool escaped = shell && *r->at == '\\' && r->end - r->at >= 2 &&
                       strchr("\"\\$`\n", r->at[1]);
        if (shell && (*r->at == '`' || (*r->at == '$' && !is_plain_expansion(r->at + 1, r->end))))
            return -ENOTSUP;
        r->at += escaped;
        if (*r->at == '"')
            quoted = !quoted;
        else if (!escaped || *r->at != '\n')
            buf_add_char(text, *r->at);
        r->at++;
    }
    return quoted ? -EINVAL : buf_ok(text);
}

static int grow(struct cmdline *c)
{
    struct cmdline_word *words = reallocarray(c->words, c->count + 1, sizeof(*words));
    if (!words)
        return -ENOMEM;
    c->words = words;
    return 0;
}

static void word_done(struct cmdline_word *w)
{
    free(w->gap);
    free(w->raw);
    free(w->text);
}

/* Takes the three texts over, whatever happens. */
static int add_word(struct cmdline *c, size_t at, struct cmdline_word w)
{
    if (!w.gap || !w.raw || !w.text || grow(c) < 0) {
        word_done(&w);
        return -ENOMEM;
    }
    memmove(c->words + at + 1, c->words + at, (c->count - at) * sizeof(*c->words));
    c->words[at] = w;
    c->count++;
    return 0;
}

static int read_words(struct reader *r, struct cmdline *c)
{
    const char *gap = r->at;
    skip_gap(r, true);
    while (r->at < r->end) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        const char *raw = r->at;
        int error = read_word(r, &text);
        if (error >= 0)
            error = add_word(c, c->count,
                             (struct cmdline_word){
                                 .gap = strndup(gap, (size_t)(raw - gap)),
                                 .raw = strndup(raw, (size_t)(r->at - raw)),
                                 .text = buf_steal(&text),
                             });
        if (error < 0)
            return error;
        gap = r->at;
        skip_gap(r, false);
    }
    c->tail = strndup(gap, (size_t)(r->at - gap));
    return c->tail ? 0 : -ENOMEM;
}

int cmdline_parse(const char *raw, size_t len, enum cmdline_form form, struct cmdline *ret)
{
    _cleanup_(cmdline_done) struct cmdline c = { 0 };
    struct reader r = { .at = raw, .end = raw + len, .form = form };
    int error = read_words(&r, &c);
    if (error < 0)
        return error;
    *ret = c;
    c = (struct cmdline){ 0 };
    return 0;
}

void cmdline_done(struct cmdline *c)
{
    for (size_t i = 0; i < c->count; i++)
        word_done(&c->words[i]);
    free(c->words);
    free(c->tail);
    *c = (struct cmdline){ 0 };
}

void cmdline_render(const struct cmdline *c, struct buf *ret)
{
    for (size_t i = 0; i < c->count; i++) {
        buf_add_str(ret, c->words[i].gap);
        buf_add_str(ret, c->words[i].raw);
    }
    buf_add_str(ret, c->tail ? c->tail : "");
}

/* What stood there without a word (a comment) goes before the first one, which begins a line. */
static char *first_gap(struct cmdline *c)
{
    const char *tail = c->tail ? c->tail : "";
    size_t len = strlen(tail);
    char *gap = NULL;
    if (asprintf(&gap, "%s%s", tail, strchr(tail, '#') && tail[len - 1] != '\n' ? "\n" : "") < 0)
        return NULL;
    if (c->tail)
        c->tail[0] = '\0';
    return gap;
}

int cmdline_insert(struct cmdline *c, size_t at, const char *text)
{
    struct cmdline_word w = {
        .gap = c->count == 0 ? first_gap(c) : strdup(" "),
        .raw = strdup(text),
        .text = strdup(text),
    };
    c->changed = true;
    return add_word(c, at, w);
}

int cmdline_replace(struct cmdline *c, size_t at, const char *text)
{
    struct cmdline_word *w = &c->words[at];
    char *raw = strdup(text), *copy = strdup(text);
    if (!raw || !copy) {
        free(raw);
        free(copy);
        return -ENOMEM;
    }
    free(w->raw);
    free(w->text);
    w->raw = raw;
    w->text = copy;
    c->changed = true;
    return 0;
}

/* Its gap goes with it, unless it is how the line begins, or holds another line. */
int cmdline_remove(struct cmdline *c, size_t at)
{
    struct cmdline_word *w = &c->words[at];
    char **next = at + 1 < c->count ? &c->words[at + 1].gap : &c->tail;
    if (at == 0 || strchr(w->gap, '\n')) {
        bool last = next == &c->tail;
        char *both = NULL;
        if (asprintf(&both, "%s%s", w->gap, last || strchr(*next, '\n') ? *next : "") < 0)
            return -ENOMEM;
        free(*next);
        *next = both;
    }
    word_done(w);
    c->count--;
    memmove(c->words + at, c->words + at + 1, (c->count - at) * sizeof(*c->words));
    c->changed = true;
    return 0;
}

static char fold(char c)
{
    return c == '-' ? '_' : c;
}

const char *cmdline_value(const struct cmdline_word *w, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-.,:=+/@";
    const char *at = w->text;
    while (*name && fold(*at) == fold(*name)) {
        at++;
        name++;
    }
    if (*name || (*at && *at != '=') || at[strspn(at, plain)])
        return NULL;
    return *at ? at + 1 : at;
}
