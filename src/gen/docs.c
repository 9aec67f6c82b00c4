/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * gen-docs WHAT: prints one generated page. Run by the build, see docs/meson.build.
 */
#include <stdio.h>

#include "gen/gen.h"

static const struct page {
    const char *name;
    void (*generate)(struct buf *out);
} pages[] = {
    { "man", gen_man },
    { "man-vm", gen_man_vm },
    { "man-bench", gen_man_bench },
    { "man-policy", gen_man_policy },
    { "man-daemon", gen_man_daemon },
    { "man-conf", gen_man_conf },
    { "bash", gen_bash },
    { "zsh", gen_zsh },
    { "fish", gen_fish },
    { "reference", gen_reference },
    { "kb", gen_kb },
    { "api", gen_api },
    { "openapi", gen_openapi },
};

static int print(const struct page *page)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    page->generate(&out);
    if (buf_ok(&out) < 0 || fwrite(out.data, 1, out.len, stdout) != out.len ||
        fflush(stdout) != 0) {
        fprintf(stderr, "gen-docs: %s: cannot be written\n", page->name);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < ELEMENTS(pages) && argc == 2; i++) {
        if (str_eq(pages[i].name, argv[1]))
            return print(&pages[i]);
    }
    fprintf(stderr, "usage: gen-docs");
    for (size_t i = 0; i < ELEMENTS(pages); i++)
        fprintf(stderr, "%c%s", i == 0 ? ' ' : '|', pages[i].name);
    fputc('\n', stderr);
    return 2;
}
