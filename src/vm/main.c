/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl-vm: what `sriovctl vm` becomes. It links libvirt, which sriovctl must not load each time
 * it starts.
 */
#include "cli/app.h"
#include "vm/verb.h"

int main(int argc, char **argv)
{
    return app_main(&program_vm, argc, argv);
}
