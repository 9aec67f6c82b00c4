/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl-bench: what `sriovctl bench` becomes.
 */
#include "bench/bench.h"
#include "cli/app.h"

int main(int argc, char **argv)
{
    return app_main(&program_bench, argc, argv);
}
