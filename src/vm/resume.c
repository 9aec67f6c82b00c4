/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl vm resume: gives a VM VFs of this host for those that it gave up to migrate.
 */
#include <errno.h>

#include "vm/away.h"
#include "vm/uptake.h"
#include "vm/verb.h"

static const struct option_row options[] = {
    { "timeout", 0, OPTION_NUMBER, OPTION(timeout), "SECONDS",
      .help = "how long the guest may take to start each VF; 30 if left out" },
    { "connect", 'c', OPTION_TEXT, OPTION(connect), "URI",
      .help = "the libvirt that has it; qemu:///system if left out", .here = true },
    OPTIONS_CHOICE,
    { NULL },
};

/* One VF that came back, and how long it took. */
struct arrival {
    struct plugged plugged;
    const struct away *away;
    double plug_seconds, total_seconds; /* until libvirt had attached it; until the guest works */
    bool works;
};

static void print_line(struct app *a, const struct domain *d, const struct arrival *v)
{
    buf_printf(&a->out, "%s %s %s plugged after %.1f s", v->plugged.label, v->plugged.pci,
               domain_name(d), v->plug_seconds);
    if (v->works)
        buf_printf(&a->out, ", in use by the guest after %.1f s", v->total_seconds);
    buf_add_char(&a->out, '\n');
}

static void put_json(struct json_writer *w, const struct arrival *v)
{
    json_object(w, NULL);
    json_str(w, "object", v->plugged.label);
    json_str(w, "pci", v->plugged.pci);
    json_str(w, "alias", v->plugged.alias);
    json_str(w, "standby", *v->away->partner ? v->away->partner : NULL);
    json_i64(w, "plugged_ms", (int64_t)(v->plug_seconds * 1000));
    if (v->works)
        json_i64(w, "works_ms", (int64_t)(v->total_seconds * 1000));
    else
        json_null(w, "works_ms");
    json_end(w);
}

static void print(struct app *a, const struct domain *d, const struct arrival *all, size_t count)
{
    if (!a->options.json) {
        for (size_t i = 0; i < count; i++)
            print_line(a, d, &all[i]);
        return;
    }
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    json_str(&w, "domain", domain_name(d));
    json_array(&w, "vfs");
    for (size_t i = 0; i < count; i++)
        put_json(&w, &all[i]);
    json_end(&w);
    json_end(&w);
    buf_add_char(&a->out, '\n');
}

static int arrive(struct app *a, struct domain *d, const struct away *w, const char *word,
                  struct arrival *ret)
{
    double begun = uptake_clock();
    int r = away_bring_back(a, d, w, word, &ret->plugged);
    if (r < 0)
        return r;
    ret->away = w;
    ret->plug_seconds = uptake_clock() - begun;
    ret->works = uptake_wait(a, d, &ret->plugged);
    ret->total_seconds = uptake_clock() - begun;
    return 0;
}

static int read_notes(struct app *a, struct domain *d, struct away ret[AWAY_MAX], size_t *ret_count)
{
    _cleanup_free_ char *xml = NULL;
    struct vm vm;
    int r = domain_xml(d, DOMAIN_LIVE, &xml, &a->error);
    if (r < 0)
        return r;
    if (vm_parse(xml, &vm) < 0)
        return error_no_memory(&a->error);
    *ret_count = away_list(&vm, ret);
    vm_done(&vm);
    if (*ret_count > 0)
        return 0;
    r = error_set(&a->error, SRIOV_USAGE, 0, domain_name(d), "has no VF that is to come back");
    error_remedy(&a->error, "sriovctl vm prepare-migration notes them; sriovctl vm attach gives it "
                            "another one");
    return r;
}

/* What was brought back stays, whatever becomes of the next one. */
static int resume(struct app *a, struct domain *d, const char *word)
{
    struct away notes[AWAY_MAX];
    struct arrival all[AWAY_MAX];
    size_t count, done = 0;
    int r = read_notes(a, d, notes, &count);
    if (r >= 0 && word && count > 1) {
        r = error_set(&a->error, SRIOV_USAGE, 0, word, "is one VF, and %zu are to come back",
                      count);
        error_remedy(&a->error, "say where they come from: --pool, --pf");
    }
    for (; r >= 0 && done < count; done += r >= 0)
        r = arrive(a, d, &notes[done], word, &all[done]);
    if (r >= 0 || !a->options.json)
        print(a, d, all, done);
    return r;
}

static int run_resume(struct app *a)
{
    _cleanup_domain_ struct domain *d = NULL;
    int r = uptake_check_timeout(a);
    if (r >= 0)
        r = lending_recover(a);
    if (r >= 0)
        r = domain_open(a->options.connect, a->args[0], &d, &a->error);
    if (r < 0)
        return r;
    if (!domain_is_running(d)) {
        r = error_set(&a->error, SRIOV_USAGE, 0, domain_name(d), "does not run");
        error_remedy(&a->error, "what was noted for it is gone: sriovctl vm attach --config gives "
                                "it a VF for its next start");
        return r;
    }
    return resume(a, d, a->n_args > 1 ? a->args[1] : NULL);
}

const struct verb verb_vm_resume = {
    .name = "resume",
    .synopsis = "resume DOMAIN [PF/N|PCI]",
    .help = "give a VM its VFs again after a migration",
    .details =
        (const char *const[]){
            "Plugs VFs of this host in place of those that vm prepare-migration took away, with the same MAC, VLAN and "
            "other settings, and behind the same stand-by; then waits until the guest's driver has started each, as far as "
            "the host can see, and says how long it took. The VF is named, or chosen by --pool, --pf and the like.",
            "A VF pins all memory of the VM again: libvirt raises the limit for that by itself, and a balloon gives "
            "nothing back from then on.",
            "With --json: for each VF the milliseconds until it was plugged and until the guest worked with it.",
            NULL,
        },
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .flags = VERB_LENDS | VERB_HERE,
    .words = { WORD_DOMAIN, WORD_TARGET, WORD_NONE },
    .examples =
        (const struct example[]){
            { "resume web1 enp1s0/2", "VF 2 of the target, with the settings it had" },
            { "resume web1 --pool fast", "any VF of the pool" },
            { NULL, NULL },
        },
    .run = run_resume,
};
