/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Looks, on a capture: the first comes by itself; who asks at once shares one; who asks after a
 * change gets one that was begun after it; a reading thread that hangs delays nobody for ever.
 */
#include "daemon/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "kernel/events.h"

#define NS_PER_S UINT64_C(1000000000)

struct world {
    struct loop *loop;
    struct reader *reader;
    struct state *state;
    unsigned looks;                       /* made */
    unsigned wanted, served;              /* the loop ends when so many were served */
    uint64_t last;                        /* number of the look that was served */
    void (*after_first)(struct world *w); /* NULL: the loop ends after the first look */
};

static void looked(void *userdata, struct look *before, struct look *now)
{
    struct world *w = userdata;

    w->looks++;
    assert_int_equal(now->number, w->looks);
    assert_int_equal(before ? before->number + 1 : 1, now->number);
    if (w->looks == 1 && w->after_first)
        w->after_first(w);
    else if (w->wanted == 0)
        loop_exit(w->loop, 0);
}

static void ready(void *userdata, struct look *look)
{
    struct world *w = userdata;

    w->served++;
    w->last = look ? look->number : 0;
    if (w->served == w->wanted)
        loop_exit(w->loop, 0);
}

static int make_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    if (!w || loop_new(&w->loop) < 0 ||
        reader_new(w->loop, "/nonexistent", "tests/data/igb.json", &w->reader) < 0 ||
        state_new(w->loop, w->reader, false, looked, w, &w->state) < 0)
        return -1;
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    struct world *w = *state;

    reader_free(w->reader);
    state_free(w->state);
    loop_free(w->loop);
    free(w);
    return 0;
}

static void the_first_look_comes_by_itself(void **state)
{
    struct world *w = *state;

    assert_null(state_look(w->state));
    assert_int_equal(loop_run(w->loop), 0);
    assert_int_equal(w->looks, 1);
    assert_true(state_look(w->state)->snapshot->n_pfs > 0);
    assert_true(state_look(w->state)->took > 0);
}

static void those_who_ask_together_share_a_look(void **state)
{
    struct world *w = *state;

    w->wanted = 20;
    for (unsigned i = 0; i < w->wanted; i++)
        assert_int_equal(state_fresh(w->state, ready, w), 0);
    assert_int_equal(w->served, 0);
    assert_int_equal(loop_run(w->loop), 0);
    assert_int_equal(w->served, 20);
    assert_true(w->looks <= 2);
    /* And now, for a second, without any. */
    w->wanted = 0;
    assert_int_equal(state_fresh(w->state, ready, w), 0);
    assert_int_equal(w->served, 21);
}

static void change_and_ask(struct world *w)
{
    state_changed(w->state);
    assert_int_equal(state_fresh(w->state, ready, w), 0);
    assert_int_equal(w->served, 0);
}

static void after_a_change_an_old_look_is_not_good_enough(void **state)
{
    struct world *w = *state;

    w->wanted = 1;
    w->after_first = change_and_ask;
    assert_int_equal(loop_run(w->loop), 0);
    assert_int_equal(w->last, 2);
}

static void who_leaves_is_not_called(void **state)
{
    struct world *w = *state;
    int somebody_else;

    w->wanted = 1;
    assert_int_equal(state_fresh(w->state, ready, w), 0);
    assert_int_equal(state_fresh(w->state, ready, &somebody_else), 0);
    state_forget(w->state, &somebody_else);
    assert_int_equal(loop_run(w->loop), 0);
    assert_int_equal(w->served, 1);
}

static void hang(void *userdata, struct session *s)
{
    nanosleep(&(struct timespec){ 3, 0 }, NULL);
}

static void no_more(void *userdata)
{
}

static void hang_and_ask(struct world *w)
{
    assert_int_equal(reader_run(w->reader, hang, no_more, NULL), 0);
    change_and_ask(w);
}

static void a_reader_that_hangs_keeps_nobody_waiting(void **state)
{
    struct world *w = *state;
    uint64_t begun = events_now();

    w->wanted = 1;
    w->after_first = hang_and_ask;
    assert_int_equal(loop_run(w->loop), 0);
    assert_int_equal(w->last, 1); /* the old one */
    assert_true(events_now() - begun < 2 * NS_PER_S);
    assert_true(reader_busy(w->reader) > 0);
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, make_world, end_world)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(the_first_look_comes_by_itself),
        IN_A_WORLD(those_who_ask_together_share_a_look),
        IN_A_WORLD(after_a_change_an_old_look_is_not_good_enough),
        IN_A_WORLD(who_leaves_is_not_called),
        IN_A_WORLD(a_reader_that_hangs_keeps_nobody_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
