/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bursts of events. Nothing sleeps here: the end of a burst is a deadline given to the wait for the
 * next event.
 */
#include "cli/burst.h"

#include "base/str.h"

#define BURST_LENGTH (BURST_SECOND / 50)

/* udev's own events follow the kernel's and change no more than a name, which is a link event. */
static bool is_of_interest(const struct event *e)
{
    static const char *const subsystems[] = { "pci", "net", "netdevsim" };
    if (e->source == EVENT_LINK || e->source == EVENT_LOST)
        return true;
    for (size_t i = 0; i < ELEMENTS(subsystems) && e->source == EVENT_KERNEL; i++) {
        if (str_eq(e->subsystem, subsystems[i]))
            return true;
    }
    return false;
}

int burst_wait(struct events *e, uint64_t deadline)
{
    struct event event;
    int r;
    do
        r = events_wait(e, deadline, &event);
    while (r > 0 && !is_of_interest(&event));
    if (r <= 0)
        return r;
    uint64_t end = MIN_OF(deadline, events_now() + BURST_LENGTH);
    while ((r = events_wait(e, end, &event)) > 0)
        continue;
    return r < 0 ? r : 1;
}
