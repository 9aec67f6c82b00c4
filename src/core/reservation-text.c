/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A reservation as JSON and back. What is read decides how much of the machine's memory is given
 * back, so a value that is wrong is an error, and a file or folder is never named in it: both
 * follow from numbers and the reservation's own name.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/json-read.h"
#include "base/json-write.h"
#include "core/reservation.h"
#include "core/target.h"

#define PREFIX "dpdk-"
#define NODE_MAX 1023

static const struct node_limits limits = { .bytes = 64 << 10, .nodes = 1000, .depth = 5 };

bool reservation_is_name(const char *name)
{
    uint64_t number;

    return str_starts(name, PREFIX) && strlen(name) < sizeof(PREFIX) + 6 &&
           str_to_u64(name + strlen(PREFIX), 999999, &number) >= 0;
}

/* ---- writing ---- */

static void put_owner(const struct lease_owner *o, struct json_writer *w)
{
    json_object(w, "owner");
    json_str(w, "name", o->name);
    json_u64(w, "pid", (uint64_t)o->pid);
    json_u64(w, "pid_started", o->pid_started);
    json_u64(w, "pid_namespace", o->pid_namespace);
    json_end(w);
}

static void put_pages(const struct reservation *r, struct json_writer *w)
{
    json_array(w, "pages");
    for (size_t i = 0; i < r->n_pages; i++) {
        json_object(w, NULL);
        if (r->pages[i].node >= 0)
            json_u64(w, "node", (uint64_t)r->pages[i].node);
        json_u64(w, "before", r->pages[i].before);
        json_u64(w, "added", r->pages[i].added);
        json_end(w);
    }
    json_end(w);
}

static void put_cores(const struct reservation *r, struct json_writer *w)
{
    json_array(w, "cores");
    for (size_t i = 0; i < r->cores.count; i++)
        json_u64(w, NULL, r->cores.items[i]);
    json_end(w);
}

static void put_vfs(const struct reservation *r, struct json_writer *w)
{
    json_array(w, "vfs");
    for (size_t i = 0; i < r->n_vfs; i++) {
        json_object(w, NULL);
        json_str(w, "pf", r->vfs[i].pf);
        json_u64(w, "vf", r->vfs[i].index);
        json_end(w);
    }
    json_end(w);
}

static void put_groups(const struct reservation *r, struct json_writer *w)
{
    json_array(w, "groups");
    for (size_t i = 0; i < r->n_groups; i++) {
        json_object(w, NULL);
        json_u64(w, "group", r->groups[i].group);
        json_u64(w, "before", r->groups[i].before);
        json_u64(w, "given", r->groups[i].given);
        json_end(w);
    }
    json_end(w);
}

void reservation_format(const struct reservation *r, struct buf *ret)
{
    struct json_writer w = JSON_WRITER(ret);

    json_object(&w, NULL);
    json_str(&w, "boot", r->boot);
    put_owner(&r->owner, &w);
    json_bool(&w, "unsettled", r->unsettled);
    json_u64(&w, "bytes", r->bytes);
    json_u64(&w, "page_bytes", r->page_bytes);
    put_pages(r, &w);
    put_cores(r, &w);
    put_vfs(r, &w);
    put_groups(r, &w);
    json_end(&w);
    buf_add_char(ret, '\n');
}

/* ---- reading ---- */

/* The first key that is wrong is what is told. */
struct reader {
    const char *wrong;
};

static uint64_t get_number(struct reader *rd, const struct node *map, const char *key, uint64_t max)
{
    const struct node *n = node_get(map, key);
    uint64_t value = 0;

    if ((!n || n->kind != NODE_SCALAR || node_to_u64(n, max, &value) < 0) && !rd->wrong)
        rd->wrong = key;
    return value;
}

static void get_text(struct reader *rd, const struct node *map, const char *key, char *ret,
                     size_t size)
{
    const char *text = node_get_text(map, key);

    if ((!text || !str_is_plain(text, size - 1) || !str_copy(ret, size, text)) && !rd->wrong)
        rd->wrong = key;
}

/* A list of at most `max` items; one of no items if it is wrong. */
static const struct node *get_list(struct reader *rd, const struct node *map, const char *key,
                                   size_t max)
{
    static const struct node none = { .kind = NODE_LIST };
    const struct node *n = node_get(map, key);

    if (n && n->kind == NODE_LIST && n->count <= max)
        return n;
    if (!rd->wrong)
        rd->wrong = key;
    return &none;
}

static void get_owner(struct reader *rd, const struct node *map, struct lease_owner *ret)
{
    get_text(rd, map, "name", ret->name, sizeof(ret->name));
    ret->pid = (pid_t)get_number(rd, map, "pid", INT_MAX);
    ret->pid_started = get_number(rd, map, "pid_started", INT64_MAX);
    ret->pid_namespace = get_number(rd, map, "pid_namespace", INT64_MAX);
}

static void get_pages(struct reader *rd, const struct node *root, struct reservation *ret)
{
    const struct node *list = get_list(rd, root, "pages", RESERVATION_NODES);

    for (size_t i = 0; i < list->count; i++) {
        const struct node *n = &list->items[i];
        struct reserved_pages *p = &ret->pages[ret->n_pages++];

        p->node = node_get(n, "node") ? (int)get_number(rd, n, "node", NODE_MAX) : -1;
        p->before = get_number(rd, n, "before", INT64_MAX);
        p->added = get_number(rd, n, "added", INT64_MAX);
    }
}

static int get_cores(struct reader *rd, const struct node *root, struct reservation *ret)
{
    const struct node *list = get_list(rd, root, "cores", MAX_VFS);
    uint64_t cpu = 0;

    ret->cores.items = calloc(list->count + 1, sizeof(*ret->cores.items));
    if (!ret->cores.items)
        return -ENOMEM;
    for (size_t i = 0; i < list->count; i++) {
        if (node_to_u64(&list->items[i], MAX_VFS, &cpu) < 0 && !rd->wrong)
            rd->wrong = list->key;
        ret->cores.items[ret->cores.count++] = (unsigned)cpu;
    }
    return 0;
}

static void get_vfs(struct reader *rd, const struct node *root, struct reservation *ret)
{
    const struct node *list = get_list(rd, root, "vfs", RESERVATION_VFS);

    for (size_t i = 0; i < list->count; i++) {
        struct vf_place *place = &ret->vfs[ret->n_vfs++];

        get_text(rd, &list->items[i], "pf", place->pf, sizeof(place->pf));
        place->index = (unsigned)get_number(rd, &list->items[i], "vf", UINT16_MAX);
    }
}

static void get_groups(struct reader *rd, const struct node *root, struct reservation *ret)
{
    const struct node *list = get_list(rd, root, "groups", RESERVATION_VFS);

    for (size_t i = 0; i < list->count; i++) {
        const struct node *n = &list->items[i];
        struct reserved_group *g = &ret->groups[ret->n_groups++];

        g->group = (unsigned)get_number(rd, n, "group", INT_MAX);
        g->before = (unsigned)get_number(rd, n, "before", UINT32_MAX);
        g->given = (unsigned)get_number(rd, n, "given", UINT32_MAX);
    }
}

static int get_reservation(struct reader *rd, const struct node *root, struct reservation *ret)
{
    const struct node *unsettled = node_get(root, "unsettled"), *owner = node_get(root, "owner");

    get_text(rd, root, "boot", ret->boot, sizeof(ret->boot));
    if (!owner || owner->kind != NODE_MAP)
        rd->wrong = "owner";
    else
        get_owner(rd, owner, &ret->owner);
    if ((!unsettled || node_to_bool(unsettled, &ret->unsettled) < 0) && !rd->wrong)
        rd->wrong = "unsettled";
    ret->bytes = get_number(rd, root, "bytes", INT64_MAX);
    ret->page_bytes = get_number(rd, root, "page_bytes", INT64_MAX);
    get_pages(rd, root, ret);
    get_vfs(rd, root, ret);
    get_groups(rd, root, ret);
    return get_cores(rd, root, ret);
}

int reservation_parse(const char *text, size_t len, struct reservation *ret, char *why,
                      size_t why_size)
{
    _cleanup_(reservation_done) struct reservation reservation = { 0 };
    _cleanup_node_ struct node *root = NULL;
    struct node_error error = { 0 };
    struct reader rd = { 0 };
    int r;

    r = json_read(text, len, &limits, &root, &error);
    if (r == -EINVAL)
        str_copy(why, why_size, error.text);
    if (r >= 0)
        r = get_reservation(&rd, root, &reservation);
    if (r >= 0 && rd.wrong) {
        snprintf(why, why_size, "%s is missing or has a wrong value", rd.wrong);
        r = -EINVAL;
    }
    if (r < 0)
        return r;
    *ret = reservation;
    reservation = (struct reservation){ 0 };
    return 0;
}
