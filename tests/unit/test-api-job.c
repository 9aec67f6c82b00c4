/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Jobs of the API: their statuses, who shares one, what takes long, peers that leave, requests that
 * come again; and the stream of events.
 */
#include "api-world.h"

/* ---- jobs ---- */

static void test_statuses_of_jobs(void **state)
{
    static const struct {
        int status;
        const char *out;
        unsigned http;
        enum record_kind kind;
    } ends[] = {
        { 0, "{\"transaction\":1}\n", 200, RECORD_TRANSACTION },
        { 1, REFUSAL, 500, RECORD_TRANSACTION },
        { 2, REFUSAL, 400, RECORD_REFUSED },
        { 3, REFUSAL, 409, RECORD_REFUSED },
        { 4, REFUSAL, 422, RECORD_REFUSED },
        { 5, REFUSAL, 404, RECORD_REFUSED },
        { 6, REFUSAL, 403, RECORD_REFUSED },
        { 7, REFUSAL, 500, RECORD_TRANSACTION },
        { 137, "", 500, RECORD_TRANSACTION },
        { 137, "{\"transaction\":", 500, RECORD_TRANSACTION },
    };

    for (size_t i = 0; i < ELEMENTS(ends); i++) {
        struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0",
                                        .body = "{\"num_vfs\":4}");
        n_jobs = 0;
        assert_job(&r, "create|--json|--|enp1s0|4");
        end_job(0, ends[i].status, ends[i].out, "");
        assert_int_equal(r.status, ends[i].http);
        assert_int_equal(told.kind, ends[i].kind);
        assert_string_equal(told.who, "alice");
        if (ends[i].status < 128)
            assert_string_equal(r.text, ends[i].out);
        else
            assert_non_null(strstr(r.text, "ended with status 137 without an answer"));
    }
}

static void test_a_refusal_is_told(void **state)
{
    struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}");

    assert_job(&r, "create|--json|--|enp1s0|4");
    end_job(0, 3, REFUSAL, "");
    assert_string_equal(told.object, "enp1s0");
    assert_string_equal(told.message, "sriovctl create enp1s0 4: refused: in use");
}

/* The doctor exits with 1 when it found something: that is an answer. */
static void test_findings_are_an_answer(void **state)
{
    struct http_request r = REQUEST("operate", "GET", "/v1/doctor", QUERY("object", "enp1s0"));

    assert_job(&r, "doctor|--json|--|enp1s0");
    end_job(0, 1, "{\"healthy\":false}\n", "");
    assert_int_equal(r.status, 200);
    assert_string_equal(r.text, "{\"healthy\":false}\n");
    assert_int_equal(told.count, 0);
}

static void test_readers_share_a_job(void **state)
{
    struct http_request a = REQUEST("operate", "GET", "/v1/doctor");
    struct http_request b = REQUEST("operate", "GET", "/v1/doctor");
    struct http_request other = REQUEST("operate", "GET", "/v1/doctor", QUERY("object", "enp1s0"));

    assert_job(&a, "doctor|--json|--");
    send_request(&b);
    assert_int_equal(n_jobs, 1);
    assert_job(&other, "doctor|--json|--|enp1s0");
    end_job(0, 0, "{}\n", "");
    assert_true(a.answered && b.answered && !other.answered);
    end_job(1, 0, "{}\n", "");
}

/* What was begun before a change does not show it. */
static void test_nobody_shares_an_old_job(void **state)
{
    struct http_request before = REQUEST("operate", "GET", "/v1/doctor");
    struct http_request change = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0",
                                         .body = "{\"num_vfs\":4}");
    struct http_request after = REQUEST("operate", "GET", "/v1/doctor");

    assert_job(&before, "doctor|--json|--");
    assert_job(&change, "create|--json|--|enp1s0|4");
    end_job(1, 0, "{}\n", "");
    assert_job(&after, "doctor|--json|--");
    end_job(0, 0, "{}\n", "");
    end_job(2, 0, "{}\n", "");
}

static void test_commands_are_not_shared(void **state)
{
    struct http_request a = REQUEST("read", "POST", "/v1/commands",
                                    .body = "{\"args\":[\"list\"]}");
    struct http_request b = a;

    assert_job(&a, "list|--");
    assert_job(&b, "list|--");
    end_job(0, 0, "", "");
    end_job(1, 0, "", "");
}

static void test_writers_do_not(void **state)
{
    struct http_request a = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}");
    struct http_request b = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}");

    assert_job(&a, "create|--json|--|enp1s0|4");
    assert_job(&b, "create|--json|--|enp1s0|4");
    end_job(0, 0, "{}\n", "");
    assert_true(a.answered && !b.answered);
    end_job(1, 0, "{}\n", "");
}

static void test_too_many_jobs(void **state)
{
    struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}",
                                    HEADERS("Idempotency-Key", "k"));
    struct http_request again = r;

    jobs_are_full = true;
    send_request(&r);
    assert_int_equal(r.status, 503);
    assert_int_equal(told.kind, RECORD_REFUSED);
    /* It was not begun, so its key is free. */
    jobs_are_full = false;
    assert_job(&again, "create|--json|--|enp1s0|4");
    end_job(0, 0, "{}\n", "");
}

static void test_readers_leave_places(void **state)
{
    struct http_request readers[9];
    char objects[9][8];
    struct http_request change = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0",
                                         .body = "{\"num_vfs\":4}");

    for (size_t i = 0; i < ELEMENTS(readers); i++) {
        snprintf(objects[i], sizeof(objects[i]), "vf%zu", i);
        readers[i] = REQUEST("read", "GET", "/v1/audit", QUERY("object", objects[i]));
        send_request(&readers[i]);
    }
    assert_int_equal(n_jobs, 8);
    assert_int_equal(readers[8].status, 503);
    assert_job(&change, "create|--json|--|enp1s0|4");
    for (size_t i = 0; i < n_jobs; i++)
        end_job(i, 0, "{}\n", "");
}

static void test_what_takes_long(void **state)
{
    struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}",
                                    QUERY("wait", "7"));
    struct http_request job = REQUEST("admin", "GET", "/v1/jobs/100");
    struct http_request reader = REQUEST("operate", "GET", "/v1/jobs/100");
    struct http_request end = REQUEST("admin", "GET", "/v1/jobs/100", QUERY("wait", "10"));
    struct http_request none = REQUEST("admin", "GET", "/v1/jobs/7");

    assert_job(&r, "create|--json|--|enp1s0|4");
    assert_int_equal(run_timer(), 7000000);
    assert_int_equal(r.status, 202);
    assert_string_equal(r.text, "{\"job\":100}\n");
    assert_string_equal(r.location, "/v1/jobs/100");
    send_request(&job);
    assert_int_equal(job.status, 200);
    assert_non_null(strstr(job.text, "\"running\":true,\"status\":null"));
    send_request(&reader);
    assert_int_equal(reader.status, 403);
    send_request(&end);
    assert_false(end.answered);
    end_job(0, 3, REFUSAL, "note");
    assert_int_equal(end.status, 200);
    assert_non_null(strstr(end.text, "\"running\":false,\"status\":3"));
    assert_non_null(strstr(end.text, "\"err\":\"note\""));
    send_request(&none);
    assert_int_equal(none.status, 404);
}

static void test_a_peer_that_leaves(void **state)
{
    struct http_request r = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":4}");
    struct http_request list = REQUEST("read", "GET", "/v1/jobs");

    assert_job(&r, "create|--json|--|enp1s0|4");
    r.gone(r.userdata);
    end_job(0, 0, "{}\n", "");
    assert_false(r.answered);
    assert_int_equal(told.kind, RECORD_TRANSACTION);
    send_request(&list);
    assert_non_null(
        strstr(list.text, "\"command\":\"sriovctl create enp1s0 4\",\"who\":\"alice\""));
}

/* ---- idempotency ---- */

static void test_the_same_request_again(void **state)
{
    struct http_request first = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0",
                                        .body = "{\"num_vfs\":4}", HEADERS("Idempotency-Key", "k"));
    struct http_request early = first, late = first, other = first, wrong = first;

    assert_job(&first, "create|--json|--|enp1s0|4");
    send_request(&early);
    assert_int_equal(early.status, 409);
    /* The answer is lost. */
    first.gone(first.userdata);
    end_job(0, 3, REFUSAL, "");
    send_request(&late);
    assert_int_equal(late.status, 409);
    assert_string_equal(late.text, REFUSAL);
    other.body = "{\"num_vfs\":5}";
    send_request(&other);
    assert_int_equal(other.status, 422);
    wrong.headers[1] = "a\nb";
    send_request(&wrong);
    assert_int_equal(wrong.status, 400);
    assert_int_equal(n_jobs, 1);
}

static void test_a_wrong_request_frees_its_key(void **state)
{
    struct http_request wrong = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0/vfs/x",
                                        .body = "{\"vlan\":4}", HEADERS("Idempotency-Key", "k"));
    struct http_request right = wrong;

    send_request(&wrong);
    assert_int_equal(wrong.status, 400);
    right.path = "/v1/pfs/enp1s0/vfs/1";
    assert_job(&right, "set|--json|--|enp1s0/1|vlan=4");
    end_job(0, 0, "{}\n", "");
}

/* ---- events ---- */

static void test_events(void **state)
{
    struct http_request r = REQUEST("read", "GET", "/v1/events", HEADERS("Last-Event-ID", "41"));

    assert_int_equal(timers_set(), 0);
    send_request(&r);
    assert_string_equal(r.type, "text/event-stream");
    assert_int_equal(listener.last, 41);
    assert_int_equal(timers_set(), 1);
    listener.heard(listener.userdata, 42, "{\"id\":42}", 9);
    assert_string_equal(r.text, ":\n\nid: 42\ndata: {\"id\":42}\n\n");
    run_timer();
    assert_string_equal(r.text, ":\n\nid: 42\ndata: {\"id\":42}\n\n:\n\n");
    assert_int_equal(timers_set(), 1);
    r.gone(r.userdata);
    assert_null(listener.heard);
    /* Nobody listens: no timer. */
    assert_int_equal(timers_set(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_statuses_of_jobs),
        TEST(test_a_refusal_is_told),
        TEST(test_findings_are_an_answer),
        TEST(test_readers_share_a_job),
        TEST(test_nobody_shares_an_old_job),
        TEST(test_commands_are_not_shared),
        TEST(test_writers_do_not),
        TEST(test_too_many_jobs),
        TEST(test_readers_leave_places),
        TEST(test_what_takes_long),
        TEST(test_a_peer_that_leaves),
        TEST(test_the_same_request_again),
        TEST(test_a_wrong_request_frees_its_key),
        TEST(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
