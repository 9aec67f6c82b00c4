/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl run: a command with a VF of its own. The child makes the network namespace and waits;
 * the VF is leased in its name and delivered; then it executes the command. This process stays in
 * its own namespace, waits, and takes the VF back.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "cli/child.h"
#include "cli/lending.h"
#include "cli/link.h"
#include "kernel/enter.h"

#define LOOPBACK 1 /* its ifindex in every namespace */

static const struct option_row options[] = {
    { "vf", 0, OPTION_TEXT, OPTION(vf), "PF/N|PCI", .help = "this VF" },
    OPTIONS_CHOICE,
    { "as", 0, OPTION_TEXT, OPTION(as), "IFNAME",
      .help = "the netdev's name for the command; its own if left out" },
    { "address", 'a', OPTION_WORDS, OPTION(addresses), "CIDR",
      .help = "an address for the netdev; may be given more than once" },
    { "owner", 'o', OPTION_TEXT, OPTION(owner), "NAME",
      .help = "who has the VF meanwhile; the command's name if left out" },
    OPTION_CLEAN,
    { NULL },
};

struct job {
    struct lending lending;
    const char *const *argv;
    struct child child;
    struct lease lease;
    int netns; /* -1: not open */
    bool leased;
};

static void job_done(struct job *j)
{
    child_done(&j->child);
    lease_done(&j->lease);
    close_p(&j->netns);
}

/* ---- the namespace ---- */

static int refuse_address(struct app *a, const char *address, const char *why)
{
    int r = error_set(&a->error, SRIOV_USAGE, 0, address, "%s", why);
    error_remedy(&a->error, "write it with its prefix, as in 192.0.2.1/24 or 2001:db8::1/64");
    return r;
}

/* Loopback up, and the addresses. */
static int configure(struct app *a, struct backend *b, int ifindex)
{
    const struct words *addresses = &a->options.addresses;
    struct nl_ack acks[1 + OPTION_WORDS_MAX] = { 0 };
    _cleanup_buf_ struct buf batch = BUF_INIT;
    rtnl_change_up(&batch, LOOPBACK, true);
    for (size_t i = 0; i < addresses->count; i++) {
        if (rtnl_add_address(&batch, ifindex, addresses->items[i]) < 0)
            return refuse_address(a, addresses->items[i], "is no address");
    }
    int r = buf_ok(&batch);
    if (r >= 0)
        r = b->ops->nl_change(b, NETLINK_ROUTE, &batch, acks, 1 + addresses->count);
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, "", "cannot prepare the namespace");
    for (size_t i = 0; i <= addresses->count; i++) {
        if (acks[i].error == 0)
            continue;
        r = error_set(&a->error, SRIOV_FAILED, -acks[i].error,
                      i == 0 ? "lo" : addresses->items[i - 1], "cannot be set");
        error_kernel(&a->error, acks[i].text);
        return r;
    }
    return 0;
}

static int prepare_namespace(struct app *a, struct job *j)
{
    _cleanup_(backend_free_p) struct backend *inside = NULL;
    struct rtnl_link link = { 0 };
    int r = backend_in_netns(j->netns, &inside);
    if (r >= 0 && *j->lease.ifname)
        r = link_find(inside, j->lease.ifname, &link);
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, j->lease.ifname,
                         "is not in the command's namespace");
    if (link.ifindex == 0 && a->options.addresses.count > 0)
        return refuse_address(a, a->options.addresses.items[0],
                              "the VF has no netdev to put it on");
    return configure(a, inside, link.ifindex);
}

/* ---- the command ---- */

static int read_owner(struct app *a, const char *command, struct lease_owner *ret)
{
    const char *name = a->options.owner ? a->options.owner : str_base_name(command);
    if (!STR_SET(ret->name, name) || !str_is_plain(name, sizeof(ret->name) - 1))
        return error_set(&a->error, SRIOV_USAGE, 0, "--owner",
                         "is empty, too long, or no plain text");
    return 0;
}

/* Words before "--" are settings, those behind it the command. */
static int read_words(struct app *a, struct job *j)
{
    if (a->n_args == a->n_plain) {
        int r = error_set(&a->error, SRIOV_USAGE, 0, a->verb->name, "there is no command");
        error_remedy(&a->error, "usage: sriovctl %s", a->verb->synopsis);
        return r;
    }
    j->argv = a->args + a->n_plain; /* NULL behind the last: app_start saw to it */
    int r = lending_read(a, a->options.vf, a->args, a->n_plain, &j->lending);
    return r < 0 ? r : read_owner(a, j->argv[0], &j->lending.request.owner);
}

static int start_child(struct app *a, struct job *j)
{
    struct lease_owner *owner = &j->lending.request.owner;
    char path[40];
    int r = child_start(j->argv, &j->child);
    if (r < 0)
        return error_set(&a->error, error_code_of(-r), -r, "", "cannot make a network namespace");
    owner->pid = j->child.pid;
    snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)owner->pid);
    r = netns_open(path, &j->netns, NULL);
    if (r < 0)
        return error_set(&a->error, SRIOV_FAILED, -r, path, "cannot open the command's namespace");
    /* The namespace lives as long as we have it open, and the VF is brought home out of it. Under
     * the child's own path nobody would find it once the child has ended. */
    snprintf(owner->netns, sizeof(owner->netns), "/proc/%d/fd/%d", (int)getpid(), j->netns);
    return owner_identify(owner, &a->error);
}

static int deliver(struct app *a, struct job *j)
{
    j->lending.request.netns = j->netns;
    j->lending.request.ifname = a->options.as;
    j->lending.request.flags |= ASSIGN_UP;
    int r = lending_acquire(a, &j->lending, &j->lease);
    j->leased = r >= 0;
    return r < 0 ? r : prepare_namespace(a, j);
}

static int execute(struct app *a, struct job *j)
{
    int r = child_run(&j->child, &a->status);
    return r < 0 ? error_set(&a->error, SRIOV_FAILED, -r, j->argv[0], "cannot be executed") : 0;
}

static int give_back(struct app *a, struct job *j)
{
    const struct release_request request = { .state_dir = lending_dir(a),
                                             .owner = j->lease.owner.name };
    const struct vf_place place = lease_place(&j->lease);
    struct sriov_error error = { 0 };
    int r = assign_release(a->session.backend, &place, &request, NULL, &error);
    if (r < 0) {
        a->error = error;
        a->status = 0;
    }
    return r;
}

static int run_run(struct app *a)
{
    _cleanup_(job_done) struct job j = { .child = CHILD_INIT, .netns = -1 };
    int r = lending_recover(a);
    if (r >= 0)
        r = read_words(a, &j);
    if (r >= 0)
        r = start_child(a, &j);
    if (r >= 0)
        r = deliver(a, &j);
    if (r >= 0)
        r = execute(a, &j);
    int back = j.leased ? give_back(a, &j) : 0;
    return back < 0 ? back : r;
}

const struct verb verb_run = {
    .name = "run",
    .synopsis = "run [KEY=VALUE...] -- COMMAND [ARGUMENT...]",
    .help = "run a command with a VF of its own",
    .details =
        (const char *const[]){
            "Leases a VF and runs COMMAND in a new network namespace that has nothing but it and the loopback, "
            "both up. When the command ends the VF is put back as it was. Which VF is said by --vf, or by what "
            "it must be; settings come before the --, the command behind it.",
            "The exit status is the command's, or 128 and the number of the signal that killed it; 127 if it was "
            "not found, 126 if it cannot be executed. SIGTERM, SIGINT, SIGHUP and SIGQUIT are passed on. If "
            "sriovctl itself is killed, the command is, too, and the next command takes the VF back.",
            NULL,
        },
    .options = options,
    .max_args = ANY_NUMBER,
    .flags = VERB_LENDS | VERB_SETS | VERB_HERE,
    .words = { WORD_VF_SETTING, WORD_VF_SETTING, WORD_VF_SETTING },
    .examples =
        (const struct example[]){
            { "run --vf enp1s0/3 --address 192.0.2.1/24 -- ping 192.0.2.2", "ping from VF 3" },
            { "run --pool fast --as eth0 vlan=100 -- ./server", "a server on any VF of the pool" },
            { NULL, NULL },
        },
    .run = run_run,
};
