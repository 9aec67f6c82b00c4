/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HTTP server and time: peers that are slow lose their connection, those that wait for us do
 * not, and nothing turns while there is nothing to do; TLS, where a slow handshake is no work.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "http-pair.h"

static int start_usual(void **state)
{
    start(AF_UNIX, NULL, &(struct http_limits){ 0 });
    return 0;
}

static int start_impatient(void **state)
{
    start(AF_UNIX, NULL, &(struct http_limits){ .idle_seconds = 1 });
    return 0;
}

/* ---- slow peers ---- */

static void test_slow_peers(void **state)
{
    static const struct {
        const char *first, *then, *why;
    } tries[] = {
        { "", "", "a connection without a request" },
        { "GET / HT", "", "a connection without a request" },
        { "GET / HTTP/1.1\r\n" HOST, "", "too slow with a request, or with taking its answer" },
        { "GET / HTTP/1.1\r\n" HOST "X: ", "x",
          "too slow with a request, or with taking its answer" },
        { "POST / HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n", "x",
          "too slow with a request, or with taking its answer" },
    };
    for (size_t i = 0; i < ELEMENTS(tries); i++) {
        int fd = client();
        say(fd, tries[i].first);
        settle();
        double t = until_cut(fd, tries[i].then);
        if (t < 0.9 || t > 10)
            fail_msg("'%s': %.1f s", tries[i].first, t);
        if (refusals != i + 1 || !str_eq(refused_why, tries[i].why))
            fail_msg("'%s': %u told, the last '%s'", tries[i].first, refusals, refused_why);
        close(fd);
    }
}

static void test_patience_with_our_own_work(void **state)
{
    int fd = client();
    say(fd, GET("/later"));
    settle();
    assert_int_equal(http_server_wait(server), -1);
    for (double begin = seconds(); seconds() - begin < 1.5;)
        turn(100);
    assert_int_equal(gone, 0);
    respond(held[0], "x", 1);
    hear(fd, 1);
    assert_int_equal(status(), 200);
    close(fd);
}

/* Not even one whose peer takes nothing: there the bytes are the limit. */
static void test_streams_last(void **state)
{
    static char block[100000];
    int fd = client();
    say(fd, GET("/stream"));
    settle();
    for (unsigned i = 0; i < 4; i++) {
        http_stream_send(held[0], block, sizeof(block));
        turn(1);
    }
    for (double begin = seconds(); seconds() - begin < 1.5;)
        turn(100);
    assert_int_equal(gone, 0);
    assert_int_equal(http_server_connections(server), 1);
    close(fd);
}

static void test_idle_connections_end_silently(void **state)
{
    int fd = client();
    assert_int_equal(http_server_wait(server), -1);
    assert_int_equal(ask(fd, GET("/")), 200);
    double t = until_cut(fd, "");
    assert_true(t > 0.9 && t < 10);
    assert_int_equal(refusals, 0);
    assert_int_equal(http_server_wait(server), -1);
    close(fd);
}

/* ---- TLS ---- */

static char pem_certificate[4096], pem_key[4096];

static void make_certificate(void)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    size_t key_size = sizeof(pem_key), crt_size = sizeof(pem_certificate);
    gnutls_x509_privkey_init(&key);
    gnutls_x509_crt_init(&crt);
    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, "\1", 1);
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "localhost", 9);
    gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
    gnutls_x509_crt_set_key(crt, key);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, pem_key, &key_size), 0);
    assert_int_equal(gnutls_x509_crt_export(crt, GNUTLS_X509_FMT_PEM, pem_certificate, &crt_size),
                     0);
    gnutls_x509_privkey_deinit(key);
    gnutls_x509_crt_deinit(crt);
}

static void start_with_tls(unsigned idle_seconds)
{
    make_certificate();
    start(AF_INET, &(struct http_tls){ .certificate = pem_certificate, .key = pem_key },
          &(struct http_limits){ .idle_seconds = idle_seconds });
}

static int start_tls(void **state)
{
    start_with_tls(0);
    return 0;
}

static int start_impatient_tls(void **state)
{
    start_with_tls(1);
    return 0;
}

/* Repeats a step of the handshake, or of reading, until it is done. */
static ssize_t drive(ssize_t (*step)(gnutls_session_t), gnutls_session_t tls)
{
    ssize_t r = GNUTLS_E_AGAIN;
    for (unsigned i = 0; i < 5000 && (r == GNUTLS_E_AGAIN || r == GNUTLS_E_INTERRUPTED); i++) {
        turn(1);
        r = step(tls);
    }
    return r;
}

static ssize_t shake_hands(gnutls_session_t tls)
{
    return gnutls_handshake(tls);
}

static size_t n_read;

static ssize_t read_some(gnutls_session_t tls)
{
    ssize_t n = gnutls_record_recv(tls, answer + n_read, sizeof(answer) - 1 - n_read);
    n_read += n > 0 ? (size_t)n : 0;
    answer[n_read] = '\0';
    return n > 0 && !whole(answer) ? GNUTLS_E_AGAIN : n;
}

static ssize_t tls_ask(int fd, const char *priorities)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t tls;
    gnutls_certificate_allocate_credentials(&credentials);
    gnutls_init(&tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    assert_int_equal(gnutls_priority_set_direct(tls, priorities, NULL), 0);
    gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_int(tls, fd);
    ssize_t r = drive(shake_hands, tls);
    if (r == 0) {
        assert_int_equal(gnutls_record_send(tls, GET("/tls"), sizeof(GET("/tls")) - 1),
                         sizeof(GET("/tls")) - 1);
        n_read = 0;
        r = drive(read_some, tls);
    }
    gnutls_deinit(tls);
    gnutls_certificate_free_credentials(credentials);
    return r;
}

static void test_tls(void **state)
{
    int fd = client();
    ssize_t r = tls_ask(fd, "NORMAL");
    if (r < 0)
        fail_msg("%s", gnutls_strerror((int)r));
    assert_answer(200, "GET /tls ");
    close(fd);
    fd = client();
    assert_true(tls_ask(fd, "NORMAL:-VERS-ALL:+VERS-TLS1.1:%COMPAT") < 0);
    close(fd);
    fd = client(); /* in the clear */
    assert_int_equal(ask(fd, GET("/")), 0);
    close(fd);
    settle();
    assert_int_equal(handled, 1);
    assert_int_equal(http_server_connections(server), 0);
}

static void test_tls_handshake_that_never_comes(void **state)
{
    int fd = client();
    settle();
    double t = until_cut(fd, "");
    assert_true(t > 0.9 && t < 10);
    assert_string_equal(refused_why, "a connection without a request");
    close(fd);
}

/* How often the loop turns within 300 ms in which nothing comes. */
static unsigned turns_in_vain(void)
{
    unsigned n = 0;
    settle();
    for (double begin = seconds(); seconds() - begin < 0.3; n++)
        turn(100);
    return n;
}

static void test_half_a_handshake_is_no_work(void **state)
{
    /* The head of a ClientHello of 200 bytes. */
    static const char hello[] = {
        0x16, 0x03, 0x01, 0x00, (char)0xc8, 0x01, 0x00, 0x00, (char)0xc4
    };
    int fd = client();
    say_bytes(fd, hello, sizeof(hello));
    assert_in_range(turns_in_vain(), 0, 400);
    close(fd);
}

static void test_nothing_turns_in_vain(void **state)
{
    static const char *const begun[] = { "",
                                         "GET / HT",
                                         "GET / HTTP/1.1\r\nX: ",
                                         "POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc",
                                         GET("/"),
                                         GET("/later"),
                                         GET("/stream") GET("/more") };
    for (size_t i = 0; i < ELEMENTS(begun); i++) {
        int fd = client();
        say(fd, begun[i]);
        if (turns_in_vain() > 4)
            fail_msg("'%s'", begun[i]);
        close(fd);
        settle();
    }
}

static void test_unread_answers_are_no_work(void **state)
{
    int fd = client();
    for (unsigned i = 0; i < 2000; i++)
        (void)send(fd, GET("/"), sizeof(GET("/")) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    for (unsigned i = 0; i < 3000; i++)
        turn(0);
    assert_true(turns_in_vain() < 5);
    close(fd);
}

static void test_wrong_certificate_is_explained(void **state)
{
    struct http_options o = {
        .listen_fd = listen_on(AF_INET),
        .tls = &(struct http_tls){ .certificate = "no PEM", .key = "no PEM" },
        .handler = handle,
    };
    char why[160] = "";
    assert_int_equal(http_server_new(&o, &server, why, sizeof(why)), -EINVAL);
    assert_true(*why && !strchr(why, '\n'));
    assert_int_equal(fcntl(o.listen_fd, F_GETFD), -1);
}

#define IMPATIENT(name) cmocka_unit_test_setup_teardown(name, start_impatient, pair_stop)
#define IMPATIENT_TLS(name) cmocka_unit_test_setup_teardown(name, start_impatient_tls, pair_stop)
#define TLS(name) cmocka_unit_test_setup_teardown(name, start_tls, pair_stop)
#define USUAL(name) cmocka_unit_test_setup_teardown(name, start_usual, pair_stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IMPATIENT(test_slow_peers),
        IMPATIENT(test_patience_with_our_own_work),
        IMPATIENT(test_streams_last),
        IMPATIENT(test_idle_connections_end_silently),
        TLS(test_tls),
        TLS(test_half_a_handshake_is_no_work),
        USUAL(test_nothing_turns_in_vain),
        USUAL(test_unread_answers_are_no_work),
        IMPATIENT_TLS(test_tls_handshake_that_never_comes),
        cmocka_unit_test(test_wrong_certificate_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
