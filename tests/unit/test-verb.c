/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of verbs: each row is complete, and no two are in each other's way. Manual, help and
 * completions are made from them, so a hole here is a hole there.
 */
#include "bench/bench.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/str.h"
#include "vm/verb.h"

static const struct program *const programs[] = { &program_sriovctl, &program_vm, &program_bench };

/* Each verb of each program. */
#define FOR_EACH_VERB(v)                                                                           \
    for (size_t p_ = 0; p_ < ELEMENTS(programs); p_++)                                             \
        for (const struct verb *const *v = programs[p_]->verbs; *v; v++)

static void test_rows_are_complete(void **state)
{
    FOR_EACH_VERB(v)
    {
        assert_non_null((*v)->program ? (void *)(*v)->program : (void *)(*v)->run);
        assert_non_null((*v)->help);
        assert_non_null((*v)->details);
        assert_non_null((*v)->details[0]);
        assert_non_null((*v)->examples);
        assert_non_null((*v)->examples[0].command);
        assert_true((*v)->min_args <= (*v)->max_args);
        /* One line of the overview has 80 columns. */
        assert_true(strlen((*v)->help) < 60);
    }
}

static void test_synopsis_and_examples_name_the_verb(void **state)
{
    FOR_EACH_VERB(v)
    {
        size_t len = strlen((*v)->name), own = 0;
        assert_true(str_starts((*v)->synopsis, (*v)->name));
        assert_true((*v)->synopsis[len] == '\0' || (*v)->synopsis[len] == ' ');
        for (const struct example *e = (*v)->examples; e->command; e++) {
            assert_non_null(e->shows);
            own += str_starts(e->command, (*v)->name);
        }
        assert_true(own > 0);
    }
}

static void test_names_are_unique(void **state)
{
    for (size_t p = 0; p < ELEMENTS(programs); p++) {
        const struct verb *const *verbs = programs[p]->verbs;
        for (size_t i = 0; verbs[i]; i++) {
            for (size_t k = i + 1; verbs[k]; k++)
                assert_string_not_equal(verbs[i]->name, verbs[k]->name);
        }
    }
}

/* An option of a verb may not hide a global one, nor another of its own. */
static void assert_no_clash(const struct option_row *row, const struct option_row *others)
{
    for (; others && others->name; others++) {
        if (others == row)
            continue;
        assert_string_not_equal(row->name, others->name);
        if (row->letter)
            assert_int_not_equal(row->letter, others->letter);
    }
}

static void assert_complete(const struct option_row *row)
{
    assert_non_null(row->help);
    assert_true(islower((unsigned char)row->help[0]));
    assert_true(row->offset < sizeof(struct options));
    assert_true((row->kind == OPTION_FLAG) == (row->arg == NULL));
    assert_true((row->kind == OPTION_CHOICE) == (row->choices != NULL));
}

static void test_options(void **state)
{
    for (const struct option_row *row = global_options; row->name; row++) {
        assert_complete(row);
        assert_no_clash(row, global_options);
    }
    FOR_EACH_VERB(v)
    {
        for (const struct option_row *row = (*v)->options; row && row->name; row++) {
            assert_complete(row);
            assert_no_clash(row, global_options);
            assert_no_clash(row, (*v)->options);
        }
    }
}

/* What changes the machine has a dry run; doctor, which reads, has one for its --fix. */
static void test_changing_verbs_can_be_tried(void **state)
{
    for (const struct verb *const *v = program_sriovctl.verbs; *v; v++) {
        bool dry_run = false;
        for (const struct option_row *row = (*v)->options; row && row->name; row++)
            dry_run |= str_eq(row->name, "dry-run");
        /* of the first two only a part changes anything; dpdk lends, and can say what it would */
        bool partly = *v == &verb_doctor || *v == &verb_host || *v == &verb_dpdk;
        bool changes = ((*v)->flags & VERB_WRITES) != 0 || partly;
        assert_int_equal(dry_run, changes);
    }
}

static void test_find(void **state)
{
    const char *nearest = NULL;
    assert_ptr_equal(program_verb(&program_sriovctl, "list", NULL), &verb_list);
    assert_null(program_verb(&program_sriovctl, "lst", &nearest));
    assert_string_equal(nearest, "list");
    assert_null(program_verb(&program_sriovctl, "li", NULL)); /* no prefixes */
    assert_null(program_verb(&program_sriovctl, "frobnicate", &nearest));
    assert_null(nearest);
    assert_null(program_verb(&program_sriovctl, "", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_complete),
        cmocka_unit_test(test_synopsis_and_examples_name_the_verb),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_changing_verbs_can_be_tried),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
