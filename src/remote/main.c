/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl-remote: what `sriovctl --host` becomes (cli/remote.h). It reads the command line as
 * sriovctl does, and lets the daemon at the other end run it.
 */
#include "cli/remote.h"
#include "remote/command.h"
#include "remote/watch.h"

static int ask(struct app *a)
{
    if (!remote_is_asked(a)) {
        error_set(&a->error, SRIOV_USAGE, 0, "sriovctl-remote", "is run by sriovctl");
        error_remedy(&a->error, "use sriovctl --host ADDRESS");
        return -1;
    }
    return a->verb == &verb_watch ? watch_run(a) : command_run(a);
}

int main(int argc, char **argv)
{
    struct app a = { 0 };
    int r = app_start(&a, &program_sriovctl, argc, argv);
    if (r >= 0)
        r = ask(&a);
    if (r >= 0)
        r = app_flush(&a);
    int status = r < 0 ? app_fail(&a) : SRIOV_DONE;
    app_done(&a);
    return a.status ? a.status : status;
}
