/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Leases: what is written is read, to the last setting; what is wrong is said; a damaged file is a
 * lease of somebody all the same; and a reader never sees half of one.
 */
#include "core/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "core/ledger-lock.h"
#include "kernel/spawn.h"

static char folder[64];

static int make_folder(void **state)
{
    STR_SET(folder, "/tmp/sriovd-test-lease.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    return spawn_and_wait((const char *[]){ "rm", "-r", folder, NULL }, NULL, 0);
}

static void put_file(const char *name, const char *text)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/leases", folder);
    assert_int_equal(file_make_dirs(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/leases/%s", folder, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Two attributes of each kind and all that is not in the table. */
static void make_full(struct lease *l)
{
    *l = (struct lease){
        .pf = "0000:01:00.0",
        .vf = 3,
        .pci = "0000:01:10.6",
        .state = LEASE_RETURNING,
        .boot = "0af2b9c5-1111-2222-3333-444455556666",
        .since = 1763712345,
        .owner = { .name = "cni",
                   .pid = 4711,
                   .pid_started = 123456789,
                   .pid_namespace = 4026531836,
                   .netns = "/run/netns/größer \"blue\"",
                   .netns_inode = 4026532008,
                   .container = "3f2a5c0d9e1b" },
        .ifname = "net1",
        .note = "tenant-a",
        .netdev = { .present = true, .mac = 0x525400aabb07, .up = true, .allmulti = true },
    };
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++)
        if (attr_row((enum sriov_attr)id)->scope == ATTR_OF_VF)
            attrs_set(&l->before, (enum sriov_attr)id, attr_row((enum sriov_attr)id)->max & 255);
    attrs_set(&l->before, SRIOV_MAC, 0x525400aabb01);
    attrs_set(&l->before, SRIOV_VLAN_PROTO, 0x88a8);
    attrs_set(&l->before, SRIOV_NODE_GUID, 0x0011223344556677);
    attrs_set_text(&l->before, SRIOV_DRIVER, "igbvf");
    attrs_set_text(&l->before, SRIOV_NAME, "enp1s0v3");
    attrs_set(&l->want, SRIOV_TRUST, 1);
    attrs_set(&l->want, SRIOV_LINK_STATE, SRIOV_LINK_DISABLE);
    assert_int_equal(strv_add(&l->netdev.altnames, "enp1s0f0v3"), 0);
    assert_int_equal(strv_add(&l->netdev.altnames, "slow lane"), 0);
}

static void make_minimal(struct lease *l)
{
    *l = (struct lease){
        .pf = "netdevsim1", .state = LEASE_TAKING, .boot = "b", .owner = { .name = "alice" }
    };
}

static void assert_attrs_equal(const struct attrs *got, const struct attrs *want)
{
    assert_int_equal(got->known, want->known);
    assert_string_equal(got->driver, want->driver);
    assert_string_equal(got->name, want->name);
    for (unsigned id = 0; id < SRIOV_ATTR_COUNT; id++)
        if (attrs_has(want, (enum sriov_attr)id) &&
            attr_row((enum sriov_attr)id)->type != ATTR_TEXT)
            assert_int_equal(got->value[id], want->value[id]);
}

static void assert_leases_equal(const struct lease *got, const struct lease *want)
{
    assert_string_equal(got->pf, want->pf);
    assert_int_equal(got->vf, want->vf);
    assert_string_equal(got->pci, want->pci);
    assert_int_equal(got->state, want->state);
    assert_string_equal(got->boot, want->boot);
    assert_int_equal(got->since, want->since);
    assert_string_equal(got->owner.name, want->owner.name);
    assert_int_equal(got->owner.pid, want->owner.pid);
    assert_int_equal(got->owner.pid_started, want->owner.pid_started);
    assert_int_equal(got->owner.pid_namespace, want->owner.pid_namespace);
    assert_string_equal(got->owner.netns, want->owner.netns);
    assert_int_equal(got->owner.netns_inode, want->owner.netns_inode);
    assert_string_equal(got->owner.container, want->owner.container);
    assert_string_equal(got->ifname, want->ifname);
    assert_string_equal(got->note, want->note);
    assert_attrs_equal(&got->want, &want->want);
    assert_attrs_equal(&got->before, &want->before);
    assert_int_equal(got->netdev.present, want->netdev.present);
    assert_int_equal(got->netdev.mac, want->netdev.mac);
    assert_int_equal(got->netdev.up, want->netdev.up);
    assert_int_equal(got->netdev.promisc, want->netdev.promisc);
    assert_int_equal(got->netdev.allmulti, want->netdev.allmulti);
    assert_int_equal(got->netdev.altnames.count, want->netdev.altnames.count);
    for (size_t i = 0; i < want->netdev.altnames.count; i++)
        assert_string_equal(got->netdev.altnames.items[i], want->netdev.altnames.items[i]);
}

/* ---- text ---- */

static void round_trip(struct lease *l)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct lease again = { 0 };
    char why[200] = "";

    assert_int_equal(lease_format(l, &text), 0);
    if (lease_parse(text.data, text.len, &again, why, sizeof(why)) < 0)
        fail_msg("%s: %s", why, text.data);
    assert_leases_equal(&again, l);
    lease_done(&again);
    lease_done(l);
}

static void test_round_trip(void **state)
{
    struct lease l;

    make_full(&l);
    round_trip(&l);
    make_minimal(&l);
    round_trip(&l);
}

/* What is and what is wished are not the same: unbound is "", to be unbound is "none". */
static void test_no_driver_and_no_name(void **state)
{
    struct lease l;

    make_minimal(&l);
    attrs_set_text(&l.before, SRIOV_DRIVER, "");
    attrs_set_text(&l.before, SRIOV_NAME, "");
    attrs_set_text(&l.want, SRIOV_DRIVER, DRIVER_NONE);
    round_trip(&l);
}

static const char base[] =
    "{\"pf\":\"0000:01:00.0\",\"vf\":3,\"state\":\"held\",\"boot\":\"b\",\"since\":7,"
    "\"owner\":{\"name\":\"cni\",\"pid\":7},\"want\":{\"mac\":\"52:54:00:aa:bb:01\"},"
    "\"before\":{\"vlan\":100,\"driver\":null},"
    "\"netdev\":{\"mac\":\"52:54:00:aa:bb:02\",\"up\":true,\"altnames\":[\"x\"]}}";

/* `base` with the first `from` in it replaced. */
static void replaced(const char *from, const char *to, struct buf *ret)
{
    const char *at = strstr(base, from);

    assert_non_null(at);
    buf_add(ret, base, (size_t)(at - base));
    buf_add_str(ret, to);
    buf_add_str(ret, at + strlen(from));
    assert_int_equal(buf_ok(ret), 0);
}

static void test_wrong_values(void **state)
{
    static const struct {
        const char *from, *to, *why;
    } cases[] = {
        { "\"pf\"", "\"fp\"", "pf: is missing" },
        { "\"vf\"", "\"fv\"", "vf: is missing" },
        { "\"state\"", "\"estate\"", "state: is missing" },
        { "\"boot\"", "\"boots\"", "boot: is missing" },
        { "\"owner\"", "\"ower\"", "owner: is missing" },
        { "\"name\"", "\"nam\"", "owner.name: is missing" },
        { "\"0000:01:00.0\"", "\"\"", "pf: has a wrong value" },
        { "\"0000:01:00.0\"", "\"0000:01:00.0-0000:01:00.0-0000:01\"", "pf: has a wrong value" },
        { "\"0000:01:00.0\"", "null", "pf: has a wrong value" },
        { "3", "-1", "vf: has a wrong value" },
        { "3", "65536", "vf: has a wrong value" },
        { "3", "{}", "vf: has a wrong value" },
        { "held", "holding", "state: has a wrong value" },
        { "\"b\"", "[]", "boot: has a wrong value" },
        { "\"since\":7", "\"since\":\"now\"", "since: has a wrong value" },
        { "{\"name\":\"cni\",\"pid\":7}", "\"cni\"", "owner: has a wrong value" },
        { "cni", "", "owner.name: has a wrong value" },
        { "cni", "c\\u001b[2Jni", "owner.name: has a wrong value" },
        { "\"pid\":7", "\"pid\":2147483648", "owner.pid: has a wrong value" },
        { "{\"mac\":\"52:54:00:aa:bb:01\"}", "[]", "want: has a wrong value" },
        { "52:54:00:aa:bb:01", "52:54", "want.mac: 52:54 is not allowed" },
        { "52:54:00:aa:bb:01", "01:00:5e:00:00:01", "want.mac: 01:00:5e:00:00:01 is a multicast" },
        { "100", "5000", "before.vlan: 5000 is not allowed: 0 to 4094" },
        { "100", "[]", "before.vlan: has a wrong value" },
        { "null", "\"a b\"", "before.driver: a b is not allowed" },
        { "{\"vlan\":100,\"driver\":null}", "null", "before: has a wrong value" },
        { "\"52:54:00:aa:bb:02\"", "5", "netdev.mac: has a wrong value" },
        { "true", "\"perhaps\"", "netdev.up: has a wrong value" },
        { "[\"x\"]", "\"x\"", "netdev.altnames: is no list" },
        { "[\"x\"]", "[\"\"]", "netdev.altnames: has a wrong value" },
        { "[\"x\"]", "[[\"x\"]]", "netdev.altnames: has a wrong value" },
        { "\"x\"", "[[[[1]]]]", "nested deeper than 6" },
    };

    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        struct lease l = { .vf = 4711 };
        char why[200] = "";

        replaced(cases[i].from, cases[i].to, &text);
        if (lease_parse(text.data, text.len, &l, why, sizeof(why)) != -EINVAL)
            fail_msg("taken: %s", text.data);
        if (!str_starts(why, cases[i].why))
            fail_msg("%s: \"%s\", not \"%s\"", text.data, why, cases[i].why);
        assert_int_equal(l.vf, 4711); /* untouched */
    }
}

static void test_what_a_later_version_may_add(void **state)
{
    static const char *const places[] = { "\"pf\"", "\"name\"", "\"vlan\"", "\"up\"" };

    for (size_t i = 0; i < ELEMENTS(places); i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        char to[64], why[200] = "";
        struct lease l = { 0 };

        snprintf(to, sizeof(to), "\"colour\":[\"red\"],%s", places[i]);
        replaced(places[i], to, &text);
        assert_int_equal(lease_parse(text.data, text.len, &l, why, sizeof(why)), 0);
        assert_int_equal(l.vf, 3);
        lease_done(&l);
    }
}

static void test_no_json(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "7", "\"lease\"", "{}{}", "{\"pf\":\"\\u0000\"}"
    };

    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct lease l;
        char why[200] = "";

        assert_int_equal(lease_parse(texts[i], strlen(texts[i]), &l, why, sizeof(why)), -EINVAL);
        assert_true(why[0] != '\0');
    }
}

/* ---- files ---- */

static void test_write_read_remove(void **state)
{
    struct lease l, again = { 0 };
    struct sriov_error error = { 0 };
    char path[PATH_MAX];
    struct stat st;

    make_full(&l);
    assert_int_equal(lease_read(folder, l.pf, l.vf, &again, &error), -ENOENT);
    assert_int_equal(lease_write(folder, &l, NULL), 0); /* makes the folder, too */
    assert_int_equal(lease_read(folder, l.pf, l.vf, &again, NULL), 0);
    assert_leases_equal(&again, &l);
    lease_done(&again);
    snprintf(path, sizeof(path), "%s/leases/0000:01:00.0.3", folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    STR_SET(l.note, "changed");
    assert_int_equal(lease_write(folder, &l, NULL), 0);
    assert_int_equal(lease_read(folder, l.pf, l.vf, &again, NULL), 0);
    assert_string_equal(again.note, "changed");
    lease_done(&again);
    for (int i = 0; i < 2; i++)
        assert_int_equal(lease_remove(folder, l.pf, l.vf, NULL), 0);
    assert_int_equal(lease_read(folder, l.pf, l.vf, &again, NULL), -ENOENT);
    snprintf(path, sizeof(path), "%s/leases", folder);
    assert_int_equal(rmdir(path), 0); /* nothing is left behind */
    lease_done(&l);
}

static void test_no_key_of_a_pf(void **state)
{
    static const char *const keys[] = {
        "", ".", "..", ".hidden", "a/b", "../etc", "a b", "ü", "a\nb",
    };

    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        struct lease l;

        make_minimal(&l);
        STR_SET(l.pf, keys[i]);
        assert_int_equal(lease_write(folder, &l, NULL), -EINVAL);
        assert_int_equal(lease_read(folder, keys[i], 0, &l, NULL), -EINVAL);
        assert_int_equal(lease_remove(folder, keys[i], 0, NULL), -EINVAL);
    }
    assert_int_equal(rmdir(folder), 0); /* nothing was made */
    assert_int_equal(mkdir(folder, 0700), 0);
}

/* It is refused before the file that is there is touched. */
static void test_what_cannot_be_read_back(void **state)
{
    struct lease good, l, again = { 0 };
    struct sriov_error error = { 0 };

    make_full(&good);
    assert_int_equal(lease_write(folder, &good, NULL), 0);
    l = good;
    STR_SET(l.owner.name, "\xff\xfe");
    assert_int_equal(lease_write(folder, &l, &error), -EINVAL);
    l = good;
    attrs_set(&l.before, SRIOV_VLAN, 5000);
    assert_int_equal(lease_write(folder, &l, &error), -EINVAL);
    assert_non_null(strstr(error.kernel, "before.vlan"));
    l = good;
    attrs_set_text(&l.before, SRIOV_NAME, "\xff");
    assert_int_equal(lease_write(folder, &l, &error), -EINVAL);
    l = good;
    l.boot[0] = '\0';
    assert_int_equal(lease_write(folder, &l, &error), -EINVAL);
    assert_int_equal(lease_read(folder, good.pf, good.vf, &again, NULL), 0);
    assert_leases_equal(&again, &good);
    lease_done(&again);
    lease_done(&good);
}

static void test_damaged_files(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "", "the file is empty" },
        { "{\"pf\":\"netdevsim1\",\"vf\":", "" },
        { "garbage", "" },
        { "{\"pf\":\"netdevsim1\",\"vf\":1}", "state: is missing" },
        { base, "it is the lease of another VF" },
    };

    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct lease l = { .vf = 4711 };
        struct sriov_error error = { 0 };

        put_file("netdevsim1.0", cases[i].text);
        assert_int_equal(lease_read(folder, "netdevsim1", 0, &l, &error), -EBADMSG);
        assert_int_equal(l.vf, 4711);
        assert_int_equal(error.code, SRIOV_FAILED);
        assert_true(str_starts(error.kernel, cases[i].why) && error.kernel[0]);
        assert_true(error.remedy[0] != '\0');
    }
}

static void assert_listed(const struct lease *l, const char *pf, unsigned vf, const char *owner)
{
    assert_string_equal(l->pf, pf);
    assert_int_equal(l->vf, vf);
    assert_string_equal(l->owner.name, owner);
}

static void test_list(void **state)
{
    struct lease l, *all = NULL;
    struct sriov_error error = { 0 };
    size_t count = 7;

    assert_int_equal(lease_list(folder, &all, &count, NULL), 0);
    assert_int_equal(count, 0);
    leases_free(all, count);
    make_minimal(&l);
    for (unsigned vf = 8; vf <= 10; vf++) {
        l.vf = vf;
        assert_int_equal(lease_write(folder, &l, NULL), 0);
    }
    put_file("netdevsim1.9", "");           /* damaged */
    put_file("0000:01:00.0.3", "{\"pf\":"); /* damaged */
    put_file(".netdevsim1.2", "half");      /* of a writer that died */
    put_file("README", "");                 /* no leases by their names */
    put_file("netdevsim1.", base);
    put_file("netdevsim1.0x1", base);
    put_file("netdevsim1.007", base);
    put_file("netdevsim1.65536", base);
    put_file("a-name-that-is-too-long-for-any-pf.1", base);
    assert_int_equal(lease_list(folder, &all, &count, &error), 0);
    assert_int_equal(count, 4);
    assert_listed(&all[0], "0000:01:00.0", 3, LEASE_UNREADABLE);
    assert_listed(&all[1], "netdevsim1", 8, "alice");
    assert_listed(&all[2], "netdevsim1", 9, LEASE_UNREADABLE);
    assert_listed(&all[3], "netdevsim1", 10, "alice");
    assert_string_equal(error.message, ""); /* nothing failed */
    assert_true(lease_is_of_boot(&all[0], "any"));
    assert_false(lease_is_of_boot(&all[1], "any"));
    assert_true(lease_is_of_boot(&all[1], "b"));
    leases_free(all, count);
}

/* Of a writer that died, and of one that is at work, whose lock is held. */
static void test_what_writers_leave(void **state)
{
    char stale[128], busy[128], other[128];
    int lock = -1;

    put_file("..nothing", "");
    put_file(".0000:01:00.0.3", "{");
    put_file(".0000:01:00.0.4", "{");
    assert_int_equal(ledger_lock_vf(folder, "0000:01:00.0", 4, 0, &lock), 0);
    lease_clean(folder);
    snprintf(stale, sizeof(stale), "%s/leases/.0000:01:00.0.3", folder);
    snprintf(busy, sizeof(busy), "%s/leases/.0000:01:00.0.4", folder);
    snprintf(other, sizeof(other), "%s/leases/..nothing", folder);
    assert_int_equal(access(stale, F_OK), -1);
    assert_int_equal(access(busy, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
    close(lock);
    lease_clean(folder);
    assert_int_equal(access(busy, F_OK), -1);
}

static void test_no_folder_can_be_made(void **state)
{
    struct sriov_error error = { 0 };
    struct lease l;

    make_minimal(&l);
    assert_int_equal(lease_write("/dev/null/x", &l, &error), -ENOTDIR);
    assert_int_equal(error.code, SRIOV_FAILED);
}

/* ---- readers meanwhile ---- */

#define ROUNDS 4000

static _Noreturn void write_all_the_time(void)
{
    struct lease longer, shorter;

    make_full(&longer);
    make_minimal(&shorter);
    STR_SET(shorter.pf, longer.pf);
    shorter.vf = longer.vf;
    for (int i = 0; i < ROUNDS; i++)
        if (lease_write(folder, i % 2 ? &shorter : &longer, NULL) < 0)
            _exit(1);
    _exit(0);
}

static void test_a_reader_sees_whole_leases(void **state)
{
    struct lease full;
    size_t n_longer = 0, n_shorter = 0;
    int status = -1;

    make_full(&full);
    assert_int_equal(lease_write(folder, &full, NULL), 0);
    pid_t pid = fork();
    if (pid == 0)
        write_all_the_time();
    while (waitpid(pid, &status, WNOHANG) == 0) {
        struct lease l = { 0 };
        struct sriov_error error = { 0 };

        if (lease_read(folder, full.pf, full.vf, &l, &error) < 0)
            fail_msg("%s: %s", error.message, error.kernel);
        if (str_eq(l.owner.name, "alice"))
            n_shorter++;
        else
            n_longer++;
        lease_done(&l);
    }
    assert_int_equal(status, 0);
    assert_true(n_longer > 0 && n_shorter > 0);
    lease_done(&full);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, drop_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_no_driver_and_no_name),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_what_a_later_version_may_add),
        cmocka_unit_test(test_no_json),
        in_folder(test_write_read_remove),
        in_folder(test_what_writers_leave),
        in_folder(test_no_key_of_a_pf),
        in_folder(test_what_cannot_be_read_back),
        in_folder(test_damaged_files),
        in_folder(test_list),
        in_folder(test_no_folder_can_be_made),
        in_folder(test_a_reader_sees_whole_leases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
