/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kernel command lines word by word, and what is wanted of them: nothing twice in whatever quotes
 * and order, the opposite turned round, pages of a size beside their size, all else left as it was
 * written.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "boot/wish.h"

static void check_words(enum cmdline_form form, const char *raw, const char *const *words)
{
    _cleanup_(cmdline_done) struct cmdline c = { 0 };
    _cleanup_buf_ struct buf again = BUF_INIT;
    size_t n = 0;
    assert_int_equal(cmdline_parse(raw, strlen(raw), form, &c), 0);
    for (; words[n]; n++) {
        assert_true(n < c.count);
        assert_string_equal(c.words[n].text, words[n]);
    }
    assert_int_equal(c.count, n);
    cmdline_render(&c, &again);
    assert_string_equal(again.data ? again.data : "", raw);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__ })

static void test_words(void **state)
{
    check_words(CMDLINE_PLAIN, "", WORDS(NULL));
    check_words(CMDLINE_PLAIN, "  ro\tquiet \n", WORDS("ro", "quiet", NULL));
    check_words(CMDLINE_PLAIN, "a=\"b c\" \"d=e f\"", WORDS("a=b c", "d=e f", NULL));
    check_words(CMDLINE_PLAIN, "a\\\"b c\\\"", WORDS("a\\b c\\", NULL));
    check_words(CMDLINE_SHELL, "a=\\\"b c\\\" \\$x", WORDS("a=b c", "$x", NULL));
    check_words(CMDLINE_SHELL, "$A ${B}x q", WORDS("$A", "${B}x", "q", NULL));
    check_words(CMDLINE_SHELL, "a \\\n  b", WORDS("a", "b", NULL));
    check_words(CMDLINE_COMMENTS, "# a b\nro c#\n", WORDS("ro", "c#", NULL));
}

static void test_words_that_cannot_be_told(void **state)
{
    static const struct {
        enum cmdline_form form;
        const char *raw;
        int error;
    } rows[] = {
        { CMDLINE_PLAIN, "a=\"b", -EINVAL },     { CMDLINE_SHELL, "a=\\\"b", -EINVAL },
        { CMDLINE_SHELL, "$(uname)", -ENOTSUP }, { CMDLINE_SHELL, "a`b`", -ENOTSUP },
        { CMDLINE_SHELL, "${A:-b}", -ENOTSUP },  { CMDLINE_COMMENTS, "ro # c", -ENOTSUP },
        { CMDLINE_SHELL, "a $", -ENOTSUP },
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct cmdline c = { 0 };
        int r = cmdline_parse(rows[i].raw, strlen(rows[i].raw), rows[i].form, &c);
        assert_int_equal(r, rows[i].error);
        assert_int_equal(c.count, 0);
        cmdline_done(&c);
    }
}

static void test_names_and_values(void **state)
{
    const struct cmdline_word w = { .text = (char *)"vfio-pci.ids=1:2" };
    assert_string_equal(cmdline_value(&w, "vfio_pci.ids"), "1:2");
    assert_null(cmdline_value(&w, "vfio-pci"));
    assert_null(cmdline_value(&w, "vfio-pci.ids1"));
    const struct cmdline_word blank = { .text = (char *)"iommu=off, pt" };
    assert_null(cmdline_value(&blank, "iommu"));
}

static void check_change(const char *raw, size_t at, const char *insert, const char *want)
{
    _cleanup_(cmdline_done) struct cmdline c = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT;
    assert_int_equal(cmdline_parse(raw, strlen(raw), CMDLINE_COMMENTS, &c), 0);
    assert_int_equal(insert ? cmdline_insert(&c, at, insert) : cmdline_remove(&c, at), 0);
    cmdline_render(&c, &text);
    assert_string_equal(text.data, want);
}

static void test_comments_and_blanks_stay(void **state)
{
    check_change("# c\n", 0, "x", "# c\nx");
    check_change("# c", 0, "x", "# c\nx");
    check_change("a\n# c\n", 1, "x", "a x\n# c\n");
    check_change("  a\tb\n", 1, "x", "  a x\tb\n");
    check_change("# c\na b\n", 0, NULL, "# c\nb\n");
    check_change("a\n# c\nb\n", 0, NULL, "\n# c\nb\n");
    check_change("a\n# c\nb\n", 1, NULL, "a\n# c\n\n");
    check_change("a b c", 1, NULL, "a c");
    check_change("a b c\n", 2, NULL, "a b\n");
}

/* ---- wishes ---- */

static struct boot_request request = {
    .cpu = BOOT_CPU_INTEL,
    .iommu = BOOT_IOMMU_PT,
};
static const char *const pages[] = { "1G:0=4,1=4", "2M:512" };

/* What becomes of a line, on a kernel with this configuration. */
static void check_wish(const char *config, size_t n_pages, const char *before, const char *after)
{
    _cleanup_(boot_plan_done) struct boot_plan plan = { 0 };
    _cleanup_(cmdline_done) struct cmdline c = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct boot_facts facts = { .release = "6.1.0", .config = (char *)config };
    struct wishes w;
    struct sriov_error error = { 0 };
    request.hugepages = pages;
    request.hugepages_count = n_pages;
    assert_int_equal(wishes_read(&request, &facts, &w, &plan, &error), 0);
    assert_int_equal(cmdline_parse(before, strlen(before), CMDLINE_PLAIN, &c), 0);
    assert_int_equal(wishes_grant(&w, (struct cmdline *const[]){ &c }, 1, &c), 0);
    cmdline_render(&c, &text);
    assert_string_equal(text.data, after);
    assert_int_equal(c.changed, !str_eq(before, after));
}

#define ON "CONFIG_INTEL_IOMMU_DEFAULT_ON=y\n"
#define NOTHING "# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\n"

static void test_iommu_is_added_once(void **state)
{
    check_wish(NOTHING, 0, "ro", "ro intel_iommu=on iommu=pt");
    check_wish(ON, 0, "ro", "ro iommu=pt");
    check_wish("CONFIG_INTEL_IOMMU_DEFAULT_ON=y", 0, "ro", "ro intel_iommu=on iommu=pt");
    check_wish("X" ON, 0, "ro", "ro intel_iommu=on iommu=pt");
    check_wish(NOTHING, 0, "iommu=pt  ro \"intel_iommu=on\"", "iommu=pt  ro \"intel_iommu=on\"");
    check_wish(NOTHING, 0, "intel_iommu=sm_on,on iommu=nobypass,pt",
               "intel_iommu=sm_on,on iommu=nobypass,pt");
    check_wish(NOTHING, 0, "intel-iommu=on iommu.passthrough=Y",
               "intel-iommu=on iommu.passthrough=Y");
    check_wish(NOTHING, 0, "intel_iommu=sm_on", "intel_iommu=sm_on intel_iommu=on iommu=pt");
    check_wish(NOTHING, 0, "xintel_iommu=on iommu=pts",
               "xintel_iommu=on iommu=pts intel_iommu=on iommu=pt");
}

static void test_opposites_are_turned_round(void **state)
{
    check_wish(NOTHING, 0, "intel_iommu=off iommu=nopt", "intel_iommu=on iommu=pt");
    check_wish(ON, 0, "a intel_iommu=sm_on,off iommu.passthrough=0",
               "a intel_iommu=sm_on,on iommu.passthrough=1");
    check_wish(NOTHING, 0, "intel_iommu=on b intel_iommu=off", "intel_iommu=on b iommu=pt");
    check_wish(NOTHING, 0, "iommu=off ro", "ro intel_iommu=on iommu=pt");
    check_wish(NOTHING, 0, "ro iommu=off,pt", "ro iommu=pt intel_iommu=on");
}

static void test_other_processors(void **state)
{
    request.cpu = BOOT_CPU_AMD;
    check_wish(NOTHING, 0, "ro amd_iommu=off", "ro iommu=pt");
    request.iommu = BOOT_IOMMU_ON;
    check_wish(NOTHING, 0, "ro amd_iommu=on", "ro amd_iommu=on");
    request.cpu = BOOT_CPU_OTHER;
    check_wish(NOTHING, 0, "ro", "ro");
    request.iommu = BOOT_IOMMU_PT;
    check_wish(NOTHING, 0, "ro", "ro iommu.passthrough=1");
    request.iommu = BOOT_IOMMU_LEAVE;
    check_wish(NOTHING, 0, "iommu=off", "iommu=off");
}

static void test_huge_pages(void **state)
{
    request.iommu = BOOT_IOMMU_LEAVE;
    check_wish(NOTHING, 2, "ro", "ro hugepagesz=1G hugepages=0:4,1:4 hugepagesz=2M hugepages=512");
    check_wish(NOTHING, 1, "hugepagesz=1024M hugepages=0:4,1:4",
               "hugepagesz=1024M hugepages=0:4,1:4");
    check_wish(NOTHING, 1, "hugepages=8 hugepagesz=1G hugepages=9",
               "hugepages=8 hugepagesz=1G hugepages=0:4,1:4");
    check_wish(NOTHING, 2, "hugepages=8 ro", "hugepages=512 ro hugepagesz=1G hugepages=0:4,1:4");
    check_wish(NOTHING, 1, "default_hugepagesz=1G hugepages=8 ro",
               "default_hugepagesz=1G hugepages=0:4,1:4 ro");
    check_wish(NOTHING, 1, "hugepagesz=1G ro", "hugepagesz=1G hugepages=0:4,1:4 ro");
}

static void test_wrong_pages(void **state)
{
    static const char *const wrong[] = { "",       "1G",       "1G:",      ":4", "3M:4",
                                         "1G:a=1", "1G:0=1,2", "1G:1,0=1", "0:1" };
    request.hugepages_count = 1;
    for (size_t i = 0; i < ELEMENTS(wrong); i++) {
        _cleanup_(boot_plan_done) struct boot_plan plan = { 0 };
        struct boot_facts facts = { .release = "6.1.0" };
        struct sriov_error error = { 0 };
        struct wishes w;
        request.hugepages = &wrong[i];
        assert_int_equal(wishes_read(&request, &facts, &w, &plan, &error), -EINVAL);
        assert_int_equal(error.code, SRIOV_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_words_that_cannot_be_told),
        cmocka_unit_test(test_names_and_values),
        cmocka_unit_test(test_comments_and_blanks_stay),
        cmocka_unit_test(test_iommu_is_added_once),
        cmocka_unit_test(test_opposites_are_turned_round),
        cmocka_unit_test(test_other_processors),
        cmocka_unit_test(test_huge_pages),
        cmocka_unit_test(test_wrong_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
