/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl: SR-IOV from the command line. It works without the daemon; both call the same library.
 */
#include "cli/app.h"
#include "cli/remote.h"

int main(int argc, char **argv)
{
    struct app a = { 0 };
    int r = app_start(&a, argc, argv);
    if (r >= 0)
        r = remote_is_asked(&a) ? remote_exec(&a, argv) : app_run(&a);
    int status = r < 0 ? app_fail(&a) : SRIOV_DONE;
    app_done(&a);
    return a.status ? a.status : status;
}
