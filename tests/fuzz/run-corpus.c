/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a fuzz target over known inputs, as an ordinary test with any compiler: each argument is a
 * file, or a folder whose files are taken. The input is copied to a block of its exact size, so
 * that AddressSanitizer sees reads past its end. Prints one TAP line; a missing or empty corpus is
 * a failure.
 */
#include "fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int inputs;

static int run_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    if (type != FTW_F)
        return type == FTW_D ? 0 : -1;

    size_t size = (size_t)st->st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    FILE *file = fopen(path, "re");
    int r = -1;

    if (data != NULL && file != NULL && fread(data, 1, size, file) == size)
        r = LLVMFuzzerTestOneInput(data, size);
    if (r == 0)
        inputs++;
    else
        fprintf(stderr, "%s: not read, or refused by the target\n", path);
    if (file != NULL)
        fclose(file);
    free(data);
    return r;
}

int main(int argc, char **argv)
{
    int r = 0;

    for (int i = 1; i < argc && r == 0; i++)
        r = nftw(argv[i], run_file, 16, FTW_PHYS);
    if (inputs == 0)
        r = -1;
    printf("1..1\n%s 1 - %u inputs\n", r == 0 ? "ok" : "not ok", inputs);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
