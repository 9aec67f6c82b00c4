/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl: SR-IOV from the command line. It works without the daemon; both call the same library.
 */
#include "cli/app.h"

int main(int argc, char **argv)
{
    return app_main(&program_sriovctl, argc, argv);
}
