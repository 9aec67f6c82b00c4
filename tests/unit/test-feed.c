/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The feed: a record is one line of JSON with its fields; listeners hear what comes, and first what
 * they missed, as far as it is kept; one that leaves while it hears is gone.
 */
#include "daemon/feed.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json-read.h"

struct heard {
    uint64_t first, last;
    unsigned count;
    char text[512];
    struct listener *leaves; /* at the next record */
};

static void hear(void *userdata, uint64_t id, const char *json, size_t len)
{
    struct heard *h = userdata;

    if (h->count++ == 0)
        h->first = id;
    h->last = id;
    snprintf(h->text, sizeof(h->text), "%.*s", (int)len, json);
    if (h->leaves)
        h->leaves = feed_unlisten(h->leaves);
}

/* The log goes to stderr, which is not what is looked at here. */
static int quiet(void **state)
{
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

    return dup2(fd, STDERR_FILENO) < 0 || close(fd) < 0 ? -1 : 0;
}

static void tell(struct feed *f, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        feed_tell(f, &(struct record){ RECORD_DAEMON, LEVEL_INFO, .message = "tick" });
}

static void a_record_is_one_object(void **state)
{
    static const struct node_limits limits = { 4096, 64, 4 };
    _cleanup_node_ struct node *n = NULL;
    struct heard h = { 0 };
    struct feed *f = NULL;
    struct listener *l = NULL;

    assert_int_equal(feed_new(&f), 0);
    assert_int_equal(feed_listen(f, UINT64_MAX, hear, &h, &l), 0);
    feed_tell(f, &(struct record){
                     .kind = RECORD_REFUSED,
                     .level = LEVEL_WARNING,
                     .object = "enp1s0/3",
                     .message = "a \"bad\" one\nof two lines",
                     .who = "alice",
                 });
    assert_int_equal(json_read(h.text, strlen(h.text), &limits, &n, NULL), 0);
    assert_true(h.first > UINT64_C(1) << 40 && h.first < UINT64_C(1) << 53);
    assert_string_equal(node_get_text(n, "kind"), "refused");
    assert_string_equal(node_get_text(n, "level"), "warning");
    assert_string_equal(node_get_text(n, "object"), "enp1s0/3");
    assert_string_equal(node_get_text(n, "message"), "a \"bad\" one\nof two lines");
    assert_string_equal(node_get_text(n, "who"), "alice");
    assert_null(strchr(h.text, '\n'));
    assert_int_equal(feed_count(f, RECORD_REFUSED), 1);
    feed_unlisten(l);
    feed_free(f);
}

static void a_difference_has_its_values(void **state)
{
    struct attrs before = { 0 }, after = { 0 };
    struct pf pf = { .name = "enp1s0" };
    struct difference d = {
        .object = "enp1s0/3",
        .pf = &pf,
        .vf = 3,
        .what = "vlan",
        .row = attr_row(SRIOV_VLAN),
        .before = &before,
        .after = &after,
    };
    struct heard h = { 0 };
    struct feed *f = NULL;
    struct listener *l = NULL;

    attrs_set(&before, SRIOV_VLAN, 100);
    attrs_set(&after, SRIOV_VLAN, 5);
    assert_int_equal(feed_new(&f), 0);
    assert_int_equal(feed_listen(f, UINT64_MAX, hear, &h, &l), 0);
    feed_tell(f,
              &(struct record){ RECORD_CHANGE, LEVEL_WARNING, .difference = &d, .is_drift = true });
    assert_non_null(strstr(h.text,
                           "\"object\":\"enp1s0/3\",\"what\":\"vlan\",\"from\":100,\"to\":5,"
                           "\"drift\":true,\"message\":\"vlan: 100 -> 5\""));
    feed_unlisten(l);
    feed_free(f);
}

static void who_comes_back_hears_what_he_missed(void **state)
{
    struct heard all = { 0 }, none = { 0 }, some = { 0 };
    struct listener *l = NULL;
    struct feed *f = NULL;

    assert_int_equal(feed_new(&f), 0);
    tell(f, 10);
    assert_int_equal(feed_listen(f, 0, hear, &all, &l), 0);
    feed_unlisten(l);
    assert_int_equal(all.count, 10);
    assert_int_equal(all.last, all.first + 9);
    assert_int_equal(feed_listen(f, all.first + 6, hear, &some, &l), 0);
    feed_unlisten(l);
    assert_int_equal(some.count, 3);
    assert_int_equal(some.first, all.first + 7);
    assert_int_equal(feed_listen(f, UINT64_MAX, hear, &none, &l), 0);
    feed_unlisten(l);
    assert_int_equal(none.count, 0);
    feed_free(f);
}

static void only_so_many_are_kept(void **state)
{
    struct heard h = { 0 }, first = { 0 };
    struct listener *l = NULL;
    struct feed *f = NULL;

    assert_int_equal(feed_new(&f), 0);
    tell(f, 1);
    assert_int_equal(feed_listen(f, 0, hear, &first, &l), 0);
    feed_unlisten(l);
    tell(f, 1999);
    assert_int_equal(feed_listen(f, 0, hear, &h, &l), 0);
    assert_int_equal(h.count, 512);
    assert_int_equal(h.last, first.first + 1999);
    assert_int_equal(h.first, h.last - 511);
    feed_unlisten(l);
    feed_free(f);
}

static void a_listener_may_leave_while_it_hears(void **state)
{
    struct heard first = { 0 }, second = { 0 };
    struct listener *l = NULL;
    struct feed *f = NULL;

    assert_int_equal(feed_new(&f), 0);
    assert_int_equal(feed_listen(f, UINT64_MAX, hear, &second, &l), 0);
    assert_int_equal(feed_listen(f, UINT64_MAX, hear, &first, &first.leaves), 0);
    tell(f, 3);
    assert_int_equal(first.count, 1);
    assert_int_equal(second.count, 3);
    feed_unlisten(l);
    feed_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_one_object),
        cmocka_unit_test(a_difference_has_its_values),
        cmocka_unit_test(who_comes_back_hears_what_he_missed),
        cmocka_unit_test(only_so_many_are_kept),
        cmocka_unit_test(a_listener_may_leave_while_it_hears),
    };
    return cmocka_run_group_tests(tests, quiet, NULL);
}
