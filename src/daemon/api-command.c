/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * POST /v1/commands: a command line of sriovctl from another machine. It is read here as sriovctl
 * would read it, by the same tables, and written anew with every option by its full name and all
 * words behind "--": what is run is what was judged.
 */
#include <errno.h>
#include <stdio.h>

#include "core/target.h"
#include "daemon/api-handler.h"
#include "daemon/api-verb.h"

#define ARGS_MAX 1024
#define NAMES_MAX 64

struct line {
    const struct node *args; /* list of texts */
    size_t next;
    const struct wire_verb *verb;
    struct command command;
    bool words_only, has_policy, takes_policy, is_dry, forces, fixes, helps;
};

/* ---- what is refused ---- */

static int refuse(const char *what, const char *why, const char *remedy, struct sriov_error *error)
{
    error_set(error, SRIOV_USAGE, 0, what, "%s", why);
    error_remedy(error, "%s", remedy);
    return -EINVAL;
}

static int not_here(const char *what, struct sriov_error *error)
{
    return refuse(what, "makes sense on the machine itself only", "run it there, without --host",
                  error);
}

static int unknown_option(const struct line *l, const char *word, struct sriov_error *error)
{
    const struct wire_option *const tables[] = { wire_globals, l->verb ? l->verb->options : NULL };
    const char *names[NAMES_MAX + 1], *nearest;
    size_t n = 0;

    for (size_t t = 0; t < ELEMENTS(tables); t++) {
        for (const struct wire_option *o = tables[t]; o && o->name && n < NAMES_MAX; o++)
            names[n++] = o->name;
    }
    names[n] = NULL;
    nearest = str_starts(word, "--") ? str_nearest(word + 2, names) : NULL;
    error_set(error, SRIOV_USAGE, 0, word, "unknown option");
    if (nearest)
        error_remedy(error, "did you mean --%s?", nearest);
    else
        error_remedy(error, "sriovctl help lists the options");
    return -EINVAL;
}

static int unknown_verb(const char *word, struct sriov_error *error)
{
    const char *names[NAMES_MAX + 1], *nearest;
    size_t n = 0;

    while (wire_verbs[n].name && n < NAMES_MAX) {
        names[n] = wire_verbs[n].name;
        n++;
    }
    names[n] = NULL;
    nearest = str_nearest(word, names);
    error_set(error, SRIOV_USAGE, 0, word, "no such verb");
    if (nearest)
        error_remedy(error, "did you mean %s?", nearest);
    else
        error_remedy(error, "sriovctl help lists the verbs");
    return -EINVAL;
}

/* ---- options ---- */

static const struct wire_option *find_option(const struct line *l, const char *name, size_t len,
                                             char letter)
{
    const struct wire_option *const tables[] = { wire_globals, l->verb ? l->verb->options : NULL };

    for (size_t t = 0; t < ELEMENTS(tables); t++) {
        for (const struct wire_option *o = tables[t]; o && o->name; o++) {
            if (name ? strlen(o->name) == len && strncmp(o->name, name, len) == 0
                     : o->letter && o->letter == letter)
                return o;
        }
    }
    return NULL;
}

/* A file of the other machine is sent as "policy", and read here from standard input. */
static int check_file(struct line *l, const char *value, struct sriov_error *error)
{
    if (!str_eq(value, "-"))
        return refuse(value, "is a file of this machine",
                      "send its text as \"policy\", and --file -", error);
    if (!l->has_policy)
        return refuse("policy", "is missing", "it is the text that --file - reads", error);
    l->takes_policy = true;
    return 0;
}

static int take_option(struct line *l, const struct wire_option *o, const char *value,
                       struct sriov_error *error)
{
    char name[40];

    snprintf(name, sizeof(name), "--%s", o->name);
    if (!o->has_value && value)
        return refuse(name, "takes no value", "leave out what is behind =", error);
    if (o->has_value && !value) {
        if (l->next >= l->args->count)
            return refuse(name, "needs a value", "put it behind the option", error);
        value = l->args->items[l->next++].text;
    }
    if (o->here)
        return not_here(name, error);
    if (str_eq(o->name, "file") && check_file(l, value, error) < 0)
        return -EINVAL;
    l->is_dry |= str_eq(o->name, "dry-run");
    l->forces |= str_eq(o->name, "force");
    l->fixes |= str_eq(o->name, "fix");
    l->helps |= str_eq(o->name, "help") || str_eq(o->name, "version");
    if (value)
        command_value(&l->command, name, value);
    else
        command_option(&l->command, name);
    return 0;
}

static int take_name(struct line *l, const char *word, struct sriov_error *error)
{
    const char *name = word + 2, *equals = strchrnul(name, '=');
    const struct wire_option *o = find_option(l, name, (size_t)(equals - name), 0);

    return o ? take_option(l, o, *equals ? equals + 1 : NULL, error)
             : unknown_option(l, word, error);
}

/* "-qy" is -q -y; behind a letter that takes a value the rest of the word is the value. */
static int take_letters(struct line *l, const char *word, struct sriov_error *error)
{
    int r = 0;

    for (const char *c = word + 1; r >= 0 && *c; c++) {
        const struct wire_option *o = find_option(l, NULL, 0, *c);

        if (!o)
            return unknown_option(l, word, error);
        if (o->has_value)
            return take_option(l, o, c[1] ? c + 1 : NULL, error);
        r = take_option(l, o, NULL, error);
    }
    return r;
}

/* ---- words ---- */

static int take_verb(struct line *l, const char *word, struct sriov_error *error)
{
    for (const struct wire_verb *v = wire_verbs; v->name; v++) {
        if (str_eq(v->name, word))
            l->verb = v;
    }
    if (!l->verb)
        return unknown_verb(word, error);
    l->command.verb = l->verb->name;
    if (str_eq(word, "watch"))
        return refuse(word, "does not end, so it is no command here", "listen to /v1/events",
                      error);
    return l->verb->here ? not_here(word, error) : 0;
}

static int take_word(struct line *l, const char *word, struct sriov_error *error)
{
    if (!l->verb)
        return take_verb(l, word, error);
    if (str_eq(l->verb->name, "host") && !str_eq(word, "check"))
        return not_here("host prepare", error);
    command_word(&l->command, "%s", word);
    return 0;
}

/* As option_next of cli/option.c goes through them. */
static int take(struct line *l, const char *word, struct sriov_error *error)
{
    if (l->words_only || word[0] != '-' || word[1] == '\0')
        return take_word(l, word, error);
    if (str_eq(word, "--")) {
        l->words_only = true;
        return 0;
    }
    return str_starts(word, "--") ? take_name(l, word, error) : take_letters(l, word, error);
}

static int read_line(struct line *l, struct sriov_error *error)
{
    int r = 0;

    if (l->args->count > ARGS_MAX)
        return refuse("args", "has too many words", "set several VFs at once: enp1s0/0-7", error);
    while (r >= 0 && l->next < l->args->count)
        r = take(l, l->args->items[l->next++].text, error);
    if (r >= 0 && !l->verb)
        r = refuse("args", "names no verb", "sriovctl help lists the verbs", error);
    if (r >= 0 && l->has_policy && !l->takes_policy)
        r = refuse("policy", "is not asked for", "add --file - to plan or apply", error);
    return r;
}

/* ---- who may ---- */

/* Verbs that take more than their flags say: they read as root what others may not, or long. */
static const struct {
    const char *verb;
    enum role role;
} roles[] = {
    { "doctor", ROLE_OPERATE },
    { "plan", ROLE_OPERATE },
    { "report", ROLE_OPERATE },
};

/* Settings of VFs are an operator's; those of a PF, and drivers, are not. What names a VF otherwise
 * than as PF/N could as well name a PF. */
static bool sets_vfs_only(const struct command *c)
{
    const char *slash = c->words.count > 0 ? strrchr(c->words.items[0], '/') : NULL;
    unsigned *indexes = NULL;
    size_t count = 0;
    int r = slash ? ranges_parse(slash + 1, MAX_VFS, &indexes, &count) : -EINVAL;

    free(indexes);
    for (size_t i = 1; r >= 0 && i < c->words.count; i++) {
        if (str_starts(c->words.items[i], "driver="))
            return false;
    }
    return r >= 0;
}

static enum role role_of(const struct line *l)
{
    enum role role = l->verb->writes ? ROLE_ADMIN : l->verb->lends ? ROLE_OPERATE : ROLE_READ;

    if (l->helps)
        return ROLE_READ;
    for (size_t i = 0; i < ELEMENTS(roles); i++) {
        if (str_eq(roles[i].verb, l->verb->name))
            role = roles[i].role;
    }
    if (l->fixes)
        return ROLE_ADMIN;
    if (str_eq(l->verb->name, "set") && sets_vfs_only(&l->command))
        role = ROLE_OPERATE;
    if (l->is_dry)
        return MIN_OF(role, ROLE_OPERATE);
    return l->forces ? ROLE_ADMIN : role;
}

static int judge(const struct call *c, struct line *l, struct sriov_error *error)
{
    enum role role = role_of(l);

    l->command.role = role;
    l->command.changes = (l->verb->writes || l->verb->lends || l->fixes) && !l->is_dry && !l->helps;
    if (c->role >= role)
        return 0;
    return error_set(error, SRIOV_NOT_PERMITTED, 0, l->verb->name, "takes role %s, and you have %s",
                     role_name(role), role_name(c->role));
}

int handle_command(struct call *c, struct sriov_error *error)
{
    const struct node *policy = node_get(c->body, "policy");
    struct line l = {
        .args = node_get(c->body, "args"),
        .has_policy = policy,
        .command = {
            .is_text = true,
            .input = policy ? policy->text : NULL,
            .input_len = policy ? policy->text_len : 0,
        },
    };
    int r = read_line(&l, error);

    if (r >= 0)
        r = judge(c, &l, error);
    if (r >= 0)
        r = call_run(c, &l.command, error);
    command_done(&l.command);
    return r;
}
