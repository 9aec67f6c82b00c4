/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl(1), and the pages of the programs that it becomes, from the tables of verbs, options and
 * attributes. No date in them: the same source gives the same page.
 */
#include "bench/bench.h"
#include "gen/gen.h"
#include "vm/verb.h"

static void options(struct buf *out, const struct option_row *rows)
{
    for (; rows && rows->name; rows++) {
        char text[OPTION_TEXT_SIZE];
        option_text(rows, text);
        roff_item(out, text, rows->help);
    }
}

static void verb(struct buf *out, const struct program *p, const struct verb *v)
{
    roff_subsection(out, v->synopsis);
    for (size_t i = 0; v->details[i]; i++)
        roff_paragraph(out, v->details[i]);
    options(out, v->options);
    for (const struct example *e = v->examples; e->command; e++) {
        _cleanup_buf_ struct buf command = BUF_INIT;
        buf_printf(&command, "%s %s", p->name, e->command);
        buf_add_str(out, e == v->examples ? ".PP\nExamples:\n" : "");
        roff_item(out, command.data ? command.data : "", e->shows);
    }
}

/* The title and the line under NAME. */
static void head(struct buf *out, const char *title, const char *name, const char *about)
{
    buf_add_str(out, ".\\\" Made by gen-docs from the program's tables.\n");
    buf_printf(out, ".TH %s 1 \"\" \"sriovd " SRIOV_VERSION "\" \"sriovd manual\"\n.nh\n", title);
    roff_section(out, "NAME");
    buf_printf(out, "%s \\- %s\n", name, about);
}

/* Every program has these two, and sriovctl(1) tells of them. */
static bool is_told_elsewhere(const struct program *p, const struct verb *v)
{
    return p != &program_sriovctl && (v == &verb_help || v == &verb_version);
}

static void synopsis(struct buf *out, const struct program *p)
{
    roff_section(out, "SYNOPSIS");
    for (const struct verb *const *v = p->verbs; *v; v++) {
        if (is_told_elsewhere(p, *v))
            continue;
        buf_printf(out, "\\fB%s\\fR [OPTIONS] ", p->name);
        roff_text(out, (*v)->synopsis);
        buf_add_str(out, "\n.br\n");
    }
}

static void description(struct buf *out)
{
    roff_section(out, "DESCRIPTION");
    roff_paragraph(
        out, "sriovctl shows and changes the virtual functions (VFs) of devices with SR-IOV, and "
             "the physical functions (PFs) they belong to. It needs no daemon.");
    roff_paragraph(
        out, "A PF is named by its netdev, an altname of it, its PCI address (0000:01:00.0 or "
             "01:00.0) or its MAC. A VF is the PF with its number behind a slash (enp1s0/3; "
             "several as enp1s0/0-3 or enp1s0/0,2-4), or its own PCI address or netdev.");
    roff_paragraph(
        out, "Every change is planned first, refused if it would hurt somebody who uses a VF, "
             "written to a journal, made, read back, and undone if something fails. What is "
             "right already is not written.");
    roff_paragraph(
        out, "Options may stand before or after the verb; \"--\" ends them. Neither verbs nor "
             "options can be shortened.");
}

static void attributes(struct buf *out)
{
    roff_section(out, "ATTRIBUTES");
    roff_paragraph(out, "These are the keys of sriovctl set, of the policy and of the JSON.");
    roff_subsection(out, "Of a VF");
    roff_attributes(out, ATTR_OF_VF);
    roff_subsection(out, "Of a PF");
    roff_attributes(out, ATTR_OF_PF);
}

static void json(struct buf *out)
{
    roff_section(out, "JSON");
    roff_paragraph(
        out, "With --json every verb prints one JSON object (watch one per line), and an error is "
             "one too, on standard output. Field names do not change; a value that the kernel "
             "or the driver does not give is null.");
    roff_subsection(out, "list, and show PF");
    roff_facts(out, gen_json_list);
    roff_subsection(out, "A VF, beside its attributes");
    roff_facts(out, gen_json_vf);
    roff_subsection(out, "plan, apply, create, set, bind, unbind, rollback");
    roff_facts(out, gen_json_change);
    roff_subsection(out, "Errors");
    roff_facts(out, gen_json_error);
}

static void verbs(struct buf *out, const struct program *p)
{
    roff_section(out, "VERBS");
    for (const struct verb *const *v = p->verbs; *v; v++) {
        if (!is_told_elsewhere(p, *v))
            verb(out, p, *v);
    }
}

void gen_man(struct buf *out)
{
    head(out, "SRIOVCTL", "sriovctl", "show and change SR\\-IOV virtual functions");
    synopsis(out, &program_sriovctl);
    description(out);
    roff_section(out, "OPTIONS OF EVERY VERB");
    options(out, global_options);
    verbs(out, &program_sriovctl);
    attributes(out);
    roff_section(out, "DISRUPTION");
    roff_paragraph(out, "What a step of a plan does to whoever uses the device:");
    roff_facts(out, gen_disruptions);
    json(out);
    roff_section(out, "EXIT STATUS");
    roff_facts(out, gen_codes);
    roff_section(out, "FILES");
    roff_facts(out, gen_files);
    roff_section(out, "ENVIRONMENT");
    roff_facts(out, gen_environment);
    roff_section(out, "SEE ALSO");
    buf_add_str(out, ".BR sriovctl-vm (1),\n.BR sriovctl-bench (1),\n.BR sriovd-policy (5),\n"
                     ".BR ip-link (8),\n.BR lspci (8)\n");
}

/* The page of a program that does `v` of sriovctl. What holds for all verbs is in sriovctl(1). */
static void page(struct buf *out, const struct program *p, const struct verb *v, const char *title,
                 const char *name)
{
    head(out, title, name, p->about);
    synopsis(out, p);
    roff_section(out, "DESCRIPTION");
    roff_paragraph(out, v->details[0]); /* the others lead here */
    verbs(out, p);
    roff_section(out, "EXIT STATUS");
    roff_facts(out, gen_codes);
    roff_section(out, "SEE ALSO");
    roff_paragraph(out, "The options of every verb, the names of PFs and VFs, the attributes, and "
                        "the JSON of errors are in");
    buf_add_str(out, ".BR sriovctl (1).\n");
}

void gen_man_vm(struct buf *out)
{
    page(out, &program_vm, &verb_vm, "SRIOVCTL\\-VM", "sriovctl\\-vm");
}

void gen_man_bench(struct buf *out)
{
    page(out, &program_bench, &verb_bench, "SRIOVCTL\\-BENCH", "sriovctl\\-bench");
}
