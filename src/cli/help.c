/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl help: the overview, or one verb, as text for a terminal of 80 columns; as JSON the table
 * of verbs.
 */
#include "cli/help.h"

#include <stdio.h>

#define WIDTH 78
#define INDENT 4

void option_text(const struct option_row *row, char ret[OPTION_TEXT_SIZE])
{
    char letter[8] = "";
    if (row->letter)
        snprintf(letter, sizeof(letter), "-%c, ", row->letter);
    snprintf(ret, OPTION_TEXT_SIZE, "%s--%s%s%s", letter, row->name, row->arg ? " " : "",
             row->arg ? row->arg : "");
}

/* Text with lines broken at blanks, each behind `indent` blanks. */
static void add_wrapped(struct buf *out, const char *text, int indent)
{
    size_t room = (size_t)(WIDTH - indent);
    while (*text) {
        size_t len = strlen(text);
        if (len > room) {
            len = room;
            while (len > 0 && text[len] != ' ')
                len--;
            if (len == 0)
                len = strcspn(text, " ");
        }
        buf_printf(out, "%*s%.*s\n", indent, "", (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
}

static void add_heading(const struct app *a, struct buf *out, const char *text)
{
    buf_printf(out, a->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static void add_pair(struct buf *out, const char *left, int width, const char *right)
{
    buf_printf(out, "  %-*s  %s\n", width, left, right);
}

static void add_options(struct buf *out, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        char text[OPTION_TEXT_SIZE];
        option_text(rows, text);
        if (strlen(text) <= 22) {
            add_pair(out, text, 22, rows->help);
        } else {
            buf_printf(out, "  %s\n", text);
            add_pair(out, "", 22, rows->help);
        }
    }
}

static int help_json(struct app *a)
{
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_array(&w, "verbs");
    for (const struct verb *const *v = a->program->verbs; *v; v++) {
        json_object(&w, NULL);
        json_str(&w, "name", (*v)->name);
        json_str(&w, "synopsis", (*v)->synopsis);
        json_str(&w, "help", (*v)->help);
        json_end(&w);
    }
    json_end(&w);
    json_end(&w);
    buf_add_char(&a->out, '\n');
    return 0;
}

static int verb_width(const struct program *p)
{
    size_t width = 10;
    for (const struct verb *const *v = p->verbs; *v; v++)
        width = MAX_OF(width, strlen((*v)->name));
    return (int)width;
}

int help_overview(struct app *a)
{
    if (a->options.json)
        return help_json(a);
    struct buf *out = &a->out;
    buf_printf(out, "usage: %s [OPTIONS] VERB [ARGUMENTS]\n", a->program->name);
    add_heading(a, out, "Verbs");
    for (const struct verb *const *v = a->program->verbs; *v; v++)
        add_pair(out, (*v)->name, verb_width(a->program), (*v)->help);
    add_heading(a, out, "Options of every verb");
    add_options(out, global_options);
    buf_printf(out, "\n%s help VERB explains one verb; its man page has everything.\n",
               a->program->name);
    return 0;
}

static void add_attributes(struct buf *out, enum attr_scope scope)
{
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        if (row->scope == scope)
            add_pair(out, row->name, 12, row->help);
    }
}

int help_verb(struct app *a, const struct verb *v)
{
    struct buf *out = &a->out;
    buf_printf(out, "usage: %s %s%s\n\n", a->program->name, v->synopsis,
               v->options ? " [OPTIONS]" : "");
    for (size_t i = 0; v->details[i]; i++) {
        add_wrapped(out, v->details[i], 0);
        if (v->details[i + 1])
            buf_add_char(out, '\n');
    }
    if (v->options) {
        add_heading(a, out, "Options");
        add_options(out, v->options);
    }
    if (v->flags & VERB_SETS) {
        add_heading(a, out, "Attributes of a VF");
        add_attributes(out, ATTR_OF_VF);
    }
    if ((v->flags & VERB_SETS) && (v->flags & VERB_WRITES)) {
        add_heading(a, out, "Attributes of a PF");
        add_attributes(out, ATTR_OF_PF);
    }
    add_heading(a, out, "Examples");
    for (const struct example *e = v->examples; e->command; e++) {
        buf_printf(out, "  %s %s\n", a->program->name, e->command);
        add_wrapped(out, e->shows, 2 * INDENT);
    }
    return 0;
}

static int run_help(struct app *a)
{
    if (a->n_args == 0)
        return help_overview(a);
    const char *nearest;
    const struct verb *v = program_verb(a->program, a->args[0], &nearest);
    if (v)
        return help_verb(a, v);
    int r = error_set(&a->error, SRIOV_USAGE, 0, a->args[0], "no such verb");
    if (nearest)
        error_remedy(&a->error, "did you mean %s?", nearest);
    else
        error_remedy(&a->error, "%s help lists the verbs", a->program->name);
    return r;
}

const struct verb verb_help = {
    .name = "help",
    .synopsis = "help [VERB]",
    .help = "explain the program, or one verb",
    .details =
        (const char *const[]){
            "Prints the list of verbs and the options that every verb takes, or explains one verb with its "
            "own options and examples. sriovctl VERB --help is the same.",
            NULL,
        },
    .max_args = 1,
    .words = { WORD_VERB, WORD_NONE },
    .examples =
        (const struct example[]){
            { "help set", "how attributes of a PF or of VFs are set" },
            { NULL, NULL },
        },
    .run = run_help,
};
