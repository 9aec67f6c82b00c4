/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pools to a file and back. What is written is read by the reader of policies (desired.c), so there
 * is one form and one set of limits.
 */
#include "core/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "base/json-read.h"

static const struct node_limits limits = { .bytes = 1 << 20, .nodes = 100000, .depth = 8 };

static void file_of(const char *state_dir, char ret[PATH_MAX])
{
    snprintf(ret, PATH_MAX, "%s/pools.json", state_dir);
}

/* ---- writing ---- */

int pools_check(const struct desired *d, struct sriov_error *error)
{
    for (size_t i = 0; i < d->n_pools; i++)
        for (size_t k = 0; k < i; k++) {
            if (!str_eq(d->pools[i].name, d->pools[k].name))
                continue;
            error_set(error, SRIOV_USAGE, 0, d->pools[i].where,
                      "pool %s is there twice, first at %s", d->pools[i].name, d->pools[k].where);
            error_remedy(error, "give one of them another name, or make one of the two");
            return -EEXIST;
        }
    return 0;
}

/* "0,1,2": longer than with ranges, and read by the same reader. */
static void source_json(const struct pool_source *source, struct json_writer *w)
{
    _cleanup_buf_ struct buf numbers = BUF_INIT;

    json_object(w, NULL);
    json_str(w, "pf", source->pf);
    for (size_t i = 0; i < source->count; i++)
        buf_printf(&numbers, "%s%u", i > 0 ? "," : "", source->indexes[i]);
    if (source->count > 0)
        json_str(w, "vfs", numbers.data);
    w->out->failed |= numbers.failed;
    json_end(w);
}

static void pool_json(const struct pool *pool, struct json_writer *w)
{
    json_object(w, pool->name);
    json_array(w, "from");
    for (size_t i = 0; i < pool->n_sources; i++)
        source_json(&pool->sources[i], w);
    json_end(w);
    json_str(w, "numa", pool->numa_same ? "same" : "any");
    json_end(w);
}

void pools_json(const struct desired *d, struct json_writer *w)
{
    json_object(w, "pools");
    for (size_t i = 0; i < d->n_pools; i++)
        pool_json(&d->pools[i], w);
    json_end(w);
}

static int format(const struct desired *d, struct buf *ret)
{
    struct json_writer w = JSON_WRITER(ret);

    json_object(&w, NULL);
    pools_json(d, &w);
    json_end(&w);
    buf_add_char(ret, '\n');
    return buf_ok(ret);
}

/* 1: it holds this text already. */
static int is_kept(const char *path, const struct desired *d, const struct buf *text)
{
    _cleanup_free_ char *kept = NULL;
    size_t len;
    int r;

    r = file_read_at(AT_FDCWD, path, limits.bytes, &kept, &len);
    if (r == -ENOENT)
        return d->n_pools == 0;
    return r >= 0 && len == text->len && memcmp(kept, text->data, len) == 0;
}

int pools_save(const char *state_dir, const struct desired *d, struct sriov_error *error)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char path[PATH_MAX];
    int r;

    file_of(state_dir, path);
    if (format(d, &text) < 0)
        return error_no_memory(error);
    if (text.len > limits.bytes)
        return error_set(error, SRIOV_USAGE, 0, path, "more pools than %zu bytes can hold",
                         limits.bytes);
    if (is_kept(path, d, &text))
        return 0;
    r = file_make_dirs(state_dir, 0700);
    if (r >= 0)
        r = file_replace(path, text.data, text.len, 0600);
    return r < 0 ? error_set(error, error_code_of(-r), -r, path, "cannot keep the pools") : 0;
}

/* ---- reading ---- */

int pools_load(const char *state_dir, struct desired *ret, struct sriov_error *error)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_node_ struct node *document = NULL;
    struct node_error wrong = { 0 };
    char path[PATH_MAX];
    size_t len;
    int r;

    file_of(state_dir, path);
    r = file_read_at(AT_FDCWD, path, limits.bytes, &text, &len);
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, path, "cannot read the pools");
    r = json_read(text, len, &limits, &document, &wrong);
    if (r == -ENOMEM)
        return error_no_memory(error);
    if (r < 0) {
        error_set(error, SRIOV_FAILED, 0, path, "%s", wrong.text);
        error_remedy(error, "`sriovctl apply` writes it anew");
        return r;
    }
    return desired_add(ret, document, path, error);
}

static int no_such_pool(const struct desired *d, const char *name, struct sriov_error *error)
{
    _cleanup_free_ const char **names = calloc(d->n_pools + 1, sizeof(*names));
    const char *nearest;

    if (!names)
        return error_no_memory(error);
    for (size_t i = 0; i < d->n_pools; i++)
        names[i] = d->pools[i].name;
    nearest = str_nearest(name, names);
    error_set(error, SRIOV_NO_DEVICE, 0, name, "no such pool: \"%.64s\"", name);
    if (nearest)
        error_remedy(error, "did you mean %s?", nearest);
    else
        error_remedy(error, "pools stand in the policy, and are known once it is applied");
    return -ENOENT;
}

int pool_find(const struct desired *d, const char *name, const struct pool **ret,
              struct sriov_error *error)
{
    for (size_t i = 0; i < d->n_pools; i++)
        if (str_eq(d->pools[i].name, name)) {
            *ret = &d->pools[i];
            return 0;
        }
    return no_such_pool(d, name, error);
}

bool pool_source_has(const struct pool_source *source, unsigned vf)
{
    for (size_t i = 0; i < source->count; i++)
        if (source->indexes[i] == vf)
            return true;
    return source->count == 0;
}
