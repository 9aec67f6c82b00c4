/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A report as JSON, and back. What is read was perhaps written elsewhere: every text is cut or
 * refused by its size, every number has a limit, and keys that are not known are passed over.
 */
#include <errno.h>
#include <stdio.h>

#include "base/json-read.h"
#include "base/json-write.h"
#include "base/str.h"
#include "bench/report.h"

#define FORMAT "sriovctl-bench/1"

/* Larger ones lose digits in programs that read numbers as doubles. */
#define VALUE_MAX (UINT64_C(1) << 53)

/* ---- writing ---- */

static void put_sample(struct json_writer *w, const struct sample *s)
{
    json_object(w, NULL);
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        if (s->known & (UINT32_C(1) << m))
            json_u64(w, metric_rows[m].id, s->value[m]);
    }
    json_end(w);
}

static void put_summary(struct json_writer *w, const struct path_result *p)
{
    json_object(w, "summary");
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        struct summary s = bench_report_summary(p, (enum metric)m);
        if (s.count == 0)
            continue;
        json_object(w, metric_rows[m].id);
        json_u64(w, "median", s.median);
        json_u64(w, "low", s.low);
        json_u64(w, "high", s.high);
        json_end(w);
    }
    json_end(w);
}

static void put_path(struct json_writer *w, const struct path_result *p)
{
    json_object(w, NULL);
    json_str(w, "name", p->name);
    json_str(w, "about", p->about);
    json_str(w, "failure", *p->failure ? p->failure : NULL);
    json_array(w, "runs");
    for (size_t i = 0; i < p->n_runs; i++)
        put_sample(w, &p->runs[i]);
    json_end(w);
    put_summary(w, p);
    json_end(w);
}

static void put_remarks(struct json_writer *w, const char *key, const struct remarks *r)
{
    json_array(w, key);
    for (size_t i = 0; i < r->count; i++) {
        const struct remark *item = &r->items[i];
        json_object(w, NULL);
        json_str(w, "id", item->id);
        if (*item->title)
            json_str(w, "title", item->title);
        json_str(w, "text", item->text);
        json_end(w);
    }
    json_end(w);
}

void bench_report_json(const struct bench_report *r, struct buf *out)
{
    struct json_writer w = JSON_WRITER(out);
    json_object(&w, NULL);
    json_str(&w, "format", FORMAT);
    json_i64(&w, "when", r->when);
    json_str(&w, "pf", r->pf);
    json_str(&w, "peer", r->peer);
    json_u64(&w, "seconds", r->seconds);
    json_u64(&w, "repeat", r->repeat);
    json_u64(&w, "streams", r->streams);
    json_bool(&w, "emulated", r->emulated);
    json_array(&w, "paths");
    for (size_t i = 0; i < r->n_paths; i++)
        put_path(&w, &r->paths[i]);
    json_end(&w);
    put_remarks(&w, "settings", &r->settings);
    put_remarks(&w, "advice", &r->advice);
    json_end(&w);
    buf_add_char(out, '\n');
}

/* ---- reading ---- */

/* What is wrong is left in `key`, the first that was. */
struct reading {
    const char *key;
    bool no_memory;
};

static void wrong(struct reading *r, const char *key)
{
    if (!r->key)
        r->key = key;
}

static uint64_t get_number(struct reading *r, const struct node *map, const char *key, uint64_t max)
{
    const struct node *n = node_get(map, key);
    uint64_t value = 0;
    if (!n || n->kind != NODE_SCALAR || n->quoted || node_to_u64(n, max, &value) < 0)
        wrong(r, key);
    return value;
}

/* Control characters have no place in any of these. */
static void get_text(struct reading *r, const struct node *map, const char *key, char *ret,
                     size_t size)
{
    const char *text = node_get_text(map, key);
    if (!text || !str_copy(ret, size, text))
        wrong(r, key);
    for (char *c = ret; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
}

static const struct node *get_list(struct reading *r, const struct node *map, const char *key,
                                   size_t max)
{
    static const struct node none;
    const struct node *n = node_get(map, key);
    if (n && n->kind == NODE_LIST && n->count <= max)
        return n;
    wrong(r, key);
    return &none;
}

static void read_run(struct reading *r, const struct node *n, struct path_result *p)
{
    struct sample s = { 0 };
    for (unsigned m = 0; m < METRIC_COUNT; m++) {
        if (!node_get(n, metric_rows[m].id))
            continue;
        s.value[m] = get_number(r, n, metric_rows[m].id, VALUE_MAX);
        s.known |= UINT32_C(1) << m;
    }
    if (path_result_add(p, &s) < 0)
        r->no_memory = true;
}

static void read_path(struct reading *r, const struct node *n, struct path_result *p)
{
    const struct node *failure = node_get(n, "failure");
    const struct node *runs = get_list(r, n, "runs", RUNS_MAX);
    get_text(r, n, "name", p->name, sizeof(p->name));
    get_text(r, n, "about", p->about, sizeof(p->about));
    if (failure && failure->kind != NODE_NULL)
        get_text(r, n, "failure", p->failure, sizeof(p->failure));
    for (size_t i = 0; i < runs->count; i++)
        read_run(r, &runs->items[i], p);
}

#define REMARKS_MAX 64

static void read_remarks(struct reading *r, const struct node *root, const char *key, bool titled,
                         struct remarks *ret)
{
    const struct node *list = get_list(r, root, key, REMARKS_MAX);
    for (size_t i = 0; i < list->count; i++) {
        struct remark item = { 0 };
        get_text(r, &list->items[i], "id", item.id, sizeof(item.id));
        get_text(r, &list->items[i], "text", item.text, sizeof(item.text));
        if (titled)
            get_text(r, &list->items[i], "title", item.title, sizeof(item.title));
        if (remarks_add(ret, item.id, item.title, item.text) < 0)
            r->no_memory = true;
    }
}

static void read_all(struct reading *r, const struct node *root, struct bench_report *ret)
{
    const struct node *paths = get_list(r, root, "paths", PATHS_MAX);
    char format[sizeof(FORMAT)] = "";
    get_text(r, root, "format", format, sizeof(format));
    if (!str_eq(format, FORMAT))
        wrong(r, "format");
    ret->when = (int64_t)get_number(r, root, "when", VALUE_MAX);
    get_text(r, root, "pf", ret->pf, sizeof(ret->pf));
    get_text(r, root, "peer", ret->peer, sizeof(ret->peer));
    ret->seconds = (unsigned)get_number(r, root, "seconds", UINT16_MAX);
    ret->repeat = (unsigned)get_number(r, root, "repeat", RUNS_MAX);
    ret->streams = (unsigned)get_number(r, root, "streams", UINT16_MAX);
    const struct node *emulated = node_get(root, "emulated");
    if (!emulated || node_to_bool(emulated, &ret->emulated) < 0)
        wrong(r, "emulated");
    for (size_t i = 0; i < paths->count; i++)
        read_path(r, &paths->items[i], &ret->paths[ret->n_paths++]);
    read_remarks(r, root, "settings", true, &ret->settings);
    read_remarks(r, root, "advice", false, &ret->advice);
}

static int refuse(const char *object, const char *why, const char *detail,
                  struct sriov_error *error)
{
    int r = error_set(error, SRIOV_USAGE, 0, object, "is no report of sriovctl bench: %s %s", why,
                      detail);
    error_remedy(error, "give the report.json of an earlier run");
    return r;
}

int bench_report_read(const char *text, size_t len, const char *object, struct bench_report *ret,
                      struct sriov_error *error)
{
    static const struct node_limits limits = { .bytes = 4 << 20, .nodes = 20000, .depth = 8 };
    _cleanup_node_ struct node *root = NULL;
    _cleanup_(bench_report_done) struct bench_report found = { 0 };
    struct reading reading = { 0 };
    struct node_error bad = { 0 };
    int r = json_read(text, len, &limits, &root, &bad);
    if (r == -EINVAL)
        return refuse(object, "no JSON:", bad.text, error);
    if (r >= 0)
        read_all(&reading, root, &found);
    if (r < 0 || reading.no_memory)
        return error_no_memory(error);
    if (reading.key)
        return refuse(object, "there is no good", reading.key, error);
    *ret = found;
    found = (struct bench_report){ 0 };
    return 0;
}
