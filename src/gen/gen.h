/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The generator of man pages, completions and reference: it runs while building, and prints the
 * tables of the programs. Nothing of it is in them.
 */
#ifndef GEN_GEN_H
#define GEN_GEN_H

#include "cli/help.h"
#include "cli/program.h"
#include "cli/text.h"

/* A verb as it is typed behind "sriovctl": "list", "vm attach". */
struct gen_verb {
    char name[48];
    const char *leader; /* "vm"; NULL: none */
    bool leads;         /* verbs of its own follow in the list, with it as their leader */
    const struct verb *verb;
};

struct gen_verbs {
    struct gen_verb items[128];
    size_t count;
};

/* programs.c: those of sriovctl, and of the programs that it becomes. */
void gen_all_verbs(struct gen_verbs *ret);

/* The program with verbs of its own that does a verb of sriovctl; NULL: sriovctl does. */
const struct program *gen_program_of(const struct verb *v);

/* One row of a table of names and meanings; the last has name NULL. */
struct fact {
    const char *name;
    const char *text;
};

/* facts.c */
extern const struct fact gen_codes[]; /* exit status */
extern const struct fact gen_files[];
extern const struct fact gen_environment[];
extern const struct fact gen_disruptions[];
extern const struct fact gen_json_list[]; /* fields of list --json, beside the VF's attributes */
extern const struct fact gen_json_vf[];
extern const struct fact gen_json_change[]; /* of plan, apply and the changing verbs */
extern const struct fact gen_json_error[];
extern const char gen_policy_example[];

/* "on, off", "0 to 4094", "auto, enable, disable": what an attribute can be set to. */
void gen_range(const struct attr *row, struct buf *ret);

/* The words an attribute takes, for completions; NULL if it takes no words. Ends at word NULL. */
const struct attr_word *gen_words(const struct attr *row);

/* One generator each. */
void gen_man(struct buf *out);
void gen_man_vm(struct buf *out);
void gen_man_bench(struct buf *out);
void gen_man_policy(struct buf *out);
void gen_man_daemon(struct buf *out);
void gen_man_conf(struct buf *out);
void gen_bash(struct buf *out);
void gen_zsh(struct buf *out);
void gen_fish(struct buf *out);
void gen_reference(struct buf *out);
void gen_kb(struct buf *out);
void gen_api(struct buf *out);
void gen_openapi(struct buf *out);

/* roff.c */
void roff_text(struct buf *out, const char *text);      /* escaped, no newline */
void roff_paragraph(struct buf *out, const char *text); /* .PP and the text */
void roff_item(struct buf *out, const char *term, const char *text);
void roff_section(struct buf *out, const char *title);
void roff_subsection(struct buf *out, const char *title);
void roff_code(struct buf *out, const char *text); /* verbatim */
void roff_facts(struct buf *out, const struct fact *facts);
void roff_attributes(struct buf *out, enum attr_scope scope);

#endif
