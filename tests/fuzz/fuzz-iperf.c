/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the performance report is made of, over any bytes: iperf3's JSON, ping's lines, and the
 * report of an earlier run. What is accepted must keep to its limits; of a report all forms are
 * made, its JSON must be one again, and the picture must not hold what its texts could smuggle in.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "bench/iperf.h"
#include "bench/report.h"
#include "fuzz.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_iperf(const char *text, size_t size)
{
    struct iperf_result r = { 0 };
    char why[200] = "";
    if (iperf_parse(text, size, &r, why, sizeof(why)) < 0)
        must(*why && !strchr(why, '\n'));
    else
        must(r.rate <= UINT64_C(1000000000000000));
}

static void check_ping(const char *text)
{
    struct ping_result r = { 0 };
    if (ping_parse(text, &r) == 0)
        must(r.median <= r.high && r.received <= r.sent);
}

static void check_report(const char *text, size_t size)
{
    _cleanup_(bench_report_done) struct bench_report r = { 0 }, again = { 0 };
    _cleanup_buf_ struct buf json = BUF_INIT, html = BUF_INIT, other = BUF_INIT;
    struct sriov_error error = { 0 };
    if (bench_report_read(text, size, "f", &r, &error) < 0) {
        must(error.message[0] && r.n_paths == 0 && !r.settings.items);
        return;
    }
    bench_report_json(&r, &json);
    bench_report_html(&r, &html);
    bench_report_text(&r, false, &other);
    bench_report_markdown(&r, NULL, &other);
    must(buf_ok(&json) == 0 && buf_ok(&html) == 0 && buf_ok(&other) == 0);
    must(bench_report_read(json.data, json.len, "f", &again, &error) == 0);
    must(!strstr(html.data, "<script") && !strstr(html.data, "<img"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    buf_add(&text, data, size);
    check_iperf((const char *)data, size);
    check_ping(text.data ? text.data : "");
    check_report((const char *)data, size);
    return 0;
}
