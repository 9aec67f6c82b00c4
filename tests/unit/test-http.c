/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HTTP server: framing, limits, what is refused, answers that come later, peers that leave,
 * streams.
 */
#include <sys/resource.h>

#include "http-pair.h"
#include "wire/http-peer.h"

#define BODY_LIMIT 1000

static int start_usual(void **state)
{
    start(AF_UNIX, NULL, &(struct http_limits){ .body = BODY_LIMIT });
    return 0;
}

static int start_roomy(void **state)
{
    start(AF_UNIX, NULL, &(struct http_limits){ .body = 16u << 20 });
    return 0;
}

static int start_strict(void **state)
{
    start(AF_UNIX, NULL,
          &(struct http_limits){ .connections = 3, .requests_per_second = 2, .idle_seconds = 30 });
    return 0;
}

static int start_tcp(void **state)
{
    start(AF_INET, NULL, &(struct http_limits){ .connections_per_peer = 2 });
    return 0;
}

/* ---- framing ---- */

static void test_answers_and_keeps_alive(void **state)
{
    int fd = client();
    assert_int_equal(ask(fd, GET("/a")), 200);
    assert_answer(200, "\r\n\r\nGET /a ");
    assert_answer(200, "Content-Type: text/plain\r\n");
    assert_answer(200, "X-Test: yes\r\n");
    assert_int_equal(ask(fd, GET("/b")), 200);
    assert_int_equal(handled, 2);
    assert_int_equal(http_server_connections(server), 1);
    assert_true(last_peer.is_local);
    assert_int_equal(last_peer.uid, getuid());
    assert_int_equal(last_peer.pid, getpid());
    close(fd);
    settle();
    assert_int_equal(http_server_connections(server), 0);
    assert_int_equal(refusals, 0);
}

static void test_head_is_get_without_body(void **state)
{
    int fd = client();
    say(fd, "HEAD /a HTTP/1.1\r\n" HOST "\r\n");
    hear_until(fd, has_text, "\r\n\r\n");
    assert_answer(200, "Content-Length: 7\r\n");
    assert_true(str_ends(answer, "\r\n\r\n"));
    close(fd);
}

static void test_pipelining(void **state)
{
    int fd = client();
    say(fd, GET("/1") "POST /2 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc" GET("/3"));
    hear(fd, 3);
    const char *first = strstr(answer, "GET /1 "), *second = strstr(answer, "POST /2 abc");
    const char *third = strstr(answer, "GET /3 ");
    assert_true(first && second && third && first < second && second < third);
    close(fd);
}

static void test_chunks(void **state)
{
    int fd = client();
    assert_int_equal(ask(fd, "POST /c HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                             "3\r\nabc\r\n5\r\ndefgh\r\n0\r\nTrailer: 1\r\n\r\n"),
                     200);
    assert_answer(200, "POST /c abcdefgh");
    assert_int_equal(ask(fd, GET("/after")), 200);
    close(fd);
}

static void test_bytes_one_by_one(void **state)
{
    static const char text[] = "POST /slow HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nwxyz";
    int fd = client();
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        say_bytes(fd, text + i, 1);
    hear(fd, 1);
    assert_answer(200, "POST /slow wxyz");
    close(fd);
}

static void test_queries_are_decoded(void **state)
{
    int fd = client();
    ask(fd, GET("/query?a=1&b=x%20y&c=p+q&d=%c3%a9&e"));
    assert_answer(200, "\r\n\r\na=1;b=x y;c=p q;d=\xc3\xa9;e=;");
    close(fd);
}

/* ---- limits ---- */

static void post(int fd, size_t len, const char *more)
{
    char head[256];
    char *body = malloc(len + 1);
    memset(body, 'x', len);
    snprintf(head, sizeof(head), "POST /p HTTP/1.1\r\n" HOST "%sContent-Length: %zu\r\n\r\n", more,
             len);
    say(fd, head);
    say_bytes(fd, body, len);
    free(body);
    hear(fd, 1);
}

static void test_bodies_up_to_the_limit(void **state)
{
    int fd = client();
    post(fd, BODY_LIMIT, "");
    assert_answer(200, "POST /p xxx");
    post(fd, BODY_LIMIT + 1, "");
    assert_answer(413, "{\"error\":{\"code\":2,");
    assert_answer(413, "the body is too large");
    assert_int_equal(handled, 1);
    assert_int_equal(refused_status, 413);
    assert_int_equal(ask(fd, GET("/after")), 200);
    close(fd);
}

static void test_large_bodies_are_read_and_refused(void **state)
{
    int fd = client();
    post(fd, 10u << 20, "");
    assert_answer(413, "too large");
    assert_int_equal(ask(fd, GET("/after")), 200);
    close(fd);
}

static void test_huge_bodies_are_not_read(void **state)
{
    int fd = client();
    say(fd, "POST /p HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n");
    hear(fd, 1);
    assert_answer(413, "Connection: close");
    assert_ended(fd);
    fd = client();
    say(fd, "POST /p HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n");
    hear(fd, 1);
    assert_int_equal(status(), 413);
    assert_ended(fd);
    assert_int_equal(handled, 0);
    assert_int_equal(refusals, 2);
}

static void test_chunks_beyond_the_limit(void **state)
{
    static const char chunk[] = "10\r\n0123456789abcdef\r\n";
    int fd = client();
    say(fd, "POST /c HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < BODY_LIMIT / 16 + 1; i++)
        say(fd, chunk);
    say(fd, "0\r\n\r\n");
    hear(fd, 1);
    assert_answer(413, "too large");
    assert_int_equal(handled, 0);
    close(fd);
}

/* Without an end, and without a length that could be refused. */
static void test_endless_chunks(void **state)
{
    char *chunk = malloc((1u << 20) + 16);
    int head = snprintf(chunk, 16, "100000\r\n");
    memset(chunk + head, 'x', 1u << 20);
    memcpy(chunk + head + (1u << 20), "\r\n", 2);
    int fd = client();
    say(fd, "POST /c HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 20; i++)
        say_bytes(fd, chunk, (size_t)head + (1u << 20) + 2);
    settle();
    assert_int_equal(http_server_connections(server), 0);
    assert_string_equal(refused_why, "the body is much too large");
    close(fd);
    free(chunk);
}

static void test_expect_is_answered_before_the_body(void **state)
{
    int fd = client();
    say(fd, "POST /p HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    hear_until(fd, has_text, "\r\n\r\n");
    assert_string_equal(answer, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "abcd");
    hear(fd, 1);
    assert_answer(200, "POST /p abcd");
    say(fd, "POST /p HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 4000\r\n\r\n");
    hear(fd, 1);
    assert_answer(413, "too large");
    close(fd);
}

static void test_large_headers(void **state)
{
    static const struct {
        size_t len;
        const char *before, *behind;
        unsigned status;
    } tries[] = {
        { 8000, "GET / HTTP/1.1\r\n" HOST "X: ", "\r\n\r\n", 200 },
        { 20000, "GET / HTTP/1.1\r\n" HOST "X: ", "\r\n\r\n", 431 },
        { 90000, "GET / HTTP/1.1\r\n" HOST "X: ", "\r\n\r\n", 431 },
        { 90000, "GET /", " HTTP/1.1\r\n" HOST "\r\n", 414 },
    };
    for (size_t i = 0; i < ELEMENTS(tries); i++) {
        _cleanup_buf_ struct buf text = BUF_INIT;
        int fd = client();
        buf_add_str(&text, tries[i].before);
        memset(buf_add_space(&text, tries[i].len), 'x', tries[i].len);
        buf_add_str(&text, tries[i].behind);
        say(fd, text.data);
        hear(fd, 1);
        assert_int_equal(status(), tries[i].status);
        assert_int_equal(refusals, i);
        if (i > 0)
            assert_int_equal(refused_status, tries[i].status);
        close(fd);
        settle();
    }
}

static void test_what_has_two_readings_is_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned status;
    } tries[] = {
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
          400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: -3\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 3x\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\nHost: evil.example/x\r\n\r\n", 400 },
        { "GET / HTTP/1.1\r\n\r\n", 400 },
        { "GET http://sriovd/ HTTP/1.1\r\n" HOST "\r\n", 400 },
        { "GET / HTTP/9.9\r\n" HOST "\r\n", 505 },
        { "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400 },
    };
    for (size_t i = 0; i < ELEMENTS(tries); i++) {
        int fd = client();
        if (ask(fd, tries[i].text) != tries[i].status)
            fail_msg("'%s': %s", tries[i].text, answer);
        settle();
        assert_int_equal(handled, 0);
        if (refusals != i + 1 || refused_status != tries[i].status)
            fail_msg("'%s' is not told, but: %u %s", tries[i].text, refused_status, refused_why);
        close(fd);
        settle();
    }
}

static void test_what_is_no_http_ends(void **state)
{
    int fd = client();
    say(fd, "\x16\x03\x01\x02\r\n\r\n");
    assert_ended(fd);
    assert_int_equal(handled, 0);
}

static void test_bad_paths_are_refused(void **state)
{
    static const char *const bad[] = {
        GET("/../etc/passwd"),
        GET("/v1/../../x"),
        GET("/v1/.."),
        GET("/."),
        GET("/v1/%2e%2e/x"),
        GET("/v1/%2E./x"),
        GET("/a%00b"),
        GET("/a%0ab"),
        GET("/v1/..%2f..%2fshadow"),
        GET("/a%zz"),
        GET("/a%"),
        GET("/%ff"),
        GET("/a\\..\\b"),
        GET("/a?b=%00"),
        GET("/a?%zz=1"),
    };
    static const char *const good[] = { GET("/v1/pfs/0000:01:00.0"), GET("/..."), GET("/a..b"),
                                        GET("/v1/x%20y"), GET("/a?b=../c") };
    int fd = client();
    for (size_t i = 0; i < ELEMENTS(bad); i++) {
        if (ask(fd, bad[i]) != 400)
            fail_msg("%s: %s", bad[i], answer);
    }
    assert_int_equal(handled, 0);
    assert_int_equal(refusals, ELEMENTS(bad));
    for (size_t i = 0; i < ELEMENTS(good); i++) {
        if (ask(fd, good[i]) != 200)
            fail_msg("%s: %s", good[i], answer);
    }
    close(fd);
}

static void test_rate(void **state)
{
    int fd = client();
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(ask(fd, GET("/")), 200);
    ask(fd, GET("/"));
    assert_answer(429, "Retry-After: 1\r\n");
    close(fd);
    fd = client(); /* a new connection is no new beginning */
    assert_int_equal(ask(fd, GET("/")), 429);
    assert_int_equal(handled, 4);
    assert_int_equal(refusals, 1);
    nanosleep(&(struct timespec){ .tv_nsec = 600000000 }, NULL);
    assert_int_equal(ask(fd, GET("/")), 200);
    close(fd);
}

static unsigned ask_all(struct parties *all, struct party *p, uint64_t now)
{
    unsigned n = 0;
    while (party_may_ask(all, p, now))
        n++;
    return n;
}

/* A party is known until it has its requests back, whoever else comes, and no longer. */
static void test_parties(void **state)
{
    struct parties all = { .requests_per_second = 10 };
    struct party like = { .kind = 'u' };
    struct party *p = party_join(&all, &like, 1000);
    assert_int_equal(ask_all(&all, p, 1000), 20);
    party_leave(p);
    for (like.number = 1; like.number < 2000; like.number++)
        party_leave(party_join(&all, &like, 1500));
    like.number = 0;
    p = party_join(&all, &like, 1500);
    assert_int_equal(ask_all(&all, p, 1500), 5);
    party_leave(p);
    unsigned known = 0;
    for (size_t i = 0; i < PARTY_CHAINS; i++) {
        for (p = all.chains[i]; p; p = p->next)
            known++;
    }
    assert_in_range(known, 1, 512);
    parties_done(&all);
}

static void test_connections(void **state)
{
    int fds[4];
    for (size_t i = 0; i < ELEMENTS(fds); i++) {
        fds[i] = client();
        settle();
    }
    assert_int_equal(http_server_connections(server), 3);
    assert_ended(fds[3]);
    assert_string_equal(refused_why, "too many connections");
    close(fds[0]);
    settle();
    fds[0] = client();
    assert_int_equal(ask(fds[0], GET("/")), 200);
    for (size_t i = 0; i < 3; i++)
        close(fds[i]);
}

static void test_connections_of_one_peer_over_tcp(void **state)
{
    int fds[3];
    for (size_t i = 0; i < ELEMENTS(fds); i++) {
        fds[i] = client();
        settle();
    }
    assert_int_equal(http_server_connections(server), 2);
    assert_string_equal(refused_why, "too many connections of this peer");
    assert_int_equal(ask(fds[0], GET("/")), 200);
    assert_false(last_peer.is_local);
    assert_true(str_starts(last_peer.address, "127.0.0.1:"));
    for (size_t i = 0; i < ELEMENTS(fds); i++)
        close(fds[i]);
}

/* Bodies that are not complete, each within its limit, up to 64 MiB in all. */
static void test_memory_of_one_peer(void **state)
{
    static const size_t size = 15u << 20;
    int fds[5];
    char *body = malloc(size);
    memset(body, 'x', size);
    for (size_t i = 0; i < ELEMENTS(fds); i++) {
        fds[i] = client();
        say(fds[i], "POST / HTTP/1.1\r\n" HOST "Content-Length: 15728641\r\n\r\n");
        say_bytes(fds[i], body, size);
    }
    say(fds[4], "x");
    hear(fds[4], 1);
    assert_answer(503, "too much of this peer is in memory");
    close(fds[0]);
    settle();
    say(fds[1], "x");
    hear_until(fds[1], has_text, "\r\n\r\n");
    assert_int_equal(status(), 200);
    assert_int_equal(handled, 1);
    free(body);
    for (size_t i = 1; i < ELEMENTS(fds); i++)
        close(fds[i]);
}

static void test_no_descriptor_left(void **state)
{
    struct rlimit before, now;
    int first = client(), second = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(ask(first, GET("/")), 200);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    now = before;
    int next = dup(first);
    now.rlim_cur = (rlim_t)next;
    close(next);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    assert_int_equal(connect(second, (struct sockaddr *)&address, address_len), 0);
    settle();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_string_equal(refused_why, "no descriptor is left");
    assert_int_equal(refusals, 1);
    char byte;
    assert_int_equal(recv(second, &byte, 1, 0), 0);
    assert_int_equal(ask(first, GET("/")), 200);
    close(first);
    close(second);
}

/* ---- answers that come later ---- */

static void test_waiting_holds_nobody_up(void **state)
{
    int fd = client(), other = client();
    say(fd, GET("/later"));
    settle();
    assert_int_equal(n_held, 1);
    assert_int_equal(ask(other, GET("/now")), 200);
    assert_int_equal(http_server_wait(server) > 0, 1); /* for `other`, who may ask again */
    settle();
    assert_false(is_ready());
    respond(held[0], "done", 4);
    assert_true(is_ready());
    hear(fd, 1);
    assert_answer(200, "\r\n\r\ndone");
    assert_int_equal(ask(fd, GET("/again")), 200);
    assert_int_equal(gone, 0);
    close(fd);
    close(other);
}

static void test_pipelined_behind_a_waiting_one(void **state)
{
    int fd = client();
    say(fd, GET("/later") GET("/b"));
    settle();
    assert_int_equal(handled, 1);
    respond(held[0], "A", 1);
    hear(fd, 2);
    assert_true(strstr(answer, "\r\n\r\nA") < strstr(answer, "GET /b "));
    close(fd);
}

static void test_peer_leaves_while_its_request_waits(void **state)
{
    int fd = client(), other = client();
    say(fd, GET("/later"));
    settle();
    assert_int_equal(gone, 0);
    close(fd);
    settle();
    assert_int_equal(gone, 1);
    assert_int_equal(http_server_connections(server), 1);
    assert_int_equal(ask(other, GET("/")), 200);
    close(other);
}

static void test_tcp_peer_leaves_while_its_request_waits(void **state)
{
    int fd = client();
    say(fd, GET("/later"));
    settle();
    assert_int_equal(n_held, 1);
    close(fd);
    settle();
    assert_int_equal(gone, 1);
    assert_int_equal(http_server_connections(server), 0);
}

static void test_half_closed_peer_gets_its_answer(void **state)
{
    int fd = client();
    say(fd, GET("/later"));
    shutdown(fd, SHUT_WR);
    settle();
    assert_int_equal(gone, 0);
    respond(held[0], "late", 4);
    hear(fd, 1);
    assert_answer(200, "\r\n\r\nlate");
    assert_ended(fd);
}

static void test_end_of_the_server(void **state)
{
    int fd = client(), other = client();
    say(fd, GET("/later"));
    say(other, GET("/stream"));
    settle();
    assert_int_equal(n_held, 2);
    server = http_server_free(server);
    assert_int_equal(gone, 2);
    close(fd);
    close(other);
}

/* ---- streams ---- */

static void test_stream(void **state)
{
    int fd = client();
    say(fd, GET("/stream"));
    hear_until(fd, has_text, "\r\n\r\n");
    assert_answer(200, "Content-Type: text/event-stream\r\n");
    assert_int_equal(http_server_wait(server), -1); /* nothing to wait for */
    settle();
    assert_false(is_ready());
    http_stream_send(held[0], "one\n", 4);
    assert_true(is_ready());
    http_stream_send(held[0], "two\n", 4);
    hear_until(fd, has_text, "two\n");
    assert_true(strstr(answer, "one\ntwo\n"));
    http_stream_send(held[0], "three\n", 6);
    http_stream_end(held[0]);
    hear_until(fd, has_text, "\r\n0\r\n\r\n");
    assert_true(strstr(answer, "three\n\r\n0\r\n\r\n"));
    assert_int_equal(gone, 0);
    assert_int_equal(ask(fd, GET("/after")), 200);
    close(fd);
}

static void test_listener_leaves(void **state)
{
    int fd = client();
    say(fd, GET("/stream"));
    settle();
    close(fd);
    settle();
    assert_int_equal(gone, 1);
    assert_int_equal(http_server_connections(server), 0);
}

/* It takes nothing: what the socket holds has gone, then the queue fills up. */
static void test_stream_overflows(void **state)
{
    static char block[4096];
    int fd = client();
    memset(block, 'e', sizeof(block));
    say(fd, GET("/stream"));
    settle();
    struct http_request *r = held[0];
    unsigned sent = 0;
    for (; gone == 0 && sent < 1000; sent++) {
        http_stream_send(r, block, sizeof(block));
        turn(0);
    }
    settle();
    assert_int_equal(gone, 1);
    assert_true(sent * sizeof(block) > HTTP_STREAM_LIMIT);
    assert_string_equal(refused_why, "the stream is not taken fast enough");
    assert_int_equal(http_server_connections(server), 0);
    close(fd);
}

/* `gone` must not come while the caller walks over its listeners. */
static void test_overflow_is_told_later(void **state)
{
    static char block[HTTP_STREAM_LIMIT + 1];
    int fd = client();
    say(fd, GET("/stream"));
    settle();
    http_stream_send(held[0], block, sizeof(block));
    assert_int_equal(gone, 0);
    http_stream_send(held[0], "x", 1);
    settle();
    assert_int_equal(gone, 1);
    close(fd);
}

#define ROOMY(name) cmocka_unit_test_setup_teardown(name, start_roomy, pair_stop)
#define STRICT(name) cmocka_unit_test_setup_teardown(name, start_strict, pair_stop)
#define TCP(name) cmocka_unit_test_setup_teardown(name, start_tcp, pair_stop)
#define USUAL(name) cmocka_unit_test_setup_teardown(name, start_usual, pair_stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        USUAL(test_answers_and_keeps_alive),
        USUAL(test_head_is_get_without_body),
        USUAL(test_pipelining),
        USUAL(test_chunks),
        USUAL(test_bytes_one_by_one),
        USUAL(test_queries_are_decoded),
        USUAL(test_bodies_up_to_the_limit),
        USUAL(test_large_bodies_are_read_and_refused),
        USUAL(test_huge_bodies_are_not_read),
        USUAL(test_chunks_beyond_the_limit),
        USUAL(test_endless_chunks),
        USUAL(test_expect_is_answered_before_the_body),
        USUAL(test_large_headers),
        USUAL(test_what_has_two_readings_is_refused),
        USUAL(test_what_is_no_http_ends),
        USUAL(test_bad_paths_are_refused),
        STRICT(test_rate),
        cmocka_unit_test(test_parties),
        STRICT(test_connections),
        TCP(test_connections_of_one_peer_over_tcp),
        ROOMY(test_memory_of_one_peer),
        USUAL(test_no_descriptor_left),
        USUAL(test_waiting_holds_nobody_up),
        USUAL(test_pipelined_behind_a_waiting_one),
        USUAL(test_peer_leaves_while_its_request_waits),
        TCP(test_tcp_peer_leaves_while_its_request_waits),
        USUAL(test_half_closed_peer_gets_its_answer),
        USUAL(test_end_of_the_server),
        USUAL(test_stream),
        USUAL(test_listener_leaves),
        USUAL(test_stream_overflows),
        USUAL(test_overflow_is_told_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
