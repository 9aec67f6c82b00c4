/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Netdevs by name, and changes of them. See link.h.
 */
#include "cli/link.h"

#include <errno.h>
#include <linux/netlink.h>

#define CHANGES_MAX (2 + OPTION_WORDS_MAX)

int link_find(struct backend *b, const char *name, struct rtnl_link *ret)
{
    _cleanup_(rtnl_links_done) struct rtnl_links links = { 0 };
    _cleanup_buf_ struct buf request = BUF_INIT, answer = BUF_INIT;
    rtnl_request_link(&request, name, false);
    int r = buf_ok(&request);
    if (r >= 0)
        r = b->ops->nl_query(b, NETLINK_ROUTE, request.data, &answer, NULL);
    if (r >= 0)
        r = rtnl_parse_links(&answer, &links);
    if (r < 0 || links.count == 0)
        return r < 0 ? r : -ENODEV;
    *ret = links.items[0];
    ret->altnames = STRV_INIT; /* freed with the list */
    return 0;
}

int link_change(struct app *a, struct backend *b, const struct buf *batch, size_t count,
                const char *object, const char *what)
{
    struct nl_ack acks[CHANGES_MAX] = { 0 };
    int r = count > CHANGES_MAX ? -E2BIG : buf_ok(batch);
    if (r >= 0)
        r = b->ops->nl_change(b, NETLINK_ROUTE, batch, acks, count);
    if (r < 0)
        return error_set(&a->error, error_code_of(-r), -r, object, "%s", what);
    for (size_t i = 0; i < count; i++) {
        if (acks[i].error == 0)
            continue;
        r = error_set(&a->error, error_code_of(-acks[i].error), -acks[i].error, object, "%s", what);
        error_kernel(&a->error, acks[i].text);
        return r;
    }
    return 0;
}
