/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * XML tag by tag: names, attributes in either quotes, entities, comments, PCI addresses, what is
 * cut off or too long.
 */
#include "base/tag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

#include <cmocka.h>

/* "name closing empty value" of each tag, the value being that of the attribute `dev`. */
static const char *tags_of(const char *text)
{
    static char list[400];
    struct tag t;

    list[0] = '\0';
    while (tag_next(&text, &t)) {
        char value[8];
        size_t len = strlen(list);

        tag_value(&t, "dev", value, sizeof(value));
        snprintf(list + len, sizeof(list) - len, "%s%.*s%s=%s ", t.closing ? "/" : "",
                 (int)t.name_len, t.name, t.empty ? "/" : "", value);
    }
    return list;
}

static void test_tags(void **state)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "", "" },
        { "<a", "" },
        { "<?xml version='1.0'?><!DOCTYPE x><a dev='1'><!-- <b/> --></a>", "a=1 /a= " },
        { "<pf dev=\"eth0\"/><pf\n\tx='1'\n dev='e1' />", "pf/=eth0 pf/=e1 " },
        { "<s:pool dev='a&amp;b'/><a dev='&lt;&gt;&quot;&apos;'/>", "s:pool/=a&b a/=<>\"' " },
        { "<a dev='&nbsp;'/>", "a/=&nbsp; " },
        { "<a dev='1234567'/><a dev='12345678'/>", "a/=1234567 a/= " },
        { "<a xdev='1'/><a dev=1/><a dev='1/><b dev='2'/>", "a/= a/= a/= b/=2 " },
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_string_equal(tags_of(rows[i].text), rows[i].want);
}

static void test_content(void **state)
{
    char text[8];

    tag_content("web1</name>", text, sizeof(text));
    assert_string_equal(text, "web1");
    tag_content("a&amp;b\nnext", text, sizeof(text));
    assert_string_equal(text, "a&b");
    tag_content("much too long", text, sizeof(text));
    assert_string_equal(text, "much to");
}

static bool pci_of(const char *text, char ret[16])
{
    struct tag t;

    return tag_next(&text, &t) && tag_pci(&t, ret);
}

static void test_pci(void **state)
{
    char pci[16] = "before";

    assert_false(pci_of("<address bus='0x01' slot='0x10' function='0x2'/>", pci));
    assert_false(pci_of("<address domain='0' bus='0x100' slot='0' function='0'/>", pci));
    assert_string_equal(pci, "before");
    assert_true(pci_of("<address domain='0x0000' bus='0x01' slot='0x10' function='0x2'/>", pci));
    assert_string_equal(pci, "0000:01:10.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_pci),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
