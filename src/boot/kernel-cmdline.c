/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * /etc/kernel/cmdline: what kernel-install (systemd-boot, Red Hat), mkinitcpio and Proxmox make the
 * entries of new kernels and unified kernel images from. Where it does not exist they take the
 * command line of the running kernel, which has our parameters after the next boot; so it is not
 * made.
 */
#include "boot/loader.h"

#include <errno.h>

#define PATH "/etc/kernel/cmdline"

int kernel_cmdline_plan(struct planner *p)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_(cmdline_done) struct cmdline line = { 0 };
    _cleanup_buf_ struct buf after = BUF_INIT;
    int r = planner_read(p, PATH, &text);
    if (r <= 0)
        return r;
    r = cmdline_parse(text, strlen(text), CMDLINE_COMMENTS, &line);
    if (r == -EINVAL)
        return planner_refuse(p, PATH, 0, "has a quote that does not end", "close the quote");
    if (r == -ENOTSUP)
        return planner_refuse(p, PATH, 0, "has a # inside a line",
                              "put the comment on its own line");
    if (r >= 0)
        r = wishes_grant(&p->wishes, (struct cmdline *const[]){ &line }, 1, &line);
    cmdline_render(&line, &after);
    if (r < 0 || buf_ok(&after) < 0)
        return planner_no_memory(p);
    if (!line.changed)
        return 0;
    p->changed |= PLACE_CMDLINE;
    return planner_put(p, PATH, text, after.data);
}
