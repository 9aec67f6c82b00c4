/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A lexer of shell text that knows words, quotes, substitutions, comments and the words of compound
 * commands, and nothing of what they do. It must find the end of each of them, or the rest of the
 * file would be read wrongly: that is what most errors are about.
 */
#include "boot/shell.h"

#include <ctype.h>
#include <errno.h>

#include "base/str.h"

#define NESTING_MAX 64

struct lexer {
    const char *text, *at;
    unsigned line;
    unsigned compound, parentheses; /* how deep in if, for, case, {; in ( */
    unsigned nesting;               /* substitutions in substitutions */
    bool command;                   /* the next word starts a command */
    const char *const *names;
    struct shell_file file;
    unsigned error_line;
    const char *why;
};

static int wrong(struct lexer *l, unsigned line, const char *why)
{
    l->error_line = line;
    l->why = why;
    return -EINVAL;
}

static void step(struct lexer *l)
{
    l->line += *l->at == '\n';
    l->at++;
}

static int skip_single(struct lexer *l)
{
    unsigned line = l->line;
    for (step(l); *l->at != '\''; step(l)) {
        if (!*l->at)
            return wrong(l, line, "has a quote that does not end");
    }
    step(l);
    return 0;
}

static int skip_escape(struct lexer *l)
{
    step(l);
    if (!*l->at)
        return wrong(l, l->line, "ends with a backslash");
    step(l);
    return 0;
}

/* Quotes and substitutions contain each other; `until` is '"', '`' or the ')' of $(...), '}' of
 * ${...}. Starts behind the opening one, ends behind the closing one. */
static int skip_until(struct lexer *l, char until);

static int skip_part(struct lexer *l, char inside)
{
    char c = *l->at;
    if (c == '\\')
        return skip_escape(l);
    if (c == '\'' && inside != '"')
        return skip_single(l);
    step(l);
    if (c == '"' || c == '`')
        return skip_until(l, c);
    if (c == '$' && (*l->at == '(' || *l->at == '{')) {
        char close = *l->at == '(' ? ')' : '}';
        step(l);
        return skip_until(l, close);
    }
    return c == '(' && inside == ')' ? skip_until(l, ')') : 0;
}

static int skip_until(struct lexer *l, char until)
{
    unsigned line = l->line;
    if (++l->nesting > NESTING_MAX)
        return wrong(l, line, "nests too deeply");
    while (*l->at != until) {
        if (!*l->at)
            return wrong(l, line,
                         until == '"' ? "has a quote that does not end"
                                      : "has a substitution that does not end");
        int r = skip_part(l, until);
        if (r < 0)
            return r;
    }
    step(l);
    l->nesting--;
    return 0;
}

static bool ends_word(char c)
{
    return c == '\0' || strchr(" \t\n;&|<>()", c);
}

static int skip_word(struct lexer *l)
{
    while (!ends_word(*l->at)) {
        int r = skip_part(l, '\0');
        if (r < 0)
            return r;
    }
    return 0;
}

static bool has_substitution(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (value[i] == '\\')
            i++;
        else if (value[i] == '`' || (value[i] == '$' && i + 1 < len && value[i + 1] == '('))
            return true;
    }
    return false;
}

/* The value is one quoted text, or one without any quotes. */
static int read_quotes(struct lexer *l, const char *value, size_t len, struct shell_assignment *a)
{
    static const char special[] = "\"'\\$`*?[~";
    char first = len > 0 ? value[0] : '\0';
    size_t plain = 0;
    while (plain < len && !strchr(special, value[plain]))
        plain++;
    a->quotes = first == '"' ? SHELL_DOUBLE : first == '\'' ? SHELL_SINGLE : SHELL_BARE;
    if (first != '\'' && has_substitution(value, len))
        return wrong(l, a->line, "is built by a command, so what it will be is not known");
    if (a->quotes == SHELL_BARE)
        return plain == len ? 0
                            : wrong(l, a->line, "has a value that is not in one pair of quotes");
    for (size_t i = 1; i + 1 < len; i++) {
        if (a->quotes == SHELL_DOUBLE && value[i] == '\\')
            i++;
        else if (value[i] == first)
            return wrong(l, a->line, "has a value that is not in one pair of quotes");
    }
    return 0;
}

static int add(struct lexer *l, const struct shell_assignment *a)
{
    struct shell_assignment *items = reallocarray(l->file.items, l->file.count + 1, sizeof(*items));
    if (!items)
        return -ENOMEM;
    l->file.items = items;
    items[l->file.count++] = *a;
    return 0;
}

/* The word from `start` to where the lexer is now, if it sets a variable of interest. */
static int take_assignment(struct lexer *l, const char *start, size_t name_len, unsigned line)
{
    for (size_t i = 0; l->names[i]; i++) {
        if (strlen(l->names[i]) != name_len || strncmp(l->names[i], start, name_len) != 0)
            continue;
        struct shell_assignment a = { .variable = i, .line = line };
        const char *value = start + name_len;
        a.appends = *value == '+';
        value += a.appends ? 2 : 1;
        a.start = (size_t)(value - l->text);
        a.end = (size_t)(l->at - l->text);
        if (l->compound > 0 || l->parentheses > 0)
            return wrong(l, line, "sets it inside another command, so it may be set or not");
        int r = read_quotes(l, value, a.end - a.start, &a);
        return r < 0 ? r : add(l, &a);
    }
    return 0;
}

static bool is_word(const char *start, size_t len, const char *const *words)
{
    for (; *words; words++) {
        if (strlen(*words) == len && strncmp(*words, start, len) == 0)
            return true;
    }
    return false;
}

/* Words after which a command starts anew. */
static bool take_keyword(struct lexer *l, const char *start, size_t len)
{
    static const char *const opening[] = { "if", "for", "while", "until", "case", "{", NULL };
    static const char *const closing[] = { "fi", "done", "esac", "}", NULL };
    static const char *const inner[] = { "then", "else", "elif", "do", "!", "export", NULL };
    if (is_word(start, len, opening))
        l->compound++;
    else if (is_word(start, len, closing))
        l->compound -= l->compound > 0;
    else if (!is_word(start, len, inner))
        return false;
    return true;
}

static size_t name_length(const char *word)
{
    size_t len = 0;
    while (isalnum((unsigned char)word[len]) || word[len] == '_')
        len++;
    bool sets = word[len] == '=' || (word[len] == '+' && word[len + 1] == '=');
    return sets && !isdigit((unsigned char)word[0]) ? len : 0;
}

static int read_word(struct lexer *l)
{
    const char *start = l->at;
    unsigned line = l->line;
    int r = skip_word(l);
    if (r < 0 || !l->command)
        return r;
    size_t name = name_length(start);
    if (name > 0)
        return take_assignment(l, start, name, line);
    l->command = take_keyword(l, start, (size_t)(l->at - start));
    return 0;
}

static int read_operator(struct lexer *l)
{
    if (l->at[0] == '<' && l->at[1] == '<')
        return wrong(l, l->line, "has a here-document");
    if (*l->at == '(')
        l->parentheses++;
    else if (*l->at == ')') /* a pattern of case has one, too */
        l->parentheses -= l->parentheses > 0;
    l->command = *l->at != '<' && *l->at != '>';
    step(l);
    return 0;
}

static int read_next(struct lexer *l)
{
    if (*l->at == '#') {
        while (*l->at && *l->at != '\n')
            step(l);
        return 0;
    }
    if (*l->at == '\n')
        l->command = true;
    if (*l->at == ' ' || *l->at == '\t' || *l->at == '\n') {
        step(l);
        return 0;
    }
    return ends_word(*l->at) ? read_operator(l) : read_word(l);
}

void shell_file_done(struct shell_file *f)
{
    free(f->items);
    *f = (struct shell_file){ 0 };
}

int shell_read(const char *text, const char *const *names, struct shell_file *ret,
               unsigned *ret_line, const char **ret_why)
{
    struct lexer l = { .text = text, .at = text, .line = 1, .command = true, .names = names };
    int r = 0;
    while (*l.at && r >= 0)
        r = read_next(&l);
    if (r < 0) {
        shell_file_done(&l.file);
        *ret_line = l.error_line;
        *ret_why = l.why;
        return r;
    }
    *ret = l.file;
    return 0;
}
