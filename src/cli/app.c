/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line to a verb, and the lazy opening of what verbs need: `sriovctl --help` touches no
 * device and no database.
 */
#include "cli/app.h"

#include <errno.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/remote.h"

/* ---- command line ---- */

static int unknown_verb(struct app *a, const char *word, const char *nearest)
{
    int r = error_set(&a->error, SRIOV_USAGE, 0, word, "no such verb");
    if (nearest)
        error_remedy(&a->error, "did you mean %s?", nearest);
    else
        error_remedy(&a->error, "%s help lists the verbs", a->program->name);
    return r;
}

static int take_word(struct app *a, struct option_parser *p, const char *word)
{
    if (a->verb) {
        a->args[a->n_args++] = word;
        if (!p->words_only)
            a->n_plain = a->n_args;
        return 0;
    }
    if (a->program->word && !a->entered) {
        a->entered = true;
        return str_eq(word, a->program->word) ? 0 : unknown_verb(a, word, a->program->word);
    }
    const char *nearest;
    a->verb = program_verb(a->program, word, &nearest);
    if (!a->verb)
        return unknown_verb(a, word, nearest);
    p->tables[1] = a->verb->options;
    return 0;
}

static bool is_for_other_program(const struct app *a)
{
    return a->verb && a->verb->program;
}

static int parse(struct app *a, int argc, char **argv)
{
    struct option_parser p = {
        .argc = argc,
        .argv = argv,
        .next = 1,
        .tables = { global_options },
        .options = &a->options,
    };
    const char *word;
    int r = 0;
    while (!is_for_other_program(a) && (r = option_next(&p, &word, &a->error)) > 0) {
        r = take_word(a, &p, word);
        if (r < 0)
            return r;
    }
    return r;
}

/* An error in the options must be JSON too, wherever --json stands. */
static bool wants_json(int argc, char **argv)
{
    for (int i = 1; i < argc && !str_eq(argv[i], "--"); i++) {
        if (str_eq(argv[i], "--json") || str_eq(argv[i], "-j"))
            return true;
    }
    return false;
}

/* --colour is for who knows better than we where the output goes. */
static bool wants_colour(const struct options *o)
{
    const char *no_colour = getenv("NO_COLOR");
    if (o->colour == COLOUR_ALWAYS || o->colour == COLOUR_NEVER)
        return o->colour == COLOUR_ALWAYS;
    return isatty(STDOUT_FILENO) && !(no_colour && *no_colour);
}

static int check_args(struct app *a)
{
    const struct verb *v = a->verb;
    if (a->n_args >= v->min_args && a->n_args <= v->max_args)
        return 0;
    const char *what = a->n_args < v->min_args ? "an argument is missing" : "too many arguments";
    int r = error_set(&a->error, SRIOV_USAGE, 0, v->name, "%s", what);
    error_remedy(&a->error, "usage: %s %s", a->program->name, v->synopsis);
    return r;
}

static int check_rights(struct app *a)
{
    bool writes = (a->verb->flags & (VERB_WRITES | VERB_LENDS)) && !a->options.dry_run;
    bool reads = (a->verb->flags & VERB_READS) || a->options.dry_run;
    if (a->options.replay && (writes || !reads)) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, a->verb->name, "does not work with --replay");
        error_remedy(&a->error, "--replay is for verbs that read the machine%s",
                     writes ? ", and for --dry-run" : "");
        return r;
    }
    if (writes && geteuid() != 0) {
        int r = error_set(&a->error, SRIOV_NOT_PERMITTED, EPERM, a->verb->name,
                          "changes the machine, and you are not root");
        error_remedy(&a->error, "run it with sudo");
        return r;
    }
    return 0;
}

static void remember_command(struct app *a)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    if (a->program->word)
        buf_printf(&text, "%s ", a->program->word);
    buf_add_str(&text, a->verb->name);
    for (size_t i = 0; i < a->n_args; i++)
        buf_printf(&text, " %s", a->args[i]);
    for (size_t i = 0; i < a->options.files.count; i++)
        buf_printf(&text, " -f %s", a->options.files.items[i]);
    for (size_t i = 0; i < a->options.only_pfs.count; i++)
        buf_printf(&text, " --pf %s", a->options.only_pfs.items[i]);
    buf_add_str(&text, a->options.force ? " --force" : "");
    if (text.data)
        STR_SET(a->command, text.data);
    text_make_plain(a->command);
}

int app_start(struct app *a, const struct program *program, int argc, char **argv)
{
    a->program = program;
    a->terminal = isatty(STDERR_FILENO);
    a->args = calloc((size_t)argc + 1, sizeof(*a->args));
    if (!a->args)
        return error_no_memory(&a->error);

    int r = parse(a, argc, argv);
    if (r < 0) {
        a->options.json = a->options.json || wants_json(argc, argv);
        return r;
    }
    a->colour = wants_colour(&a->options);
    if (is_for_other_program(a) && !remote_is_asked(a))
        return program_exec(a->verb->program, a->verb->name, argv, &a->error);
    if (a->options.help || a->options.version)
        return 0;
    if (!a->verb) {
        r = error_set(&a->error, SRIOV_USAGE, 0, "", "no verb given");
        error_remedy(&a->error, "%s help lists the verbs", program->name);
        return r;
    }
    remember_command(a);
    a->session.state_dir = a->options.state_dir;
    a->session.sysfs_root = a->options.sysfs_root;
    a->session.replay = a->options.replay;
    r = check_args(a);
    if (r >= 0)
        r = remote_is_asked(a) ? remote_check(a) : check_rights(a);
    return r;
}

int app_run(struct app *a)
{
    int r;
    if (a->options.help)
        r = a->verb ? help_verb(a, a->verb) : help_overview(a);
    else if (a->options.version)
        r = verb_version.run(a);
    else
        r = a->verb->run(a);
    return r < 0 ? r : app_flush(a);
}

int app_main(const struct program *program, int argc, char **argv)
{
    struct app a = { 0 };
    int r = app_start(&a, program, argc, argv);
    if (r >= 0)
        r = remote_is_asked(&a) ? remote_exec(&a, argv) : app_run(&a);
    int status = r < 0 ? app_fail(&a) : SRIOV_DONE;
    app_done(&a);
    return a.status ? a.status : status;
}

void app_done(struct app *a)
{
    holders_done(&a->victims);
    session_done(&a->session);
    buf_done(&a->out);
    free(a->args);
}

/* ---- the ledger by the way ---- */

void app_ledger_if_readable(struct app *a)
{
    int r = session_ledger(&a->session, &a->error);
    if (r < 0 && r != -EACCES && r != -EPERM)
        app_note(a, "%s: %s; going on without the ledger", a->error.object, a->error.message);
    if (r < 0)
        a->error = (struct sriov_error){ 0 };
}
