/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The environment, stdin and the log's lines.
 */
#include "cni/call.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "cni/attachment.h"
#include "cni/command.h"

static const char *environment[8][2];

static char *get(const char *name)
{
    for (size_t i = 0; environment[i][0]; i++) {
        if (str_eq(environment[i][0], name))
            return (char *)environment[i][1];
    }
    return NULL;
}

static void set(const char *container, const char *netns, const char *ifname)
{
    memset(environment, 0, sizeof(environment));
    environment[0][0] = "CNI_CONTAINERID";
    environment[0][1] = container;
    environment[1][0] = "CNI_NETNS";
    environment[1][1] = netns;
    environment[2][0] = "CNI_IFNAME";
    environment[2][1] = ifname;
}

#define ALL (NEEDS_CONTAINER | NEEDS_NETNS | NEEDS_IFNAME)

static struct cni_error check(unsigned needs)
{
    struct cni_error e = { 0 };
    struct cni_call c;
    call_init(&c, get);
    int r = call_check(&c, needs, &e);
    assert_true((r < 0) == (e.code != 0));
    return e;
}

static void test_environment(void **state)
{
    set("c0ffee-1.2_3", "/run/netns/a", "eth0");
    assert_int_equal(check(ALL).code, 0);
    set(NULL, NULL, NULL);
    assert_int_equal(check(0).code, 0);
    struct cni_error e = check(ALL);
    assert_int_equal(e.code, 4);
    assert_string_equal(e.msg, "CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME: not set");
    set("c", "", "eth0");
    assert_string_equal(check(ALL).msg, "CNI_NETNS: not set");
    assert_int_equal(check(NEEDS_CONTAINER | NEEDS_IFNAME).code, 0);
    assert_string_equal(check(NEEDS_PATH).msg, "CNI_PATH: not set");
}

static void test_wrong_names(void **state)
{
    static const char *const ifnames[] = {
        ".", "..", "a/b", "a:b", "a b", "sixteen-letters-", "\t"
    };
    static const char *const containers[] = { "-a", ".a", "a/b", "../a", "a b", "a\n" };
    for (size_t i = 0; i < ELEMENTS(ifnames); i++) {
        set("c", "/n", ifnames[i]);
        assert_int_equal(check(ALL).code, 4);
    }
    for (size_t i = 0; i < ELEMENTS(containers); i++) {
        set(containers[i], "/n", "eth0");
        assert_int_equal(check(ALL).code, 4);
    }
    set("c", "/n", "fifteen-letters");
    assert_int_equal(check(ALL).code, 0);
    char longest[200];
    memset(longest, 'a', sizeof(longest));
    longest[127] = '\0';
    set(longest, "/n", "eth0");
    assert_int_equal(check(ALL).code, 0);
    longest[127] = 'a';
    longest[128] = '\0';
    assert_int_equal(check(ALL).code, 4);
}

static int read_bytes(size_t size, struct cni_error *e, size_t *ret_len)
{
    struct cni_call c;
    int fd = memfd_create("t", 0);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    call_init(&c, get);
    int r = call_read_input(&c, fd, e);
    *ret_len = c.input.len;
    close(fd);
    call_done(&c);
    return r;
}

static void test_input_has_a_limit(void **state)
{
    struct cni_error e = { 0 };
    size_t len;
    assert_int_equal(read_bytes(CONFIG_LIMIT, &e, &len), 0);
    assert_int_equal(len, CONFIG_LIMIT);
    assert_int_equal(read_bytes(CONFIG_LIMIT + 1, &e, &len), -EFBIG);
    assert_int_equal(e.code, 6);
}

static void test_input_that_cannot_be_read(void **state)
{
    struct cni_error e = { 0 };
    struct cni_call c;
    call_init(&c, get);
    assert_int_equal(call_read_input(&c, -1, &e), -EIO);
    assert_int_equal(e.code, 5);
    call_done(&c);
}

static void version_is(const char *input, const char *want)
{
    struct buf out = BUF_INIT;
    struct cni_call c;
    call_init(&c, get);
    buf_add_str(&c.input, input);
    assert_int_equal(command_version(&c, &out, NULL), 0);
    assert_string_equal(out.data, want);
    buf_done(&out);
    call_done(&c);
}

static void test_version(void **state)
{
#define SUPPORTED "\"supportedVersions\":[\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}"
    version_is("", "{\"cniVersion\":\"1.1.0\"," SUPPORTED);
    version_is("{\"cniVersion\":\"0.4.0\"}", "{\"cniVersion\":\"0.4.0\"," SUPPORTED);
    version_is("{\"cniVersion\":\"9.9.9\"}", "{\"cniVersion\":\"1.1.0\"," SUPPORTED);
    version_is("\xff\xff", "{\"cniVersion\":\"1.1.0\"," SUPPORTED);
}

static void test_log_line(void **state)
{
    struct cni_log log = { .container = "c", .netns = "/n", .ifname = "" };
    struct buf out = BUF_INIT;
    log_head(&log, LOG_LEVEL_WARNING, "a \"b\"\n", (struct log_time){ 1709210096, 7000001 }, &out);
    log_field(&out, "func", "cmdAdd");
    assert_string_equal(out.data,
                        "time=\"2024-02-29T12:34:56.007000001Z\" level=\"warning\" msg=\"a "
                        "\\\"b\\\"\\n\" cniName=\"sriov-cni\" containerID=\"c\" netns=\"/n\" "
                        "func=\"cmdAdd\"");
    buf_done(&out);
    log_head(&log, LOG_LEVEL_INFO, "", (struct log_time){ 0, 0 }, &out);
    assert_true(str_starts(out.data, "time=\"1970-01-01T00:00:00.000000000Z\" level=\"info\""));
    buf_done(&out);
    log_head(&log, LOG_LEVEL_INFO, "", (struct log_time){ 4102444799, 999999999 }, &out);
    assert_true(str_starts(out.data, "time=\"2099-12-31T23:59:59.999999999Z\""));
    buf_done(&out);
}

static void test_log_level(void **state)
{
    struct cni_log log = { .level = LOG_LEVEL_WARNING, .fd = memfd_create("t", 0) };
    char text[256] = "";
    log_line(&log, LOG_LEVEL_INFO, "unheard", NULL);
    assert_int_equal(lseek(log.fd, 0, SEEK_END), 0);
    log_line(&log, LOG_LEVEL_WARNING, "heard", "k", "v", NULL);
    assert_true(pread(log.fd, text, sizeof(text) - 1, 0) > 0);
    assert_non_null(
        strstr(text, "level=\"warning\" msg=\"heard\" cniName=\"sriov-cni\" k=\"v\"\n"));
    log_close(&log);
}

static void test_attachments(void **state)
{
    struct lease l = { 0 };
    struct cni_call c;
    set("c1", "", "eth0");
    call_init(&c, get);
    STR_SET(c.config.name, "net");
    attachment_note(&c, l.note);
    assert_string_equal(l.note, "net/eth0");
    assert_string_equal(attachment_ifname(&l), "eth0");
    STR_SET(l.owner.container, "c1");
    assert_false(attachment_is_mine(&c, &l));
    STR_SET(l.owner.name, ATTACHMENT_OWNER);
    assert_true(attachment_is_mine(&c, &l));
    assert_true(attachment_is_of_network(&c, &l));
    STR_SET(c.config.name, "ne");
    assert_false(attachment_is_of_network(&c, &l));
    c.ifname = "eth1";
    assert_false(attachment_is_mine(&c, &l));
    c.ifname = "eth0";
    c.container = "c2";
    assert_false(attachment_is_mine(&c, &l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment),       cmocka_unit_test(test_wrong_names),
        cmocka_unit_test(test_input_has_a_limit), cmocka_unit_test(test_input_that_cannot_be_read),
        cmocka_unit_test(test_version),           cmocka_unit_test(test_log_line),
        cmocka_unit_test(test_log_level),         cmocka_unit_test(test_attachments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
