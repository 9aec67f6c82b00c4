/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who asks, through a real server: users and groups of processes on a Unix socket, tokens over TCP,
 * and what a browser sends on behalf of a page of another site.
 */
#include "daemon/auth.h"

#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "daemon/token.h"
#include "http-pair.h"

#define NOBODY 65534

static struct auth *auth;
static char dir[64], path[80];

/* Answers "ROLE WHO", "refused", or "foreign". */
static void who_asks(void *userdata, struct http_request *r)
{
    char who[AUTH_WHO_SIZE], text[100] = "refused";
    enum role role;
    int got = auth_who(auth, r, &role, who);
    if (got >= 0)
        snprintf(text, sizeof(text), "%s %s", role_name(role), who);
    else
        assert_int_equal(got, -EACCES);
    if (auth_is_foreign(r))
        STR_SET(text, "foreign");
    http_respond(r, &(struct http_answer){
                        .status = 200, .type = "text/plain", .body = text, .len = strlen(text) });
}

static int begin(int family, const char *group)
{
    struct config config = { .group = (char *)group, .tokens = path };
    struct sriov_error error;
    STR_SET(dir, "/tmp/auth-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/tokens", dir);
    if (auth_new(&config, &auth, &error) < 0)
        return -1;
    pair_start(family, &(struct http_options){ .handler = who_asks });
    return 0;
}

/* "daemon" is a group that every system has. */
static int start_local(void **state)
{
    return begin(AF_UNIX, "daemon");
}

static int start_without_group(void **state)
{
    return begin(AF_UNIX, "no such group");
}

static int start_tcp(void **state)
{
    return begin(AF_INET, "daemon");
}

static int stop(void **state)
{
    pair_stop(state);
    auth = auth_free(auth);
    unlink(path);
    return rmdir(dir);
}

static const char *body_of(const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    return end ? end + 4 : "no answer";
}

static const char *say_headers(const char *headers)
{
    char text[1000];
    int fd = client();
    snprintf(text, sizeof(text), "POST / HTTP/1.1\r\n%s\r\n", headers);
    ask(fd, text);
    close(fd);
    return body_of(answer);
}

/* ---- on the Unix socket ---- */

/* In a process of its own, with a socket that blocks: the server is elsewhere. */
static int ask_as(uid_t uid, gid_t gid, const gid_t *groups, size_t count, const char *want)
{
    static const char text[] = GET("/");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (setgroups(count, groups) < 0 || setresgid(gid, gid, gid) < 0 ||
        setresuid(uid, uid, uid) < 0)
        return 2;
    if (connect(fd, (struct sockaddr *)&address, address_len) < 0 ||
        send(fd, text, sizeof(text) - 1, 0) < 0)
        return 3;
    for (size_t len = 0; whole(answer) == 0;) {
        ssize_t n = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);
        if (n <= 0)
            return 4;
        len += (size_t)n;
        answer[len] = '\0';
    }
    return str_eq(body_of(answer), want) ? 0 : 1;
}

static void as(uid_t uid, gid_t gid, const gid_t *groups, size_t count, const char *want)
{
    int status;
    pid_t child = fork();
    answer[0] = '\0';
    if (child == 0)
        _exit(ask_as(uid, gid, groups, count, want));
    while (waitpid(child, &status, WNOHANG) == 0)
        turn(10);
    if (status != 0)
        fail_msg("uid %u, gid %u: not '%s' (%d)", uid, gid, want, status);
}

static void test_users_and_groups(void **state)
{
    const struct group *group = getgrnam("daemon");
    gid_t in_many[200], few[] = { 4, group->gr_gid, 5 };
    if (getuid() != 0)
        skip();
    for (size_t i = 0; i < ELEMENTS(in_many); i++)
        in_many[i] = 100000 + (gid_t)i;
    assert_string_equal(say_headers("Host: localhost\r\n"), "admin root");
    as(NOBODY, NOBODY, NULL, 0, "read nobody");
    as(12345, NOBODY, NULL, 0, "read uid 12345");
    as(NOBODY, group->gr_gid, NULL, 0, "admin nobody");
    as(NOBODY, NOBODY, few, ELEMENTS(few), "admin nobody");
    as(NOBODY, NOBODY, in_many, ELEMENTS(in_many), "read nobody");
    in_many[150] = group->gr_gid;
    as(NOBODY, NOBODY, in_many, ELEMENTS(in_many), "admin nobody");
}

static void test_group_that_is_not_there(void **state)
{
    if (getuid() != 0)
        skip();
    as(0, 0, NULL, 0, "admin root");
    as(NOBODY, NOBODY, NULL, 0, "read nobody");
    as(NOBODY, (gid_t)-2, NULL, 0, "read nobody");
}

/* Nobody can become admin of a Unix socket by a header. */
static void test_headers_give_nothing_on_the_unix_socket(void **state)
{
    char token[TOKEN_TEXT_SIZE], header[200];
    assert_int_equal(token_add(path, "t", ROLE_ADMIN, 0, token, NULL), 0);
    snprintf(header, sizeof(header), "Host: x\r\nAuthorization: Bearer %s\r\n", token);
    if (getuid() == 0)
        assert_string_equal(say_headers(header), "admin root");
}

/* ---- over TCP ---- */

static const char *say_token(const char *format, const char *text)
{
    char headers[300];
    int n = snprintf(headers, sizeof(headers), "Host: node7:8443\r\nAuthorization: %s %s\r\n",
                     format, text);
    assert_in_range(n, 1, sizeof(headers) - 1);
    return say_headers(headers);
}

static void test_tokens(void **state)
{
    char ci[TOKEN_TEXT_SIZE], old[TOKEN_TEXT_SIZE], chief[TOKEN_TEXT_SIZE];
    assert_string_equal(say_headers("Host: node7\r\n"), "refused");
    assert_int_equal(token_add(path, "ci", ROLE_OPERATE, 0, ci, NULL), 0);
    assert_int_equal(token_add(path, "old", ROLE_ADMIN, time(NULL) - 1, old, NULL), 0);
    assert_int_equal(token_add(path, "chief", ROLE_ADMIN, time(NULL) + 100, chief, NULL), 0);
    assert_string_equal(say_token("Bearer", ci), "operate token ci");
    assert_string_equal(say_token("bearer ", ci), "operate token ci");
    assert_string_equal(say_token("Bearer", chief), "admin token chief");
    assert_string_equal(say_token("Bearer", old), "refused");
    assert_string_equal(say_token("Basic", ci), "refused");
    assert_string_equal(say_token("Bearer", ""), "refused");
    assert_string_equal(say_token("Bearer", "sriov_"), "refused");
    ci[TOKEN_TEXT_SIZE / 2] ^= 1;
    assert_string_equal(say_token("Bearer", ci), "refused");
    assert_string_equal(say_headers("Host: node7\r\n"), "refused");
}

static void test_removed_token_is_refused_at_once(void **state)
{
    char ci[TOKEN_TEXT_SIZE];
    assert_int_equal(token_add(path, "ci", ROLE_READ, 0, ci, NULL), 0);
    assert_string_equal(say_token("Bearer", ci), "read token ci");
    assert_int_equal(token_remove(path, "ci", NULL), 0);
    assert_string_equal(say_token("Bearer", ci), "refused");
}

static void test_tokens_that_others_can_read(void **state)
{
    char ci[TOKEN_TEXT_SIZE];
    struct sriov_error error = { 0 };
    assert_int_equal(token_add(path, "ci", ROLE_READ, 0, ci, NULL), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_string_equal(say_token("Bearer", ci), "refused");
    assert_int_equal(auth_reload(auth, &error), -EPERM);
    assert_int_equal(error.code, SRIOV_NOT_PERMITTED);
    assert_int_equal(chmod(path, 0600), 0);
    assert_string_equal(say_token("Bearer", ci), "read token ci");
}

/* ---- pages of other sites ---- */

static void test_foreign_pages_on_the_unix_socket(void **state)
{
    static const char *const ours[] = {
        "Host: localhost\r\n",
        "Host: localhost:8080\r\nOrigin: http://localhost:8080\r\n",
        "Host: sriovd\r\n",
        "Host: 127.0.0.1:8080\r\nOrigin: http://127.0.0.1:8080\r\n",
        "Host: [::1]:8080\r\nOrigin: http://[::1]:8080\r\n",
    };
    static const char *const foreign[] = {
        "Host: localhost:8080\r\nOrigin: http://evil.example\r\n",
        "Host: localhost:8080\r\nOrigin: http://localhost:8081\r\n",
        "Host: localhost:8080\r\nOrigin: null\r\n",
        "Host: localhost:8080\r\nOrigin: \r\n",
        "Host: evil.example:8080\r\nOrigin: http://evil.example:8080\r\n",
        "Host: evil.example:8080\r\n",
        "Host: 127.0.0.1.evil.example\r\n",
        "Host: localhost.\r\n",
    };
    for (size_t i = 0; i < ELEMENTS(ours); i++) {
        if (str_eq(say_headers(ours[i]), "foreign"))
            fail_msg("%s", ours[i]);
    }
    for (size_t i = 0; i < ELEMENTS(foreign); i++) {
        if (!str_eq(say_headers(foreign[i]), "foreign"))
            fail_msg("%s: %s", foreign[i], answer);
    }
}

static void test_foreign_pages_over_tcp(void **state)
{
    static const char *const foreign[] = {
        "Host: node7.example:8443\r\nOrigin: https://evil.example\r\n",
        "Host: node7.example:8443\r\nOrigin: http://node7.example:8443\r\n",
        "Host: node7.example:8443\r\nOrigin: https://node7.example:8443.evil.example\r\n",
        "Host: node7.example:8443\r\nOrigin: null\r\n",
    };
    assert_string_equal(
        say_headers("Host: node7.example:8443\r\nOrigin: https://node7.example:8443\r\n"),
        "refused");
    assert_string_equal(
        say_headers("Host: node7.example:8443\r\nOrigin: https://Node7.Example:8443\r\n"),
        "refused");
    assert_string_equal(say_headers("Host: node7.example:8443\r\n"), "refused");
    for (size_t i = 0; i < ELEMENTS(foreign); i++) {
        if (!str_eq(say_headers(foreign[i]), "foreign"))
            fail_msg("%s: %s", foreign[i], answer);
    }
}

static void test_roles(void **state)
{
    enum role role = ROLE_NONE;
    assert_int_equal(role_from_name("operate", &role), 0);
    assert_int_equal(role, ROLE_OPERATE);
    assert_int_equal(role_from_name("none", &role), -EINVAL);
    assert_int_equal(role_from_name("", &role), -EINVAL);
    assert_int_equal(role, ROLE_OPERATE);
    assert_string_equal(role_name(ROLE_ADMIN), "admin");
}

#define LOCAL(name) cmocka_unit_test_setup_teardown(name, start_local, stop)
#define TCP(name) cmocka_unit_test_setup_teardown(name, start_tcp, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LOCAL(test_users_and_groups),
        cmocka_unit_test_setup_teardown(test_group_that_is_not_there, start_without_group, stop),
        LOCAL(test_headers_give_nothing_on_the_unix_socket),
        TCP(test_tokens),
        TCP(test_removed_token_is_refused_at_once),
        TCP(test_tokens_that_others_can_read),
        LOCAL(test_foreign_pages_on_the_unix_socket),
        TCP(test_foreign_pages_over_tcp),
        cmocka_unit_test(test_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
