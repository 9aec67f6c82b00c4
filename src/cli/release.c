/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl release: ends leases.
 */
#include <errno.h>

#include "cli/lending.h"
#include "core/lease-json.h"
#include "core/target.h"

static const struct option_row options[] = {
    { "owner", 'o', OPTION_TEXT, OPTION(owner), "NAME",
      .help = "only if this owner has it; else it is refused" },
    { NULL },
};

/* Of the leases there are, those that are meant. */
struct chosen {
    struct lease *items;
    size_t count;
    bool *meant;
};

static void chosen_done(struct chosen *c)
{
    leases_free(c->items, c->count);
    free(c->meant);
}

static size_t mark_place(struct chosen *c, const char *pf, unsigned vf)
{
    size_t marked = 0;
    for (size_t i = 0; i < c->count; i++)
        marked += c->meant[i] = c->items[i].vf == vf && str_eq(c->items[i].pf, pf);
    return marked;
}

static size_t mark_owner(struct chosen *c, const char *name)
{
    size_t marked = 0;
    for (size_t i = 0; i < c->count; i++)
        marked += c->meant[i] = str_eq(c->items[i].owner.name, name);
    return marked;
}

/* A VF that is gone may have a lease all the same. */
static size_t mark_gone(struct app *a, struct chosen *c, const char *word)
{
    const char *slash = strrchr(word, '/');
    char key[64];
    uint64_t vf;
    if (!slash || str_to_u64(slash + 1, MAX_VFS, &vf) < 0)
        return 0;
    const struct pf *pf = target_find_pf(a->session.snapshot, word);
    snprintf(key, sizeof(key), "%.*s", (int)(slash - word), word);
    return mark_place(c, pf ? pf->key : key, (unsigned)vf);
}

static int mark(struct app *a, struct chosen *c, const char *word)
{
    struct vf_place place;
    int r = lending_find(a, word, &place);
    if (r >= 0 && mark_place(c, place.pf, place.index) > 0)
        return 0;
    if (mark_owner(c, word) > 0 || (a->session.snapshot && mark_gone(a, c, word) > 0))
        return 0;
    if (r < 0 && a->error.code == SRIOV_USAGE)
        return r;
    error_set(&a->error, SRIOV_NO_DEVICE, 0, word, "%s",
              r < 0 ? "is no VF here, and no owner of a lease" : "is not leased");
    error_remedy(&a->error, "`sriovctl leases` shows who has which");
    return -ENOENT;
}

static int check_owner(struct app *a, const struct chosen *c)
{
    const char *owner = a->options.owner;
    for (size_t i = 0; owner && i < c->count; i++) {
        char label[OBJECT_SIZE];
        if (!c->meant[i] || str_eq(c->items[i].owner.name, owner))
            continue;
        lease_label(&c->items[i], a->session.snapshot, label);
        error_set(&a->error, SRIOV_IN_USE, 0, label, "is leased to %s, not to %.64s",
                  c->items[i].owner.name, owner);
        error_remedy(&a->error, "without --owner it is taken from whoever has it");
        return -EBUSY;
    }
    return 0;
}

/* Somebody who names an owner may not think of all the containers that a runtime gave VFs to. */
static int check_containers(struct app *a, const struct chosen *c)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += c->meant[i] && c->items[i].owner.container[0] &&
                 str_eq(c->items[i].owner.name, a->args[0]);
    if (count == 0 || a->options.yes)
        return 0;
    int r = error_set(&a->error, SRIOV_USAGE, 0, a->args[0],
                      "has the VFs of %zu container%s, which may be running", count,
                      count == 1 ? "" : "s");
    error_remedy(&a->error, "name one VF, or give --yes to take all of them");
    return r;
}

static int find_chosen(struct app *a, struct chosen *c)
{
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = lease_list(lending_dir(a), &c->items, &c->count, &a->error);
    if (r < 0)
        return r;
    c->meant = calloc(c->count + 1, sizeof(*c->meant));
    if (!c->meant)
        return error_no_memory(&a->error);
    r = mark(a, c, a->args[0]);
    if (r >= 0)
        r = check_owner(a, c);
    return r < 0 ? r : check_containers(a, c);
}

static int release_one(struct app *a, const struct lease *l)
{
    const struct release_request request = { .state_dir = lending_dir(a),
                                             .owner = a->options.owner };
    const struct vf_place place = lease_place(l);
    int r = session_backend(&a->session, &a->error);
    return r < 0 ? r : assign_release(a->session.backend, &place, &request, NULL, &a->error);
}

/* One that fails does not keep the others; the first error is told. */
static int release_all(struct app *a, const struct chosen *c)
{
    struct sriov_error first = { 0 };
    struct json_writer w = JSON_WRITER(&a->out);
    int result = 0;
    if (a->options.json) {
        json_object(&w, NULL);
        json_array(&w, "released");
    }
    for (size_t i = 0; i < c->count; i++) {
        char label[OBJECT_SIZE];
        int r = c->meant[i] ? release_one(a, &c->items[i]) : 0;
        if (r < 0 && result == 0) {
            result = r;
            first = a->error;
        }
        lease_label(&c->items[i], a->session.snapshot, label);
        if (c->meant[i] && r >= 0 && a->options.json)
            json_str(&w, NULL, label);
        else if (c->meant[i] && r >= 0)
            buf_printf(&a->out, "%s is free\n", label);
    }
    if (a->options.json) {
        json_end(&w);
        json_end(&w);
        buf_add_char(&a->out, '\n');
    }
    a->error = first;
    return result;
}

/* Recovery comes last: it may take back what is meant here, which is no less of a release. */
static int run_release(struct app *a)
{
    _cleanup_(chosen_done) struct chosen c = { 0 };
    int r = find_chosen(a, &c);
    if (r < 0)
        return r;
    r = release_all(a, &c);
    if (r < 0) {
        struct sriov_error error = a->error;
        app_flush(a);
        a->error = error;
        return r;
    }
    return lending_recover(a);
}

const struct verb verb_release = {
    .name = "release",
    .synopsis = "release PF/N|PCI|OWNER",
    .help = "take a VF back, as it was",
    .details =
        (const char *const[]){
            "Ends the lease of a VF, or all leases of an owner: finds the netdev wherever it is by now, brings it "
            "home, and puts back everything that acquire wrote down: settings, both addresses, name, alternative "
            "names, MTU, driver, up or down. If that fails the lease stays, and release can be tried again.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .flags = VERB_LENDS,
    .words = { WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "release enp1s0/3", "take VF 3 back" },
            { "release web1", "take back all that web1 has" },
            { "release enp1s0/3 --owner web1", "only if web1 has it" },
            { NULL, NULL },
        },
    .run = run_release,
};
