/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Processors, from the lists that the kernel writes.
 */
#include "core/cores.h"

#include <errno.h>
#include <stdio.h>

#include "core/target.h"

#define SYSTEM "/sys/devices/system"

void cpus_done(struct cpus *c)
{
    free(c->items);
    *c = (struct cpus){ 0 };
}

bool cpus_has(const struct cpus *c, unsigned cpu)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->items[i] == cpu)
            return true;
    return false;
}

int cpus_parse(const char *text, struct cpus *ret)
{
    return ranges_parse(text, MAX_VFS, &ret->items, &ret->count);
}

void cpus_text(const struct cpus *c, struct buf *ret)
{
    for (size_t i = 0; i < c->count; i++)
        buf_printf(ret, "%s%u", i > 0 ? "," : "", c->items[i]);
}

/* "Cpus_allowed_list:\t0-3,8" of its status. */
int cpus_allowed(struct backend *b, pid_t pid, struct cpus *ret)
{
    static const char key[] = "\nCpus_allowed_list:";
    _cleanup_free_ char *status = NULL;
    char path[32] = "/proc/self/status";
    char *list;
    int r;

    if (pid > 0)
        snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    r = b->ops->read_file(b, path, &status);
    if (r < 0)
        return r;
    list = strstr(status, key);
    if (!list)
        return -ENODATA;
    list += strlen(key);
    list[strcspn(list + 1, "\n") + 1] = '\0';
    return cpus_parse(str_trim(list), ret);
}

/* A file that holds a list; an empty one holds none. */
static int read_list(struct backend *b, const char *path, struct cpus *ret)
{
    _cleanup_free_ char *text = NULL;
    int r;

    r = b->ops->read_file(b, path, &text);
    return r < 0 || *text == '\0' ? r : cpus_parse(text, ret);
}

int cpus_of_node(struct backend *b, int node, struct cpus *ret)
{
    char path[64];

    if (node < 0)
        return read_list(b, SYSTEM "/cpu/online", ret);
    snprintf(path, sizeof(path), SYSTEM "/node/node%d/cpulist", node);
    return read_list(b, path, ret);
}

/* ---- choosing ---- */

struct scene {
    struct cpus local, allowed, isolated, online;
    const struct cpus *busy;
};

static void scene_done(struct scene *s)
{
    cpus_done(&s->local);
    cpus_done(&s->allowed);
    cpus_done(&s->isolated);
    cpus_done(&s->online);
}

static int read_scene(struct backend *b, const int *nodes, size_t n_nodes, struct scene *s)
{
    int r;

    r = cpus_allowed(b, 0, &s->allowed);
    if (r >= 0)
        r = cpus_of_node(b, -1, &s->online);
    for (size_t i = 0; r >= 0 && i < n_nodes; i++)
        r = cpus_of_node(b, nodes[i], &s->local);
    /* Kernels before 4.2 have no such file. */
    if (r >= 0 && read_list(b, SYSTEM "/cpu/isolated", &s->isolated) == -ENOMEM)
        r = -ENOMEM;
    return r;
}

/* The kernel keeps everybody off isolated processors who does not ask for them by name. Who may run
 * on all others was not held to anything. */
static bool may_have_isolated(const struct scene *s)
{
    for (size_t i = 0; i < s->online.count; i++)
        if (!cpus_has(&s->allowed, s->online.items[i]) &&
            !cpus_has(&s->isolated, s->online.items[i]))
            return false;
    return true;
}

/* Less is better. A core of which another program has a thread is as good as that thread. */
static unsigned rank(struct backend *b, const struct scene *s, unsigned cpu)
{
    _cleanup_(cpus_done) struct cpus threads = { 0 };
    bool busy = cpus_has(s->busy, cpu), second;
    char path[96];

    snprintf(path, sizeof(path), SYSTEM "/cpu/cpu%u/topology/thread_siblings_list", cpu);
    second = read_list(b, path, &threads) >= 0 && threads.count > 0 && threads.items[0] != cpu;
    for (size_t i = 0; i < threads.count; i++)
        busy |= cpus_has(s->busy, threads.items[i]);
    return (unsigned)busy << 3 | (unsigned)!cpus_has(&s->isolated, cpu) << 2 |
           (unsigned)second << 1 | (unsigned)(cpu == 0);
}

struct candidate {
    unsigned cpu, rank;
};

static int by_rank(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->cpu < y->cpu ? -1 : x->cpu > y->cpu;
}

static int by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return x < y ? -1 : x > y;
}

static size_t find_candidates(struct backend *b, const struct scene *s, struct candidate *ret)
{
    bool isolated = may_have_isolated(s);
    size_t n = 0;

    for (size_t i = 0; i < s->local.count; i++) {
        unsigned cpu = s->local.items[i];

        if (!cpus_has(&s->online, cpu))
            continue;
        if (cpus_has(&s->allowed, cpu) || (isolated && cpus_has(&s->isolated, cpu)))
            ret[n++] = (struct candidate){ .cpu = cpu, .rank = rank(b, s, cpu) };
    }
    qsort(ret, n, sizeof(*ret), by_rank);
    return n;
}

static int too_few(size_t there_are, size_t count, struct sriov_error *error)
{
    error_set(error, SRIOV_USAGE, 0, "--cores",
              "%zu %s wanted, and there %s %zu that this process "
              "may use near the VFs",
              count, count == 1 ? "is" : "are", there_are == 1 ? "is" : "are", there_are);
    error_remedy(error, "ask for fewer, or look at taskset -p and the cpuset of this shell");
    return -EINVAL;
}

int cores_choose(struct backend *b, const int *nodes, size_t n_nodes, size_t count,
                 const struct cpus *busy, struct cpus *ret, struct sriov_error *error)
{
    _cleanup_(scene_done) struct scene s = { .busy = busy };
    _cleanup_free_ struct candidate *candidates = NULL;
    unsigned *items;
    size_t n;
    int r;

    r = read_scene(b, nodes, n_nodes, &s);
    if (r < 0)
        return error_set(error, error_code_of(-r), -r, SYSTEM "/cpu", "cannot be read");
    candidates = calloc(s.local.count + 1, sizeof(*candidates));
    items = candidates ? calloc(count + 1, sizeof(*items)) : NULL;
    if (!items)
        return error_no_memory(error);
    n = find_candidates(b, &s, candidates);
    if (n < count) {
        free(items);
        return too_few(n, count, error);
    }
    for (size_t i = 0; i < count; i++)
        items[i] = candidates[i].cpu;
    qsort(items, count, sizeof(*items), by_number);
    *ret = (struct cpus){ .items = items, .count = count };
    return 0;
}
