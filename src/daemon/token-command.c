/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * `sriovd token`: who may come over TCP. The daemon sees a changed file by itself.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/table.h"
#include "daemon/token.h"

#define DAY 86400
#define DAYS_AT_MOST 36500

struct word {
    const char *name;
    const char *usage;
    int least, most; /* arguments */
    int (*run)(const char *path, char **args, struct sriov_error *error);
};

static int add(const char *path, char **args, struct sriov_error *error)
{
    char text[TOKEN_TEXT_SIZE];
    uint64_t days = 0;
    enum role role;
    if (!token_name_is_good(args[0]))
        return error_set(error, SRIOV_USAGE, 0, args[0],
                         "a name is 1 to 48 letters, digits, '.', '_', '-'");
    if (role_from_name(args[1], &role) < 0)
        return error_set(error, SRIOV_USAGE, 0, args[1], "a role is read, operate or admin");
    if (args[2] && (str_to_u64(args[2], DAYS_AT_MOST, &days) < 0 || days == 0))
        return error_set(error, SRIOV_USAGE, 0, args[2], "a number of days, 1 to %d", DAYS_AT_MOST);
    int64_t expires = days > 0 ? time(NULL) + (int64_t)days * DAY : 0;
    int r = token_add(path, args[0], role, expires, text, error);
    if (r >= 0)
        printf("%s\n", text);
    return r;
}

static void add_row(struct table *t, const struct token *token, int64_t now)
{
    char until[32] = "";
    time_t expires = token->expires;
    struct tm tm;
    if (expires > 0 && localtime_r(&expires, &tm))
        strftime(until, sizeof(until), now < expires ? "%F %R" : "expired %F", &tm);
    table_add(t, (const char *[]){ token->name, role_name(token->role), until });
}

static int list(const char *path, char **args, struct sriov_error *error)
{
    _cleanup_tokens_ struct tokens all = { 0 };
    _cleanup_(table_done) struct table t = { 0 };
    _cleanup_buf_ struct buf out = BUF_INIT;
    int r = tokens_read(path, &all, error);
    if (r < 0)
        return r;
    table_init(&t, (const char *[]){ "NAME", "ROLE", "UNTIL" }, 3);
    for (size_t i = 0; i < all.count; i++)
        add_row(&t, &all.items[i], time(NULL));
    if (table_print(&t, &out, false) < 0)
        return error_no_memory(error);
    fputs(all.count > 0 ? out.data : "", stdout);
    return 0;
}

static int drop(const char *path, char **args, struct sriov_error *error)
{
    return token_remove(path, args[0], error);
}

static const struct word words[] = {
    { "add", "add NAME read|operate|admin [DAYS]", 2, 3, add },
    { "list", "list", 0, 0, list },
    { "remove", "remove NAME", 1, 1, drop },
};

static int usage(void)
{
    fprintf(stderr, "usage: sriovd token [--config FILE] ");
    for (size_t i = 0; i < ELEMENTS(words); i++)
        fprintf(stderr, "%s%s", i > 0 ? " | " : "", words[i].usage);
    fprintf(stderr, "\n");
    return SRIOV_USAGE;
}

static int run(const struct word *w, const char *config_path, char **args,
               struct sriov_error *error)
{
    _cleanup_(config_done) struct config config = { 0 };
    int r = config_load(config_path, &config, error);
    return r < 0 ? r : w->run(config.tokens, args, error);
}

static int fail(const struct sriov_error *e)
{
    fprintf(stderr, "sriovd: %s%s%s%s%s%s%s\n", e->object, *e->object ? ": " : "", e->message,
            *e->kernel ? ": " : "", e->kernel, *e->remedy ? "; " : "", e->remedy);
    return (int)e->code;
}

int token_main(int argc, char **argv)
{
    struct sriov_error error = { 0 };
    const char *config = CONFIG_DEFAULT;
    if (argc > 2 && str_eq(argv[1], "--config")) {
        config = argv[2];
        argc -= 2;
        argv += 2;
    }
    for (size_t i = 0; argc > 1 && i < ELEMENTS(words); i++) {
        const struct word *w = &words[i];
        if (!str_eq(argv[1], w->name) || argc - 2 < w->least || argc - 2 > w->most)
            continue;
        return run(w, config, argv + 2, &error) < 0 ? fail(&error) : SRIOV_DONE;
    }
    return usage();
}
