/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl doctor: why SR-IOV does not work here, and what to do about it.
 */
#include <errno.h>
#include <stdio.h>

#include "base/table.h"
#include "cli/diagnosis.h"
#include "cli/text.h"
#include "doctor/acs.h"

/* ---- --list and --explain ---- */

static void list_json(struct app *a)
{
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_array(&w, "checks");
    for (size_t i = 0; i < AREA_COUNT; i++) {
        for (const struct check *c = doctor_areas[i]->checks; c->id; c++) {
            char needs[120];
            check_needs_text(c->needs, needs, sizeof(needs));
            json_object(&w, NULL);
            json_str(&w, "id", c->id);
            json_str(&w, "area", doctor_areas[i]->name);
            json_str(&w, "title", c->title);
            json_str(&w, "needs", *needs ? needs : NULL);
            json_end(&w);
        }
    }
    json_end(&w);
    json_end(&w);
    buf_add_char(&a->out, '\n');
}

static int list(struct app *a)
{
    if (a->options.json) {
        list_json(a);
        return 0;
    }
    for (size_t i = 0; i < AREA_COUNT; i++) {
        buf_printf(&a->out, a->colour ? "%s\033[1m%s\033[0m\n" : "%s%s\n", i > 0 ? "\n" : "",
                   doctor_areas[i]->title);
        for (const struct check *c = doctor_areas[i]->checks; c->id; c++)
            buf_printf(&a->out, "  %-26s  %s\n", c->id, c->title);
    }
    return 0;
}

static int find_check(struct app *a, const char *id, const struct check **ret)
{
    const char *nearest;
    *ret = check_find(id, &nearest);
    if (*ret)
        return 0;
    int r = error_set(&a->error, SRIOV_USAGE, 0, id, "there is no such check");
    if (nearest)
        error_remedy(&a->error, "did you mean %s?", nearest);
    else
        error_remedy(&a->error, "sriovctl doctor --list shows them");
    return r;
}

static int explain(struct app *a)
{
    const struct check *c;
    int r = find_check(a, a->options.explain, &c);
    if (r < 0)
        return r;
    const char *page = kb_page(c->id);
    if (!page)
        return error_set(&a->error, SRIOV_FAILED, 0, c->id, "the knowledge base has no page on it");
    if (!a->options.json) {
        buf_add_str(&a->out, page);
        return 0;
    }
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_str(&w, "id", c->id);
    json_str(&w, "title", c->title);
    json_str(&w, "page", page);
    json_end(&w);
    buf_add_char(&a->out, '\n');
    return 0;
}

/* ---- --groups ---- */

struct group_row {
    const struct pci_device *device;
    const struct pci_group *group;
    int computed; /* the kernel's number of the group's first device */
};

static void groups_json(struct app *a, const struct group_row *rows, size_t count)
{
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_array(&w, "groups");
    for (size_t i = 0; i < count; i++) {
        const struct group_row *row = &rows[i];
        json_object(&w, NULL);
        json_str(&w, "pci", row->device->address);
        json_i64(&w, "kernel", row->device->iommu_group);
        json_i64(&w, "computed", row->computed);
        json_str(&w, "first", row->group->first ? row->group->first->address : NULL);
        json_str(&w, "breaker", row->group->breaker ? row->group->breaker->address : NULL);
        json_str(&w, "why", row->group->why);
        json_end(&w);
    }
    json_end(&w);
    json_end(&w);
    buf_add_char(&a->out, '\n');
}

static int groups_text(struct app *a, const struct group_row *rows, size_t count)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, (const char *[]){ "PCI", "GROUP", "WITH", "BECAUSE OF", "WHICH" }, 5);
    for (size_t i = 0; i < count; i++) {
        const struct group_row *row = &rows[i];
        const struct pci_device *breaker = row->group->breaker;
        char number[NUMBER_SIZE];
        bool alone = !row->group->first || row->group->first == row->device;
        table_add(&t, (const char *[]){ row->device->address,
                                        text_number(row->device->iommu_group, number),
                                        alone ? NULL : row->group->first->address,
                                        breaker ? breaker->address : NULL, row->group->why });
    }
    return table_print(&t, &a->out, a->colour);
}

static int groups(struct app *a)
{
    _cleanup_(pci_tree_done) struct pci_tree tree = { 0 };
    _cleanup_free_ struct pci_group *found = NULL;
    int r = session_backend(&a->session, &a->error);
    if (r < 0)
        return r;
    r = pci_tree_read(a->session.backend, &tree);
    if (r >= 0)
        r = acs_groups(&tree, &found);
    if (r == -ENODATA) {
        error_set(&a->error, SRIOV_NOT_PERMITTED, 0, "", "the PCI config space cannot be read");
        error_remedy(&a->error, "run it as root");
        return r;
    }
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, "", "cannot read the PCI devices");
    _cleanup_free_ struct group_row *rows = calloc(tree.count + 1, sizeof(*rows));
    if (!rows)
        return error_no_memory(&a->error);
    for (size_t i = 0; i < tree.count; i++)
        rows[i] = (struct group_row){ &tree.items[i], &found[i],
                                      found[i].first ? found[i].first->iommu_group : -1 };
    if (a->options.json)
        groups_json(a, rows, tree.count);
    else
        r = groups_text(a, rows, tree.count);
    return r;
}

/* ---- --fix ---- */

#define REMEDY_WORDS 48

/* A remedy as a command line, with the options that say where. */
struct command {
    struct strv words;
    char *argv[REMEDY_WORDS + 1];
    int argc;
};

static void command_done(struct command *c)
{
    strv_done(&c->words);
}

static void add_word(struct command *c, const char *word)
{
    if (c->argc < REMEDY_WORDS)
        c->argv[c->argc++] = (char *)word;
}

static void add_option(struct command *c, const char *option, const char *value)
{
    if (!value)
        return;
    add_word(c, option);
    add_word(c, value);
}

static int make_command(const struct app *a, const char *remedy, struct command *ret)
{
    if (strv_split(&ret->words, remedy, ' ') < 0)
        return -ENOMEM;
    for (size_t i = 0; i < ret->words.count; i++)
        add_word(ret, ret->words.items[i]);
    add_option(ret, "--state-dir", a->options.state_dir);
    add_option(ret, "--sysfs-root", a->options.sysfs_root);
    if (a->options.dry_run)
        add_word(ret, "--dry-run");
    /* The policy that was found to differ is the one to be applied. */
    for (size_t i = 0; str_eq(ret->words.items[1], "apply") && i < a->options.files.count; i++)
        add_option(ret, "-f", a->options.files.items[i]);
    return 0;
}

/* Runs one remedy as if it had been typed. */
static int run_remedy(struct app *a, const char *remedy)
{
    _cleanup_(command_done) struct command command = { 0 };
    struct app other = { 0 };
    if (make_command(a, remedy, &command) < 0)
        return error_no_memory(&a->error);
    int r = app_start(&other, &program_sriovctl, command.argc, command.argv);
    if (r >= 0)
        r = other.verb->run(&other);
    if (r < 0)
        a->error = other.error;
    else if (!a->options.json)
        buf_add(&a->out, other.out.data, other.out.len);
    app_done(&other);
    return r;
}

/* What --fix did, or would not do. */
struct fixes {
    struct json_writer w;
    size_t run, by_hand;
};

static int fix_one(struct app *a, const struct finding *f, struct fixes *fixes)
{
    if (f->fix != FIX_SAFE) {
        app_note(a, "%s: not mended by itself: %s", f->object, f->remedy ? f->remedy : "no remedy");
        fixes->by_hand++;
        return 0;
    }
    if (!a->options.json)
        buf_printf(&a->out, "%s\n", f->remedy);
    int r = run_remedy(a, f->remedy);
    if (r < 0 || !a->options.json)
        return r < 0 ? r : (int)++fixes->run;
    json_object(&fixes->w, NULL);
    json_str(&fixes->w, "object", f->object);
    json_str(&fixes->w, "command", f->remedy);
    json_end(&fixes->w);
    fixes->run++;
    return 0;
}

/* One command may be the remedy of several findings. */
static bool is_run(const struct doctor *d, size_t place)
{
    const struct finding *f = doctor_finding(d, place), *before;
    for (size_t i = 0; i < place; i++) {
        before = doctor_finding(d, i);
        if (before->check == f->check && f->remedy && before->remedy &&
            str_eq(before->remedy, f->remedy))
            return true;
    }
    return false;
}

static int fix_findings(struct app *a, const struct check *c, const struct doctor *d,
                        struct fixes *fixes)
{
    const struct finding *f;
    int r = 0;
    for (size_t i = 0; r >= 0 && (f = doctor_finding(d, i)); i++) {
        if (f->check == c && !is_run(d, i))
            r = fix_one(a, f, fixes);
    }
    return r;
}

static int fix(struct app *a)
{
    struct fixes fixes = { .w = JSON_WRITER(&a->out) };
    struct diagnosis diagnosis = { 0 };
    const struct check *c;
    if (a->options.replay)
        return error_set(&a->error, SRIOV_USAGE, 0, "--fix", "does not work with --replay");
    int r = find_check(a, a->options.fix, &c);
    if (r >= 0)
        r = diagnosis_make(a, a->n_args > 0 ? a->args[0] : NULL, &diagnosis);
    if (r >= 0) {
        if (a->options.json) {
            json_object(&fixes.w, NULL);
            json_array(&fixes.w, "fixed");
        }
        r = fix_findings(a, c, diagnosis.doctor, &fixes);
    }
    diagnosis_done(&diagnosis);
    if (r < 0)
        return r;
    if (a->options.json) {
        json_end(&fixes.w);
        json_u64(&fixes.w, "left", fixes.by_hand);
        json_end(&fixes.w);
        buf_add_char(&a->out, '\n');
    } else if (fixes.run + fixes.by_hand == 0) {
        buf_printf(&a->out, "%s: no such finding; nothing to do\n", c->id);
    }
    a->status = fixes.by_hand > 0 ? SRIOV_FAILED : 0;
    return 0;
}

/* ---- the examination ---- */

static int examine(struct app *a)
{
    struct diagnosis diagnosis = { 0 };
    int r = diagnosis_make(a, a->n_args > 0 ? a->args[0] : NULL, &diagnosis);
    if (r >= 0 && a->options.json) {
        struct json_writer w = JSON_WRITER(&a->out);
        doctor_json(diagnosis.doctor, &w);
        buf_add_char(&a->out, '\n');
    } else if (r >= 0) {
        diagnosis_text(a, &diagnosis);
    }
    if (r >= 0 && doctor_has_errors(diagnosis.doctor))
        a->status = SRIOV_FAILED;
    diagnosis_done(&diagnosis);
    return r;
}

static int run_doctor(struct app *a)
{
    if (a->options.list)
        return list(a);
    if (a->options.explain)
        return explain(a);
    if (a->options.groups)
        return groups(a);
    return a->options.fix ? fix(a) : examine(a);
}

static const struct option_row options[] = {
    { "list", 0, OPTION_FLAG, OPTION(list), .help = "print the checks" },
    { "explain", 0, OPTION_TEXT, OPTION(explain), "ID",
      .help = "print the page of the knowledge base about a check" },
    { "fix", 0, OPTION_TEXT, OPTION(fix), "ID",
      .help = "run the remedies of this check that take nothing from anybody" },
    { "groups", 0, OPTION_FLAG, OPTION(groups),
      .help = "print the IOMMU group of every PCI device, and which device makes it what it is" },
    OPTION_DRY_RUN,
    OPTION_POLICY_FILES,
    { NULL },
};

const struct verb verb_doctor = {
    .name = "doctor",
    .synopsis = "doctor [PF|PF/N]",
    .help = "find out why SR-IOV does not work here",
    .details =
        (const char *const[]){
            "Looks at firmware, PCI, IOMMU, kernel, drivers, VFs, network, switchdev, VMs and at what was done "
            "so far, and tells for everything that is wrong its cause, the evidence as it was read, and the "
            "command that mends it. What follows from a cause stands under it. It only reads.",
            "What could not be looked at without root, or is not in the capture, is listed. The exit status is 0 "
            "if there is no finding of severity error, 1 otherwise.",
            "--fix runs the remedies of one check as if they had been typed: with the safety gate, the "
            "journal and rollback, and never with --yes or --force. What only a person can do is "
            "told, and the exit status is then 1.",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .flags = VERB_READS,
    .words = { WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "doctor", "examine this host" },
            { "doctor enp1s0/3", "what concerns one VF" },
            { "doctor --explain iommu-disabled", "background on a finding" },
            { "doctor --fix pf-down", "mend it" },
            { "doctor --replay bug.json", "examine another machine from its capture" },
            { NULL, NULL },
        },
    .run = run_doctor,
};
