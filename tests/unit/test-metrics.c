/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The page that Prometheus reads, made of a machine that stands here, and which format a client
 * gets. Whether Prometheus likes it is tested in tests/host/metrics.sh.
 */
#include "daemon/metrics-read.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* ---- the formats ---- */

static void test_which_format(void **state)
{
    static const struct {
        const char *accept;
        enum page_format want;
    } rows[] = {
        { NULL, PAGE_PROMETHEUS },
        { "", PAGE_PROMETHEUS },
        { "*/*", PAGE_PROMETHEUS },
        { "text/html,*/*;q=0.8", PAGE_PROMETHEUS },
        { "text/plain; version=0.0.4", PAGE_PROMETHEUS },
        { "application/openmetrics-text", PAGE_OPENMETRICS },
        { "Application/OpenMetrics-Text; Version=1.0.0", PAGE_OPENMETRICS },
        /* what Prometheus 2.42 and 3 send */
        { "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          PAGE_OPENMETRICS },
        { "application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
          PAGE_PROMETHEUS },
        { "application/openmetrics-text;q=0.3,text/plain;q=0.31", PAGE_PROMETHEUS },
        { "application/openmetrics-text;q=0", PAGE_PROMETHEUS },
        { "application/openmetrics-text;q=0.000, text/plain;q=0.001", PAGE_PROMETHEUS },
        { "text/plain , application/openmetrics-text ; q=1.0", PAGE_OPENMETRICS },
        { ",,;;,application/openmetrics-text;;q", PAGE_OPENMETRICS },
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(page_format_of(rows[i].accept), rows[i].want);
}

static const char *const two[] = { "a", "b", NULL };

static void expect(const struct family *f, enum page_format format, const char *const *values,
                   struct number n, const char *want)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct page page = { .out = &text, .format = format };
    page_add(&page, f, values, n);
    page_end(&page);
    assert_string_equal(text.data, want);
}

static void test_heads_and_names(void **state)
{
    const struct family counter = { "x_bytes", FAMILY_COUNTER, "bytes", "Bytes", NULL };
    const struct family info = { "x", FAMILY_INFO, NULL, "What", two };
    const char *const values[] = { "1", "2" };
    expect(&counter, PAGE_PROMETHEUS, NULL, whole(7),
           "# HELP x_bytes_total Bytes\n# TYPE x_bytes_total counter\nx_bytes_total 7\n");
    expect(&counter, PAGE_OPENMETRICS, NULL, whole(7),
           "# TYPE x_bytes counter\n# UNIT x_bytes bytes\n# HELP x_bytes Bytes\nx_bytes_total "
           "7\n# EOF\n");
    expect(&info, PAGE_PROMETHEUS, values, whole(1),
           "# HELP x_info What\n# TYPE x_info gauge\nx_info{a=\"1\",b=\"2\"} 1\n");
    expect(&info, PAGE_OPENMETRICS, values, whole(1),
           "# TYPE x info\n# HELP x What\nx_info{a=\"1\",b=\"2\"} 1\n# EOF\n");
}

static void test_values_of_labels(void **state)
{
    const struct family f = { "x", FAMILY_GAUGE, NULL, "What", two };
    const char *const values[] = { "a\"b\\c\nd", "\xc3\xa9 \xff\xc3" };
    expect(&f, PAGE_PROMETHEUS, values, whole(0),
           "# HELP x What\n# TYPE x gauge\nx{a=\"a\\\"b\\\\c\\nd\",b=\"\xc3\xa9 "
           "\xef\xbf\xbd\xef\xbf\xbd\"} 0\n");
}

static void test_numbers(void **state)
{
    static const struct {
        struct number n;
        const char *want;
    } rows[] = {
        { { 0, 0 }, "x 0\n" },           { { UINT64_MAX, 0 }, "x 18446744073709551615\n" },
        { { 0, 9 }, "x 0.000000000\n" }, { { 1500, 3 }, "x 1.500\n" },
        { { 7, 3 }, "x 0.007\n" },       { { UINT64_MAX, 9 }, "x 18446744073.709551615\n" },
    };
    const struct family f = { "x", FAMILY_GAUGE, NULL, "What", NULL };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        struct page page = { .out = &text, .family = &f };
        page_add(&page, &f, NULL, rows[i].n);
        assert_string_equal(text.data, rows[i].want);
    }
}

/* ---- the table ---- */

static struct vf vfs[3];
static struct pf pfs[] = {
    { .key = "0000:01:00.0",
      .name = "enp1s0",
      .driver = "ixgbe",
      .vendor = 0x8086,
      .device = 0x10fb,
      .total_vfs = 64,
      .numa_node = 1,
      .ifindex = 2,
      .carrier = true,
      .speed = 10000,
      .vfs = vfs,
      .n_vfs = ELEMENTS(vfs) },
    { .key = "0000:02:00.0", .name = "", .driver = "nvme", .numa_node = -1, .speed = -1 },
};
static struct snapshot machine = { .pfs = pfs, .n_pfs = ELEMENTS(pfs) };
static struct holder held[] = {
    { .kind = HOLDER_VFIO, .pf = "0000:01:00.0", .vf = 2, .pid = 7 },
    { .kind = HOLDER_LEASE, .pf = "0000:01:00.0", .vf = 2 },
    { .kind = HOLDER_ROUTE, .pf = "0000:01:00.0", .vf = HOLDER_OF_PF },
};
static struct lease leases[] = {
    { .pf = "0000:01:00.0",
      .vf = 2,
      .state = LEASE_HELD,
      .boot = "b",
      .since = 1700000000,
      .owner.name = "we\"b" },
    { .pf = "0000:09:00.0", .vf = 0 },
};
static const struct look look = {
    .number = 3,
    .snapshot = &machine,
    .holders = { .items = held, .count = ELEMENTS(held) },
    .leases = leases,
    .n_leases = ELEMENTS(leases),
};

static void make_machine(void)
{
    for (unsigned i = 0; i < ELEMENTS(vfs); i++) {
        vfs[i] = (struct vf){ .index = i, .listed = true };
        snprintf(vfs[i].pci, sizeof(vfs[i].pci), "0000:01:10.%u", 2 * i);
        attrs_set_text(&vfs[i].attrs, SRIOV_DRIVER, i == 2 ? "vfio-pci" : "ixgbevf");
        attrs_set(&vfs[i].attrs, SRIOV_VLAN, i * 10);
    }
    attrs_set_text(&vfs[0].attrs, SRIOV_DRIVER, "");
    attrs_set(&pfs[0].attrs, SRIOV_LINK, 1);
}

static char *print(struct figures *f)
{
    struct buf text = BUF_INIT;
    struct page page = { .out = &text };
    make_machine();
    assert_int_equal(figures_look(f, &look), 0);
    figures_print(f, &page);
    assert_int_equal(buf_ok(&text), 0);
    return buf_steal(&text);
}

static void has(const char *text, const char *line)
{
    _cleanup_buf_ struct buf wanted = BUF_INIT;
    buf_printf(&wanted, "\n%s\n", line);
    if (!strstr(text, wanted.data))
        fail_msg("no line %s in\n%s", line, text);
}

#define OF_PF "{pci=\"0000:01:00.0\",name=\"enp1s0\",driver=\"ixgbe\"}"

static void test_gauges(void **state)
{
    _cleanup_(figures_done) struct figures f = { 0 };
    _cleanup_free_ char *text = print(&f);
    has(text, "sriov_pfs 2");
    has(text, "sriov_pf_info{pci=\"0000:01:00.0\",name=\"enp1s0\",driver=\"ixgbe\",vendor=\"8086\","
              "device=\"10fb\",numa_node=\"1\",eswitch_mode=\"\"} 1");
    has(text, "sriov_pf_vfs" OF_PF " 3");
    has(text, "sriov_pf_vfs_supported" OF_PF " 63"); /* what ixgbe caps */
    has(text, "sriov_pf_vfs_in_use" OF_PF " 1");
    has(text, "sriov_pf_vfs_free" OF_PF " 2");
    has(text, "sriov_pf_link_up" OF_PF " 1");
    has(text, "sriov_pf_link_speed_bytes_per_second" OF_PF " 1250000000");
    has(text, "sriov_vf_in_use{pf=\"enp1s0\",vf=\"1\"} 0");
    has(text, "sriov_vf_in_use{pf=\"enp1s0\",vf=\"2\"} 1");
    has(text, "sriov_leases{state=\"held\"} 1");
    has(text, "sriov_leases{state=\"unreadable\"} 1");
    has(text,
        "sriov_lease_start_time_seconds{pf=\"enp1s0\",vf=\"2\",owner=\"we\\\"b\"} 1700000000");
    /* A PF without a netdev has no link, and one that is not read no counters. */
    assert_null(strstr(text, "sriov_pf_link_up{pci=\"0000:02:00.0\""));
    assert_null(strstr(text, "_bytes_total"));
    has(text, "sriov_traffic_read_success 0");
}

static void test_drivers_of_vfs(void **state)
{
    _cleanup_(figures_done) struct figures f = { 0 };
    _cleanup_free_ char *text = print(&f);
    const char *first = strstr(text, "\nsriov_pf_vfs_by_driver{");
    size_t lines = 0;
    has(text, "sriov_pf_vfs_by_driver{pci=\"0000:01:00.0\",name=\"enp1s0\",driver=\"ixgbe\","
              "vf_driver=\"none\"} 1");
    has(text, "sriov_pf_vfs_by_driver{pci=\"0000:01:00.0\",name=\"enp1s0\",driver=\"ixgbe\","
              "vf_driver=\"ixgbevf\"} 1");
    has(text, "sriov_pf_vfs_by_driver{pci=\"0000:01:00.0\",name=\"enp1s0\",driver=\"ixgbe\","
              "vf_driver=\"vfio-pci\"} 1");
    for (; first; first = strstr(first + 1, "\nsriov_pf_vfs_by_driver{"))
        lines++;
    assert_int_equal(lines, 3);
}

static void test_only_known_things_are_said(void **state)
{
    _cleanup_(figures_done) struct figures f = { 0 };
    _cleanup_free_ char *text = print(&f);
    assert_null(strstr(text, "sriov_doctor_findings"));
    assert_null(strstr(text, "sriov_transactions"));
    assert_null(strstr(text, "process_"));
    assert_null(strstr(text, "sriov_pf_drifted_attributes"));
    assert_null(strstr(text, "sriov_events"));
}

static void test_figures_that_are_known(void **state)
{
    _cleanup_(figures_done) struct figures f = {
        .has_transactions = true,
        .transactions = { [TRANSACTION_NOT_REVERTED] = 4 },
        .doctor = { .is_known = true, .when = 1700000001, .findings = { 3, 2, 1 } },
        .has_usage = true,
        .usage = { .cpu_ns = 1234567890, .open_fds = 9 },
    };
    _cleanup_free_ char *text = print(&f);
    has(text, "sriov_transactions{state=\"not-reverted\"} 4");
    has(text, "sriov_transactions{state=\"applied\"} 0");
    has(text, "sriov_doctor_findings{severity=\"error\"} 1");
    has(text, "sriov_doctor_findings{severity=\"info\"} 3");
    has(text, "sriov_doctor_last_run_timestamp_seconds 1700000001");
    has(text, "process_cpu_seconds_total 1.234567890");
    has(text, "process_open_fds 9");
}

/* ---- counters ---- */

static void count(struct traffic *t, enum traffic_counter counter, uint64_t value)
{
    t->value[counter] = value;
    t->known |= 1u << counter;
}

/* What the kernel would have said: VF 1 is missing in its list. */
static void fill(struct counters_of_pf *of, uint64_t of_vf)
{
    of->traffic.items = calloc(2, sizeof(*of->traffic.items));
    of->traffic.count = 2;
    of->traffic.items[1].index = 2;
    of->r = 0;
    count(&of->traffic.pf, TRAFFIC_RX_BYTES, 5000);
    for (size_t i = 0; i < 2; i++)
        count(&of->traffic.items[i].traffic, TRAFFIC_TX_PACKETS, of_vf);
}

static char *print_counters(const char *driver, uint64_t of_vf, struct figures *f,
                            struct counters *c)
{
    struct buf text = BUF_INIT;
    struct page page = { .out = &text };
    STR_SET(pfs[0].driver, driver);
    make_machine();
    assert_int_equal(counters_prepare(&machine, c), 0);
    assert_int_equal(c->count, 1);
    fill(&c->items[0], of_vf);
    assert_int_equal(figures_look(f, &look), 0);
    counters_apply(c, f);
    figures_print(f, &page);
    STR_SET(pfs[0].driver, "ixgbe");
    return buf_steal(&text);
}

static void test_a_driver_that_counts(void **state)
{
    _cleanup_(figures_done) struct figures f = { 0 };
    _cleanup_(counters_done) struct counters c = { 0 };
    _cleanup_free_ char *text = print_counters("ixgbe", 0, &f, &c);
    assert_true(c.items[0].with_vfs);
    has(text, "sriov_pf_receive_bytes_total" OF_PF " 5000");
    has(text, "sriov_vf_transmit_packets_total{pf=\"enp1s0\",vf=\"2\"} 0");
    assert_null(strstr(text, "sriov_vf_transmit_packets_total{pf=\"enp1s0\",vf=\"1\"}"));
    assert_null(strstr(text, "sriov_vf_receive_bytes_total"));
    has(text, "sriov_traffic_read_success 1");
}

static void test_a_driver_that_does_not(void **state)
{
    _cleanup_(figures_done) struct figures f = { 0 };
    _cleanup_(counters_done) struct counters c = { 0 };
    _cleanup_free_ char *text = print_counters("igb", 0, &f, &c);
    assert_false(c.items[0].with_vfs);
    assert_null(strstr(text, "sriov_vf_transmit_packets_total"));
}

static void test_a_driver_nobody_knows(void **state)
{
    _cleanup_(figures_done) struct figures f = { 0 }, g = { 0 };
    _cleanup_(counters_done) struct counters c = { 0 }, d = { 0 };
    _cleanup_free_ char *zeros = print_counters("new", 0, &f, &c);
    _cleanup_free_ char *counts = print_counters("new", 1, &g, &d);
    assert_true(c.items[0].with_vfs);
    assert_null(strstr(zeros, "sriov_vf_transmit_packets_total"));
    has(counts, "sriov_vf_transmit_packets_total{pf=\"enp1s0\",vf=\"0\"} 1");
}

static void test_counters_that_could_not_be_read(void **state)
{
    _cleanup_(figures_done) struct figures f = { 0 };
    _cleanup_(counters_done) struct counters c = { 0 };
    make_machine();
    assert_int_equal(counters_prepare(&machine, &c), 0);
    assert_int_equal(figures_look(&f, &look), 0);
    counters_apply(&c, &f);
    assert_false(f.has_traffic);
    assert_null(f.pfs[0].traffic);
}

/* ---- the doctor's report ---- */

static void test_findings_are_counted(void **state)
{
    const char *report =
        "{\"healthy\":false,\"findings\":[{\"severity\":\"error\",\"consequences\":[{\"severity\":"
        "\"warning\",\"consequences\":[{\"severity\":\"warning\",\"consequences\":[]}]}]},"
        "{\"severity\":\"info\"},{\"severity\":\"new\"}],\"unchecked\":[]}";
    struct diagnosis_figures d = { 0 };
    assert_int_equal(diagnosis_read(report, strlen(report), &d), 0);
    assert_true(d.is_known);
    assert_int_equal(d.findings[FINDING_ERROR], 1);
    assert_int_equal(d.findings[FINDING_WARNING], 2);
    assert_int_equal(d.findings[FINDING_INFO], 1);
}

static void test_what_is_no_report(void **state)
{
    static const char *const texts[] = {
        "", "{}", "[]", "{\"findings\":3}", "{\"findings\":[", "{\"error\":{\"code\":5}}"
    };
    struct diagnosis_figures d = { 0 };
    for (size_t i = 0; i < ELEMENTS(texts); i++)
        assert_int_equal(diagnosis_read(texts[i], strlen(texts[i]), &d), -EINVAL);
    assert_false(d.is_known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_format),
        cmocka_unit_test(test_heads_and_names),
        cmocka_unit_test(test_values_of_labels),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_gauges),
        cmocka_unit_test(test_drivers_of_vfs),
        cmocka_unit_test(test_only_known_things_are_said),
        cmocka_unit_test(test_figures_that_are_known),
        cmocka_unit_test(test_a_driver_that_counts),
        cmocka_unit_test(test_a_driver_that_does_not),
        cmocka_unit_test(test_a_driver_nobody_knows),
        cmocka_unit_test(test_counters_that_could_not_be_read),
        cmocka_unit_test(test_findings_are_counted),
        cmocka_unit_test(test_what_is_no_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
