/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The one place that includes libmnl, which builds our netlink messages, and our own walkers over
 * messages and attributes. Reading does not use libmnl's: they take lengths as int, and a list of
 * VFs has to be read past what its length says (rtnl-list.h). Every step is checked against the end
 * of what is there, so bytes from anywhere may be walked.
 */
#ifndef KERNEL_MNL_H
#define KERNEL_MNL_H

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

/* ---- reading ---- */

/* A range of attributes still to be walked. */
struct nl_attrs {
    const char *at;
    const char *end;
};

/* One attribute; `type` without the flag bits. */
struct nl_attr {
    unsigned type;
    const char *data;
    size_t len;
};

/* The message at *offset, which moves on. 1; 0 at the end; -EBADMSG for one that is cut short. */
int message_next(const struct buf *messages, size_t *offset, const struct nlmsghdr **ret);

/* The attributes behind the family's own header of `header` bytes. -EBADMSG if that is not whole.
 */
int message_attrs(const struct nlmsghdr *message, size_t header, struct nl_attrs *ret);

/* MNL_ALIGN, in the width of its argument, could overflow for a hostile 32-bit length. */
static inline size_t nl_align(size_t len)
{
    return (len + MNL_ALIGNTO - 1) & ~(size_t)(MNL_ALIGNTO - 1);
}

/* 1; 0 at the end; -EBADMSG for a length that cannot be. Here, as 1,000 VFs are 30,000 calls. */
static inline int nl_attr_next(struct nl_attrs *range, struct nl_attr *ret)
{
    size_t left = (size_t)(range->end - range->at);
    struct nlattr header;

    if (left == 0)
        return 0;
    if (left < sizeof(header))
        return -EBADMSG;
    memcpy(&header, range->at, sizeof(header));
    if (header.nla_len < sizeof(header) || header.nla_len > left)
        return -EBADMSG;
    ret->type = header.nla_type & NLA_TYPE_MASK;
    ret->data = range->at + sizeof(header);
    ret->len = header.nla_len - sizeof(header);
    range->at += MIN_OF(nl_align(header.nla_len), left);
    return 1;
}

static inline struct nl_attrs nl_attr_nested(const struct nl_attr *a)
{
    return (struct nl_attrs){ a->data, a->data + a->len };
}

/* -EBADMSG if the attribute is shorter than the number. */
int nl_attr_u16(const struct nl_attr *a, uint16_t *ret);
int nl_attr_u32(const struct nl_attr *a, uint32_t *ret);

/* Text of an attribute, with or without its NUL; what does not fit leaves "" rather than a part. */
void nl_attr_text(const struct nl_attr *a, char *ret, size_t size);

/* ---- building ---- */

/* Room for one message: all of ours are far smaller, and what would not fit marks the buffer
 * failed. */
struct message {
    _Alignas(8) char space[512];
    struct nlmsghdr *header;
    bool overflow;
};

/* Starts a request with the family's own header; flags besides NLM_F_REQUEST. */
void message_start(struct message *m, uint16_t type, uint16_t flags, const void *extra,
                   size_t extra_len);
void message_put(struct message *m, uint16_t type, const void *data, size_t len);
void message_put_u16(struct message *m, uint16_t type, uint16_t value);
void message_put_u32(struct message *m, uint16_t type, uint32_t value);
void message_put_text(struct message *m, uint16_t type, const char *text);

/* A nest may be NULL after an overflow; message_nest_end takes it. */
struct nlattr *message_nest(struct message *m, uint16_t type);
void message_nest_end(struct message *m, struct nlattr *nest);

/* Appends the message to `out`; marks that failed after an overflow. */
void message_finish(struct message *m, struct buf *out);

#endif
