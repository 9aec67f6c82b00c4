/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovd: the node daemon. It keeps the machine as the policy has it, and tells and does over an
 * API what sriovctl tells and does.
 */
#include <stdio.h>

#include "daemon/metrics.h"
#include "daemon/options.h"
#include "daemon/token.h"

static int fail(const struct sriov_error *e)
{
    fprintf(stderr, "sriovd%s%s: %s%s%s%s%s\n", *e->object ? ": " : "", e->object, e->message,
            *e->kernel ? ": " : "", e->kernel, *e->remedy ? "; " : "", e->remedy);
    return (int)e->code;
}

static int run(const struct daemon_options *o)
{
    _cleanup_(daemon_done) struct daemon d = { 0 };
    struct sriov_error error = { 0 };
    int r = daemon_start(&d, o, &error);

    if (r < 0)
        return fail(&error);
    r = loop_run(d.loop);
    return r < 0 ? SRIOV_FAILED : r;
}

static int write_textfile(const struct daemon_command *c)
{
    _cleanup_(config_done) struct config config = { 0 };
    struct sriov_error error = { 0 };
    int r = daemon_config(&c->daemon, &config, &error);

    if (r >= 0)
        r = metrics_textfile(&config, c->daemon.replay, c->textfile, &error);
    return r < 0 ? fail(&error) : 0;
}

int main(int argc, char **argv)
{
    struct daemon_command c = { 0 };

    if (argc > 1 && str_eq(argv[1], "token"))
        return token_main(argc - 1, argv + 1);
    if (daemon_read_options(argc, argv, &c) < 0)
        return SRIOV_USAGE;
    if (c.help)
        daemon_print_help();
    else if (c.version)
        printf("sriovd %s\n", SRIOV_VERSION);
    else
        return c.textfile ? write_textfile(&c) : run(&c.daemon);
    return 0;
}
