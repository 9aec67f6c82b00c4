/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The option parser, on tables of its own: every kind of option, every way to write one, and what
 * is said of a wrong one.
 */
#include "cli/option.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/str.h"

static const char *const ways[] = { "sysfs", "module-parameter", NULL };

static const struct option_row of_verb[] = {
    { "force", 0, OPTION_FLAG, OPTION(force), .help = "" },
    { "dry-run", 'n', OPTION_FLAG, OPTION(dry_run), .help = "" },
    { "file", 'f', OPTION_WORDS, OPTION(files), "FILE", .help = "" },
    { "limit", 'l', OPTION_NUMBER, OPTION(limit), "N", .help = "" },
    { "via", 0, OPTION_CHOICE, OPTION(via), "sysfs|module-parameter", ways, "" },
    { NULL },
};

struct parsed {
    struct options options;
    struct sriov_error error;
    const char *words[16];
    size_t n_words;
    int r;
};

#define PARSE(...) parse((const char *[]){ "sriovctl", __VA_ARGS__, NULL })

static struct parsed parse(const char **argv)
{
    struct parsed result = { 0 };
    struct option_parser p = {
        .argv = (char **)argv,
        .next = 1,
        .tables = { global_options, of_verb },
        .options = &result.options,
    };
    while (argv[p.argc])
        p.argc++;
    while (result.n_words < ELEMENTS(result.words) &&
           (result.r = option_next(&p, &result.words[result.n_words], &result.error)) > 0)
        result.n_words++;
    return result;
}

static void test_options_stand_anywhere(void **state)
{
    struct parsed p = PARSE("--json", "create", "--force", "enp1s0", "-n", "4", "-q");
    assert_int_equal(p.r, 0);
    assert_int_equal(p.n_words, 3);
    assert_string_equal(p.words[0], "create");
    assert_string_equal(p.words[1], "enp1s0");
    assert_string_equal(p.words[2], "4");
    assert_true(p.options.json && p.options.force && p.options.dry_run && p.options.quiet);
    assert_false(p.options.yes || p.options.help);
}

static void test_two_dashes_end_options(void **state)
{
    struct parsed p = PARSE("set", "--", "--json", "-n", "--");
    assert_int_equal(p.r, 0);
    assert_int_equal(p.n_words, 4);
    assert_string_equal(p.words[1], "--json");
    assert_string_equal(p.words[3], "--");
    assert_false(p.options.json || p.options.dry_run);
}

static void test_a_dash_is_a_word(void **state)
{
    struct parsed p = PARSE("capture", "-");
    assert_int_equal(p.r, 0);
    assert_int_equal(p.n_words, 2);
    assert_string_equal(p.words[1], "-");
}

static void test_ways_to_give_a_value(void **state)
{
    struct parsed p = PARSE("--file", "a", "--file=b", "-f", "c", "-fd", "-nqfe=1", "--file=");
    assert_int_equal(p.r, 0);
    assert_int_equal(p.options.files.count, 6);
    assert_string_equal(p.options.files.items[0], "a");
    assert_string_equal(p.options.files.items[1], "b");
    assert_string_equal(p.options.files.items[2], "c");
    assert_string_equal(p.options.files.items[3], "d");
    assert_string_equal(p.options.files.items[4], "e=1");
    assert_string_equal(p.options.files.items[5], "");
    assert_true(p.options.dry_run && p.options.quiet);
}

static void test_kinds(void **state)
{
    struct parsed p = PARSE("--limit=20", "--via", "module-parameter", "--state-dir", "--json");
    assert_int_equal(p.r, 0);
    assert_int_equal(p.options.limit, 20);
    assert_int_equal(p.options.via, 2);
    assert_string_equal(p.options.state_dir,
                        "--json"); /* a value is a value, whatever it looks like */
    assert_false(p.options.json);
}

static void assert_refused(struct parsed p, const char *object, const char *message,
                           const char *remedy)
{
    assert_int_equal(p.r, -EINVAL);
    assert_int_equal(p.error.code, SRIOV_USAGE);
    assert_string_equal(p.error.object, object);
    assert_non_null(strstr(p.error.message, message));
    assert_string_equal(p.error.remedy, remedy);
}

static void test_unknown(void **state)
{
    assert_refused(PARSE("--forse"), "--forse", "unknown option", "did you mean --force?");
    assert_refused(PARSE("--whatever"), "--whatever", "unknown option", "--help lists the options");
    assert_refused(PARSE("-x"), "-x", "unknown option", "--help lists the options");
    assert_refused(PARSE("-qx"), "-qx", "unknown option", "--help lists the options");
}

static void test_no_prefixes(void **state)
{
    assert_int_equal(PARSE("--forc").r, -EINVAL);
    assert_int_equal(PARSE("--js").r, -EINVAL);
    assert_int_equal(PARSE("--dry").r, -EINVAL);
}

static void test_wrong_values(void **state)
{
    assert_refused(PARSE("--limit", "ten"), "limit", "ten is not a number", "");
    assert_refused(PARSE("--limit", "-1"), "limit", "-1 is not a number", "");
    assert_refused(PARSE("--limit"), "limit", "needs a value: --limit N", "");
    assert_refused(PARSE("-l"), "limit", "needs a value", "");
    assert_refused(PARSE("--force=yes"), "force", "takes no value", "");
    assert_refused(PARSE("--via", "magic"), "via", "magic is not one of sysfs|module-parameter",
                   "");
}

static void test_too_many_words(void **state)
{
    const char *argv[2 * OPTION_WORDS_MAX + 4] = { "sriovctl" };
    for (size_t i = 1; i < 2 * OPTION_WORDS_MAX + 3; i++)
        argv[i] = i % 2 ? "-f" : "x";
    assert_refused(parse(argv), "file", "given more than 16 times", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_stand_anywhere),
        cmocka_unit_test(test_two_dashes_end_options),
        cmocka_unit_test(test_a_dash_is_a_word),
        cmocka_unit_test(test_ways_to_give_a_value),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_no_prefixes),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_too_many_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
