/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Walking and building netlink messages, shared by the socket code (netlink.c) and by the codecs
 * (rtnl*.c, devlink.c). See mnl.h.
 */
#include "kernel/mnl.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

int message_next(const struct buf *messages, size_t *offset, const struct nlmsghdr **ret)
{
    const struct nlmsghdr *header;
    size_t left;

    if (*offset >= messages->len)
        return 0;
    left = messages->len - *offset;
    header = (const void *)(messages->data + *offset);
    if (left < sizeof(*header) || header->nlmsg_len < sizeof(*header) || header->nlmsg_len > left)
        return -EBADMSG;
    *offset += MIN_OF(nl_align(header->nlmsg_len), left);
    *ret = header;
    return 1;
}

int message_attrs(const struct nlmsghdr *message, size_t header, struct nl_attrs *ret)
{
    size_t start = MNL_NLMSG_HDRLEN + nl_align(header);

    if (message->nlmsg_len < start)
        return -EBADMSG;
    ret->at = (const char *)message + start;
    ret->end = (const char *)message + message->nlmsg_len;
    return 0;
}

int nl_attr_u16(const struct nl_attr *a, uint16_t *ret)
{
    if (a->len < sizeof(*ret))
        return -EBADMSG;
    memcpy(ret, a->data, sizeof(*ret));
    return 0;
}

int nl_attr_u32(const struct nl_attr *a, uint32_t *ret)
{
    if (a->len < sizeof(*ret))
        return -EBADMSG;
    memcpy(ret, a->data, sizeof(*ret));
    return 0;
}

void nl_attr_text(const struct nl_attr *a, char *ret, size_t size)
{
    size_t len = strnlen(a->data, a->len);

    if (len >= size)
        len = 0;
    memcpy(ret, a->data, len);
    ret[len] = '\0';
}

void message_start(struct message *m, uint16_t type, uint16_t flags, const void *extra,
                   size_t extra_len)
{
    m->overflow = false;
    m->header = mnl_nlmsg_put_header(m->space);
    m->header->nlmsg_type = type;
    m->header->nlmsg_flags = NLM_F_REQUEST | flags;
    memcpy(mnl_nlmsg_put_extra_header(m->header, extra_len), extra, extra_len);
}

void message_put(struct message *m, uint16_t type, const void *data, size_t len)
{
    if (!mnl_attr_put_check(m->header, sizeof(m->space), type, len, data))
        m->overflow = true;
}

void message_put_u16(struct message *m, uint16_t type, uint16_t value)
{
    message_put(m, type, &value, sizeof(value));
}

void message_put_u32(struct message *m, uint16_t type, uint32_t value)
{
    message_put(m, type, &value, sizeof(value));
}

void message_put_text(struct message *m, uint16_t type, const char *text)
{
    message_put(m, type, text, strlen(text) + 1);
}

struct nlattr *message_nest(struct message *m, uint16_t type)
{
    struct nlattr *nest = mnl_attr_nest_start_check(m->header, sizeof(m->space), type);

    if (!nest)
        m->overflow = true;
    return nest;
}

void message_nest_end(struct message *m, struct nlattr *nest)
{
    if (nest)
        mnl_attr_nest_end(m->header, nest);
}

void message_finish(struct message *m, struct buf *out)
{
    if (m->overflow)
        out->failed = true;
    else
        buf_add(out, m->header, m->header->nlmsg_len);
}
