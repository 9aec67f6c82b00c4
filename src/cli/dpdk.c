/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl dpdk: VFs for a program that drives them by itself, with the memory, the processors and
 * the rights that it needs beside them. Leases and reservation hang on this process, and with
 * --exec the program does, too. Without, they are made to last as the last step of all.
 */
#include <errno.h>
#include <stdio.h>

#include "cli/child.h"
#include "cli/dpdk.h"
#include "kernel/hugepages.h"

#define MEMORY_MIB 512
#define CORES 2 /* one for the program itself, one that polls */
#define MIB_MAX (UINT64_C(1) << 24)
#define CORES_MAX 1024

enum format {
    FORMAT_EAL = 1,
    FORMAT_OVS,
    FORMAT_JSON,
};

static const char *const formats[] = { "eal", "ovs", "json", NULL };

static const struct option_row options[] = {
    OPTIONS_CHOICE,
    { "count", 0, OPTION_NUMBER, OPTION(count), "N",
      .help = "how many VFs, if none is named; 1 if left out" },
    { "cores", 'c', OPTION_NUMBER, OPTION(cores), "N",
      .help = "processors on the VFs' NUMA nodes; 2 if left out" },
    { "memory", 'm', OPTION_NUMBER, OPTION(memory), "MIB",
      .help = "huge pages on each of these nodes, in MiB; 512 if left out" },
    { "user", 'u', OPTION_TEXT, OPTION(user), "NAME",
      .help = "who runs the program; it gets the VFIO groups and the huge pages" },
    { "owner", 'o', OPTION_TEXT, OPTION(owner), "NAME",
      .help = "who has the VFs; the program's name, or dpdk, if left out" },
    { "vf-token", 0, OPTION_TEXT, OPTION(vf_token), "UUID",
      .help = "the token of a PF that is on vfio-pci" },
    { "representors", 0, OPTION_FLAG, OPTION(representors),
      .help =
          "also the VFs' representors; of a PF in switchdev mode that shares itself with DPDK" },
    { "format", 0, OPTION_CHOICE, OPTION(format), "eal|ovs|json", .choices = formats,
      .help = "what to print: arguments for DPDK, commands for Open vSwitch, JSON" },
    { "exec", 0, OPTION_FLAG, OPTION(exec), .help = "run the command behind --" },
    OPTION_CLEAN,
    OPTION_DRY_RUN,
    { NULL },
};

static void dpdk_done(struct dpdk *d)
{
    for (size_t i = 0; i < d->n_ports; i++)
        lease_done(&d->ports[i].lease);
    reservation_done(&d->reservation);
    free(d);
}

DEFINE_CLEANUP(struct dpdk *, dpdk_done)

/* ---- what is asked for ---- */

static int refuse(struct app *a, const char *object, const char *message, const char *remedy)
{
    error_set(&a->error, SRIOV_USAGE, 0, object, "%s", message);
    if (remedy)
        error_remedy(&a->error, "%s", remedy);
    return -EINVAL;
}

static int check_options(struct app *a)
{
    const struct options *o = &a->options;
    bool command = a->n_args > a->n_plain;
    if (command && !o->exec)
        return refuse(a, a->args[a->n_plain], "is a command, and --exec is not given",
                      "sriovctl dpdk VF... --exec -- COMMAND");
    if (o->exec && !command)
        return refuse(a, "--exec", "there is no command", "write it behind --");
    if (o->exec && o->format)
        return refuse(a, "--format", "says what to print, and --exec prints nothing", NULL);
    if (o->cores > CORES_MAX || o->memory > MIB_MAX)
        return refuse(a, o->cores > CORES_MAX ? "--cores" : "--memory", "is too large", NULL);
    if (o->dry_run && (a->n_plain == 0 || strchr(a->args[0], '=')))
        return refuse(a, "--dry-run", "works on VFs that are named",
                      "which VF a wish is met with is known once it is leased");
    return 0;
}

static int read_user(struct app *a, struct dpdk *d)
{
    const char *user = a->options.user;
    int r = user ? account_find(user, &d->account) : 0;
    if (r < 0)
        return error_set(&a->error, SRIOV_USAGE, r == -ENOENT ? 0 : -r, user,
                         "there is no such user");
    if (user && d->account.uid != geteuid())
        d->user = &d->account;
    return 0;
}

static int read_owner(struct app *a, struct dpdk *d)
{
    const char *name = a->options.owner ? a->options.owner
                       : d->command     ? str_base_name(d->command[0])
                                        : "dpdk";
    if (!STR_SET(d->owner.name, name) || !str_is_plain(name, sizeof(d->owner.name) - 1))
        return refuse(a, "--owner", "is empty, too long, or no plain text", NULL);
    d->owner.pid = getpid();
    return owner_identify(&d->owner, &a->error);
}

static int read_words(struct app *a, struct dpdk *d)
{
    int r = check_options(a);
    if (r < 0)
        return r;
    if (a->options.exec)
        d->command = a->args + a->n_plain; /* NULL behind the last: app_start saw to it */
    d->vf_token = a->options.vf_token;
    d->representors = a->options.representors;
    r = read_user(a, d);
    return r < 0 ? r : read_owner(a, d);
}

/* ---- memory, processors, rights ---- */

static uint64_t memory(const struct app *a)
{
    return (a->options.memory ? a->options.memory : MEMORY_MIB) << 20;
}

static int reserve(struct app *a, struct dpdk *d, bool dry_run)
{
    int nodes[RESERVATION_VFS];
    const struct reservation_wish wish = {
        .state_dir = lending_dir(a),
        .owner = &d->owner,
        .nodes = nodes,
        .n_nodes = dpdk_nodes(d, nodes),
        .bytes = memory(a),
        .cores = a->options.cores ? a->options.cores : CORES,
        .uid = d->user ? d->user->uid : 0,
        .gid = d->user ? d->user->gid : 0,
        .dry_run = dry_run,
    };
    reservation_done(&d->reservation);
    int r = reservation_make(a->session.backend, &wish, &d->reservation, &a->error);
    d->reserved = r >= 0 && !dry_run;
    return r;
}

/* VFIO locks all memory that the program lets a VF see, which is counted against a limit of the
 * user. Root is above it. */
static int allow_memlock(struct app *a, const struct dpdk *d)
{
    int nodes[RESERVATION_VFS];
    uint64_t need = memory(a) * dpdk_nodes(d, nodes), limit = 0;
    if (!d->user || !d->command)
        return 0;
    int r = account_allow_memlock(need, &limit);
    if (r >= 0)
        return 0;
    error_set(&a->error, SRIOV_NOT_PERMITTED, -r, d->user->name,
              "may lock %llu KiB of memory, and the VFs need %llu MiB locked",
              (unsigned long long)limit >> 10, (unsigned long long)need >> 20);
    error_remedy(&a->error, "LimitMEMLOCK=infinity in the unit that starts sriovctl, or ulimit -l "
                            "unlimited before it");
    return r;
}

static int give_groups(struct app *a, struct dpdk *d)
{
    int r = 0;
    for (size_t i = 0; d->user && r >= 0 && i < d->n_ports; i++) {
        if (!d->ports[i].bifurcated)
            r = reservation_give_group(a->session.backend, lending_dir(a), &d->reservation,
                                       (unsigned)d->ports[i].group, d->user->uid, &a->error);
    }
    return r;
}

/* ---- what is told ---- */

static bool is_set(const struct lease *l, enum sriov_attr attr, uint64_t value)
{
    const struct attrs *from = attrs_has(&l->want, attr) ? &l->want : &l->before;
    return attrs_has(from, attr) && from->value[attr] == value;
}

/* The VFs of which it is so, in one line: "enp1s0/0, enp1s0/1: trust is off". */
static void warn_of(struct app *a, const struct dpdk *d, enum sriov_attr attr, uint64_t value,
                    const char *what)
{
    _cleanup_buf_ struct buf labels = BUF_INIT;
    for (size_t i = 0; i < d->n_ports; i++) {
        if (is_set(&d->ports[i].lease, attr, value))
            buf_printf(&labels, "%s%s", labels.len > 0 ? ", " : "", d->ports[i].label);
    }
    if (labels.len > 0 && buf_ok(&labels) >= 0)
        app_note(a, "%s: %s", labels.data, what);
}

static void warn_of_settings(struct app *a, const struct dpdk *d)
{
    warn_of(a, d, SRIOV_TRUST, 0,
            "trust is off: the PF may refuse promiscuous mode and another MAC address; trust=on "
            "allows both");
    warn_of(a, d, SRIOV_SPOOFCHK, 1,
            "spoofchk is on: frames from another MAC address than the VF's own are dropped; "
            "spoofchk=off lets them out");
}

static void tell_pages(struct app *a, const struct dpdk *d)
{
    const struct reservation *r = &d->reservation;
    char size[HUGEPAGES_SIZE_TEXT];
    hugepages_size_text(r->page_bytes, size);
    for (size_t i = 0; i < r->n_pages; i++) {
        if (r->pages[i].added > 0)
            app_note(a, "%llu huge pages of %s were added%s", (unsigned long long)r->pages[i].added,
                     size, d->command ? " for as long as it runs" : "");
    }
}

static void tell_what_stays(struct app *a, const struct dpdk *d)
{
    char mount[RESERVATION_PATH_SIZE];
    reservation_mount_point(&d->reservation, mount);
    app_note(a, "leased to %s with %s until `sriovctl release %s`", d->owner.name, mount,
             d->owner.name);
    if (d->user && d->user->uid != 0)
        app_note(a, "%s must be allowed to lock %llu MiB of memory (ulimit -l)", d->user->name,
                 (unsigned long long)(memory(a) * d->reservation.n_pages) >> 20);
}

static void print_line(struct buf *out, const struct strv *words)
{
    for (size_t i = 0; i < words->count; i++)
        buf_printf(out, "%s%s", i > 0 ? " " : "", words->items[i]);
    buf_add_char(out, '\n');
}

static int print(struct app *a, const struct dpdk *d)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    struct json_writer w = JSON_WRITER(&a->out);
    if (d->command ? dpdk_argv(d, d->command, &words) < 0 : dpdk_eal(d, &words) < 0)
        return error_no_memory(&a->error);
    if (a->options.json || a->options.format == FORMAT_JSON) {
        dpdk_json(d, &words, &w);
        buf_add_char(&a->out, '\n');
    } else if (a->options.format == FORMAT_OVS) {
        dpdk_ovs(d, &a->out);
    } else {
        print_line(&a->out, &words);
    }
    return 0;
}

/* ---- doing it ---- */

static int take(struct app *a, struct dpdk *d)
{
    int r = dpdk_lease_ports(a, d);
    if (r >= 0)
        r = reserve(a, d, false);
    if (r >= 0)
        r = give_groups(a, d);
    if (r < 0)
        return r;
    warn_of_settings(a, d);
    tell_pages(a, d);
    return 0;
}

static int give_back(struct app *a, struct dpdk *d)
{
    struct sriov_error error = { 0 };
    int r = d->reserved
                ? reservation_end(a->session.backend, lending_dir(a), &d->reservation, &error)
                : 0;
    int released = dpdk_release_ports(a, d);
    if (r < 0)
        a->error = error;
    return MIN_OF(r, released);
}

/* The error stays that of the failure, unless the undoing failed too. */
static int undo(struct app *a, struct dpdk *d, int failure)
{
    struct sriov_error why = a->error;
    int r = give_back(a, d);
    if (r >= 0)
        a->error = why;
    else
        a->status = 0;
    return r < 0 ? r : failure;
}

/* Another user has other folders for what is there at run time only. */
static int execute(struct app *a, struct dpdk *d)
{
    _cleanup_strv_ struct strv words = STRV_INIT;
    _cleanup_(child_done) struct child child = CHILD_INIT;
    if (dpdk_argv(d, d->command, &words) < 0)
        return error_no_memory(&a->error);
    const char **argv = calloc(words.count + 1, sizeof(*argv));
    if (!argv)
        return error_no_memory(&a->error);
    for (size_t i = 0; i < words.count; i++)
        argv[i] = words.items[i];
    if (d->user)
        unsetenv("XDG_RUNTIME_DIR");
    int r = child_start_as(argv, d->user, &child);
    if (r >= 0)
        r = child_run(&child, &a->status);
    free(argv);
    return r < 0 ? error_set(&a->error, SRIOV_FAILED, -r, d->command[0], "cannot be executed") : 0;
}

static int keep(struct app *a, struct dpdk *d)
{
    struct reservation *r = &d->reservation;
    for (size_t i = 0; i < d->n_ports; i++)
        r->vfs[r->n_vfs++] = lease_place(&d->ports[i].lease);
    int result = reservation_keep(a->session.backend, lending_dir(a), r, &a->error);
    if (result >= 0)
        result = print(a, d);
    if (result >= 0)
        tell_what_stays(a, d);
    return result;
}

static int lend(struct app *a, struct dpdk *d)
{
    int r = take(a, d);
    if (r < 0)
        return undo(a, d, r);
    if (!d->command) {
        r = keep(a, d);
        return r < 0 ? undo(a, d, r) : 0;
    }
    return undo(a, d, execute(a, d));
}

static int run_dpdk(struct app *a)
{
    _cleanup_(dpdk_done_p) struct dpdk *d = calloc(1, sizeof(*d));
    if (!d)
        return error_no_memory(&a->error);
    int r = a->options.dry_run ? 0 : lending_recover(a);
    if (r >= 0)
        r = read_words(a, d);
    if (r >= 0)
        r = dpdk_find_ports(a, d);
    if (r >= 0)
        r = allow_memlock(a, d);
    /* Named VFs have a known place: what cannot be is refused before anything is changed. */
    if (r >= 0 && d->n_ports > 0 && !d->ports[0].lending.by_wish)
        r = reserve(a, d, true);
    if (r < 0)
        return r;
    return a->options.dry_run ? print(a, d) : lend(a, d);
}

const struct verb verb_dpdk = {
    .name = "dpdk",
    .synopsis = "dpdk [PF/N...] [KEY=VALUE...] [--exec -- COMMAND [ARGUMENT...]]",
    .help = "give VFs to a DPDK program, with all that it needs",
    .details =
        (const char *const[]){
            "Leases the VFs, named ones or any that are what the options say, and binds them to vfio-pci; those of "
            "NICs whose kernel driver DPDK shares (mlx5, mlx4) stay on it. Reserves huge pages on the VFs' NUMA "
            "nodes, with a mount of their own, and chooses processors there: isolated ones first, never more than "
            "this process may use, none of another such program as long as there are others. Prints the arguments "
            "for DPDK.",
            "With --exec it runs COMMAND with these arguments in place of the word {eal}, or behind the program's "
            "name if there is no such word. When it ends, all is put back: VFs, number of huge pages, mount, rights. "
            "Exit status and signals are as those of sriovctl run. Without --exec all of that stays until `sriovctl "
            "release` ends the leases.",
            "With --user the program runs as that user, whose the VFIO groups and the huge pages are meanwhile.",
            "Whatever is killed, the next sriovctl command puts back what nobody has any more.",
            NULL,
        },
    .options = options,
    .max_args = ANY_NUMBER,
    .flags = VERB_LENDS | VERB_SETS | VERB_HERE,
    .words = { WORD_TARGET, WORD_TARGET, WORD_VF_SETTING },
    .examples =
        (const struct example[]){
            { "dpdk enp1s0/0-1 --exec -- dpdk-testpmd -- --forward-mode=io",
              "testpmd on two VFs, and everything as before when it ends" },
            { "dpdk enp1s0/0 trust=on --cores 4 --memory 2048 --user alice",
              "a VF, four processors and 2 GiB for alice, and the arguments to start with" },
            { "dpdk --pool fast --count 2 --format ovs", "two VFs of a pool for Open vSwitch" },
            { NULL, NULL },
        },
    .run = run_dpdk,
};
