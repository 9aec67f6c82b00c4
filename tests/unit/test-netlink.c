/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Netlink sockets: the kernel's words in acks of every form, and queries and changes against the
 * kernel at hand, without a privilege: it answers a question about a link that is not there, and
 * refuses changes, each by itself.
 */
#include "kernel/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "kernel/rtnl.h"

static struct nlmsghdr *header_of(const struct buf *b)
{
    return (void *)b->data;
}

/* An ack as the kernel makes it: the request is repeated, whole unless capped; then the text. */
static void make_ack(struct buf *b, uint16_t type, int error, bool capped, const char *text)
{
    struct nlmsghdr message = { .nlmsg_type = type, .nlmsg_flags = NLM_F_ACK_TLVS };
    struct nlmsghdr request = { .nlmsg_len = sizeof(request) + 20 };
    struct nlattr attr = { (uint16_t)(sizeof(attr) + strlen(text) + 1), NLMSGERR_ATTR_MSG };
    struct nlattr offset = { 8, NLMSGERR_ATTR_OFFS };
    message.nlmsg_flags |= capped ? NLM_F_CAPPED : 0;
    buf_add(b, &message, sizeof(message));
    buf_add(b, &error, sizeof(error));
    if (type == NLMSG_ERROR)
        buf_add(b, &request, sizeof(request));
    if (type == NLMSG_ERROR && !capped)
        buf_add_space(b, 20);
    buf_add(b, &offset, sizeof(offset));
    buf_add(b, "1234", 4);
    buf_add(b, &attr, sizeof(attr));
    buf_add(b, text, strlen(text) + 1);
    header_of(b)->nlmsg_len = (uint32_t)b->len;
}

static void check_ack(uint16_t type, bool capped, const char *text, size_t text_len)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    struct nl_ack ack;
    make_ack(&b, type, -EINVAL, capped, text);
    nl_ack_read(header_of(&b), &ack);
    assert_int_equal(ack.error, -EINVAL);
    assert_int_equal(strlen(ack.text), text_len);
    assert_memory_equal(ack.text, text, text_len);
    /* Cut anywhere it is an error without words, or with them, but never a success. */
    for (uint32_t len = sizeof(struct nlmsghdr); len < b.len; len++) {
        header_of(&b)->nlmsg_len = len;
        nl_ack_read(header_of(&b), &ack);
        assert_true(ack.error < 0 || type == NLMSG_DONE);
    }
}

static void test_words_of_the_kernel(void **state)
{
    char longer[300];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    check_ack(NLMSG_ERROR, true, "mtu less than device minimum", 28);
    check_ack(NLMSG_ERROR, false, "mtu less than device minimum", 28);
    check_ack(NLMSG_DONE, false, "FIB table does not exist", 24);
    check_ack(NLMSG_ERROR, true, longer, sizeof(((struct nl_ack *)0)->text) - 1);
}

static void test_a_success_has_no_words(void **state)
{
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
    } m = { .header = { sizeof(m), NLMSG_ERROR, NLM_F_CAPPED, 1, 0 } };
    struct nl_ack ack = { .error = 5, .text = "old" };
    nl_ack_read(&m.header, &ack);
    assert_int_equal(ack.error, 0);
    assert_string_equal(ack.text, "");
}

static void test_the_loopback_is_among_the_links(void **state)
{
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    _cleanup_(backend_free_p) struct backend *b = NULL;
    assert_int_equal(backend_linux(NULL, &b), 0);
    rtnl_request_links(&request);
    assert_int_equal(b->ops->nl_query(b, NETLINK_ROUTE, request.data, &answer, NULL), 0);
    assert_int_equal(rtnl_parse_links(&answer, &links), 0);
    assert_true(links.count > 0);
    assert_string_equal(links.items[0].name, "lo");
}

static void test_a_question_about_nothing(void **state)
{
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    _cleanup_(backend_free_p) struct backend *b = NULL;
    struct nl_ack ack;
    assert_int_equal(backend_linux(NULL, &b), 0);
    rtnl_request_vfs(&request, INT32_MAX);
    buf_add_str(&answer, "kept");
    assert_int_equal(b->ops->nl_query(b, NETLINK_ROUTE, request.data, &answer, &ack), -ENODEV);
    assert_int_equal(ack.error, -ENODEV);
    assert_string_equal(answer.data, "kept");
}

/* More than fit into one send: 512 with CAP_NET_ADMIN, 128 without. */
static void test_every_change_has_its_own_answer(void **state)
{
    enum { COUNT = 1500 };
    _cleanup_free_ struct nl_ack *acks = calloc(COUNT, sizeof(*acks));
    _cleanup_(backend_free_p) struct backend *b = NULL;
    _cleanup_buf_ struct buf batch = BUF_INIT;
    assert_int_equal(backend_linux(NULL, &b), 0);
    for (int i = 0; i < COUNT; i++)
        rtnl_change_mtu(&batch, INT32_MAX - i, 1500);
    assert_int_equal(b->ops->nl_change(b, NETLINK_ROUTE, &batch, acks, COUNT), 0);
    for (int i = 0; i < COUNT; i++)
        assert_true(acks[i].error == -ENODEV || acks[i].error == -EPERM);
}

static void test_a_batch_that_is_none_is_not_sent(void **state)
{
    _cleanup_(backend_free_p) struct backend *b = NULL;
    _cleanup_buf_ struct buf batch = BUF_INIT;
    struct nl_ack acks[2];
    assert_int_equal(backend_linux(NULL, &b), 0);
    rtnl_change_mtu(&batch, INT32_MAX, 1500);
    assert_int_equal(b->ops->nl_change(b, NETLINK_ROUTE, &batch, acks, 2), -EINVAL);
    assert_true(acks[0].error == -ENODEV || acks[0].error == -EPERM);
    assert_int_equal(acks[1].error, -EINVAL);
    assert_string_equal(acks[1].text, "not sent");
    assert_int_equal(b->ops->nl_change(b, NETLINK_USERSOCK, &batch, acks, 1), -EPROTONOSUPPORT);
}

/* A receive buffer that has no room for all acks: those that were lost must not look like success,
 * those that came are told apart, and the socket is good for the next question. */
static void test_answers_that_are_lost(void **state)
{
    enum { COUNT = 100 };
    _cleanup_(nl_socket_done) struct nl_socket s = NL_SOCKET_INIT;
    _cleanup_(nl_space_done) struct nl_space space = { 0 };
    _cleanup_buf_ struct buf batch = BUF_INIT, answer = BUF_INIT;
    struct nl_ack acks[COUNT];
    int lost = 0;
    assert_int_equal(nl_socket_open(&s, NETLINK_ROUTE), 0);
    assert_int_equal(setsockopt(s.fd, SOL_SOCKET, SO_RCVBUF, &(int){ 1 }, sizeof(int)), 0);
    for (int i = 0; i < COUNT; i++)
        rtnl_change_mtu(&batch, INT32_MAX - i, 1500);
    assert_int_equal(nl_socket_change(&s, &space, &batch, acks, COUNT), -EIO);
    for (int i = 0; i < COUNT; i++) {
        bool missing = acks[i].error == -EIO && str_eq(acks[i].text, "no answer");
        assert_true(missing || acks[i].error == -ENODEV || acks[i].error == -EPERM);
        lost += missing;
    }
    assert_in_range(lost, 1, COUNT - 1);
    batch.len = 0;
    rtnl_request_links(&batch);
    assert_int_equal(nl_socket_query(&s, &space, batch.data, &answer, NULL), 0);
    assert_true(answer.len > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_the_kernel),
        cmocka_unit_test(test_a_success_has_no_words),
        cmocka_unit_test(test_the_loopback_is_among_the_links),
        cmocka_unit_test(test_a_question_about_nothing),
        cmocka_unit_test(test_every_change_has_its_own_answer),
        cmocka_unit_test(test_a_batch_that_is_none_is_not_sent),
        cmocka_unit_test(test_answers_that_are_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
