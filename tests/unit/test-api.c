/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The way of a request through the API up to where it is answered or becomes a job: what is
 * refused, who may what, what is read, and the words of the jobs.
 */
#include "api-world.h"

/* ---- refusals ---- */

static void test_refused_before_anything_is_done(void **state)
{
    assert_refused(REQUEST("admin", "GET", "/v1/nothing"), 404, "there is no such path");
    assert_refused(REQUEST("admin", "GET", "/v1/../etc/passwd"), 404, "there is no such path");
    assert_refused(REQUEST("admin", "DELETE", "/v1/pfs"), 405, "does not take this method");
    assert_refused(REQUEST(NULL, "GET", "/v1/pfs"), 401, "takes a token");
    assert_refused(REQUEST("admin", "GET", "/v1/pfs", HEADERS("Origin", "http://evil")), 403,
                   "a page of another site asks");
    assert_refused(REQUEST("admin", "GET", "/v1/pfs", HEADERS("Accept", "text/html")), 406,
                   "answers with application/json only");
    assert_refused(REQUEST("admin", "GET", "/v1/pfs", QUERY("a", "b")), 400,
                   "there is no such parameter");
    assert_refused(REQUEST("admin", "GET", "/v1/history", QUERY("limit", "1", "limit", "2")), 400,
                   "is given twice");
    assert_refused(REQUEST("admin", "GET", "/v1/pfs", .body = "{}"), 400, "takes no body");
    assert_refused(REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}",
                           HEADERS("Content-Type", "text/plain")),
                   415, "does not take a body of this type");
    assert_refused(REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":"), 400,
                   "line 1: unexpected token near end of file");
    assert_refused(REQUEST("admin", "PATCH", "/v1/pfs/enp1s0"), 400,
                   "line 1: '[' or '{' expected near end of file");
    assert_refused(
        REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", .body = "{\"mtu\":1500,\"mtu\":9000}"), 400,
        "line 1: duplicate object key near '\\\"mtu\\\"'");
    assert_refused(REQUEST("admin", "PATCH", "/v1/pfs/enp1s0/vfs/x", .body = "{\"vlan\":1}"), 400,
                   "is no number of a VF");
    assert_refused(
        REQUEST("admin", "POST", "/v1/leases", .body = "{\"owner\":\"a\",\"vf\":\"a=b\"}"), 400,
        "is no VF");
}

static void test_allowed_methods_are_told(void **state)
{
    struct http_request r = REQUEST("admin", "DELETE", "/v1/pfs/enp1s0");

    send_request(&r);
    assert_string_equal(r.allow, "GET, PATCH");
}

static void test_roles(void **state)
{
    assert_refused(REQUEST("read", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}"), 403,
                   "takes role admin, and you have read");
    assert_refused(REQUEST("operate", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}"), 403,
                   "takes role admin, and you have operate");
    assert_refused(REQUEST("read", "PATCH", "/v1/pfs/enp1s0/vfs/1", .body = "{\"vlan\":1}"), 403,
                   "takes role operate, and you have read");
    assert_refused(
        REQUEST("operate", "PATCH", "/v1/pfs/enp1s0/vfs/1", .body = "{\"driver\":\"vfio-pci\"}"),
        403, "takes role admin to set");
    /* To hurt somebody. */
    assert_refused(REQUEST("operate", "PATCH", "/v1/pfs/enp1s0/vfs/1", .body = "{\"vlan\":1}",
                           QUERY("force", "true")),
                   403, "takes role admin, and you have operate");
    assert_refused(REQUEST("operate", "POST", "/v1/apply"), 403,
                   "takes role admin, and you have operate");
    assert_refused(REQUEST("read", "GET", "/v1/doctor"), 403,
                   "takes role operate, and you have read");
}

static void test_a_dry_run_takes_less(void **state)
{
    struct http_request r = REQUEST("operate", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}",
                                    QUERY("dry_run", "true"));

    assert_refused(REQUEST("read", "PATCH", "/v1/pfs/enp1s0", .body = "{\"num_vfs\":1}",
                           QUERY("dry_run", "true")),
                   403, "takes role operate, and you have read");
    assert_job(&r, "create|--json|--dry-run|--|enp1s0|1");
    end_job(0, 0, "{}\n", "");
    assert_int_equal(r.status, 200);
    assert_int_equal(changes, 0);
}

static void test_health_is_for_all(void **state)
{
    struct http_request nobody = REQUEST(NULL, "GET", "/v1/health");
    struct http_request early = REQUEST("read", "GET", "/v1/health");

    send_request(&nobody);
    assert_int_equal(nobody.status, 200);
    assert_non_null(strstr(nobody.text, "\"host\":null"));
    assert_non_null(strstr(nobody.text, "\"you\":null"));
    look_is_there = false;
    send_request(&early);
    assert_int_equal(early.status, 503);
    assert_non_null(strstr(early.text, "\"status\":\"starting\""));
    assert_non_null(strstr(early.text, "\"you\":{\"name\":\"alice\",\"role\":\"read\"}"));
}

static void test_accept(void **state)
{
    static const char *const fine[] = {
        "*/*", "application/*", "text/html, application/json;q=0.9", "Application/JSON", "",
    };

    for (size_t i = 0; i < ELEMENTS(fine); i++) {
        struct http_request r = REQUEST("read", "GET", "/v1/vfs", HEADERS("Accept", fine[i]));
        send_request(&r);
        assert_int_equal(r.status, 200);
    }
}

/* ---- reading ---- */

static void test_reading(void **state)
{
    struct http_request list = REQUEST("read", "GET", "/v1/vfs");
    struct http_request one = REQUEST("read", "GET", "/v1/pfs/01:00.0/vfs/1");
    struct http_request none = REQUEST("read", "GET", "/v1/pfs/enp1s0/vfs/2");
    struct http_request other = REQUEST("read", "GET", "/v1/pfs/enp1s1");
    struct http_request vf = REQUEST("read", "GET", "/v1/pfs/0000:01:10.2");

    send_request(&list);
    assert_int_equal(list.status, 200);
    assert_non_null(strstr(list.text, "{\"vfs\":[{\"pf\":\"enp1s0\",\"index\":0,"));
    send_request(&one);
    assert_int_equal(one.status, 200);
    assert_non_null(strstr(one.text, "{\"index\":1,\"pci\":\"0000:01:10.2\""));
    send_request(&none);
    assert_int_equal(none.status, 404);
    assert_non_null(
        strstr(none.text, "\"code\":5,\"object\":\"enp1s0\",\"message\":\"has no VF 2\""));
    send_request(&other);
    assert_int_equal(other.status, 404);
    assert_non_null(strstr(other.text, "did you mean enp1s0?"));
    send_request(&vf);
    assert_int_equal(vf.status, 404);
}

static void test_before_the_first_look(void **state)
{
    struct http_request r = REQUEST("read", "GET", "/v1/pfs");

    look_is_there = false;
    send_request(&r);
    assert_int_equal(r.status, 503);
    assert_non_null(strstr(r.text, "the machine was not read yet"));
}

/* ---- requests to words ---- */

static void test_words_of_changes(void **state)
{
    struct http_request set = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0", QUERY("force", "true"),
                                      .body = "{\"num_vfs\":4,\"autoprobe\":false}");
    struct http_request vf = REQUEST("operate", "PATCH", "/v1/pfs/-x/vfs/007",
                                     .body = "{\"vlan\":5,\"mac\":\"52:54:00:00:00:01\"}");
    struct http_request bind = REQUEST("admin", "PATCH", "/v1/pfs/enp1s0/vfs/3",
                                       .body = "{\"driver\":\"--force\"}");
    struct http_request back = REQUEST("admin", "POST", "/v1/transactions/12/rollback");

    assert_job(&set, "set|--json|--force|--|enp1s0|num_vfs=4|autoprobe=false");
    assert_job(&vf, "set|--json|--|-x/7|vlan=5|mac=52:54:00:00:00:01");
    assert_job(&bind, "bind|--json|--|enp1s0/3|--force");
    assert_job(&back, "rollback|--json|--|12");
    for (size_t i = 0; i < 4; i++)
        end_job(i, 0, "{}\n", "");
    assert_int_equal(changes, 4);
}

static void test_words_of_leases(void **state)
{
    struct http_request named = REQUEST(
        "operate", "POST", "/v1/leases",
        .body = "{\"owner\":\"--json\",\"vf\":\"enp1s0/3\",\"clean\":true,\"link\":false,"
                "\"settings\":{\"vlan\":5,\"trust\":true}}");
    struct http_request any = REQUEST(
        "operate", "POST", "/v1/leases",
        .body = "{\"owner\":\"a\",\"pool\":\"fast\",\"numa\":0,\"pid\":812}");
    struct http_request end = REQUEST("operate", "DELETE", "/v1/leases/enp1s0/3",
                                      QUERY("owner", "a"));

    assert_job(&named, "acquire|--json|--clean|--owner|--json|--|enp1s0/3|vlan=5|trust=true");
    assert_job(&any, "acquire|--json|--owner|a|--pool|fast|--numa|0|--pid|812|--");
    assert_job(&end, "release|--json|--owner|a|--|enp1s0/3");
    end_job(0, 0, "{\"pf\":\"enp1s0\"}\n", "");
    assert_int_equal(named.status, 201);
    end_job(1, 5, "{\"error\":{\"code\":5}}\n", "");
    assert_int_equal(any.status, 404);
    end_job(2, 0, "{}\n", "");
    assert_int_equal(end.status, 200);
}

static void test_words_of_policies(void **state)
{
    struct http_request own = REQUEST("operate", "POST", "/v1/plan");
    struct http_request sent = REQUEST("admin", "POST", "/v1/apply", .body = "pfs: []",
                                       HEADERS("Content-Type", "application/yaml; charset=utf-8"),
                                       QUERY("pf", "enp1s0"));
    struct http_request other = REQUEST("operate", "POST", "/v1/plan");

    assert_job(&own, "plan|--json|--");
    assert_string_equal(jobs[0].input, "");
    assert_job(&sent, "apply|--json|--file|-|--pf|enp1s0|--");
    assert_string_equal(jobs[1].input, "pfs: []");
    the_daemon.config.policy = (char *)"/srv/policy";
    assert_job(&other, "plan|--json|--file|/srv/policy|--");
    for (size_t i = 0; i < 3; i++)
        end_job(i, 0, "{}\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refused_before_anything_is_done),
        TEST(test_allowed_methods_are_told),
        TEST(test_roles),
        TEST(test_a_dry_run_takes_less),
        TEST(test_health_is_for_all),
        TEST(test_accept),
        TEST(test_reading),
        TEST(test_before_the_first_look),
        TEST(test_words_of_changes),
        TEST(test_words_of_leases),
        TEST(test_words_of_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
