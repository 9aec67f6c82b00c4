/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl host prepare: the boot configuration as SR-IOV needs it (boot/boot.h), as a diff first.
 * The firmware of Mellanox cards is no file: it is a command in the list, and nothing takes it
 * back.
 */
#include <errno.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "boot/boot.h"
#include "cli/host.h"
#include "core/target.h"

#define MELLANOX 0x15b3

/* What a request points to. */
struct request_texts {
    struct utsname system;
    char state_dir[256];
};

static enum boot_cpu this_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    if (__builtin_cpu_is("intel"))
        return BOOT_CPU_INTEL;
    return __builtin_cpu_is("amd") ? BOOT_CPU_AMD : BOOT_CPU_UNKNOWN;
#else
    return BOOT_CPU_OTHER;
#endif
}

/* An image carries its own journal, so that it can be undone wherever it is mounted next. */
static int choose_state_dir(struct app *a, const char *root, char *ret, size_t size)
{
    const char *given = a->options.state_dir;
    bool image = !given && !str_eq(root, "/");
    int n = snprintf(ret, size, "%s%s", image ? root : "", given ? given : STATE_DIR_DEFAULT);
    if (n < 0 || (size_t)n >= size)
        return error_set(&a->error, SRIOV_USAGE, 0, root, "is too long");
    return 0;
}

static int make_request(struct app *a, struct request_texts *texts, struct boot_request *ret)
{
    const struct options *o = &a->options;
    struct boot_request q = {
        .root = o->root ? o->root : "/",
        .cpu = BOOT_CPU_UNKNOWN,
        .iommu = o->iommu > 0 ? (enum boot_iommu)(o->iommu - 1) : BOOT_IOMMU_ON,
        .vfio = !o->no_vfio,
        .vfio_ids = o->vfio_ids,
        .hugepages = o->hugepages.items,
        .hugepages_count = o->hugepages.count,
    };
    int r = choose_state_dir(a, q.root, texts->state_dir, sizeof(texts->state_dir));
    if (r < 0)
        return r;
    q.state_dir = texts->state_dir;
    if (str_eq(q.root, "/") && uname(&texts->system) == 0) {
        q.release = texts->system.release;
        q.cpu = this_cpu();
    }
    *ret = q;
    return 0;
}

static int check_options(struct app *a)
{
    const struct options *o = &a->options;
    bool writes = (o->apply || o->undo) && !o->dry_run;
    if (o->apply && o->undo)
        return error_set(&a->error, SRIOV_USAGE, 0, "--undo", "not together with --apply");
    if (o->root && o->firmware_vfs > 0)
        return error_set(&a->error, SRIOV_USAGE, 0, "--firmware-vfs",
                         "is about cards of this machine, not of the system in %.80s", o->root);
    if (!writes || o->root || geteuid() == 0)
        return 0;
    int r = error_set(&a->error, SRIOV_NOT_PERMITTED, EPERM, "host prepare",
                      "changes the machine, and you are not root");
    error_remedy(&a->error, "run it with sudo");
    return r;
}

/* ---- firmware ---- */

/* The system's own folders only, as for every program that is run. */
static bool has_mstconfig(void)
{
    return access("/usr/bin/mstconfig", X_OK) == 0 || access("/usr/sbin/mstconfig", X_OK) == 0;
}

/* The firmware's limit is what the card shows as its total after the next boot. */
static int add_firmware(struct app *a, const struct pf *pf, struct boot_plan *plan)
{
    char vfs[48];
    snprintf(vfs, sizeof(vfs), "NUM_OF_VFS=%llu", (unsigned long long)a->options.firmware_vfs);
    const char *const argv[] = {
        "mstconfig", "-y", "-d", pf->key, "set", "SRIOV_EN=1", vfs, NULL,
    };
    if (pf->total_vfs == a->options.firmware_vfs)
        return 0;
    plan->reboot = true;
    return boot_plan_add_command(plan, argv) < 0 ? error_no_memory(&a->error) : 0;
}

/* Into `plan`, or into `by_hand` if the program is not installed. */
static int plan_firmware(struct app *a, struct boot_plan *plan, struct boot_plan *by_hand)
{
    size_t found = 0;
    if (a->options.firmware_vfs == 0)
        return 0;
    int r = session_snapshot(&a->session, &a->error);
    if (r < 0)
        return r;
    const struct snapshot *s = a->session.snapshot;
    const struct pf *only = a->options.pf ? target_find_pf(s, a->options.pf) : NULL;
    for (size_t i = 0; i < s->n_pfs && r >= 0; i++) {
        if (s->pfs[i].vendor != MELLANOX || (a->options.pf && only != &s->pfs[i]))
            continue;
        found++;
        r = add_firmware(a, &s->pfs[i], has_mstconfig() ? plan : by_hand);
    }
    if (r < 0 || found > 0)
        return r;
    error_set(&a->error, SRIOV_NO_DEVICE, 0, a->options.pf ? a->options.pf : "--firmware-vfs",
              "no PF of a Mellanox card%s", a->options.pf ? " by this name" : " here");
    error_remedy(&a->error,
                 "a card whose firmware has SR-IOV off shows no PF: name it to "
                 "mstconfig -d PCI set SRIOV_EN=1 NUM_OF_VFS=%llu",
                 (unsigned long long)a->options.firmware_vfs);
    return -ENODEV;
}

/* ---- output ---- */

static int add_commands_json(struct json_writer *w, const char *key, const struct boot_commands *c)
{
    int r = 0;
    json_array(w, key);
    for (size_t i = 0; i < c->count && r >= 0; i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        boot_command_text(&c->items[i].argv, &text);
        json_str(w, NULL, text.data);
        r = buf_ok(&text);
    }
    json_end(w);
    return r;
}

static int add_file_json(struct json_writer *w, const struct boot_file *f)
{
    _cleanup_buf_ struct buf diff = BUF_INIT;
    int r = boot_diff(f, &diff);
    json_object(w, NULL);
    json_str(w, "path", f->path);
    json_str(w, "change", !f->before ? "create" : !f->after ? "remove" : "edit");
    json_str(w, "diff", diff.data);
    json_end(w);
    return r;
}

static int print_json(struct app *a, const struct boot_plan *p, const struct boot_plan *by_hand,
                      bool done)
{
    struct json_writer w = JSON_WRITER(&a->out);
    int r = 0;
    json_object(&w, NULL);
    json_array(&w, "files");
    for (size_t i = 0; i < p->files_count && r >= 0; i++)
        r = add_file_json(&w, &p->files[i]);
    json_end(&w);
    if (r >= 0)
        r = add_commands_json(&w, "commands", &p->commands);
    if (r >= 0)
        r = add_commands_json(&w, "by_hand", &by_hand->commands);
    json_array(&w, "unnecessary");
    for (size_t i = 0; i < p->needless_count; i++) {
        json_object(&w, NULL);
        json_str(&w, "parameter", p->needless[i].parameter);
        json_str(&w, "why", p->needless[i].why);
        json_end(&w);
    }
    json_end(&w);
    json_bool(&w, "reboot", p->reboot);
    json_bool(&w, "applied", done);
    json_end(&w);
    buf_add_char(&a->out, '\n');
    return r < 0 ? error_no_memory(&a->error) : 0;
}

static void add_commands(struct app *a, const char *word, const struct boot_commands *c)
{
    for (size_t i = 0; i < c->count; i++) {
        buf_printf(&a->out, "%s: ", word);
        boot_command_text(&c->items[i].argv, &a->out);
        buf_add_char(&a->out, '\n');
    }
}

/* Behind the diff, so that `patch` reads what stands here as the rest of no hunk. */
static int print_text(struct app *a, const struct boot_plan *p, const struct boot_plan *by_hand,
                      bool done)
{
    bool runs = done && !a->options.root;
    for (size_t i = 0; i < p->files_count; i++) {
        if (boot_diff(&p->files[i], &a->out) < 0)
            return error_no_memory(&a->error);
    }
    add_commands(a, runs ? "done" : "run", &p->commands);
    add_commands(a, "by hand, with mstflint installed", &by_hand->commands);
    for (size_t i = 0; i < p->needless_count; i++)
        buf_printf(&a->out, "not needed: %s: %s\n", p->needless[i].parameter, p->needless[i].why);
    if (p->files_count + p->commands.count + by_hand->commands.count == 0)
        buf_add_str(&a->out, "nothing to do\n");
    return 0;
}

static void tell_what_next(struct app *a, const struct boot_plan *p, bool done)
{
    bool any = p->files_count > 0 || p->commands.count > 0;
    if (p->interrupted && !done)
        app_note(a,
                 "an earlier --apply was interrupted; --apply finishes it, --undo takes it back");
    if (any && !done)
        app_note(a, "nothing is changed yet; --%s does it", a->options.undo ? "undo" : "apply");
    if (any && done && p->reboot)
        app_note(a, "it takes effect with the next boot");
}

static int print(struct app *a, const struct boot_plan *p, const struct boot_plan *by_hand,
                 bool done)
{
    int r = a->options.json ? print_json(a, p, by_hand, done) : print_text(a, p, by_hand, done);
    if (r >= 0)
        tell_what_next(a, p, done);
    return r;
}

int host_prepare(struct app *a)
{
    _cleanup_(boot_plan_done) struct boot_plan plan = { 0 }, by_hand = { 0 };
    struct request_texts texts;
    struct boot_request q;
    bool undo = a->options.undo, does = (a->options.apply || undo) && !a->options.dry_run;
    int r = check_options(a);
    if (r >= 0)
        r = make_request(a, &texts, &q);
    if (r >= 0)
        r = undo ? boot_undo_plan(&q, &plan, &a->error) : boot_plan_make(&q, &plan, &a->error);
    if (r >= 0 && !undo)
        r = plan_firmware(a, &plan, &by_hand);
    if (r >= 0 && does)
        r = undo ? boot_undo(&q, &a->error) : boot_apply(&q, &plan, &a->error);
    return r < 0 ? r : print(a, &plan, &by_hand, does);
}
