/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl leases: who has which VF.
 */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/table.h"
#include "cli/lending.h"
#include "cli/text.h"
#include "core/lease-json.h"
#include "core/target.h"

static const struct option_row options[] = {
    { "check", 'c', OPTION_FLAG, OPTION(check),
      .help = "compare each VF with what its lease says it should be" },
    { NULL },
};

static const char *const headings[] = {
    "VF", "OWNER", "PID", "NETNS", "CONTAINER", "NAME", "STATE", "AGE", "DIFFERENCE",
};

struct list {
    struct lease *items;
    size_t count;
    struct target only; /* pf NULL: all */
};

static void list_done(struct list *l)
{
    leases_free(l->items, l->count);
    target_done(&l->only);
}

static bool is_asked_for(const struct list *list, const struct lease *l)
{
    const struct target *t = &list->only;
    if (t->pf && !str_eq(t->pf->key, l->pf))
        return false;
    for (size_t i = 0; i < t->count; i++) {
        if (t->indexes[i] == l->vf)
            return true;
    }
    return !t->has_vfs;
}

/* "" also where it cannot be told, with a note. */
static void find_difference(struct app *a, const struct lease *l, char ret[ASSIGN_DIFFERENCE_SIZE])
{
    ret[0] = '\0';
    if (!a->options.check)
        return;
    int r = session_backend(&a->session, &a->error);
    if (r >= 0)
        r = assign_check(a->session.backend, l, ret, &a->error);
    if (r < 0)
        snprintf(ret, ASSIGN_DIFFERENCE_SIZE, "cannot be told: %.150s", a->error.message);
    a->error = (struct sriov_error){ 0 };
}

/* "12 s", "5 min", "3 h", "40 d" */
#define AGE_SIZE 32
static void age_text(int64_t since, char ret[AGE_SIZE])
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
    int64_t age = MAX_OF(time(NULL) - since, 0);
    size_t i = 0;
    while (i + 1 < ELEMENTS(units) && age < 2 * units[i].seconds)
        i++;
    snprintf(ret, AGE_SIZE, "%lld %s", (long long)(age / units[i].seconds), units[i].name);
}

static void add_row(struct app *a, struct table *t, const struct lease *l)
{
    char label[OBJECT_SIZE], name[16], pid[NUMBER_SIZE], age[AGE_SIZE];
    char difference[ASSIGN_DIFFERENCE_SIZE];
    const struct lease_owner *o = &l->owner;
    lease_label(l, a->session.snapshot, label);
    lease_netdev(l, a->session.snapshot, name);
    STR_SET(age, "-");
    if (l->since > 0)
        age_text(l->since, age);
    find_difference(a, l, difference);
    table_add(t, (const char *[]){
                     label,
                     o->name,
                     text_number(o->pid > 0 ? o->pid : -1, pid),
                     str_starts(o->netns, "/run/netns/") ? str_base_name(o->netns) : o->netns,
                     o->container,
                     name,
                     lease_is_readable(l) ? lease_state_name(l->state) : "-",
                     age,
                     difference,
                 });
}

static int print_table(struct app *a, const struct list *list)
{
    _cleanup_(table_done) struct table t = { 0 };
    size_t shown = 0;
    table_init(&t, headings, ELEMENTS(headings));
    for (size_t i = 0; i < list->count; i++) {
        if (!is_asked_for(list, &list->items[i]))
            continue;
        add_row(a, &t, &list->items[i]);
        shown++;
    }
    if (shown == 0)
        app_note(a, "no VF%s%s is leased", list->only.pf ? " of " : "",
                 list->only.pf ? a->args[0] : "");
    return shown > 0 && table_print(&t, &a->out, a->colour) < 0 ? error_no_memory(&a->error) : 0;
}

static int print_json(struct app *a, const struct list *list)
{
    struct json_writer w = JSON_WRITER(&a->out);
    char difference[ASSIGN_DIFFERENCE_SIZE];
    json_object(&w, NULL);
    json_array(&w, "leases");
    for (size_t i = 0; i < list->count; i++) {
        if (!is_asked_for(list, &list->items[i]))
            continue;
        find_difference(a, &list->items[i], difference);
        lease_json(&list->items[i], a->session.snapshot, a->options.check ? difference : NULL, &w);
    }
    json_end(&w);
    json_end(&w);
    buf_add_char(&a->out, '\n');
    return 0;
}

static int run_leases(struct app *a)
{
    _cleanup_(list_done) struct list list = { 0 };
    int r = geteuid() == 0 ? lending_recover(a) : 0;
    if (r >= 0)
        r = session_snapshot(&a->session, &a->error);
    if (r >= 0 && a->n_args > 0)
        r = target_find(a->session.snapshot, a->args[0], &list.only, &a->error);
    if (r >= 0)
        r = lease_list(lending_dir(a), &list.items, &list.count, &a->error);
    if (r < 0)
        return r;
    return a->options.json ? print_json(a, &list) : print_table(a, &list);
}

const struct verb verb_leases = {
    .name = "leases",
    .synopsis = "leases [PF|PF/N]",
    .help = "list who has which VF",
    .details =
        (const char *const[]){
            "Prints the leases: VF, owner, what the owner's life depends on, the netdev's name where it is now, "
            "and how long ago it was lent. As root it first takes back what owners that are gone have left, and "
            "says so.",
            "State of a lease: taking (the VF is being made what its owner wants), held, returning.",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .words = { WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "leases", "who has what" },
            { "leases enp1s0 --check --json", "and whether the VFs are what they should be" },
            { NULL, NULL },
        },
    .run = run_leases,
};
