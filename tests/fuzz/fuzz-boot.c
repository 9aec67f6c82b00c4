/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The readers of boot configuration over any bytes: shell files, and the command lines in them. A
 * command line that is read must come out as it went in; and once it has what is wanted, it has it:
 * nothing is changed the second time.
 */
#include <stdlib.h>
#include <string.h>

#include "boot/shell.h"
#include "boot/wish.h"
#include "fuzz.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void read_wishes(struct wishes *w)
{
    static const char *const pages[] = { "1G:0=4,1=4", "2M:512" };
    static const struct boot_request q = {
        .cpu = BOOT_CPU_UNKNOWN,
        .iommu = BOOT_IOMMU_PT,
        .hugepages = pages,
        .hugepages_count = 2,
    };
    const struct boot_facts facts = { .release = "6.1.0" };
    struct boot_plan plan = { 0 };
    must(wishes_read(&q, &facts, w, &plan, NULL) == 0);
    boot_plan_done(&plan);
}

/* Grants all wishes on a line; the new text, if it is one. */
static bool grant(const char *text, size_t len, enum cmdline_form form, struct buf *ret,
                  bool *ret_changed)
{
    _cleanup_(cmdline_done) struct cmdline c = { 0 };
    _cleanup_buf_ struct buf same = BUF_INIT;
    struct wishes w;
    if (cmdline_parse(text, len, form, &c) < 0)
        return false;
    cmdline_render(&c, &same);
    must(same.len == len && (len == 0 || memcmp(same.data, text, len) == 0));
    read_wishes(&w);
    must(wishes_grant(&w, (struct cmdline *const[]){ &c }, 1, &c) == 0);
    cmdline_render(&c, ret);
    *ret_changed = c.changed;
    return true;
}

static void check_line(const char *text, size_t len, enum cmdline_form form)
{
    _cleanup_buf_ struct buf once = BUF_INIT, twice = BUF_INIT;
    bool changed;
    if (!grant(text, len, form, &once, &changed))
        return;
    must(grant(once.data, once.len, form, &twice, &changed));
    must(!changed);
}

static void check_shell(const char *text, size_t len)
{
    static const char *const names[] = { "A", "GRUB_CMDLINE_LINUX", NULL };
    struct shell_file f = { 0 };
    unsigned line = 0;
    const char *why = NULL;
    if (shell_read(text, names, &f, &line, &why) < 0) {
        must(line > 0 && why && f.count == 0);
        return;
    }
    for (size_t i = 0; i < f.count; i++) {
        const struct shell_assignment *a = &f.items[i];
        size_t quote = a->quotes == SHELL_BARE ? 0 : 1;
        must(a->start + 2 * quote <= a->end && a->end <= len);
        check_line(text + a->start + quote, a->end - a->start - 2 * quote,
                   a->quotes == SHELL_DOUBLE ? CMDLINE_SHELL : CMDLINE_PLAIN);
    }
    shell_file_done(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = memchr(data, '\0', size) ? NULL : malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size); /* strndup may look for a NUL behind the data */
    text[size] = '\0';
    check_shell(text, size);
    check_line(text, size, CMDLINE_PLAIN);
    check_line(text, size, CMDLINE_COMMENTS);
    check_line(text, size, CMDLINE_SHELL);
    free(text);
    return 0;
}
