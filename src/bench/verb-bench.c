/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovctl bench PF: the verb. It looks at the machine, measures, and writes the report; or draws
 * the report of an earlier run again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "bench/bench.h"
#include "bench/measure.h"
#include "bench/output.h"
#include "core/target.h"

#define REPEAT_DEFAULT 5
#define SECONDS_DEFAULT 5
#define SECONDS_MAX 600
#define STREAMS_MAX 128
#define REPORT_LIMIT (4 << 20)

static const struct option_row options[] = {
    { "path", 'p', OPTION_WORDS, OPTION(paths), "PATH",
      .help = "vf, macvtap, bridge, vm-vf=ADDRESS or vm-virtio=ADDRESS; may be given more than "
              "once; the first three if left out" },
    { "repeat", 0, OPTION_NUMBER, OPTION(repeat), "N",
      .help = "how often each is measured; 5 if left out" },
    { "seconds", 0, OPTION_NUMBER, OPTION(seconds), "S",
      .help = "how long one measurement takes, each of three; 5 if left out" },
    { "streams", 0, OPTION_NUMBER, OPTION(streams), "N",
      .help = "how many TCP connections at a time; 1 if left out" },
    { "to", 0, OPTION_TEXT, OPTION(to), "ADDRESS",
      .help = "the other end is this machine, on which `iperf3 -s` runs, not another VF" },
    { "address", 'a', OPTION_WORDS, OPTION(addresses), "CIDR",
      .help = "our address in the network of the machine that --to names, or of the guests; for "
              "guests it may be given more than once" },
    { "output", 'o', OPTION_TEXT, OPTION(output), "DIR|FILE", .here = true,
      .help = "write the report there: a file ending in .md, .html, .svg or .json, or all four "
              "into a folder" },
    { "from", 0, OPTION_TEXT, OPTION(from), "FILE", .here = true,
      .help = "measure nothing; draw the report of an earlier run's JSON" },
    { NULL },
};

static int usage(struct app *a, const char *object, const char *what, const char *remedy)
{
    int r = error_set(&a->error, SRIOV_USAGE, 0, object, "%s", what);
    error_remedy(&a->error, "%s", remedy);
    return r;
}

/* ---- what is asked for ---- */

static int read_number(struct app *a, const char *name, uint64_t given, uint64_t otherwise,
                       uint64_t max, unsigned *ret)
{
    if (given > max)
        return error_set(&a->error, SRIOV_USAGE, ERANGE, name, "is more than %llu",
                         (unsigned long long)max);
    *ret = (unsigned)(given > 0 ? given : otherwise);
    return 0;
}

static int choose_paths(struct app *a, struct chosen_path *ret, size_t *ret_count)
{
    const struct words *words = &a->options.paths;
    size_t n = 0;
    int r = 0;
    if (words->count > PATHS_MAX)
        return usage(a, "--path", "is given too often", "measure at most 8 paths at a time");
    for (size_t i = 0; i < words->count && r >= 0; i++)
        r = path_choose(a, words->items[i], &ret[n++]);
    for (const struct path *p = bench_paths; p->name && words->count == 0; p++) {
        if (!p->by_choice)
            ret[n++] = (struct chosen_path){ .path = p };
    }
    *ret_count = n;
    return r;
}

/* Who is at the other end, and which of the two needs an address from outside. */
static int check_ends(struct app *a, const struct chosen_path *paths, size_t count)
{
    const struct options *o = &a->options;
    bool guests = false;
    for (size_t i = 0; i < count; i++)
        guests |= paths[i].path->is_guest;
    if (guests && o->to)
        return usage(a, "--to", "and a path to a guest do not go together",
                     "a guest is measured from a VF of this host: leave out --to");
    if ((guests || o->to) && o->addresses.count == 0)
        return usage(a, "--address", "is missing",
                     "give a free address of that network, as in --address 192.0.2.1/24");
    if (o->to && o->addresses.count > 1)
        return usage(a, "--address", "is given too often", "one address goes with --to");
    return 0;
}

/* The head of the report, as far as it is known before anything is measured. */
static void describe(const struct app *a, const struct chosen_path *paths, struct bench_report *r)
{
    for (size_t i = 0; i < r->n_paths; i++) {
        const struct path *p = paths[i].path;
        STR_SET(r->paths[i].name, p->name);
        snprintf(r->paths[i].about, sizeof(r->paths[i].about), "%s%s%s", p->about,
                 p->is_guest ? ", at " : "", paths[i].address);
    }
    snprintf(r->peer, sizeof(r->peer), "%.80s", a->options.to ? a->options.to : "another VF of it");
    r->when = time(NULL);
}

static int read_request(struct app *a, struct measurement *m, struct chosen_path *paths)
{
    const struct options *o = &a->options;
    struct bench_report *report = &m->report;
    size_t n = 0;
    int r = choose_paths(a, paths, &n);
    if (r >= 0)
        r = check_ends(a, paths, n);
    if (r >= 0)
        r = read_number(a, "--repeat", o->repeat, REPEAT_DEFAULT, RUNS_MAX, &report->repeat);
    if (r >= 0)
        r = read_number(a, "--seconds", o->seconds, SECONDS_DEFAULT, SECONDS_MAX, &report->seconds);
    if (r >= 0)
        r = read_number(a, "--streams", o->streams, 1, STREAMS_MAX, &report->streams);
    if (r < 0)
        return r;
    report->n_paths = n;
    describe(a, paths, report);
    m->paths = paths;
    m->site.app = a;
    m->site.here = o->to ? o->addresses.items[0] : ADDRESS_HERE;
    m->site.to = o->to ? o->to : ADDRESS_PEER;
    return 0;
}

/* ---- the machine ---- */

static int find_pf(struct app *a, const struct pf **ret)
{
    struct target t = { 0 };
    int r = session_snapshot(&a->session, &a->error);
    if (r >= 0)
        r = target_find(a->session.snapshot, a->args[0], &t, &a->error);
    if (r < 0)
        return r;
    *ret = t.pf;
    bool has_vfs = t.has_vfs;
    target_done(&t);
    return has_vfs ? usage(a, a->args[0], "is a VF", "name its PF") : 0;
}

static int check_pf(struct app *a, const struct pf *pf)
{
    const char *label = pf_label(pf);
    int r;
    if (pf->ifindex == 0)
        return error_set(&a->error, SRIOV_UNSUPPORTED, 0, label, "has no netdev");
    if (pf->attrs.value[SRIOV_LINK])
        return 0;
    r = error_set(&a->error, SRIOV_FAILED, ENETDOWN, label, "is down, and so are its VFs");
    error_remedy(&a->error, "sriovctl set %s link=up", label);
    return r;
}

/* An address on the PF's own netdev: somebody talks through it. */
static int find_pf_address(struct app *a, const struct pf *pf, char *ret, size_t size)
{
    _cleanup_(rtnl_addresses_done) struct rtnl_addresses all = { 0 };
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    struct backend *b = a->session.backend;
    rtnl_request_addresses_of(&request, pf->ifindex);
    int r = buf_ok(&request);
    if (r >= 0)
        r = b->ops->nl_query(b, NETLINK_ROUTE, request.data, &answer, NULL);
    if (r >= 0)
        r = rtnl_parse_addresses(&answer, &all);
    if (r < 0)
        return error_set(&a->error, error_code_of(-r), -r, pf_label(pf),
                         "cannot read its addresses");
    for (size_t i = 0; i < all.count; i++) {
        const struct rtnl_address *address = &all.items[i];
        if (address->ifindex == pf->ifindex && !address->link_local_v6)
            snprintf(ret, size, "address %s", address->text);
    }
    return 0;
}

/* Who would miss it. Holders of a PF are those that its VFs' removal would hurt, so not everybody
 * who uses it. */
static int find_pf_user(struct app *a, const struct pf *pf, char *ret, size_t size)
{
    char text[HOLDER_TEXT_SIZE];
    int r = session_holders(&a->session, &a->error);
    for (size_t i = 0; r >= 0 && i < a->session.holders.count; i++) {
        const struct holder *h = &a->session.holders.items[i];
        if (h->vf != HOLDER_OF_PF || !str_eq(h->pf, pf->key))
            continue;
        holder_text(h, text);
        snprintf(ret, size, "%s", text);
        return 0;
    }
    return r < 0 ? r : find_pf_address(a, pf, ret, size);
}

static int survey(struct app *a, struct measurement *m)
{
    const struct pf *pf = NULL;
    int r = find_pf(a, &pf);
    if (r >= 0)
        r = check_pf(a, pf);
    if (r >= 0)
        r = find_pf_user(a, pf, m->site.pf_user, sizeof(m->site.pf_user));
    if (r < 0)
        return r;
    STR_SET(m->site.pf, pf->key);
    STR_SET(m->site.label, pf_label(pf));
    STR_SET(m->report.pf, pf_label(pf));
    m->site.pf_ifindex = pf->ifindex;
    scenery_read(a, pf, &m->scenery);
    m->site.pf_mtu = m->scenery.pf_mtu;
    STR_SET(m->site.vf_driver, m->scenery.vf_driver);
    m->report.emulated = m->scenery.is_emulated;
    return 0;
}

/* ---- measuring ---- */

static int open_peer(struct app *a, struct measurement *m)
{
    struct choose_wish wish = { .numa = -1 };
    const struct words *extra = &a->options.addresses;
    const char *addresses[1 + OPTION_WORDS_MAX] = { ADDRESS_PEER };
    for (size_t i = 0; i < extra->count; i++)
        addresses[1 + i] = extra->items[i];
    if (a->options.to)
        return 0;
    STR_SET(wish.pf, m->site.pf);
    STR_SET(wish.driver, m->site.vf_driver);
    int r = endpoint_open(a, &m->site.peer);
    if (r >= 0)
        r = endpoint_lease(a, &m->site.peer, &wish, true);
    return r < 0 ? r : endpoint_configure(a, &m->site.peer, addresses, 1 + extra->count);
}

static int close_peer(struct app *a, struct measurement *m, int r)
{
    struct sriov_error why = a->error;
    int back = endpoint_return(a, &m->site.peer);
    endpoint_done(&m->site.peer);
    if (back < 0)
        return back;
    a->error = why;
    return r;
}

static int measure(struct app *a, struct measurement *m)
{
    int r = lending_recover(a);
    if (r >= 0)
        r = survey(a, m);
    if (r >= 0)
        r = measure_find_programs(m);
    if (r < 0)
        return r;
    r = open_peer(a, m);
    if (r >= 0)
        r = measure_all(m);
    r = close_peer(a, m, r);
    if (r < 0)
        return r;
    if (settings_add(&m->scenery, &m->report.settings) < 0 ||
        advice_add(&m->scenery, &m->report, &m->report.advice) < 0)
        return error_no_memory(&a->error);
    return 0;
}

static bool has_runs(const struct bench_report *r)
{
    for (size_t i = 0; i < r->n_paths; i++) {
        if (r->paths[i].n_runs > 0)
            return true;
    }
    return false;
}

static int measure_and_report(struct app *a)
{
    struct measurement m = { .site.peer = ENDPOINT_INIT };
    struct chosen_path paths[PATHS_MAX] = { 0 };
    int r = output_check(a);
    if (r >= 0)
        r = read_request(a, &m, paths);
    if (r >= 0)
        r = interrupt_hold(&m.interrupt);
    if (r >= 0) {
        r = measure(a, &m);
        if (r == -EINTR)
            app_note(a, "interrupted; everything was put back");
        interrupt_release(&m.interrupt);
        if (r >= 0)
            r = output_write(a, &m.report);
        if (r >= 0 && !has_runs(&m.report))
            a->status = SRIOV_FAILED;
    }
    bench_report_done(&m.report);
    return r;
}

static int draw_again(struct app *a)
{
    _cleanup_(bench_report_done) struct bench_report report = { 0 };
    _cleanup_free_ char *text = NULL;
    const char *file = a->options.from;
    size_t len = 0;
    int r = file_read_at(AT_FDCWD, file, REPORT_LIMIT, &text, &len);
    if (r < 0)
        return error_set(&a->error, r == -EACCES ? SRIOV_NOT_PERMITTED : SRIOV_FAILED, -r, file,
                         "cannot be read");
    r = bench_report_read(text, len, file, &report, &a->error);
    return r < 0 ? r : output_write(a, &report);
}

static int run_bench(struct app *a)
{
    if (a->options.from && a->n_args > 0)
        return usage(a, "--from", "measures nothing, and a PF is named", "leave out one of them");
    if (!a->options.from && a->n_args == 0)
        return usage(a, "bench", "no PF is named", "usage: sriovctl bench PF, or --from FILE");
    if (a->options.from)
        return draw_again(a);
    if (geteuid() != 0) {
        error_set(&a->error, SRIOV_NOT_PERMITTED, EPERM, "bench",
                  "changes the machine, and you are not root");
        error_remedy(&a->error, "run it with sudo");
        return -EPERM;
    }
    return measure_and_report(a);
}

const struct verb verb_measure = {
    .name = "bench",
    .synopsis = "bench PF | bench --from FILE",
    .help = "measure VF, macvtap, bridge and virtio side by side",
    .details =
        (const char *const[]){
            "Measures throughput both ways (iperf3), latency (ping) and what it costs of the processors over each "
            "path, in rounds, and writes a report: medians with their spread, a picture, the settings of the host "
            "that matter, and what to change.",
            "The other end is another VF of the PF in a network namespace of its own. vf, macvtap and bridge are "
            "made for each measurement and are gone after it, also if it is killed; VFs are leased meanwhile. "
            "bridge takes all that comes in over the PF, so it is left out if somebody uses the PF's own netdev.",
            "Guests are measured as they are: run `iperf3 -s` in one and give its address. A path that cannot be "
            "measured is left out, and the report says why.",
            NULL,
        },
    .options = options,
    .max_args = 1,
    .flags = VERB_HERE,
    .words = { WORD_PF, WORD_NONE },
    .examples =
        (const struct example[]){
            { "bench enp1s0 --output report/", "the first three paths, all forms of the report" },
            { "bench enp1s0 --path vf --path vm-vf=192.0.2.10 --path vm-virtio=192.0.2.11 --address 192.0.2.1/24",
              "two guests against a namespace" },
            { "bench enp1s0 --to 192.0.2.7 --address 192.0.2.1/24", "to another machine" },
            { "bench --from report/report.json -o report.html", "the same once more as a page" },
            { NULL, NULL },
        },
    .run = run_bench,
};
