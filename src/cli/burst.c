/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bursts of events. Nothing sleeps here: the end of a burst is a deadline given to the wait for the
 * next event.
 */
#include "cli/burst.h"

#define BURST_LENGTH (BURST_SECOND / 50)

int burst_wait(struct events *e, uint64_t deadline)
{
    struct event event;
    int r;
    do
        r = events_wait(e, deadline, &event);
    while (r > 0 && !event_is_of_interest(&event));
    if (r <= 0)
        return r;
    uint64_t end = MIN_OF(deadline, events_now() + BURST_LENGTH);
    while ((r = events_wait(e, end, &event)) > 0)
        continue;
    return r < 0 ? r : 1;
}
