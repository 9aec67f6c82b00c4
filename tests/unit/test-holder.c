/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Holders found from what a backend tells, and what the gate makes of them. Each kind on a kernel
 * is tested in the lab; here are the cases that need more than one card or machine: a VF with two
 * netdevs, uppers in other namespaces, a PF that is passed through itself, places that cannot be
 * looked into.
 */
#include "core/holder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/lease.h"
#include "core/plan.h"
#include "kernel/list.h"

/* ---- a machine ---- */

/* VF 0 has two netdevs, 20 and 21; VF 1 one, 30; VF 2 is on vfio-pci, group 12. */
enum { FIRST = 20, SECOND = 21, OTHER = 30 };

struct machine {
    struct backend base;
    struct device_users users;
    struct foreign_netdevs netdevs;
    int address_on;
    bool address_is_fe80;
    int error; /* of the scans of processes */
    struct snapshot s;
    struct pf pf;
    struct vf vfs[3];
    struct rtnl_link links[4];
};

static struct machine *machine_of(struct backend *b)
{
    return (struct machine *)b;
}

static int read_link(struct backend *b, const char *path, char **ret)
{
    return -ENOENT;
}

/* Device files of classes: VF 0 has RDMA, VF 1 a UIO device, VF 2 a VFIO one. */
static int list_dir(struct backend *b, const char *path, struct strv *ret)
{
    static const struct {
        const char *path, *name;
    } folders[] = {
        { "/sys/bus/pci/devices/0000:01:10.0/infiniband_verbs", "uverbs3" },
        { "/sys/bus/pci/devices/0000:01:10.1/uio", "uio0" },
        { "/sys/bus/pci/devices/0000:01:10.2/vfio-dev", "vfio5" },
    };

    for (size_t i = 0; i < ELEMENTS(folders); i++)
        if (str_eq(path, folders[i].path))
            return strv_add(ret, "power") < 0 ? -ENOMEM : strv_add(ret, folders[i].name);
    return -ENOENT;
}

static void add_fe80(struct buf *ret, unsigned ifindex)
{
    const struct {
        struct nlmsghdr header;
        struct ifaddrmsg info;
        struct nlattr attr;
        unsigned char address[16];
    } m = {
        .header = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWADDR },
        .info = { AF_INET6, 64, 0, 253, ifindex }, /* scope link */
        .attr = { 20, IFA_ADDRESS },
        .address = { 0xfe, 0x80, [15] = 1 },
    };

    buf_add(ret, &m, sizeof(m));
}

static int nl_query(struct backend *b, int protocol, const void *request, struct buf *ret,
                    struct nl_ack *ack)
{
    const struct nlmsghdr *header = request;
    struct {
        struct nlmsghdr header;
        struct ifaddrmsg info;
        struct nlattr attr;
        uint32_t address;
    } m = {
        .header = { .nlmsg_len = sizeof(m), .nlmsg_type = RTM_NEWADDR },
        .info = { AF_INET, 24, 0, 0, (unsigned)machine_of(b)->address_on },
        .attr = { 8, IFA_LOCAL },
        .address = htonl(0xc0000201),
    };

    if (header->nlmsg_type == RTM_GETADDR && machine_of(b)->address_is_fe80)
        add_fe80(ret, (unsigned)machine_of(b)->address_on);
    else if (header->nlmsg_type == RTM_GETADDR && machine_of(b)->address_on)
        buf_add(ret, &m, sizeof(m));
    return buf_ok(ret);
}

static int device_users(struct backend *b, const char *const *prefixes, struct device_users *ret)
{
    *ret = machine_of(b)->users;
    machine_of(b)->users = (struct device_users){ 0 };
    return machine_of(b)->error;
}

static int foreign_netdevs(struct backend *b, struct foreign_netdevs *ret)
{
    *ret = machine_of(b)->netdevs;
    machine_of(b)->netdevs = (struct foreign_netdevs){ 0 };
    return machine_of(b)->error;
}

static const struct backend_ops ops = {
    .name = "fake",
    .read_link = read_link,
    .list_dir = list_dir,
    .nl_query = nl_query,
    .device_users = device_users,
    .foreign_netdevs = foreign_netdevs,
};

static void make_vf(struct vf *vf, unsigned index, const char *driver, int ifindex)
{
    *vf = (struct vf){ .index = index, .iommu_group = 10 + (int)index, .ifindex = ifindex };
    snprintf(vf->pci, sizeof(vf->pci), "0000:01:10.%u", index);
    snprintf(vf->sysfs, sizeof(vf->sysfs), "/sys/bus/pci/devices/%s", vf->pci);
    attrs_set_text(&vf->attrs, SRIOV_DRIVER, driver);
}

static void make_link(struct rtnl_link *l, int ifindex, const char *name, const char *parent)
{
    *l = (struct rtnl_link){ .ifindex = ifindex, .lower_netnsid = -1 };
    STR_SET(l->name, name);
    STR_SET(l->parent, parent);
}

static void make_machine(struct machine *m)
{
    *m = (struct machine){ .base.ops = &ops };
    m->pf = (struct pf){
        .key = "0000:01:00.0", .name = "enp1s0", .driver = "mlx4_core", .iommu_group = 7
    };
    STR_SET(m->pf.sysfs, "/sys/bus/pci/devices/0000:01:00.0");
    m->pf.vfs = m->vfs;
    m->pf.n_vfs = ELEMENTS(m->vfs);
    make_vf(&m->vfs[0], 0, "mlx4_core", FIRST);
    make_vf(&m->vfs[1], 1, "mlx4_core", OTHER);
    make_vf(&m->vfs[2], 2, "vfio-pci", 0);
    make_link(&m->links[0], 2, "enp1s0", "0000:01:00.0");
    make_link(&m->links[1], FIRST, "v0", "0000:01:10.0");
    make_link(&m->links[2], SECOND, "v0d1", "0000:01:10.0");
    make_link(&m->links[3], OTHER, "v1", "0000:01:10.1");
    m->s = (struct snapshot){ .pfs = &m->pf, .n_pfs = 1 };
    m->s.links.items = m->links;
    m->s.links.count = ELEMENTS(m->links);
}

static void add_netdev(struct machine *m, struct foreign_netdev netdev)
{
    *LIST_ADD(&m->netdevs) = netdev;
}

/* The holders as one text. */
static void expect_holders(const struct holders *found, const char *want)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    for (size_t i = 0; i < found->count; i++) {
        char who[HOLDER_TEXT_SIZE];
        holder_text(&found->items[i], who);
        buf_printf(&text, "%d: %s\n", found->items[i].vf, who);
    }
    assert_string_equal(text.data ? text.data : "", want);
}

static void expect(struct machine *m, const char *want)
{
    _cleanup_(holders_done) struct holders found = { 0 };
    assert_int_equal(holders_find(&m->base, &m->s, NULL, 0, &found, NULL), 0);
    expect_holders(&found, want);
}

/* ---- finding ---- */

static void test_every_netdev_of_a_vf_counts(void **state)
{
    struct machine m;
    make_machine(&m);
    expect(&m, "");
    m.address_on = SECOND;
    expect(&m, "0: address \"192.0.2.1/24\"\n");
    m.address_on = 0;
    m.links[3].master = 99; /* of VF 1, and no bridge that we know of */
    m.links[0].lower = SECOND;
    expect(&m, "0: upper \"enp1s0\"\n");
}

static void test_a_second_netdev_in_a_container(void **state)
{
    struct machine m;
    make_machine(&m);
    add_netdev(
        &m, (struct foreign_netdev){ .parent = "0000:01:10.0", .ifname = "eth0", .netns = "web" });
    expect(&m, "0: netns \"web\"\n");
}

static void test_uppers_in_other_namespaces(void **state)
{
    struct machine m;
    make_machine(&m);
    add_netdev(&m, (struct foreign_netdev){
                       .ifname = "mv0", .netns = "blue", .lower = FIRST, .kind = "macvlan" });
    add_netdev(&m, (struct foreign_netdev){ .ifname = "eth0",
                                            .netns = "net:[4026532301]",
                                            .pid = 4,
                                            .comm = "nginx",
                                            .name = "0123456789ab",
                                            .lower = OTHER,
                                            .kind = "vlan" });
    add_netdev(&m, (struct foreign_netdev){ .ifname = "mv1", .netns = "red", .lower = 77 });
    expect(&m, "0: upper macvlan \"mv0 in blue\"\n"
               "1: nginx (pid 4, \"eth0 in 0123456789ab\") through upper\n");
}

static void add_user(struct machine *m, int pid, const char *device)
{
    struct device_user *u = LIST_ADD(&m->users);

    *u = (struct device_user){ .pid = pid, .comm = "dpdk" };
    STR_SET(u->device, device);
}

static void test_every_kind_of_device_file(void **state)
{
    struct machine m;
    make_machine(&m);
    add_user(&m, 1, "/dev/vfio/12");
    add_user(&m, 2, "/dev/vfio/noiommu-12");
    add_user(&m, 3, "/dev/vfio/devices/vfio5");
    add_user(&m, 4, "/dev/uio0");
    add_user(&m, 5, "/dev/infiniband/uverbs3");
    /* of other devices, or of groups of VFs that are not on VFIO */
    add_user(&m, 6, "/dev/vfio/11");
    add_user(&m, 7, "/dev/vfio/1");
    add_user(&m, 8, "/dev/vfio/120");
    add_user(&m, 9, "/dev/uio01");
    add_user(&m, 10, "/dev/vfio/vfio");
    add_user(&m, 11, "/dev/power");
    expect(&m, "0: dpdk (pid 5) through rdma\n"
               "1: dpdk (pid 4) through uio\n"
               "2: dpdk (pid 1) through vfio\n"
               "2: dpdk (pid 2) through vfio\n"
               "2: dpdk (pid 3) through iommufd\n");
}

static void test_an_address_that_every_link_has(void **state)
{
    struct machine m;
    make_machine(&m);
    m.address_on = FIRST;
    m.address_is_fe80 = true;
    expect(&m, "");
}

static void test_leases(void **state)
{
    struct lease leases[] = {
        { .pf = "0000:01:00.0", .vf = 1, .owner = { .name = "neutron/4711", .pid = 77 } },
        { .pf = "0000:01:00.0",
          .vf = 2,
          .owner = { .name = "cni", .container = "3f2a5c0d9e1b774fd2a1" } },
        { .pf = "0000:01:00.0", .vf = 0, .boot = "of the day before", .owner = { .name = "old" } },
        { .pf = "0000:09:00.0", .vf = 0, .owner = { .name = "of another PF" } },
        { .pf = "0000:01:00.0", .vf = 0, .owner = { .name = LEASE_UNREADABLE } },
    };
    _cleanup_(holders_done) struct holders found = { 0 };
    struct machine m;
    make_machine(&m);
    assert_int_equal(host_boot_id(leases[0].boot), 0);
    STR_SET(leases[1].boot, leases[0].boot);
    STR_SET(leases[3].boot, leases[0].boot);
    assert_int_equal(holders_find(&m.base, &m.s, leases, ELEMENTS(leases), &found, NULL), 0);
    expect_holders(&found, "1: process (pid 77, \"neutron/4711\") through lease\n"
                           "2: lease \"cni 3f2a5c0d9e1b\"\n"
                           "0: lease \"unreadable\"\n");
}

static void test_a_pf_that_is_passed_through(void **state)
{
    struct machine m;
    make_machine(&m);
    STR_SET(m.pf.driver, "vfio-pci");
    *LIST_ADD(&m.users) = (struct device_user){ 812, "dpdk-testpmd", "", "/dev/vfio/7" };
    *LIST_ADD(&m.users) = (struct device_user){ 813, "qemu", "web1", "/dev/vfio/12" };
    expect(&m,
           "2: qemu (pid 813, \"web1\") through vfio\n-1: dpdk-testpmd (pid 812) through vfio\n");
}

static void test_a_scan_that_fails_is_no_empty_answer(void **state)
{
    struct machine m;
    struct holders found = { 0 };
    struct sriov_error error = { 0 };
    make_machine(&m);
    m.error = -ENOENT; /* no /proc */
    assert_int_equal(holders_find(&m.base, &m.s, NULL, 0, &found, &error), -ENOENT);
    m.error = -ENODATA; /* a capture that does not have it; what it has still counts */
    m.address_on = OTHER;
    expect(&m, "1: address \"192.0.2.1/24\"\n");
}

/* ---- the gate ---- */

static int gate(struct machine *m, enum disruption disruption, struct sriov_error *error)
{
    _cleanup_(holders_done) struct holders all = { 0 }, victims = { 0 };
    struct goal goal = { .pf = &m->pf };
    struct step step = {
        .kind = STEP_BIND, .vf = 0, .attr = SRIOV_DRIVER, .disruption = disruption
    };
    const struct plan p = {
        .snapshot = &m->s, .goals = { .items = &goal, .count = 1 }, .steps = &step, .n_steps = 1
    };
    assert_int_equal(holders_find(&m->base, &m->s, NULL, 0, &all, NULL), 0);
    assert_int_equal(plan_victims(&p, &all, &victims), 0);
    return plan_gate(&p, &victims, error);
}

static void test_who_could_not_look_everywhere_takes_nothing_away(void **state)
{
    struct sriov_error error = { 0 };
    struct machine m;
    make_machine(&m);
    assert_int_equal(gate(&m, DISRUPTION_VF_LOSS, &error), 0);
    m.netdevs.incomplete = true;
    assert_int_equal(gate(&m, DISRUPTION_VF_LOSS, &error), -EPERM);
    assert_int_equal(error.code, SRIOV_NOT_PERMITTED);
    m.users.incomplete = true;
    assert_int_equal(gate(&m, DISRUPTION_VF_LOSS, &error), -EPERM);
    m.users.incomplete = true;
    assert_int_equal(gate(&m, DISRUPTION_NONE, &error), 0);
    m.users.incomplete = true;
    add_netdev(&m, (struct foreign_netdev){ .ifname = "mv0", .netns = "blue", .lower = FIRST });
    assert_int_equal(gate(&m, DISRUPTION_VF_LOSS, &error), -EBUSY);
    assert_int_equal(error.code, SRIOV_IN_USE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_netdev_of_a_vf_counts),
        cmocka_unit_test(test_a_second_netdev_in_a_container),
        cmocka_unit_test(test_uppers_in_other_namespaces),
        cmocka_unit_test(test_every_kind_of_device_file),
        cmocka_unit_test(test_an_address_that_every_link_has),
        cmocka_unit_test(test_leases),
        cmocka_unit_test(test_a_pf_that_is_passed_through),
        cmocka_unit_test(test_a_scan_that_fails_is_no_empty_answer),
        cmocka_unit_test(test_who_could_not_look_everywhere_takes_nothing_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
