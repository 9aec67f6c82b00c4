/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The few man(7) macros that the pages are made of.
 */
#include "gen/gen.h"

/* A hyphen of ours is always a minus (options, names), and a line may not begin like a request. */
void roff_text(struct buf *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        buf_add_str(out, "\\&");
    for (; *text; text++) {
        if (*text == '\\')
            buf_add_str(out, "\\e");
        else if (*text == '-')
            buf_add_str(out, "\\-");
        else
            buf_add_char(out, *text);
    }
}

static void line(struct buf *out, const char *text)
{
    roff_text(out, text);
    buf_add_char(out, '\n');
}

void roff_paragraph(struct buf *out, const char *text)
{
    buf_add_str(out, ".PP\n");
    line(out, text);
}

void roff_item(struct buf *out, const char *term, const char *text)
{
    buf_add_str(out, ".TP\n\\fB");
    roff_text(out, term);
    buf_add_str(out, "\\fR\n");
    line(out, text);
}

void roff_section(struct buf *out, const char *title)
{
    buf_printf(out, ".SH %s\n", title);
}

void roff_subsection(struct buf *out, const char *title)
{
    buf_add_str(out, ".SS ");
    line(out, title);
}

void roff_code(struct buf *out, const char *text)
{
    buf_add_str(out, ".PP\n.RS 4\n.nf\n");
    while (*text) {
        size_t len = strcspn(text, "\n");
        _cleanup_buf_ struct buf one = BUF_INIT;
        buf_add(&one, text, len);
        line(out, one.data ? one.data : "");
        text += len + (text[len] == '\n');
    }
    buf_add_str(out, ".fi\n.RE\n");
}

void roff_facts(struct buf *out, const struct fact *facts)
{
    for (; facts->name; facts++)
        roff_item(out, facts->name, facts->text);
}

void roff_attributes(struct buf *out, enum attr_scope scope)
{
    for (int id = 0; id < SRIOV_ATTR_COUNT; id++) {
        const struct attr *row = attr_row((enum sriov_attr)id);
        if (row->scope != scope)
            continue;
        _cleanup_buf_ struct buf text = BUF_INIT;
        buf_printf(&text, "%s. Values: ", row->help);
        gen_range(row, &text);
        buf_add_char(&text, '.');
        roff_item(out, row->name, text.data ? text.data : row->help);
    }
}
