/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The performance report: what iperf3 and ping print, medians and units, the JSON and back, what is
 * escaped in HTML and Markdown, which advice is given.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench/iperf.h"
#include "bench/markup.h"
#include "bench/scenery.h"

#define HAS(text, word) assert_non_null(strstr(text, word))
#define HASNT(text, word) assert_null(strstr(text, word))

/* ---- iperf3 ---- */

static int parse(const char *text, struct iperf_result *ret, char why[200])
{
    return iperf_parse(text, strlen(text), ret, why, 200);
}

static void test_iperf(void **state)
{
    struct iperf_result r;
    char why[200];
    assert_int_equal(
        parse("{\"start\":{},\"end\":{\"sum_sent\":{\"bits_per_second\":9.5e9,\"retransmits\":7},"
              "\"sum_received\":{\"bytes\":5883297280,\"bits_per_second\":9413287460.25}}}",
              &r, why),
        0);
    assert_int_equal(r.rate, 9413287460);
    assert_int_equal(r.bytes, 5883297280);
    assert_true(r.has_retransmits);
    assert_int_equal(r.retransmits, 7);
    assert_int_equal(
        parse("{\"end\":{\"sum_received\":{\"bytes\":1,\"bits_per_second\":8}}}", &r, why), 0);
    assert_false(r.has_retransmits);
}

static void test_iperf_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        { "", "no JSON" },
        { "iperf3: error - unable to connect", "no JSON" },
        { "{\"error\":\"unable to connect to server:\\nConnection refused\"}",
          "iperf3: unable to connect to server: Connection refused" },
        { "{}", "sum_received" },
        { "[]", "sum_received" },
        { "{\"end\":{\"sum_received\":{\"bytes\":1}}}", "sum_received" },
        { "{\"end\":{\"sum_received\":{\"bytes\":-1,\"bits_per_second\":8}}}", "sum_received" },
        { "{\"end\":{\"sum_received\":{\"bytes\":1,\"bits_per_second\":1e300}}}", "sum_received" },
        { "{\"end\":{\"sum_received\":{\"bytes\":1,\"bits_per_second\":\"8\"}}}", "sum_received" },
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct iperf_result r = { .rate = 42 };
        char why[200] = "";
        assert_int_equal(parse(rows[i].text, &r, why), -EINVAL);
        HAS(why, rows[i].why);
        HASNT(why, "\n");
        assert_int_equal(r.rate, 42);
    }
}

/* ---- ping ---- */

static void test_ping(void **state)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct ping_result r;
    buf_add_str(&text, "PING 198.18.0.2 (198.18.0.2) 56(84) bytes of data.\n");
    for (unsigned i = 100; i > 0; i--)
        buf_printf(&text, "64 bytes from 198.18.0.2: icmp_seq=%u ttl=64 time=0.%03u ms\n", i, i);
    buf_add_str(&text, "\n--- 198.18.0.2 ping statistics ---\n"
                       "102 packets transmitted, 100 received, 1.96078% packet loss, time 990ms\n"
                       "rtt min/avg/max/mdev = 0.001/0.050/0.100/0.001 ms\n");
    assert_int_equal(ping_parse(text.data, &r), 0);
    assert_int_equal(r.sent, 102);
    assert_int_equal(r.received, 100);
    assert_int_equal(r.median, 50000);
    assert_int_equal(r.high, 99000);
}

static void test_ping_short(void **state)
{
    struct ping_result r;
    assert_int_equal(ping_parse("64 bytes from ::1: icmp_seq=1 ttl=64 time=12 ms\n"
                                "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n",
                                &r),
                     0);
    assert_int_equal(r.median, 12000000);
    assert_int_equal(r.high, 12000000);
    assert_int_equal(ping_parse("3 packets transmitted, 0 received, 100% packet loss\n", &r),
                     -ENODATA);
    assert_int_equal(ping_parse("64 bytes from ::1: icmp_seq=1 ttl=64 time=12 ms\n", &r), -EINVAL);
    assert_int_equal(ping_parse("ping: unknown host\n", &r), -EINVAL);
    assert_int_equal(ping_parse("", &r), -EINVAL);
}

/* ---- numbers ---- */

static void add_run(struct path_result *p, enum metric m, uint64_t value)
{
    struct sample s = { .known = UINT32_C(1) << m };
    s.value[m] = value;
    assert_int_equal(path_result_add(p, &s), 0);
}

static void test_summary(void **state)
{
    _cleanup_(bench_report_done) struct bench_report r = { .n_paths = 2 };
    struct path_result *p = &r.paths[0];
    struct summary s = bench_report_summary(p, METRIC_OUT);
    uint64_t best = 0;
    assert_int_equal(s.count, 0);
    assert_false(bench_report_best(&r, METRIC_OUT, &best));
    add_run(p, METRIC_OUT, 30);
    add_run(p, METRIC_OUT, 10);
    add_run(p, METRIC_OUT, 20);
    add_run(p, METRIC_LATENCY, 5);
    s = bench_report_summary(p, METRIC_OUT);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.median, 20);
    assert_int_equal(s.low, 10);
    assert_int_equal(s.high, 30);
    assert_int_equal(summary_spread(&s), 100);
    add_run(p, METRIC_OUT, 40);
    assert_int_equal(bench_report_summary(p, METRIC_OUT).median, 25);
    add_run(&r.paths[1], METRIC_LATENCY, 4);
    assert_true(bench_report_best(&r, METRIC_LATENCY, &best));
    assert_int_equal(best, 4);
    add_run(&r.paths[1], METRIC_OUT, 99);
    assert_true(bench_report_best(&r, METRIC_OUT, &best));
    assert_int_equal(best, 99);
}

static void test_units(void **state)
{
    static const struct {
        enum metric metric;
        uint64_t value;
        const char *text, *unit;
    } rows[] = {
        { METRIC_OUT, 9413287460, "9.41", "Gbit/s" },
        { METRIC_OUT, 938000000, "938", "Mbit/s" },
        { METRIC_OUT, 7, "7", "bit/s" },
        { METRIC_LATENCY, 31000, "31.0", "us" },
        { METRIC_LATENCY, 1500000, "1.50", "ms" },
        { METRIC_LOSS, 20000, "2.00", "%" },
        { METRIC_LOSS, 9999, "9999", "ppm" },
        { METRIC_RETRANSMITS, 0, "0", "" },
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct unit *unit = metric_unit(rows[i].metric, rows[i].value);
        char text[VALUE_SIZE];
        value_text(rows[i].value, unit, text);
        assert_string_equal(text, rows[i].text);
        assert_string_equal(unit->name, rows[i].unit);
    }
}

/* ---- forms ---- */

/* A report with everything in it, and texts that would break a form that does not escape them. */
static void make_report(struct bench_report *r)
{
    *r = (struct bench_report){
        .when = 1795291805, .seconds = 5, .repeat = 2, .streams = 1, .emulated = true, .n_paths = 2
    };
    STR_SET(r->pf, "enp1s0");
    STR_SET(r->peer, "another VF of it");
    STR_SET(r->paths[0].name, "vf");
    STR_SET(r->paths[0].about, "the <b>VF</b> & \"more\"");
    STR_SET(r->paths[1].name, "bridge");
    STR_SET(r->paths[1].failure, "]]> </svg><script>alert(1)</script> | *x*");
    add_run(&r->paths[0], METRIC_OUT, 9410000000);
    add_run(&r->paths[0], METRIC_OUT, 9310000000);
    add_run(&r->paths[0], METRIC_LATENCY, 31000);
    assert_int_equal(remarks_add(&r->settings, "kernel", "Kernel", "6.12 <x> | y"), 0);
    assert_int_equal(remarks_add(&r->advice, "numa", "", "Pin it."), 0);
}

static void test_json(void **state)
{
    _cleanup_(bench_report_done) struct bench_report r = { 0 }, again = { 0 };
    _cleanup_buf_ struct buf first = BUF_INIT, second = BUF_INIT;
    struct sriov_error error = { 0 };
    make_report(&r);
    bench_report_json(&r, &first);
    assert_int_equal(bench_report_read(first.data, first.len, "f", &again, &error), 0);
    bench_report_json(&again, &second);
    assert_string_equal(first.data, second.data);
    assert_int_equal(again.paths[0].n_runs, 3);
    assert_int_equal(bench_report_summary(&again.paths[0], METRIC_OUT).median, 9360000000);
    assert_true(again.emulated);
}

/* The text with one part of it replaced. */
static int read_with(const char *from, const char *to, struct sriov_error *error)
{
    _cleanup_(bench_report_done) struct bench_report r = { 0 }, again = { 0 };
    _cleanup_buf_ struct buf text = BUF_INIT, changed = BUF_INIT;
    make_report(&r);
    bench_report_json(&r, &text);
    const char *at = strstr(text.data, from);
    assert_non_null(at);
    buf_add(&changed, text.data, (size_t)(at - text.data));
    buf_add_str(&changed, to);
    buf_add_str(&changed, at + strlen(from));
    return bench_report_read(changed.data, changed.len, "f", &again, error);
}

static void test_json_refused(void **state)
{
    static const struct {
        const char *from, *to, *why;
    } rows[] = {
        { "sriovctl-bench/1", "sriovctl-bench/2", "format" },
        { "\"when\":1795291805", "\"when\":-1", "when" },
        { "\"pf\":\"enp1s0\"", "\"pf\":null", "pf" },
        { "\"repeat\":2", "\"repeat\":101", "repeat" },
        { "\"emulated\":true", "\"emulated\":[]", "emulated" },
        { "\"out\":9410000000", "\"out\":9007199254740993", "out" },
        { "\"name\":\"vf\"", "\"name\":\"a name that is too long\"", "name" },
        { "\"advice\":[", "\"advise\":[", "advice" },
        { "{\"format\"", "{\"format\"\"", "no JSON" },
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct sriov_error error = { 0 };
        assert_int_equal(read_with(rows[i].from, rows[i].to, &error), -EINVAL);
        assert_int_equal(error.code, SRIOV_USAGE);
        HAS(error.message, rows[i].why);
    }
}

static void test_escaping(void **state)
{
    _cleanup_(bench_report_done) struct bench_report r = { 0 };
    _cleanup_buf_ struct buf html = BUF_INIT, markdown = BUF_INIT, svg = BUF_INIT;
    make_report(&r);
    STR_SET(r.paths[0].name, "a<b>&\"\x01\xff");
    bench_report_html(&r, &html);
    bench_report_markdown(&r, "report.svg", &markdown);
    bench_report_picture(&r, &svg);
    HASNT(html.data, "<script>");
    HASNT(html.data, "<b>");
    HAS(html.data, "the &lt;b&gt;VF&lt;/b&gt; &amp; &quot;more&quot;");
    HAS(svg.data, ">a&lt;b&gt;&amp;&quot;?\?</text>");
    HAS(markdown.data, "| Kernel | 6.12 \\<x> \\| y |");
    HAS(markdown.data, "](report.svg)");
    HAS(markdown.data, bench_report_emulated);
    HAS(html.data, bench_report_emulated);
}

static void test_markup(void **state)
{
    _cleanup_buf_ struct buf out = BUF_INIT;
    markup_add(&out, "a\xc3\xa9\xef\xbf\xbf\x7f\t<");
    assert_string_equal(out.data, "a\xc3\xa9?\x7f?&lt;");
}

/* ---- advice ---- */

static bool advised(const struct scenery *s, const struct bench_report *r, const char *id)
{
    struct remarks all = { 0 };
    bool found = false;
    assert_int_equal(advice_add(s, r, &all), 0);
    for (size_t i = 0; i < all.count; i++)
        found |= str_eq(all.items[i].id, id);
    free(all.items);
    return found;
}

static void test_nothing_to_change(void **state)
{
    const struct scenery s = { .numa_node = -1,
                               .speed = 1000,
                               .pf_mtu = 1500,
                               .vf_mtu = 1500,
                               .iommu = "identity",
                               .governor = "performance",
                               .online = "0-7",
                               .offloads = { OFFLOAD_ON, OFFLOAD_OFF_FIXED } };
    _cleanup_(
        bench_report_done) struct bench_report r = { .repeat = 5, .seconds = 5, .n_paths = 1 };
    struct remarks all = { 0 };
    add_run(&r.paths[0], METRIC_OUT, 500000000);
    add_run(&r.paths[0], METRIC_OUT, 510000000);
    assert_int_equal(advice_add(&s, &r, &all), 0);
    assert_int_equal(all.count, 0);
}

static void test_settings_advice(void **state)
{
    static const struct {
        struct scenery s;
        const char *id;
    } rows[] = {
        { { .is_guest = true, .is_emulated = true }, "emulated" },
        { { .is_guest = true }, "emulated" },
        { { .numa_node = 1, .is_distant = true, .near = "8-15" }, "numa" },
        { { .near = "8-15", .vectors = { .count = 3, .distant = 1 } }, "interrupts-distant" },
        { { .online = "0-7", .vectors = { .count = 3, .n_cpus = 1 } }, "interrupts-crowded" },
        { { .governor = "powersave" }, "governor" },
        { { .iommu = "DMA-FQ" }, "iommu" },
        { { .offloads = { [2] = OFFLOAD_OFF } }, "offloads" },
        { { .vf_mtu = 1500, .pf_mtu = 9000 }, "mtu" },
        { { .speed = 25000, .pf_mtu = 1500, .vf_mtu = 1500 }, "mtu" },
    };
    const struct bench_report r = { .repeat = 5, .seconds = 5 };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        for (size_t k = 0; k < ELEMENTS(rows); k++) {
            bool same = str_eq(rows[i].id, rows[k].id);
            if (advised(&rows[i].s, &r, rows[k].id) != same)
                fail_msg("row %zu: %s", i, rows[k].id);
        }
    }
    const struct scenery one = { .online = "0", .vectors = { .count = 3, .n_cpus = 1 } };
    assert_false(advised(&one, &r, "interrupts-crowded"));
}

static void test_figures_advice(void **state)
{
    _cleanup_(
        bench_report_done) struct bench_report r = { .repeat = 2, .seconds = 5, .n_paths = 1 };
    const struct scenery s = { .speed = 1000, .pf_mtu = 1500 };
    assert_true(advised(&s, &r, "few-runs"));
    r.repeat = 5;
    assert_false(advised(&s, &r, "few-runs"));
    add_run(&r.paths[0], METRIC_OUT, 940000000);
    assert_true(advised(&s, &r, "link-full"));
    assert_false(advised(&s, &r, "spread"));
    add_run(&r.paths[0], METRIC_OUT, 640000000);
    assert_true(advised(&s, &r, "spread"));
    assert_false(advised(&s, &r, "link-full"));
    add_run(&r.paths[0], METRIC_LOSS, 5000);
    assert_true(advised(&s, &r, "loss"));
}

/* ---- paths ---- */

static void test_choose(void **state)
{
    static const struct {
        const char *word, *address, *why;
    } rows[] = {
        { "vf", "", NULL },
        { "vm-vf=192.0.2.7", "192.0.2.7", NULL },
        { "vm-virtio=2001:db8::1", "2001:db8::1", NULL },
        { "vm-vf", NULL, "needs the guest's address" },
        { "vf=192.0.2.7", NULL, "takes no address" },
        { "v", NULL, "is no path" },
        { "vfx", NULL, "is no path" },
        { "", NULL, "is no path" },
        { "=", NULL, "is no path" },
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct chosen_path chosen = { 0 };
        struct app a = { 0 };
        int r = path_choose(&a, rows[i].word, &chosen);
        assert_int_equal(r, rows[i].why ? -EINVAL : 0);
        if (rows[i].why)
            HAS(a.error.message, rows[i].why);
        else
            assert_string_equal(chosen.address, rows[i].address);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iperf),
        cmocka_unit_test(test_iperf_refused),
        cmocka_unit_test(test_ping),
        cmocka_unit_test(test_ping_short),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_refused),
        cmocka_unit_test(test_escaping),
        cmocka_unit_test(test_markup),
        cmocka_unit_test(test_nothing_to_change),
        cmocka_unit_test(test_settings_advice),
        cmocka_unit_test(test_figures_advice),
        cmocka_unit_test(test_choose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
