/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a DPDK program gets, on machines made by hand: which processors and which pages, what is
 * given back after a crash at any point, and the arguments that tell the program. Files of the
 * machine are a table that can be written; reservations lie in a folder of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"
#include "cli/dpdk.h"
#include "core/group.h"
#include "core/quirk.h"
#include "kernel/hugepages.h"

#define CPU "/sys/devices/system/cpu"
#define NODE "/sys/devices/system/node"
#define SMALL "hugepages-2048kB"
#define LARGE "hugepages-1048576kB"
#define MIB (UINT64_C(1) << 20)

/* ---- a machine ---- */

struct file {
    const char *path;
    char text[64];
};

/* Two nodes with two cores of two threads each; 2 and 6 are threads of one core. */
static const struct file two_nodes[] = {
    { CPU "/online", "0-7" },
    { CPU "/isolated", "" },
    { CPU "/cpu0/topology/thread_siblings_list", "0,4" },
    { CPU "/cpu1/topology/thread_siblings_list", "1,5" },
    { CPU "/cpu2/topology/thread_siblings_list", "2,6" },
    { CPU "/cpu3/topology/thread_siblings_list", "3,7" },
    { CPU "/cpu4/topology/thread_siblings_list", "0,4" },
    { CPU "/cpu5/topology/thread_siblings_list", "1,5" },
    { CPU "/cpu6/topology/thread_siblings_list", "2,6" },
    { CPU "/cpu7/topology/thread_siblings_list", "3,7" },
    { NODE "/node0/cpulist", "0-1,4-5" },
    { NODE "/node1/cpulist", "2-3,6-7" },
    { NODE "/node0/hugepages/" SMALL "/nr_hugepages", "100" },
    { NODE "/node0/hugepages/" SMALL "/free_hugepages", "10" },
    { NODE "/node0/hugepages/" LARGE "/nr_hugepages", "0" },
    { NODE "/node0/hugepages/" LARGE "/free_hugepages", "0" },
    { NODE "/node1/hugepages/" SMALL "/nr_hugepages", "0" },
    { NODE "/node1/hugepages/" SMALL "/free_hugepages", "0" },
    { NODE "/node1/hugepages/" LARGE "/nr_hugepages", "4" },
    { NODE "/node1/hugepages/" LARGE "/free_hugepages", "4" },
    { "/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-7" },
    { "/sys/kernel/iommu_groups/5/devices/0000:01:10.0", "" },
    { "/sys/kernel/iommu_groups/5/devices/0000:00:01.0", "" },
    { "/sys/kernel/iommu_groups/6/devices/0000:01:10.2", "" },
    { "/sys/kernel/iommu_groups/6/devices/0000:01:00.0", "" },
    { "/sys/bus/pci/devices/0000:00:01.0/class", "0x060400" },
    { "/sys/bus/pci/devices/0000:00:01.0/driver", "pcieport" },
    { "/sys/bus/pci/devices/0000:01:00.0/class", "0x020000" },
    { "/sys/bus/pci/devices/0000:01:00.0/driver", "igb" },
};

struct machine {
    struct backend base;
    struct file files[ELEMENTS(two_nodes)];
    uint64_t most; /* pages that the kernel makes at most; 0: any number */
    char state_dir[64];
};

static struct file *find(struct backend *b, const char *path)
{
    struct machine *m = (struct machine *)b;

    for (size_t i = 0; i < ELEMENTS(m->files); i++)
        if (str_eq(m->files[i].path, path))
            return &m->files[i];
    return NULL;
}

static int read_file(struct backend *b, const char *path, char **ret)
{
    const struct file *f = find(b, path);

    if (!f)
        return -ENOENT;
    *ret = strdup(f->text);
    return 0;
}

static int write_file(struct backend *b, const char *path, const char *data)
{
    const struct machine *m = (const struct machine *)b;
    struct file *f = find(b, path);
    uint64_t pages = 0;

    assert_non_null(f);
    assert_int_equal(str_to_u64(data, UINT32_MAX, &pages), 0);
    if (m->most > 0 && pages > m->most)
        pages = m->most;
    snprintf(f->text, sizeof(f->text), "%llu", (unsigned long long)pages);
    return 0;
}

static int list_dir(struct backend *b, const char *path, struct strv *ret)
{
    const struct machine *m = (const struct machine *)b;
    size_t len = strlen(path);

    for (size_t i = 0; i < ELEMENTS(m->files); i++) {
        const char *rest = m->files[i].path + len;
        char name[64];

        if (!str_starts(m->files[i].path, path) || *rest != '/')
            continue;
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest + 1, "/"), rest + 1);
        if (!strv_has(ret, name))
            assert_int_equal(strv_add(ret, name), 0);
    }
    return ret->count > 0 ? 0 : -ENOENT;
}

static int read_link(struct backend *b, const char *path, char **ret)
{
    return str_ends(path, "/driver") ? read_file(b, path, ret) : -ENOENT;
}

static void make_machine(struct machine *m)
{
    static const struct backend_ops ops = { .read_file = read_file,
                                            .write_file = write_file,
                                            .list_dir = list_dir,
                                            .read_link = read_link };

    *m = (struct machine){ .base.ops = &ops };
    for (size_t i = 0; i < ELEMENTS(two_nodes); i++)
        m->files[i] = two_nodes[i];
    STR_SET(m->state_dir, "/tmp/test-dpdk-XXXXXX");
    assert_non_null(mkdtemp(m->state_dir));
}

/* What a test has left. */
static void machine_done(struct machine *m)
{
    static const char *const names[] = { "/reservations/dpdk-0", "/reservations/dpdk-7",
                                         "/reservations", "/leases", "" };
    char path[128];

    for (size_t i = 0; i < ELEMENTS(names); i++) {
        snprintf(path, sizeof(path), "%s%s", m->state_dir, names[i]);
        remove(path);
    }
}

static void set(struct machine *m, const char *path, const char *text)
{
    struct file *f = find(&m->base, path);

    assert_non_null(f);
    STR_SET(f->text, text);
}

/* ---- processors ---- */

/* "1,2", or the error. */
static const char *cores(struct machine *m, int node, size_t count, const char *busy_text)
{
    static char text[300];
    _cleanup_(cpus_done) struct cpus chosen = { 0 }, busy = { 0 };
    _cleanup_buf_ struct buf list = BUF_INIT;
    struct sriov_error error = { 0 };

    if (*busy_text)
        assert_int_equal(cpus_parse(busy_text, &busy), 0);
    if (cores_choose(&m->base, &node, 1, count, &busy, &chosen, &error) < 0) {
        assert_int_equal(error.code, SRIOV_USAGE);
        STR_SET(text, error.message);
        return text;
    }
    cpus_text(&chosen, &list);
    STR_SET(text, list.data);
    return text;
}

static void test_cores_are_near_and_whole(void **state)
{
    _cleanup_(machine_done) struct machine m;

    make_machine(&m);
    assert_string_equal(cores(&m, 1, 2, ""), "2,3");
    assert_string_equal(cores(&m, 1, 3, ""), "2,3,6");
    assert_string_equal(cores(&m, 0, 1, ""), "1");   /* 0 is the kernel's */
    assert_string_equal(cores(&m, 0, 2, ""), "0,1"); /* but before a second thread */
    assert_string_equal(cores(&m, -1, 3, ""), "1,2,3");
    assert_string_equal(cores(&m, 1, 2, "2"), "3,7"); /* 6 is of the same core as 2 */
    assert_string_equal(cores(&m, 1, 4, "2-3"), "2,3,6,7");
    assert_string_equal(cores(&m, 1, 5, ""),
                        "5 are wanted, and there are 4 that this process may use near the VFs");
    set(&m, CPU "/online", "0-2,4-7");
    assert_string_equal(cores(&m, 1, 2, ""), "2,6");
}

static void test_cores_that_are_allowed(void **state)
{
    _cleanup_(machine_done) struct machine m;

    make_machine(&m);
    set(&m, "/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-2");
    assert_string_equal(cores(&m, 1, 1, ""), "2");
    assert_string_equal(cores(&m, 1, 2, ""),
                        "2 are wanted, and there is 1 that this process may use near the VFs");
    /* isolated ones are kept from everybody, and are what is wanted */
    set(&m, CPU "/isolated", "6-7");
    set(&m, "/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-5");
    assert_string_equal(cores(&m, 1, 2, ""), "6,7");
    assert_string_equal(cores(&m, 1, 3, ""), "2,6,7");
    /* but who was held to fewer than all others stays there */
    set(&m, "/proc/self/status", "Name:\tx\nCpus_allowed_list:\t2-3");
    assert_string_equal(cores(&m, 1, 2, ""), "2,3");
}

/* ---- pages ---- */

/* "2M: 0+54 of 100", or the error. */
static const char *plan(struct machine *m, const int *nodes, size_t n_nodes, uint64_t bytes)
{
    static char text[300];
    const struct lease_owner owner = { .name = "x" };
    const struct reservation_wish wish = { .state_dir = m->state_dir,
                                           .owner = &owner,
                                           .nodes = nodes,
                                           .n_nodes = n_nodes,
                                           .bytes = bytes,
                                           .cores = 1,
                                           .dry_run = true };
    _cleanup_(reservation_done) struct reservation r = { 0 };
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct sriov_error error = { 0 };
    char size[HUGEPAGES_SIZE_TEXT];

    if (reservation_make(&m->base, &wish, &r, &error) < 0) {
        STR_SET(text, error.message);
        return text;
    }
    hugepages_size_text(r.page_bytes, size);
    buf_printf(&out, "%s:", size);
    for (size_t i = 0; i < r.n_pages; i++)
        buf_printf(&out, " %d+%llu", r.pages[i].node, (unsigned long long)r.pages[i].added);
    STR_SET(text, out.data);
    return text;
}

static void test_pages_that_are_free_come_first(void **state)
{
    static const int first[] = { 0 }, second[] = { 1 }, both[] = { 0, 1 }, unknown[] = { -1, 0 };
    _cleanup_(machine_done) struct machine m;

    make_machine(&m);
    assert_string_equal(plan(&m, first, 1, 20 * MIB), "2M: 0+0");
    assert_string_equal(plan(&m, first, 1, 128 * MIB), "2M: 0+54");
    assert_string_equal(plan(&m, second, 1, 4096 * MIB), "1G: 1+0"); /* the largest that are free */
    assert_string_equal(plan(&m, second, 1, 5120 * MIB), "2M: 1+2560");
    assert_string_equal(plan(&m, second, 1, 1536 * MIB), "2M: 1+768"); /* no whole number of 1G */
    assert_string_equal(plan(&m, both, 2, 64 * MIB), "2M: 0+22 1+32");
    assert_string_equal(plan(&m, unknown, 2, 20 * MIB), "2M: 0+0"); /* once */
    assert_string_equal(plan(&m, first, 1, 3 * MIB),
                        "has not 3 MiB in huge pages, and the kernel cannot make them");
}

static void write_record(struct machine *m, const char *text)
{
    char path[96];

    snprintf(path, sizeof(path), "%s/reservations", m->state_dir);
    assert_int_equal(file_make_dirs(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/reservations/dpdk-7", m->state_dir);
    assert_int_equal(file_replace(path, text, strlen(text), 0600), 0);
}

/* As it is written, of this boot and of a process that is gone. */
static const char *record(bool unsettled, const char *before, const char *added)
{
    static char text[600];
    char boot[HOST_BOOT_ID_SIZE];
    uint64_t pids = 0;

    assert_int_equal(host_boot_id(boot), 0);
    assert_int_equal(host_pid_namespace(&pids), 0);
    snprintf(text, sizeof(text),
             "{\"boot\":\"%s\",\"owner\":{\"name\":\"x\",\"pid\":%d,\"pid_started\":1,"
             "\"pid_namespace\":%llu},\"unsettled\":%s,\"bytes\":67108864,\"page_bytes\":2097152,"
             "\"pages\":[{\"node\":0,\"before\":%s,\"added\":%s}],\"cores\":[1],\"vfs\":[],"
             "\"groups\":[]}",
             boot, (int)getpid(), (unsigned long long)pids, unsettled ? "true" : "false", before,
             added);
    return text;
}

/* How many pages there are when the record was recovered, -1 if that failed. */
static int recovered(struct machine *m, const char *pages, const char *text)
{
    static const char path[] = NODE "/node0/hugepages/" SMALL "/nr_hugepages";
    struct sriov_error error = { 0 };
    uint64_t left = 0;
    char file[96];
    size_t freed = 0;

    set(m, path, pages);
    write_record(m, text);
    if (reservations_recover(&m->base, m->state_dir, &freed, &error) < 0)
        return -1;
    snprintf(file, sizeof(file), "%s/reservations/dpdk-7", m->state_dir);
    assert_int_equal(access(file, F_OK), -1);
    assert_int_equal(freed, 1);
    assert_int_equal(str_to_u64(find(&m->base, path)->text, INT32_MAX, &left), 0);
    return (int)left;
}

static void test_what_was_added_is_given_back_once(void **state)
{
    _cleanup_(machine_done) struct machine m;

    make_machine(&m);
    assert_int_equal(recovered(&m, "132", record(false, "100", "32")), 100);
    /* others made more, or took some: only ours go */
    assert_int_equal(recovered(&m, "140", record(false, "100", "32")), 108);
    assert_int_equal(recovered(&m, "20", record(false, "100", "32")), 0);
    /* killed before the kernel was asked, while it made them, and while they were given back */
    assert_int_equal(recovered(&m, "100", record(true, "100", "32")), 100);
    assert_int_equal(recovered(&m, "110", record(true, "100", "32")), 100);
    assert_int_equal(recovered(&m, "132", record(true, "100", "32")), 100);
    /* pages of another boot are not ours */
    char *other = strdup(record(false, "100", "32"));
    memcpy(strchr(other, '-') - 8, "00000000", 8);
    assert_int_equal(recovered(&m, "132", other), 132);
    free(other);
}

static void test_one_that_lives_stays(void **state)
{
    _cleanup_(machine_done) struct machine m;
    struct lease_owner owner = { .name = "x", .pid = getpid() };
    char text[700], key[32];
    size_t freed = 0;

    make_machine(&m);
    assert_int_equal(owner_identify(&owner, NULL), 0);
    STR_SET(text, record(false, "100", "32"));
    snprintf(key, sizeof(key), "\"pid_started\":%llu", (unsigned long long)owner.pid_started);
    char *at = strstr(text, "\"pid_started\":1");
    memmove(at + strlen(key), at + strlen("\"pid_started\":1"),
            strlen(at + strlen("\"pid_started\":1")) + 1);
    memcpy(at, key, strlen(key));
    write_record(&m, text);
    set(&m, NODE "/node0/hugepages/" SMALL "/nr_hugepages", "132");
    assert_int_equal(reservations_recover(&m.base, m.state_dir, &freed, NULL), 0);
    assert_int_equal(freed, 0);
    assert_string_equal(find(&m.base, NODE "/node0/hugepages/" SMALL "/nr_hugepages")->text, "132");
}

static void test_records_that_are_wrong(void **state)
{
    static const char *const keys[] = { "boot",      "owner",      "pid_namespace",
                                        "unsettled", "page_bytes", "before",
                                        "cores",     "vfs",        "groups" };
    char why[200];

    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        _cleanup_(reservation_done) struct reservation r = { 0 };
        char text[600], quoted[32];

        STR_SET(text, record(false, "1", "2"));
        snprintf(quoted, sizeof(quoted), "\"%s\"", keys[i]);
        strstr(text, quoted)[1] = 'X';
        why[0] = '\0';
        assert_int_equal(reservation_parse(text, strlen(text), &r, why, sizeof(why)), -EINVAL);
        assert_non_null(strstr(why, keys[i]));
    }
    assert_true(reservation_is_name("dpdk-0"));
    assert_false(reservation_is_name("dpdk-"));
    assert_false(reservation_is_name("dpdk-1/../x"));
    assert_false(reservation_is_name(".dpdk-0.AbCdEf"));
}

static void test_records_are_read_as_written(void **state)
{
    unsigned cpus[] = { 2, 3 };
    struct reservation r = { .name = "dpdk-3",
                             .boot = "b",
                             .owner = { .name = "web 1", .pid = 7, .pid_started = 8 },
                             .unsettled = true,
                             .bytes = 5,
                             .page_bytes = 6,
                             .pages = { { 1, 2, 3 }, { -1, 4, 5 } },
                             .n_pages = 2,
                             .cores = { cpus, 2 },
                             .vfs = { { .pf = "0000:01:00.0", .index = 4 } },
                             .n_vfs = 1,
                             .groups = { { 12, 0, 65534 } },
                             .n_groups = 1 };
    _cleanup_(reservation_done) struct reservation again = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT, second = BUF_INIT;
    char why[200];

    reservation_format(&r, &text);
    assert_int_equal(reservation_parse(text.data, text.len, &again, why, sizeof(why)), 0);
    reservation_format(&again, &second);
    assert_string_equal(second.data, text.data);
    assert_int_equal(again.pages[1].node, -1);
    assert_int_equal(again.groups[0].given, 65534);
    assert_int_equal(again.cores.items[1], 3);
}

/* ---- groups ---- */

static void test_groups(void **state)
{
    _cleanup_(machine_done) struct machine m;
    struct pf pf = { .name = "enp1s0" };
    struct vf vf = { .index = 1, .pci = "0000:01:10.0", .iommu_group = 5 };
    struct sriov_error error = { 0 };

    make_machine(&m);
    assert_int_equal(group_check(&m.base, &pf, &vf, &error), 0); /* a bridge does not count */
    STR_SET(vf.pci, "0000:01:10.2");
    vf.iommu_group = 6;
    assert_int_equal(group_check(&m.base, &pf, &vf, &error), -EBUSY);
    assert_int_equal(error.code, SRIOV_IN_USE);
    assert_string_equal(error.message, "shares IOMMU group 6 with 0000:01:00.0, which igb has");
    set(&m, "/sys/bus/pci/devices/0000:01:00.0/driver", "vfio-pci");
    assert_int_equal(group_check(&m.base, &pf, &vf, &error), 0);
    vf.iommu_group = -1;
    assert_int_equal(group_check(&m.base, &pf, &vf, &error), -EOPNOTSUPP);
    assert_string_equal(error.object, "enp1s0/1");
    assert_int_equal(error.code, SRIOV_UNSUPPORTED);
}

/* ---- arguments ---- */

static struct dpdk *make_dpdk(void)
{
    static unsigned cpus[] = { 2, 3, 33 };
    struct dpdk *d = calloc(1, sizeof(*d));

    assert_non_null(d);
    d->n_ports = 2;
    d->ports[0] = (struct dpdk_port){
        .label = "p0/0", .pf_label = "p0", .pci = "0000:01:10.0", .pf_pci = "0000:01:00.0"
    };
    d->ports[1] = (struct dpdk_port){
        .label = "p0/3", .pf_label = "p0", .pci = "0000:01:10.6", .pf_pci = "0000:01:00.0", .vf = 3
    };
    d->reservation = (struct reservation){ .name = "dpdk-1",
                                           .bytes = 512 * MIB,
                                           .page_bytes = 2 * MIB,
                                           .pages = { { .node = 1 } },
                                           .n_pages = 1,
                                           .cores = { cpus, ELEMENTS(cpus) } };
    return d;
}

static const char *joined(int r, struct strv *words)
{
    static char text[600];
    _cleanup_buf_ struct buf out = BUF_INIT;

    assert_int_equal(r, 0);
    for (size_t i = 0; i < words->count; i++)
        buf_printf(&out, "%s%s", i > 0 ? " " : "", words->items[i]);
    STR_SET(text, out.data);
    strv_done(words);
    return text;
}

#define EAL                                                                                        \
    "-l 2,3,33 --socket-mem 0,512 --huge-dir /run/sriovctl/dpdk-1 --file-prefix dpdk-1 "           \
    "-a 0000:01:10.0 -a 0000:01:10.6"

static void test_arguments(void **state)
{
    struct account alice = { .name = "alice", .uid = 1000 };
    struct strv words = STRV_INIT;
    struct dpdk *d = make_dpdk();

    assert_string_equal(joined(dpdk_eal(d, &words), &words), EAL);
    d->reservation.pages[1].node = 0;
    d->reservation.n_pages = 2;
    d->user = &alice;
    d->vf_token = "14d63f20-8445-11ea-8900-1f9ce7d5650d";
    d->representors = true;
    assert_string_equal(joined(dpdk_eal(d, &words), &words),
                        "-l 2,3,33 --socket-mem 512,512 --huge-dir /run/sriovctl/dpdk-1 "
                        "--file-prefix dpdk-1-alice --iova-mode=va --vfio-vf-token "
                        "14d63f20-8445-11ea-8900-1f9ce7d5650d -a 0000:01:10.0 -a 0000:01:10.6 "
                        "-a 0000:01:00.0,representor=[0,3]");
    free(d);
}

static void test_command(void **state)
{
    struct strv words = STRV_INIT;
    struct dpdk *d = make_dpdk();

    assert_string_equal(
        joined(dpdk_argv(d, (const char *const[]){ "app", "--", "-i", NULL }, &words), &words),
        "app " EAL " -- -i");
    assert_string_equal(
        joined(dpdk_argv(d, (const char *const[]){ "nice", "app", "{eal}", "x", NULL }, &words),
               &words),
        "nice app " EAL " x");
    free(d);
}

static void test_open_vswitch(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct dpdk *d = make_dpdk();

    dpdk_ovs(d, &out);
    assert_non_null(strstr(out.data, "other_config:dpdk-socket-mem=\"0,512\"\n"));
    assert_non_null(strstr(out.data, "other_config:dpdk-hugepage-dir=\"/run/sriovctl/dpdk-1\"\n"));
    assert_non_null(strstr(out.data, "other_config:dpdk-lcore-mask=\"0x4\"\n"));
    assert_non_null(strstr(out.data, "other_config:pmd-cpu-mask=\"0x200000008\"\n"));
    assert_non_null(strstr(out.data, "Interface p0_3 type=dpdk options:dpdk-devargs=0000:01:10.6"));
    d->representors = true;
    dpdk_ovs(d, &out);
    assert_non_null(strstr(out.data, "options:dpdk-devargs=\"0000:01:00.0,representor=[3]\"\n"));
    free(d);
}

static void test_drivers_that_share(void **state)
{
    assert_true(driver_has("mlx5_core", DRIVER_BIFURCATED));
    assert_true(driver_has("mlx4_core", DRIVER_BIFURCATED));
    assert_false(driver_has("igb", DRIVER_BIFURCATED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cores_are_near_and_whole),
        cmocka_unit_test(test_cores_that_are_allowed),
        cmocka_unit_test(test_pages_that_are_free_come_first),
        cmocka_unit_test(test_what_was_added_is_given_back_once),
        cmocka_unit_test(test_one_that_lives_stays),
        cmocka_unit_test(test_records_that_are_wrong),
        cmocka_unit_test(test_records_are_read_as_written),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_command),
        cmocka_unit_test(test_open_vswitch),
        cmocka_unit_test(test_drivers_that_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
