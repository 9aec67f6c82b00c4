/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The verdict on one VF of a VM. A driver that works with its device has turned on bus mastering,
 * without which there is no DMA; VFIO leaves it off (vfio_pci_core_enable()), and the guest's
 * firmware has no use for it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mac.h"
#include "vm/check.h"

static const struct {
    const char *name, *text;
    bool bad;
} verdicts[] = {
    [CHECK_UP] = { "up", "the guest's driver is up", false },
    [CHECK_NO_DRIVER] = { "no-driver", "no driver in the guest", true },
    [CHECK_OTHER_MAC] = { "other-mac", "works with another address", true },
    [CHECK_ABSENT] = { "absent", "the VM does not have it", true },
    [CHECK_UNKNOWN] = { "unknown", "unknown", false },
};

const char *check_verdict_name(enum check_verdict v)
{
    return verdicts[v].name;
}

const char *check_verdict_text(enum check_verdict v)
{
    return verdicts[v].text;
}

bool check_is_bad(enum check_verdict v)
{
    return verdicts[v].bad;
}

static enum sight is_at_work(const struct evidence *e)
{
    if (e->masters == SIGHT_YES || e->interrupts.vectors > 0)
        return SIGHT_YES;
    return e->masters;
}

/* "bus mastering is on, 2 interrupt vectors, 812 interrupts" */
static void describe(const struct evidence *e, char *ret, size_t size)
{
    char interrupts[64] = "";

    if (e->interrupts_known == SIGHT_YES && e->interrupts.vectors == 0)
        snprintf(interrupts, sizeof(interrupts), ", no interrupts");
    else if (e->interrupts_known == SIGHT_YES)
        snprintf(interrupts, sizeof(interrupts), ", %u interrupt vector%s, %" PRIu64 " interrupts",
                 e->interrupts.vectors, e->interrupts.vectors == 1 ? "" : "s", e->interrupts.count);
    snprintf(ret, size, "bus mastering is %s%s",
             e->masters == SIGHT_YES  ? "on"
             : e->masters == SIGHT_NO ? "off"
                                      : "not known",
             interrupts);
}

static void judge_macvtap(struct check *c, const struct guest *g)
{
    c->verdict = c->guest ? CHECK_UP : CHECK_UNKNOWN;
    if (c->guest)
        snprintf(c->reason, sizeof(c->reason), "%s has its address, through %s", c->guest->name,
                 c->evidence.macvtap);
    else
        snprintf(c->reason, sizeof(c->reason), "it is reached through %s, and %s",
                 c->evidence.macvtap,
                 g->asked ? "no interface in the guest has its address"
                          : "there is no guest agent to ask");
}

/* What the guest says counts only as far as the VF does anything: of a failover pair the stand-by
 * has the same address. */
static void judge_with_guest(struct check *c)
{
    char mac[MAC_TEXT_SIZE], seen[128];
    enum sight works = is_at_work(&c->evidence);

    mac_to_text(c->mac, mac);
    describe(&c->evidence, seen, sizeof(seen));
    if (c->guest && works == SIGHT_NO) {
        c->verdict = CHECK_NO_DRIVER;
        snprintf(c->reason, sizeof(c->reason), "%s has its address, but %s", c->guest->name, seen);
    } else if (c->guest) {
        c->verdict = CHECK_UP;
        snprintf(c->reason, sizeof(c->reason), "%s has its address; %s", c->guest->name, seen);
    } else if (works == SIGHT_YES) {
        c->verdict = CHECK_OTHER_MAC;
        snprintf(c->reason, sizeof(c->reason), "no interface has %s; %s", mac, seen);
    } else {
        c->verdict = CHECK_NO_DRIVER;
        snprintf(c->reason, sizeof(c->reason), "no interface has %s; %s", mac, seen);
    }
}

static void judge_alone(struct check *c)
{
    static const enum check_verdict verdict_of[] = {
        [SIGHT_UNKNOWN] = CHECK_UNKNOWN,
        [SIGHT_NO] = CHECK_NO_DRIVER,
        [SIGHT_YES] = CHECK_UP,
    };

    c->verdict = verdict_of[is_at_work(&c->evidence)];
    describe(&c->evidence, c->reason, sizeof(c->reason));
}

void check_judge(struct check *c, const struct guest *g)
{
    c->guest = c->has_mac ? guest_find(g, c->mac) : NULL;
    if (c->evidence.macvtap[0]) {
        judge_macvtap(c, g);
    } else if (c->evidence.open == SIGHT_NO) {
        c->verdict = CHECK_ABSENT;
        snprintf(c->reason, sizeof(c->reason),
                 "it is leased to the VM, which does not have it open");
    } else if (g->asked && c->has_mac) {
        judge_with_guest(c);
    } else {
        judge_alone(c);
    }
}
