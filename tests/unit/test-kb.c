/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The knowledge base and the table of checks belong together: every check has its page, every page
 * its check, and a page has the parts that people look for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"
#include "doctor/doctor.h"
#include "doctor/kb.h"

static const char *const parts[] = {
    "\n## What you see\n",
    "\n## How to see it\n",
    "\n## How to mend it\n",
    "\n## Background\n",
};

/* One message for all that is missing: a test that stops at the first would have to be run as often
 * as there are pages. */
static void test_every_check_has_its_page(void **state)
{
    _cleanup_buf_ struct buf missing = BUF_INIT;
    for (size_t i = 0; i < AREA_COUNT; i++) {
        for (const struct check *c = doctor_areas[i]->checks; c->id; c++) {
            if (!kb_page(c->id))
                buf_printf(&missing, " %s", c->id);
        }
    }
    assert_string_equal(missing.data ? missing.data : "", "");
}

static void test_every_page_has_its_check(void **state)
{
    _cleanup_buf_ struct buf lonely = BUF_INIT;
    for (const struct kb_entry *e = kb_entries; e->id; e++) {
        if (!check_find(e->id, NULL))
            buf_printf(&lonely, " %s", e->id);
    }
    assert_string_equal(lonely.data ? lonely.data : "", "");
}

static void test_pages_begin_with_the_title_of_the_check(void **state)
{
    _cleanup_buf_ struct buf wrong = BUF_INIT;
    for (const struct kb_entry *e = kb_entries; e->id; e++) {
        const struct check *c = check_find(e->id, NULL);
        char head[200];
        if (!c)
            continue;
        snprintf(head, sizeof(head), "# %s\n\n", c->title);
        if (!str_starts(e->text, head))
            buf_printf(&wrong, " %s", e->id);
    }
    assert_string_equal(wrong.data ? wrong.data : "", "");
}

static void test_pages_have_their_parts_in_order(void **state)
{
    _cleanup_buf_ struct buf wrong = BUF_INIT;
    for (const struct kb_entry *e = kb_entries; e->id; e++) {
        const char *place = e->text;
        for (size_t i = 0; place && i < ELEMENTS(parts); i++)
            place = strstr(place, parts[i]);
        if (!place)
            buf_printf(&wrong, " %s", e->id);
    }
    assert_string_equal(wrong.data ? wrong.data : "", "");
}

static void test_a_page_that_is_not_there(void **state)
{
    assert_null(kb_page("no-such-check"));
    assert_null(kb_page(""));
    assert_null(kb_page("README"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_check_has_its_page),
        cmocka_unit_test(test_every_page_has_its_check),
        cmocka_unit_test(test_pages_begin_with_the_title_of_the_check),
        cmocka_unit_test(test_pages_have_their_parts_in_order),
        cmocka_unit_test(test_a_page_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
