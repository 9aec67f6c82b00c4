/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * devlink requests and answers as bytes. That a kernel understands them is tested in the lab.
 */
#include "kernel/devlink.h"

#include <errno.h>
#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint16_t family = 21;

/* The attribute of this type in the message, NULL if there is none. */
static const struct nlattr *find(const struct buf *b, uint16_t type)
{
    const size_t header = sizeof(struct nlmsghdr) + sizeof(struct genlmsghdr);
    for (size_t at = header; at + sizeof(struct nlattr) <= b->len;) {
        const struct nlattr *a = (const void *)(b->data + at);
        if (a->nla_type == type)
            return a;
        at += NLA_ALIGN(a->nla_len);
    }
    return NULL;
}

static void check_text(const struct buf *b, uint16_t type, const char *text)
{
    const struct nlattr *a = find(b, type);
    assert_non_null(a);
    assert_int_equal(a->nla_len, sizeof(*a) + strlen(text) + 1);
    assert_string_equal((const char *)(a + 1), text);
}

static uint8_t command(const struct buf *b)
{
    const struct genlmsghdr *header = (const void *)(b->data + sizeof(struct nlmsghdr));
    return header->cmd;
}

static uint16_t message_type(const struct buf *b)
{
    const struct nlmsghdr *header = (const void *)b->data;
    return header->nlmsg_type;
}

static void make_answer(struct buf *b, uint16_t type, const void *data, size_t len)
{
    struct nlmsghdr message = { .nlmsg_type = family };
    struct genlmsghdr header = { .cmd = 1 };
    struct nlattr other = { .nla_len = 8, .nla_type = 200 };
    struct nlattr attr = { .nla_len = (uint16_t)(sizeof(attr) + len), .nla_type = type };
    message.nlmsg_len = (uint32_t)(sizeof(message) + sizeof(header) + 8 + sizeof(attr) + len);
    buf_add(b, &message, sizeof(message));
    buf_add(b, &header, sizeof(header));
    buf_add(b, &other, sizeof(other));
    buf_add(b, "abcd", 4);
    buf_add(b, &attr, sizeof(attr));
    buf_add(b, data, len);
}

static void test_question_for_the_family(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    devlink_request_family(&b);
    assert_int_equal(message_type(&b), GENL_ID_CTRL);
    assert_int_equal(command(&b), CTRL_CMD_GETFAMILY);
    check_text(&b, CTRL_ATTR_FAMILY_NAME, "devlink");
}

static void test_questions_and_changes_name_the_device(void **state)
{
    _cleanup_buf_ struct buf get = BUF_INIT, set = BUF_INIT;
    uint16_t mode;
    devlink_request_eswitch(&get, family, "pci", "0000:01:00.0");
    assert_int_equal(message_type(&get), family);
    assert_int_equal(command(&get), DEVLINK_CMD_ESWITCH_GET);
    check_text(&get, DEVLINK_ATTR_BUS_NAME, "pci");
    check_text(&get, DEVLINK_ATTR_DEV_NAME, "0000:01:00.0");
    assert_null(find(&get, DEVLINK_ATTR_ESWITCH_MODE));
    devlink_change_eswitch(&set, family, "pci", "0000:01:00.0", ESWITCH_SWITCHDEV);
    assert_int_equal(command(&set), DEVLINK_CMD_ESWITCH_SET);
    memcpy(&mode, find(&set, DEVLINK_ATTR_ESWITCH_MODE) + 1, sizeof(mode));
    assert_int_equal(mode, DEVLINK_ESWITCH_MODE_SWITCHDEV);
}

static void test_answers(void **state)
{
    _cleanup_buf_ struct buf id = BUF_INIT, mode = BUF_INIT;
    uint64_t eswitch = 99;
    uint16_t number = 0;
    make_answer(&id, CTRL_ATTR_FAMILY_ID, &family, sizeof(family));
    assert_int_equal(devlink_parse_family(&id, &number), 0);
    assert_int_equal(number, family);
    make_answer(&mode, DEVLINK_ATTR_ESWITCH_MODE, &(uint16_t){ 1 }, sizeof(uint16_t));
    assert_int_equal(devlink_parse_eswitch(&mode, &eswitch), 0);
    assert_int_equal(eswitch, ESWITCH_SWITCHDEV);
}

static void test_answers_without_the_value(void **state)
{
    _cleanup_buf_ struct buf empty = BUF_INIT, other = BUF_INIT, narrow = BUF_INIT;
    uint64_t eswitch = 99;
    assert_int_equal(devlink_parse_eswitch(&empty, &eswitch), -EBADMSG);
    make_answer(&other, 201, "abcd", 4);
    assert_int_equal(devlink_parse_eswitch(&other, &eswitch), -EBADMSG);
    make_answer(&narrow, DEVLINK_ATTR_ESWITCH_MODE, "", 1);
    assert_int_equal(devlink_parse_eswitch(&narrow, &eswitch), -EBADMSG);
    assert_int_equal(eswitch, 99);
}

static void test_answers_cut_short(void **state)
{
    _cleanup_buf_ struct buf b = BUF_INIT;
    uint64_t eswitch = 99;
    make_answer(&b, DEVLINK_ATTR_ESWITCH_MODE, &(uint16_t){ 1 }, sizeof(uint16_t));
    for (size_t len = 1; len < b.len; len++) {
        struct buf cut = { .data = b.data, .len = len };
        assert_int_equal(devlink_parse_eswitch(&cut, &eswitch), -EBADMSG);
    }
    assert_int_equal(eswitch, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question_for_the_family),
        cmocka_unit_test(test_questions_and_changes_name_the_device),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_answers_without_the_value),
        cmocka_unit_test(test_answers_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
