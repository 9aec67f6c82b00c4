/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * reference.md: all tables of the program in one page for reading on the web, with what is known of
 * each driver.
 */
#include <stdio.h>

#include "cli/markdown.h"
#include "gen/gen.h"

#define CELLS(...)                                                                                 \
    (const char *const[]){ __VA_ARGS__ }, ELEMENTS(((const char *const[]){ __VA_ARGS__ }))
#define HEAD(...) markdown_head(out, MARKDOWN_WRITTEN, CELLS(__VA_ARGS__))
#define ROW(...) markdown_row(out, MARKDOWN_WRITTEN, CELLS(__VA_ARGS__))

static void facts(struct buf *out, const char *name, const struct fact *rows)
{
    HEAD(name, "Meaning");
    for (; rows->name; rows++)
        ROW(rows->name, rows->text);
    buf_add_char(out, '\n');
}

static void options(struct buf *out, const struct option_row *rows)
{
    HEAD("Option", "Meaning");
    for (; rows->name; rows++) {
        char text[OPTION_TEXT_SIZE];
        option_text(rows, text);
        ROW(text, rows->help);
    }
    buf_add_char(out, '\n');
}

static void verb(struct buf *out, const struct gen_verb *row)
{
    const struct verb *v = row->verb;
    const char *leader = row->leader ? row->leader : "", *blank = row->leader ? " " : "";
    buf_printf(out, "### `sriovctl %s%s%s`\n\n", leader, blank, v->synopsis);
    for (size_t i = 0; v->details[i]; i++)
        buf_printf(out, "%s\n\n", v->details[i]);
    if (v->options)
        options(out, v->options);
    HEAD("Example", "What it does");
    for (const struct example *e = v->examples; e->command; e++) {
        char command[128];
        snprintf(command, sizeof(command), "`sriovctl %s%s%s`", leader, blank, e->command);
        ROW(command, e->shows);
    }
    buf_add_char(out, '\n');
}

static void attributes(struct buf *out, enum attr_scope scope)
{
    HEAD("Attribute", "Values", "Meaning");
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *attr = attr_row((enum sriov_attr)id);
        if (attr->scope != scope)
            continue;
        _cleanup_buf_ struct buf range = BUF_INIT;
        gen_range(attr, &range);
        ROW(attr->name, range.data ? range.data : "", attr->help);
    }
    buf_add_char(out, '\n');
}

/* What is known of one driver, as one list; a driver of which nothing is known is left out. */
static void driver(struct buf *out, const struct driver *d)
{
    _cleanup_buf_ struct buf list = BUF_INIT;
    if (d->note)
        buf_printf(&list, "* %s\n", d->note);
    if (d->max_vfs > 0)
        buf_printf(&list, "* At most %u VFs.\n", d->max_vfs);
    if (d->count_param)
        buf_printf(&list, "* Module parameter for the number of VFs: `%s`.\n", d->count_param);
    for (unsigned bit = 0; text_driver_flag(bit); bit++) {
        if (d->flags & (1u << bit))
            buf_printf(&list, "* Driver: %s.\n", text_driver_flag(bit));
    }
    size_t count;
    const struct quirk *quirks = quirk_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (str_eq(quirks[i].driver, QUIRK_ALL_DRIVERS) || !quirk_is_of(&quirks[i], d->name))
            continue;
        buf_add_str(&list, "* ");
        text_quirk(&quirks[i], &list);
        buf_add_str(&list, quirks[i].but_devices ? " (not on every card)\n" : "\n");
    }
    if (list.len > 0)
        buf_printf(out, "### %s\n\n%s\n", d->name, list.data);
}

/* What holds for every driver but a few is said once. */
static void all_drivers(struct buf *out)
{
    size_t count;
    const struct quirk *quirks = quirk_table(&count);
    buf_add_str(out, "### Every driver below\n\n");
    for (size_t i = 0; i < count; i++) {
        if (!str_eq(quirks[i].driver, QUIRK_ALL_DRIVERS))
            continue;
        buf_add_str(out, "* ");
        text_quirk(&quirks[i], out);
        buf_printf(out, "; not so: %s\n", quirks[i].but ? quirks[i].but : "none");
    }
    buf_add_char(out, '\n');
}

static void drivers(struct buf *out)
{
    size_t count;
    const struct driver *table = driver_table(&count);
    buf_add_str(
        out,
        "## Drivers\n\nWhat the drivers of Linux 6.12 are known to refuse, ignore or disturb. What "
        "a driver would refuse is refused before the first write; a driver that is not here is "
        "taken at its word and found out by reading back.\n\n");
    all_drivers(out);
    for (size_t i = 0; i < count; i++)
        driver(out, &table[i]);
}

void gen_reference(struct buf *out)
{
    struct gen_verbs all;
    buf_add_str(
        out, "# sriovctl reference\n\nMade by gen-docs from the tables of sriovctl " SRIOV_VERSION
             ".\n\n## Verbs\n\n");
    gen_all_verbs(&all);
    for (size_t i = 0; i < all.count; i++)
        verb(out, &all.items[i]);
    buf_add_str(out, "## Options of every verb\n\n");
    options(out, global_options);
    buf_add_str(out, "## Attributes of a VF\n\n");
    attributes(out, ATTR_OF_VF);
    buf_add_str(out, "## Attributes of a PF\n\n");
    attributes(out, ATTR_OF_PF);
    buf_add_str(out, "## Exit status\n\n");
    facts(out, "Status", gen_codes);
    buf_add_str(out, "## Disruption\n\n");
    facts(out, "Class", gen_disruptions);
    buf_add_str(out, "## JSON\n\nOf `list`, and of `show PF`:\n\n");
    facts(out, "Field", gen_json_list);
    buf_add_str(out, "Of a VF, beside its attributes:\n\n");
    facts(out, "Field", gen_json_vf);
    buf_add_str(out, "Of `plan`, `apply` and every verb that changes something:\n\n");
    facts(out, "Field", gen_json_change);
    buf_add_str(out, "Of an error:\n\n");
    facts(out, "Field", gen_json_error);
    drivers(out);
}
