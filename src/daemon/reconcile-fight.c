/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Two that set the same PF. When repairs do not hold they are given up, and the likely other is
 * named by his configuration files. These are read on the reading thread.
 */
#include <stdio.h>

#include "daemon/reconcile.h"
#include "doctor/libvirt.h"
#include "doctor/managers.h"

#define POOLS "/etc/libvirt/qemu/networks"
#define NAMES_ROOM 500

struct fight {
    struct reconcile *reconcile;
    struct look *look; /* has the PF */
    const struct pf *pf;
    char label[32];
    struct buf what;  /* keeps changing */
    struct buf names; /* of the others and their files */
};

static void fight_free(struct fight *f)
{
    look_unref(f->look);
    buf_done(&f->what);
    buf_done(&f->names);
    free(f);
}

/* ---- on the reading thread ---- */

static void name(struct fight *f, const char *owner, const char *path, unsigned line,
                 const char *text)
{
    if (f->names.len > NAMES_ROOM)
        return;
    buf_printf(&f->names, "%s%s (%s", f->names.len > 0 ? ", " : "", owner, path);
    if (line > 0)
        buf_printf(&f->names, ":%u: %s", line, text);
    buf_add_char(&f->names, ')');
}

static void name_managers(struct fight *f, struct backend *b)
{
    struct manager_files files = { 0 };
    struct managers found = { 0 };

    if (manager_files_read(b, &files) >= 0)
        managers_find(&files, f->pf, &found);
    for (size_t i = 0; i < found.count; i++) {
        const struct manager *m = &found.items[i];
        if (!str_eq(m->owner, "sriovd"))
            name(f, m->owner, m->path, m->line, m->text);
    }
    managers_done(&found);
    manager_files_done(&files);
}

static bool pool_is_of(const struct vm_pool *pool, const struct pf *pf)
{
    if (pf->name[0] && str_eq(pool->pf, pf->name))
        return true;
    for (size_t i = 0; i < pf->n_vfs; i++) {
        if (pf->vfs[i].pci[0] && strv_has(&pool->addresses, pf->vfs[i].pci))
            return true;
    }
    return false;
}

/* libvirt sets MAC, VLAN and driver of the VFs that its pools give to guests. */
static void name_pools(struct fight *f, struct backend *b)
{
    _cleanup_strv_ struct strv names = STRV_INIT;

    b->ops->list_dir(b, POOLS, &names);
    for (size_t i = 0; i < names.count; i++) {
        _cleanup_free_ char *text = NULL;
        struct vm_pool pool = { 0 };
        char path[256];

        snprintf(path, sizeof(path), POOLS "/%s", names.items[i]);
        if (!str_ends(path, ".xml") || b->ops->read_file(b, path, &text) < 0)
            continue;
        if (vm_pool_parse(text, &pool) >= 0 && pool_is_of(&pool, f->pf))
            name(f, "a pool of libvirt", path, 0, NULL);
        vm_pool_done(&pool);
    }
}

static void search(void *userdata, struct session *s)
{
    struct fight *f = userdata;

    name_managers(f, s->backend);
    name_pools(f, s->backend);
}

/* ---- on the loop ---- */

static void found(void *userdata)
{
    struct fight *f = userdata;
    struct reconcile *r = f->reconcile;
    _cleanup_buf_ struct buf text = BUF_INIT;

    buf_printf(&text,
               "repairs do not hold and are given up until the policy is loaded again (%s); ",
               f->what.data ? f->what.data : "");
    if (f->names.len > 0)
        buf_printf(&text, "it is also configured by %s", f->names.data);
    else
        buf_add_str(&text, "no file of another manager that we know names it");
    if (buf_ok(&text) == 0)
        feed_tell(r->d->feed, &(struct record){ RECORD_FIGHT, LEVEL_ERROR, f->label, text.data });
    fight_free(f);
}

void fight_tell(struct care *c)
{
    struct reconcile *r = c->reconcile;
    struct fight *f = calloc(1, sizeof(*f));

    if (!f)
        return;
    f->reconcile = r;
    f->look = look_ref(r->look);
    f->pf = c->goal->pf;
    STR_SET(f->label, c->label);
    drift_text(&c->drift, c->label, &f->what);
    if (reader_run(r->d->reader, search, found, f) < 0)
        fight_free(f);
}
