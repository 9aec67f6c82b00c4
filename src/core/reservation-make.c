/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Making a reservation. Pages that are free already are used before the kernel is asked for more;
 * those that stand free for another reservation, whose program has not taken them yet, are not.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/reservation-store.h"
#include "kernel/hugepages.h"

#define SMALLEST_MADE (UINT64_C(2) << 20)
#define RESERVATIONS_MAX 1000

struct maker {
    struct backend *b;
    const struct reservation_wish *q;
    struct reservations others;
    struct hugepages_list lists[RESERVATION_NODES]; /* of r->pages, one each */
    struct reservation *r;
    struct sriov_error *error;
};

static void maker_done(struct maker *m)
{
    for (size_t i = 0; i < RESERVATION_NODES; i++)
        hugepages_list_done(&m->lists[i]);
    reservations_done(&m->others);
}

/* ---- looking ---- */

static int no_pages(struct maker *m, int node, int r)
{
    char object[32] = "huge pages";

    if (node >= 0)
        snprintf(object, sizeof(object), "node %d", node);
    return error_set(m->error, SRIOV_UNSUPPORTED, -r, object, "has no huge pages");
}

/* A NIC on no known node is on the only one, and if there are several the first must do. */
static int add_node(struct maker *m, int node)
{
    struct reservation *r = m->r;
    struct hugepages_list list = { 0 };
    int result = hugepages_read(m->b, node < 0 ? 0 : node, &list);

    if (result < 0 && node < 0)
        result = hugepages_read(m->b, HUGEPAGES_OF_MACHINE, &list);
    else if (node < 0)
        node = 0;
    if (result < 0)
        return no_pages(m, node, result);
    for (size_t i = 0; i < r->n_pages; i++) {
        if (r->pages[i].node == node) {
            hugepages_list_done(&list);
            return 0;
        }
    }
    m->lists[r->n_pages] = list;
    r->pages[r->n_pages++].node = node;
    return 0;
}

static bool is_taken(const struct maker *m, const char *name)
{
    char path[RESERVATION_PATH_SIZE];

    for (size_t i = 0; i < m->others.count; i++)
        if (str_eq(m->others.items[i].name, name))
            return true;
    reservation_mount_point(m->r, path);
    return backend_exists(m->b, path);
}

static int choose_name(struct maker *m)
{
    for (unsigned i = 0; i < RESERVATIONS_MAX; i++) {
        snprintf(m->r->name, sizeof(m->r->name), "dpdk-%u", i);
        if (!is_taken(m, m->r->name))
            return 0;
    }
    return error_set(m->error, SRIOV_FAILED, ENOSPC, "", "there are %d reservations",
                     RESERVATIONS_MAX);
}

static int choose_cores(struct maker *m)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    struct cpus busy = { 0 };
    int r = 0;

    for (size_t i = 0; i < m->others.count; i++) {
        if (m->others.items[i].cores.count == 0)
            continue;
        buf_add_str(&text, text.len > 0 ? "," : "");
        cpus_text(&m->others.items[i].cores, &text);
    }
    r = buf_ok(&text);
    if (r >= 0 && text.len > 0)
        r = cpus_parse(text.data, &busy);
    if (r >= 0)
        r = cores_choose(m->b, m->q->nodes, m->q->n_nodes, m->q->cores, &busy, &m->r->cores,
                         m->error);
    else
        r = error_no_memory(m->error);
    cpus_done(&busy);
    return r;
}

static int look(struct maker *m)
{
    struct reservation *r = m->r;
    int result;

    r->owner = *m->q->owner;
    r->bytes = m->q->bytes;
    r->unsettled = true;
    result = host_boot_id(r->boot);
    if (result < 0)
        return error_set(m->error, SRIOV_FAILED, -result, "", "cannot tell this boot from others");
    if (m->q->n_nodes > RESERVATION_NODES)
        return error_set(m->error, SRIOV_USAGE, 0, "", "the VFs are on more than %d NUMA nodes",
                         RESERVATION_NODES);
    result = reservations_list(m->q->state_dir, &m->others, NULL);
    for (size_t i = 0; result >= 0 && i < m->q->n_nodes; i++)
        result = add_node(m, m->q->nodes[i]);
    if (result >= 0)
        result = choose_name(m);
    return result < 0 ? result : choose_cores(m);
}

/* ---- pages ---- */

/* What others may still take. Their mounts do not say on which node: each could take it here. */
static uint64_t spoken_for(const struct maker *m, int node, uint64_t page_bytes)
{
    uint64_t pages = 0;

    for (size_t i = 0; i < m->others.count; i++) {
        const struct reservation *other = &m->others.items[i];
        char path[RESERVATION_PATH_SIZE];

        reservation_mount_point(other, path);
        for (size_t k = 0; k < other->n_pages; k++)
            if (other->pages[k].node == node && other->page_bytes == page_bytes)
                pages += MIN_OF(hugepages_untaken(path), other->bytes / page_bytes);
    }
    return pages;
}

/* How many pages of that size each node lacks; false if the memory cannot be made of them. */
static bool count_pages(struct maker *m, uint64_t page_bytes)
{
    uint64_t need = m->q->bytes / page_bytes;

    m->r->page_bytes = page_bytes;
    for (size_t i = 0; i < m->r->n_pages; i++) {
        struct reserved_pages *p = &m->r->pages[i];
        const struct hugepages *have = hugepages_find(&m->lists[i], page_bytes);
        uint64_t others = spoken_for(m, p->node, page_bytes), free;

        if (!have || need == 0 || m->q->bytes % page_bytes != 0)
            return false;
        free = have->free > others ? have->free - others : 0;
        p->before = have->total;
        p->added = need > free ? need - free : 0;
    }
    return true;
}

static bool lacks_pages(const struct reservation *r)
{
    for (size_t i = 0; i < r->n_pages; i++)
        if (r->pages[i].added > 0)
            return true;
    return false;
}

/* 1: all are there; 0: the kernel had not as many, and has them back. */
static int add_pages(struct maker *m)
{
    int result = 1;

    for (size_t i = 0; result > 0 && i < m->r->n_pages; i++) {
        const struct reserved_pages *p = &m->r->pages[i];
        const struct hugepages *have = hugepages_find(&m->lists[i], m->r->page_bytes);
        uint64_t total = 0;

        if (p->added == 0)
            continue;
        result = hugepages_resize(m->b, have, p->before + p->added, &total);
        if (result >= 0)
            result = total >= p->before + p->added;
    }
    if (result > 0)
        return 1;
    if (result == 0)
        result = reservation_give_back_pages(m->b, m->r);
    return result < 0 ? error_set(m->error, error_code_of(-result), -result, "huge pages",
                                  "their number cannot be changed")
                      : 0;
}

/* 1: there is enough of this size; 0: not. */
static int try_size(struct maker *m, uint64_t page_bytes, bool may_add)
{
    int r;

    if (!count_pages(m, page_bytes) || (lacks_pages(m->r) && !may_add))
        return 0;
    if (m->q->dry_run)
        return 1;
    r = reservation_write(m->q->state_dir, m->r, m->error);
    return r < 0 ? r : add_pages(m);
}

static int none_to_be_had(struct maker *m)
{
    char object[32] = "huge pages";

    if (m->r->pages[0].node >= 0)
        snprintf(object, sizeof(object), "node %d", m->r->pages[0].node);
    error_set(m->error, SRIOV_FAILED, ENOMEM, object,
              "has not %" PRIu64 " MiB in huge pages, and the kernel cannot make them",
              m->q->bytes >> 20);
    error_remedy(m->error, "less with --memory, or reserve them at boot, while memory is whole: "
                           "`sriovctl host prepare --hugepages 1G:0=4 --apply`");
    return -ENOMEM;
}

static int find_pages(struct maker *m)
{
    const struct hugepages_list *sizes = &m->lists[0];
    int r = 0;

    for (size_t i = sizes->count; r == 0 && i > 0; i--)
        r = try_size(m, sizes->items[i - 1].bytes, false);
    for (size_t i = 0; r == 0 && i < sizes->count; i++)
        if (sizes->items[i].bytes >= SMALLEST_MADE)
            r = try_size(m, sizes->items[i].bytes, true);
    return r == 0 ? none_to_be_had(m) : MIN_OF(r, 0);
}

/* ---- all of it ---- */

static int mount_pages(struct maker *m)
{
    char path[RESERVATION_PATH_SIZE];
    int r;

    reservation_mount_point(m->r, path);
    r = hugepages_mount(path, m->r->page_bytes, m->q->bytes * m->r->n_pages, m->q->uid, m->q->gid);
    if (r < 0)
        return error_set(m->error, error_code_of(-r), -r, path, "hugetlbfs cannot be mounted");
    m->r->unsettled = false;
    return reservation_write(m->q->state_dir, m->r, m->error);
}

static int take(struct maker *m)
{
    _cleanup_close_ int lock = -1;
    int r = reservations_lock(m->q->state_dir, &lock, m->error);

    if (r >= 0)
        r = look(m);
    if (r < 0)
        return r;
    r = find_pages(m);
    if (r >= 0)
        r = mount_pages(m);
    if (r < 0) {
        m->r->unsettled = true;
        (void)reservation_end_locked(m->b, m->q->state_dir, m->r, NULL);
    }
    return r;
}

int reservation_make(struct backend *b, const struct reservation_wish *q, struct reservation *ret,
                     struct sriov_error *error)
{
    _cleanup_(reservation_done) struct reservation made = { 0 };
    _cleanup_(maker_done) struct maker m = { .b = b, .q = q, .r = &made, .error = error };
    int r;

    if (q->dry_run) {
        r = look(&m);
        if (r >= 0)
            r = find_pages(&m);
    } else {
        r = take(&m);
    }
    if (r < 0)
        return r;
    *ret = made;
    made = (struct reservation){ 0 };
    return 0;
}
