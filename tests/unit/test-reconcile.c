/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's judgement, on looks made by hand: when the policy is applied, what is drift, what is
 * mended, when it is tried again and when given up. Jobs are not started but kept here, and end as
 * a test says; so are the records.
 */
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>

#include "core/policy.h"
#include "daemon/reconcile.h"
#include "kernel/events.h"
#include "policy-text.h"

/* ---- what the linker puts in place of the daemon's own ---- */

static struct job_request asked;          /* the last job */
static char *asked_input, asked_for[128]; /* its arguments, each with a blank behind it */
static unsigned jobs, looks_wanted;
static int job_result;
static char said[64][640];
static enum record_kind said_kind[64];
static unsigned n_said;

int __wrap_job_start(struct jobs *j, const struct job_request *q, uint64_t *ret_id);
void __wrap_job_forget(struct jobs *j, uint64_t id);
void __wrap_feed_tell(struct feed *f, const struct record *r);
void __wrap_state_changed(struct state *s);
int __wrap_reader_run(struct reader *r, void (*work)(void *userdata, struct session *s),
                      void (*done)(void *userdata), void *userdata);

int __wrap_job_start(struct jobs *j, const struct job_request *q, uint64_t *ret_id)
{
    if (job_result < 0)
        return job_result;
    asked = *q;
    asked_for[0] = '\0';
    for (const char *const *arg = q->args; *arg; arg++)
        snprintf(asked_for + strlen(asked_for), sizeof(asked_for) - strlen(asked_for), "%s ", *arg);
    free(asked_input);
    asked_input = strndup(q->input, q->input_len);
    *ret_id = ++jobs;
    return 0;
}

void __wrap_job_forget(struct jobs *j, uint64_t id)
{
}

void __wrap_feed_tell(struct feed *f, const struct record *r)
{
    said_kind[n_said % 64] = r->kind;
    snprintf(said[n_said++ % 64], sizeof(said[0]), "%s%s: %s: %s", record_kind_name(r->kind),
             r->is_drift ? " (drift)" : "", r->object ? r->object : "host",
             r->message ? r->message : r->difference->what);
}

void __wrap_state_changed(struct state *s)
{
    looks_wanted++;
}

int __wrap_reader_run(struct reader *r, void (*work)(void *userdata, struct session *s),
                      void (*done)(void *userdata), void *userdata)
{
    done(userdata);
    return 0;
}

/* ---- a machine, a daemon, a policy ---- */

static struct daemon d;
static char folder[] = "/tmp/test-reconcile-XXXXXX", state_dir[PATH_MAX], policy_dir[PATH_MAX];
static struct look *last;
static uint64_t vlans[2], leased;
static const char *pf_driver, *holder;
static bool pf_is_up, pf_is_there, is_busy;

static void write_policy(const char *text)
{
    char path[PATH_MAX + 16];
    FILE *f;

    snprintf(path, sizeof(path), "%s/a.yaml", policy_dir);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void fill_pf(struct pf *pf)
{
    *pf = (struct pf){ .key = "0000:01:00.0", .name = "enp1s0", .ifindex = 2, .total_vfs = 8 };
    STR_SET(pf->handle, "pci/0000:01:00.0");
    STR_SET(pf->driver, pf_driver);
    pf->autoprobe_supported = true;
    attrs_set(&pf->attrs, SRIOV_AUTOPROBE, 1);
    attrs_set(&pf->attrs, SRIOV_LINK, pf_is_up);
    attrs_set(&pf->attrs, SRIOV_NUM_VFS, 2);
    pf->n_vfs = 2;
    pf->vfs = calloc(2, sizeof(*pf->vfs));
    for (unsigned i = 0; i < 2; i++) {
        pf->vfs[i] = (struct vf){ .index = i, .listed = true };
        attrs_set(&pf->vfs[i].attrs, SRIOV_VLAN, vlans[i]);
        attrs_set_text(&pf->vfs[i].attrs, SRIOV_DRIVER, "");
    }
}

static void add_lease(struct look *l)
{
    l->leases = calloc(1, sizeof(*l->leases));
    l->n_leases = 1;
    STR_SET(l->leases[0].pf, "0000:01:00.0");
    STR_SET(l->leases[0].owner.name, "tenant");
    host_boot_id(l->leases[0].boot);
    l->leases[0].vf = (unsigned)leased - 1;
}

static void add_holder(struct look *l)
{
    l->holders.items = calloc(1, sizeof(*l->holders.items));
    l->holders.count = 1;
    l->holders.items[0] = (struct holder){ .kind = HOLDER_ADDRESS, .pf = "0000:01:00.0", .vf = 0 };
    STR_SET(l->holders.items[0].name, holder);
}

/* The machine as it is now goes through reconcile, as the daemon has it. */
static void look(void)
{
    struct look *l = calloc(1, sizeof(*l)), *before = last;

    l->references = 1;
    l->begun = events_now();
    l->snapshot = calloc(1, sizeof(*l->snapshot));
    l->snapshot->pfs = calloc(1, sizeof(struct pf));
    l->snapshot->n_pfs = pf_is_there;
    if (pf_is_there)
        fill_pf(&l->snapshot->pfs[0]);
    if (leased)
        add_lease(l);
    if (holder)
        add_holder(l);
    if (is_busy)
        strv_add(&l->busy, "0000:01:00.0");
    n_said = 0;
    looks_wanted = 0;
    reconcile_looked(d.reconcile, before, l);
    look_unref(before);
    last = l;
}

/* The last job ends so. */
static void end_job(int status, const char *out)
{
    struct job job = { .id = jobs, .status = status };

    buf_add_str(&job.out, out);
    n_said = 0;
    looks_wanted = 0;
    asked.done(asked.userdata, &job);
    buf_done(&job.out);
    assert_int_equal(looks_wanted, 1);
}

static bool has_said(const char *text)
{
    for (unsigned i = 0; i < n_said; i++) {
        if (strstr(said[i], text))
            return true;
    }
    return false;
}

static struct pf_standing standing(void)
{
    struct pf_standing s = { 0 };

    assert_true(reconcile_standing(d.reconcile, 0, &s));
    return s;
}

#define DONE "{\"transaction\":7,\"changed\":2,\"steps\":[]}"
#define NOTHING "{\"transaction\":0,\"changed\":0,\"steps\":[]}"
#define REFUSED                                                                                    \
    "{\"error\":{\"code\":\"in-use\",\"message\":\"in use: enp1s0/0 by web1\",\"kernel\":null,"    \
    "\"remedy\":\"have it released\",\"holders\":[{\"kind\":\"vfio\"}]}}"
#define LOCKED "{\"error\":{\"code\":\"in-use\",\"message\":\"locked\",\"holders\":[]}}"
#define ENTRY "pfs:\n- match: {name: enp1s0}\n  num_vfs: 2\n  vfs: {\"0\": {vlan: 5}}\n"

static int set_up(void **state)
{
    struct sriov_error error = { 0 };
    char path[] = "/tmp/test-reconcile-XXXXXX";

    assert_non_null(mkdtemp(path));
    STR_SET(folder, path);
    snprintf(state_dir, sizeof(state_dir), "%s/state", folder);
    snprintf(policy_dir, sizeof(policy_dir), "%s/policy", folder);
    assert_int_equal(mkdir(policy_dir, 0700), 0);
    d = (struct daemon){ .config = { .policy = policy_dir, .state_dir = state_dir } };
    d.config.repairs_per_minute = 3;
    assert_int_equal(loop_new(&d.loop), 0);
    vlans[0] = vlans[1] = 5;
    leased = 0;
    holder = NULL;
    pf_driver = "igb";
    pf_is_up = pf_is_there = true;
    is_busy = false;
    jobs = n_said = 0;
    job_result = 0;
    write_policy(*state ? *state : ENTRY);
    assert_int_equal(reconcile_new(&d, &d.reconcile, &error), 0);
    return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
    return remove(path);
}

static int tear_down(void **state)
{
    reconcile_free(d.reconcile);
    last = look_unref(last);
    loop_free(d.loop);
    free(asked_input);
    asked_input = NULL;
    return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- when it is applied ---- */

static void test_is_applied_to_a_pf_that_is_new(void **state)
{
    assert_false(reconcile_is_settled(d.reconcile));
    look();
    assert_int_equal(jobs, 1);
    assert_string_equal(asked_for, "apply --pf 0000:01:00.0 -f - --json --quiet ");
    assert_non_null(strstr(asked_input, "\"vlan\":\"5\""));
    assert_false(reconcile_is_settled(d.reconcile));
    look();
    assert_int_equal(jobs, 1); /* one at a time */
    end_job(0, NOTHING);
    assert_true(has_said("apply: enp1s0: is as the policy says"));
    look();
    assert_int_equal(jobs, 1);
    assert_true(reconcile_is_settled(d.reconcile));
    pf_is_there = false;
    look();
    pf_is_there = true;
    look();
    assert_int_equal(jobs, 2);
}

static void test_a_reload_applies_it_again(void **state)
{
    look();
    end_job(0, NOTHING);
    look();
    reconcile_reload(d.reconcile);
    look();
    assert_int_equal(jobs, 2);
    end_job(0, DONE);
    reconcile_policy_load(d.reconcile, false);
    look();
    assert_int_equal(jobs, 2); /* nothing has changed */
    write_policy("pfs:\n- match: {name: enp1s0}\n  num_vfs: 2\n  vfs: {\"0\": {vlan: 6}}\n");
    reconcile_policy_load(d.reconcile, false);
    look();
    assert_int_equal(jobs, 3);
    assert_non_null(strstr(asked_input, "\"vlan\":\"6\""));
}

static void test_a_policy_that_comes_while_one_is_applied(void **state)
{
    look();
    write_policy("pfs:\n- match: {name: enp1s0}\n  num_vfs: 2\n  vfs: {\"0\": {vlan: 6}}\n");
    reconcile_policy_load(d.reconcile, false);
    look();
    assert_int_equal(jobs, 1);
    end_job(0, NOTHING);
    look();
    assert_int_equal(jobs, 2);
    assert_non_null(strstr(asked_input, "\"vlan\":\"6\""));
    end_job(0, ""); /* an answer that is none */
    look();
    assert_int_equal(jobs, 2);
    assert_true(reconcile_is_settled(d.reconcile));
}

static void test_a_wrong_policy_leaves_the_one_before(void **state)
{
    look();
    end_job(0, NOTHING);
    look();
    write_policy("pfs:\n- match: {name: enp1s0}\n  num_vfz: 2\n");
    n_said = 0;
    reconcile_reload(d.reconcile);
    assert_true(has_said("a.yaml:3: "));
    vlans[0] = 9;
    look();
    assert_true(has_said("enp1s0/0 vlan is 9, should be 5"));
    write_policy(ENTRY "- match: {driver: igb}\n");
    n_said = 0;
    reconcile_reload(d.reconcile);
    assert_true(has_said("matched twice"));
    assert_true(standing().in_policy);
}

static void test_waits_for_the_link_that_the_driver_needs(void **state)
{
    pf_driver = "bnxt_en";
    pf_is_up = false;
    look();
    assert_int_equal(jobs, 0);
    assert_true(has_said("apply: enp1s0: put off until the PF is up"));
    look();
    assert_false(has_said("put off"));
    assert_true(reconcile_is_settled(d.reconcile)); /* it does not keep the boot */
    pf_is_up = true;
    look();
    assert_int_equal(jobs, 1);
}

/* ---- modes ---- */

static void test_adopt_tells_and_leaves(void **state)
{
    look();
    end_job(0, NOTHING);
    look();
    vlans[0] = 9;
    look();
    assert_true(has_said("change (drift): enp1s0/0: vlan"));
    assert_true(has_said("drift (drift): enp1s0: not as the policy says"));
    assert_int_equal(jobs, 1);
    assert_int_equal(standing().drifted, 1);
    vlans[1] = 9; /* of which the policy does not speak */
    look();
    assert_true(has_said("change: enp1s0/1"));
    assert_false(has_said("(drift)")); /* the other was told */
}

static void test_observe_writes_nothing(void **state)
{
    vlans[0] = 9;
    look();
    assert_int_equal(jobs, 0);
    assert_true(has_said("enp1s0/0 vlan is 9, should be 5"));
    assert_true(reconcile_is_settled(d.reconcile));
    assert_int_equal(standing().mode, MODE_OBSERVE);
}

static void test_enforce_mends_until_it_is_fought(void **state)
{
    look();
    end_job(0, DONE);
    vlans[0] = 5;
    look();
    for (unsigned i = 0; i < 3; i++) {
        vlans[0] = 9 + i;
        look();
        assert_int_equal(jobs, 2 + i);
        vlans[0] = 5;
        end_job(0, DONE);
        assert_true(
            has_said("repair: enp1s0: put back as the policy says: 2 changes, transaction 7"));
        look();
    }
    assert_int_equal(standing().repairs, 3);
    vlans[0] = 20;
    look();
    assert_int_equal(jobs, 4);
    assert_true(has_said("fight: enp1s0: "));
    assert_true(standing().gave_up);
    vlans[0] = 21;
    look();
    assert_int_equal(jobs, 4);
    reconcile_reload(d.reconcile);
    look();
    assert_int_equal(jobs, 5);
}

/* ---- what is no drift ---- */

static void test_what_falls_into_a_change_is_not_judged(void **state)
{
    is_busy = true;
    look();
    assert_int_equal(jobs, 0); /* somebody else is at it */
    is_busy = false;
    look();
    end_job(0, NOTHING);
    look();
    vlans[0] = 9;
    is_busy = true;
    look();
    assert_int_equal(jobs, 1);
    assert_false(has_said("(drift)"));
    assert_int_equal(looks_wanted, 1); /* the lock is free by now */
    is_busy = false;
    look();
    assert_true(has_said("drift (drift): enp1s0"));
    assert_int_equal(jobs, 2);
}

static void test_a_leased_vf_is_the_leases(void **state)
{
    look();
    end_job(0, NOTHING);
    look();
    vlans[0] = 9;
    leased = 1;
    look();
    assert_int_equal(jobs, 1);
    assert_true(has_said("change: enp1s0/0"));
    leased = 0;
    look();
    assert_int_equal(jobs, 2);
}

/* ---- when it does not work ---- */

static void test_refused_is_tried_again_when_holders_change(void **state)
{
    look();
    end_job(0, NOTHING);
    look();
    vlans[0] = 9;
    holder = "192.0.2.1/24";
    look();
    assert_int_equal(jobs, 2);
    end_job(3, REFUSED);
    assert_true(has_said("repair: enp1s0: the repair was refused: in use: enp1s0/0 by web1; have"));
    look();
    look();
    assert_int_equal(jobs, 2);
    holder = NULL;
    look();
    assert_int_equal(jobs, 3);
}

static void test_locked_out_is_tried_again(void **state)
{
    look();
    end_job(3, LOCKED);
    assert_int_equal(n_said, 0);
    look();
    assert_int_equal(jobs, 2);
}

static void test_a_job_that_dies_is_tried_again_for_a_while(void **state)
{
    for (unsigned i = 1; i <= 3; i++) {
        look();
        assert_int_equal(jobs, i);
        end_job(128 + 9, "");
        assert_true(has_said("killed by signal 9"));
    }
    look();
    assert_int_equal(jobs, 3);
    assert_true(reconcile_is_settled(d.reconcile));
}

static void test_too_many_jobs(void **state)
{
    job_result = -EAGAIN;
    look();
    assert_int_equal(jobs, 0);
    job_result = 0;
    look();
    assert_int_equal(jobs, 1);
}

/* ---- the goal as a document ---- */

static void test_a_goal_reads_back(void **state)
{
    _cleanup_(desired_done) struct desired from = { 0 }, to = { 0 };
    _cleanup_(goals_done) struct goals goals = { 0 }, back = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT, again = BUF_INIT;
    struct json_writer w = JSON_WRITER(&text), w2 = JSON_WRITER(&again);
    struct sriov_error error = { 0 };

    look();
    policy_add(&from, "pfs:\n- match: {name: enp1s0}\n  num_vfs: 2\n  mode: enforce\n"
                      "  fdb_sync: on\n  via: sysfs\n  mtu: 9000\n  vfs:\n"
                      "    \"0\": {mac: \"52:54:00:aa:bb:01\", vlan: 100, vlan_proto: 802.1ad, "
                      "driver: vfio-pci, link_state: enable}\n"
                      "    \"1\": {spoofchk: off, driver: none, min_tx_rate: 10}\n");
    assert_int_equal(goals_resolve(&from, last->snapshot, &goals, &error), 0);
    buf_add_str(&text, "{\"pfs\":[");
    goal_json(&goals.items[0], &w);
    buf_add_str(&text, "]}");
    policy_add(&to, text.data);
    assert_int_equal(goals_resolve(&to, last->snapshot, &back, &error), 0);
    buf_add_str(&again, "{\"pfs\":[");
    goal_json(&back.items[0], &w2);
    buf_add_str(&again, "]}");
    assert_string_equal(text.data, again.data);
    assert_non_null(strstr(text.data, "\"mode\":\"enforce\",\"fdb_sync\":\"on\""));
    assert_int_equal(back.items[0].mode, MODE_ENFORCE);
    assert_true(back.items[0].fdb_sync);
    assert_int_equal(back.items[0].vfs[0].known, goals.items[0].vfs[0].known);
}

#define TEST(name, policy)                                                                         \
    {                                                                                              \
#name, test_##name, set_up, tear_down, policy                                              \
    }
#define ENFORCE ENTRY "  mode: enforce\n"

int main(void)
{
    static char enforce[] = ENFORCE, observe[] = ENTRY "  mode: observe\n",
                down[] = "pfs:\n- match: {name: enp1s0}\n  num_vfs: 4\n";
    const struct CMUnitTest tests[] = {
        TEST(is_applied_to_a_pf_that_is_new, NULL),
        TEST(a_reload_applies_it_again, NULL),
        TEST(a_policy_that_comes_while_one_is_applied, NULL),
        TEST(a_wrong_policy_leaves_the_one_before, NULL),
        TEST(waits_for_the_link_that_the_driver_needs, down),
        TEST(adopt_tells_and_leaves, NULL),
        TEST(observe_writes_nothing, observe),
        TEST(enforce_mends_until_it_is_fought, enforce),
        TEST(what_falls_into_a_change_is_not_judged, enforce),
        TEST(a_leased_vf_is_the_leases, enforce),
        TEST(refused_is_tried_again_when_holders_change, enforce),
        TEST(locked_out_is_tried_again, NULL),
        TEST(a_job_that_dies_is_tried_again_for_a_while, NULL),
        TEST(too_many_jobs, NULL),
        TEST(a_goal_reads_back, NULL),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
