/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Completions for bash and zsh. Both get the same functions with the lists of the tables (verbs,
 * options, what each argument is, attributes and their words); only the way they look at the
 * command line differs. Names of PFs and VFs come from sysfs while the user types.
 */
#include <stdio.h>

#include "gen/gen.h"

static const char *const word_kinds[] = {
    [WORD_NONE] = "",           [WORD_PF] = "pf",
    [WORD_TARGET] = "target",   [WORD_COUNT] = "",
    [WORD_SETTING] = "setting", [WORD_DRIVER] = "driver",
    [WORD_FILE] = "file",       [WORD_VERB] = "verb",
    [WORD_TRANSACTION] = "",    [WORD_VF_SETTING] = "vf-setting",
    [WORD_DOMAIN] = "domain",
};

/* Runs in bash and in zsh. A verb of another program is "vm attach". _sriovctl_candidates VERB N
 * TARGET CUR: words for argument N (from 0) of VERB. */
static const char functions[] =
    "_sriovctl_pfs() {\n"
    "    local d\n"
    "    for d in $(command ls -d /sys/class/net/*/device/sriov_totalvfs 2>/dev/null); do\n"
    "        d=${d%/device/sriov_totalvfs}\n"
    "        echo \"${d##*/}\"\n"
    "    done\n"
    "}\n"
    "_sriovctl_targets() {\n"
    "    local pf d\n"
    "    for pf in $(_sriovctl_pfs); do\n"
    "        echo \"$pf\"\n"
    "        for d in $(command ls -d \"/sys/class/net/$pf/device/\"virtfn* 2>/dev/null); do\n"
    "            echo \"$pf/${d##*/virtfn}\"\n"
    "        done\n"
    "    done\n"
    "}\n"
    "_sriovctl_domains() {\n"
    "    command virsh -c qemu:///system -q list --all --name 2>/dev/null\n"
    "}\n"
    "_sriovctl_candidates() {\n"
    "    local n=$2\n"
    "    (( n > 2 )) && n=2\n"
    "    case $(_sriovctl_kind \"$1:$n\") in\n"
    "    pf) _sriovctl_pfs ;;\n"
    "    target) _sriovctl_targets ;;\n"
    "    domain) _sriovctl_domains ;;\n"
    "    driver) echo 'default vfio-pci' ;;\n"
    "    verb) [[ $1 == *' '* ]] && _sriovctl_verbs \"${1% *}\" || _sriovctl_verbs '' ;;\n"
    "    file) echo FILE ;;\n"
    "    *setting)\n"
    "        case $4:$(_sriovctl_kind \"$1:$n\"):$3 in\n"
    "        *=*:*:*) _sriovctl_setting_words \"${4%%=*}\" ;;\n"
    "        *:vf-setting:*|*:*:*/*) _sriovctl_settings vf ;;\n"
    "        *) _sriovctl_settings pf ;;\n"
    "        esac ;;\n"
    "    esac\n"
    "}\n";

static const char bash_main[] =
    "_sriovctl() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} words cur verb='' n=0 target='' value='' w list\n"
    "    read -ra words <<<\"$line\"\n"
    "    [[ $line == *[[:blank:]] ]] && words+=('')\n"
    "    cur=${words[-1]}\n"
    "    for w in \"${words[@]:1:${#words[@]}-2}\"; do\n"
    "        if [[ $value ]]; then\n"
    "            value=''\n"
    "        elif [[ $w == -* ]]; then\n"
    "            value=$(_sriovctl_value \"$verb:$w\")\n"
    "        elif [[ -z $verb ]]; then\n"
    "            verb=$w\n"
    "        elif _sriovctl_leads \"$verb\"; then\n"
    "            verb=\"$verb $w\"\n"
    "        else\n"
    "            [[ -n $target ]] || target=$w\n"
    "            n=$((n + 1))\n"
    "        fi\n"
    "    done\n"
    "    if [[ $value ]]; then\n"
    "        list=${value#ANY}\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        list=$(_sriovctl_options \"$verb\")\n"
    "    elif [[ -z $verb ]] || _sriovctl_leads \"$verb\"; then\n"
    "        list=$(_sriovctl_verbs \"$verb\")\n"
    "    else\n"
    "        list=$(_sriovctl_candidates \"$verb\" \"$n\" \"$target\" \"$cur\")\n"
    "    fi\n"
    "    if [[ $list == FILE ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "        return\n"
    "    fi\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$list\" -- \"$cur\")\n"
    "    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
    "    # bash replaces only what stands behind the last : or =\n"
    "    [[ $cur == *[:=]* ]] && COMPREPLY=(\"${COMPREPLY[@]#\"${cur%\"${cur##*[:=]}\"}\"}\")\n"
    "    return 0\n"
    "}\n"
    "complete -F _sriovctl sriovctl\n";

static const char zsh_main[] =
    "_sriovctl() {\n"
    "    local cur=${words[CURRENT]} verb='' target='' value='' w n=0\n"
    "    local -a list\n"
    "    for w in \"${(@)words[2,CURRENT-1]}\"; do\n"
    "        if [[ -n $value ]]; then\n"
    "            value=''\n"
    "        elif [[ $w == -* ]]; then\n"
    "            value=$(_sriovctl_value \"$verb:$w\")\n"
    "        elif [[ -z $verb ]]; then\n"
    "            verb=$w\n"
    "        elif _sriovctl_leads \"$verb\"; then\n"
    "            verb=\"$verb $w\"\n"
    "        else\n"
    "            [[ -n $target ]] || target=$w\n"
    "            n=$((n + 1))\n"
    "        fi\n"
    "    done\n"
    "    if [[ -n $value ]]; then\n"
    "        list=(${=value#ANY})\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        list=($(_sriovctl_options \"$verb\"))\n"
    "    elif [[ -z $verb ]] || _sriovctl_leads \"$verb\"; then\n"
    "        list=($(_sriovctl_verbs \"$verb\"))\n"
    "    else\n"
    "        list=($(_sriovctl_candidates \"$verb\" \"$n\" \"$target\" \"$cur\"))\n"
    "    fi\n"
    "    if [[ ${list[1]} == FILE ]]; then\n"
    "        _files\n"
    "    elif [[ ${list[1]} == *= ]]; then\n"
    "        compadd -S '' -a list\n"
    "    else\n"
    "        compadd -a list\n"
    "    fi\n"
    "}\n"
    "_sriovctl \"$@\"\n";

static void add_word(struct buf *out, const char *prefix, const char *word, const char *suffix)
{
    buf_printf(out, "%s%s%s%s", out->len > 0 ? " " : "", prefix, word, suffix);
}

static void case_line(struct buf *out, const char *pattern, struct buf *words)
{
    if (words->data)
        buf_printf(out, "    %s) echo '%s' ;;\n", pattern, words->data);
    buf_done(words);
}

/* Those with `leader`, or with none. */
static void verb_names(const struct gen_verbs *all, const char *leader, struct buf *ret)
{
    for (size_t i = 0; i < all->count; i++) {
        const char *other = all->items[i].leader;
        if (leader && other ? str_eq(leader, other) : leader == other)
            add_word(ret, "", all->items[i].verb->name, "");
    }
}

/* _sriovctl_verbs LEADER; _sriovctl_leads WORD: does a verb of another program follow? */
static void verbs(struct buf *out, const struct gen_verbs *all)
{
    _cleanup_buf_ struct buf names = BUF_INIT, leaders = BUF_INIT;
    buf_add_str(out, "_sriovctl_verbs() {\n    case $1 in\n");
    verb_names(all, NULL, &names);
    case_line(out, "''", &names);
    for (size_t i = 0; i < all->count; i++) {
        const struct gen_verb *v = &all->items[i];
        if (!v->leads)
            continue;
        verb_names(all, v->name, &names);
        case_line(out, v->name, &names);
        buf_printf(&leaders, "%s%s", leaders.len > 0 ? "|" : "", v->name);
    }
    buf_printf(out,
               "    esac\n}\n_sriovctl_leads() {\n    case $1 in\n    %s) return 0 ;;\n    esac\n"
               "    return 1\n}\n",
               leaders.data ? leaders.data : "''");
}

static void option_names(const struct option_row *rows, struct buf *ret)
{
    for (; rows && rows->name; rows++)
        add_word(ret, "--", rows->name, "");
}

/* _sriovctl_options VERB */
static void options(struct buf *out, const struct gen_verbs *all)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    buf_add_str(out, "_sriovctl_options() {\n    case $1 in\n");
    for (size_t i = 0; i < all->count; i++) {
        char pattern[OPTION_TEXT_SIZE];
        snprintf(pattern, sizeof(pattern), "'%s'", all->items[i].name);
        option_names(all->items[i].verb->options, &names);
        case_line(out, pattern, &names);
    }
    option_names(global_options, &names);
    buf_printf(out, "    esac\n    echo '%s'\n}\n", names.data ? names.data : "");
}

/* _sriovctl_kind VERB:N: what argument N is. */
static void kinds(struct buf *out, const struct gen_verbs *all)
{
    buf_add_str(out, "_sriovctl_kind() {\n    case $1 in\n");
    for (size_t i = 0; i < all->count; i++) {
        const struct verb *v = all->items[i].verb;
        for (size_t n = 0; n < VERB_WORDS && n < v->max_args; n++) {
            const char *kind = word_kinds[v->words[n]];
            if (*kind)
                buf_printf(out, "    '%s':%zu) echo %s ;;\n", all->items[i].name, n, kind);
        }
    }
    buf_add_str(out, "    esac\n}\n");
}

static bool is_path(const struct option_row *row)
{
    return str_starts(row->arg, "FILE") || str_starts(row->arg, "DIR");
}

/* Options of the same name may mean different things to two verbs. `verb` is a pattern. */
static void values_of(const struct option_row *rows, const char *verb, struct buf *out)
{
    for (; rows && rows->name; rows++) {
        _cleanup_buf_ struct buf words = BUF_INIT;
        if (rows->kind == OPTION_FLAG)
            continue;
        for (size_t i = 0; rows->choices && rows->choices[i]; i++)
            add_word(&words, "", rows->choices[i], "");
        char pattern[2 * OPTION_TEXT_SIZE], letter[OPTION_TEXT_SIZE] = "";
        if (rows->letter)
            snprintf(letter, sizeof(letter), "|%s:-%c", verb, rows->letter);
        snprintf(pattern, sizeof(pattern), "%s:--%s%s", verb, rows->name, letter);
        if (!words.data)
            buf_add_str(&words, is_path(rows) ? "FILE" : "ANY");
        case_line(out, pattern, &words);
    }
}

/* _sriovctl_value VERB:OPTION: what its value is; nothing for a flag. */
static void values(struct buf *out, const struct gen_verbs *all)
{
    buf_add_str(out, "_sriovctl_value() {\n    case $1 in\n");
    values_of(global_options, "*", out);
    for (size_t i = 0; i < all->count; i++) {
        char pattern[OPTION_TEXT_SIZE];
        snprintf(pattern, sizeof(pattern), "'%s'", all->items[i].name);
        values_of(all->items[i].verb->options, pattern, out);
    }
    buf_add_str(out, "    esac\n}\n");
}

static void setting_names(struct buf *out, enum attr_scope scope, const char *pattern)
{
    _cleanup_buf_ struct buf words = BUF_INIT;
    const char *names[SRIOV_ATTR_COUNT + 1];
    attr_names(scope, names);
    for (size_t i = 0; names[i]; i++)
        add_word(&words, "", names[i], "=");
    case_line(out, pattern, &words);
}

/* _sriovctl_settings vf|pf, _sriovctl_setting_words KEY */
static void settings(struct buf *out)
{
    buf_add_str(out, "_sriovctl_settings() {\n    case $1 in\n");
    setting_names(out, ATTR_OF_VF, "vf");
    setting_names(out, ATTR_OF_PF, "pf");
    buf_add_str(out, "    esac\n}\n_sriovctl_setting_words() {\n    case $1 in\n");
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        _cleanup_buf_ struct buf words = BUF_INIT;
        const struct attr *row = attr_row((enum sriov_attr)id);
        char prefix[OPTION_TEXT_SIZE];
        snprintf(prefix, sizeof(prefix), "%s=", row->name);
        for (const struct attr_word *w = gen_words(row); w && w->word; w++)
            add_word(&words, prefix, w->word, "");
        case_line(out, row->name, &words);
    }
    buf_add_str(out, "    esac\n}\n");
}

static void lists(struct buf *out)
{
    struct gen_verbs all;
    gen_all_verbs(&all);
    verbs(out, &all);
    options(out, &all);
    kinds(out, &all);
    values(out, &all);
    settings(out);
    buf_add_str(out, functions);
}

void gen_bash(struct buf *out)
{
    buf_add_str(out,
                "# bash completion of sriovctl. Made by gen-docs from the program's tables.\n");
    lists(out);
    buf_add_str(out, bash_main);
}

void gen_zsh(struct buf *out)
{
    buf_add_str(out, "#compdef sriovctl\n# Made by gen-docs from the program's tables.\n");
    lists(out);
    buf_add_str(out, zsh_main);
}
