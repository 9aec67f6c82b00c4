/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Completions for fish: one `complete` line per fact.
 */
#include "gen/gen.h"

static const char functions[] = "function __sriovctl_pfs\n"
                                "    for f in /sys/class/net/*/device/sriov_totalvfs\n"
                                "        string replace -r '.*/net/([^/]*)/.*' '$1' $f\n"
                                "    end\n"
                                "end\n"
                                "function __sriovctl_targets\n"
                                "    __sriovctl_pfs\n"
                                "    for f in /sys/class/net/*/device/virtfn*\n"
                                "        string replace -r '.*/net/([^/]*)/.*virtfn' '$1/' $f\n"
                                "    end\n"
                                "end\n"
                                "complete -c sriovctl -f\n";

/* In single quotes a backslash and a quote need a backslash. */
static void quoted(struct buf *out, const char *text)
{
    buf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
    buf_add_char(out, '\'');
}

static void begin(struct buf *out, const char *verb)
{
    buf_add_str(out, "complete -c sriovctl");
    if (verb)
        buf_printf(out, " -n '__fish_seen_subcommand_from %s'", verb);
}

static void option_value(struct buf *out, const struct option_row *row)
{
    if (row->choices) {
        buf_add_str(out, " -x -a '");
        for (size_t i = 0; row->choices[i]; i++)
            buf_printf(out, "%s%s", i > 0 ? " " : "", row->choices[i]);
        buf_add_char(out, '\'');
    } else if (row->kind != OPTION_FLAG) {
        buf_add_str(out,
                    str_starts(row->arg, "FILE") || str_starts(row->arg, "DIR") ? " -r -F" : " -x");
    }
}

static void options(struct buf *out, const char *verb, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        begin(out, verb);
        buf_printf(out, " -l %s", rows->name);
        if (rows->letter)
            buf_printf(out, " -s %c", rows->letter);
        option_value(out, rows);
        buf_add_str(out, " -d ");
        quoted(out, rows->help);
        buf_add_char(out, '\n');
    }
}

static void settings(struct buf *out, const char *verb, bool of_pfs)
{
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        const struct attr_word *words = gen_words(row);
        if (row->scope == ATTR_OF_PF && !of_pfs)
            continue;
        begin(out, verb);
        buf_printf(out, " -a '%s=", row->name);
        for (const struct attr_word *w = words; w && w->word; w++)
            buf_printf(out, " %s=%s", row->name, w->word);
        buf_add_str(out, "' -d ");
        quoted(out, row->help);
        buf_add_char(out, '\n');
    }
}

static void argument(struct buf *out, const char *verb, enum word_kind kind)
{
    static const char *const lists[] = {
        [WORD_PF] = " -a '(__sriovctl_pfs)'\n",
        [WORD_TARGET] = " -a '(__sriovctl_targets)'\n",
        [WORD_DRIVER] = " -a 'default vfio-pci'\n",
        [WORD_FILE] = " -F\n",
        [WORD_TRANSACTION] = NULL,
    };
    if (kind == WORD_SETTING || kind == WORD_VF_SETTING) {
        settings(out, verb, kind == WORD_SETTING);
    } else if (lists[kind]) {
        begin(out, verb);
        buf_add_str(out, lists[kind]);
    }
}

/* fish does not count arguments: each kind of a verb is offered once, wherever the cursor is. */
static void arguments(struct buf *out, const struct verb *v)
{
    for (size_t i = 0; i < VERB_WORDS && i < v->max_args; i++) {
        if (i == 0 || v->words[i] != v->words[i - 1])
            argument(out, v->name, v->words[i]);
    }
}

static void verb(struct buf *out, const struct verb *v)
{
    buf_printf(out, "complete -c sriovctl -n __fish_use_subcommand -a %s -d ", v->name);
    quoted(out, v->help);
    buf_add_char(out, '\n');
    options(out, v->name, v->options);
    arguments(out, v);
}

void gen_fish(struct buf *out)
{
    buf_add_str(out,
                "# fish completion of sriovctl. Made by gen-docs from the program's tables.\n");
    buf_add_str(out, functions);
    options(out, NULL, global_options);
    for (const struct verb *const *v = program_sriovctl.verbs; *v; v++)
        verb(out, *v);
}
