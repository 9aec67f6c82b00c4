/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plan and its outcome, for people and as JSON. Arrows are "->": the output goes to serial
 * consoles and log files too.
 */
#include "cli/plan-text.h"

#include <stdio.h>

#include "base/table.h"

static const char *const headings[] = { "#", "OBJECT", "ACTION", "FROM", "TO", "DISRUPTION" };

void plan_action(const struct step *step, char ret[ACTION_SIZE])
{
    switch (step->kind) {
    case STEP_REMOVE_VFS:
        str_copy(ret, ACTION_SIZE, "remove VFs");
        break;
    case STEP_CREATE_VFS:
        str_copy(ret, ACTION_SIZE, "create VFs");
        break;
    case STEP_WRITE_PARAMETER:
        str_copy(ret, ACTION_SIZE, "write module parameter");
        break;
    case STEP_RELOAD_DRIVER:
        str_copy(ret, ACTION_SIZE, "reload driver");
        break;
    case STEP_BIND:
        str_copy(ret, ACTION_SIZE, str_eq(step->to, DRIVER_NONE) ? "unbind" : "bind");
        break;
    default:
        snprintf(ret, ACTION_SIZE, "set %s", attr_row(step->attr)->name);
    }
}

static void add_step(struct table *t, const struct plan *p, size_t i)
{
    const struct step *step = &p->steps[i];
    char number[24], object[OBJECT_SIZE], action[ACTION_SIZE];
    snprintf(number, sizeof(number), "%zu", i + 1);
    step_object(p, step, object);
    plan_action(step, action);
    table_add(t, (const char *[]){ number, object, action, step->from, step->to,
                                   disruption_name(step->disruption) });
}

static int print_steps(struct app *a, const struct plan *p)
{
    _cleanup_(table_done) struct table t = { 0 };
    table_init(&t, headings, ELEMENTS(headings));
    for (size_t i = 0; i < p->n_steps; i++)
        add_step(&t, p, i);
    return table_print(&t, &a->out, a->colour) < 0 ? error_no_memory(&a->error) : 0;
}

#define VICTIM_SIZE (OBJECT_SIZE + HOLDER_TEXT_SIZE + 2)

/* "enp1s0/2: qemu-system-x86 (pid 812, "web1") through vfio" */
static void victim_text(const struct plan *p, const struct holder *h, char ret[VICTIM_SIZE])
{
    char object[OBJECT_SIZE], text[HOLDER_TEXT_SIZE];
    STR_SET(object, h->pf);
    for (size_t i = 0; i < p->snapshot->n_pfs; i++) {
        const struct pf *pf = &p->snapshot->pfs[i];
        if (!str_eq(pf->key, h->pf))
            continue;
        STR_SET(object, pf_label(pf));
        if (h->vf >= 0)
            vf_label(pf, (unsigned)h->vf, object);
    }
    holder_text(h, text);
    snprintf(ret, VICTIM_SIZE, "%s: %s", object, text);
    text_make_plain(ret);
}

void plan_note_victims(struct app *a, const struct plan *p, const struct holders *victims,
                       const char *intro)
{
    for (size_t i = 0; i < victims->count; i++) {
        char text[VICTIM_SIZE];
        victim_text(p, &victims->items[i], text);
        app_note(a, "%s: %s", intro, text);
    }
}

static void print_sum(struct app *a, const struct plan *p, const struct holders *victims)
{
    buf_printf(&a->out, "%zu step%s, worst disruption: %s\n", p->n_steps,
               p->n_steps == 1 ? "" : "s", disruption_name(plan_disruption(p)));
    if (victims->count > 0)
        buf_add_str(&a->out,
                    "apply would refuse this, because somebody would be hurt; --force goes on\n");
}

static void json(struct app *a, const struct plan *p, const struct holders *victims,
                 const struct apply_result *result)
{
    struct json_writer w = JSON_WRITER(&a->out);
    json_object(&w, NULL);
    if (result) {
        json_u64(&w, "transaction", (uint64_t)result->transaction);
        json_u64(&w, "changed", result->changed);
    }
    plan_json(p, victims, &w);
    json_end(&w);
    buf_add_char(&a->out, '\n');
}

int plan_print(struct app *a, const struct plan *p, const struct holders *victims)
{
    if (a->options.json) {
        json(a, p, victims, NULL);
        return 0;
    }
    int r = p->n_steps > 0 ? print_steps(a, p) : 0;
    if (r < 0)
        return r;
    for (size_t i = 0; i < victims->count; i++) {
        char text[VICTIM_SIZE];
        victim_text(p, &victims->items[i], text);
        buf_printf(&a->out, "in use: %s\n", text);
    }
    for (size_t i = 0; i < p->remarks.count; i++)
        buf_printf(&a->out, "note: %s\n", p->remarks.items[i]);
    if (p->n_steps > 0)
        print_sum(a, p, victims);
    else
        buf_add_str(&a->out, "nothing to do\n");
    return 0;
}

static void print_done(struct app *a, const struct plan *p)
{
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct step *step = &p->steps[i];
        if (step->state != STEP_DONE)
            continue;
        char object[OBJECT_SIZE], action[ACTION_SIZE];
        step_object(p, step, object);
        plan_action(step, action);
        buf_printf(&a->out, "%s: %s %s -> %s\n", object, action, step->from, step->to);
    }
}

int plan_print_result(struct app *a, const struct plan *p, const struct holders *victims,
                      const struct apply_result *result)
{
    if (a->options.json) {
        json(a, p, victims, result);
        return 0;
    }
    for (size_t i = 0; i < p->remarks.count; i++)
        app_note(a, "%s", p->remarks.items[i]);
    if (a->options.quiet)
        return 0;
    print_done(a, p);
    if (result->transaction == 0)
        buf_add_str(&a->out, "nothing to do\n");
    else
        buf_printf(&a->out, "applied transaction %lld: %zu change%s\n",
                   (long long)result->transaction, result->changed,
                   result->changed == 1 ? "" : "s");
    return 0;
}
