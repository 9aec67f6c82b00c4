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
                                "function __sriovctl_domains\n"
                                "    virsh -c qemu:///system -q list --all --name 2>/dev/null\n"
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

/* Of a verb, or of all (NULL). */
static void begin(struct buf *out, const struct gen_verb *v)
{
    static const char seen[] = "__fish_seen_subcommand_from";
    buf_add_str(out, "complete -c sriovctl");
    if (v && v->leader)
        buf_printf(out, " -n '%s %s; and %s %s'", seen, v->leader, seen, v->verb->name);
    else if (v)
        buf_printf(out, " -n '%s %s'", seen, v->name);
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

static void options(struct buf *out, const struct gen_verb *v, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        begin(out, v);
        buf_printf(out, " -l %s", rows->name);
        if (rows->letter)
            buf_printf(out, " -s %c", rows->letter);
        option_value(out, rows);
        buf_add_str(out, " -d ");
        quoted(out, rows->help);
        buf_add_char(out, '\n');
    }
}

static void settings(struct buf *out, const struct gen_verb *v, bool of_pfs)
{
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        const struct attr_word *words = gen_words(row);
        if (row->scope == ATTR_OF_PF && !of_pfs)
            continue;
        begin(out, v);
        buf_printf(out, " -a '%s=", row->name);
        for (const struct attr_word *w = words; w && w->word; w++)
            buf_printf(out, " %s=%s", row->name, w->word);
        buf_add_str(out, "' -d ");
        quoted(out, row->help);
        buf_add_char(out, '\n');
    }
}

static void argument(struct buf *out, const struct gen_verb *v, enum word_kind kind)
{
    static const char *const lists[] = {
        [WORD_PF] = " -a '(__sriovctl_pfs)'\n",
        [WORD_TARGET] = " -a '(__sriovctl_targets)'\n",
        [WORD_DRIVER] = " -a 'default vfio-pci'\n",
        [WORD_FILE] = " -F\n",
        [WORD_DOMAIN] = " -a '(__sriovctl_domains)'\n",
    };
    if (kind == WORD_SETTING || kind == WORD_VF_SETTING) {
        settings(out, v, kind == WORD_SETTING);
    } else if (kind < ELEMENTS(lists) && lists[kind]) {
        begin(out, v);
        buf_add_str(out, lists[kind]);
    }
}

/* fish does not count arguments: each kind of a verb is offered once, wherever the cursor is. */
static void arguments(struct buf *out, const struct gen_verb *v)
{
    for (size_t i = 0; i < VERB_WORDS && i < v->verb->max_args; i++) {
        if (i == 0 || v->verb->words[i] != v->verb->words[i - 1])
            argument(out, v, v->verb->words[i]);
    }
}

/* Where the verb's name may stand: first, or behind its leader as long as no other one does. */
static void name(struct buf *out, const struct gen_verbs *all, const struct gen_verb *v)
{
    if (!v->leader) {
        buf_add_str(out, "complete -c sriovctl -n __fish_use_subcommand");
    } else {
        buf_printf(out,
                   "complete -c sriovctl -n '__fish_seen_subcommand_from %s; and not "
                   "__fish_seen_subcommand_from",
                   v->leader);
        for (size_t i = 0; i < all->count; i++) {
            if (all->items[i].leader && str_eq(all->items[i].leader, v->leader))
                buf_printf(out, " %s", all->items[i].verb->name);
        }
        buf_add_char(out, '\'');
    }
    buf_printf(out, " -a %s -d ", v->verb->name);
    quoted(out, v->verb->help);
    buf_add_char(out, '\n');
}

void gen_fish(struct buf *out)
{
    struct gen_verbs all;
    gen_all_verbs(&all);
    buf_add_str(out,
                "# fish completion of sriovctl. Made by gen-docs from the program's tables.\n");
    buf_add_str(out, functions);
    options(out, NULL, global_options);
    for (size_t i = 0; i < all.count; i++) {
        name(out, &all, &all.items[i]);
        options(out, &all.items[i], all.items[i].verb->options);
        arguments(out, &all.items[i]);
    }
}
