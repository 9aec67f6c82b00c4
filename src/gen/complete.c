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
};

/* Runs in bash and in zsh. _sriovctl_candidates VERB N TARGET CUR: words for argument N (from 0) of
 * VERB. */
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
    "_sriovctl_candidates() {\n"
    "    local n=$2\n"
    "    (( n > 2 )) && n=2\n"
    "    case $(_sriovctl_kind \"$1:$n\") in\n"
    "    pf) _sriovctl_pfs ;;\n"
    "    target) _sriovctl_targets ;;\n"
    "    driver) echo 'default vfio-pci' ;;\n"
    "    verb) _sriovctl_verbs ;;\n"
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
    "            value=$(_sriovctl_value \"$w\")\n"
    "        elif [[ -z $verb ]]; then\n"
    "            verb=$w\n"
    "        else\n"
    "            [[ -n $target ]] || target=$w\n"
    "            n=$((n + 1))\n"
    "        fi\n"
    "    done\n"
    "    if [[ $value ]]; then\n"
    "        list=${value#ANY}\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        list=$(_sriovctl_options \"$verb\")\n"
    "    elif [[ -z $verb ]]; then\n"
    "        list=$(_sriovctl_verbs)\n"
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
    "            value=$(_sriovctl_value \"$w\")\n"
    "        elif [[ -z $verb ]]; then\n"
    "            verb=$w\n"
    "        else\n"
    "            [[ -n $target ]] || target=$w\n"
    "            n=$((n + 1))\n"
    "        fi\n"
    "    done\n"
    "    if [[ -n $value ]]; then\n"
    "        list=(${=value#ANY})\n"
    "    elif [[ $cur == -* ]]; then\n"
    "        list=($(_sriovctl_options \"$verb\"))\n"
    "    elif [[ -z $verb ]]; then\n"
    "        list=($(_sriovctl_verbs))\n"
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

static void verbs(struct buf *out)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    for (const struct verb *const *v = program_sriovctl.verbs; *v; v++)
        add_word(&names, "", (*v)->name, "");
    buf_printf(out, "_sriovctl_verbs() { echo '%s'; }\n", names.data ? names.data : "");
}

static void option_names(const struct option_row *rows, struct buf *ret)
{
    for (; rows && rows->name; rows++)
        add_word(ret, "--", rows->name, "");
}

/* _sriovctl_options VERB */
static void options(struct buf *out)
{
    _cleanup_buf_ struct buf names = BUF_INIT;
    buf_add_str(out, "_sriovctl_options() {\n    case $1 in\n");
    for (const struct verb *const *v = program_sriovctl.verbs; *v; v++) {
        option_names((*v)->options, &names);
        case_line(out, (*v)->name, &names);
    }
    option_names(global_options, &names);
    buf_printf(out, "    esac\n    echo '%s'\n}\n", names.data ? names.data : "");
}

/* _sriovctl_kind VERB:N: what argument N is. */
static void kinds(struct buf *out)
{
    buf_add_str(out, "_sriovctl_kind() {\n    case $1 in\n");
    for (const struct verb *const *v = program_sriovctl.verbs; *v; v++) {
        for (size_t i = 0; i < VERB_WORDS && i < (*v)->max_args; i++) {
            const char *kind = word_kinds[(*v)->words[i]];
            if (*kind)
                buf_printf(out, "    %s:%zu) echo %s ;;\n", (*v)->name, i, kind);
        }
    }
    buf_add_str(out, "    esac\n}\n");
}

static bool is_path(const struct option_row *row)
{
    return str_starts(row->arg, "FILE") || str_starts(row->arg, "DIR");
}

static void values_of(const struct option_row *rows, struct buf *out)
{
    for (; rows && rows->name; rows++) {
        _cleanup_buf_ struct buf words = BUF_INIT;
        if (rows->kind == OPTION_FLAG)
            continue;
        for (size_t i = 0; rows->choices && rows->choices[i]; i++)
            add_word(&words, "", rows->choices[i], "");
        char pattern[OPTION_TEXT_SIZE], line[OPTION_TEXT_SIZE + 8], letter[8] = "";
        if (rows->letter)
            snprintf(letter, sizeof(letter), "|-%c", rows->letter);
        snprintf(pattern, sizeof(pattern), "--%s%s", rows->name, letter);
        if (!words.data)
            buf_add_str(&words, is_path(rows) ? "FILE" : "ANY");
        /* Several verbs may have the same option. */
        snprintf(line, sizeof(line), "    %s)", pattern);
        if (!strstr(out->data, line))
            case_line(out, pattern, &words);
    }
}

/* _sriovctl_value OPTION: what its value is; nothing for a flag. */
static void values(struct buf *out)
{
    buf_add_str(out, "_sriovctl_value() {\n    case $1 in\n");
    values_of(global_options, out);
    for (const struct verb *const *v = program_sriovctl.verbs; *v; v++)
        values_of((*v)->options, out);
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
    verbs(out);
    options(out);
    kinds(out);
    values(out);
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
