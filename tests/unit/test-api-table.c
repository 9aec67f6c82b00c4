/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of the API and what is done with them alone: which route a path means, what of a query
 * and a body is refused and in which words, and that every row is whole.
 */
#include "daemon/api-call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/json-read.h"

/* ---- routes ---- */

static void assert_route(const char *method, const char *path, const char *name)
{
    struct route_match m;

    assert_int_equal(route_find(method, path, &m), 0);
    assert_string_equal(m.route->name, name);
}

static void test_routes_are_found(void **state)
{
    struct route_match m;

    assert_route("GET", "/v1/pfs", "listPfs");
    assert_route("GET", "/v1/pfs/enp1s0", "getPf");
    assert_route("PATCH", "/v1/pfs/0000:01:00.0", "changePf");
    assert_route("GET", "/metrics", "getMetrics");
    assert_int_equal(route_find("PATCH", "/v1/pfs/enp1s0/vfs/3", &m), 0);
    assert_string_equal(m.words[0], "enp1s0");
    assert_string_equal(m.words[1], "3");
    assert_int_equal(route_find("POST", "/v1/transactions/12/rollback", &m), 0);
    assert_string_equal(m.words[0], "12");
}

static void test_what_is_no_route(void **state)
{
    static const char *const paths[] = {
        "",
        "/",
        "/v1",
        "/v1/",
        "/v1/pfs/",
        "/v1/pfsx",
        "/v1/pf",
        "//v1/pfs",
        "/v1//pfs",
        "v1/pfs",
        "/v1/pfs/a/",
        "/v1/pfs/a/vfs",
        "/V1/pfs",
        "/v1/pfs/a/vfs/",
        "/v1/pfs/a/vfs/1/x",
        "/metrics/",
        "/v1/leases/a",
    };
    struct route_match m;

    for (size_t i = 0; i < ELEMENTS(paths); i++)
        assert_int_equal(route_find("GET", paths[i], &m), -ENOENT);
}

static void test_other_methods_are_named(void **state)
{
    struct route_match m;

    assert_int_equal(route_find("DELETE", "/v1/pfs/enp1s0", &m), -EPERM);
    assert_string_equal(m.methods, "GET, PATCH");
    assert_int_equal(route_find("GET", "/v1/apply", &m), -EPERM);
    assert_string_equal(m.methods, "POST");
    assert_int_equal(route_find("get", "/v1/pfs", &m), -EPERM);
}

static void test_long_words(void **state)
{
    char path[512] = "/v1/pfs/";
    struct route_match m;

    memset(path + 8, 'a', ROUTE_WORD_SIZE - 1);
    assert_int_equal(route_find("GET", path, &m), 0);
    assert_int_equal(strlen(m.words[0]), ROUTE_WORD_SIZE - 1);
    memset(path + 8, 'a', ROUTE_WORD_SIZE);
    assert_int_equal(route_find("GET", path, &m), -ENAMETOOLONG);
}

static bool has_field(const char *name)
{
    for (const struct field *f = path_fields; f->name; f++) {
        if (str_eq(f->name, name))
            return true;
    }
    return false;
}

/* Each {word} of a path is described, and there are no more of them than fit. */
static void check_words(const char *path)
{
    size_t words = 0;

    for (const char *p = strchr(path, '{'); p; p = strchr(p + 1, '{')) {
        char name[40];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(p + 1, "}"), p + 1);
        assert_true(has_field(name));
        words++;
    }
    assert_true(words <= ROUTE_WORDS);
}

static void test_rows_are_whole(void **state)
{
    for (const struct route *r = api_routes; r->method; r++) {
        assert_true(!r->json != !r->run);
        assert_non_null(r->summary);
        assert_true(!r->body || schema_find(r->body));
        assert_true(!r->body || schema_find(r->body)->is_body);
        assert_true(!r->answer || schema_find(r->answer));
        assert_false(r->body && (r->flags & ROUTE_POLICY));
        check_words(r->path);
        for (const struct route *other = api_routes; other < r; other++)
            assert_string_not_equal(other->name, r->name);
        /* What writes is a job, so that it cannot stop the daemon. */
        assert_true(!(r->flags & ROUTE_WRITES) || (r->flags & ROUTE_JOB));
    }
}

static void test_schemas_are_whole(void **state)
{
    for (const struct schema *s = api_schemas; s->name; s++) {
        assert_ptr_equal(schema_find(s->name), s);
        for (const struct field *f = s->fields; f && f->name; f++) {
            assert_non_null(f->help);
            assert_true((f->type == FIELD_OBJECT) == (f->of != NULL));
            assert_true(!f->of || schema_find(f->of));
        }
    }
    assert_null(schema_find("Nobody"));
    assert_null(schema_find(NULL));
}

/* What form it has is openapi.sh's. */
static void test_openapi_has_every_route(void **state)
{
    static const struct node_limits limits = { .bytes = 1u << 20, .nodes = 20000, .depth = 16 };
    _cleanup_buf_ struct buf text = BUF_INIT;
    _cleanup_node_ struct node *root = NULL;
    size_t operations = 0;

    assert_int_equal(openapi_write(&text), 0);
    assert_int_equal(json_read(text.data, text.len, &limits, &root, NULL), 0);
    for (const struct route *r = api_routes; r->method; r++) {
        const struct node *path = node_get(node_get(root, "paths"), r->path), *operation = NULL;
        for (size_t i = 0; path && i < path->count; i++) {
            if (strcasecmp(path->items[i].key, r->method) == 0)
                operation = &path->items[i];
        }
        assert_non_null(operation);
        assert_string_equal(node_get_text(operation, "operationId"), r->name);
        assert_string_equal(node_get_text(operation, "x-role"), role_name(r->role));
        operations++;
    }
    for (size_t i = 0; i < node_get(root, "paths")->count; i++)
        operations -= node_get(root, "paths")->items[i].count;
    assert_int_equal(operations, 0);
    for (const struct schema *s = api_schemas; s->name; s++)
        assert_non_null(node_get(node_get(node_get(root, "components"), "schemas"), s->name));
}

/* ---- queries ---- */

static const struct route *route_named(const char *name)
{
    const struct route *r = api_routes;

    while (r->method && !str_eq(r->name, name))
        r++;
    assert_non_null(r->method);
    return r;
}

static void test_queries(void **state)
{
    const struct route *change = route_named("changePf"), *list = route_named("listPfs");
    struct sriov_error e = { 0 };

    assert_int_equal(query_check(change, "dry_run", "true", &e), 0);
    assert_int_equal(query_check(change, "force", "false", &e), 0);
    assert_int_equal(query_check(change, "wait", "0", &e), 0);
    assert_int_equal(query_check(change, "wait", "-1", &e), -EINVAL);
    assert_string_equal(e.object, "wait");
    assert_int_equal(query_check(change, "dry_run", "yes", &e), -EINVAL);
    assert_string_equal(e.message, "is neither true nor false");
    assert_int_equal(query_check(change, "dryrun", "true", &e), -EINVAL);
    assert_string_equal(e.object, "dryrun");
    assert_string_equal(e.remedy, "did you mean dry_run?");
    assert_int_equal(query_check(list, "force", "true", &e), -EINVAL);
    assert_int_equal(query_check(route_named("getHistory"), "limit", "5", &e), 0);
}

/* ---- bodies ---- */

static int check(const char *schema, const char *text, struct sriov_error *e)
{
    static const struct node_limits limits = { .bytes = 4096, .nodes = 100, .depth = 8 };
    _cleanup_node_ struct node *body = NULL;

    assert_int_equal(json_read(text, strlen(text), &limits, &body, NULL), 0);
    return body_check(schema_find(schema), body, e);
}

static void assert_refused(const char *schema, const char *text, const char *object,
                           const char *message, const char *remedy)
{
    struct sriov_error e = { 0 };

    assert_int_equal(check(schema, text, &e), -EINVAL);
    assert_int_equal(e.code, SRIOV_USAGE);
    assert_string_equal(e.object, object);
    assert_string_equal(e.message, message);
    if (remedy)
        assert_string_equal(e.remedy, remedy);
}

static void test_bodies_that_are_right(void **state)
{
    assert_int_equal(check("PfChange", "{\"num_vfs\":4,\"autoprobe\":false,\"link\":\"up\"}", NULL),
                     0);
    assert_int_equal(
        check("VfChange", "{\"vlan\":5,\"mac\":\"52:54:00:00:00:01\",\"trust\":true}", NULL), 0);
    assert_int_equal(
        check("LeaseWish", "{\"owner\":\"a\",\"numa\":0,\"settings\":{\"vlan\":5}}", NULL), 0);
    assert_int_equal(check("Command", "{\"args\":[\"list\"],\"policy\":\"x\"}", NULL), 0);
}

static void test_bodies_that_are_wrong(void **state)
{
    assert_refused("PfChange", "[]", "body", "is no JSON object", NULL);
    assert_refused("PfChange", "{}", "body", "sets nothing", NULL);
    assert_refused("PfChange", "{\"numvfs\":4}", "numvfs", "there is no such key",
                   "did you mean num_vfs?");
    /* An attribute of a VF. */
    assert_refused("PfChange", "{\"vlan\":4}", "vlan", "there is no such key", NULL);
    assert_refused("PfChange", "{\"num_vfs\":\"4\"}", "num_vfs", "is not a number from 0", NULL);
    assert_refused("PfChange", "{\"num_vfs\":-1}", "num_vfs", "is not a number from 0", NULL);
    assert_refused("PfChange", "{\"num_vfs\":1.5}", "num_vfs", "is not a number from 0", NULL);
    assert_refused("PfChange", "{\"num_vfs\":null}", "num_vfs", "is not a number from 0", NULL);
    assert_refused("PfChange", "{\"num_vfs\":true}", "num_vfs", "is not a number from 0", NULL);
    assert_refused("PfChange", "{\"autoprobe\":\"on\"}", "autoprobe", "is not true or false", NULL);
    assert_refused("PfChange", "{\"autoprobe\":1}", "autoprobe", "is not true or false", NULL);
    assert_refused("VfChange", "{\"mac\":5}", "mac", "is not a string", NULL);
    assert_refused("VfChange", "{\"mac\":{}}", "mac", "is not a string", NULL);
    assert_refused("LeaseWish", "{\"vf\":\"enp1s0/1\"}", "owner", "is missing: who has it", NULL);
    assert_refused("LeaseWish", "{\"owner\":\"a\",\"settings\":{\"vlan\":[1]}}", "settings",
                   "is not an object", NULL);
    assert_refused("LeaseWish", "{\"owner\":\"a\",\"settings\":[]}", "settings", "is not an object",
                   NULL);
    assert_refused("Command", "{\"args\":\"list\"}", "args", "is not a list, each a string", NULL);
    assert_refused("Command", "{\"args\":[1]}", "args", "is not a list, each a string", NULL);
    assert_refused("Command", "{\"arg\":[]}", "arg", "there is no such key", "did you mean args?");
}

/* ---- statuses ---- */

static void test_statuses(void **state)
{
    assert_int_equal(status_of_error(-EINVAL, SRIOV_USAGE), 400);
    assert_int_equal(status_of_error(-EINVAL, SRIOV_IN_USE), 409);
    assert_int_equal(status_of_error(-EINVAL, SRIOV_UNSUPPORTED), 422);
    assert_int_equal(status_of_error(-ENODEV, SRIOV_NO_DEVICE), 404);
    assert_int_equal(status_of_error(-EPERM, SRIOV_NOT_PERMITTED), 403);
    assert_int_equal(status_of_error(-EIO, SRIOV_FAILED), 500);
    assert_int_equal(status_of_error(-EIO, SRIOV_NOT_ROLLED_BACK), 500);
    assert_int_equal(status_of_error(-ENOENT, SRIOV_USAGE), 404);
    assert_int_equal(status_of_error(-EAGAIN, SRIOV_FAILED), 503);
    /* An error that nobody filled. */
    assert_int_equal(status_of_error(-EIO, SRIOV_DONE), 500);
}

/* ---- idempotency keys ---- */

struct seen {
    struct key *key;
    enum key_state state;
};

static struct seen find(struct keys *k, const char *who, const char *text, uint64_t request,
                        int64_t now)
{
    struct seen s = { 0 };

    assert_int_equal(key_find(k, who, text, request, now, &s.key, &s.state), 0);
    return s;
}

static void answer(struct keys *k, struct key *key, const char *text)
{
    _cleanup_buf_ struct buf body = BUF_INIT;

    buf_add_str(&body, text);
    key_answer(k, key, 200, &body);
}

static void test_keys(void **state)
{
    struct keys *k = NULL;
    struct seen first, again;

    assert_int_equal(keys_new(&k), 0);
    first = find(k, "alice", "k1", 7, 100);
    assert_int_equal(first.state, KEY_NEW);
    assert_int_equal(find(k, "alice", "k1", 7, 101).state, KEY_RUNS);
    assert_int_equal(find(k, "alice", "k1", 8, 101).state, KEY_OTHER);
    /* Somebody else's key of the same name is another one. */
    assert_int_equal(find(k, "bob", "k1", 7, 101).state, KEY_NEW);
    answer(k, first.key, "done");
    again = find(k, "alice", "k1", 7, 102);
    assert_int_equal(again.state, KEY_ANSWERED);
    assert_int_equal(key_status(again.key), 200);
    assert_string_equal(key_body(again.key)->data, "done");
    assert_int_equal(find(k, "alice", "k1", 8, 102).state, KEY_OTHER);
    /* A day later it is forgotten; bob's is not answered yet. */
    assert_int_equal(find(k, "alice", "k1", 8, 101 + 86400).state, KEY_NEW);
    assert_int_equal(find(k, "bob", "k1", 7, 101 + 86400).state, KEY_RUNS);
    keys_free(k);
}

static void test_keys_that_are_dropped(void **state)
{
    struct keys *k = NULL;

    assert_int_equal(keys_new(&k), 0);
    key_drop(k, find(k, "alice", "k1", 7, 100).key);
    assert_int_equal(find(k, "alice", "k1", 9, 100).state, KEY_NEW);
    keys_free(k);
}

#define KEYS 1024

static void test_the_oldest_key_gives_way(void **state)
{
    struct keys *k = NULL;
    char name[24];

    assert_int_equal(keys_new(&k), 0);
    find(k, "alice", "runs", 1, 100);
    for (int i = 0; i < KEYS; i++) {
        snprintf(name, sizeof(name), "k%d", i);
        answer(k, find(k, "alice", name, 1, 100).key, "done");
    }
    assert_int_equal(find(k, "alice", "runs", 1, 100).state, KEY_RUNS);
    assert_int_equal(find(k, "alice", "k1023", 1, 100).state, KEY_ANSWERED);
    assert_int_equal(find(k, "alice", "k1", 1, 100).state, KEY_ANSWERED);
    assert_int_equal(find(k, "alice", "k0", 1, 100).state, KEY_NEW);
    keys_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes_are_found),
        cmocka_unit_test(test_what_is_no_route),
        cmocka_unit_test(test_other_methods_are_named),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_rows_are_whole),
        cmocka_unit_test(test_schemas_are_whole),
        cmocka_unit_test(test_openapi_has_every_route),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_bodies_that_are_right),
        cmocka_unit_test(test_bodies_that_are_wrong),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keys_that_are_dropped),
        cmocka_unit_test(test_the_oldest_key_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
